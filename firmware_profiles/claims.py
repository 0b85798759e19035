"""Two profiles that claim the same devices with the same right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Final

from firmware_profiles.schema import Profile

ANY_OF: Final = re.compile(r"\[!?\]?[^]]*\]")  # as `fnmatch` has it: a ] that comes first is one of the letters


def literal_letters(pattern: str | None) -> int:
    """How many letters of a name pattern are given: `[Ss]` is one, `*` and `?` are none."""
    return len(ANY_OF.sub("x", pattern or "").replace("*", "").replace("?", ""))


def alike(asked: Sequence[Profile]) -> Iterator[tuple[Profile, Profile, str]]:
    """(who is asked first and has the device, who claims it too, what: "the name 'Acme*'"), in the order of `asked`."""
    for first, second in combinations(asked, 2):
        if first.id == second.id or first.generic != second.generic or not _companies_meet(first, second):
            continue
        claim = _same_claim(first, second)
        if claim is not None:
            yield first, second, claim


def _companies_meet(first: Profile, second: Profile) -> bool:
    return not first.company_ids or not second.company_ids or not {*first.company_ids}.isdisjoint(second.company_ids)


def _same_claim(first: Profile, second: Profile) -> str | None:
    models = {*first.zigbee_models} & {*second.zigbee_models}
    if models:
        return f"the Zigbee model {min(models)!r}"
    if first.name is not None and second.name is not None:
        if literal_letters(first.name) != literal_letters(second.name):
            return None
        meet = fnmatchcase(_example(first.name), second.name) or fnmatchcase(_example(second.name), first.name)
        return f"the name {second.name!r}" if meet else None
    if first.name is not None or second.name is not None:
        return None  # a name is asked before services
    shared = ({*first.services} & {*second.services}) | ({*first.service_data} & {*second.service_data})
    return f"the service {min(shared)}" if shared else None


def _example(pattern: str) -> str:
    """A name that the pattern takes."""
    return re.sub(r"\[!?([^]])[^]]*\]", r"\1", pattern).replace("*", "").replace("?", "x")

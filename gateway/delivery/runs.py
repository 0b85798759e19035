"""Readings in batches, what is taken back one by one, and nothing before what was queued before it has its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Final

from gateway.delivery.items import is_retraction
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.store import Item

_SETTLES: Final = frozenset({Ruling.ACCEPTED, Ruling.NOT_CARRIED})
_BEHIND: Final = Answer(ruling=Ruling.BUSY, words="waits for the one before it")


async def in_runs(
    items: Sequence[Item],
    send: Callable[[Sequence[Item]], Awaitable[list[Answer]]],
    take_back: Callable[[Item], Awaitable[Answer]],
) -> list[Answer]:
    """One answer per item, in order. A receiver may handle a batch in any order, so nothing else is in one with a
    retraction; and behind an item whose fate is not known nothing is sent that may be about it.
    """
    answers: list[Answer] = []
    for taking_back, run in groupby(items, key=lambda item: is_retraction(item.envelope)):
        some = list(run)
        if any(answer.ruling not in _SETTLES for answer in answers):
            answers += [_BEHIND] * len(some)
        elif not taking_back:
            answers += await send(some)
        else:
            for item in some:
                settled = not answers or answers[-1].ruling in _SETTLES
                answers.append(await take_back(item) if settled else _BEHIND)
    return answers

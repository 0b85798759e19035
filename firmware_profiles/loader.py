"""Folders of TOML files → a `Catalogue` that says who an advertiser is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from firmware_profiles.reader import read_file
from firmware_profiles.schema import Profile, ProfileError

PACKAGED: Final = Path(__file__).parent
_ANY_OF: Final = re.compile(r"\[[^]]+\]")
_SIG_BASE: Final = "-0000-1000-8000-00805f9b34fb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every profile, in the order in which they are asked.

    Attributes:
        profiles: vendor profiles before generic ones; among each the most literal name pattern first.
        problems: one sentence for each file that was left out (only with `load(strict=False)`).
    """

    profiles: tuple[Profile, ...]
    problems: tuple[str, ...] = ()

    def match(
        self,
        name: str | None,
        services: Iterable[str] = (),
        company_ids: Collection[int] = (),
        service_data: Iterable[str] = (),
    ) -> Profile | None:
        """Who advertises; None when nobody here knows it.

        A profile with a name claims by the name alone: advertisements are short, and cuffs leave services out. One
        without claims who advertises any of its services. Company identifiers, where stated, narrow either.

        Args:
            name: the advertised local name.
            services: advertised UUIDs, short or 128-bit, in either case.
            company_ids: of the advertised manufacturer data.
            service_data: UUIDs of the advertised service data, as `services`.
        """
        offered = frozenset(short_uuid(service) for service in services)
        broadcast = frozenset(short_uuid(service) for service in service_data)
        for profile in self.profiles:
            if profile.company_ids and not any(company in profile.company_ids for company in company_ids):
                continue
            if profile.name is not None:
                if name is not None and fnmatchcase(name, profile.name):
                    return profile
            elif not offered.isdisjoint(profile.services) or not broadcast.isdisjoint(profile.service_data):
                return profile
        return None

    def get(self, profile_id: str) -> Profile | None:
        """The profile of this id."""
        return next((profile for profile in self.profiles if profile.id == profile_id), None)


def load(folders: Sequence[Path] = (), *, packaged: Path | None = PACKAGED, strict: bool = True) -> Catalogue:
    """Read every `*.toml` of the packaged folder and of `folders`.

    A profile in a later folder replaces the one of the same id in an earlier folder: so a home corrects a profile.

    Args:
        folders: more folders, in order.
        packaged: the folder that came with the program; None leaves it out.
        strict: False leaves an unreadable file (or folder) out and says so in `Catalogue.problems`.

    Raises:
        ProfileError: a folder or file cannot be used, or one folder holds the same device twice (only when strict).
    """
    found: dict[str, Profile] = {}
    problems: list[str] = []
    for folder in (*(() if packaged is None else (packaged,)), *folders):
        here: dict[str, Profile] = {}
        try:
            files = profile_files(folder)
        except ProfileError as problem:
            if strict:
                raise
            problems.append(str(problem))
            continue
        for file in files:
            try:
                here |= _new_profiles(file, here)
            except ProfileError as problem:
                if strict:
                    raise
                problems.append(str(problem))
        found |= here
    return Catalogue(profiles=tuple(sorted(found.values(), key=_order)), problems=tuple(problems))


def profile_files(path: Path) -> tuple[Path, ...]:
    """The profile files of a folder, sorted; a file is itself.

    Raises:
        ProfileError: there is no such folder or file.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise ProfileError(f"{path}: there is no such folder of profiles: correct the path.")
    return tuple(sorted(path.glob("*.toml")))


def short_uuid(uuid: str) -> str:
    """Lower case, a SIG number in its four digits: "00001810-0000-1000-8000-00805F9B34FB" → "1810"."""
    lower = uuid.lower()
    return lower[4:8] if lower.startswith("0000") and lower.endswith(_SIG_BASE) else lower


def literal_letters(pattern: str | None) -> int:
    """How many letters of a name pattern are given: `[Ss]` is one, `*` and `?` are none."""
    return len(_ANY_OF.sub("x", pattern or "").replace("*", "").replace("?", ""))


def _new_profiles(file: Path, here: dict[str, Profile]) -> dict[str, Profile]:
    new: dict[str, Profile] = {}
    for profile in read_file(file):
        twin = new.get(profile.id) or here.get(profile.id)
        if twin is not None:
            raise ProfileError(
                f"{file}: {profile.vendor} {profile.model} is in {twin.file} already: keep one of the two."
            )
        new[profile.id] = profile
    return new


def _order(profile: Profile) -> tuple[bool, int, str]:
    return (profile.generic, -literal_letters(profile.name), profile.id)

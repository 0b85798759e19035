"""Folders of TOML files → a `Catalogue` that says who an advertiser is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from firmware_profiles.claims import alike, literal_letters
from firmware_profiles.reader import read_file
from firmware_profiles.schema import Profile, ProfileError

PACKAGED: Final = Path(__file__).parent
_SIG_BASE: Final = "-0000-1000-8000-00805f9b34fb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every profile, in the order in which they are asked.

    Attributes:
        profiles: vendor profiles before generic ones; among each the most literal name pattern first; where two are
            equal in that, those that came with the program first.
        problems: one sentence for each file that was left out (only with `load(strict=False)`), and for each profile
            of a home that claims the devices of another one with the same right.
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

    def of_zigbee(self, model: str) -> Profile | None:
        """Of a sensor behind zigbee2mqtt, by the model that it says; the generic one where nobody wrote a row."""
        for generic in (False, True):
            claiming = [
                (max(literal_letters(one) for one in matching), profile)
                for profile in self.profiles
                if profile.generic is generic
                and (matching := [one for one in profile.zigbee_models if fnmatchcase(model, one)])
            ]
            if claiming:
                return max(claiming, key=lambda one: one[0])[1]
        return None

    def get(self, profile_id: str) -> Profile | None:
        """The profile of this id."""
        return next((profile for profile in self.profiles if profile.id == profile_id), None)


def _nothing(_profile: Profile) -> bool:
    return False


def load(
    folders: Sequence[Path] = (),
    *,
    packaged: Path | None = PACKAGED,
    strict: bool = True,
    left_out: Callable[[Profile], bool] = _nothing,
) -> Catalogue:
    """Read every `*.toml` of the packaged folder and of `folders`.

    A profile in a later folder replaces the one of the same id in an earlier folder: so a home corrects a profile.
    One of another id that claims the same devices with the same right does not get them: `Catalogue.problems` says so.

    Args:
        folders: more folders, in order.
        packaged: the folder that came with the program; None leaves it out.
        strict: False leaves an unreadable file (or folder) out and says so in `Catalogue.problems`.
        left_out: asked once about each profile of `folders`; one that is left out replaces none.

    Raises:
        ProfileError: a folder or file cannot be used, or one folder holds the same device twice (only when strict).
    """
    found: dict[str, Profile] = {}
    shipped: frozenset[str] = frozenset()
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
        if folder is packaged:
            shipped = frozenset(here)
        else:
            here = {key: profile for key, profile in here.items() if not left_out(profile)}
        found |= here
    profiles = sorted(found.values(), key=lambda profile: _order(profile, shipped))
    if not shipped.issuperset(found):
        problems += _outdone(profiles, shipped)
    return Catalogue(profiles=tuple(profiles), problems=tuple(problems))


def profile_files(path: Path) -> tuple[Path, ...]:
    """The profile files of a folder, sorted; what is no folder is itself, and reading it tells whether it is a file.

    Raises:
        ProfileError: there is no such folder or file.
    """
    if path.is_dir():
        return tuple(sorted(path.glob("*.toml")))
    if not path.exists():
        raise ProfileError(f"{path}: there is no such folder of profiles: correct the path.")
    return (path,)


def short_uuid(uuid: str) -> str:
    """Lower case, a SIG number in its four digits: "00001810-0000-1000-8000-00805F9B34FB" → "1810"."""
    lower = uuid.lower()
    return lower[4:8] if lower.startswith("0000") and lower.endswith(_SIG_BASE) else lower


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


def _order(profile: Profile, shipped: Collection[str]) -> tuple[bool, int, bool, str]:
    return (profile.generic, -literal_letters(profile.name), profile.id not in shipped, profile.id)


def _outdone(profiles: Sequence[Profile], shipped: Collection[str]) -> Iterator[str]:
    """A home's own profiles that do not get what they claim."""
    for first, second, claim in alike(profiles):
        if second.id not in shipped:
            yield (
                f"{second.file}: {second.vendor} {second.model} claims {claim}, as {first.id} does, which has the "
                f"device: write 'vendor' and 'model' as there ({first.vendor!r}, {first.model!r}) to replace it, or a "
                "name that says more."
            )

"""Does a profile keep its word? Its golden frames are decoded and everything a technician relies on is looked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_drivers.driver_reach import REACH
from device_drivers.errors import DecodeError
from device_drivers.golden_frames import differences
from device_drivers.nomenclature import Kind
from device_drivers.payloads import MQTT
from device_drivers.payloads.mapping import PayloadMap, kind_of
from firmware_profiles.claims import ANY_OF, alike
from firmware_profiles.loader import PACKAGED, load, profile_files
from firmware_profiles.reader import read_file
from firmware_profiles.schema import ENOUGH_FRAMES, LANGUAGES, Profile, ProfileError, nearest

MOTION: Final = "motion"  # the kind of a profile whose device streams acceleration
PRESS: Final = "press"  # of one that has a button
RADAR: Final = "radar"  # of one that sees where people are, or whether somebody fell
KINDS: Final = (*(kind.value for kind in Kind), MOTION, PRESS, RADAR)

LONGEST_NAME: Final = 100  # characters, of vendor, model and name; an advertised name has 29 at most
LONGEST_STEP: Final = 300  # one step of pairing, which is read while the device is held
MOST_STEPS: Final = 20
LONGEST_NOTE: Final = 1000  # a source, or why there are few frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend, as a sentence. `profile` is its id, or the file where no profile could be read.

    `frame`: the number of the golden frame that does not decode as stated, if that is it.
    """

    profile: str
    text: str
    frame: int | None = None

    def __str__(self) -> str:
        return f"{self.profile}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `check_files` looked at and found. `frames` counts the golden frames that were decoded."""

    profiles: tuple[str, ...]
    frames: int
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """Nothing to mend."""
        return not self.problems


def check(profile: Profile, *, drivers: Collection[str] | None = None) -> list[Problem]:
    """Everything that is wrong with one profile; empty when it is right.

    Args:
        profile: as the loader read it.
        drivers: the names of the sessions that exist; None does not look.
    """
    found = [*_identity(profile), *_lengths(profile), *_driver(profile, drivers), *_pairing(profile), *_count(profile)]
    found += _fields(profile)
    problems = [Problem(profile=profile.id, text=text) for text in found]
    problems += _frames(profile)
    return problems + [Problem(profile=profile.id, text=text) for text in _record_identity(profile)]


def check_files(paths: Sequence[Path] = (), *, drivers: Collection[str] | None = None) -> Report:
    """Check files and folders; without any, the profiles that came with the program.

    They are also compared with the profiles that came with the program; one of the same id is replaced by them.

    A file that cannot be read is a problem of the report, like any other, and does not hide the rest.
    """
    problems: list[Problem] = []
    profiles: list[Profile] = []
    for path in paths or (PACKAGED,):
        files: tuple[Path, ...] = ()
        try:
            files = profile_files(path)
            if not files:
                problems.append(Problem(profile=str(path), text="holds no *.toml file: give a folder of profiles."))
        except ProfileError as unreadable:
            problems.append(_unreadable(path, unreadable))
        for file in files:
            try:
                profiles += read_file(file)
            except ProfileError as unreadable:
                problems.append(_unreadable(file, unreadable))
    for profile in profiles:
        problems += check(profile, drivers=drivers)
    problems += _twins(profiles)
    problems += claimed_alike(profiles, _rivals(profiles))
    return Report(
        profiles=tuple(profile.id for profile in profiles),
        frames=sum(len(profile.frames) for profile in profiles),
        problems=tuple(problems),
    )


def claimed_alike(profiles: Sequence[Profile], packaged: Sequence[Profile] = ()) -> Iterator[Problem]:
    """Profiles that claim the same devices with the same right, so that only the order of their ids decides.

    Args:
        profiles: what is checked.
        packaged: what came with the program, and is asked before them; what is wrong among these is not told.
    """
    by_id = [*sorted(packaged, key=_by_id), *sorted(profiles, key=_by_id)]
    checked = {profile.id for profile in profiles}
    for first, second, claim in alike(by_id):
        if second.id in checked:
            text = f"claims {claim}, as {first.id} does, which is asked first: make one of the two say more."
            if first.id not in checked:
                text = (
                    f"claims {claim}, as the packaged {first.id} does, which has the device: write its 'vendor' and "
                    "'model' to replace it, or a name that says more."
                )
            yield Problem(profile=second.id, text=text)


def _rivals(profiles: Sequence[Profile]) -> list[Profile]:
    """Those that came with the program and would be asked beside the ones that are checked."""
    given = {profile.id for profile in profiles}
    return [profile for profile in load(strict=False).profiles if profile.id not in given]


def _by_id(profile: Profile) -> str:
    return profile.id


def _unreadable(path: Path, error: ProfileError) -> Problem:
    return Problem(profile=str(path), text=str(error).removeprefix(str(path)).lstrip(":, "))


def _twins(profiles: Sequence[Profile]) -> Iterator[Problem]:
    first: dict[str, Profile] = {}
    for profile in profiles:
        twin = first.setdefault(profile.id, profile)
        if twin is not profile:
            yield Problem(profile=profile.id, text=f"is in {twin.file} and in {profile.file}: keep one of the two.")


def _identity(profile: Profile) -> Iterator[str]:
    by_radio = profile.name is not None or profile.services or profile.service_data
    if not by_radio and profile.driver != MQTT:
        yield "matches no device: give a name pattern, services or service_data (a company id alone is too weak)."
    if profile.name is not None and not profile.name.strip("*?"):
        yield f"the name pattern {profile.name!r} matches every device: write what the name always holds."
    if profile.name is not None and "[" in ANY_OF.sub("", profile.name):
        name = profile.name[:LONGEST_NAME]
        yield f"the name pattern {name!r} has a [ without its ]: close it, or write [[] for a bracket."
    if not profile.kinds:
        yield "measures nothing: list its kinds."
    for kind in profile.kinds:
        if kind not in KINDS:
            yield f"unknown kind {kind!r}: {nearest(kind, KINDS)}"
    if MOTION in profile.kinds and (profile.quirks.clipping_g is None or not profile.quirks.rates_hz):
        yield "streams motion: give clipping_g and rates_hz, without them a fall cannot be told."
    if not profile.sources:
        yield "names no sources: say where the facts come from."


def _lengths(profile: Profile) -> Iterator[str]:
    """Whatever is shown to people has room on a screen."""
    names = {"vendor": profile.vendor, "model": profile.model, "name": profile.name or ""}
    for key, text in names.items():
        if len(text) > LONGEST_NAME:
            yield f"{key} has {len(text)} characters of {LONGEST_NAME} at most: shorten it."
    for language, steps in profile.pairing.items():
        if len(steps) > MOST_STEPS:
            yield f"has {len(steps)} pairing steps in {language!r} of {MOST_STEPS} at most: say less."
        for number, step in enumerate(steps, start=1):
            if len(step) > LONGEST_STEP:
                yield (
                    f"pairing step {number} in {language!r} has {len(step)} characters of {LONGEST_STEP} at most: "
                    "make two steps of it."
                )
    told = [("few_frames", profile.few_frames or ""), *(("sources", source) for source in profile.sources)]
    told += [("a frame's source", frame.source) for frame in profile.frames]
    for key, text in told:
        if len(text) > LONGEST_NOTE:
            yield f"{key} has a text of {len(text)} characters of {LONGEST_NOTE} at most: shorten it."


def _driver(profile: Profile, drivers: Collection[str] | None) -> Iterator[str]:
    if drivers is not None and profile.driver not in drivers:
        yield f"unknown driver {profile.driver!r}: {nearest(profile.driver, sorted(drivers))}"
    reach = REACH.get(profile.driver)
    if reach is None:
        return
    for strange in dict.fromkeys(frame.characteristic for frame in profile.frames if frame.characteristic not in reach):
        fitting = [name for name, carried in REACH.items() if strange in carried]
        advice = f"such frames come by {' or '.join(fitting)}" if fitting else f"it hands on {', '.join(sorted(reach))}"
        yield f"the driver {profile.driver!r} hands on no frames of {strange}: {advice}."


def _pairing(profile: Profile) -> Iterator[str]:
    counts = {language: len(profile.pairing.get(language, ())) for language in LANGUAGES}
    for language, count in counts.items():
        if not count:
            yield f"has no pairing steps in {language!r}: a technician needs them."
    if len(set(counts.values())) > 1 and all(counts.values()):
        told = ", ".join(f"{language} {count}" for language, count in counts.items())
        yield f"the pairing steps differ in number ({told}): translate every step."


def _count(profile: Profile) -> Iterator[str]:
    count = len(profile.frames)
    if not profile.frames:
        yield "has no golden frames: add a captured one with the reading that it must give."
    elif count < ENOUGH_FRAMES and profile.few_frames is None:
        yield f"has {count} golden frames of {ENOUGH_FRAMES}: add more, or say in few_frames why there are none."
    elif count >= ENOUGH_FRAMES and profile.few_frames is not None:
        yield f"has {count} golden frames, which are enough: remove few_frames."


def _fields(profile: Profile) -> Iterator[str]:
    """The rows that say where in a payload the facts are."""
    rows = bool(profile.fields or profile.targets)
    if profile.driver != MQTT:
        if rows or profile.zigbee_models:
            yield f"has fields of a payload, which {profile.driver!r} does not read: write driver = {MQTT!r}."
        return
    if not rows:
        yield "says nowhere what stands where in its payloads: add a [[device.field]] for each fact."
    try:
        PayloadMap(profile)
    except DecodeError as wrong:
        yield f"{wrong}: correct it."
        return
    given = [kind_of(row) for row in profile.fields]
    kinds = {kind.value for kind in given if kind is not None}
    if profile.targets is not None or any(row.radar is not None for row in profile.fields):
        kinds.add(RADAR)
    for name in sorted(kinds - {*profile.kinds}):
        yield f"its fields give {name}, which its kinds do not name: add it."
    for name in sorted({*profile.kinds} & {*KINDS} - kinds):
        yield f"none of its fields gives {name}, which its kinds name: add one, or leave the kind out."


def _frames(profile: Profile) -> Iterator[Problem]:
    for number, frame in enumerate(profile.frames, start=1):
        for text in differences(frame, profile.quirks, profile):
            text = f"frame {number} ({frame.characteristic}): {text}"
            yield Problem(profile=profile.id, text=text, frame=number)


def _record_identity(profile: Profile) -> Iterator[str]:
    """The rule must fit what the golden frames carry: else stored records count twice, or two measurements as one."""
    good = [frame.reading for frame in profile.frames if frame.outcome == "reading" and frame.reading is not None]
    if not good or profile.generic:
        return
    if profile.record_identity == "device-time" and not any(reading.time for reading in good):
        yield "record_identity is device-time, but no golden frame carries a time: use reception."
    if profile.record_identity == "sequence" and not any(reading.sequence is not None for reading in good):
        yield "record_identity is sequence, but no golden frame carries one: use device-time or reception."
    if profile.record_identity == "reception" and all(reading.time for reading in good):
        yield "record_identity is reception, but the golden frames carry a time: use device-time."

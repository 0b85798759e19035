"""Does a profile keep its word? Its golden frames are decoded and everything a technician relies on is looked for."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from device_drivers.decode import polar_pmd
from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading
from firmware_profiles.loader import PACKAGED, profile_files
from firmware_profiles.reader import read_file
from firmware_profiles.schema import (
    LANGUAGES,
    ExpectedMotion,
    ExpectedReading,
    GoldenFrame,
    Profile,
    ProfileError,
    Quirks,
    nearest,
)

MOTION: Final = "motion"  # the kind of a profile whose device streams acceleration
KINDS: Final = (*(kind.value for kind in Kind), MOTION)

_TOLERANCE: Final = 1e-6  # relative: profiles state converted values (kPa, lb) with a few digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend, as a sentence. `profile` is its id, or the file where no profile could be read."""

    profile: str
    text: str

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
    found = [*_identity(profile), *_driver(profile, drivers), *_pairing(profile), *_frames(profile)]
    return [Problem(profile=profile.id, text=text) for text in found]


def check_files(paths: Sequence[Path] = (), *, drivers: Collection[str] | None = None) -> Report:
    """Check files and folders; without any, the profiles that came with the program.

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
    return Report(
        profiles=tuple(profile.id for profile in profiles),
        frames=sum(len(profile.frames) for profile in profiles),
        problems=tuple(problems),
    )


def _unreadable(path: Path, error: ProfileError) -> Problem:
    return Problem(profile=str(path), text=str(error).removeprefix(str(path)).lstrip(":, "))


def _twins(profiles: Sequence[Profile]) -> Iterator[Problem]:
    first: dict[str, Profile] = {}
    for profile in profiles:
        twin = first.setdefault(profile.id, profile)
        if twin is not profile:
            yield Problem(profile=profile.id, text=f"is in {twin.file} and in {profile.file}: keep one of the two.")


def _identity(profile: Profile) -> Iterator[str]:
    if profile.name is None and not profile.services:
        yield "matches no device: give a name pattern or services (a company id alone is too weak)."
    if profile.name is not None and not profile.name.strip("*?"):
        yield f"the name pattern {profile.name!r} matches every device: write what the name always holds."
    if not profile.kinds:
        yield "measures nothing: list its kinds."
    for kind in profile.kinds:
        if kind not in KINDS:
            yield f"unknown kind {kind!r}: {nearest(kind, KINDS)}"
    if MOTION in profile.kinds and (profile.quirks.clipping_g is None or not profile.quirks.rates_hz):
        yield "streams motion: give clipping_g and rates_hz, without them a fall cannot be told."
    if not profile.sources:
        yield "names no sources: say where the facts come from."


def _driver(profile: Profile, drivers: Collection[str] | None) -> Iterator[str]:
    if drivers is not None and profile.driver not in drivers:
        yield f"unknown driver {profile.driver!r}: {nearest(profile.driver, sorted(drivers))}"


def _pairing(profile: Profile) -> Iterator[str]:
    counts = {language: len(profile.pairing.get(language, ())) for language in LANGUAGES}
    for language, count in counts.items():
        if not count:
            yield f"has no pairing steps in {language!r}: a technician needs them."
    if len(set(counts.values())) > 1 and all(counts.values()):
        told = ", ".join(f"{language} {count}" for language, count in counts.items())
        yield f"the pairing steps differ in number ({told}): translate every step."


def _frames(profile: Profile) -> Iterator[str]:
    if not profile.frames and not profile.generic:
        yield "has no golden frames: add a captured one with the reading that it must give."
    for number, frame in enumerate(profile.frames, start=1):
        for text in _frame(frame, profile.quirks):
            yield f"frame {number} ({frame.characteristic}): {text}"
    yield from _record_identity(profile)


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


def _frame(frame: GoldenFrame, quirks: Quirks) -> Iterator[str]:
    try:
        if frame.characteristic == polar_pmd.DATA:
            decoded: Reading | polar_pmd.PmdFrame = polar_pmd.decode(frame.data)
        elif frame.characteristic in DECODERS:
            decoded = DECODERS[frame.characteristic](frame.data, quirks)
        else:
            yield f"no decoder for it: {nearest(frame.characteristic, (*DECODERS, polar_pmd.DATA))}"
            return
    except DecodeError as refused:
        if frame.outcome != "error":
            yield f"is refused: {refused}"
        return
    if frame.outcome == "error":
        yield "decodes, though it is stated to be refused."
    elif frame.outcome == "motion" and frame.motion is not None and isinstance(decoded, polar_pmd.PmdFrame):
        yield from _motion(frame.motion, decoded)
    elif frame.outcome in ("reading", "failed") and frame.reading is not None and isinstance(decoded, Reading):
        yield from _reading(frame.reading, decoded, failed=frame.outcome == "failed")
    else:
        yield f"states a {frame.outcome}, but carries {'a reading' if isinstance(decoded, Reading) else 'motion'}."


def _motion(expected: ExpectedMotion, decoded: polar_pmd.PmdFrame) -> Iterator[str]:
    samples = np.array(expected.samples_mg, np.int32).reshape(-1, 3)
    if not np.array_equal(samples, decoded.samples):
        yield f"samples_mg is {decoded.samples.tolist()}, stated {samples.tolist()}."
    if expected.last_sample_ns != decoded.last_sample_ns:
        yield f"last_sample_ns is {decoded.last_sample_ns}, stated {expected.last_sample_ns}."


def _reading(expected: ExpectedReading, decoded: Reading, *, failed: bool) -> Iterator[str]:
    yield from _unknown(expected)
    if failed != decoded.failed:
        yield ("is failed: write failed = true." if decoded.failed else "gives values, though stated failed.")
        return
    yield from _numbers(expected.values, decoded.values)
    if not failed or expected.missing:
        yield from _differs("missing", dict(expected.missing), {str(q): str(why) for q, why in decoded.missing.items()})
    for name in sorted({*expected.series, *decoded.series}):
        stated, given = expected.series.get(name, ()), decoded.series.get(name, ())
        if len(stated) != len(given) or not all(map(_close, stated, given)):
            yield f"series {name} is {list(given)}, stated {list(stated)}."
    yield from _differs("time", expected.time, None if decoded.time is None else decoded.time.text())
    yield from _differs("user_slot", expected.user_slot, decoded.user_slot)
    yield from _differs("sequence", expected.sequence, decoded.sequence)
    yield from _differs("flags", list(expected.flags), list(decoded.flags))


def _unknown(expected: ExpectedReading) -> Iterator[str]:
    for name in (*expected.values, *expected.missing):
        if name not in list(Quantity):
            yield f"unknown quantity {name!r}: {nearest(name, list(Quantity))}"
    for reason in expected.missing.values():
        if reason not in list(Missing):
            yield f"unknown reason {reason!r}: {nearest(reason, list(Missing))}"


def _numbers(stated: Mapping[str, float], given: Mapping[Quantity, float]) -> Iterator[str]:
    for quantity, value in given.items():
        if quantity not in stated:
            yield f"gives {quantity} = {value:g}, which is not stated: state every value."
        elif not _close(stated[quantity], value):
            yield f"{quantity} is {value!r}, stated {stated[quantity]!r}."
    for name in stated:
        if name not in given:
            yield f"does not give {name}, which is stated as {stated[name]:g}."


def _differs(name: str, stated: object, given: object) -> Iterator[str]:
    if stated != given:
        yield f"{name} is {given!r}, stated {stated!r}."


def _close(stated: float, given: float) -> bool:
    return math.isclose(stated, given, rel_tol=_TOLERANCE)

"""A golden frame through its decoder, compared with what it is stated to give: a sentence for each difference."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from device_drivers.decode import bthome, mi_scale, movesense, omron_advert, omron_eeprom, polar_pmd
from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Quantity
from device_drivers.payloads.mapping import PayloadMap
from device_drivers.payloads.stamps import device_time, moment_of
from device_drivers.radar_frame import RadarFrame
from device_drivers.readings import Missing, Press, Reading
from firmware_profiles.schema import (
    Carrier,
    ExpectedCall,
    ExpectedMotion,
    ExpectedRadar,
    ExpectedReading,
    GoldenFrame,
    Outcome,
    Profile,
    Quirks,
    nearest,
)

_TOLERANCE: Final = 1e-6  # relative: profiles state converted values (kPa, lb) with a few digits
_MG_PER_G: Final = 1000
_FULL_SCALE_G: Final = 8.0  # where the profile states none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Motion:
    samples_mg: NDArray[np.int32]
    last_sample_ns: int | None = None
    first_sample_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What came out, of whichever decoder; nothing at all when every field is empty."""

    readings: tuple[Reading, ...] = ()
    presses: tuple[Press, ...] = ()
    call: ExpectedCall | None = None
    motion: _Motion | None = None
    radar: RadarFrame | None = None
    strange: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        if self.motion is not None:
            return "motion"
        if self.call is not None:
            return "call"
        if self.readings:
            return "failed" if all(reading.failed for reading in self.readings) else "reading"
        if self.radar is not None:
            return "radar"
        return "press" if self.presses else "nothing"


_Decode = Callable[[GoldenFrame, Quirks], _Given]


def differences(frame: GoldenFrame, quirks: Quirks, profile: Profile | None = None) -> Iterator[str]:
    """Decode the frame; one sentence for each thing that is not as stated, none when it keeps its word.

    Args:
        frame: one of a profile.
        quirks: of the profile.
        profile: itself; only payloads need it, whose fields it lists.
    """
    decode = _DECODERS.get((frame.carrier, frame.characteristic))
    if frame.carrier == "payload" and profile is not None:
        decode = partial(_payload, profile)
    if decode is None:
        known = [name for carrier, name in _DECODERS if carrier == frame.carrier]
        yield f"no decoder for it: {nearest(frame.characteristic, known)}"
        return
    try:
        given = decode(frame, quirks)
    except DecodeError as refused:
        if frame.outcome != "error":
            yield f"is refused: {refused}"
        return
    if frame.outcome == "error":
        yield "decodes, though it is stated to be refused."
    elif given.outcome == "failed" and frame.outcome == "reading":
        yield "is failed: write failed = true."
    elif given.outcome == "reading" and frame.outcome == "failed":
        yield "gives values, though stated failed."
    elif given.strange:
        yield f"what stands at {', '.join(given.strange)} is of another type than the profile says."
    elif given.outcome != frame.outcome:
        yield f"states {_named(frame.outcome)}, but carries {_named(given.outcome)}."
    else:
        yield from _compared(frame, given)


def _compared(frame: GoldenFrame, given: _Given) -> Iterator[str]:
    if frame.motion is not None and given.motion is not None:
        yield from _motion(frame.motion, given.motion)
    if frame.reading is not None and given.readings:
        yield from _reading(frame.reading, given.readings, failed=frame.outcome == "failed")
    yield from _differs("press", list(frame.presses), [str(press.pattern) for press in given.presses])
    if frame.radar is not None or given.radar is not None:
        yield from _radar(frame.radar or ExpectedRadar(), given.radar or RadarFrame())
    if frame.call is not None and given.call is not None:
        yield from _differs("pairing", frame.call.pairing, given.call.pairing)
        yield from _differs("stored", frame.call.stored, given.call.stored)


def _named(outcome: Outcome) -> str:
    return {
        "nothing": "nothing to keep",
        "error": "an error",
        "failed": "a failed measurement",
        "motion": "motion",
        "radar": "what a radar sees",
    }.get(outcome, f"a {outcome}")


def _registered(frame: GoldenFrame, quirks: Quirks) -> _Given:
    return _Given(readings=(DECODERS[frame.characteristic](frame.data, quirks),))


def _polar(frame: GoldenFrame, quirks: Quirks) -> _Given:
    decoded = polar_pmd.decode(frame.data, full_scale_g=quirks.clipping_g or _FULL_SCALE_G)
    return _Given(motion=_Motion(samples_mg=decoded.samples, last_sample_ns=decoded.last_sample_ns))


def _movesense(frame: GoldenFrame, quirks: Quirks) -> _Given:
    del quirks
    decoded = movesense.decode(frame.data)
    samples_mg = np.rint(decoded.samples * _MG_PER_G).astype(np.int32)
    return _Given(motion=_Motion(samples_mg=samples_mg, first_sample_ms=decoded.first_sample_ms))


def _omron_record(frame: GoldenFrame, quirks: Quirks) -> _Given:
    del quirks
    reading = omron_eeprom.decode(frame.data)
    return _Given(readings=() if reading is None else (reading,))


def _omron_call(frame: GoldenFrame, quirks: Quirks) -> _Given:
    del quirks
    decoded = omron_advert.decode(frame.data)
    return _Given(call=ExpectedCall(pairing=decoded.pairing, stored=decoded.stored))


def _mi(decode: Callable[[bytes], mi_scale.Weighing]) -> _Decode:
    def weighed(frame: GoldenFrame, quirks: Quirks) -> _Given:
        del quirks
        reading = decode(frame.data).reading
        return _Given(readings=() if reading is None else (reading,))

    return weighed


def _bthome(frame: GoldenFrame, quirks: Quirks) -> _Given:
    del quirks
    packet = bthome.decode(frame.data, address=frame.address, key=frame.bind_key)
    return _Given(readings=packet.readings, presses=packet.presses)


def _payload(profile: Profile, frame: GoldenFrame, quirks: Quirks) -> _Given:
    """Its moment is stated in UTC."""
    del quirks
    told = PayloadMap(profile).tell(frame.data)
    moment = moment_of(told.stamp)
    time = None if moment is None else device_time(moment, UTC)
    readings = tuple(replace(one, time=time) for one in told.readings)
    return _Given(readings=readings, radar=told.radar, strange=told.strange)


_DECODERS: Final[Mapping[tuple[Carrier, str], _Decode]] = MappingProxyType(
    {
        **{("characteristic", uuid): _registered for uuid in DECODERS},
        ("characteristic", polar_pmd.DATA): _polar,
        ("characteristic", movesense.DATA): _movesense,
        ("advertisement", mi_scale.SOURCE_V1): _mi(mi_scale.decode_v1),
        ("advertisement", mi_scale.SOURCE_V2): _mi(mi_scale.decode_v2),
        ("advertisement", "fcd2"): _bthome,
        ("manufacturer_data", f"{omron_advert.COMPANY_ID:04x}"): _omron_call,
        ("record", omron_eeprom.RECORD): _omron_record,
    }
)


def _motion(expected: ExpectedMotion, given: _Motion) -> Iterator[str]:
    samples = np.array(expected.samples_mg, np.int32).reshape(-1, 3)
    if not np.array_equal(samples, given.samples_mg):
        yield f"samples_mg is {given.samples_mg.tolist()}, stated {samples.tolist()}."
    yield from _differs("last_sample_ns", expected.last_sample_ns, given.last_sample_ns)
    yield from _differs("first_sample_ms", expected.first_sample_ms, given.first_sample_ms)


def _radar(expected: ExpectedRadar, given: RadarFrame) -> Iterator[str]:
    yield from _differs("present", expected.present, given.present)
    yield from _differs("moving", expected.moving, given.moving)
    yield from _differs("fallen", expected.fallen, given.fallen)
    stated = None if expected.targets is None else [list(place) for place in expected.targets]
    seen = None if given.targets is None else [[round(float(axis), 3) for axis in p] for p in given.targets.positions]
    yield from _differs("targets", stated, seen)


def _reading(expected: ExpectedReading, readings: Sequence[Reading], *, failed: bool) -> Iterator[str]:
    """One frame may give several readings, each of its kind: together they are what is stated."""
    yield from _unknown(expected)
    yield from _numbers(expected.values, {q: value for reading in readings for q, value in reading.values.items()})
    if not failed or expected.missing:
        missing = {str(quantity): str(why) for reading in readings for quantity, why in reading.missing.items()}
        yield from _differs("missing", dict(expected.missing), missing)
    series = {name: numbers for reading in readings for name, numbers in reading.series.items()}
    for name in sorted({*expected.series, *series}):
        stated, given = expected.series.get(name, ()), series.get(name, ())
        if len(stated) != len(given) or not all(map(_close, stated, given)):
            yield f"series {name} is {list(given)}, stated {list(stated)}."
    first = readings[0]
    yield from _differs("time", expected.time, None if first.time is None else first.time.text())
    yield from _differs("user_slot", expected.user_slot, first.user_slot)
    yield from _differs("sequence", expected.sequence, first.sequence)
    flags = list(dict.fromkeys(flag for reading in readings for flag in reading.flags))
    yield from _differs("flags", list(expected.flags), flags)


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

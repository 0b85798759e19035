"""Weights and compositions of one connection, in whatever order they come."""

from __future__ import annotations

import struct

from device_drivers.decode.registry import DECODERS
from device_drivers.nomenclature import Kind
from device_drivers.sessions.base import Arrivals
from device_drivers.sessions.weighing import WEIGHT, Weighings
from device_drivers.virtual.beurer_scale import composition_frames
from firmware_profiles import Quirks
from tests.device_drivers.sessions.test_sessions import Notebook

# 70 kg, 2026-03-01T09:57:00, user 2: time and user are flagged.
WEIGHED = struct.pack("<BHHBBBBBB", 0x06, 14_000, 2026, 3, 1, 9, 57, 0, 2)


def composition(kilograms: float) -> bytes:
    """Without a time or a user, whole."""
    (frame,) = composition_frames(kilograms, in_two=False)
    return frame


def test_the_second_of_two_early_compositions_is_of_the_weight_and_the_first_stands_by_itself() -> None:
    sink, arrivals = Notebook(), Arrivals()
    weighings = Weighings(sink, Quirks(), arrivals)
    assert weighings.analysed(composition(60.0)) is None, "it waits for its weight"
    assert sink.readings == []
    weighings.analysed(composition(70.0))
    weighings.weighed(WEIGHED)
    weighings.close()
    first, weight, second = sink.readings
    assert weight == DECODERS[WEIGHT](WEIGHED, Quirks())
    assert [first.kind, second.kind] == [Kind.BODY_COMPOSITION] * 2
    assert (first.time, first.user_slot) == (None, None), "nobody knows whose it is"
    assert (second.time, second.user_slot) == (weight.time, 2)
    assert first.raw == composition(60.0)
    assert second.raw == composition(70.0)
    assert arrivals.readings == 3


def test_early_compositions_without_a_weight_are_all_handed_on() -> None:
    sink = Notebook()
    weighings = Weighings(sink, Quirks(), Arrivals())
    frames = [composition(kilograms) for kilograms in (60.0, 70.0, 80.0)]
    for frame in frames:
        weighings.analysed(frame)
    weighings.close()
    assert [one.raw for one in sink.readings] == frames
    assert {one.time for one in sink.readings} == {None}

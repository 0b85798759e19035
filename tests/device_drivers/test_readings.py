"""The two words with an `__init__` of their own behave as frozen dataclasses do."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Missing, Reading

TIME = DeviceTime(year=2026, month=3, day=1, hour=8, minute=30, second=59)
READING = Reading(
    kind=Kind.WEIGHT,
    values={Quantity.WEIGHT: 70.0},
    missing={Quantity.BMI: Missing.NAN},
    flags=("a",),
    time=TIME,
    sequence=3,
    user_slot=1,
    series={"x": (1.0,)},
    raw=b"raw",
    source="2a9d",
)


def test_every_field_gets_its_own_value() -> None:
    assert [getattr(TIME, one.name) for one in dataclasses.fields(TIME)] == [2026, 3, 1, 8, 30, 59]
    assert [getattr(READING, one.name) for one in dataclasses.fields(READING)] == [
        *(Kind.WEIGHT, {Quantity.WEIGHT: 70.0}, {Quantity.BMI: Missing.NAN}, ("a",), TIME),
        *(3, 1, {"x": (1.0,)}, b"raw", "2a9d"),
    ]


@pytest.mark.parametrize("value", [TIME, READING])
def test_frozen_equal_copied_and_pickled(value: DeviceTime | Reading) -> None:
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
    assert dataclasses.replace(value) == value
    changed = (
        dataclasses.replace(TIME, second=0) if isinstance(value, DeviceTime) else dataclasses.replace(READING, raw=b"")
    )
    assert changed != value
    assert pickle.loads(pickle.dumps(value)) == value
    assert not hasattr(value, "__dict__")
    assert f"{name}=" in repr(value)


def test_what_is_left_out_is_empty() -> None:
    bare = Reading(kind=Kind.BATTERY, values={}, raw=b"", source="2a19")
    assert (bare.missing, bare.flags, bare.time, bare.sequence, bare.user_slot, bare.series) == (
        {},
        (),
        None,
        None,
        None,
        {},
    )
    assert bare.failed

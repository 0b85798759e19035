"""Whatever a device sends is accepted, and only what can be kept as a number stays one."""

from __future__ import annotations

import dataclasses
import math

import pytest

from device_drivers.nomenclature import Quantity
from device_drivers.readings import DeviceTime
from gateway.ingest.ingest import Stored, Unassigned
from tests.gateway.ingest.conftest import CUFF, Gateway, pressure

STRANGE_TEXT = "cuff\0\ud800"
END = DeviceTime(year=9999, month=12, day=31, hour=23, minute=59, second=59)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
async def test_no_number_is_no_measurement(gateway: Gateway, value: float) -> None:
    values = {Quantity.SYSTOLIC: value, Quantity.DIASTOLIC: 80.0}
    reading = pressure(None, values=values, series={"rr": (0.8, value)}, user_slot=2**70, sequence=-(2**70))
    outcome = await gateway.ingest.accept(gateway.received(CUFF, reading))
    assert isinstance(outcome, Stored)
    assert outcome.document["failed"]
    assert [one["quantity"] for one in outcome.document["missing"]] == ["systolic"]
    assert outcome.document["series"] == {"rr": [0.8]}


async def test_strange_texts_are_kept_readable(gateway: Gateway) -> None:
    information = dataclasses.replace(CUFF.information, serial=STRANGE_TEXT, manufacturer=STRANGE_TEXT)
    device = dataclasses.replace(CUFF, identity=STRANGE_TEXT, name=STRANGE_TEXT, information=information)
    outcome = await gateway.ingest.accept(gateway.received(device, pressure(None, flags=(STRANGE_TEXT,))))
    assert isinstance(outcome, Stored)
    assert outcome.document["device"]["serial"] == "cuff\ufffd\ufffd"


@pytest.mark.parametrize("seconds", [math.nan, math.inf, 1e300, 1e12, -600.0])
async def test_strange_clocks(gateway: Gateway, seconds: float) -> None:
    outcome = await gateway.ingest.accept(gateway.received(CUFF, pressure(END), gateway.offset(seconds)))
    assert isinstance(outcome, Stored | Unassigned)

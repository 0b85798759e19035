"""The same bytes read by a library that others keep: aio-ld2410."""

from __future__ import annotations

import random
from typing import Any

import pytest
from aio_ld2410.protocol import CommandFrame, ReportFrame
from aio_ld2410.protocol.command import Command
from aio_ld2410.protocol.report import Report

from device_drivers.decode.radar import ld24xx, ld2410
from device_drivers.radar_frame import Measure

RNG = random.Random(7)
TIMES = 3000


def report(state: int, engineering: bool) -> bytes:
    """A report of random numbers, as their own writer makes it."""
    data: dict[str, Any] = {
        "basic": {
            "target_status": state, "moving_distance": RNG.randrange(700), "moving_energy": RNG.randrange(101),
            "static_distance": RNG.randrange(700), "static_energy": RNG.randrange(101),
            "detection_distance": RNG.choice([0, RNG.randrange(700)]),
        },
        "engineering": None,
    }  # fmt: skip
    if engineering:
        data["engineering"] = {
            "moving_max_distance_gate": 8, "static_max_distance_gate": 8,
            "moving_gate_energy": [RNG.randrange(101) for _ in range(9)],
            "static_gate_energy": [RNG.randrange(101) for _ in range(9)],
            "photosensitive_value": RNG.randrange(256), "out_pin_status": 1,
        }  # fmt: skip
    body = Report.build({"type": 1 if engineering else 2, "data": data})
    return bytes(ReportFrame.build({"data": body}))


@pytest.mark.parametrize("engineering", [False, True])
def test_every_report_says_the_same(engineering: bool) -> None:
    for _ in range(TIMES):
        frame = report(state := RNG.randrange(7), engineering)
        theirs = Report.parse(ReportFrame.parse(frame).data).data.basic
        ours = ld2410.decode(frame)
        if state > 3:
            assert (ours.present, ours.moving, dict(ours.measures)) == (None, None, {})
            continue
        assert ours.present == (int(theirs.target_status) != 0)
        assert ours.moving == (int(theirs.target_status) in (1, 3))
        if not state:
            assert ours.measures == {}
            continue
        assert ours.measures[Measure.MOVING_ENERGY] == theirs.moving_energy
        assert ours.measures[Measure.STILL_ENERGY] == theirs.static_energy
        nearest = theirs.moving_distance if state in (1, 3) else theirs.static_distance
        assert ours.measures[Measure.DISTANCE] == pytest.approx((theirs.detection_distance or nearest) / 100)


@pytest.mark.parametrize(
    ("ours", "code", "value"),
    [
        (ld24xx.enable(), 0x00FF, {"protocol_version": 1}),
        (ld24xx.encode(ld24xx.END), 0x00FE, None),
        (ld24xx.encode(ld24xx.FIRMWARE), 0x00A0, None),
        (ld24xx.encode(ld24xx.RESTART), 0x00A3, None),
    ],
)
def test_every_command_is_the_same_bytes(ours: bytes, code: int, value: dict[str, int] | None) -> None:
    theirs = Command.build({"code": code, "data": value})
    assert ours == bytes(CommandFrame.build({"data": theirs}))

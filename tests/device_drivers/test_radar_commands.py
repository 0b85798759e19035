"""What a module is told when it is installed, and which answers are not taken for a yes."""

from __future__ import annotations

import struct

import pytest

from device_drivers.decode.radar.protocols import PROTOCOLS
from device_drivers.radar_commands import Wanted, installation
from device_drivers.radar_frame import Answer


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_every_command_is_a_frame_of_its_protocol(protocol: str) -> None:
    for step in installation(protocol, Wanted(height_m=2.4, sensitivity=2)):
        assert step.says
        # The frame that the host sends is framed as the module's own frames are.
        if protocol in ("tinyframe", "r60"):
            assert PROTOCOLS[protocol].framing.length_at(bytearray(step.data), 0, True) == len(step.data)


def test_the_documented_bytes() -> None:
    height, *_ = installation("tinyframe", Wanted(height_m=2.0))
    assert height.data[5:7].hex() == "0e04"
    assert height.data[8:12] == struct.pack("<f", 2.0)
    on, height, *_ = installation("r60", Wanted(height_m=2.35))
    assert on.data.hex() == "53598300000101315443"
    assert height.data.hex(" ") == "53 59 06 02 00 02 00 eb a1 54 43"


@pytest.mark.parametrize("height_m", [0.5, 6.0, float("nan"), float("inf"), -2.0])
def test_an_impossible_height_is_refused(height_m: float) -> None:
    with pytest.raises(ValueError, match="measure again"):
        installation("tinyframe", Wanted(height_m=height_m))


def test_an_impossible_sensitivity_is_refused() -> None:
    with pytest.raises(ValueError, match="1, 2 or 3"):
        installation("r60", Wanted(height_m=2.0, sensitivity=9))


def test_what_is_kept_is_read_back() -> None:
    *_, read_back = installation("tinyframe", Wanted(height_m=2.35, sensitivity=3))
    right = struct.pack("<ffI", 2.35, 0.6, 3)
    assert read_back.check(Answer(code=read_back.code, data=right)) is None
    assert read_back.check(Answer(code=read_back.code, data=right + bytes(16))) is None
    for wrong, words in [
        (struct.pack("<ffI", 2.75, 0.6, 3), "2.75 m instead of 2.35 m"),
        (struct.pack("<ffI", 2.38, 0.6, 3), "2.38 m instead of 2.35 m"),
        (struct.pack("<ffI", 2.35, 0.6, 1), "sensitivity 1 instead of 3"),
        (struct.pack("<ffI", float("nan"), 0.6, 3), "instead of 2.35 m"),
        (b"", "nothing of its height"),
        (right[:8], "nothing of its height"),
    ]:
        assert words in (read_back.check(Answer(code=read_back.code, data=wrong)) or ""), wrong


def test_a_refusal_is_no_yes() -> None:
    for protocol in ("tinyframe", "ld2410"):
        step = installation(protocol, Wanted(height_m=2.0))[0]
        assert step.check(Answer(code=step.code, done=False)) == "refused it"
    echoed = installation("r60", Wanted(height_m=2.0))[1]
    assert "instead of" in (echoed.check(Answer(code=echoed.code, data=b"\x00\x10")) or "")


def test_ti_takes_no_commands_by_this_wire() -> None:
    assert installation("ti", Wanted(height_m=2.0)) == ()

"""Frames of radar modules and what they mean."""

from __future__ import annotations

import numpy as np
import pytest

from device_drivers.decode.radar import ld24xx, ld2410, ld2450, r60, ti, tinyframe
from device_drivers.decode.radar.protocols import PROTOCOLS, recognise
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import Answer, Measure
from device_drivers.virtual.radar import reports
from tests.device_drivers.decode.radar.frames import FRAMES, LD2410, LD2450, R60, TINYFRAME, ti_parts


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_good_frame_is_found_and_read(name: str) -> None:
    protocol = PROTOCOLS[name]
    splitter = Splitter(protocol.framing)
    found = [*splitter.feed(b"".join(FRAMES[name])), *splitter.quiet()]
    assert (found, splitter.dropped) == (list(FRAMES[name]), 0)
    for frame in found:
        assert protocol.decode(frame).raw == frame


@pytest.mark.parametrize(
    ("name", "frame"), [(name, frame) for name in ("tinyframe", "r60") for frame in FRAMES[name]]
)  # fmt: skip
def test_wrong_checksums_are_refused(name: str, frame: bytes) -> None:
    protocol = PROTOCOLS[name]
    for place in range(len(frame)):
        broken = bytearray(frame)
        broken[place] ^= 0x04
        with pytest.raises(DecodeError):
            protocol.decode(bytes(broken))
        splitter = Splitter(protocol.framing)
        assert bytes(broken) not in [*splitter.feed(bytes(broken)), *splitter.quiet()]


def test_tinyframe() -> None:
    fall, person, height, threshold, hold, asks = (tinyframe.decode(bytes.fromhex(one)) for one in TINYFRAME)
    assert (fall.fallen, fall.present) == (True, None)
    assert (person.present, person.fallen) == (True, None)
    assert height.answers == (Answer(code=0x0E04, data=np.array([2.5], "<f4").tobytes()),)
    assert threshold.answers[0].data == np.array([0.6], "<f4").tobytes()
    assert hold.answers[0].data == (5).to_bytes(4, "little")
    assert asks.answers == (Answer(code=tinyframe.HEIGHT),), "nothing but that it was heard"
    with pytest.raises(DecodeError, match="2 bytes of data where 4 belong"):
        tinyframe.decode(tinyframe.encode(tinyframe.HEIGHT, bytes(2)))


def test_tinyframe_numbers() -> None:
    def value(kind: int, *numbers: float, before: bytes = b"") -> dict[Measure, float]:
        return dict(tinyframe.decode(tinyframe.encode(kind, before + np.array(numbers, "<f4").tobytes())).measures)

    assert value(tinyframe.BREATH, 14.0) == {Measure.BREATH_RATE: 14.0}
    assert value(tinyframe.HEART, 0.0) == {}, "none now is no number"
    assert value(tinyframe.DISTANCE, 153.0, before=b"\x01\0\0\0") == {Measure.DISTANCE: pytest.approx(1.53)}
    assert value(tinyframe.DISTANCE, 153.0, before=bytes(4)) == {}
    for impossible in (np.nan, np.inf, -1.0, 1e9):
        with pytest.raises(DecodeError, match="is impossible"):
            value(tinyframe.HEART, impossible)
    targets = tinyframe.decode(FRAMES["tinyframe"][6]).targets
    assert targets is not None
    assert targets.positions.tolist() == [[0.5, 1.0, pytest.approx(0.3)]]
    assert np.isnan(targets.velocities).all()
    with pytest.raises(DecodeError, match="a place or speed that no room has"):
        tinyframe.decode(
            tinyframe.encode(tinyframe.TARGETS, b"\x01\0\0\0" + np.array([np.nan, 0, 0, 0, 0], "<f4").tobytes())
        )
    with pytest.raises(DecodeError, match="bytes of data"):
        tinyframe.decode(tinyframe.encode(tinyframe.TARGETS, b"\xff\xff\xff\xff"))


def test_r60() -> None:
    switch, height = (r60.decode(bytes.fromhex(one)) for one in R60)
    assert switch.answers == (Answer(code=r60.ASK_SWITCH, data=b"\x0f"),)
    assert height.answers == (Answer(code=r60.SET_INSTALLATION_HEIGHT, data=bytes((1, 14))),), "270 cm"
    assert reports.ld2410(2, moving=(81, 0), still=(0, 59)) == bytes.fromhex(LD2410)
    assert r60.encode(r60.ASK_SWITCH) == bytes.fromhex(R60[0])
    assert r60.encode(r60.SET_INSTALLATION_HEIGHT, (270).to_bytes(2, "big")) == bytes.fromhex(R60[1])
    assert r60.decode(r60.encode(r60.FALL, b"\x01")).fallen is True
    assert r60.decode(r60.encode(r60.FALL_ASKED, b"\x00")).fallen is False
    still = r60.decode(r60.encode(r60.MOTION, b"\x01"))
    assert (still.present, still.moving) == (True, False)
    assert r60.decode(r60.encode(r60.MOTION, b"\x00")).present is None, "no motion is not nobody"


def test_ld2410() -> None:
    report = ld2410.decode(bytes.fromhex(LD2410))
    assert (report.present, report.moving, report.fallen) == (True, False, None)
    assert report.measures[Measure.STILL_ENERGY] == 59.0
    assert ld2410.decode(reports.ld2410(0)).present is False
    both = ld2410.decode(reports.ld2410(3, moving=(150, 90), still=(210, 40), detected_cm=160))
    assert (both.moving, both.measures[Measure.DISTANCE]) == (True, 1.6)
    (answer,) = ld2410.decode(FRAMES["ld2410"][1]).answers
    assert answer == Answer(code=ld24xx.ENABLE, data=bytes.fromhex("01004000"))
    with pytest.raises(DecodeError, match="is a command"):
        ld2410.decode(ld24xx.enable())


def test_ld2450() -> None:
    report = ld2450.decode(bytes.fromhex(LD2450))
    assert report.targets is not None
    assert report.targets.positions[0, :2].tolist() == [pytest.approx(-0.782), pytest.approx(1.713)]
    assert np.isnan(report.targets.positions[0, 2])
    away = report.targets.positions[0, :2] / np.hypot(0.782, 1.713)
    assert float(report.targets.velocities[0, :2] @ away) == pytest.approx(-0.16)
    again = reports.ld2450([(-782, 1713, -16, 320)])
    assert again == bytes.fromhex(LD2450)
    nobody = ld2450.decode(reports.ld2450([]))
    assert (nobody.present, nobody.moving) == (False, False)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("counted_in", [False, True])
def test_ti(*, old: bool, counted_in: bool) -> None:
    frame = reports.ti(7, ti_parts(50, 3), old=old, counted_in=counted_in)
    said = ti.decode(frame)
    assert said.number == 7
    assert said.points is not None
    assert said.points.shape == (50, 5)
    assert said.targets is not None
    assert said.targets.ids.tolist() == [0, 1, 2]
    assert said.targets.heights.tolist() == [[pytest.approx(0.1), pytest.approx(1.7)]] * 3
    assert said.targets.confidences.tolist() == [pytest.approx(0.9)] * 3
    assert said.present is True
    assert not said.unknown
    plain = ti.decode(reports.ti(7, ti_parts(50, 3)))
    assert plain.points is not None
    assert (said.points == plain.points).all(), "read in the same way, whichever firmware"


def test_ti_points_are_where_their_angles_say() -> None:
    units = np.array([0.1, 0.1, 0.01, 0.001, 0.5], "<f4").tobytes()
    row = np.array([(5, -10, 100, 2000, 30)], ti._COMPRESSED).tobytes()
    points = ti.decode(reports.ti(1, [(ti.COMPRESSED, units + row)])).points
    level = 2.0 * np.cos(0.5)
    assert points is not None
    wanted = [level * np.sin(-1.0), level * np.cos(-1.0), 2.0 * np.sin(0.5), 1.0, 15.0]
    assert points[0].tolist() == [pytest.approx(one, abs=1e-6) for one in wanted]


def test_ti_keeps_what_it_does_not_know_and_finds_heights_by_one_byte() -> None:
    rows = np.zeros((1, 28), "<f4")
    rows.view("<u4")[:, 0] = 5
    heights = bytes((5, 0xDE, 0xAD, 0xBE)) + np.array([1.5, 0.2], "<f4").tobytes()
    said = ti.decode(reports.ti(1, [(ti.TARGETS, rows.tobytes()), (ti.HEIGHTS, heights), (99, b"abc!")]))
    assert said.targets is not None
    assert said.targets.heights.tolist() == [[pytest.approx(0.2), pytest.approx(1.5)]]
    assert said.unknown == {99: b"abc!"}
    nobody = ti.decode(reports.ti(1, ti_parts(4, 0)[:1]))
    assert nobody.targets is not None, "points without targets: it follows nobody"
    assert len(nobody.targets.ids) == 0


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_recognised_by_its_bytes(name: str) -> None:
    line = b"".join(FRAMES[name]) * 3
    assert recognise(line[5:]) == name
    assert recognise(line[: len(FRAMES[name][0]) // 2]) is None
    assert recognise(np.random.default_rng(1).bytes(20_000)) is None


def test_an_old_demo_s_frame_of_points_and_presence_alone_is_read_as_what_has_no_unknown_part() -> None:
    points = reports.ti_points(np.tile([0.1, 0.1, 0.0, 2.0, 10.0], (4, 1)))
    frame = ti.decode(reports.ti(1, [points, reports.ti_presence(True)], counted_in=True))
    assert frame.points is not None
    assert (len(frame.points), frame.present, dict(frame.unknown)) == (4, True, {})

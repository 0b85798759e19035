"""Commands of our drivers, as the virtual modules understand and answer them."""

from __future__ import annotations

from struct import pack, unpack

import numpy as np
import pytest
from aio_ld2410.protocol import CommandFrame, Reply, ReplyStatus, Report, ReportFrame

from device_drivers.decode.radar import ld24xx, ld2450, r60, tinyframe
from device_drivers.radar_frame import Answer
from device_drivers.virtual.radar.ld24xx_modules import Ld2410, Ld2450
from device_drivers.virtual.radar.modules import MODULES
from device_drivers.virtual.radar.r60_module import Mr60fda1
from device_drivers.virtual.radar.room import Room
from device_drivers.virtual.radar.tinyframe_modules import Ld6002c, Mr60fda2
from tests.device_drivers.virtual.radar.played import PROTOCOL_OF, answers, play

HEARD = b""


@pytest.mark.parametrize("name", ["ld6002c", "mr60fda2"])
@pytest.mark.parametrize(
    ("code", "right", "wrong", "read_back"),
    [
        (tinyframe.SET_INSTALLATION_HEIGHT, pack("<f", 2.6), pack("<f", 9.0), slice(0, 4)),
        (tinyframe.SET_THRESHOLD, pack("<f", 0.7), pack("<f", 0.1), slice(4, 8)),
        (tinyframe.SET_SENSITIVITY, pack("<I", 12), pack("<I", 2), slice(8, 12)),
        (tinyframe.ALARM_AREA, pack("<4f", 1, 1.2, 0.9, 1.1), pack("<4f", 1, 1, 1, 4), slice(12, 28)),
    ],
)
def test_tinyframe_settings_are_heard_done_and_read_back(
    name: str, code: int, right: bytes, wrong: bytes, read_back: slice
) -> None:
    module = MODULES[name].make(1, False)
    assert answers(name, module, tinyframe.encode(code, right)) == [
        Answer(code=code, data=HEARD),
        Answer(code=code, data=b"\x01"),
    ]
    assert answers(name, module, tinyframe.encode(code, wrong))[1] == Answer(code=code, data=b"\0", done=False)
    heard, parameters = answers(name, module, tinyframe.encode(tinyframe.PARAMETERS))
    assert heard == Answer(code=tinyframe.PARAMETERS)
    assert parameters.data[read_back] == right


def test_tinyframe_reset_and_what_is_no_command() -> None:
    module = Ld6002c(seed=1)
    assert answers("ld6002c", module, tinyframe.encode(tinyframe.RESET)) == [Answer(code=tinyframe.RESET)]
    _, parameters = answers("ld6002c", module, tinyframe.encode(tinyframe.PARAMETERS))
    assert unpack("<2fI4f", parameters.data) == pytest.approx((2.2, 0.5, 10, 0.5, 0.5, 0.5, 0.5))
    assert module.hears(tinyframe.encode(0x7777, b"\1\2")) == b""
    assert module.hears(tinyframe.encode(tinyframe.SET_THRESHOLD, b"\1\2")) == b""


def test_seeed_s_own_bytes() -> None:
    module = Mr60fda2(seed=1)
    assert answers("mr60fda2", module, bytes.fromhex("0180000000 0E0E 7E")) == [Answer(code=tinyframe.HEIGHT)]
    assert len(answers("mr60fda2", module, bytes.fromhex("0100000000 0E06 F6"))) == 2
    assert len(answers("mr60fda2", module, bytes.fromhex("0100000004 0E04 F0 00002040 9F"))) == 2
    assert module.settings.height == 2.5


@pytest.mark.parametrize(
    ("command", "ask", "right", "wrong"),
    [
        (r60.SET_SWITCH, r60.ASK_SWITCH, b"\x01", b"\x07"),
        (r60.SET_SENSITIVITY, r60.ASK_SENSITIVITY, b"\x03", b"\x09"),
        (r60.SET_FALL_TIME, r60.ASK_FALL_TIME, (60).to_bytes(4, "big"), (2).to_bytes(4, "big")),
        (r60.SET_INSTALLATION_HEIGHT, r60.ASK_INSTALLATION_HEIGHT, (260).to_bytes(2, "big"), b"\x01"),
    ],
)
def test_r60_settings_are_answered_with_what_holds_and_read_back(
    command: int, ask: int, right: bytes, wrong: bytes
) -> None:
    module = Mr60fda1(seed=1, installed=False)
    assert answers("mr60fda1", module, r60.encode(command, right)) == [Answer(code=command, data=right)]
    assert answers("mr60fda1", module, r60.encode(command, wrong)) == [Answer(code=command, data=right)]
    assert answers("mr60fda1", module, r60.encode(ask)) == [Answer(code=ask, data=right)]
    assert module.hears(bytes.fromhex("5359 0102 0001 0F BF 5443")).startswith(b"SY")  # the library's reset
    assert answers("mr60fda1", module, r60.encode(ask))[0].data != right


def test_r60_fall_asked_for() -> None:
    module = Mr60fda1(seed=1)
    play("mr60fda1", {8.0: "fall"}, seconds=30.0, module=module)
    assert r60.decode(module.hears(r60.encode(r60.FALL_ASKED))).fallen is True


@pytest.mark.parametrize("name", ["ld2410", "ld2450"])
def test_ld24xx_are_silent_while_commands_are_open(name: str) -> None:
    module = MODULES[name].make(1, True)
    assert module.hears(ld24xx.encode(ld24xx.FIRMWARE)) == b"", "not open"
    assert answers(name, module, ld24xx.enable()) == [Answer(code=ld24xx.ENABLE, data=bytes.fromhex("01004000"))]
    (firmware,) = answers(name, module, ld24xx.encode(ld24xx.FIRMWARE))
    assert firmware.done
    assert len(firmware.data) == 8
    assert module.says(1.0, ()) == b""
    assert answers(name, module, ld24xx.encode(0x0001)) == [Answer(code=1, done=False)]
    assert answers(name, module, ld24xx.encode(ld24xx.END)) == [Answer(code=ld24xx.END)]
    assert module.says(1.1, ())
    assert module.hears(ld24xx.encode(ld24xx.FIRMWARE)) == b""


@pytest.mark.parametrize("name", ["ld2410", "ld2450"])
def test_ld24xx_restart_and_report_again(name: str) -> None:
    module = MODULES[name].make(1, True)
    assert all(one.done for one in answers(name, module, ld24xx.enable() + ld24xx.encode(ld24xx.RESTART)))
    said = [bool(module.says(at / 10, ())) for at in range(20)]
    assert said == [False] * 5 + [True] * 15


def test_ld2410_parameters() -> None:
    module = Ld2410(seed=1)
    gates = ld24xx.encode(0x0060, pack("<HIHIHI", 0, 6, 1, 4, 2, 30))
    sensitivity = ld24xx.encode(0x0064, pack("<HIHIHI", 0, 3, 1, 77, 2, 66))
    too_far = ld24xx.encode(0x0060, pack("<HIHIHI", 0, 9, 1, 4, 2, 30))
    told = answers("ld2410", module, ld24xx.enable() + gates + sensitivity + too_far + ld24xx.encode(0x0061))
    assert [one.done for one in told] == [True, True, True, False, True]
    data = told[-1].data
    assert data[:4] == bytes((0xAA, 8, 6, 4))
    assert (data[4 + 3], data[13 + 3], int.from_bytes(data[22:], "little")) == (77, 66, 30)
    assert answers("ld2410", module, ld24xx.encode(0x00A2))[0].done
    assert module.hold_s == 5


def test_ld2410_as_another_library_reads_it() -> None:
    """`aio-ld2410` is an oracle of the module, as it is of our decoder."""
    module = Ld2410(seed=1)
    for said in (ld24xx.enable(), ld24xx.encode(0x0061), ld24xx.encode(ld24xx.FIRMWARE), ld24xx.encode(0x0062)):
        frame = CommandFrame.parse(module.hears(said))
        assert ReplyStatus(int(Reply.parse(frame.data).status)) is ReplyStatus.SUCCESS
    parameters = Reply.parse(CommandFrame.parse(module.hears(ld24xx.encode(0x0061))).data).data
    assert (parameters.max_distance_gate, parameters.presence_timeout) == (8, 5)
    module.hears(ld24xx.encode(ld24xx.END))
    (body,) = Room(seed=1).at(3.0)
    report = Report.parse(ReportFrame.parse(module.says(3.0, [body])).data)
    assert int(report.data.basic.target_status) & 2
    assert report.data.basic.static_distance == pytest.approx(100 * np.hypot(body.x, body.y), abs=25)
    assert len(report.data.engineering.moving_gate_energy) == 9


def test_ld2410_engineering_reports() -> None:
    module = Ld2410(seed=1)
    said = ld24xx.enable() + ld24xx.encode(0x0062) + ld24xx.encode(ld24xx.END)
    played = play("ld2410", {}, seconds=3.0, module=module, said=said)
    assert played.dropped == 0
    assert all(frame.raw[6] == 1 for moment in played.moments for frame in moment.frames)


def test_ld2450_modes_and_zones() -> None:
    module = Ld2450(seed=1)
    zones = pack("<13h", 1, -500, 300, 500, 2000, *[0] * 8)
    said = [
        ld24xx.enable(),
        ld24xx.encode(ld2450.ASK_MODE),
        ld24xx.encode(ld2450.SINGLE),
        ld24xx.encode(ld2450.ASK_MODE),
        ld24xx.encode(ld2450.SET_ZONES, zones),
        ld24xx.encode(ld2450.ASK_ZONES),
    ]
    told = answers("ld2450", module, b"".join(said))
    assert [one.data for one in told[1:]] == [b"\2\0", b"", b"\1\0", b"", zones]


@pytest.mark.parametrize("name", ["mr60fda2", "mr60fda1", "ld2410"])
def test_commands_cut_anywhere_and_between_garbage(name: str) -> None:
    said = {
        "tinyframe": tinyframe.encode(tinyframe.PARAMETERS),
        "r60": r60.encode(r60.ASK_SWITCH),
        "ld2410": ld24xx.enable(),
    }[PROTOCOL_OF[name]]
    whole = MODULES[name].make(1, True).hears(said)
    rng = np.random.default_rng(1)
    for _ in range(50):
        module = MODULES[name].make(1, True)
        noise = bytes(rng.integers(2, 0x50, int(rng.integers(0, 20)), dtype=np.uint8))  # none of the beginnings
        data = noise + said + noise
        cuts = sorted(rng.integers(0, len(data), 3).tolist())
        pieces = [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert b"".join(module.hears(piece) for piece in pieces) == whole
        for _ in range(20):
            module.hears(rng.bytes(500))  # nothing breaks it


def test_ti_takes_no_commands() -> None:
    module = MODULES["ti"].make(1, True)
    assert module.hears(b"sensorStop\n") == b""
    assert module.boots().endswith(b"mmwDemo:/>")

"""The recipes by themselves, over a link that plays a device. The real stack is in tests/gateway/radio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from device_drivers.broadcasts import BROADCASTS
from device_drivers.decode.date_time import encode_current_time, encode_date_time
from device_drivers.errors import BondLost, DecodeError, DeviceRefused, LinkLost
from device_drivers.readings import DeviceInformation, Motion, Reading
from device_drivers.sessions import SESSIONS, ClockOffset, End, FrameCallback, NoMemory, PolarPmd, Receipt, sig
from device_drivers.sessions.base import IDLE_S, LONGEST_S, Arrivals, drain
from device_drivers.sessions.control_point import ANSWER_S
from device_drivers.sessions.device_time import mind_clock
from device_drivers.sessions.link import uuid128
from firmware_profiles import NO_QUIRKS, Profile, load
from tests.virtual_time import EPOCH, VirtualClock

HELSINKI = ZoneInfo("Europe/Helsinki")
CATALOGUE = load()
PRESSURE = bytes.fromhex("167d0050006600e10701100c273640000000")
CONTROL, DATA = (f"fb005c8{digit}-02e7-f387-1cad-8acd2d8df0c8" for digit in (1, 2))


def profile(name: str) -> Profile:
    found = CATALOGUE.get(name)
    assert found is not None
    return found


class Device:
    """A `Link` whose other end is a few lines of Python; `log` keeps what the session did, in order."""

    def __init__(self, values: dict[str, bytes], *, measures: tuple[str, ...] = ()) -> None:
        self.address = "00:00:00:00:00:01"
        self.values = {uuid128(name): value for name, value in values.items()}
        self.measures = tuple(uuid128(name) for name in measures)
        self.services: frozenset[str] = frozenset()
        self.newly_bonded = False
        self.bonds_now = False
        self.refuses: dict[str, Exception] = {}
        self.log: list[str] = []
        self.callbacks: dict[str, FrameCallback] = {}
        self.closed = asyncio.Event()
        self.on_write: Callable[[str, bytes], None] = lambda uuid, data: self.values.__setitem__(uuid, data)
        self.on_subscribe: Callable[[str], None] = lambda _uuid: None

    @property
    def characteristics(self) -> frozenset[str]:
        return frozenset(self.values) | frozenset(self.measures)

    async def bond(self) -> None:
        self.log.append("bond")
        self.newly_bonded = self.bonds_now

    async def read(self, uuid: str) -> bytes:
        self.log.append(f"read {uuid[4:8]}")
        if uuid in self.refuses:
            raise self.refuses[uuid]
        return self.values[uuid]

    async def write(self, uuid: str, data: bytes, *, response: bool = True) -> None:
        self.log.append(f"write {uuid[4:8]}")
        if self.closed.is_set():
            raise LinkLost("gone")
        self.on_write(uuid, data)

    async def subscribe(self, uuid: str, callback: FrameCallback) -> None:
        self.log.append(f"subscribe {uuid[4:8]}")
        if uuid in self.refuses:
            raise self.refuses[uuid]
        self.callbacks[uuid] = callback
        self.on_subscribe(uuid)

    async def wait_closed(self) -> None:
        await self.closed.wait()

    async def disconnect(self) -> None:
        self.log.append("disconnect")
        self.closed.set()


class Notebook:
    """A `Sink`."""

    def __init__(self) -> None:
        self.told: DeviceInformation | None = None
        self.offset: ClockOffset | None = None
        self.readings: list[Reading] = []
        self.motions: list[Motion] = []
        self.bad: list[tuple[str, bytes, str]] = []
        self.receipt: Receipt = None

    def information(self, information: DeviceInformation) -> None:
        self.told = information

    def clock(self, offset: ClockOffset) -> None:
        self.offset = offset

    def reading(self, reading: Reading) -> Receipt:
        self.readings.append(reading)
        return self.receipt

    def motion(self, motion: Motion) -> None:
        self.motions.append(motion)

    def undecodable(self, source: str, frame: bytes, error: DecodeError) -> None:
        self.bad.append((source, frame, str(error)))


def at_home(seconds: float = 0.0) -> datetime:
    return (EPOCH + timedelta(seconds=seconds)).astimezone(HELSINKI)


async def test_the_order_is_the_vendors() -> None:
    values = {"2a29": b"A&D Medical", "2a25": b"5160100734\x00\x00", "2a26": b"BLP008", "2a19": b"\x42"}
    device = Device({**values, "2a08": encode_date_time(at_home(90))}, measures=("2a35",))
    sink = Notebook()
    result = await sig(device, profile("a-and-d/ua-651ble"), VirtualClock(), sink, tz=HELSINKI, memory=NoMemory())
    assert device.log == [
        *("read 2a29", "read 2a25", "read 2a26", "read 2a19"),
        *("read 2a08", "write 2a08", "read 2a08", "bond", "subscribe 2a35", "disconnect"),
    ]
    assert sink.told == DeviceInformation(
        manufacturer="A&D Medical", serial="5160100734", firmware="BLP008", battery_percent=66
    )
    assert result.end is End.NOTHING_MORE


async def test_settling_is_honoured_and_a_generic_profile_has_no_quirks() -> None:
    clock = VirtualClock()
    cuff = profile("a-and-d/ua-651ble")

    async def took(used: Profile) -> float:
        device = Device({"2a08": encode_date_time(at_home())}, measures=("2a35",))
        device.bonds_now = True
        device.on_subscribe = lambda _uuid: device.closed.set()
        began = clock.monotonic()
        await sig(device, used, clock, Notebook(), tz=HELSINKI, memory=NoMemory())
        assert ("bond" in device.log) is not used.generic
        return clock.monotonic() - began

    assert await took(cuff) == pytest.approx(2 * cuff.quirks.settle_ms / 1000)
    assert await took(replace(cuff, generic=True)) == 0.0


async def test_a_new_bond_is_finished_by_hanging_up_without_subscribing() -> None:
    device = Device({"2a08": encode_date_time(at_home())}, measures=("2a35",))
    device.bonds_now = True
    result = await sig(device, profile("a-and-d/ua-651ble"), VirtualClock(), Notebook(), tz=HELSINKI, memory=NoMemory())
    assert result.end is End.PAIRED
    assert device.log[-2:] == ["bond", "disconnect"]


async def test_frames_that_are_none_are_handed_on_as_such() -> None:
    device = Device({}, measures=("2a35",))
    sink = Notebook()
    broken = bytes.fromhex("fe202700750055005f00e407091810093a690001")

    def send(uuid: str) -> None:
        assert device.callbacks[uuid](broken) is None  # confirmed: the same bytes would come for ever
        device.callbacks[uuid](PRESSURE)

    device.on_subscribe = send
    result = await sig(device, profile("generic/sig"), VirtualClock(), sink, tz=HELSINKI, memory=NoMemory())
    assert [(source, frame) for source, frame, _ in sink.bad] == [("2a35", broken)]
    assert [reading.raw for reading in sink.readings] == [PRESSURE]
    assert result.readings == 1


async def test_a_device_that_measures_nothing_we_know_is_let_go() -> None:
    device = Device({"2a19": b"\x40"})
    result = await sig(device, profile("generic/sig"), VirtualClock(), Notebook(), tz=HELSINKI, memory=NoMemory())
    assert result.end is End.NOT_MEASURING
    assert device.closed.is_set()


async def test_refusals() -> None:
    device = Device({"2a29": b"A", "2a24": b"B"}, measures=("2a35", "2a37"))
    device.refuses = {uuid128("2a29"): DeviceRefused("no"), uuid128("2a37"): DeviceRefused("no")}
    sink = Notebook()
    await sig(
        device, profile("generic/sig"), VirtualClock(), sink, tz=HELSINKI, memory=NoMemory()
    )  # what it does show is taken
    assert sink.told == DeviceInformation(model="B")
    device = Device({}, measures=("2a35",))
    device.refuses = {uuid128("2a35"): DeviceRefused("no")}
    with pytest.raises(DeviceRefused):
        await sig(device, profile("generic/sig"), VirtualClock(), Notebook(), tz=HELSINKI, memory=NoMemory())
    for error in (LinkLost("gone"), BondLost("stale")):
        device = Device({"2a25": b"1"}, measures=("2a35",))
        device.refuses = {uuid128("2a25"): error}
        with pytest.raises(type(error)):
            await sig(device, profile("generic/sig"), VirtualClock(), Notebook(), tz=HELSINKI, memory=NoMemory())


@pytest.mark.parametrize("wrong_by", [-86_400.0, -3.0, 0.0, 7200.0])
@pytest.mark.parametrize("characteristic", ["2a08", "2a2b"])
async def test_the_offset_is_device_minus_gateway(characteristic: str, wrong_by: float) -> None:
    encode = encode_date_time if characteristic == "2a08" else encode_current_time
    device = Device({characteristic: encode(at_home(wrong_by))})
    clock = VirtualClock()
    generic = profile("generic/sig")
    offset = await mind_clock(device, generic, clock, HELSINKI)
    assert offset is not None
    assert offset.offset_s == pytest.approx(wrong_by, abs=1.0)
    assert abs(offset.offset_s - wrong_by) <= offset.uncertainty_s + 1e-6
    assert offset.was_set
    assert device.values[uuid128(characteristic)][:7] == encode_date_time(at_home())


async def test_in_summer_the_clock_is_set_to_summer_time() -> None:
    summer = VirtualClock(EPOCH + timedelta(days=120))
    device = Device({"2a08": encode_date_time(datetime(2016, 1, 1))})  # noqa: DTZ001  # new batteries
    offset = await mind_clock(device, profile("generic/sig"), summer, HELSINKI)
    assert offset is not None
    assert device.values[uuid128("2a08")].hex() == "ea07061d0b0000"  # 29 June 2026, 11:00: UTC+3
    assert offset.offset_s == pytest.approx(-(10 * 366 + 180) * 86_400, rel=0.01)


async def test_a_clock_that_does_not_keep_what_was_written_was_not_set() -> None:
    device = Device({"2a08": encode_date_time(at_home(500))})
    device.on_write = lambda _uuid, _data: None
    offset = await mind_clock(device, profile("generic/sig"), VirtualClock(), HELSINKI)
    assert offset is not None
    assert not offset.was_set


@pytest.mark.parametrize("refused", ["write", "read back"])
async def test_a_clock_that_refuses_to_be_set_is_measured_all_the_same(refused: str) -> None:
    device = Device({"2a08": encode_date_time(at_home(500))})
    refusal = DeviceRefused("Write Not Permitted")

    def refuse(uuid: str, data: bytes) -> None:
        if refused == "write":
            raise refusal
        device.refuses = {uuid: refusal}

    device.on_write = refuse
    offset = await mind_clock(device, profile("generic/sig"), VirtualClock(), HELSINKI)
    assert offset is not None
    assert offset.offset_s == pytest.approx(500, abs=1.0)
    assert not offset.was_set


async def test_a_clock_that_refuses_to_be_read_is_set_all_the_same() -> None:
    device = Device({"2a08": encode_date_time(at_home(500))})
    device.refuses = {uuid128("2a08"): DeviceRefused("Read Not Permitted")}
    assert await mind_clock(device, profile("generic/sig"), VirtualClock(), HELSINKI) is None
    assert "write 2a08" in " ".join(device.log)


@pytest.mark.parametrize("shown", [bytes(7), b"\x00", bytes.fromhex("ea070d01000000")])
async def test_a_clock_without_a_date_is_set_all_the_same(shown: bytes) -> None:
    device = Device({"2a08": shown})
    assert await mind_clock(device, profile("generic/sig"), VirtualClock(), HELSINKI) is None
    assert device.values[uuid128("2a08")] == encode_date_time(at_home())


async def test_nobody_is_set_from_an_unsynchronised_clock() -> None:
    device = Device({"2a08": encode_date_time(at_home(500))})
    offset = await mind_clock(device, profile("generic/sig"), VirtualClock(synchronised=False), HELSINKI)
    assert offset is not None
    assert not offset.was_set
    assert device.log == ["read 2a08"]


async def test_draining_waits_for_what_is_not_stored_yet() -> None:
    device, arrivals, clock = Device({}), Arrivals(), VirtualClock()
    receipt: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    arrivals.arrived(receipt)
    asyncio.get_running_loop().call_later(IDLE_S + 5, receipt.set_result, None)
    began = clock.monotonic()
    assert await drain(device, clock, arrivals) is End.NOTHING_MORE
    assert clock.monotonic() - began == pytest.approx(2 * IDLE_S + 5)


async def test_draining_has_an_end() -> None:
    device, arrivals, clock = Device({}), Arrivals(), VirtualClock()

    async def chatter() -> None:
        while True:
            arrivals.arrived(None)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(chatter())
        began = clock.monotonic()
        assert await drain(device, clock, arrivals) is End.NOTHING_MORE
        assert LONGEST_S <= clock.monotonic() - began < LONGEST_S + IDLE_S
        task.cancel()


class Strap(Device):
    """Answers on the control point from a table: command → answers."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        super().__init__({CONTROL: bytes(17)}, measures=("2a37", DATA))
        self.answers = answers
        self.asked: list[str] = []
        self.on_write = self.answer

    def answer(self, _uuid: str, command: bytes) -> None:
        self.asked.append(command.hex())
        for answer in self.answers.get(command.hex(), []):
            self.callbacks[CONTROL](bytes.fromhex(answer))


SETTINGS = "f001020000" + "0004190032006400c800" + "01011000" + "0203020004000800"
START_50 = "0202000132000101100002010800"


async def streamed(strap: Strap, session: PolarPmd | None = None) -> Notebook:
    sink = Notebook()
    run = session or SESSIONS["polar-pmd"]
    await run(strap, profile("polar/h10"), VirtualClock(), sink, tz=HELSINKI, memory=NoMemory())
    return sink


async def test_the_strap_is_asked_started_and_stopped() -> None:
    strap = Strap({"0102": [SETTINGS], START_50: ["f00202000001"], "0302": ["f003020000"]})

    def hang_up_later(uuid: str) -> None:
        if uuid == DATA:
            asyncio.get_running_loop().call_later(2, strap.closed.set)

    strap.on_subscribe = hang_up_later
    await streamed(strap)
    assert strap.asked == ["0102", START_50]  # the link was gone: nothing left to stop
    strap = Strap(strap.answers)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(streamed(strap))
        await asyncio.sleep(2)
        task.cancel()
    assert strap.asked == ["0102", START_50, "0302"]
    assert strap.closed.is_set()


async def test_the_nearest_rate_on_offer_is_taken() -> None:
    started = "02020001c8000101100002010800"
    strap = Strap({"0102": [SETTINGS], started: ["f002020800"], "0302": ["f003020600"]})
    with pytest.raises(DeviceRefused, match="invalid-sample-rate"):
        await streamed(strap, PolarPmd(rate_hz=300))
    assert strap.asked == ["0102", started, "0302"]


async def test_noise_on_the_control_point_is_passed_over() -> None:
    strap = Strap({"0102": ["00", "f0", "f003020000", SETTINGS], START_50: ["f002020500"], "0302": []})
    with pytest.raises(DeviceRefused, match="invalid-parameter"):
        await streamed(strap)


async def test_a_strap_that_does_not_answer() -> None:
    clock = VirtualClock()
    began = clock.monotonic()
    with pytest.raises(DeviceRefused, match="did not answer the command 0102"):
        await streamed(Strap({}))
    assert clock.monotonic() - began == pytest.approx(ANSWER_S)


async def test_a_strap_without_acceleration_still_gives_the_pulse() -> None:
    device = Device({}, measures=("2a37",))
    asyncio.get_running_loop().call_later(1, lambda: device.callbacks[uuid128("2a37")](bytes((0, 61))))
    asyncio.get_running_loop().call_later(2, device.closed.set)
    sink = Notebook()
    result = await SESSIONS["polar-pmd"](
        device, profile("polar/h10"), VirtualClock(), sink, tz=HELSINKI, memory=NoMemory()
    )
    assert len(sink.readings) == result.readings == 1


async def test_compressed_frames_are_counted_as_undecodable() -> None:
    strap = Strap({"0102": [SETTINGS], START_50: ["f00202000001"]})
    good = "02009435770000000001f7ffffffe703f8fffeffe503"
    bad = good[:18] + "81" + good[20:]

    def send(uuid: str) -> None:
        if uuid == DATA:
            strap.callbacks[DATA](bytes.fromhex(good))
            strap.callbacks[DATA](bytes.fromhex(bad))
            asyncio.get_running_loop().call_later(1, strap.closed.set)

    strap.on_subscribe = send
    sink = await streamed(strap)
    [motion] = sink.motions
    assert (motion.samples * 1000).round().tolist() == [[-9, -1, 999], [-8, -2, 997]]
    assert (motion.rate_hz, motion.clipping_g, motion.last_sample_ns) == (50.0, 8.0, 2_000_000_000)
    assert motion.raw == bytes.fromhex(good)
    assert [source for source, _, _ in sink.bad] == [DATA]


def test_every_profile_names_a_session_that_there_is() -> None:
    assert {one.driver for one in CATALOGUE.profiles} <= {*SESSIONS, *BROADCASTS, "mqtt"}
    assert profile("generic/sig").quirks == NO_QUIRKS

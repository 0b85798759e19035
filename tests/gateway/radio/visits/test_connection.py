"""The queues between a session and the gateway, and who a device is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any

import numpy as np
import pytest

from device_drivers.decode.heart_rate import decode
from device_drivers.errors import BondLost, LinkLost
from device_drivers.readings import DeviceInformation, Motion
from device_drivers.sessions import End, Link, Memory, NoMemory, SessionResult, Sink
from device_drivers.sessions.base import COMMIT_S
from firmware_profiles import load
from gateway.core.errors import StoreError
from gateway.radio.visits.connection import (
    MOTIONS_LIMIT,
    READINGS_LIMIT,
    Arrival,
    Conversation,
    NotStored,
    known_device,
)
from tests.gateway.radio.room import CUFF, Heard
from tests.virtual_time import VirtualClock

PROFILES = {profile.id: profile for profile in load().profiles}
ARRIVAL = Arrival(
    address=CUFF,
    name="A&D_UA-651BLE_5D3F1A",
    profile=PROFILES["a-and-d/ua-651ble"],
    adapter="00:1B:DC:F0:00:01",
    simulated=False,
    identity=None,
)
PULSE = decode(bytes((0x00, 72)))
RESULT = SessionResult(information=DeviceInformation(), clock=None, readings=0, end=End.DEVICE_CLOSED)
NO_LINK: Any = None


def motion(number: int) -> Motion:
    samples = np.full((1, 3), number, np.float32)
    return Motion(samples=samples, rate_hz=50.0, last_sample_ns=number, clipping_g=8.0)


async def test_motion_that_nobody_takes_drops_the_oldest_counted() -> None:
    heard = Heard()
    conversation = Conversation(ARRIVAL, VirtualClock(), heard)
    for number in range(MOTIONS_LIMIT + 10):
        conversation.motion(motion(number))
    assert conversation.dropped_motions == 10

    async def quiet(
        link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        return RESULT

    await conversation.run(quiet, NO_LINK, UTC, NoMemory())
    assert [piece.last_sample_ns for _, piece, _ in heard.motions] == list(range(10, MOTIONS_LIMIT + 10))


async def test_readings_are_never_dropped_the_link_is_given_up_instead() -> None:
    heard = Heard()
    stuck = asyncio.Event()
    heard.before_commit = lambda _received: stuck.wait()
    conversation = Conversation(ARRIVAL, VirtualClock(), heard)
    receipts: list[asyncio.Future[None]] = []

    async def chatter(
        link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        while True:
            receipt = sink.reading(PULSE)
            assert receipt is not None
            receipts.append(receipt)
            await asyncio.sleep(1)

    with pytest.raises(NotStored, match="faster than the store takes"):
        await conversation.run(chatter, NO_LINK, UTC, NoMemory())
    assert len(receipts) == READINGS_LIMIT + 2  # one in the store's hands, a full queue, and the one too many
    assert isinstance(receipts[-1].exception(), NotStored)


async def test_everything_heard_is_stored_before_the_session_is_over() -> None:
    heard = Heard()
    heard.before_commit = lambda _received: asyncio.sleep(3)
    conversation = Conversation(ARRIVAL, VirtualClock(), heard)

    async def brief(
        link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        sink.reading(PULSE)
        sink.reading(PULSE)
        return RESULT

    assert await conversation.run(brief, NO_LINK, UTC, NoMemory()) is RESULT
    assert len(heard.readings) == conversation.readings == 2


async def out_of_range(
    link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    sink.reading(PULSE)
    sink.reading(PULSE)
    sink.motion(motion(1))
    raise LinkLost("out of range")


async def test_what_was_handed_over_before_the_link_was_lost_is_stored() -> None:
    heard = Heard()
    heard.before_commit = lambda _received: asyncio.sleep(3)
    conversation = Conversation(ARRIVAL, VirtualClock(), heard)
    with pytest.raises(LinkLost, match="out of range"):
        await conversation.run(out_of_range, NO_LINK, UTC, NoMemory())
    assert len(heard.readings) == conversation.readings == 2
    assert len(heard.motions) == 1


async def test_a_store_that_takes_nothing_does_not_hold_up_the_error_for_long() -> None:
    heard, clock = Heard(), VirtualClock()
    heard.before_commit = lambda _received: asyncio.Event().wait()
    began = clock.monotonic()
    with pytest.raises(LinkLost, match="out of range"):
        await Conversation(ARRIVAL, clock, heard).run(out_of_range, NO_LINK, UTC, NoMemory())
    assert clock.monotonic() - began == pytest.approx(COMMIT_S)


async def test_whoever_stops_it_does_not_wait_for_the_store() -> None:
    heard = Heard()
    heard.before_commit = lambda _received: asyncio.Event().wait()
    conversation = Conversation(ARRIVAL, VirtualClock(), heard)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(conversation.run(out_of_range, NO_LINK, UTC, NoMemory()))
        await asyncio.sleep(1)
        assert not running.done()
        running.cancel()
        stopped = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopped < 0.1


async def test_a_refusing_store_ends_the_session_and_its_receipt_says_why() -> None:
    heard = Heard()

    def refuse(_received: object) -> None:
        raise StoreError("The disk is full: make room.")

    heard.before_commit = refuse
    conversation = Conversation(ARRIVAL, VirtualClock(), heard)
    kept: list[Any] = []

    async def waiting(
        link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        kept.append(sink.reading(PULSE))
        await asyncio.Event().wait()
        return RESULT

    with pytest.raises(NotStored, match="The disk is full: make room"):
        await conversation.run(waiting, NO_LINK, UTC, NoMemory())
    assert isinstance(kept[0].exception(), NotStored)


async def test_a_devices_error_comes_out_as_itself_and_a_defect_as_a_defect() -> None:
    async def unbonded(
        link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        raise BondLost("gone")

    async def broken(
        link: Link, profile: object, clock: object, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        raise ZeroDivisionError

    with pytest.raises(BondLost, match="gone"):
        await Conversation(ARRIVAL, VirtualClock(), Heard()).run(unbonded, NO_LINK, UTC, NoMemory())
    with pytest.raises(ExceptionGroup) as defect:
        await Conversation(ARRIVAL, VirtualClock(), Heard()).run(broken, NO_LINK, UTC, NoMemory())
    assert defect.group_contains(ZeroDivisionError)


@pytest.mark.parametrize(
    ("information", "before", "identity"),
    [
        (DeviceInformation(serial="5160100734"), None, "serial:A&D:5160100734"),
        (DeviceInformation(serial="1", system_id=bytes(range(8))), "serial:A&D:0", "serial:A&D:1"),
        (DeviceInformation(system_id=bytes(range(8))), None, "eui64:0706050403020100"),
        (DeviceInformation(system_id=bytes(range(8))), "serial:A&D:1", "serial:A&D:1"),
        (DeviceInformation(system_id=bytes(range(8))), f"address:{CUFF}", "eui64:0706050403020100"),
        (DeviceInformation(), None, f"address:{CUFF}"),
        (DeviceInformation(), "serial:A&D:1", "serial:A&D:1"),
    ],
)
def test_who_it_is(information: DeviceInformation, before: str | None, identity: str) -> None:
    assert known_device(replace(ARRIVAL, identity=before), information).identity == identity


def test_a_generic_device_is_known_by_what_it_says_of_its_maker() -> None:
    arrival = replace(ARRIVAL, profile=PROFILES["generic/sig"])
    device = known_device(arrival, DeviceInformation(manufacturer="Beurer", model="BM57", serial="7"))
    assert (device.vendor, device.model, device.identity) == ("Beurer", "BM57", "serial:Beurer:7")
    assert device.profile_id == "generic/sig"

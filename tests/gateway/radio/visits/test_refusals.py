"""A device that answers and refuses: people see it for as long as it stands."""

from __future__ import annotations

import asyncio
from datetime import tzinfo

import pytest

from device_drivers.errors import CodeNeeded, LinkLost
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, Reading
from device_drivers.sessions import End, Link, Memory, SessionClock, SessionResult, Sink
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE
from firmware_profiles import Profile
from gateway.core.health import Colour
from gateway.radio import Severity
from tests.gateway.radio.room import CUFF, Room, RoomMaker

REFUSES = CodeNeeded("the scale refuses the consent code of user 1: enter the right one")


class Answers:
    """A session that ends as the test says, after it gave `readings`."""

    def __init__(self, outcome: Exception | End) -> None:
        self.outcome = outcome
        self.readings: list[Reading] = []

    async def __call__(
        self, link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        for reading in self.readings:
            stored = sink.reading(reading)
            if stored is not None:
                await stored
        await link.disconnect()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return SessionResult(information=DeviceInformation(), clock=None, readings=0, end=self.outcome)


async def call(room: Room, cuff: BloodPressureCuff) -> None:
    """One more visit, however long the device is let rest."""
    before = cuff.connections
    await cuff.advertise(flags=GENERAL_DISCOVERABLE)
    await room.heard.until(lambda: cuff.connections > before, within=1200)
    await asyncio.sleep(2)


def health(room: Room) -> Colour:
    return room.health.parts()["radio"].colour


@pytest.mark.slow
async def test_a_refusal_stands_until_a_visit_ends_well(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff, answers = BloodPressureCuff(room.air), Answers(REFUSES)
        await cuff.power_on()
        async with room.running(sessions={"sig": answers}) as radio:
            await call(room, cuff)
            [words] = radio.device_problems()
            assert str(REFUSES) in words
            assert CUFF in words
            assert "trying again" not in words, "the same sentence for as long as it stands"
            assert (health(room), words in room.health.parts()["radio"].reason) == (Colour.AMBER, True)
            assert radio.refusals() == {CUFF: words}
            answers.outcome = LinkLost("out of range")
            await call(room, cuff)
            assert radio.device_problems() == [words], "who says nothing takes nothing back"
            answers.outcome = End.NO_CODE
            await call(room, cuff)
            [words] = radio.device_problems()
            assert f"'huoma device code {CUFF}'" in words
            answers.outcome = End.NOTHING_MORE
            await call(room, cuff)
            assert (radio.device_problems(), health(room)) == ([], Colour.GREEN)
    assert sum(severity is Severity.FAULT for _, _, severity in room.heard.states) == 1


@pytest.mark.slow
async def test_a_link_lost_after_it_brought_something_ends_a_refusal(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff, answers = BloodPressureCuff(room.air), Answers(REFUSES)
        await cuff.power_on()
        async with room.running(sessions={"sig": answers}) as radio:
            answers.readings.append(Reading(kind=Kind.WEIGHT, values={Quantity.WEIGHT: 72.0}, raw=b"", source="2a9d"))
            await call(room, cuff)
            assert len(radio.device_problems()) == 1, "another user's was brought: this one's is still refused"
            answers.outcome = LinkLost("out of range")
            await call(room, cuff)
            assert radio.device_problems() == []


@pytest.mark.slow
async def test_a_device_taken_out_of_use_refuses_nobody(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        async with room.running(sessions={"sig": Answers(REFUSES)}) as radio:
            await call(room, cuff)
            assert len(radio.device_problems()) == 1
            room.book.withdraw(CUFF)
            await room.heard.until(lambda: health(room) is Colour.GREEN, within=5)
            assert radio.device_problems() == []

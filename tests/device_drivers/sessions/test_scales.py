"""Beurer's scales through the whole radio: users, codes, weight and composition of one weighing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from device_drivers.errors import DeviceRefused
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Reading
from device_drivers.sessions import NoMemory, Session, beurer_scale, sig
from device_drivers.sessions.link import uuid128
from device_drivers.virtual.beurer_scale import PLACES, UserScale, composition_frames
from device_drivers.virtual.device_clock import DeviceClock
from tests.device_drivers.sessions.test_sessions import HELSINKI, Device, Notebook, profile
from tests.gateway.radio.room import Room, RoomMaker, local
from tests.virtual_time import VirtualClock

pytestmark = pytest.mark.slow  # a room with pairing takes 0.1 to 0.4 s

SCALE = "E7:DB:49:F1:86:DE"


async def scale_in(room: Room, **options: Any) -> UserScale:
    scale = UserScale(room.air, clock=DeviceClock(local("09:57:00")), **options)
    await scale.power_on()
    return scale


def readings(room: Room, kind: Kind) -> list[Reading]:
    return [received.reading for received in room.heard.readings if received.reading.kind is kind]


async def test_a_new_user_is_made_once_and_remembered(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: "consent-own:1" in room.book.remembered.get(SCALE, {}))
            code = room.book.remembered[SCALE]["consent-own:1"]
            assert len(code) == 4
            assert scale.users[1].code == int(code)
            await scale.weigh(72.4)
            await room.heard.until(lambda: len(room.heard.readings) == 2)
            await scale.weigh(72.6)
            await room.heard.until(lambda: len(room.heard.readings) == 4)
        assert list(scale.users) == [1], "it registered again"
        assert not scale.users[1].weighings


@pytest.mark.parametrize("in_two_packets", [False, True])
async def test_the_composition_has_the_time_and_the_user_of_its_weight(
    in_two_packets: bool, room_with: RoomMaker
) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        scale.in_two_packets = in_two_packets
        scale.enrol(3752)
        room.book.remembered[SCALE] = {"consent-index": "1", "consent-code": "3752"}
        await scale.weigh(79.96)
        scale.clock.lag(-600)
        await scale.weigh(81.0)
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: len(scale.confirmed) == (6 if in_two_packets else 4))
        weights, compositions = readings(room, Kind.WEIGHT), readings(room, Kind.BODY_COMPOSITION)
        assert [one.values[Quantity.WEIGHT] for one in weights] == pytest.approx([79.96, 81.0], abs=0.005)
        assert [one.time for one in compositions] == [one.time for one in weights]
        assert [one.user_slot for one in compositions] == [1, 1]
        assert [one.values[Quantity.BODY_FAT] for one in compositions] == [19.4, 19.4]
        assert all(one.values[Quantity.IMPEDANCE] == pytest.approx(452.0) for one in compositions)
        assert not any("incomplete" in one.flags for one in compositions)


async def test_a_code_that_is_refused_says_what_to_do(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        scale.enrol(1111)
        room.book.remembered[SCALE] = {"consent-index": "1", "consent-code": "2222"}
        await scale.weigh(70.0)
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: room.heard.said("refuses the consent code of user 1"))
        assert room.heard.said("pair it again, so that the resident becomes a user anew")
        assert not room.heard.said("2222"), "a code is a secret"
        assert not room.heard.readings
        assert len(scale.users[1].weighings) == 1, "nothing is lost"


async def test_a_full_scale_says_what_to_do(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        for code in range(PLACES):
            scale.enrol(code)
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: room.heard.said("every place for a user is taken on the scale"))
        assert room.heard.said("delete one in its menu")


async def test_a_user_made_on_a_broken_connection_is_found_again(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        scale.enrol(1)
        assert scale.enrol(4711) == 2
        room.book.remembered[SCALE] = {"consent-code": "4711"}  # the index was not heard any more
        await scale.weigh(66.0, user=2)
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: len(room.heard.readings) == 2)
        assert room.book.remembered[SCALE]["consent-own:2"] == "4711"
        assert list(scale.users) == [1, 2]


@pytest.mark.parametrize(("wanted", "users"), [("new", [1, 2]), ("new again", [1])])
async def test_a_user_made_on_a_broken_connection_who_was_given_by_hand_is_not_taken(
    room_with: RoomMaker, wanted: str, users: list[int]
) -> None:
    """But who was this user before, and was lost on the scale, is on his own place again."""
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        scale.enrol(4711)
        room.book.remembered[SCALE] = {"consent-code": "4711", "consent-slots": "1", "consent-wanted": wanted}
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: room.book.remembered[SCALE]["consent-wanted"].startswith("made"))
        assert list(scale.users) == users
        assert room.book.remembered[SCALE][f"consent-own:{users[-1]}"] == f"{scale.users[users[-1]].code:04d}"


async def test_a_user_of_nobody_is_taken_and_one_who_was_deleted_is_not(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        for code in (1001, 1002, 1003):
            scale.enrol(code)
        room.book.remembered[SCALE] = {
            "consent-own:1": "1001", "consent-nobody:2": "9999", "consent-nobody:3": "1003", "consent-wanted": "new",
        }  # fmt: skip
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: room.book.remembered[SCALE]["consent-wanted"] == "made 3")
        known = {word: value for word, value in room.book.remembered[SCALE].items() if value}
        assert known == {"consent-own:1": "1001", "consent-own:3": "1003", "consent-wanted": "made 3"}
        assert list(scale.users) == [1, 2, 3]


async def test_several_users_each_with_his_own(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        for code in (1001, 1002):
            scale.enrol(code)
        room.book.remembered[SCALE] = {
            "consent-index": "1",
            "consent-code": "1001",
            "consent-code:2": "1002",
        }
        await scale.weigh(60.0, user=1)
        await scale.weigh(90.0, user=2)
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: len(room.heard.readings) == 4)
        assert {(one.user_slot, round(one.values[Quantity.WEIGHT])) for one in readings(room, Kind.WEIGHT)} == {
            (1, 60),
            (2, 90),
        }


@pytest.mark.parametrize("users", ["one, paired", "one", "two, paired"])
async def test_a_measurement_is_taken_when_it_is_known_who_steps_on(room_with: RoomMaker, users: str) -> None:
    """The scale gives it to whoever has consented: on an ordinary visit anybody may stand there."""
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        codes = {f"consent-own:{scale.enrol(code)}": str(code) for code in (3752, 3753)[: 2 if "two" in users else 1]}
        paired = {"consent-wanted": "own"} if "paired" in users else {}
        room.book.remembered[SCALE] = {**codes, **paired}
        scale.stands = 64.5
        await scale.pairing_mode()
        async with room.running():
            if users == "one, paired":
                await room.heard.until(lambda: len(room.heard.readings) == 2)
                [weight] = readings(room, Kind.WEIGHT)
                assert weight.values[Quantity.WEIGHT] == pytest.approx(64.5)
            else:
                await asyncio.sleep(60)
                assert not room.heard.readings
                assert scale.stands is not None, "nobody was asked to step on"


async def test_a_drop_between_weight_and_composition_loses_nothing(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room:
        scale = await scale_in(room)
        scale.enrol(3752)
        room.book.remembered[SCALE] = {"consent-index": "1", "consent-code": "3752"}
        await scale.weigh(79.96)
        dropped: list[int] = []

        async def drop_at_the_composition(received: Any) -> None:
            if received.reading.kind is Kind.BODY_COMPOSITION and not dropped:
                dropped.append(1)
                room.air.link.drop(scale.controller)

        room.heard.before_commit = drop_at_the_composition
        await scale.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: len(scale.confirmed) == 2)
        assert len({one.raw for one in readings(room, Kind.WEIGHT)}) == 1
        assert len({one.raw for one in readings(room, Kind.BODY_COMPOSITION)}) == 1
        assert all(one.time is not None for one in readings(room, Kind.BODY_COMPOSITION))


class Codes(NoMemory):
    """Of two users."""

    def get(self, key: str) -> str | None:
        return {"consent-code:1": "1001", "consent-code:2": "1002"}.get(key)


@pytest.mark.parametrize("session", [beurer_scale, sig])
async def test_a_confirmed_packet_is_not_lost_when_another_users_code_is_refused(session: Session) -> None:
    scale, sink = Device({"2a9f": b""}, measures=("2a9c",)), Notebook()

    def answer(uuid: str, command: bytes) -> None:
        first = command[1] == 1
        if first:
            packet, _ = composition_frames(70.0, in_two=True)
            assert scale.callbacks[uuid128("2a9c")](packet) is None, "confirmed before it is complete"
        scale.callbacks[uuid](bytes([0x20, 0x02, 0x01 if first else 0x05]))

    scale.on_write = answer
    with pytest.raises(DeviceRefused, match="refuses the consent code of user 2"):
        await session(scale, profile("beurer/bf720"), VirtualClock(), sink, tz=HELSINKI, memory=Codes())
    assert [one.kind for one in sink.readings] == [Kind.BODY_COMPOSITION]

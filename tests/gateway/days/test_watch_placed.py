"""A sensor that is given anew, or to somebody else: nobody is called because of it, and a quiet goes on."""

from __future__ import annotations

from datetime import timedelta

from analytics.activity.events import Place
from analytics.datasets.made_up_home import KITCHEN, LIVING
from gateway.core.health import Colour
from gateway.core.subject import Subject, SubjectType
from gateway.days.watch import PART
from gateway.desk.events import AlertKind
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import AINO, NOON, PLACEMENTS, Rooms, device


def test_a_new_room_plan_calls_nobody(told: Told) -> None:
    async def story(home: Rooms) -> None:
        async def cooks(minute: int) -> None:
            if minute % 20 == 0:
                await home.moves(KITCHEN)

        watch = await home.watched(2, cooks)
        await home.registry.assign(device(KITCHEN).identity, AINO, actor="t", placement="living-room")
        await home.watched(0.5, watch=watch)
        (one,) = watch.standing()
        assert one.quiet is not None
        assert one.record is not None
        assert (one.quiet.place, one.quiet.clock) == (Place.OTHER, "13:40")
        assert await home.alerts() == []
        # Of the living room nothing is learnt from what it told of the kitchen.
        (index,) = (n for n in one.days.gone if one.days.sensors[n].name.startswith(device(KITCHEN).identity))
        assert index not in one.record.events.sensor
        assert index not in one.record.untold_min

    told(story)


def test_one_that_is_taken_away_was_a_sign_of_life_too(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(0.5)
        await home.registry.unassign(device(KITCHEN).identity, actor="t")
        await home.watched(0.5, watch=watch)
        (one,) = watch.standing()
        assert one.quiet is not None
        assert one.quiet.clock == "12:00"

    told(story)


def test_a_quiet_goes_on_when_all_sensors_are_given_anew(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(2)
        for sensor in PLACEMENTS:
            other = {KITCHEN: "living-room", LIVING: "kitchen"}.get(sensor, "bedroom")
            await home.registry.assign(device(sensor).identity, AINO, actor="t", placement=other)
        await home.watched(1, watch=watch)
        (one,) = watch.standing()
        assert one.quiet is not None
        assert (one.quiet.quiet_min, one.quiet.clock) == (174, "12:00")
        assert home.health.parts()[PART].reason.startswith("Watching the days of 1 household")

    told(story)


def test_two_sensors_that_change_places_end_no_quiet(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(2)
        for sensor, placement in ((KITCHEN, "living-room"), (LIVING, "kitchen")):
            await home.registry.assign(device(sensor).identity, AINO, actor="t", placement=placement)
        await home.watched(16, watch=watch)
        (alert,) = await home.alerts()
        assert alert.kind is AlertKind.INACTIVITY
        assert ", last at home at 12:00" in alert.summary
        assert alert.raised_at - NOON < timedelta(hours=16)

    told(story)


def test_nobody_loses_their_watch_when_somebody_moves_into_a_room(told: Told) -> None:
    async def story(home: Rooms) -> None:
        for sensor, placement in PLACEMENTS.items():
            room = Subject(type=SubjectType.ROOM, id=placement)
            since = NOON - timedelta(days=200)
            await home.registry.assign(device(sensor).identity, room, actor="t", placement=placement, since=since)
        await home.moves(KITCHEN)
        watch = await home.watched(1)
        await home.registry.add_resident("Aada", actor="t", resident_id="aada", room_id="room-1")
        await home.watched(8, watch=watch)
        (one,) = watch.standing()
        assert one.days.household.people == ("aino", "aada")
        (alert,) = await home.alerts()
        assert (alert.kind, alert.subject.type) == (AlertKind.INACTIVITY, SubjectType.HOME)

    told(story)


def test_sensors_that_tell_of_nobody_are_said(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        for sensor in PLACEMENTS:
            await home.registry.unassign(device(sensor).identity, actor="t")
        await home.watched(0.1)
        part = home.health.parts()[PART]
        assert part.colour is Colour.AMBER
        assert part.reason.startswith(
            "There are sensors of movement, but nobody's days can be watched: say whose each is"
        )

    told(story)


def test_who_has_no_sensor_is_said(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.registry.add_resident("Aada", actor="t", resident_id="aada", room_id="room-1")
        await home.moves(KITCHEN)
        await home.watched(0.1)
        part = home.health.parts()[PART]
        assert part.colour is Colour.GREEN
        assert "Of 1 resident no sensor of movement tells: say whose each is" in part.reason

    told(story)

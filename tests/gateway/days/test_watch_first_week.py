"""While the days are not known yet a plain rule stands in, and says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from analytics.datasets.made_up_home import BATHROOM, DOOR, ENTRANCE, KITCHEN, LIVING
from gateway.core.health import Colour
from gateway.days.watch import PART
from gateway.desk.events import AlertKind, Priority
from tests.gateway.days.home import NOON, Rooms, past, rooms
from tests.virtual_time import VirtualClock, run_virtual

HOUR = timedelta(hours=1)
Story = Callable[[Rooms], Awaitable[None]]


def new_home(path: Path, days: int, story: Story) -> None:
    """Equipped so many whole days ago."""

    async def main() -> None:
        clock = VirtualClock()
        clock.step(NOON - clock.wall())
        async with rooms(path / "a.db", clock) as home:
            await home.settle()
            if days:
                await home.lived(past(days=days), until=NOON - timedelta(minutes=1))
                await home.listened(NOON - timedelta(days=days, hours=12), NOON)
            await story(home)

    run_virtual(main)


@pytest.mark.parametrize("days", [0, 2])
def test_silence_calls_and_makes_nothing_known(tmp_path: Path, days: int) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(11.9)
        assert await home.alerts() == []
        reason = home.health.parts()[PART].reason
        assert f"The days are not known yet ({max(0, days - 1)} of 7): until then 12 h without" in reason
        watch = await home.watched(60)
        (alert,) = await home.alerts()
        assert (alert.kind, alert.priority) == (AlertKind.INACTIVITY, Priority.HIGH)
        assert alert.summary.startswith("No sign of life for 12 h")
        assert alert.summary.endswith(f"not known yet ({days} of 7 days), so 12 h call")
        (one,) = watch.standing()
        assert one.plain is not None
        assert one.plain.known == days

    new_home(tmp_path, days, story)


def test_a_night_without_a_word_does_not(tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        async def awake(minute: int) -> None:
            if minute % 60 == 0 and (minute <= 8 * 60 or minute >= 21.5 * 60):
                await home.moves([KITCHEN, LIVING, BATHROOM][minute // 60 % 3])

        await home.watched(30, awake)
        assert await home.alerts() == []
        assert home.health.parts()[PART].colour is Colour.GREEN

    new_home(tmp_path, 0, story)


def test_hours_that_nobody_listened_to_are_no_silence(tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        async def lost(minute: int) -> None:
            home.why_deaf = "the broker is lost" if 60 <= minute < 11 * 60 else None

        await home.moves(KITCHEN)
        watch = await home.watched(20, lost)
        assert await home.alerts("inactivity") == []
        await home.watched(4, watch=watch)
        (alert,) = await home.alerts("inactivity")
        assert 21.8 * HOUR < alert.raised_at - NOON < 22.7 * HOUR

    new_home(tmp_path, 1, story)


def test_after_an_answer_it_waits_anew(tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(13)
        (alert,) = await home.alerts()
        await home.desk.resolve(alert.id, "nurse", "false")
        await home.watched(13.5, watch=watch)
        assert len(await home.alerts()) == 1
        await home.watched(1, watch=watch)
        assert len(await home.alerts()) == 2

    new_home(tmp_path, 0, story)


def test_who_is_out_is_called_for_after_a_day(tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(ENTRANCE)
        for on in (True, False, True, False):
            await home.say(DOOR, on=on)
        watch = await home.watched(23)
        assert await home.alerts() == []
        await home.watched(2, watch=watch)
        (alert,) = await home.alerts()
        assert (alert.kind, alert.priority) == (AlertKind.ABSENCE, Priority.MEDIUM)

    new_home(tmp_path, 0, story)


def test_when_a_week_is_known_it_is_over(tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        assert one.plain is None

    new_home(tmp_path, 8, story)


def test_before_the_first_word_no_sensor_of_movement_is_known(tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        await home.watched(1)
        part = home.health.parts()[PART]
        assert part.colour is Colour.GREEN
        assert part.reason.startswith("No sensor of movement is anybody's")

    new_home(tmp_path, 0, story)

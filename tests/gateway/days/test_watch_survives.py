"""Whatever one minute, or one household, goes wrong with: the watch goes on, and says so."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from analytics.datasets.made_up_home import KITCHEN
from gateway.core.health import Colour
from gateway.core.subject import Subject, SubjectType
from gateway.days.watch import PART
from gateway.desk.events import AlertKind
from gateway.store.day_promises import DayPromise
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import AINO, NOON, Rooms

AADA = Subject(type=SubjectType.RESIDENT, id="aada")


def test_a_defect_ends_one_minute_and_not_the_watch(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        of, asked, said = home.promises.of, 0, set[str]()

        async def fails(*whose: object) -> DayPromise:
            nonlocal asked
            asked += 1
            if asked < 4:
                raise ZeroDivisionError
            return await of(*whose)  # type: ignore[arg-type]

        async def look(_: int) -> None:
            await asyncio.sleep(0)
            if PART in home.health.parts():
                said.add(home.health.parts()[PART].reason)

        monkeypatch.setattr(home.promises, "of", fails)
        await home.watched(8, look)
        assert len(await home.alerts()) == 1
        assert "Days at home cannot be watched: failed unexpectedly (ZeroDivisionError); see the log" in said
        assert home.health.parts()[PART].colour is Colour.GREEN

    told(story)


def test_one_household_that_fails_hides_no_other(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(home: Rooms) -> None:
        await home.registry.add_resident("Aada", actor="t", resident_id=AADA.id, room_id="room-1")
        await home.moves(KITCHEN)
        of = home.promises.of

        async def fails(subject: Subject, people: object) -> DayPromise:
            if subject == AADA:
                raise KeyError(subject.id)
            return await of(subject, people)  # type: ignore[arg-type]

        monkeypatch.setattr(home.promises, "of", fails)
        watch = home.watch()
        await watch._house(home.clock.wall())
        assert list(watch._all) == [AADA, AINO], "hers comes first"
        await home.watched(8, watch=watch)
        assert [one.subject for one in await home.alerts("inactivity")] == [AINO]
        assert home.health.parts()[PART].colour is Colour.RED

    told(story)


def test_nor_does_a_review_that_fails(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(home: Rooms) -> None:
        async def fails(*_: object) -> None:
            raise KeyError

        watch = home.watch()
        monkeypatch.setattr(watch._reviewer, "look", fails)
        await home.moves(KITCHEN)
        await home.watched(8, watch=watch)
        assert len(await home.alerts("inactivity")) == 1
        assert home.health.parts()[PART].colour is Colour.RED

    told(story)


def test_somebody_who_moves_in_during_a_quiet_has_it_told_once(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        (alert,) = await home.alerts("inactivity")
        await home.registry.add_resident("Eino", actor="t", resident_id="eino")
        watch = await home.watched(3)
        (one,) = watch.standing()
        assert one.days.household.subject.type is SubjectType.HOME
        assert one.quiet is not None
        assert one.quiet.is_improbable
        assert [known.id for known in await home.alerts("inactivity")] == [alert.id]
        # Who has it and says what it was has seen to both.
        await home.desk.resolve(alert.id, "nurse", "not-confirmed")
        await home.watched(0.2)
        assert len(await home.alerts("inactivity")) == 1
        await home.moves(KITCHEN)
        await home.watched(14)
        after = [known for known in await home.alerts("inactivity") if known.id != alert.id]
        assert [known.subject.type for known in after] == [SubjectType.HOME], "another quiet is another alert"

    told(story)


def test_what_one_of_them_alone_was_found_to_need_teaches_nothing_to_both(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(12)
        (alert,) = await home.alerts("inactivity")
        assert alert.kind is AlertKind.INACTIVITY
        await home.desk.resolve(alert.id, "nurse", "real")
        await home.registry.add_resident("Eino", actor="t", resident_id="eino")
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        (strange,) = one.days.strange
        assert (strange.raised, strange.real) == (alert.raised_at, True)
        assert strange.until - NOON > timedelta(hours=11)

    told(story)

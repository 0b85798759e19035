"""What a quiet that called, and time that nobody listened to, does to the quiet that goes on and to what is learnt."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.datasets.made_up_home import KITCHEN, LIVING
from gateway.desk.events import EventType
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import NOON, Rooms


def test_a_real_emergency_is_not_learnt_as_usual(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(12)
        (alert,) = await home.alerts("inactivity")
        await home.desk.resolve(alert.id, "nurse", verdict)
        await home.moves(LIVING)  # it is over
        home.clock.step(timedelta(days=1))
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        assert one.days.learnt is not None
        assert one.record is not None
        noon = 40 * 1440 + 12 * 60
        assert one.record.listening[noon : noon + 600].all()
        raised = int((alert.raised_at - NOON).total_seconds() // 60)
        taught = one.record.teaches[noon:]
        heard.append((int(taught[60:raised].sum()), int(taught[raised:600].sum()), float(one.days.learnt.hazard.sum())))

    heard: list[tuple[int, int, float]] = []
    verdicts = iter(("real", "not-confirmed", "false"))
    for _ in range(3):
        verdict = next(verdicts)
        told(story)
    real, nobody_knows, false = heard
    before = false[0]
    assert before > 100
    assert [one[0] for one in heard] == [0, before, before], "what came before the call is of a real one, too"
    assert [one[1] > 0 for one in heard] == [False, False, True]
    assert real[2] > nobody_knows[2] > false[2], "that a sign of life comes, however long it was quiet"


def test_a_late_answer_to_a_real_emergency_takes_nothing_of_the_quiet_that_goes_on_since(told: Told) -> None:
    async def story(home: Rooms) -> None:
        async def up(minute: int) -> None:
            if minute < 120 and minute % 10 == 0:  # until eight in the evening, then she lies again
                await home.moves((KITCHEN, LIVING)[minute // 10 % 2])

        await home.moves(KITCHEN)
        watch = await home.watched(6)
        (alert,) = await home.alerts("inactivity")
        await home.watched(4, up, watch=watch)
        await home.desk.resolve(alert.id, "nurse", answer)
        await home.watched(9, watch=watch)
        (again,) = [one for one in await home.alerts("inactivity") if one.id != alert.id]
        called.append(again.raised_at)

    called: list[datetime] = []
    answers = iter(("not-confirmed", "real"))
    for _ in range(2):
        answer = next(answers)
        told(story)
    early, late = called
    assert late - early <= timedelta(minutes=15)


def test_an_alert_is_raised_though_nobody_listens_for_half_an_hour_again_and_again(told: Told) -> None:
    """A gateway, a broker or a bridge that is away is no sign of life, and none is said to have come."""

    async def story(home: Rooms) -> None:
        async def away(minute: int) -> None:
            home.why_deaf = "the broker is lost" if minute > 60 and minute % 180 < gap else None

        await home.moves(KITCHEN)
        await home.watched(24, away)
        alerts = await home.alerts("inactivity")
        assert len(alerts) == 1
        assert "last in the kitchen at 12:00" in alerts[0].summary
        assert ("(nothing was listened to for " in alerts[0].summary) == (gap > 0)
        raised.append(alerts[0].raised_at - NOON)
        assert [one.type for one in await home.desk.store.history(alerts[0].id)] == [EventType.RAISED]

    raised: list[timedelta] = []
    gaps = iter((0, 40))
    for _ in range(2):
        gap = next(gaps)
        told(story)
    through, broken = raised
    assert 0.7 * through < broken < 1.5 * through

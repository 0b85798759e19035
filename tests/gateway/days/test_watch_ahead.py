"""The gateway's clock was ahead for some hours: nothing of that time hides anybody when it is set right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from analytics.datasets.made_up_home import BATHROOM, KITCHEN, LIVING
from gateway.ingest.received import Received
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import NOON, Rooms

HOUR = timedelta(hours=1)


def ahead(home: Rooms, hours: float, monkeypatch: pytest.MonkeyPatch, *, known: bool) -> None:
    """The clock is ahead, and `known` says that it is synchronised."""
    home.clock.step(hours * HOUR)
    home.clock.is_synchronised = known
    received = home.received

    def stamped(*arguments: object) -> Received:
        return replace(received(*arguments), synchronised=home.clock.is_synchronised)  # type: ignore[arg-type]

    monkeypatch.setattr(home, "received", stamped)


def set_right(home: Rooms, hours: float) -> None:
    home.clock.step(-hours * HOUR)
    home.clock.is_synchronised = True


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("restarted", [True, False])
def test_a_sign_of_life_is_of_its_own_time(
    told: Told, monkeypatch: pytest.MonkeyPatch, *, known: bool, restarted: bool
) -> None:
    async def story(home: Rooms) -> None:
        ahead(home, 5, monkeypatch, known=known)
        await home.moves(KITCHEN)
        watch = await home.watched(0.5)
        set_right(home, 5)
        await home.watched(9, watch=home.watch() if restarted else watch)
        (alert,) = await home.alerts("inactivity")
        # The half hour in which the clock was ahead was not listened to: it counts for nothing.
        assert ", last in the kitchen at 12:00" in alert.summary
        assert alert.raised_at - NOON < 9 * HOUR

    told(story)


@pytest.mark.parametrize("resolved", [True, False])
def test_an_alert_of_the_future_covers_nothing(told: Told, monkeypatch: pytest.MonkeyPatch, *, resolved: bool) -> None:
    async def story(home: Rooms) -> None:
        ahead(home, 30, monkeypatch, known=False)
        await home.moves(KITCHEN)
        watch = await home.watched(16)
        (early,) = await home.alerts("inactivity")
        await home.desk.acknowledge(early.id, "nurse")
        if resolved:
            await home.desk.resolve(early.id, "nurse", "false")
        set_right(home, 30)

        async def up(minute: int) -> None:
            if minute < 60 and minute % 20 == 0:
                await home.moves([KITCHEN, LIVING, BATHROOM][minute // 20])

        await home.watched(40, up, watch=watch)
        (late,) = [one for one in await home.alerts("inactivity") if one.id != early.id]
        assert ", last in the bathroom at 04:40" in late.summary
        assert late.raised_at - NOON < 28 * HOUR
        assert late.witnesses == 1

    told(story)

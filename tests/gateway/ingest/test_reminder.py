"""The status page counts what waits for a person; a review that a restart cut off is finished."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.core.health import Colour, HealthBoard
from gateway.ingest.decisions import Decisions
from gateway.ingest.reminder import EVERYBODYS, PART, UnassignedReminder
from tests.gateway.ingest.conftest import AINO, CUFF, ROUTES, Gateway, known, weight

SHARED = known("hall", "reception", 6)


async def test_it_says_how_many_wait_and_finishes_reviews(gateway: Gateway) -> None:
    decisions = Decisions(gateway.database, gateway.stamper, routes=ROUTES)
    health = HealthBoard()
    await gateway.registry.assign(SHARED.address, AINO, actor="t", shared=True)
    await gateway.ingest.accept(gateway.received(SHARED, weight(70.0)))
    await gateway.registry.assign(CUFF.address, AINO, actor="t", since=gateway.clock.wall() - timedelta(hours=1))
    reminder = UnassignedReminder(
        decisions, gateway.registry, take_up=gateway.ingest.take_up, clock=gateway.clock, health=health
    )

    async def until(colour: Colour) -> str:
        async with asyncio.timeout(5):
            while PART not in health.parts() or health.parts()[PART].colour is not colour:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        return health.parts()[PART].reason

    async with asyncio.TaskGroup() as group:
        task = group.create_task(reminder.run())
        assert await until(Colour.AMBER) == (
            "1 reading waits for somebody to say whose: 'huoma readings unassigned', or the page of the API."
        )
        assert await decisions.to_be_reviewed() == []
        (offered,) = await decisions.offered()
        await decisions.assign(offered.reading.id, AINO, actor="t")
        assert await until(Colour.GREEN) == EVERYBODYS
        task.cancel()


async def test_a_place_that_was_given_away_is_said_until_it_is_paired_again(gateway: Gateway) -> None:
    health = HealthBoard()
    reminder = UnassignedReminder(
        Decisions(gateway.database, gateway.stamper, routes=ROUTES), gateway.registry,
        take_up=gateway.ingest.take_up, clock=gateway.clock, health=health,
    )  # fmt: skip
    await gateway.registry.assign(CUFF.address, AINO, actor="t", user_slot=1)
    await gateway.registry.made_users(CUFF.address, [1], {})
    await reminder._look()
    assert health.parts()[PART].colour is Colour.AMBER
    assert f"{CUFF.address} has made a new user in the place of a resident" in health.parts()[PART].reason
    await gateway.registry.assign(CUFF.address, AINO, actor="t", user_slot=2)
    await reminder._look()
    assert health.parts()[PART].reason == EVERYBODYS

"""Whichever write of a pairing fails, or wherever the gateway dies: nobody gets another's weighing, no place is lost.

In every run some of the writes of three stories, with HUOMA_RELIABILITY=full each of them in every story and way.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from device_drivers.virtual.radio import virtual_radio
from gateway.core.errors import StoreError
from gateway.pairing import Pairings
from tests.gateway.pairing.home import Household
from tests.gateway.pairing.stories import SETTINGS, Broken, mended, pair, what_is_wrong

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FULL: Final = os.environ.get("HUOMA_RELIABILITY") == "full"
STEP: Final = 1 if FULL else 5
STORIES: Final = (
    [(story, how, cancels) for story in SETTINGS for how in ("error", "killed", "killed after") for cancels in (0, 1)]
    if FULL
    else [("second", "error", 1), ("renewal", "killed", 1), ("freed", "error", 0)]
)
MOST_WRITES: Final = 60


@pytest.fixture(autouse=True)
def supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the supervisor does: a part whose store failed is started again."""
    runs = Pairings.run

    async def again_and_again(pairings: Pairings) -> None:
        while True:
            try:
                await runs(pairings)
            except* StoreError:
                pass
            await asyncio.sleep(1)

    monkeypatch.setattr(Pairings, "run", again_and_again)


@asynccontextmanager
async def home(folder: Path) -> AsyncIterator[Household]:
    async with virtual_radio() as air:
        yield Household(air, air.dongle(), folder)


async def told(folder: Path, story: str, how: str, at: int, *, cancels: bool) -> list[str] | None:
    """What is wrong behind it; None when there are not so many writes."""
    async with home(folder) as household:
        async with household.gateway() as gateway:
            people, who = await SETTINGS[story](household, gateway)
            broken = Broken(gateway, how, at)
            work = asyncio.ensure_future(pair(gateway, people, who, cancels=cancels, dead=broken.dead))
            dies = asyncio.ensure_future(broken.dead.wait())
            await asyncio.wait((work, dies), return_when=asyncio.FIRST_COMPLETED)
            for task in (work, dies):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            people.new_ones_are(who)
            if not broken.struck:
                return None
            if not broken.dead.is_set():
                await mended(gateway)
                broken.mend()
                return await what_is_wrong(gateway, people, who)
        async with household.gateway() as gateway:
            await mended(gateway)
            return await what_is_wrong(gateway, people, who)


@pytest.mark.parametrize(("story", "how", "cancels"), STORIES)
async def test_wherever_it_breaks(tmp_path_factory: pytest.TempPathFactory, story: str, how: str, cancels: int) -> None:
    wrong = {}
    for at in range(2, MOST_WRITES, STEP):
        found = await told(tmp_path_factory.mktemp("home"), story, how, at, cancels=bool(cancels))
        if found is None:
            break
        if found:
            wrong[at] = found
    assert at > 6, "there are writes to break"
    assert not wrong

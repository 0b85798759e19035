"""The past of the home is stored once; each test goes on from a copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from shutil import copy

import pytest

from tests.gateway.days.home import NOON, Rooms, past, rooms
from tests.virtual_time import VirtualClock, run_virtual

Story = Callable[[Rooms], Awaitable[None]]
Told = Callable[[Story], None]


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with forty days of Aino's, until a minute before noon."""
    path = tmp_path_factory.mktemp("days") / "past.db"

    async def main() -> None:
        clock = VirtualClock()
        clock.step(NOON - clock.wall())
        async with rooms(path, clock) as home:
            await home.settle()
            await home.lived(past(), until=NOON - timedelta(minutes=1))
            await home.listened(NOON - timedelta(days=45), NOON)

    run_virtual(main)
    return path


@pytest.fixture
def told(stored: Path, tmp_path: Path) -> Told:
    """Runs a story that begins at noon."""

    def run(story: Story) -> None:
        copy(stored, tmp_path / "a.db")

        async def main() -> None:
            clock = VirtualClock()
            clock.step(NOON - clock.wall())
            async with rooms(tmp_path / "a.db", clock) as home:
                await story(home)

        run_virtual(main)

    return run

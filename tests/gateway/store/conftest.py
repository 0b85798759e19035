"""An open store on a temporary disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.subject import Origin
from gateway.store.database import Database
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from tests.virtual_time import VirtualClock

ORIGIN = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def stamper(clock: VirtualClock) -> Stamper:
    return Stamper(ORIGIN, clock, boot_id="boot-1")


@pytest.fixture
async def database(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "home.db", clock=clock) as database:
        yield database


@pytest.fixture
def registry(database: Database, stamper: Stamper) -> Registry:
    return Registry(database, stamper)

"""Every alert store keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.clock import SystemClock
from gateway.desk.store import AlertStore
from gateway.store.alerts import SqliteAlertStore
from gateway.store.database import Database
from gateway.store.stamp import Stamper
from tests.gateway.desk.contract import AlertStoreContract
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import ORIGIN


class TestMemoryStore(AlertStoreContract):
    @pytest.fixture
    def store(self) -> AlertStore:
        return MemoryAlertStore()


class TestSqliteStore(AlertStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[AlertStore]:
        clock = SystemClock()
        async with Database.open(tmp_path / "home.db", clock=clock) as database:
            yield SqliteAlertStore(database, Stamper(ORIGIN, clock, boot_id="boot-1"))

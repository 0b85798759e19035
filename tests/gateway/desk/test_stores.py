"""Every alert store keeps the contract."""

from __future__ import annotations

import pytest

from gateway.desk.store import AlertStore
from tests.gateway.desk.contract import AlertStoreContract
from tests.gateway.desk.memory_store import MemoryAlertStore


class TestMemoryStore(AlertStoreContract):
    @pytest.fixture
    def store(self) -> AlertStore:
        return MemoryAlertStore()

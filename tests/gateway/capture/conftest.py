"""Recording in a virtual room, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from device_drivers.virtual.radio import virtual_radio
from tests.gateway.pairing.home import Household
from tests.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    async with virtual_radio() as air:
        yield Household(air, air.dongle(), tmp_path)

"""The radio in a virtual room, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device_drivers.virtual.radio import virtual_radio
from tests.gateway.radio.room import Book, Room, RoomMaker
from tests.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Virtual time, but for the tests that talk to another process (D-Bus is one)."""
    real = "process" in item.path.name or item.path.parent.name == "bluez"
    return {"real": asyncio.new_event_loop} if real else {"virtual": VirtualTimeLoop}


@pytest.fixture
def room_with(tmp_path: Path) -> RoomMaker:
    @asynccontextmanager
    async def make(*addresses: str) -> AsyncIterator[Room]:
        async with virtual_radio() as air:
            hci: list[bytes] = []
            dongle = air.dongle(observer=lambda packet, _from_host: hci.append(packet))
            yield Room(air=air, dongle=dongle, book=Book(addresses), keys=tmp_path / "bonds.json", hci=hci)

    return make

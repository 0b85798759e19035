"""The link to one device, as a session sees it. `gateway.radio` makes one over bleak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from firmware_profiles import short_uuid

# What waits until a frame is safe. None when nothing has to be waited for.
Receipt = asyncio.Future[None] | None

# Called with each frame of a subscription, in order. It must not wait itself.
FrameCallback = Callable[[bytes], Receipt]

_SIG_BASE: Final = "-0000-1000-8000-00805f9b34fb"


class Link(Protocol):
    """One connection. UUIDs are 128-bit, lower case (`uuid128` makes them).

    Every method raises `LinkLost` when the connection went away, `BondLost` when the device no longer knows our key (or
    never did and takes no new central now), `DeviceRefused` when it answers with an error that a retry will not change.
    """

    @property
    def address(self) -> str:
        """The device's identity address, "AA:BB:CC:DD:EE:FF"."""
        ...

    @property
    def services(self) -> frozenset[str]: ...

    @property
    def characteristics(self) -> frozenset[str]: ...

    @property
    def newly_bonded(self) -> bool:
        """True once a bond was made on this very connection."""
        ...

    async def bond(self) -> None:
        """Have an encrypted link, by the stored key or by pairing now. Pairing also happens by itself on demand."""
        ...

    async def read(self, uuid: str) -> bytes: ...

    async def write(self, uuid: str, data: bytes, *, response: bool = True) -> None: ...

    async def subscribe(self, uuid: str, callback: FrameCallback) -> None:
        """Notifications or indications of a characteristic.

        An indication is confirmed only when the receipt that `callback` returned is done, on a host that can do so (the
        Bumble backend); a receipt that failed closes the link unconfirmed. BlueZ confirms by itself before we see the
        frame: there the window between confirmation and commit stays open.
        """
        ...

    async def wait_closed(self) -> None:
        """Until the link is closed, by whichever side."""
        ...

    async def disconnect(self) -> None:
        """Hang up in order; nothing when it is closed already. Never raises for a link that is gone."""
        ...


def uuid128(uuid: str) -> str:
    """The whole of a short one: "2a35" → "00002a35-0000-1000-8000-00805f9b34fb"; longer ones in lower case."""
    return f"0000{uuid.lower()}{_SIG_BASE}" if len(uuid) == 4 else uuid.lower()


def short(uuid: str) -> str:
    """The other way round."""
    return short_uuid(uuid)

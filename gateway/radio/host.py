"""What is under the radio: a host (BlueZ, or Bumble on a controller) that opens an adapter."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

Heard = Callable[[BLEDevice, AdvertisementData], None]
Closed = Callable[[BleakClient], None]


class BondError(BleakError):
    """Encryption cannot be had: the device has lost our key, ours is wrong, or it takes no new central now."""


class PairingAgent(Protocol):
    """Who answers what a device asks while it is being bonded. Only asked for a device that may pair now.

    A technician stands behind it, or nobody: then what needs a person is refused, and just works goes through.
    """

    async def passkey(self, address: str) -> int | None:
        """The six digits that the device displays; None refuses."""
        ...

    async def display(self, address: str, passkey: int) -> None:
        """Show these six digits: they must be entered on the device."""
        ...

    async def compare(self, address: str, number: int) -> bool:
        """Whether the device displays these six digits."""
        ...


class Adapter(Protocol):
    """An open adapter. Bonds belong to its address."""

    @property
    def address(self) -> str: ...

    @property
    def notice(self) -> str | None:
        """What a technician must know about this adapter's bonds, or None."""
        ...

    def scanner(self, heard: Heard) -> BleakScanner: ...

    def client(
        self,
        device: BLEDevice,
        *,
        closed: Closed,
        may_pair: bool,
        agent: PairingAgent | None = None,
        first: bool = False,
    ) -> BleakClient:
        """A client that pairs on demand only when `may_pair`; `agent` answers for a person.

        `first`: it is connected before others that wait to be.
        """
        ...

    def newly_bonded(self, client: BleakClient) -> bool:
        """A bond was made on this client's present connection."""
        ...

    async def bonded(self, address: str) -> bool: ...

    async def forget(self, address: str) -> None:
        """Remove a bond: a technician's act, never the radio's own."""
        ...

    def accept_notice(self) -> None:
        """A technician has read the notice."""
        ...

    async def lost(self) -> str:
        """Until the adapter is gone; the reason in words, and after a colon what to do if not "plug it in again"."""
        ...


@runtime_checkable
class Repairable(Protocol):
    """An `Adapter` with a means that is harder than being closed and opened, such as being switched off and on."""

    async def repair(self) -> None:
        """Bounded by the caller; what it raises (BleakError, OSError) is logged. The adapter is closed afterwards."""
        ...


@runtime_checkable
class KnowsOtherBonds(Protocol):
    """An `Adapter` that knows of bonds which other adapters of this gateway made, plugged in now or not."""

    def bonded_elsewhere(self, address: str) -> str | None:
        """The address of another adapter that holds a bond with this device."""
        ...


@runtime_checkable
class ListsBonds(Protocol):
    """An `Adapter` that can tell with whom it has bonds."""

    async def bonds(self) -> Collection[str]:
        """The devices' addresses. Raises BleakError when the host cannot be asked."""
        ...


class Host(Protocol):
    """Opens its adapter as often as it is asked to, one at a time."""

    @property
    def name(self) -> str:
        """For people: "usb:0", "hci0", "the virtual radio"."""
        ...

    @property
    def simulated(self) -> bool: ...

    def open(self) -> AbstractAsyncContextManager[Adapter]:
        """Raises RadioUnavailable when there is no adapter, or it does not answer."""
        ...

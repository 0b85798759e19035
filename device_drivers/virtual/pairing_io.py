"""What a device has for pairing: nothing, a display, a keyboard, or display and button; and the person before it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bumble.pairing import PairingDelegate

if TYPE_CHECKING:
    from device_drivers.virtual.peripheral import VirtualPeripheral


class Io(StrEnum):
    """What a person can see and touch on the device while it is being paired."""

    NOTHING = "nothing"  # just works
    DISPLAY = "display"  # it shows six digits, which are typed at the gateway
    KEYBOARD = "keyboard"  # the gateway shows six digits, which are typed on it
    COMPARE = "compare"  # both show six digits; a button on it says that they are equal


class Panel:
    """The front of the device.

    Attributes:
        shown: the six digits that it displayed last, or None.
        lit: set when it displays something.
        agrees: what the person's button says when both sides show digits.
    """

    def __init__(self) -> None:
        self.shown: int | None = None
        self.lit = asyncio.Event()
        self.agrees = True
        self._typed: asyncio.Queue[int | None] = asyncio.Queue(1)  # one attempt at a time; a second waits

    def show(self, digits: int) -> None:
        """Display six digits."""
        self.shown = digits
        self.lit.set()

    async def type(self, digits: int | None) -> None:
        """The person types them on the device; None is "cancel"."""
        await self._typed.put(digits)

    async def typed(self) -> int | None:
        """What the person types."""
        return await self._typed.get()


_CAPABILITIES: Final[Mapping[Io, PairingDelegate.IoCapability]] = MappingProxyType(
    {
        Io.NOTHING: PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT,
        Io.DISPLAY: PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY,
        Io.KEYBOARD: PairingDelegate.IoCapability.KEYBOARD_INPUT_ONLY,
        Io.COMPARE: PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    }
)


class PeripheralDelegate(PairingDelegate):
    """Only while the device takes new centrals; one that can do better refuses to pair by just works."""

    def __init__(self, peripheral: VirtualPeripheral) -> None:
        keys = (
            PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        )  # no identity key: these devices have no privacy
        super().__init__(
            _CAPABILITIES[peripheral.io],
            local_initiator_key_distribution=keys,
            local_responder_key_distribution=keys,
        )
        self._peripheral = peripheral

    async def accept(self) -> bool:
        self._peripheral.pairings += 1
        return self._peripheral.accepts_pairing

    async def confirm(self, auto: bool = False) -> bool:
        del auto
        return self._peripheral.io is Io.NOTHING

    async def compare_numbers(self, number: int, digits: int) -> bool:
        del digits
        self._peripheral.panel.show(number)
        return self._peripheral.panel.agrees

    async def get_number(self) -> int | None:
        return await self._peripheral.panel.typed()

    async def display_number(self, number: int, digits: int) -> None:
        del digits
        self._peripheral.panel.show(number)

"""Devices with a display or keys, paired by a central that is no gateway of ours."""

from __future__ import annotations

import asyncio

import pytest
from bumble.core import ProtocolError
from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address, OwnAddressType
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate

from device_drivers.virtual.device_clock import FACTORY, DeviceClock
from device_drivers.virtual.pairing_io import Io, Panel
from device_drivers.virtual.radio import VirtualRadio, virtual_radio
from device_drivers.virtual.standard import BeurerCuff

pytestmark = pytest.mark.slow


class Gateway(PairingDelegate):
    """A central with a display and keys: what it shows goes to the panel's person, and the other way round."""

    def __init__(self, panel: Panel, *, has: PairingDelegate.IoCapability, off_by: int = 0) -> None:
        super().__init__(has)
        self.panel = panel
        self.off_by = off_by
        self.compared: int | None = None

    async def get_number(self) -> int | None:
        await self.panel.lit.wait()
        assert self.panel.shown is not None
        return (self.panel.shown + self.off_by) % 1_000_000

    async def display_number(self, number: int, digits: int) -> None:
        del digits
        await self.panel.type((number + self.off_by) % 1_000_000)

    async def compare_numbers(self, number: int, digits: int) -> bool:
        del digits
        self.compared = number
        return True


BOTH = PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT
NOTHING = PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT


async def pair(
    radio: VirtualRadio, io: Io, *, has: PairingDelegate.IoCapability = BOTH, off_by: int = 0, agrees: bool = True
) -> tuple[BeurerCuff, Gateway]:
    """Raises ProtocolError when it does not come to a bond."""
    cuff = BeurerCuff(radio, clock=DeviceClock(FACTORY), io=io)
    cuff.panel.agrees = agrees
    await cuff.power_on()
    await cuff.pairing_mode()
    gateway = Gateway(cuff.panel, has=has, off_by=off_by)
    controller = radio.dongle().controller
    central = Device(config=DeviceConfiguration(name="gateway"), host=Host(controller, controller))
    central.pairing_config_factory = lambda _connection: PairingConfig(sc=True, mitm=True, delegate=gateway)
    await central.power_on()
    connection = await central.connect_le(
        Address(cuff.address, Address.PUBLIC_DEVICE_ADDRESS), own_address_type=OwnAddressType.PUBLIC, timeout=5
    )
    async with asyncio.timeout(60):
        await connection.pair()
    await asyncio.sleep(0.1)
    return cuff, gateway


@pytest.mark.parametrize("io", list(Io))
async def test_each_way_to_pair_ends_in_a_bond(io: Io) -> None:
    async with virtual_radio() as radio:
        cuff, gateway = await pair(radio, io)
        assert cuff.pairing_finished.is_set()
        [(_, keys)] = await cuff.bonds.get_all()
        assert keys.ltk is not None
        assert keys.ltk.authenticated is (io is not Io.NOTHING)
        if io is Io.COMPARE:
            assert gateway.compared == cuff.panel.shown


@pytest.mark.parametrize("io", [Io.DISPLAY, Io.KEYBOARD])
async def test_wrong_digits_are_no_bond(io: Io) -> None:
    async with virtual_radio() as radio:
        with pytest.raises(ProtocolError, match="CONFIRM_VALUE_FAILED"):
            await pair(radio, io, off_by=1)


async def test_the_person_says_no() -> None:
    async with virtual_radio() as radio:
        with pytest.raises(ProtocolError, match=r"NUMERIC_COMPARISON_FAILED|CONFIRM_VALUE_FAILED"):
            await pair(radio, Io.COMPARE, agrees=False)


@pytest.mark.parametrize("io", [Io.DISPLAY, Io.KEYBOARD, Io.COMPARE])
async def test_what_has_a_display_or_keys_does_not_pair_by_just_works(io: Io) -> None:
    async with virtual_radio() as radio:
        with pytest.raises(ProtocolError):
            await pair(radio, io, has=NOTHING)

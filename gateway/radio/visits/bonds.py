"""Bonds that went stale: how that is noticed, and what people are told to do about them."""

from __future__ import annotations

from typing import Final

from device_drivers.errors import BondLost, LinkLost
from gateway.radio.seen import Device
from gateway.radio.visits.link import BleakLink

TRIES: Final = 3  # links let go of in a row before anything was answered: not a coincidence any more
NEAR_DBM: Final = -85.0  # heard this well, a connection does not time out for want of signal


class Bonds:
    """Which bonds are stale, and whom a technician has told to pair anew. Bonds are never removed here.

    Attributes:
        stale: the sentence for people, by address; at most one per device that was ours.
        told_to_pair: addresses whose bond a technician had forgotten, until the next one is made.
    """

    def __init__(self) -> None:
        self.stale: dict[str, str] = {}
        self.told_to_pair: set[str] = set()

    def judge(self, device: Device, link: BleakLink, error: LinkLost, *, bonded: bool) -> LinkLost | BondLost:
        """Whether a lost link is the third in a row that tells of a lost key.

        A device that has forgotten our key lets go of the link when the encryption begins, before it answers anything.
        Some hosts name that; others only report a link that ended, or a connection that never came about.
        """
        if link.answers:
            device.doubts = 0
            return error
        if not link.timed_out and isinstance(error.__cause__, (EOFError, OSError)):
            return error  # the host has gone, not the device
        if not bonded or (link.timed_out and not self._near(device)):
            return error
        device.doubts += 1
        if device.doubts < TRIES:
            return error
        return BondLost(
            f"{device.doubts} times in a row it has let go of the connection before it answered anything ({error}): "
            "it has probably lost our key, or its batteries are nearly empty. Put in new batteries; if that does not "
            "help, the bond is stale"
        )

    @staticmethod
    def _near(device: Device) -> bool:
        return any(signal.rssi_dbm >= NEAR_DBM for signal in device.signals.values())

    def mended(self, device: Device) -> bool:
        """It has answered with the bond it has. True when that ends a fault."""
        device.doubts = 0
        return self.stale.pop(device.address, None) is not None

    def forgotten(self, address: str) -> None:
        """A technician had the bond removed."""
        self.stale.pop(address, None)

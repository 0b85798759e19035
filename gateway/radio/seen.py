"""Who has been heard: bounded, the longest silent forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from firmware_profiles import Catalogue, Profile
from gateway.radio.contracts import Wanted
from gateway.radio.rest import Rest

SEEN_LIMIT: Final = 256  # a block of flats with every phone of a week; a few hundred bytes each
NAME_GRACE_S: Final = 2.0  # the name comes with the scan response, a few advertising intervals behind the services


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One line of the list for people.

    Attributes:
        model: "A&D UA-651BLE", "generic", or "unknown" when no profile claims it.
        state: what it is doing, in a word: "heard", "in session", "resting".
    """

    address: str
    name: str | None
    model: str
    profile_id: str | None
    rssi: int
    heard_monotonic: float
    state: str


@dataclass(slots=True, kw_only=True)
class Device:
    """What the radio remembers of one address."""

    address: str
    first_heard: float
    ble: BLEDevice
    name: str | None = None
    services: frozenset[str] = frozenset()
    company_ids: frozenset[int] = frozenset()
    profile: Profile | None = None
    rssi: int = 0
    heard: float = 0.0
    wanted: Wanted | None = None
    asked_in: int = -1  # the generation of the device book that `wanted` comes from
    in_session: bool = False
    identity: str | None = None
    rest: Rest = field(default_factory=Rest)

    def model(self) -> str:
        """For people."""
        if self.profile is None:
            return "unknown"
        return "generic" if self.profile.generic else f"{self.profile.vendor} {self.profile.model}"

    def words(self) -> str:
        """How sentences call it."""
        return f"{self.name or self.model()} ({self.address})"


class SeenDevices:
    """The list, by address. Devices in session are never forgotten."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._devices: OrderedDict[str, Device] = OrderedDict()

    def __iter__(self) -> Iterator[Device]:
        return iter(self._devices.values())

    def get(self, address: str) -> Device | None:
        return self._devices.get(address)

    def heard(self, ble: BLEDevice, data: AdvertisementData, now: float) -> Device:
        """Take an advertisement in; who it is from, matched to a profile by all that it has said so far."""
        device = self._devices.get(ble.address)
        if device is None:
            device = self._devices[ble.address] = Device(address=ble.address, first_heard=now, ble=ble)
            self._forget_oldest()
        else:
            self._devices.move_to_end(ble.address)
        device.ble, device.rssi, device.heard = ble, data.rssi, now
        name = data.local_name or device.name
        services = device.services | frozenset(data.service_uuids)
        company_ids = device.company_ids | frozenset(data.manufacturer_data)
        if (name, services, company_ids) != (device.name, device.services, device.company_ids):
            device.name, device.services, device.company_ids = name, services, company_ids
            device.profile = self._catalogue.match(name, services, company_ids)
        return device

    def listing(self, now: float) -> tuple[Seen, ...]:
        """All of them, the last heard first."""
        return tuple(
            Seen(
                address=device.address,
                name=device.name,
                model=device.model(),
                profile_id=None if device.profile is None else device.profile.id,
                rssi=device.rssi,
                heard_monotonic=device.heard,
                state="in session" if device.in_session else "resting" if device.rest.resting(now) else "heard",
            )
            for device in reversed(self._devices.values())
        )

    def _forget_oldest(self) -> None:
        for address, device in list(self._devices.items()):
            if len(self._devices) <= SEEN_LIMIT:
                return
            if not device.in_session:
                del self._devices[address]


def may_be_named_yet(device: Device, now: float) -> bool:
    """A generic match without a name may still turn out to be a vendor's device: wait for its scan response."""
    generic = device.profile is not None and device.profile.generic
    return generic and device.name is None and now - device.first_heard < NAME_GRACE_S

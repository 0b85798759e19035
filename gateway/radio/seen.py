"""Who has been heard: bounded, the longest silent forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from device_drivers.advertising import Advert, Call, Caller
from device_drivers.errors import DecodeError
from firmware_profiles import Catalogue, Profile
from gateway.radio.advert import advert_of, says_something
from gateway.radio.contracts import Wanted
from gateway.radio.rest import Rest

SEEN_LIMIT: Final = 256  # a block of flats with every phone of a week; a few hundred bytes each
NAME_GRACE_S: Final = 2.0  # the name comes with the scan response, a few advertising intervals behind the services
RECENT_S: Final = 10.0  # a signal older than this tells nothing: people walk
NEW_CALL_S: Final = 10.0  # silent for this long: the next advertisement begins a new call
_SMOOTHING: Final = 0.3  # of the signal strength: one advertisement varies by ±6 dB indoors


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One line of the list for people.

    Attributes:
        model: "A&D UA-651BLE", "generic", or "unknown" when no profile claims it.
        state: what it is doing, in a word: "heard", "in session", "resting".
        adapter: name of the adapter that hears it best.
        call: what its advertisement says about connecting; None when it does not tell.
        last_useful_monotonic: its last advertisement with content, or data over a connection; None when there was none.
    """

    address: str
    name: str | None
    model: str
    profile_id: str | None
    rssi: int
    heard_monotonic: float
    state: str
    adapter: str | None = None
    call: Call | None = None
    last_useful_monotonic: float | None = None

    @property
    def identity(self) -> None:
        """Who it is, is not told by an advertisement."""
        return

    @property
    def last_state(self) -> None:
        """What it said last is in the store, not here."""
        return


@dataclass(slots=True, kw_only=True)
class Signal:
    """How one adapter hears a device."""

    ble: BLEDevice
    rssi_dbm: float  # smoothed
    heard: float


@dataclass(slots=True, kw_only=True)
class Device:
    """What the radio remembers of one address.

    Attributes:
        signals: by the adapter's name.
        calling_since: the beginning of the present run of advertisements.
        doubts: connections in a row that a device with a bond let go of before it answered anything.
        last_visit: the end of the last session that ran to its end; None when there was none.
        crowded_since: it calls and no adapter has room for it; None when that is not so.
        told: the last sentence about why it is not connected to, to be said once.
    """

    address: str
    first_heard: float
    name: str | None = None
    services: frozenset[str] = frozenset()
    company_ids: frozenset[int] = frozenset()
    data_services: frozenset[str] = frozenset()
    profile: Profile | None = None
    data: AdvertisementData | None = None
    call: Call | None = None
    signals: dict[str, Signal] = field(default_factory=dict)
    heard: float = 0.0
    calling_since: float = 0.0
    last_useful: float | None = None
    wanted: Wanted | None = None
    asked_in: int = -1  # the generation of the device book that `wanted` comes from
    in_session: bool = False
    identity: str | None = None
    doubts: int = 0
    last_visit: float | None = None
    crowded_since: float | None = None
    told: str | None = None
    rest: Rest = field(default_factory=Rest)

    def model(self) -> str:
        """For people."""
        if self.profile is None:
            return "unknown"
        return "generic" if self.profile.generic else f"{self.profile.vendor} {self.profile.model}"

    @property
    def streams(self) -> bool:
        """It sends motion for as long as it is worn. A fall may be in it: it is connected to before others."""
        return self.profile is not None and "motion" in self.profile.kinds

    @property
    def stays(self) -> bool:
        """It keeps its connection for as long as it is worn; others fetch records and hang up."""
        return self.profile is not None and not {"motion", "heart-rate"}.isdisjoint(self.profile.kinds)

    def words(self) -> str:
        """How sentences call it."""
        return f"{self.name or self.model()} ({self.address})"

    def advert(self) -> Advert | None:
        """Its last advertisement, as drivers read it."""
        return None if self.data is None else advert_of(self.address, self.name, self.data)

    def best(self, now: float) -> tuple[str, Signal] | None:
        """The adapter that hears it best of late, else the one that heard it last."""
        recent = {name: signal for name, signal in self.signals.items() if now - signal.heard <= RECENT_S}
        if recent:
            return max(recent.items(), key=lambda one: one[1].rssi_dbm)
        return max(self.signals.items(), key=lambda one: one[1].heard, default=None)


class SeenDevices:
    """The list, by address. Devices in session, and ours, are never forgotten."""

    def __init__(self, catalogue: Catalogue, callers: Mapping[str, Caller] = MappingProxyType({})) -> None:
        self._catalogue = catalogue
        self._callers = callers
        self._devices: OrderedDict[str, Device] = OrderedDict()

    def __iter__(self) -> Iterator[Device]:
        return iter(self._devices.values())

    def get(self, address: str) -> Device | None:
        return self._devices.get(address)

    def heard(self, ble: BLEDevice, data: AdvertisementData, now: float, adapter: str = "") -> Device:
        """Take an advertisement in; who it is from, matched to a profile by all that it has said so far."""
        device = self._devices.get(ble.address)
        if device is None:
            device = self._devices[ble.address] = Device(address=ble.address, first_heard=now)
            self._forget_oldest()
        else:
            self._devices.move_to_end(ble.address)
        if now - device.heard > NEW_CALL_S:
            device.calling_since = now
        device.heard, device.data = now, data
        if says_something(data):
            device.last_useful = now
        _take_signal(device, adapter, ble, data.rssi, now)
        self._match(device, data)
        caller = None if device.profile is None else self._callers.get(device.profile.driver)
        device.call = None if caller is None else _call_of(device, caller)
        return device

    def listing(self, now: float) -> tuple[Seen, ...]:
        """All of them, the last heard first."""
        return tuple(_line(device, now) for device in reversed(self._devices.values()))

    def _match(self, device: Device, data: AdvertisementData) -> None:
        name = data.local_name or device.name
        services = device.services | frozenset(data.service_uuids)
        company_ids = device.company_ids | frozenset(data.manufacturer_data)
        data_services = device.data_services | frozenset(data.service_data)
        said = (name, services, company_ids, data_services)
        if said != (device.name, device.services, device.company_ids, device.data_services):
            device.name, device.services, device.company_ids, device.data_services = said
            device.profile = self._catalogue.match(name, services, company_ids, data_services)

    def _forget_oldest(self) -> None:
        if len(self._devices) <= SEEN_LIMIT:
            return
        for address, device in self._devices.items():
            if not device.in_session and device.wanted is None:
                del self._devices[address]
                return


def _take_signal(device: Device, adapter: str, ble: BLEDevice, rssi: int, now: float) -> None:
    known = device.signals.get(adapter)
    if known is None or now - known.heard > RECENT_S:
        device.signals[adapter] = Signal(ble=ble, rssi_dbm=float(rssi), heard=now)
        return
    known.ble, known.heard = ble, now
    known.rssi_dbm += _SMOOTHING * (rssi - known.rssi_dbm)


def _call_of(device: Device, caller: Caller) -> Call | None:
    advert = device.advert()
    if advert is None or device.profile is None:
        return None
    try:
        return caller(advert, device.profile)
    except DecodeError:
        return device.call  # what it said before still holds


def _line(device: Device, now: float) -> Seen:
    best = device.best(now)
    return Seen(
        address=device.address,
        name=device.name,
        model=device.model(),
        profile_id=None if device.profile is None else device.profile.id,
        rssi=0 if best is None else round(best[1].rssi_dbm),
        heard_monotonic=device.heard,
        state="in session" if device.in_session else "resting" if device.rest.resting(now) else "heard",
        adapter=None if best is None else best[0] or None,
        call=device.call,
        last_useful_monotonic=device.last_useful,
    )


def may_be_named_yet(device: Device, now: float) -> bool:
    """A generic match without a name may still turn out to be a vendor's device: wait for its scan response."""
    generic = device.profile is not None and device.profile.generic
    return generic and device.name is None and now - device.first_heard < NAME_GRACE_S

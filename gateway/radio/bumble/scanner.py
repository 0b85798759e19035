"""bleak's scanner on a Bumble host: advertisements of one scan, bounded while private addresses walk by for ever."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.uuids import normalize_uuid_16, normalize_uuid_32
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement

from gateway.radio.bumble.words import translated, uuid128

if TYPE_CHECKING:
    from gateway.radio.bumble.host import BumbleAdapter

SEEN_LIMIT: Final = 256  # phones with private addresses walk by for ever: the oldest are forgotten


class BleakScannerBumble(BaseBleakScanner):
    """Adverts of one scan. Private addresses of bonded devices come out as their identity addresses."""

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        *,
        bumble: BumbleAdapter,
        **_unused: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._adapter = bumble

    async def start(self) -> None:
        self.seen_devices = {}
        self._adapter.device.on("advertisement", self._heard)
        with translated():
            await self._adapter.listen(self)

    async def stop(self) -> None:
        with suppress(KeyError):
            self._adapter.device.remove_listener("advertisement", self._heard)
        with translated():
            await self._adapter.deafen(self)

    def _heard(self, advertisement: Advertisement) -> None:
        on_air = advertisement.address
        resolver = self._adapter.device.address_resolver
        identity = resolver.resolve(on_air) if resolver is not None and on_air.is_resolvable else None
        address = (identity or on_air).to_string(False)
        accumulators = self._adapter.device.advertisement_accumulators
        while len(accumulators) > SEEN_LIMIT:
            del accumulators[next(iter(accumulators))]
        data = _advertisement_data(advertisement)
        if not self.is_allowed_uuid(data.service_uuids):
            return
        known = self.seen_devices.pop(address, None)
        device = BLEDevice(address, data.local_name or (known[0].name if known else None), on_air)
        self.seen_devices[address] = (device, data)
        while len(self.seen_devices) > SEEN_LIMIT:
            del self.seen_devices[next(iter(self.seen_devices))]
        self.call_detection_callbacks(device, data)


def _advertisement_data(advertisement: Advertisement) -> AdvertisementData:
    name: str | None = None
    manufacturer: dict[int, bytes] = {}
    service_data: dict[str, bytes] = {}
    uuids: list[str] = []
    tx_power: int | None = None
    for kind, value in advertisement.data.ad_structures:
        if kind in (AdvertisingData.COMPLETE_LOCAL_NAME, AdvertisingData.SHORTENED_LOCAL_NAME):
            name = value.decode("utf-8", "replace")
        elif kind == AdvertisingData.MANUFACTURER_SPECIFIC_DATA and len(value) >= 2:
            manufacturer[int.from_bytes(value[:2], "little")] = bytes(value[2:])
        elif kind == AdvertisingData.SERVICE_DATA_16_BIT_UUID and len(value) >= 2:
            service_data[normalize_uuid_16(int.from_bytes(value[:2], "little"))] = bytes(value[2:])
        elif kind == AdvertisingData.TX_POWER_LEVEL and value:
            tx_power = int.from_bytes(value[:1], "little", signed=True)
        elif kind in _UUID_BYTES:
            uuids += _uuids(value, _UUID_BYTES[kind])
    return AdvertisementData(
        name, manufacturer, service_data, list(dict.fromkeys(uuids)), tx_power, advertisement.rssi, (advertisement,)
    )


_UUID_BYTES: Final = {
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.INCOMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS: 4,
    AdvertisingData.COMPLETE_LIST_OF_32_BIT_SERVICE_CLASS_UUIDS: 4,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
}


def _uuids(value: bytes, size: int) -> list[str]:
    whole = len(value) - len(value) % size
    pieces = [value[at : at + size] for at in range(0, whole, size)]
    if size == 2:
        return [normalize_uuid_16(int.from_bytes(piece, "little")) for piece in pieces]
    if size == 4:
        return [normalize_uuid_32(int.from_bytes(piece, "little")) for piece in pieces]
    return [uuid128(UUID.from_bytes(piece)) for piece in pieces]

"""bleak's advertisements as the drivers read them."""

from __future__ import annotations

from types import MappingProxyType

from bleak.backends.scanner import AdvertisementData

from device_drivers.advertising import Advert
from firmware_profiles import short_uuid


def advert_of(address: str, name: str | None, data: AdvertisementData) -> Advert:
    """The advertisement of one moment; `name` is the device's, which may have come with an earlier one."""
    return Advert(
        address=address,
        name=data.local_name or name,
        rssi=data.rssi,
        services=frozenset(short_uuid(uuid) for uuid in data.service_uuids),
        manufacturer_data=MappingProxyType(dict(data.manufacturer_data)),
        service_data=MappingProxyType({short_uuid(uuid): value for uuid, value in data.service_data.items()}),
    )


def says_something(data: AdvertisementData) -> bool:
    """Whether any profile could match it: a scan that has half died delivers advertisements without content."""
    return bool(data.local_name or data.service_uuids or data.service_data or data.manufacturer_data)

"""Device information (180A) and battery (180F), read over a link."""

from __future__ import annotations

from device_drivers.decode.device_information import BATTERY, CHARACTERISTICS, collect
from device_drivers.errors import DeviceRefused
from device_drivers.readings import DeviceInformation
from device_drivers.sessions.link import Link, uuid128


async def read_information(link: Link) -> DeviceInformation:
    """All the device tells; None where it is silent or refuses: the measurement matters more.

    Raises:
        LinkLost, BondLost: as `Link` does.
    """
    read: dict[str, bytes] = {}
    for source in (*CHARACTERISTICS, BATTERY):
        if uuid128(source) not in link.characteristics:
            continue
        try:
            read[source] = await link.read(uuid128(source))
        except DeviceRefused:
            continue  # some devices list what they will not show
    return collect(read)

"""What devices tell about connecting while they call, by driver name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.advertising import Advert, Call, Caller
from device_drivers.decode import omron_advert
from device_drivers.errors import DecodeError
from firmware_profiles import Profile


def omron(advert: Advert, profile: Profile) -> Call:
    """Pairing mode by the flags or the name; nothing waits when nothing is stored.

    Their count is of all that they hold, fetched or not: whether some of it is new, the session finds out by the newest
    number, in one question.

    Raises:
        DecodeError: neither Omron's manufacturer data nor its kind of name.
    """
    del profile
    data = advert.manufacturer_data.get(omron_advert.COMPANY_ID)
    if data is None:
        if advert.name is None:
            raise DecodeError("omron: an advertisement without its name and its data")
        return Call(pairing=omron_advert.parse_name(advert.name).pairing)
    told = omron_advert.decode(data)
    return Call(pairing=told.pairing, waiting=0 if told.stored == 0 else None)


CALLS: Final[Mapping[str, Caller]] = MappingProxyType({"omron-sig": omron, "omron-eeprom": omron})
"""Drivers whose devices tell; the others are connected to whenever they call."""

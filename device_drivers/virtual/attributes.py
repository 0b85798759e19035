"""Short words for building attribute tables on Bumble."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bumble.att import Attribute
from bumble.core import UUID
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR as CCCD
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from bumble.gatt_server import Server

READ: Final = Characteristic.Properties.READ
WRITE: Final = Characteristic.Properties.WRITE
WRITE_WITHOUT_RESPONSE: Final = Characteristic.Properties.WRITE_WITHOUT_RESPONSE
NOTIFY: Final = Characteristic.Properties.NOTIFY
INDICATE: Final = Characteristic.Properties.INDICATE

_ENCRYPTED: Final = Attribute.Permissions.READ_REQUIRES_ENCRYPTION | Attribute.Permissions.WRITE_REQUIRES_ENCRYPTION
_OPEN: Final = Attribute.Permissions.READABLE | Attribute.Permissions.WRITEABLE


def constant(uuid: str, value: bytes, properties: Characteristic.Properties = READ) -> Characteristic[bytes]:
    """A characteristic with a fixed value (a write to it is taken and forgotten)."""
    return Characteristic(_uuid(uuid), properties, _OPEN, value)


def computed(
    uuid: str,
    properties: Characteristic.Properties,
    *,
    read: Callable[[], bytes] | None = None,
    write: Callable[[bytes], None] | None = None,
    encrypted: bool = False,
) -> Characteristic[bytes]:
    """A characteristic answered by functions; `encrypted` refuses both directions on a plain link."""
    value = CharacteristicValue[bytes](
        read=lambda _connection: read() if read is not None else b"",
        write=lambda _connection, data: write(bytes(data)) if write is not None else None,
    )
    return Characteristic(_uuid(uuid), properties, _OPEN | _ENCRYPTED if encrypted else _OPEN, value)


def measured(
    server: Server, uuid: str, properties: Characteristic.Properties, *, encrypted: bool = False
) -> Characteristic[bytes]:
    """A characteristic that is sent; `encrypted` refuses its subscription on a plain link."""
    characteristic: Characteristic[bytes] = Characteristic(_uuid(uuid), properties, _OPEN, b"")
    subscription = server.make_descriptor_value(characteristic)
    permissions = _OPEN | _ENCRYPTED if encrypted else _OPEN
    characteristic.descriptors = [Descriptor(CCCD, permissions, subscription)]
    return characteristic


def controlled(
    server: Server,
    uuid: str,
    properties: Characteristic.Properties,
    write: Callable[[bytes], None],
    *,
    read: Callable[[], bytes] | None = None,
    encrypted: bool = False,
) -> Characteristic[bytes]:
    """A characteristic that takes commands and sends answers; `encrypted` refuses everything on a plain link."""
    characteristic = computed(uuid, properties, read=read, write=write, encrypted=encrypted)
    subscription = server.make_descriptor_value(characteristic)
    characteristic.descriptors = [Descriptor(CCCD, _OPEN | _ENCRYPTED if encrypted else _OPEN, subscription)]
    return characteristic


def service(uuid: str, *characteristics: Characteristic[bytes]) -> Service:
    """A primary service."""
    return Service(_uuid(uuid), list(characteristics))


def device_information(*, strings: dict[str, str], system_id: bytes | None) -> Service:
    """Service 180A in the order given; 2A23 and 2A2A are added as A&D has them."""
    characteristics = [constant(uuid, text.encode()) for uuid, text in strings.items()]
    if system_id is not None:
        characteristics.append(constant("2a23", system_id))
    return service("180a", *characteristics)


def _uuid(text: str) -> UUID:
    return UUID.from_16_bits(int(text, 16)) if len(text) == 4 else UUID(text)

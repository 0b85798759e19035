"""Attribute tables of bonded devices, remembered between connections.

A&D's cuffs switch off ("E10") when discovery keeps them waiting, and at their MTU of 23 bytes it takes some forty round
trips. A bonded device may be trusted to have the table of last time unless it says otherwise by Service Changed (Core
5.4, Vol 3 Part G §2.5.2), so whoever restores a table listens for that. In memory only: a restart discovers once more.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from bumble.core import UUID
from bumble.gatt_client import CharacteristicProxy, Client, DescriptorProxy, ServiceProxy

TABLES_LIMIT: Final = 64  # the longest unused is forgotten; a home has a dozen devices


@dataclass(frozen=True, slots=True, kw_only=True)
class _Characteristic:
    handle: int
    end: int
    uuid: UUID
    properties: int
    descriptors: tuple[tuple[int, UUID], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    handle: int
    end: int
    uuid: UUID
    characteristics: tuple[_Characteristic, ...]


class AttributeTables:
    """By identity address.

    Attributes:
        watched: whose Service Changed is subscribed to (a bonded device remembers that).
    """

    def __init__(self) -> None:
        self.watched: set[str] = set()
        self._tables: OrderedDict[str, tuple[_Service, ...]] = OrderedDict()

    def remember(self, address: str, client: Client) -> None:
        """Keep what the client has discovered."""
        self._tables[address] = tuple(
            _Service(
                handle=service.handle,
                end=service.end_group_handle,
                uuid=service.uuid,
                characteristics=tuple(
                    _Characteristic(
                        handle=characteristic.handle,
                        end=characteristic.end_group_handle,
                        uuid=characteristic.uuid,
                        properties=int(characteristic.properties),
                        descriptors=tuple((one.handle, one.type) for one in characteristic.descriptors),
                    )
                    for characteristic in service.characteristics
                ),
            )
            for service in client.services
        )
        self._tables.move_to_end(address)
        while len(self._tables) > TABLES_LIMIT:
            self.forget(next(iter(self._tables)))

    def restore(self, address: str, client: Client) -> bool:
        """Give a new connection's client the table of last time; False when there is none."""
        table = self._tables.get(address)
        if table is None:
            return False
        client.services = [_service(client, service) for service in table]
        return True

    def forget(self, address: str) -> None:
        """It has changed, or is no longer ours."""
        self._tables.pop(address, None)
        self.watched.discard(address)


def _service(client: Client, service: _Service) -> ServiceProxy:
    proxy = ServiceProxy(client, service.handle, service.end, service.uuid)  # type: ignore[no-untyped-call]
    for characteristic in service.characteristics:
        shown: CharacteristicProxy[bytes] = CharacteristicProxy(
            client, characteristic.handle, characteristic.end, characteristic.uuid, characteristic.properties
        )
        shown.descriptors = [DescriptorProxy(client, handle, kind) for handle, kind in characteristic.descriptors]
        shown.descriptors_discovered = True
        proxy.characteristics.append(shown)
    return proxy

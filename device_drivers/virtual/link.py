"""The air: Bumble's local link with range, loss, delay and supervision time-out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from bumble import hci, ll
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

if TYPE_CHECKING:
    from bumble.controller import Controller

RSSI_DBM: Final = -60  # within a room
SUPERVISION_TIMEOUT_S: Final = 0.72  # Bumble's default; BlueZ asks for 420 ms

# (sender, receiver, L2CAP PDU) → may it arrive? Bytes 2–3 are the channel (0x0004 ATT, 0x0006 SMP), byte 4 the opcode.
AclFilter = Callable[["Controller", "Controller", bytes], bool]


class VirtualLink(LocalLink):
    """Carries PDUs between controllers. Faults are attributes and methods; without them it is a perfect radio."""

    def __init__(self, *, delay_s: float = 0.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.delay_s = delay_s
        self.out_of_range: set[Controller] = set()
        self.acl_filter: AclFilter | None = None
        self.path_loss_db: dict[tuple[Controller | None, Controller], int] = {}  # (sender, receiver): beyond the usual

    def _reaches(self, one: Controller, other: Controller) -> bool:
        return one not in self.out_of_range and other not in self.out_of_range

    def rssi_dbm(self, sender: Controller | None, receiver: Controller) -> int:
        """How strongly one hears the other."""
        strength = getattr(sender, "rssi_dbm", None)
        return (RSSI_DBM if strength is None else int(strength)) - self.path_loss_db.get((sender, receiver), 0)

    def _later(self, deliver: Callable[..., Any], *arguments: Any) -> None:
        loop = asyncio.get_running_loop()
        if self.delay_s:
            loop.call_later(self.delay_s, deliver, *arguments)
        else:
            loop.call_soon(deliver, *arguments)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        for controller in list(self.controllers):
            if controller is not sender_controller and self._reaches(sender_controller, controller):
                self._later(controller.on_ll_advertising_pdu, packet)

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        # The stock link always sends from the random address, so a central on its public address hears nothing.
        receiver = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if receiver is None or connection is None or not self._reaches(sender_controller, receiver):
            return
        if self.acl_filter is not None and not self.acl_filter(sender_controller, receiver, data):
            return
        self._later(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        receiver = self.find_le_controller(receiver_address)
        sender = self.find_le_controller(sender_address)
        if receiver is None or (sender is not None and not self._reaches(sender, receiver)):
            return
        self._later(receiver.on_ll_control_pdu, sender_address, packet)

    def drop(
        self, controller: Controller, reason: hci.HCI_ErrorCode = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
    ) -> None:
        """End every connection of a controller at both ends at once, as after a supervision time-out."""
        for connection in list(controller.le_connections.values()):
            for other in list(self.controllers):
                if other is not controller and connection.self_address in other.le_connections:
                    other.on_le_disconnected(other.le_connections[connection.self_address], reason)
            controller.on_le_disconnected(connection, reason)

    def walk_away(self, controller: Controller, *, supervision_timeout_s: float = SUPERVISION_TIMEOUT_S) -> None:
        """Out of range now; both ends notice after the supervision time-out."""
        self.out_of_range.add(controller)
        asyncio.get_running_loop().call_later(supervision_timeout_s, self.drop, controller)

    def come_back(self, controller: Controller) -> None:
        """Within range again."""
        self.out_of_range.discard(controller)

"""A Bluetooth 4.2 LE controller: Bumble's virtual one with its gaps filled.

Bumble 0.0.236 leaves out: cancelling a connection attempt, what Reset resets, scan responses of their own, signal
strength, the duplicate filter, the reason "ended by the local host". It claims extended advertising and LL privacy
without their events; this one claims neither.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from bumble import hci, ll
from bumble.controller import Connection, Controller

from device_drivers.virtual.link import RSSI_DBM, VirtualLink

_ENHANCED_CONNECTION_COMPLETE: Final = 1 << 9  # LE event mask, Core 5.4 Vol 4 Part E §7.8.1
_SEEN_LIMIT: Final = 256  # entries of the duplicate filter, as real controllers have a bounded one


class Cure(StrEnum):
    """What mends a scan that has died."""

    SCAN = "scan"  # being started anew
    RESET = "reset"
    NOTHING = "nothing"


class VirtualController(Controller):
    """A controller on a `VirtualLink`. Its faults are attributes.

    Attributes:
        hung: it swallows everything, as a dongle whose firmware died.
        deaf: it scans and reports nothing until this cure.
        mumbles: likewise, but it reports advertisements without their content.
        hangs_up_on_encryption: it ends the link when the central begins to encrypt.
    """

    le_features = (
        hci.LeFeatureMask.LE_ENCRYPTION
        | hci.LeFeatureMask.EXTENDED_REJECT_INDICATION
        | hci.LeFeatureMask.PERIPHERAL_INITIATED_FEATURE_EXCHANGE
        | hci.LeFeatureMask.LE_PING
        | hci.LeFeatureMask.LE_DATA_PACKET_LENGTH_EXTENSION
    )
    rssi_dbm = RSSI_DBM
    hung = False
    deaf: Cure | None = None
    mumbles: Cure | None = None
    hangs_up_on_encryption = False

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if self.hung:
            return
        if isinstance(packet, hci.HCI_LE_Connection_Complete_Event) and self._wants_enhanced:
            packet = hci.HCI_LE_Enhanced_Connection_Complete_Event(
                status=packet.status,
                connection_handle=packet.connection_handle,
                role=packet.role,
                peer_address_type=packet.peer_address_type,
                peer_address=packet.peer_address,
                local_resolvable_private_address=hci.Address.ANY,
                peer_resolvable_private_address=hci.Address.ANY,
                connection_interval=packet.connection_interval,
                peripheral_latency=packet.peripheral_latency,
                supervision_timeout=packet.supervision_timeout,
                central_clock_accuracy=packet.central_clock_accuracy,
            )
        super().send_hci_packet(packet)

    @property
    def _wants_enhanced(self) -> bool:
        return bool(self.le_event_mask & _ENHANCED_CONNECTION_COMPLETE)

    def on_hci_command_packet(self, command: hci.HCI_Command) -> None:
        if not self.hung:
            super().on_hci_command_packet(command)

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        if not self.hung:
            super().on_hci_acl_data_packet(packet)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        cancelled = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, cancelled)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_disconnect_command(self, command: hci.HCI_Disconnect_Command) -> None:
        connection = self.find_le_connection_by_handle(command.connection_handle)
        if connection is None:
            self._send_hci_command_status(hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR, command.op_code)
            return
        self._send_hci_command_status(hci.HCI_COMMAND_STATUS_PENDING, command.op_code)
        connection.send_ll_control_pdu(ll.TerminateInd(command.reason))
        self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TERMINATED_BY_LOCAL_HOST_ERROR)

    def on_le_encryption_request(self, connection: Connection, packet: ll.EncReq) -> None:
        if not self.hangs_up_on_encryption:
            super().on_le_encryption_request(connection, packet)
            return
        connection.send_ll_control_pdu(ll.TerminateInd(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR))
        self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TERMINATED_BY_LOCAL_HOST_ERROR)

    def on_hci_reset_command(self, command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        self.forget_everything()
        self._cure(Cure.SCAN, Cure.RESET)
        return super().on_hci_reset_command(command)

    def _cure(self, *by: Cure) -> None:
        self.deaf = None if self.deaf in by else self.deaf
        self.mumbles = None if self.mumbles in by else self.mumbles

    def forget_everything(self) -> None:
        """What Reset (and losing the host) does: no scan, no advertising, no connection."""
        self.pending_le_connection = None
        self.le_scan_enable = False
        self.le_legacy_advertiser.stop()
        for connection in list(self.le_connections.values()):
            connection.send_ll_control_pdu(ll.TerminateInd(hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR))
            del self.le_connections[connection.peer_address]

    def on_hci_le_set_scan_enable_command(
        self, command: hci.HCI_LE_Set_Scan_Enable_Command
    ) -> hci.HCI_StatusReturnParameters:
        self._seen: dict[tuple[bytes, bytes], None] = {}
        if command.le_scan_enable:
            self._cure(Cure.SCAN)
        return super().on_hci_le_set_scan_enable_command(command)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        if self.le_scan_enable:
            self._report(pdu)
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        if self.deaf is not None:
            return
        key = (bytes(pdu.advertiser_address), bytes(pdu.data))
        if self.filter_duplicates and key in self._seen:
            return
        self._seen[key] = None
        if len(self._seen) > _SEEN_LIMIT:
            del self._seen[next(iter(self._seen))]
        advertiser = self.link.find_le_controller(pdu.advertiser_address)
        event = hci.HCI_LE_Advertising_Report_Event
        rssi = self.link.rssi_dbm(advertiser, self) if isinstance(self.link, VirtualLink) else RSSI_DBM
        reports = [(event.EventType.ADV_IND, bytes(pdu.data))]
        if advertiser is not None and self.le_scan_type:
            reports.append((event.EventType.SCAN_RSP, bytes(advertiser.le_legacy_advertiser.scan_response_data)))
        for event_type, data in reports:
            report = event.Report(
                event_type=event_type,
                address_type=pdu.advertiser_address.address_type,
                address=pdu.advertiser_address,
                data=b"" if self.mumbles is not None else data,
                rssi=rssi,
            )
            self.send_hci_packet(event([report]))

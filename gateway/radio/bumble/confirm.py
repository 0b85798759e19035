"""The ATT confirmation waits for the commit.

A cuff forgets a record when its indication is confirmed. Bumble confirms as soon as the callback returns; here, when
the callback returned a receipt (a future), the confirmation is sent when the receipt is done. If it failed, nothing is
confirmed: whoever owns the link hangs up, and the device sends the record again next time.

BlueZ confirms by itself before any program sees the frame: there a power cut between the two loses the record.
"""

from __future__ import annotations

import asyncio

from bumble import att
from bumble.device import Connection
from bumble.gatt_client import Client


class ConfirmingClient(Client):
    """Bumble's GATT client with that one difference."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._link = connection

    def on_att_handle_value_indication(self, indication: att.ATT_Handle_Value_Indication) -> None:
        subscribers = list(self.indication_subscribers.get(indication.attribute_handle, ()))
        receipts: list[asyncio.Future[None]] = []
        for subscriber in subscribers:
            if callable(subscriber):
                receipt = subscriber(indication.attribute_value)
                if isinstance(receipt, asyncio.Future):
                    receipts.append(receipt)
            else:
                subscriber.emit(subscriber.EVENT_UPDATE, indication.attribute_value)
        if not receipts:
            self.send_confirmation(att.ATT_Handle_Value_Confirmation())
            return
        waiting = set(receipts)

        def one_done(receipt: asyncio.Future[None]) -> None:
            waiting.discard(receipt)
            if not waiting:
                self._all_done(receipts)

        for receipt in receipts:
            receipt.add_done_callback(one_done)

    def _all_done(self, receipts: list[asyncio.Future[None]]) -> None:
        if self._link.handle not in self._link.device.connections:
            return  # gone meanwhile: the device will send it again
        if all(not receipt.cancelled() and receipt.exception() is None for receipt in receipts):
            self.send_confirmation(att.ATT_Handle_Value_Confirmation())

"""Does BlueZ answer this user? Asked over D-Bus; imported only where the settings say BlueZ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from gateway.core.clock import Clock
from gateway.doctor.machine import BlueZTrouble

ANSWER_S: Final = 5.0
_NAMES: Final = {
    "org.freedesktop.DBus.Error.AccessDenied": "denied",
    "org.freedesktop.DBus.Error.ServiceUnknown": "absent",
    "org.freedesktop.DBus.Error.NameHasNoOwner": "absent",
}


def bluez_asker(clock: Clock) -> Callable[[], Awaitable[None]]:
    """For `Machine.ask_bluez`."""

    async def ask() -> None:
        try:
            async with clock.timeout(ANSWER_S):
                bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
                try:
                    await _objects(bus)
                finally:
                    bus.disconnect()
        except TimeoutError as silence:
            raise BlueZTrouble("no answer") from silence
        except (OSError, EOFError, DBusFastError) as error:
            raise BlueZTrouble("denied" if isinstance(error, PermissionError) else "no-bus") from error

    return ask


async def _objects(bus: MessageBus) -> None:
    reply = await bus.call(
        Message(
            destination="org.bluez",
            path="/",
            interface="org.freedesktop.DBus.ObjectManager",
            member="GetManagedObjects",
        )
    )
    if reply.message_type is MessageType.ERROR:
        raise BlueZTrouble(_NAMES.get(reply.error_name or "", reply.error_name or "an error"))

"""Our own connection to BlueZ on D-Bus: calls, and the signals that bleak does not tell of.

Source: doc/org.bluez.Adapter.rst, doc/org.bluez.Device.rst of BlueZ 5.82. With org.bluez gone from the bus bleak 3.1
calls nobody back, and it keeps what it knew: both are seen to here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from bleak.backends.bluezdbus.manager import BlueZManager, get_global_bluez_manager
from bleak.backends.bluezdbus.utils import get_dbus_authenticator
from bleak.exc import BleakDBusError
from dbus_fast import BusType, Message, MessageType, unpack_variants
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from gateway.core.clock import Clock

BLUEZ: Final = "org.bluez"
ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
DBUS: Final = "org.freedesktop.DBus"

_MATCHES: Final = (
    f"type='signal',sender='{DBUS}',interface='{DBUS}',member='NameOwnerChanged',arg0='{BLUEZ}'",
    f"type='signal',sender='{BLUEZ}',interface='{PROPERTIES}',member='PropertiesChanged',path_namespace='/org/bluez'",
    f"type='signal',sender='{BLUEZ}',interface='{OBJECTS}',member='InterfacesRemoved'",
    f"type='signal',sender='{BLUEZ}',interface='{DEVICE}',member='Disconnected'",
)

# bluetoothd answers these within milliseconds; switching an adapter on takes a controller that loads firmware seconds.
ANSWER_S: Final = 10.0
_SILENCE: Final = "org.freedesktop.DBus.Error.NoReply"

# (object path, interface, what has changed)
Changed = Callable[[str, str, Mapping[str, Any]], None]


class BlueZBus:
    """BlueZ as we need it. Made by `bluez_bus`.

    Attributes:
        changed: called with each change of a property of an adapter or device.
        removed: called with (path, interfaces) when an object goes.
        hung_up: called with (path of a device, reason) when BlueZ tells why a link ended (5.82 and later).
        gone: called when org.bluez has left the bus.
    """

    def __init__(self, bus: MessageBus, bleak: BlueZManager, clock: Clock) -> None:
        self.bus = bus
        self._clock = clock
        self.gone: Callable[[], None] = lambda: None
        self.changed: Changed = lambda _path, _interface, _properties: None
        self.removed: Callable[[str, list[str]], None] = lambda _path, _interfaces: None
        self.hung_up: Callable[[str, str], None] = lambda _path, _reason: None
        self._bleak = bleak

    async def call(
        self, path: str, interface: str, member: str, signature: str = "", *body: Any, to: str = BLUEZ
    ) -> list[Any]:
        """The body of the answer.

        Raises:
            BleakDBusError: the answer is an error, or there is none. EOFError, OSError: the bus is gone.
        """
        message = Message(
            destination=to, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        try:
            async with self._clock.timeout(ANSWER_S):
                reply = await self.bus.call(message)
        except TimeoutError as silence:
            raise BleakDBusError(
                _SILENCE, [f"BlueZ has not answered {member} for {ANSWER_S:.0f} s: run 'systemctl restart bluetooth'"]
            ) from silence
        if reply.message_type is MessageType.ERROR:
            raise BleakDBusError(reply.error_name or "org.freedesktop.DBus.Error.Failed", list(reply.body))
        return list(reply.body)

    async def properties(self, path: str, interface: str) -> dict[str, Any] | None:
        """All properties of an object; None when there is no such object. Raises as `call`."""
        objects = unpack_variants((await self.call("/", OBJECTS, "GetManagedObjects"))[0])
        found: dict[str, Any] | None = objects.get(path, {}).get(interface)
        return found

    async def watch(self) -> None:
        """Begin to hear signals. Raises as `call`."""
        self.bus.add_message_handler(self._heard)
        for match in _MATCHES:
            await self.call("/org/freedesktop/DBus", DBUS, "AddMatch", "s", match, to=DBUS)

    async def closed(self) -> None:
        """Until the bus itself has gone."""
        try:
            # Shielded: cancelling this wait must not cancel the future that the bus shares with everybody who waits.
            await asyncio.shield(self.bus.wait_for_disconnect())  # type: ignore[no-untyped-call]
        except (DBusFastError, EOFError, OSError):
            return  # of what it died makes no difference

    def bleak_sees_connected(self, path: str) -> bool:
        """Whether bleak has heard that a device is connected."""
        return self._bleak.is_connected(path)

    def start_bleak_anew(self) -> None:
        """Have bleak forget what it knew of a bluetoothd that is no more, and tell its clients they are cut off."""
        bus = self._bleak._bus  # noqa: SLF001  # bleak 3.1 resets itself only when its bus goes, not when BlueZ does
        if bus is not None and bus.connected:
            bus.disconnect()

    def _heard(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        body = message.body
        match message.member:
            case "NameOwnerChanged" if body[0] == BLUEZ and body[1]:
                self.gone()
            case "PropertiesChanged" if message.path is not None:
                self.changed(message.path, body[0], unpack_variants(body[1]))
            case "InterfacesRemoved":
                self.removed(body[0], body[1])
            case "Disconnected" if message.interface == DEVICE and message.path is not None:
                self.hung_up(message.path, body[0])
            case _:
                pass


@asynccontextmanager
async def bluez_bus(clock: Clock) -> AsyncIterator[BlueZBus]:
    """Connected and watching; leaving it closes the connection and bleak's.

    Raises:
        BleakError, DBusFastError, EOFError, OSError: no D-Bus, or no BlueZ on it.
    """
    try:
        async with clock.timeout(ANSWER_S):
            bleak = await get_global_bluez_manager()
    except TimeoutError as silence:
        raise BleakDBusError(_SILENCE, [f"nothing within {ANSWER_S:.0f} s"]) from silence
    connection = MessageBus(bus_type=BusType.SYSTEM, auth=get_dbus_authenticator())
    bluez = BlueZBus(connection, bleak, clock)
    try:
        await connection.connect()
        await bluez.watch()
        yield bluez
    finally:
        bluez.start_bleak_anew()
        connection.disconnect()

"""The few words of org.bluez that our host speaks with before any radio is involved, on a private D-Bus."""

# No postponed annotations here: dbus-fast 5.2 reads signatures from them and stumbles over a postponed None.
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from dbus_fast import BusType, DBusError, Message, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

HCI0 = "/org/bluez/hci0"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""


@contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """A D-Bus of our own; its address."""
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(socket=folder / "bus"), encoding="ascii")
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        try:
            yield f"unix:path={folder / 'bus'}"
        finally:
            daemon.terminate()


class Adapter(ServiceInterface):
    """One adapter, off at first."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Adapter1")
        self.powered = False
        self.blocked = False
        self.removed: list[str] = []

    @dbus_property(PropertyAccess.READ, name="Address")
    def address(self) -> DBusStr:
        return "00:1B:DC:F0:00:01"

    @dbus_property(name="Powered")
    def is_powered(self) -> DBusBool:
        return self.powered

    @is_powered.setter
    def set_powered(self, on: DBusBool) -> None:
        if self.blocked:
            raise DBusError("org.bluez.Error.Blocked", "Blocked through rfkill")
        self.switch(on=on)

    def switch(self, *, on: bool) -> None:
        self.powered = on
        self.emit_properties_changed({"Powered": on})

    @dbus_method("RemoveDevice")
    def remove_device(self, device: DBusObjectPath) -> None:
        if device in self.removed:
            raise DBusError("org.bluez.Error.DoesNotExist", "Does Not Exist")
        self.removed.append(device)


class Device(ServiceInterface):
    """One bonded device."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Device1")

    @dbus_property(PropertyAccess.READ, name="Bonded")
    def bonded(self) -> DBusBool:
        return True

    @dbus_property(PropertyAccess.READ, name="Paired")
    def paired(self) -> DBusBool:
        return True


class AgentManager(ServiceInterface):
    """Remembers who is the agent."""

    def __init__(self) -> None:
        super().__init__("org.bluez.AgentManager1")
        self.agent: tuple[str, str] | None = None
        self.default: str | None = None

    @dbus_method("RegisterAgent")
    def register_agent(self, agent: DBusObjectPath, capability: DBusStr) -> None:
        self.agent = (agent, capability)

    @dbus_method("RequestDefaultAgent")
    def request_default_agent(self, agent: DBusObjectPath) -> None:
        self.default = agent


class FakeBlueZ:
    """bluetoothd, as far as it goes here. `bus` is its connection; closing it is its death."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self.adapter, self.agents = Adapter(), AgentManager()
        bus.export(HCI0, self.adapter)
        bus.export("/org/bluez", self.agents)
        bus.export(f"{HCI0}/dev_5C_31_3E_5D_3F_1A", Device())

    async def ask(self, gateway: str, member: str, signature: str, *body: Any) -> Message:
        """Call the agent as bluetoothd does; `gateway` is its name on the bus."""
        path = self.agents.default
        assert path is not None
        message = Message(
            destination=gateway,
            path=path,
            interface="org.bluez.Agent1",
            member=member,
            signature=signature,
            body=list(body),
        )
        return await self.bus.call(message)


@asynccontextmanager
async def fake_bluez() -> AsyncIterator[FakeBlueZ]:
    """On the system bus of the environment."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        fake = FakeBlueZ(bus)
        await bus.request_name("org.bluez")
        yield fake
    finally:
        bus.disconnect()

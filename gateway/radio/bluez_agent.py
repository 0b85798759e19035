"""Our `org.bluez.Agent1`: who answers BlueZ when a device wants to pair.

It is registered for as long as the adapter is open and speaks only for devices that may pair now; all others are
rejected, whoever began. Source: doc/org.bluez.Agent.rst of BlueZ 5.82.
"""

# No postponed annotations here: dbus-fast 5.2 reads signatures from them and stumbles over a postponed None.
from typing import Final

from bleak.exc import BleakError
from dbus_fast import DBusError
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from gateway.radio.bluez_bus import DEVICE, BlueZBus
from gateway.radio.host import PairingAgent

PATH: Final = "/huoma/agent"
# What a gateway with a technician at it can do. A device without display and keys is still paired by "just works".
CAPABILITY: Final = "KeyboardDisplay"
_MANAGER: Final = "org.bluez.AgentManager1"
_REJECTED: Final = "org.bluez.Error.Rejected"


class Agent(ServiceInterface):
    """Methods are called by bluetoothd. `allow` and `disallow` say who may pair."""

    def __init__(self, bluez: BlueZBus) -> None:
        super().__init__("org.bluez.Agent1")
        self._bluez = bluez
        self._allowed: dict[str, tuple[str, PairingAgent | None]] = {}  # by object path: one per open connection

    async def register(self) -> None:
        """Become the agent of every pairing on this machine. Raises BleakError."""
        self._bluez.bus.export(PATH, self)
        await self._bluez.call("/org/bluez", _MANAGER, "RegisterAgent", "os", PATH, CAPABILITY)
        await self._bluez.call("/org/bluez", _MANAGER, "RequestDefaultAgent", "o", PATH)

    def allow(self, path: str, address: str, agent: PairingAgent | None) -> None:
        """This device may pair until `disallow`; without an agent only by "just works"."""
        self._allowed[path] = (address, agent)

    def disallow(self, path: str) -> None:
        self._allowed.pop(path, None)

    @dbus_method("RequestAuthorization")
    async def request_authorization(self, device: DBusObjectPath) -> None:
        self._permission(device)

    @dbus_method("RequestPasskey")
    async def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        address, agent = self._person(device)
        passkey = await agent.passkey(address)
        if passkey is None:
            raise _rejected("the passkey was not entered")
        return passkey

    @dbus_method("DisplayPasskey")
    async def display_passkey(self, device: DBusObjectPath, passkey: DBusUInt32, entered: DBusUInt16) -> None:
        try:
            address, agent = self._person(device)
        except DBusError:
            await self._cancel(device)  # BlueZ takes no "no" for this one
            raise
        if entered == 0:  # it comes again with each digit typed
            await agent.display(address, passkey)

    @dbus_method("RequestConfirmation")
    async def request_confirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:
        address, agent = self._person(device)
        if not await agent.compare(address, passkey):
            raise _rejected("the numbers are not the same")

    @dbus_method("RequestPinCode")
    async def request_pin_code(self, device: DBusObjectPath) -> DBusStr:
        raise _rejected(f"{device}: only Bluetooth LE devices are paired")

    @dbus_method("AuthorizeService")
    async def authorize_service(self, device: DBusObjectPath, uuid: DBusStr) -> None:
        raise _rejected(f"{device} {uuid}: only Bluetooth LE devices are served")

    @dbus_method("Cancel")
    async def cancel(self) -> None:
        return  # a late answer of the technician is not heard by anybody

    @dbus_method("Release")
    async def release(self) -> None:
        return

    def _permission(self, path: str) -> tuple[str, PairingAgent | None]:
        allowed = self._allowed.get(path)
        if allowed is None:
            raise _rejected(f"{path} may not pair now")
        return allowed

    def _person(self, path: str) -> tuple[str, PairingAgent]:
        address, agent = self._permission(path)
        if agent is None:
            raise _rejected(f"nobody is there to answer {address}")
        return address, agent

    async def _cancel(self, path: str) -> None:
        try:
            await self._bluez.call(path, DEVICE, "CancelPairing")
        except (BleakError, EOFError, OSError):
            return  # it is over already


def _rejected(words: str) -> DBusError:
    return DBusError(_REJECTED, words)

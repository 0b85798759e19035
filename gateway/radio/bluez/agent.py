"""Our `org.bluez.Agent1`: who answers BlueZ when a device wants to pair.

It is registered for as long as the adapter is open and speaks only for devices that may pair now; all others are
rejected, whoever began. Source: doc/org.bluez.Agent.rst of BlueZ 5.82.
"""

# No postponed annotations here: dbus-fast 5.2 reads signatures from them and stumbles over a postponed None.
from typing import Final, Protocol

from bleak.exc import BleakError
from dbus_fast import DBusError
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from gateway.radio.bluez.bus import DEVICE, BlueZBus
from gateway.radio.host import PairingAgent

PATH: Final = "/huoma/agent"
# What a gateway with a technician at it can do. A device without display and keys is still paired by "just works".
CAPABILITY: Final = "KeyboardDisplay"
_MANAGER: Final = "org.bluez.AgentManager1"
_REJECTED: Final = "org.bluez.Error.Rejected"


class Pairing(Protocol):
    """One device that may pair now. Without an agent only by "just works"."""

    address: str
    agent: PairingAgent | None

    def asked(self) -> None:
        """A person is being asked: that takes as long as it takes."""
        ...

    def answered(self) -> None:
        """The device's turn."""
        ...

    def refused(self, why: str) -> None:
        """We have refused. BlueZ tells that nobody who waits for the device."""
        ...


class Agent(ServiceInterface):
    """Methods are called by bluetoothd. `allow` and `disallow` say who may pair."""

    def __init__(self, bluez: BlueZBus) -> None:
        super().__init__("org.bluez.Agent1")
        self._bluez = bluez
        self._pairings: dict[str, Pairing] = {}  # by object path: one per open connection

    async def register(self) -> None:
        """Become the agent of every pairing on this machine. Raises BleakError."""
        self._bluez.bus.export(PATH, self)
        await self._bluez.call("/org/bluez", _MANAGER, "RegisterAgent", "os", PATH, CAPABILITY)
        await self._bluez.call("/org/bluez", _MANAGER, "RequestDefaultAgent", "o", PATH)

    def allow(self, path: str, pairing: Pairing) -> None:
        """This device may pair until `disallow`."""
        self._pairings[path] = pairing

    def disallow(self, path: str, pairing: Pairing) -> None:
        if self._pairings.get(path) is pairing:
            del self._pairings[path]

    @dbus_method("RequestAuthorization")
    async def request_authorization(self, device: DBusObjectPath) -> None:
        self._pairing(device)

    @dbus_method("RequestPasskey")
    async def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        pairing, agent = self._person(device)
        pairing.asked()
        passkey = await agent.passkey(pairing.address)
        if passkey is None:
            raise _refusal(pairing, "nobody typed the six digits that it shows")
        pairing.answered()
        return passkey

    @dbus_method("DisplayPasskey")
    async def display_passkey(self, device: DBusObjectPath, passkey: DBusUInt32, entered: DBusUInt16) -> None:
        try:
            pairing, agent = self._person(device)
        except DBusError:
            await self._cancel(device)  # BlueZ takes no "no" for this one
            raise
        pairing.asked()  # what is typed on the device is its own matter, and has its own end (30 s without a key)
        if entered == 0:  # it comes again with each digit typed
            await agent.display(pairing.address, passkey)

    @dbus_method("RequestConfirmation")
    async def request_confirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:
        pairing, agent = self._person(device)
        pairing.asked()
        if not await agent.compare(pairing.address, passkey):
            raise _refusal(pairing, "the numbers are not the same")
        pairing.answered()

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

    def _pairing(self, path: str) -> Pairing:
        pairing = self._pairings.get(path)
        if pairing is None:
            raise _rejected(f"{path} may not pair now")
        return pairing

    def _person(self, path: str) -> tuple[Pairing, PairingAgent]:
        pairing = self._pairing(path)
        if pairing.agent is None:
            raise _refusal(pairing, "it wants to be paired by a person, and nobody is there to do it")
        return pairing, pairing.agent

    async def _cancel(self, path: str) -> None:
        try:
            await self._bluez.call(path, DEVICE, "CancelPairing")
        except (BleakError, EOFError, OSError):
            return  # it is over already


def _refusal(pairing: Pairing, why: str) -> DBusError:
    pairing.refused(why)
    return _rejected(why)


def _rejected(words: str) -> DBusError:
    return DBusError(_REJECTED, words)

"""From settings to the Bluetooth host. Only the one that is used is imported."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from api.settings import RadioSettings
from gateway.core.clock import Clock
from gateway.core.errors import RadioUnavailable, SettingsError
from gateway.radio.host import Adapter, Host

_ADAPTERS: Final = Path("/sys/class/bluetooth")
NO_ADAPTER: Final = (
    "No Bluetooth: plug an adapter in, or name a controller in the settings ([radio]). It is looked for again."
)
NO_RADIO: Final = 'Bluetooth is off in the settings ([radio] kind = "none").'


def adapters(folder: Path = _ADAPTERS) -> tuple[str, ...]:
    """The adapters that the kernel shows ("hci0", …); links such as "hci0:64" are connections."""
    try:
        return tuple(sorted(entry.name for entry in folder.iterdir() if ":" not in entry.name))
    except OSError:
        return ()


def open_hosts(settings: RadioSettings, *, bonds: Path, clock: Clock, simulated: bool) -> tuple[Host, ...]:
    """The hosts of the settings, one per adapter; none when there is to be no radio.

    Raises:
        SettingsError: a controller of our own is asked for, and not named.
    """
    if settings.kind == "none":
        return ()
    if settings.kind == "bumble":
        return _bumble_hosts(settings, bonds=bonds, clock=clock, simulated=simulated)
    if not settings.adapters:
        return (FirstAdapter(clock),)
    from gateway.radio.bluez.host import BlueZHost

    return tuple(BlueZHost(name, clock=clock) for name in settings.adapters)


def _bumble_hosts(settings: RadioSettings, *, bonds: Path, clock: Clock, simulated: bool) -> tuple[Host, ...]:
    from gateway.radio.bumble.host import BumbleHost

    transports = settings.adapters or ((settings.transport,) if settings.transport is not None else ())
    if not transports:
        raise SettingsError('[radio] kind = "bumble" needs transport, such as transport = "usb:0"')
    return tuple(
        BumbleHost(
            transport,
            keys=bonds / "bonds.json",
            clock=clock,
            name="the virtual radio" if simulated and len(transports) == 1 else transport,
            simulated=simulated,
            controller="" if number == 1 else str(number),
        )
        for number, transport in enumerate(transports, 1)
    )


class FirstAdapter:
    """BlueZ on the first adapter that the kernel shows whenever it is opened: one may be plugged in later."""

    name = "Bluetooth"
    simulated = False

    def __init__(self, clock: Clock, folder: Path = _ADAPTERS) -> None:
        self._clock = clock
        self._folder = folder

    def open(self) -> AbstractAsyncContextManager[Adapter]:
        """See `gateway.radio.host.Host`. Raises RadioUnavailable when there is none."""
        found = adapters(self._folder)
        if not found:
            raise RadioUnavailable(NO_ADAPTER)
        from gateway.radio.bluez.host import BlueZHost

        self.name = found[0]
        return BlueZHost(found[0], clock=self._clock).open()

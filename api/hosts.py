"""From settings to the Bluetooth host. Only the one that is used is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from api.settings import RadioSettings
from gateway.core.clock import Clock
from gateway.core.errors import SettingsError
from gateway.radio.host import Host

_ADAPTERS: Final = Path("/sys/class/bluetooth")
NO_RADIO: Final = (
    "No Bluetooth: plug an adapter in and start the gateway again, or name a controller in the settings ([radio])."
)


def adapters(folder: Path = _ADAPTERS) -> tuple[str, ...]:
    """The adapters that the kernel shows ("hci0", …); links such as "hci0:64" are connections."""
    try:
        return tuple(sorted(entry.name for entry in folder.iterdir() if ":" not in entry.name))
    except OSError:
        return ()


def open_host(settings: RadioSettings, *, bonds: Path, clock: Clock, simulated: bool) -> Host | None:
    """The host of the settings; None when there is to be none, or ("auto") there is no adapter.

    Raises:
        SettingsError: BlueZ is asked for on a machine that the kernel gives no adapter.
    """
    if settings.kind == "bumble":
        from gateway.radio.bumble_host import BumbleHost

        if settings.transport is None:
            raise SettingsError('[radio] kind = "bumble" needs transport, such as transport = "usb:0"')
        name = "the virtual radio" if simulated else settings.transport
        return BumbleHost(settings.transport, keys=bonds / "bonds.json", clock=clock, name=name, simulated=simulated)
    if settings.kind == "none":
        return None
    found = adapters()
    if settings.kind == "auto" and not found:
        return None
    from gateway.radio.bluez_host import BlueZHost

    return BlueZHost(found[0] if found else "hci0", clock=clock)

"""From `[radio]` to the hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.hosts import open_hosts
from api.settings import RadioSettings
from tests.virtual_time import VirtualClock


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (RadioSettings(kind="none"), []),
        (RadioSettings(), ["Bluetooth"]),
        (RadioSettings(adapters=("hci0", "hci2")), ["hci0", "hci2"]),
        (RadioSettings(kind="bluez", adapters=("hci1",)), ["hci1"]),
        (RadioSettings(kind="bumble", transport="usb:0"), ["usb:0"]),
        (RadioSettings(kind="bumble", adapters=("usb:0", "serial:/dev/ttyACM0")), ["usb:0", "serial:/dev/ttyACM0"]),
    ],
)
def test_a_host_for_each_adapter(tmp_path: Path, settings: RadioSettings, names: list[str]) -> None:
    hosts = open_hosts(settings, bonds=tmp_path, clock=VirtualClock(), simulated=False)
    assert [host.name for host in hosts] == names

"""What is seen of the machine: each trouble is a line with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.clock import SystemClock
from gateway.doctor import Finding, Grade, Machine, worst
from gateway.doctor.machine import BlueZTrouble, runner


def machine(root: Path, *, why: str | None = None, version: str | None = "bluetoothctl: 5.66\n") -> Machine:
    async def ask() -> None:
        if why is not None:
            raise BlueZTrouble(why)

    async def run(command: tuple[str, ...]) -> str | None:
        assert command == ("bluetoothctl", "--version")
        return version

    return Machine(through_bluez=True, ask_bluez=ask, run=run, root=root)


def adapter(root: Path, *, driver: str = "btusb", vendor: str = "0a12") -> None:
    device = root / "sys/devices/usb1/1-2"
    interface = device / "1-2:1.0"
    interface.mkdir(parents=True)
    (device / "idVendor").write_text(f"{vendor}\n")
    (root / "sys/drivers" / driver).mkdir(parents=True)
    (interface / "driver").symlink_to(root / "sys/drivers" / driver)
    folder = root / "sys/class/bluetooth/hci0"
    folder.mkdir(parents=True)
    (folder / "device").symlink_to(interface)
    (root / "sys/class/bluetooth/hci0:64").mkdir()


def switch(root: Path, *, soft: str = "0", hard: str = "0", kind: str = "bluetooth") -> None:
    folder = root / "sys/class/rfkill/rfkill0"
    folder.mkdir(parents=True)
    for name, value in (("type", kind), ("soft", soft), ("hard", hard)):
        (folder / name).write_text(f"{value}\n")


def of(findings: list[Finding], about: str) -> Finding:
    (found,) = [one for one in findings if one.about == about]
    return found


async def test_a_machine_that_is_well(tmp_path: Path) -> None:
    adapter(tmp_path)
    switch(tmp_path)
    findings = await machine(tmp_path).look()
    assert worst(findings) is Grade.OK
    assert [one.words for one in findings] == [
        "hci0 by the driver btusb.",
        "No switch blocks Bluetooth.",
        "BlueZ 5.66.",
        "BlueZ answers this user.",
    ]


async def test_no_adapter(tmp_path: Path) -> None:
    found = of(await machine(tmp_path).look(), "adapter")
    assert (found.grade, "plug in" in found.advice) == (Grade.FAIL, True)


@pytest.mark.parametrize(("driver", "vendor"), [("hci_uart_bcm", "none"), ("btusb", "8087")])
async def test_an_antenna_that_is_shared_with_wifi(tmp_path: Path, driver: str, vendor: str) -> None:
    adapter(tmp_path, driver=driver, vendor=vendor)
    found = of(await machine(tmp_path).look(), "adapter")
    assert found.grade is Grade.WARN
    assert "antenna" in found.words
    assert "USB Bluetooth dongle" in found.advice


async def test_switches(tmp_path: Path) -> None:
    switch(tmp_path, soft="1")
    assert of(await machine(tmp_path).look(), "rfkill").advice == "run 'rfkill unblock bluetooth'."
    (tmp_path / "sys/class/rfkill/rfkill0/hard").write_text("1\n")
    assert of(await machine(tmp_path).look(), "rfkill").advice == "turn the switch on."
    (tmp_path / "sys/class/rfkill/rfkill0/type").write_text("wlan\n")
    assert of(await machine(tmp_path).look(), "rfkill").grade is Grade.OK


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("no-bus", "systemctl start dbus"),
        ("denied", "group bluetooth"),
        ("absent", "systemctl enable --now bluetooth"),
        ("no answer", "systemctl restart bluetooth"),
    ],
)
async def test_bluez_that_cannot_be_asked(tmp_path: Path, why: str, advice: str) -> None:
    found = of(await machine(tmp_path, why=why).look(), "d-bus")
    assert found.grade is Grade.FAIL
    assert advice in found.advice


async def test_versions(tmp_path: Path) -> None:
    assert of(await machine(tmp_path, version="5.50").look(), "bluez").grade is Grade.WARN
    assert "not known" in of(await machine(tmp_path, version=None).look(), "bluez").words


async def test_a_controller_of_ones_own_needs_no_bluez(tmp_path: Path) -> None:
    own = Machine(through_bluez=False, ask_bluez=machine(tmp_path).ask_bluez, run=machine(tmp_path).run, root=tmp_path)
    assert worst(await own.look()) is Grade.OK


async def test_commands_are_run_and_missing_ones_are_none() -> None:
    run = runner(SystemClock())
    assert await run(("echo", "5.66")) == "5.66\n"
    assert await run(("/no/such/command",)) is None

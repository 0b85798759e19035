"""Two hundred stored records on one connection, the gateway killed in the middle: after the restart each is there once.

Real processes: the devices behind an HCI socket, `huoma run`, and kill -9.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from device_drivers.virtual.and_medical import pressure_frame
from device_drivers.virtual.kitchen import address_of
from tests.api.whole_path.processes import Gateway, command, devices, gateway, until
from tests.gateway.radio.room import CUFF

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

RECORDS = 200
EARLIER = datetime.fromisoformat("2026-01-05T06:00:00")


def configure(folder: Path) -> Path:
    config = folder / "home.toml"
    config.write_text(f"""
time_zone = "Europe/Helsinki"
data_dir = "data"
[api]
port = 0
[radio]
kind = "bumble"
transport = "unix-client:{folder / "hci"}"
""")
    return config


class Home:
    """A resident with one device."""

    def __init__(self, folder: Path, address: str) -> None:
        self.config = configure(folder)
        self.resident = command(self.config, "resident", "add", "Aino")
        self.nurse = command(self.config, "user", "add", "nurse-one", "--role", "nurse").split()[-1]
        command(
            self.config, "device", "assign", address, "--resident", self.resident, "--since", "2020-01-01T00:00:00Z"
        )

    def readings(self, home: Gateway, *, after: int = 0) -> list[dict[str, Any]]:
        """What was committed after so many. Asking in vain is cheap: nothing is shown, so nothing is noted."""
        path = f"/api/v1/residents/{self.resident}/readings?limit=1000&after_seq={after}"
        found: list[dict[str, Any]] = home.api(path, self.nurse)
        return found

    def killed_in_the_middle(self) -> int:
        """Runs the gateway until some of the records are there, and kills it; how many there were."""
        with gateway(self.config) as home:
            until(lambda: self.readings(home, after=RECORDS // 10), within_s=40)
            arrived = len(self.readings(home))
            home.kill()
        return arrived

    def all_after_restart(self) -> list[dict[str, Any]]:
        """What the restarted gateway has when nothing more comes."""
        with gateway(self.config) as home:
            until(lambda: self.readings(home, after=RECORDS - 1), within_s=60)
            return self.readings(home)


def test_a_cuff(tmp_path: Path) -> None:
    frames = [
        pressure_frame(
            systolic=110 + n % 50,
            diastolic=70 + n % 20,
            pulse=60 + n % 30,
            status=0,
            at=EARLIER + timedelta(hours=n),
        )
        for n in range(RECORDS)
    ]
    (tmp_path / "records.hex").write_text("\n".join(frame.hex() for frame in frames))
    home = Home(tmp_path, CUFF)
    cuff = ("--scene", "cuff", "--records", str(tmp_path / "records.hex"), "--between-records", "0.015")
    with devices(tmp_path, *cuff):
        arrived = home.killed_in_the_middle()
        assert 0 < arrived < RECORDS, "it was not in the middle"
        readings = home.all_after_restart()
    assert len(readings) == len({one["id"] for one in readings}) == RECORDS
    assert len({one["device_time"] for one in readings}) == RECORDS


def test_a_glucose_meter(tmp_path: Path) -> None:
    home = Home(tmp_path, address_of("accu-chek-guide"))
    kitchen = ("--scene", "kitchen", "--devices", "accu-chek-guide", "--stored", str(RECORDS))
    with devices(tmp_path, *kitchen, "--measure-after", "never"):
        arrived = home.killed_in_the_middle()
        assert 0 < arrived < RECORDS, "it was not in the middle"
        readings = home.all_after_restart()
    assert len(readings) == len({one["id"] for one in readings}) == RECORDS

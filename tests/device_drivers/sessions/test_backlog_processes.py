"""Two hundred stored records, the gateway killed where it hurts most: after the restart each is there once.

Real processes: the devices behind an HCI socket, `huoma run`, and kill -9. It dies at a crash point of its own: once in
the middle of a commit, after giving a confirmation that was sent too early time to reach the device; and once between
the commit and the confirmation, so that the device sends again what is stored.
"""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from device_drivers.virtual.and_medical import pressure_frame
from device_drivers.virtual.kitchen import address_of
from tests.api.whole_path.processes import ROOT, Gateway, command, devices, gateway, until
from tests.gateway.radio.room import CUFF

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

RECORDS = 200
# Loaded by the interpreter before the gateway: from then on "no fault" is the death at the n-th passing of a point.
MORTAL = """
import os, signal, time
import gateway.core.faults as faults
point, number, slow, linger = os.environ["HUOMA_TEST_DIES"].split()
passed = []
def dies(here, /):
    if here == point:
        passed.append(here)
        time.sleep(float(slow))
        if len(passed) == int(number):
            time.sleep(float(linger))
            os.kill(os.getpid(), signal.SIGKILL)
faults.no_fault = dies
"""
INSIDE = "ingest.inside"  # in the store's thread: the radio goes on meanwhile
COMMITTED = "ingest.after-commit"  # in the loop: nothing was confirmed yet
LINGER_S = {INSIDE: 0.15, COMMITTED: 0.0}
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

    def dies(self, point: str, number: int, *, slow_s: float = 0.0) -> None:
        """Runs the gateway until it dies on passing that point so many times, each of which takes so long."""
        folder = self.config.parent / "mortal"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(MORTAL)
        environment = {
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
            "HUOMA_TEST_DIES": f"{point} {number} {slow_s} {LINGER_S[point]}",
        }
        with gateway(self.config, environment=environment) as home:
            assert home.process.wait(40) == -signal.SIGKILL

    def all_after_restart(self, records: int = RECORDS) -> list[dict[str, Any]]:
        """What the restarted gateway has when so many have come."""
        with gateway(self.config) as home:
            until(lambda: self.readings(home, after=records - 1), within_s=60)
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
        home.dies(INSIDE, 40)
        home.dies(COMMITTED, 30)
        readings = home.all_after_restart()
    assert len(readings) == len({one["id"] for one in readings}) == RECORDS
    assert len({one["device_time"] for one in readings}) == RECORDS


def test_a_glucose_meter(tmp_path: Path) -> None:
    home = Home(tmp_path, address_of("accu-chek-guide"))
    kitchen = ("--scene", "kitchen", "--devices", "accu-chek-guide", "--stored", str(RECORDS))
    with devices(tmp_path, *kitchen, "--measure-after", "never") as table:
        home.dies(INSIDE, 70)
        # A store so slow that the meter told everything long before: the number of the last one may not be kept yet. It
        # thinks that it is done, and calls again only when somebody has measured.
        home.dies(INSIDE, 100, slow_s=0.03)
        table.tell("measure accu-chek-guide")
        readings = home.all_after_restart(RECORDS + 1)
    assert len(readings) == len({one["id"] for one in readings}) == RECORDS + 1

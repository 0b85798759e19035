"""A gateway that is killed in the middle of a pairing, as processes: what it had made is taken back, and done anew."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from device_drivers.virtual.kitchen import address_of
from tests.api.whole_path.processes import HUOMA, ROOT, command, devices, gateway, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

WORD = "ua-651ble"
CUFF = address_of(WORD)


def begin(config: Path) -> subprocess.Popen[bytes]:
    words = ("pair", "--address", CUFF, "--resident", "Aino Testi", "--config", str(config))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*HUOMA, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def doctor(config: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*HUOMA, "doctor", "--json", "--config", str(config)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return list(json.loads(done.stdout))


def bonded(folder: Path) -> bool:
    bonds = folder / "home-data/bonds.json"
    return bonds.exists() and CUFF in bonds.read_text()


def mended(config: Path) -> str | None:
    """How the gateway ended what it had been stopped in; None so far."""
    for line in config.with_suffix(".log").read_text().splitlines():
        if "a pairing that was cut off is ended" in line:
            return str(json.loads(line)["outcome"])
    return None


def wait_for(words: bytes, process: subprocess.Popen[bytes]) -> bytes:
    """Until the technician reads them; all that was printed so far."""
    assert process.stdout is not None
    read = b""
    while words not in read:
        line = process.stdout.readline()
        assert line, f"it ended without {words!r}: {read.decode()}"
        read += line
    return read


def owners(config: Path) -> list[str]:
    lines = [line.split("\t") for line in command(config, "devices").splitlines()]
    return [line[2] for line in lines if line[0] == CUFF and line[2]]


def test_killed_after_bonding_leaves_nothing_and_then_it_is_paired(tmp_path: Path) -> None:
    config = tmp_path / "home.toml"
    config.write_text(
        'time_zone = "Europe/Helsinki"\ndata_dir = "home-data"\n[api]\nport = 0\n'
        f'[radio]\nkind = "bumble"\ntransport = "unix-client:{tmp_path / "hci"}"\n'
    )
    command(config, "resident", "add", "Aino", "Testi")
    with devices(tmp_path, "--scene", "kitchen", "--devices", WORD, "--measure-after", "never") as twin:
        with gateway(config) as home:
            broken = begin(config)
            until(lambda: bonded(tmp_path), within_s=30)
            home.kill()
            out, _ = broken.communicate(timeout=60)
            assert broken.returncode == 1
            assert b"takes back what was half done" in out
        with gateway(config):
            # Until its note is ended it may still have an owner or a bond.
            until(lambda: mended(config), within_s=60)
            if mended(config) == "unproven":  # everything was done but the first measurement: then it stands
                assert bonded(tmp_path)
                assert len(owners(config)) == 1
            else:
                assert owners(config) == []
                assert not bonded(tmp_path), "a bond without an owner"
                assert not [one for one in doctor(config) if one["about"] == "bond"]
            # Killed before it hung up, a cuff has dropped the bond and still shows "Pr"; else a person sees to that.
            twin.tell(f"lose-bonds {WORD}")
            twin.tell(f"pair {WORD}")
            again = begin(config)
            wait_for(b"Waiting for a first", again)
            assert bonded(tmp_path)
            assert len(owners(config)) == 1
            twin.tell(f"measure {WORD}")
            out, _ = again.communicate(timeout=60)
            assert again.returncode == 0, out.decode()
            assert b"Ready: A&D UA-651BLE" in out
            assert len(owners(config)) == 1

"""Peak memory of the whole gateway in its default configuration, at work: radio, store, detection, desk and API.

The gateway is a process of its own on the virtual radio (Bumble instead of BlueZ: the heavier of the two hosts), with a
cuff, a scale and a strap that streams 50 Hz through a fall, and a nurse's client that reads.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.api.whole_path.processes import command, devices, gateway, until

GOAL_MB = 135
ADDRESSES = ("5C:31:3E:5D:3F:1A", "5C:31:3E:82:70:C4", "A0:9E:1A:8A:2F:3C")


def peak_rss_mb(pid: int) -> float:
    """The kernel's high-water mark."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "home.toml"
        config.write_text(
            f'time_zone = "Europe/Helsinki"\ndata_dir = "data"\n[api]\nport = 0\n'
            f'[radio]\nkind = "bumble"\ntransport = "unix-client:{folder / "hci"}"\n'
        )
        resident = command(config, "resident", "add", "Nobody")
        for address in ADDRESSES:
            command(config, "device", "assign", address, "--resident", resident, "--placement", "chest")
        nurse = command(config, "user", "add", "nurse-one", "--role", "nurse").split()[-1]
        with devices(folder, "--fall-after", "10"):
            began = time.monotonic()
            with gateway(config) as home:
                ready_s = time.monotonic() - began
                until(lambda: home.api("/api/v1/alerts", nurse), within_s=60)
                for _ in range(50):
                    home.api(f"/api/v1/residents/{resident}/readings?limit=100", nurse)
                    home.api("/api/v1/status", nurse)
                peak = peak_rss_mb(home.process.pid)
    return [
        {"name": "gateway: peak RSS", "value": peak, "unit": "MB", "peer": "the promise", "peer_value": GOAL_MB,
         "ratio": peak / GOAL_MB, "goal": "<= 1"},
        {"name": "gateway: start until its API answers", "value": ready_s, "unit": "s", "goal": "<= 5"},
    ]  # fmt: skip

"""Runs inside the VM as root: every scenario once, on the kernel's Bluetooth, bluetoothd and our BlueZ host.

Usage: python3 -m tests.bluez.guest RESULTS [scenario…]. A line of JSON per scenario is appended to RESULTS.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Final

from device_drivers.virtual.radio import virtual_radio
from tests.bluez.bluez_bench import BlueZBench
from tests.radio_scenarios.scenarios import SCENARIOS

LATENCY_S: Final = 0.01  # with none, bluetoothd may answer Connect before `Connected` is true
LIMIT_S: Final = 120.0


async def play(name: str, number: int) -> str | None:
    """None when it went well, else what went wrong."""
    try:
        async with (
            asyncio.timeout(LIMIT_S),
            virtual_radio(delay_s=LATENCY_S) as air,
            BlueZBench(air, number=number) as bench,
        ):
            await SCENARIOS[name](bench)
    except Exception:  # noqa: BLE001  # reported, whatever it is
        return traceback.format_exc()
    return None


async def main(results: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        print(f"=== {name}", flush=True)
        started = time.monotonic()
        wrong = await play(name, number)
        line = {"scenario": name, "seconds": round(time.monotonic() - started, 2), "wrong": wrong}
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(f"=== {name}: {'failed' if wrong else 'well'}", wrong or "", flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(name)s %(message)s", stream=sys.stdout)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:] or list(SCENARIOS)))

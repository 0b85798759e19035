"""The captured session of a real UA-651BLE from a twin in another process, over an HCI socket, in real time."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from device_drivers.nomenclature import Quantity
from firmware_profiles import load
from gateway.core.clock import SystemClock
from gateway.core.health import HealthBoard
from gateway.radio import Radio
from gateway.radio.bumble.host import BumbleHost
from tests.gateway.radio.room import CUFF, HELSINKI, SCALE, STRAP, Book, Heard

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]


class AnotherProcess:
    """The virtual home, started as a person would start it."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())

    def pairing_pdus(self) -> list[str]:
        lines = (self.folder / "hci.jsonl").read_text().splitlines()
        return [found["pairing"] for line in lines if "pairing" in (found := json.loads(line))]


@asynccontextmanager
async def virtual_home(folder: Path, *options: str) -> AsyncIterator[AnotherProcess]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "device_drivers.virtual", "--transport", f"unix-server:{folder / 'hci.sock'}"),
        *("--pdu-log", str(folder / "hci.jsonl"), "--seed", "5", *options),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    yield AnotherProcess(process, folder)
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 5) == 0  # the parent's end of the pipe is enough
    await process.stdout.read()


@asynccontextmanager
async def gateway(folder: Path, heard: Heard, *addresses: str) -> AsyncIterator[Radio]:
    clock = SystemClock()
    radio = Radio(
        host=BumbleHost(f"unix-client:{folder / 'hci.sock'}", keys=folder / "bonds.json", clock=clock),
        catalogue=load(),
        book=Book(addresses),
        sink=heard,
        clock=clock,
        tz=HELSINKI,
        health=HealthBoard(),
        rng=random.Random(1),
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(radio.run())
        try:
            yield radio
        finally:
            task.cancel()


def captured_frames(recordings: Path | None) -> list[str]:
    """The whole capture where it is at hand, else the profile's copy of its distinct frames."""
    if recordings is not None:
        session: dict[str, Any] = json.loads((recordings / "captures" / "ua-651ble.json").read_text())
        return list(session["2a35_indications"])
    cuff = load().get("a-and-d/ua-651ble")
    assert cuff is not None
    return [frame.data.hex() for frame in cuff.frames if frame.characteristic == "2a35"]


async def test_captured_frames_then_a_restart_without_pairing(tmp_path: Path, recordings: Path | None) -> None:
    frames = captured_frames(recordings)
    (tmp_path / "records.hex").write_text("\n".join(frames))
    options = (
        "--scene",
        "cuff",
        "--records",
        str(tmp_path / "records.hex"),
        "--repeat-first",
        "--measure-every",
        "never",
    )
    heard = Heard()
    async with virtual_home(tmp_path, *options) as twin:
        async with gateway(tmp_path, heard, CUFF):
            await heard.until(lambda: len(heard.readings) > len(frames), within=20)
        assert "pairing-request" in twin.pairing_pdus()
        paired_with = len(twin.pairing_pdus())

        again = Heard()
        async with gateway(tmp_path, again, CUFF):
            twin.tell("record 167c0056006100e807060f11111b33000000")
            await again.until(lambda: again.readings, within=20)
        assert len(twin.pairing_pdus()) == paired_with

    sent = [bytes.fromhex(frame) for frame in frames]
    repeated = bytes.fromhex("167d0050006600e10701100c273640000000")
    at = sent.index(repeated)
    assert heard.frames() == [*sent[: at + 1], repeated, *sent[at + 1 :]]
    good = [received.reading for received in heard.readings if not received.reading.failed]
    assert [(one.values[Quantity.SYSTOLIC], one.values[Quantity.DIASTOLIC]) for one in good[:3]] == [
        (125, 80),
        (125, 80),
        (134, 77),
    ]
    assert len({one.raw for one in good}) == 2 if recordings is not None else True
    assert again.readings[0].reading.values[Quantity.SYSTOLIC] == 124


async def test_a_whole_home(tmp_path: Path) -> None:
    options = ("--measure-after", "0.5", "--weigh-after", "0.5", "--fall-after", "1.5", "--measure-every", "never")
    heard = Heard()
    async with virtual_home(tmp_path, *options), gateway(tmp_path, heard, CUFF, SCALE, STRAP) as radio:

        def kinds() -> set[str]:
            return {str(received.reading.kind) for received in heard.readings}

        await heard.until(lambda: kinds() >= {"blood-pressure", "weight", "heart-rate"}, within=30)
        await heard.until(lambda: peak_g(heard) > 3.0, within=20)
        assert {seen.model for seen in radio.seen()} == {"A&D UA-651BLE", "A&D UC-352BLE", "Polar H10"}
    identities = {received.device.identity for received in heard.readings}
    assert identities == {"serial:A&D:5160100734", "serial:A&D:5170400218", "serial:Polar:8A2F3C21"}


def peak_g(heard: Heard) -> float:
    pieces = [float((motion.samples**2).sum(axis=1).max()) ** 0.5 for _, motion, _ in heard.motions]
    return max(pieces, default=0.0)


async def test_a_mistaken_transport_is_one_sentence(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "device_drivers.virtual", "--transport", "pigeon:1"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().strip().startswith("virtual home: 'pigeon:1' is no server transport")
    assert len(said.splitlines()) == 1

"""What the radio heard goes where it belongs; what nobody understands is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from device_drivers.decode import heart_rate
from device_drivers.errors import DecodeError
from device_drivers.readings import DeviceInformation
from gateway.ingest.ingest import Ingest, Outcome
from gateway.ingest.intake import STREAMED_EVERY_S, Intake, Listener
from gateway.ingest.received import KnownDevice, Received
from gateway.radio.contracts import Severity
from gateway.store.database import Database
from gateway.store.stamp import Stamper
from gateway.store.undecodable import KEPT, UndecodableFrame, UndecodableFrames
from tests.gateway.desk.words import ORIGIN
from tests.virtual_time import VirtualClock, run_virtual

CUFF = KnownDevice(
    address="AA:BB:CC:00:11:22",
    identity="serial:Acme:1",
    name="Acme 1",
    vendor="Acme",
    model="1",
    profile_id="acme/1",
    record_identity="device-time",
    information=DeviceInformation(),
    adapter="00:1B:DC:F0:00:01",
)


class FullDisk(Ingest):
    """Waits, as the real one does while the disk is full, until somebody frees space."""

    full = True

    async def accept_many(self, batch: Sequence[Received]) -> list[Outcome]:
        while self.full:
            await self._clock.sleep(5)
        return await super().accept_many(batch)


def beat(clock: VirtualClock) -> Received:
    """A strap's heart rate, now."""
    return Received(
        device=CUFF,
        reading=heart_rate.decode(bytes.fromhex("0048")),
        clock=None,
        received_at=clock.wall(),
        received_monotonic=clock.monotonic(),
        synchronised=True,
    )


async def unheeded(*_: object) -> None:
    """Presses."""


class Told(Listener):
    def __init__(self) -> None:
        self.words: list[str] = []

    def device(self, address: str, words: str, severity: Severity) -> None:
        self.words.append(words)


def test_frames_nobody_understands_are_kept_raw_and_told_once(tmp_path: Path) -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with Database.open(tmp_path / "huoma.db", clock=clock) as database:
            stamper = Stamper(ORIGIN, clock, boot_id="boot")
            frames, told = UndecodableFrames(database, stamper), Told()
            ingest = Ingest(database, stamper, clock=clock, zone=ZoneInfo("Europe/Helsinki"))
            intake = Intake(
                ingest=ingest, frames=frames, motion=lambda *_: None, press=unheeded, listener=told, clock=clock
            )
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(intake.run())
                for number in range(3):
                    intake.undecodable(CUFF, "2a35", bytes([number]), DecodeError("2A35: 1 byte is too few"))
                    await clock.sleep(1)
                await clock.sleep(STREAMED_EVERY_S)
                running.cancel()
            kept = await frames.all()
            assert [frame.raw for frame in kept] == [b"\x00", b"\x01", b"\x02"]
            assert kept[0] == UndecodableFrame(
                device_identity=CUFF.identity, source="2a35", raw=b"\x00", why="2A35: 1 byte is too few"
            )
            assert len(told.words) == 1
            assert intake.counts["undecodable"] == 3

    run_virtual(main)


def test_streamed_readings_share_commits_and_the_last_are_not_left_behind(tmp_path: Path) -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with Database.open(tmp_path / "huoma.db", clock=clock) as database:
            stamper = Stamper(ORIGIN, clock, boot_id="boot")
            ingest = Ingest(database, stamper, clock=clock, zone=ZoneInfo("Europe/Helsinki"))
            frames = UndecodableFrames(database, stamper)
            intake = Intake(
                ingest=ingest, frames=frames, motion=lambda *_: None, press=unheeded, listener=Told(), clock=clock
            )
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(intake.run())
                for _ in range(12):  # two equal notifications are two readings
                    await intake.reading(beat(clock))
                    await clock.sleep(1)
                assert database.commits <= 3
                running.cancel()
            assert sum(intake.counts[outcome] for outcome in ("stored", "unassigned")) == 12

    run_virtual(main)


def test_a_full_disk_makes_no_strap_wait(tmp_path: Path) -> None:
    """A strap that had to wait would be hung up on, and its motion with it."""

    async def main() -> None:
        clock = VirtualClock()
        async with Database.open(tmp_path / "huoma.db", clock=clock) as database:
            stamper = Stamper(ORIGIN, clock, boot_id="boot")
            ingest = FullDisk(database, stamper, clock=clock, zone=ZoneInfo("Europe/Helsinki"))
            frames = UndecodableFrames(database, stamper)
            intake = Intake(
                ingest=ingest, frames=frames, motion=lambda *_: None, press=unheeded, listener=Told(), clock=clock
            )
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(intake.run())
                for _ in range(1000):
                    async with clock.timeout(0.1):
                        await intake.reading(beat(clock))
                    await clock.sleep(1)
                assert intake.counts["dropped"] > 0
                ingest.full = False
                await clock.sleep(60)
                running.cancel()
            kept = sum(intake.counts[outcome] for outcome in ("stored", "unassigned"))
            assert kept + intake.counts["dropped"] == 1000
            assert kept >= 500

    run_virtual(main)


def test_a_device_that_babbles_does_not_fill_the_disk(tmp_path: Path) -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with Database.open(tmp_path / "huoma.db", clock=clock) as database:
            frames = UndecodableFrames(database, Stamper(ORIGIN, clock, boot_id="boot"))
            async with asyncio.TaskGroup() as tasks:
                for number in range(KEPT + 50):
                    frame = UndecodableFrame(
                        device_identity="x", source="2a35", raw=number.to_bytes(2, "big"), why="no frame"
                    )
                    tasks.create_task(frames.keep(frame))
            kept = await frames.all()
            assert len(kept) == KEPT
            assert kept[-1].raw == (KEPT + 49).to_bytes(2, "big")

    run_virtual(main)

"""R14: sessions with drops mid-indication, repeats, stalls, the whole history again, bonds lost on the device.

Real Bluetooth stacks on both sides, the real ingest and store behind them; each reading is stored exactly once.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff, Scale, pressure_frame, weight_frame
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.recorder import Recorder
from gateway.radio import Severity
from tests.reliability.home import ZONE, full
from tests.reliability.radio_home import RadioHome, radio_home
from tests.virtual_time import run_virtual

SESSIONS = 2000 if full() else 200
INDICATION, CONFIRMATION = 0x1D, 0x1E
HISTORY = 60  # frames that a device sends once more

Fault = Callable[["Patient"], Awaitable[None]]


def att(pdu: bytes, opcode: int) -> bool:
    return pdu[2:5] == bytes((4, 0, opcode))


@dataclass
class Patient:
    """One device and what becomes of it."""

    house: RadioHome
    device: Recorder
    chance: random.Random
    number: int = 0
    sent: list[bytes] = field(default_factory=list)
    tries_until_named: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    async def measure(self) -> None:
        """A record that nobody else has, kept by the device."""
        await asyncio.sleep(1.1)  # its stamps have whole seconds
        self.number += 1
        assert self.device.clock is not None
        at, n = self.device.clock.now(), self.number
        if isinstance(self.device, Scale):
            frame = weight_frame(40.0 + n * 0.05, at=at)
        else:
            frame = pressure_frame(systolic=100 + n % 70, diastolic=50 + n // 70, pulse=60, status=0, at=at)
        self.device.records.append(frame)
        self.sent.append(frame)

    async def nothing(self) -> None:
        """A session as it should be."""

    async def drop(self) -> None:
        """The link goes at some moment."""
        await asyncio.sleep(self.chance.uniform(0.0, 1.2))
        self.house.air.link.drop(self.device.controller)

    async def _at_a(self, opcode: int, *, carried: bool) -> None:
        """The link goes at one PDU of this kind, of the first few; it is still `carried`, or lost."""
        left = self.chance.randrange(3)

        def one(sender: Any, receiver: Any, pdu: bytes) -> bool:
            nonlocal left
            ours = self.device.controller in (sender, receiver)
            if not ours or not att(pdu, opcode):
                return True
            left -= 1
            if left >= 0:
                return True
            self.house.filters.remove(one)
            asyncio.get_running_loop().call_later(0.0, self.house.air.link.drop, self.device.controller)
            return carried

        self.house.filters.append(one)

    async def drop_at_an_indication(self) -> None:
        await self._at_a(INDICATION, carried=self.chance.random() < 0.5)

    async def lose_a_confirmation(self) -> None:
        """Stored here, and not confirmed there: it comes again."""
        await self._at_a(CONFIRMATION, carried=False)

    async def repeat(self) -> None:
        """The last records once more, as cuffs do whose display was looked at."""
        for frame in self.sent[-self.chance.randint(1, 3) :]:
            self.device.records.appendleft(frame)

    async def send_the_whole_history(self) -> None:
        self.device.records.extendleft(reversed(self.sent[-HISTORY:]))

    async def stall(self) -> None:
        """It says nothing for a while, then is out of reach, then back."""
        silent = self.device.controller

        def mute(sender: Any, _receiver: Any, _pdu: bytes) -> bool:
            return sender is not silent

        await asyncio.sleep(self.chance.uniform(0.0, 0.6))
        self.house.filters.append(mute)
        await asyncio.sleep(self.chance.uniform(1.0, 40.0))
        self.house.filters.remove(mute)
        self.house.air.link.walk_away(silent)
        await asyncio.sleep(5)
        self.house.air.link.come_back(silent)

    async def refuse_to_store(self) -> None:
        self.house.intake.refuse += self.chance.randint(1, 3)

    async def lose_the_bond(self) -> None:
        """New batteries: it has forgotten us, and shows it in one way or another."""
        hangs_up = len(self.tries_until_named) % 2 == 1
        if hangs_up:
            self.device.controller.hangs_up_on_encryption = True
        else:
            await self.device.lose_bonds()
        before, said = self.device.connections, len(self.house.told.words)
        async with asyncio.timeout(600):
            while not self._named_since(said):
                await self.device.call()  # again, if the last session went on until now
                await asyncio.sleep(0.5)
        self.tries_until_named.append(self.device.connections - before)
        # A technician comes.
        self.device.controller.hangs_up_on_encryption = False
        await self.device.lose_bonds()
        assert self.house.radio is not None
        await self.house.radio.pair_again(self.device.address)
        self.device.pairing_finished.clear()
        self.house.air.link.drop(self.device.controller)
        await self.device.fall_silent()
        await self.device.pairing_mode()
        await self.house.until(self.device.pairing_finished.is_set, within=300)

    def _named_since(self, said: int) -> bool:
        return any(
            address == self.device.address and severity is Severity.FAULT and "Pair it again" in words
            for address, words, severity in list(self.house.told.words)[said:]
        )

    async def session(self, fault: str) -> None:
        """Something is measured, a fault strikes, and in the end the device has nothing left to send."""
        self.faults[fault] += 1
        for _ in range(self.chance.randint(1, 5)):
            await self.measure()
        early = fault in ("repeat", "send_the_whole_history", "refuse_to_store", "lose_the_bond")
        strike: Callable[[], Awaitable[None]] = getattr(self, fault)
        if early:
            await strike()
            await self.device.call()
        else:
            await self.device.call()
            await strike()
        async with asyncio.timeout(3600):
            while self.device.records or self.device.connection is not None:
                await asyncio.sleep(0.5)
                await self.device.call()  # somebody presses its button again


FAULTS = {
    "nothing": 2,
    "drop": 4,
    "drop_at_an_indication": 4,
    "lose_a_confirmation": 4,
    "repeat": 2,
    "send_the_whole_history": 1,
    "stall": 2,
    "refuse_to_store": 1,
    "lose_the_bond": 1,
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [14])
def test_each_reading_exactly_once(tmp_path: Path, seed: int) -> None:
    async def main() -> list[Patient]:
        async with radio_home(tmp_path) as house, asyncio.TaskGroup() as group:
            local = house.clock.wall().astimezone(ZONE).replace(tzinfo=None)
            devices: list[Recorder] = [
                BloodPressureCuff(house.air, clock=DeviceClock(local)),
                BloodPressureCuff(
                    house.air, address="5C:31:3E:00:00:02", serial="5160100002", clock=DeviceClock(local)
                ),
                Scale(house.air, clock=DeviceClock(local)),
            ]
            house.start(group)
            chance = random.Random(seed)
            patients = [Patient(house, device, random.Random(chance.random())) for device in devices]
            for patient in patients:
                await house.adopt(patient.device)
                await patient.device.power_on()
                await patient.device.pairing_mode()
                await house.until(patient.device.pairing_finished.is_set, within=60)

            names = chance.choices(list(FAULTS), list(FAULTS.values()), k=SESSIONS)
            halves = [names[: SESSIONS // 2], names[SESSIONS // 2 :]]

            async def live(patient: Patient, own: list[str]) -> None:
                for fault in own:
                    await patient.session(fault)

            for half in halves:  # the gateway is restarted between them
                async with asyncio.TaskGroup() as lives:
                    for at, patient in enumerate(patients):
                        lives.create_task(live(patient, half[at :: len(patients)]))
                await house.stop()
                house.start(group)
            await asyncio.sleep(30)
            await house.stop()
            pressures, weights = await house.rows("blood-pressure"), await house.rows("weight")
            for patient in patients:
                rows = weights if isinstance(patient.device, Scale) else pressures
                own = {key: count for key, count in rows.items() if key[0].endswith(patient.device._serial)}
                assert len(own) == len(patient.sent), "each reading is there"
                assert set(own.values()) == {1}, "and once"
            assert sum(pressures.values()) + sum(weights.values()) == sum(len(one.sent) for one in patients)
        return patients

    patients: list[Patient] = run_virtual(main)
    assert sum(sum(patient.faults.values()) for patient in patients) == SESSIONS
    tries = [count for patient in patients for count in patient.tries_until_named]
    assert len(tries) >= SESSIONS // 40
    assert max(tries) <= 3
    assert {1, 3} <= set(tries), "known errors at once, a link that only ends at the third"
    struck = sum((patient.faults for patient in patients), Counter())
    records = sum(len(patient.sent) for patient in patients)
    connections = sum(patient.device.connections for patient in patients)
    print(f"{SESSIONS} sessions {dict(struck)}: {records} records over {connections} connections, tries {tries}")

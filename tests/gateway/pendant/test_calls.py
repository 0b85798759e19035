"""What a press comes to: on a real store, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import pytest

from device_drivers.readings import DeviceInformation, Pattern, Press
from device_drivers.virtual.broadcasters import Button
from device_drivers.virtual.radio import virtual_radio
from firmware_profiles import Catalogue, load
from firmware_profiles.schema import Meaning
from gateway.core.errors import StoreError
from gateway.core.faults import no_fault
from gateway.core.health import HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import Alert, AlertKind, Priority, State
from gateway.desk.machine import EPISODE_S
from gateway.desk.service import Desk
from gateway.ingest.ingest import Ingest
from gateway.ingest.intake import Intake, Listener
from gateway.ingest.received import KnownDevice
from gateway.pendant.calls import PART, HelpCalls
from gateway.radio.contracts import Severity
from gateway.store.alerts import SqliteAlertStore
from gateway.store.database import Database
from gateway.store.device_book import AssignedDevices
from gateway.store.device_memory import DeviceMemory
from gateway.store.press_notes import PressNotes
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from gateway.store.undecodable import UndecodableFrames
from tests.gateway.desk.words import ORIGIN
from tests.gateway.radio.room import HELSINKI, Book, Room
from tests.virtual_time import VirtualClock, run_virtual

ADDRESS = "7C:C6:B6:57:DA:84"
PENDANT = KnownDevice(
    address=ADDRESS,
    identity=f"address:{ADDRESS}",
    name="SBBT-002C",
    vendor="Shelly",
    model="BLU Button1",
    profile_id="shelly/blu-button1",
    record_identity="reception",
    information=DeviceInformation(),
    adapter="00:1B:DC:F0:00:01",
)


@dataclass
class Said(Listener):
    words: list[tuple[str, Severity]] = field(default_factory=list)

    def device(self, address: str, words: str, severity: Severity) -> None:
        self.words.append((words, severity))


@dataclass
class Home:
    clock: VirtualClock
    database: Database
    stamper: Stamper
    registry: Registry
    desk: Desk
    calls: HelpCalls
    said: Said
    health: HealthBoard

    async def press(self, pattern: Pattern = Pattern.PRESS, *, doubt: str | None = None, ago: float = 0.0) -> None:
        press = Press(pattern=pattern, doubt=doubt, raw=b"\x44", source="fcd2")
        await self.calls.press(PENDANT, press, self.clock.monotonic() - ago)

    async def give(self, name: str = "Aino", *, placement: str | None = None, shared: bool = False) -> Subject:
        resident = await self.registry.add_resident(name, actor="test")
        subject = Subject(type=SubjectType.RESIDENT, id=resident.id)
        await self.registry.assign(ADDRESS, subject, actor="test", placement=placement, shared=shared)
        return subject

    async def alerts(self) -> list[Alert]:
        return list(reversed(await self.desk.open_alerts()))

    async def audited(self) -> list[str]:
        return [row.action for row in await self.registry.audit() if row.actor == "gateway"]


@asynccontextmanager
async def home_in(folder: Path, *, catalogue: Catalogue | None = None) -> AsyncIterator[Home]:
    clock, health, said = VirtualClock(), HealthBoard(), Said()
    async with Database.open(folder / "huoma.db", clock=clock) as database:
        stamper = Stamper(ORIGIN, clock, boot_id="boot")
        registry = Registry(database, stamper)
        desk = Desk(store=SqliteAlertStore(database, stamper), clock=clock, origin=ORIGIN, fault=no_fault)
        calls = HelpCalls(
            desk=desk, registry=registry, notes=PressNotes(database, stamper), catalogue=catalogue or load(),
            clock=clock, health=health, origin=ORIGIN, say=said.device,
        )  # fmt: skip
        yield Home(clock, database, stamper, registry, desk, calls, said, health)


@pytest.mark.parametrize("pattern", [one for one in Pattern if one is not Pattern.LONG_TRIPLE_PRESS])
def test_a_press_is_a_call_for_help(tmp_path: Path, pattern: Pattern) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            subject = await home.give()
            pressed = home.clock.wall()
            await asyncio.sleep(0.5)
            await home.press(pattern, ago=0.5)
            (alert,) = await home.alerts()
            assert (alert.kind, alert.priority, alert.state) == (AlertKind.PRESS, Priority.HIGH, State.RAISED)
            assert alert.subject == subject
            assert alert.summary == "Help requested with the alarm pendant"
            assert alert.device_identity == PENDANT.identity
            assert abs((alert.raised_at - pressed).total_seconds()) < 0.01

    run_virtual(main)


def test_a_button_on_the_wall_says_where(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.give(placement="bathroom")
            await home.press()
            (alert,) = await home.alerts()
            assert alert.summary == "Help requested with the alarm button in the bathroom"

    run_virtual(main)


def test_pressing_on_is_a_witness_and_pressing_later_calls_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.give()
            await home.press()
            await home.press(Pattern.HOLD)
            (alert,) = await home.alerts()
            assert alert.witnesses == 2
            await home.desk.acknowledge(alert.id, "nurse")
            await home.press()  # the nurse is on the way
            assert [one.state for one in await home.alerts()] == [State.ACKNOWLEDGED]
            await asyncio.sleep(EPISODE_S + 1)
            await home.press()
            assert {one.state for one in await home.alerts()} == {State.ACKNOWLEDGED, State.RAISED}

    run_virtual(main)


def test_three_long_presses_are_a_test_and_calls_nobody(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.give()
            await home.press(Pattern.LONG_TRIPLE_PRESS)
            assert await home.alerts() == []
            assert home.said.words == [(f"SBBT-002C ({ADDRESS}): test call received, it works.", Severity.INFORMATION)]
            assert "it works" in home.health.parts()[PART].reason
            assert await home.audited() == ["pendant.test"]

    run_virtual(main)


def test_a_profile_says_what_a_press_means(tmp_path: Path) -> None:
    async def main() -> None:
        presses: Mapping[str, Meaning] = MappingProxyType(
            {"long-triple-press": "alert", "press": "ignore", "hold": "test"}
        )
        own = tuple(replace(one, presses=presses) if one.id == PENDANT.profile_id else one for one in load().profiles)
        async with home_in(tmp_path, catalogue=Catalogue(profiles=own)) as home:
            await home.give()
            await home.press(Pattern.PRESS)
            await home.press(Pattern.HOLD)
            assert await home.alerts() == []
            assert await home.audited() == ["pendant.test"]
            await home.press(Pattern.LONG_TRIPLE_PRESS)
            assert len(await home.alerts()) == 1

    run_virtual(main)


def test_a_shared_button_calls_for_the_home(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.give("Aino", shared=True)
            await home.give("Eino", shared=True)
            await home.press()
            (alert,) = await home.alerts()
            assert alert.subject == Subject(type=SubjectType.HOME, id=ORIGIN.home_id)

    run_virtual(main)


def test_a_button_that_was_taken_away_is_never_silence(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.give()
            await home.registry.unassign(ADDRESS, actor="test")
            await home.press()
            await home.press()
            (alert,) = await home.alerts()
            assert (alert.kind, alert.priority) == (AlertKind.TECHNICAL, Priority.HIGH)
            assert "belongs to nobody" in alert.summary
            assert alert.subject.type is SubjectType.HOME
            assert f"'huoma device assign {ADDRESS}'" in home.said.words[0][0]

    run_virtual(main)


def test_a_neighbours_button_is_a_sentence(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.press()
            await home.press(Pattern.LONG_TRIPLE_PRESS)
            await home.press(doubt="it was not encrypted as it should be")
            assert await home.alerts() == []
            assert await home.audited() == []
            ((words, severity),) = home.said.words
            assert "belongs to nobody" in words
            assert severity is Severity.INFORMATION

    run_virtual(main)


def test_a_press_that_cannot_be_believed_calls_a_person_as_technical(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            subject = await home.give()
            await home.press(doubt="its number is lower than one before")
            await home.press(doubt="its number is lower than one before")
            (alert,) = await home.alerts()
            assert (alert.kind, alert.priority, alert.subject) == (AlertKind.TECHNICAL, Priority.HIGH, subject)
            assert "its number is lower than one before" in alert.summary
            await home.press()  # a genuine one beside it
            assert {one.kind for one in await home.alerts()} == {AlertKind.TECHNICAL, AlertKind.PRESS}
            await home.press(Pattern.LONG_TRIPLE_PRESS, doubt="its number is lower than one before")
            assert "enter its bind key again" in home.said.words[-1][0]
            assert await home.audited() == []

    run_virtual(main)


def test_a_store_that_takes_nothing_raises(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home:
            await home.give()
        with pytest.raises(StoreError):
            await home.press()

    run_virtual(main)


def test_from_the_button_to_the_alert_within_a_second_over_the_air(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path) as home, virtual_radio() as air:
            await home.give()
            memory = DeviceMemory(home.database, home.stamper)
            intake = Intake(
                ingest=Ingest(home.database, home.stamper, clock=home.clock, zone=HELSINKI),
                frames=UndecodableFrames(home.database, home.stamper), motion=lambda *_: None,
                press=home.calls.press, listener=home.said, clock=home.clock,
            )  # fmt: skip
            room = Room(air=air, dongle=air.dongle(), book=Book(()), keys=tmp_path / "bonds.json", clock=home.clock)
            room.book = AssignedDevices(home.registry, memory)  # type: ignore[assignment]
            room.heard = intake  # type: ignore[assignment]
            key = bytes(range(16))
            entered = {"bind-key": key.hex(), "replay-counter": "", "key-entered": "1"}
            await memory.enter(ADDRESS, entered, actor="test", action="device.key")
            pendant = Button(air, address=ADDRESS, bind_key=key, counts_repeats=True)
            await pendant.power_on()
            async with room.running():
                await asyncio.sleep(3)
                recorded = await pendant.press()
                await asyncio.sleep(0.9)
                (alert,) = await home.alerts()
                assert alert.summary == "Help requested with the alarm pendant"
                await asyncio.sleep(10)
                await pendant.burst(recorded)
                await asyncio.sleep(10)
                ((same),) = await home.alerts()
                assert same.witnesses == 1
                assert (await memory.of(ADDRESS))["replay-counter"] != ""
            assert key.hex() not in str(home.said.words)

    run_virtual(main)

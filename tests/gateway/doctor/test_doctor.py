"""What is seen of a home: adapters, devices, bonds of nobody, an adapter that was replaced."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from device_drivers.broadcasts import BROADCASTS
from device_drivers.readings import DeviceInformation
from firmware_profiles import load
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.doctor import Doctor, Finding, Grade, Machine
from gateway.doctor.machine import BlueZTrouble
from gateway.ingest.received import KnownDevice
from gateway.radio.adapters.station import AdapterState
from gateway.radio.seen import Seen
from gateway.store.database import Database
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from tests.virtual_time import VirtualClock

CUFF, STRANGER, STRAP = "5C:31:3E:5D:3F:1A", "5C:31:3E:00:00:01", "A0:9E:1A:8A:2F:3C"
HERE, BEFORE = "00:1B:DC:F0:00:01", "00:1B:DC:F0:00:99"
AINO = Subject(type=SubjectType.ROOM, id="kitchen")


@dataclass
class Radio:
    bonded: list[str] = field(default_factory=list)
    heard: list[Seen] = field(default_factory=list)
    state: str = "listening"
    problems: list[str] = field(default_factory=list)

    def seen(self) -> Sequence[Seen]:
        return self.heard

    def adapters(self) -> Sequence[AdapterState]:
        return [AdapterState(name="hci0", address=HERE, state=self.state, links=1)]

    async def bonds(self) -> Mapping[str, Collection[str]]:
        return {"hci0": self.bonded}

    def device_problems(self) -> Sequence[str]:
        return self.problems


def device(
    address: str = CUFF, *, adapter: str = HERE, battery: int | None = 66, model: str = "UA-651BLE"
) -> KnownDevice:
    profile = {"UA-651BLE": "a-and-d/ua-651ble", "H10": "polar/h10"}[model]
    return KnownDevice(
        address=address, identity=f"serial:x:{address}", name=None, vendor="A&D", model=model, profile_id=profile,
        record_identity="device-time", information=DeviceInformation(battery_percent=battery), adapter=adapter,
    )  # fmt: skip


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def radio() -> Radio:
    return Radio()


@pytest.fixture
async def doctor(tmp_path: Path, radio: Radio, clock: VirtualClock) -> AsyncIterator[Doctor]:
    async def nobody() -> None:
        raise BlueZTrouble("absent")

    async def run(_command: tuple[str, ...]) -> str | None:
        return None

    async with Database.open(tmp_path / "home.db", clock=clock) as database:
        stamper = Stamper(Origin(organisation_id="o", home_id="h", gateway_id="g"), clock, boot_id="b")
        yield Doctor(
            machine=Machine(through_bluez=False, ask_bluez=nobody, run=run),
            registry=Registry(database, stamper),
            notes=PairingNotes(database, stamper),
            catalogue=load(),
            clock=clock,
            health=HealthBoard(),
            data_dir=tmp_path,
            broadcast=BROADCASTS.keys(),
            radio=radio,
        )


async def about(doctor: Doctor, what: str) -> list[Finding]:
    return [one for one in await doctor.look() if one.about == what]


async def test_a_home_that_is_well(doctor: Doctor, radio: Radio, clock: VirtualClock) -> None:
    await doctor.registry.seen(device())
    await doctor.registry.assign(CUFF, AINO, actor="t")
    radio.bonded.append(CUFF)
    radio.heard.append(
        Seen(
            address=CUFF, name=None, model="A&D UA-651BLE", profile_id=None, rssi=-60, state="heard",
            heard_monotonic=clock.monotonic() - 5,
        )
    )  # fmt: skip
    findings = await doctor.look()
    assert {one.grade for one in findings} == {Grade.OK}, findings
    words = " ".join(one.words for one in findings)
    assert f"hci0 ({HERE}) listens; 1 of 7 connections are in use." in words
    assert f"A&D UA-651BLE ({CUFF}): read 0 s ago, heard 5 s ago at -60 dBm." in words


async def test_devices_that_need_somebody(doctor: Doctor, radio: Radio, clock: VirtualClock) -> None:
    await doctor.registry.assign(STRANGER, AINO, actor="t")
    await doctor.registry.seen(device(battery=10))
    await doctor.registry.assign(CUFF, AINO, actor="t")
    said = {one.words: one.advice for one in await about(doctor, "device")}
    assert any("was never read" in words for words in said)
    assert any("battery 10 %" in words and "batteries" in advice for words, advice in said.items())
    clock.step(timedelta(days=5))
    await doctor.registry.seen(replace(device(), information=DeviceInformation(battery_percent=90)))
    clock.step(timedelta(days=5))
    assert any("read 5 days ago" in one.words and one.grade is Grade.WARN for one in await about(doctor, "device"))


async def test_a_device_assigned_by_address_before_its_first_reading(doctor: Doctor) -> None:
    await doctor.registry.assign(CUFF, AINO, actor="t")
    await doctor.registry.seen(device(battery=10, adapter=BEFORE))
    (found,) = await about(doctor, "device")
    assert "was never read" not in found.words
    assert "battery 10 %" in found.words
    (bond,) = await about(doctor, "bond")
    assert f"was paired with the adapter {BEFORE}, which is gone" in bond.words
    await doctor.registry.seen(replace(device(battery=90), identity=f"address:{CUFF}"))
    (found,) = await about(doctor, "device")
    assert "battery" not in found.words, "of two under one address the one read last counts"


async def test_a_device_that_calls_and_gives_nothing(doctor: Doctor, radio: Radio, clock: VirtualClock) -> None:
    await doctor.registry.seen(device())
    await doctor.registry.assign(CUFF, AINO, actor="t")
    radio.bonded.append(CUFF)
    clock.step(timedelta(days=5))
    now = clock.monotonic()
    heard = Seen(
        address=CUFF, name=None, model="A&D UA-651BLE", profile_id=None, rssi=-60, state="heard",
        heard_monotonic=now - 5, last_useful_monotonic=now - 5,
    )  # fmt: skip
    radio.heard[:] = [heard]
    (found,) = await about(doctor, "device")
    assert (found.grade, "heard 5 s ago" in found.words) == (Grade.WARN, True)
    assert "it is heard, and has given nothing for 5 days" in found.words
    assert f"'huoma pair --address {CUFF}'" in found.advice
    radio.heard[:] = [replace(heard, heard_monotonic=now - 5 * 86_400, last_useful_monotonic=None)]
    (found,) = await about(doctor, "device")
    assert (found.grade, "is it used?" in found.advice) == (Grade.WARN, True)
    radio.heard[:] = [replace(heard, state="in session")]
    assert (await about(doctor, "device"))[0].grade is Grade.OK, "a strap that streams motion"
    radio.heard[:] = [heard]
    by_advert = replace(doctor, broadcast=["sig"])  # as a button: what it advertises is what it gives
    assert (await about(by_advert, "device"))[0].grade is Grade.OK


async def test_a_bond_of_nobody(doctor: Doctor, radio: Radio) -> None:
    radio.bonded.append(STRANGER)
    (found,) = await about(doctor, "bond")
    assert (found.grade, f"'huoma unpair {STRANGER}'" in found.advice) == (Grade.WARN, True)


async def test_what_the_radio_says_of_its_devices(doctor: Doctor, radio: Radio) -> None:
    radio.problems.append("UA-651BLE: it does not know our key any more. Pair it again.")
    doctor.health.report("radio", Colour.AMBER, radio.problems[0])
    well, stale = await about(doctor, "radio")
    assert (well.grade, stale.grade, stale.words) == (Grade.OK, Grade.WARN, radio.problems[0])
    assert "what to mend" in stale.advice


async def test_an_adapter_that_was_replaced(doctor: Doctor, radio: Radio) -> None:
    await doctor.registry.seen(device(adapter=BEFORE))
    await doctor.registry.assign(CUFF, AINO, actor="t")
    await doctor.registry.seen(device(STRAP, adapter=BEFORE, model="H10"))
    await doctor.registry.assign(STRAP, AINO, actor="t")
    await doctor.notes.keep(
        PairingRow(
            id="p", actor="t", resident_id="r", language="en", started_at=doctor.clock.wall(), address=STRAP,
            outcome="ready", found={"bond": "none"},
        )
    )  # fmt: skip
    (found,) = await about(doctor, "bond")
    assert found.grade is Grade.FAIL
    assert CUFF in found.words, "the strap needs no bond"
    assert BEFORE in found.words
    assert found.advice == f"pair it again: 'huoma pair --address {CUFF}'."
    radio.bonded.append(CUFF)
    assert await about(doctor, "bond") == []


async def test_what_is_on_a_wire_needs_no_bond(doctor: Doctor) -> None:
    radar = replace(device(adapter="/dev/serial/by-id/usb-radar"), address="port:usb-radar", identity="port:usb-radar")
    await doctor.registry.seen(radar)
    await doctor.registry.assign("port:usb-radar", AINO, actor="t")
    (found,) = await about(doctor, "device")
    assert found.grade is Grade.OK
    assert await about(doctor, "bond") == []


async def test_radio_clock_parts_and_disk(
    doctor: Doctor, radio: Radio, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    radio.state = "not there: plug it in"
    clock.is_synchronised = False
    doctor.health.report("delivery:fhir", Colour.RED, "The receiver refuses: correct the token.")
    doctor.health.report("desk", Colour.GREEN, "well")
    findings = {one.about: one for one in await doctor.look()}
    assert findings["radio"].grade is Grade.FAIL
    assert "timedatectl" in findings["clock"].advice
    assert findings["delivery:fhir"].grade is Grade.FAIL
    assert "desk" not in findings
    monkeypatch.setattr("gateway.doctor.doctor.DISK_FULL_BYTES", 1 << 62)
    assert (await about(doctor, "disk"))[0].grade is Grade.FAIL


async def test_without_a_gateway(doctor: Doctor) -> None:
    alone = replace(doctor, radio=None, running=False)
    findings = {one.about: one for one in await alone.look()}
    assert findings["gateway"].grade is Grade.WARN
    assert "radio" not in findings

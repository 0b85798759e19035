"""Residents, devices, and whose they are at which moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from device_drivers.readings import DeviceInformation
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.received import ClockMeasurement, KnownDevice
from gateway.store.assignments import Measured, keys_of, who_had
from gateway.store.database import Database
from gateway.store.registry import Registry
from gateway.store.stamp import Stamp, Stamper
from tests.virtual_time import VirtualClock

ADDRESS = "AA:BB:CC:00:00:01"
AINO = Subject(type=SubjectType.RESIDENT, id="aino")
BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")
KITCHEN = Subject(type=SubjectType.ROOM, id="kitchen")


def cuff(*, serial: str | None = "123", firmware: str | None = None) -> KnownDevice:
    identity = f"serial:a-and-d:{serial}" if serial else f"address:{ADDRESS}"
    return KnownDevice(
        address=ADDRESS, identity=identity, name="A&D_UA", vendor="A&D", model="UA-651BLE",
        profile_id="a-and-d/ua-651ble",
        record_identity="device-time", information=DeviceInformation(serial=serial, firmware=firmware), adapter="hci0",
    )  # fmt: skip


@pytest.fixture
async def two(registry: Registry) -> None:
    await registry.add_resident("Aino", actor="t", resident_id="aino", room_id="r1")
    await registry.add_resident("Bertta", actor="t", resident_id="bertta")


async def test_residents(registry: Registry, two: None) -> None:
    assert [one.name for one in await registry.residents()] == ["Aino", "Bertta"]
    assert (await registry.resident("Bertta")).id == "bertta"
    assert (await registry.resident("aino")).room_id == "r1"
    with pytest.raises(NotFound, match="no resident Cecilia"):
        await registry.resident("Cecilia")
    with pytest.raises(Conflict):
        await registry.add_resident("Another", actor="t", resident_id="aino")
    with pytest.raises(Invalid):
        await registry.add_resident(" ", actor="t")
    minted = await registry.add_resident("Aino", actor="t")
    with pytest.raises(NotFound, match="2 residents are called Aino"):
        await registry.resident("Aino")
    assert minted.id not in ("aino", "bertta")


async def test_a_device_is_kept_as_last_seen_and_silence_unsays_nothing(registry: Registry) -> None:
    await registry.seen(cuff(firmware="1.0"))
    await registry.seen(cuff(firmware=None))
    (row,) = await registry.devices()
    assert (row.identity, row.firmware, row.serial) == ("serial:a-and-d:123", "1.0", "123")


async def test_clock_offsets_are_a_series(registry: Registry, clock: VirtualClock) -> None:
    at = clock.wall()
    for day, offset in enumerate((12.0, 13.5, -3600.0)):
        when = at + timedelta(days=day)
        measured = ClockMeasurement(offset_s=offset, uncertainty_s=1.0, measured_at=when, was_set=day == 2)
        await registry.seen(cuff(), measured)
        await registry.seen(cuff(), measured)  # said again with the next record of the same connection
    series = await registry.clock_offsets("serial:a-and-d:123")
    assert [(one.offset_s, one.was_set) for one in series] == [(12.0, False), (13.5, False), (-3600.0, True)]


async def test_assigning_ends_the_assignment_before(registry: Registry, clock: VirtualClock, two: None) -> None:
    await registry.assign(ADDRESS.lower(), AINO, actor="t", placement="chest")
    assert await registry.who_has(ADDRESS) == AINO
    begun = clock.wall()
    await clock.sleep(0.01)
    await registry.assign(ADDRESS, BERTTA, actor="t")
    assert await registry.who_has(ADDRESS) == BERTTA
    first, second = await registry.assigned(ADDRESS, only_open=False)
    assert (first.subject, first.placement, second.subject) == (AINO, "chest", BERTTA)
    assert first.valid_to == second.valid_from
    assert await registry.who_has(ADDRESS, at=begun) == AINO
    assert await registry.who_has(ADDRESS, at=begun - timedelta(days=1)) is None
    assert await registry.unassign(ADDRESS, actor="t") == 1
    assert await registry.who_has(ADDRESS) is None
    assert await registry.assigned() == []


async def test_an_assignment_by_address_holds_when_the_device_gets_its_name(registry: Registry, two: None) -> None:
    await registry.assign(ADDRESS, AINO, actor="t")
    await registry.seen(cuff())
    assert await registry.who_has("serial:a-and-d:123") == AINO
    again = await registry.assign("serial:a-and-d:123", BERTTA, actor="t")
    assert again.device_identity == "serial:a-and-d:123"
    assert await registry.who_has(ADDRESS) == BERTTA
    assert len(await registry.assigned()) == 1


async def test_user_slots(registry: Registry, two: None) -> None:
    await registry.assign(ADDRESS, AINO, actor="t", user_slot=1)
    await registry.assign(ADDRESS, BERTTA, actor="t", user_slot=2)
    assert await registry.who_has(ADDRESS, user_slot=1) == AINO
    assert await registry.who_has(ADDRESS, user_slot=2) == BERTTA
    assert await registry.who_has(ADDRESS, user_slot=3) is None
    assert await registry.who_has(ADDRESS) is None  # no slot said: neither is meant
    await registry.assign(ADDRESS, KITCHEN, actor="t")
    assert await registry.who_has(ADDRESS, user_slot=1) == KITCHEN


async def test_refusals(registry: Registry, clock: VirtualClock) -> None:
    with pytest.raises(NotFound, match="huoma resident add"):
        await registry.assign(ADDRESS, AINO, actor="t")
    with pytest.raises(Invalid):
        await registry.assign(ADDRESS, KITCHEN, actor="t", since=clock.wall() + timedelta(days=1))
    assert await registry.assigned() == []
    assert await registry.audit() == []  # what was undone is not in the audit either


async def test_changes_are_audited_and_the_audit_cannot_be_changed(
    registry: Registry, database: Database, two: None
) -> None:
    await registry.assign(ADDRESS, AINO, actor="teppo", placement="chest")
    newest = (await registry.audit())[0]
    assert (newest.actor, newest.action, newest.target) == ("teppo", "device.assign", f"address:{ADDRESS}")
    assert '"subject":"resident/aino"' in newest.detail
    for sql in ("DELETE FROM audit", "UPDATE audit SET actor = 'x'"):
        with pytest.raises(Exception, match="append-only"):
            await database.write(lambda connection, sql=sql: connection.execute(sql))  # type: ignore[misc]
    assert len(await registry.audit()) == 3


class TestWhoseAcrossClockSteps:
    """A step of the wall clock moves no reading to somebody else."""

    async def who(self, database: Database, stamp: Stamp, age_s: float | None) -> Subject | None:
        measured = Measured(received=stamp, age_s=age_s, uncertainty_s=0.0)
        return await database.read(lambda c: who_had(c, keys_of(c, ADDRESS), None, measured))

    async def test_within_a_boot_the_monotonic_clock_decides(
        self, registry: Registry, database: Database, stamper: Stamper, clock: VirtualClock, two: None
    ) -> None:
        await registry.assign(ADDRESS, AINO, actor="t", since=clock.wall() - timedelta(days=1))
        await registry.assign(ADDRESS, BERTTA, actor="t")
        now, wall = clock.monotonic(), clock.wall()
        for years in (0, -56, 10):
            later = stamper.at(wall + timedelta(days=365 * years), now + 600, synchronised=True)
            assert await self.who(database, later, 60.0) == BERTTA
            assert await self.who(database, later, 500.0) == BERTTA
        at = stamper.at(wall + timedelta(seconds=600), now + 600, synchronised=True)
        assert await self.who(database, at, 700.0) == AINO

    async def test_after_a_boot_in_1970_the_present_assignment_holds(
        self, registry: Registry, database: Database, clock: VirtualClock, two: None
    ) -> None:
        await registry.assign(ADDRESS, AINO, actor="t")
        await registry.assign(ADDRESS, BERTTA, actor="t")
        reborn = Stamper(registry._stamper.origin, clock, boot_id="boot-2")
        epoch = clock.wall().replace(year=1970)
        stamp = reborn.at(epoch, 5.0, synchronised=False)
        assert await self.who(database, stamp, None) == BERTTA
        assert await self.who(database, stamp, 60.0) == BERTTA

    async def test_an_assignment_made_while_the_clock_was_wrong_holds_later(
        self, registry: Registry, database: Database, clock: VirtualClock, two: None
    ) -> None:
        right = clock.wall()
        clock.step(timedelta(days=3650))
        clock.is_synchronised = False
        await registry.assign(ADDRESS, AINO, actor="t")
        reborn = Stamper(registry._stamper.origin, clock, boot_id="boot-2")
        assert await self.who(database, reborn.at(right + timedelta(hours=1), 50.0, synchronised=True), 60.0) == AINO


async def test_one_assignment_ends_and_the_other_of_the_device_goes_on(registry: Registry, two: None) -> None:
    first = await registry.assign(ADDRESS, AINO, actor="t", user_slot=1)
    other = await registry.assign(ADDRESS, BERTTA, actor="t", user_slot=2)
    assert await registry.end_assignment(first.id, actor="t")
    assert not await registry.end_assignment(first.id, actor="t")
    assert [one.id for one in await registry.assigned(ADDRESS)] == [other.id]

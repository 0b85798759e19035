"""Looking into the store: after a position, by resident, the latest of each kind."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.received import Received
from gateway.store.readings import Readings
from tests.reliability.home import RESIDENT, home, weight
from tests.virtual_time import EPOCH, VirtualClock


async def test_after_a_position_in_the_order_of_commits(tmp_path: Path) -> None:
    clock = VirtualClock()
    clock.step(EPOCH - clock.wall())
    async with home(tmp_path / "home.db", clock) as it:
        await it.move_in()
        readings = Readings(it.database)
        assert await readings.last_seq() == 0
        assert await readings.of_resident(RESIDENT.id) == []
        await it.ingest.accept_many([weight(number, clock) for number in range(10)])
        everything = await readings.of_resident(RESIDENT.id)
        assert [row.seq for row in everything] == list(range(1, 11))
        assert [row.values["weight"] for row in everything] == [60.0 + n / 10 for n in range(10)]
        assert await readings.of_resident(RESIDENT.id, after_seq=7) == everything[7:]
        assert await readings.of_resident(RESIDENT.id, after_seq=2, limit=3) == everything[2:5]
        assert await readings.of_resident("somebody else") == []
        assert await readings.after(9) == everything[9:]
        assert await readings.last_seq() == 10


async def test_the_latest_of_each_kind_leaves_failed_ones_out(tmp_path: Path) -> None:
    clock = VirtualClock()
    clock.step(EPOCH - clock.wall())
    async with home(tmp_path / "home.db", clock) as it:
        await it.move_in()
        good, failed = weight(1, clock), weight(2, clock)
        failed = dataclasses.replace(failed, reading=dataclasses.replace(failed.reading, values={}))
        temperature = weight(3, clock)
        reading = dataclasses.replace(
            temperature.reading, kind=Kind.BODY_TEMPERATURE, values={Quantity.TEMPERATURE: 36.6}
        )
        await it.ingest.accept_many([good, weight(0, clock), dataclasses.replace(temperature, reading=reading), failed])
        latest = await Readings(it.database).latest(RESIDENT.id)
        assert [(row.kind, row.values) for row in latest] == [
            ("weight", {"weight": 60.0}), ("body-temperature", {"temperature": 36.6}),
        ]  # fmt: skip
        assert await Readings(it.database).unassigned() == {}


def spot(number: int, clock: VirtualClock, *, source: str = "2a9d", failed: bool = False) -> Received:
    made = weight(number, clock)
    reading = dataclasses.replace(made.reading, source=source)
    if failed:
        reading = dataclasses.replace(
            reading, values={}, missing={Quantity.WEIGHT: Missing.MEASUREMENT_FAILED}
        )  # fmt: skip
    return dataclasses.replace(made, reading=reading)


async def test_single_measurements_of_some_kinds_and_up_to_where_that_is_all(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with home(tmp_path / "home.db", clock) as it:
        await it.move_in()
        readings = Readings(it.database)
        assert await readings.single_after(0, [Kind.WEIGHT]) == ([], 0)
        await it.ingest.accept_many([spot(n, clock, source="2a37" if n % 2 else "2a9d") for n in range(6)])
        rows, position = await readings.single_after(0, [Kind.WEIGHT])
        assert ([row.seq for row in rows], position) == ([1, 3, 5], 6)
        assert await readings.single_after(5, [Kind.WEIGHT]) == ([], 6)
        assert await readings.single_after(0, [Kind.GLUCOSE, Kind.BLOOD_PRESSURE]) == ([], 6)
        rows, position = await readings.single_after(0, [Kind.WEIGHT], limit=2)
        assert ([row.seq for row in rows], position) == ([1, 3], 3)  # the rest comes with the next call


async def test_the_newest_of_a_kind_with_the_failed_ones_in_the_order_of_commits(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with home(tmp_path / "home.db", clock) as it:
        await it.move_in()
        readings = Readings(it.database)
        await it.ingest.accept_many([spot(n, clock, failed=n in (1, 4), source="other") for n in range(8)])
        await it.ingest.accept_many([spot(n, clock, source="2a5f") for n in range(9, 15)])
        found = await readings.newest(RESIDENT.id, Kind.WEIGHT, limit=4)
        assert [row.seq for row in found if row.failed] == [2, 5]
        assert [row.seq for row in found if not row.failed] == [4, 6, 7, 8]
        assert await readings.newest("bertta", Kind.WEIGHT, limit=4) == []
        assert await readings.one(found[0].id) == found[0]
        assert await readings.one("no such reading") is None


async def test_what_has_become_somebody_elses_in_the_order_in_which_it_did(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with home(tmp_path / "home.db", clock) as it:
        await it.move_in()
        await it.registry.add_resident("Bertta", actor="test", resident_id="bertta")
        bertta = Subject(type=SubjectType.RESIDENT, id="bertta")
        readings = Readings(it.database)
        await it.ingest.accept_many([spot(n, clock) for n in range(4)])
        assert (await readings.moved_after(0), await readings.last_move()) == ([], 0)
        ids = [row.id for row in await readings.after()]
        await it.decisions.reassign(ids[2], bertta, actor="nurse")
        await it.decisions.reassign(ids[0], None, actor="nurse")
        await it.decisions.assign(ids[0], bertta, actor="nurse")
        moved = await readings.moved_after(0)
        assert [one.position for one in moved] == [1, 2, 3] == list(range(1, await readings.last_move() + 1))
        assert [(one.row.seq, one.from_id) for one in moved] == [(3, RESIDENT.id), (1, RESIDENT.id), (1, None)]
        assert [one.row.subject for one in moved] == [bertta, bertta, bertta]
        assert [one.position for one in await readings.moved_after(1, limit=1)] == [2]

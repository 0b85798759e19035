"""Looking into the store: after a position, by resident, the latest of each kind."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from device_drivers.nomenclature import Kind, Quantity
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

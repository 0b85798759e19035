"""A stream between two measurements hides neither of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Reading
from gateway.ingest.received import Received
from gateway.ingest.streams import STREAMS
from tests.gateway.vitals.ward import OXIMETER, Ward, at, virtual, ward
from tests.reliability.home import RESIDENT


async def streamed(it: Ward, seconds: int) -> None:
    """Continuous oximetry, a value each second."""
    rows = []
    for _ in range(seconds):
        await asyncio.sleep(1)
        values = {Quantity.SPO2: 95.0, Quantity.PULSE_RATE: 60.0}
        reading = Reading(kind=Kind.OXYGEN_SATURATION, values=values, raw=b"", source="2a5f")
        rows.append(
            Received(
                device=replace(OXIMETER, record_identity="reception"), reading=reading, clock=None,
                received_at=it.clock.wall(), received_monotonic=it.clock.monotonic(), synchronised=True,
            )
        )  # fmt: skip
    for begin in range(0, seconds, 100):
        await it.ingest.accept_many(rows[begin : begin + 100])


@pytest.mark.slow
@virtual
async def test_two_low_saturations_with_a_stream_between_are_two_in_a_row(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.saturation(90)
        await streamed(it, 450)
        await it.saturation(90)
        assert len(await it.readings.newest(RESIDENT.id, Kind.OXYGEN_SATURATION, limit=2)) == 2
        assert await it.open_conditions() == ["saturation-low"]


@virtual
async def test_a_month_of_a_stream_is_not_read_through_for_them(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8), watch=False) as it:
        sources = ", ".join(f"'{source}'" for source in sorted(STREAMS))
        sql = (
            "EXPLAIN QUERY PLAN SELECT seq FROM readings WHERE subject_id = 'a' AND kind = 'b' AND failed = 0 "
            f"AND source NOT IN ({sources}) ORDER BY seq DESC LIMIT 400"
        )
        (step,) = await it.database.read(lambda connection: list(connection.execute(sql)))
        assert "USING INDEX readings_single" in step[3]

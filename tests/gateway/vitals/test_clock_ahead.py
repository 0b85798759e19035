"""A device whose clock is ahead, behind or at no time at all is judged by when its measurements came."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from device_drivers.nomenclature import Kind, Quantity
from gateway.desk.events import Priority
from gateway.ingest.effective import FACTORY_DATE, FUTURE
from gateway.store.readings import ReadingRow
from gateway.vitals.usable import arrays, moments
from tests.gateway.vitals.test_usable import AT, ZONE, row
from tests.gateway.vitals.ward import OXIMETER, at, virtual, ward

AHEAD = timedelta(hours=1)


def ahead(
    seq: int, *, ago: timedelta = timedelta(0), came: timedelta = timedelta(0), by: timedelta = AHEAD
) -> ReadingRow:
    """Measured `ago` before it came, by a clock that is ahead."""
    received_at = AT + came
    return row(
        seq=seq, id=f"r-{seq}", received_at=received_at, effective_at=received_at - ago + by, doubtful=(FUTURE,)
    )  # fmt: skip


def unknown(seq: int, *, came: timedelta = timedelta(0), **changes: Any) -> ReadingRow:
    return row(
        seq=seq, id=f"r-{seq}", received_at=AT + came, effective_at=None, effective_source="unknown",
        doubtful=(FACTORY_DATE,), **changes,
    )  # fmt: skip


def test_one_alone_was_measured_when_it_came() -> None:
    assert moments([ahead(1)]) == [AT]
    assert arrays([ahead(1)], (Quantity.SYSTOLIC,), ZONE).usable.all()


def test_of_a_memory_the_newest_was_and_the_others_are_as_far_from_it_as_they_say() -> None:
    day = timedelta(days=1)
    clock = timedelta(days=9)
    rows = [ahead(1, ago=2 * day, by=clock), ahead(2, ago=day, came=timedelta(seconds=1), by=clock),
            ahead(3, came=timedelta(seconds=2), by=clock)]  # fmt: skip
    last = AT + timedelta(seconds=2)
    assert moments(rows)[2] == last
    first, second, _ = moments(rows)
    assert first is not None
    assert second is not None
    assert abs(first - (last - 2 * day)) <= timedelta(seconds=2)
    assert abs(second - (last - day)) <= timedelta(seconds=2)


def test_what_would_be_years_older_than_the_newest_has_no_time() -> None:
    years = timedelta(days=3650)
    assert moments([ahead(1, ago=years, by=2 * years), ahead(2, by=2 * years)]) == [None, AT]


def test_each_connection_and_each_device_has_its_own_newest() -> None:
    later = timedelta(minutes=5)
    rows = [ahead(1), replace(ahead(2, by=timedelta(days=40)), device_identity="serial:b:1"), ahead(3, came=later)]
    assert moments(rows) == [AT, AT, AT + later]


def test_a_stamp_that_can_be_true_is_not_moved_for_anothers() -> None:
    assert moments([row(effective_at=AT - timedelta(minutes=10)), ahead(2)]) == [AT - timedelta(minutes=10), AT]


def test_of_unknown_times_the_newest_is_of_now_where_that_is_asked_for_and_nowhere_else() -> None:
    rows = [unknown(1), unknown(2, came=timedelta(seconds=1)), unknown(3, came=timedelta(seconds=2), failed=True)]
    assert moments(rows) == [None, None, None]
    assert moments(rows, unknown_is_now=True) == [None, AT + timedelta(seconds=1), None]


@pytest.mark.parametrize("by", [timedelta(minutes=3), AHEAD, timedelta(days=4000)], ids=str)
def test_an_oximeter_that_is_ahead_calls(tmp_path: Path, by: timedelta) -> None:
    @virtual
    async def story(path: Path) -> None:
        async with ward(path, at(2026, 3, 2, 3)) as it:
            await it.saturation(72, ago=-by)
            alert = await it.only("saturation-low")
            assert alert.priority is Priority.HIGH
            assert alert.summary.endswith("have it measured again; the device's clock is ahead")
            await asyncio.sleep(600)
            await it.saturation(72, ago=-by)
            alert = await it.only("saturation-low")
            assert "twice in a row" in (await it.desk.store.history(alert.id))[-1].data["summary"]

    story(tmp_path)


@virtual
async def test_a_memory_of_an_oximeter_that_is_ahead_is_judged_by_its_newest(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        for hours, percent in ((50, 72), (26, 71), (1, 97)):
            await it.saturation(percent, ago=timedelta(hours=hours, days=-90), settle=False)
        await asyncio.sleep(5)
        assert await it.open_conditions() == []
        for hours, percent in ((3, 97), (1, 72)):
            await asyncio.sleep(1)
            await it.saturation(percent, ago=timedelta(hours=hours, days=-90), settle=False)
        await asyncio.sleep(5)
        assert await it.open_conditions() == ["saturation-low"]


def behind(seq: int, came: timedelta, age: timedelta, **changes: Any) -> ReadingRow:
    return row(seq=seq, id=f"r-{seq}", received_at=AT + came, effective_at=AT + came - age, **changes)


def test_what_comes_again_as_old_as_before_is_of_now() -> None:
    days, later = timedelta(days=2), timedelta(minutes=10)
    rows = [behind(1, timedelta(0), days), behind(2, later, days + timedelta(seconds=50))]
    assert moments(rows) == [AT - days, AT + later]


@pytest.mark.parametrize(
    "changes",
    [{"offset_s": 0.0}, {"doubtful": ("gateway-clock-unsynchronised",)}, {"device_identity": "serial:b:1"}],
    ids=str,
)
def test_but_not_by_a_clock_that_was_measured_nor_by_ours_nor_by_anothers(changes: dict[str, Any]) -> None:
    days, later = timedelta(days=2), timedelta(minutes=10)
    rows = [behind(1, timedelta(0), days, **changes), behind(2, later, days)]
    assert moments(rows)[1] == AT + later - days


def test_what_waited_in_a_memory_is_as_old_as_it_says() -> None:
    ages = [timedelta(hours=hours) for hours in (60, 48, 36)]
    second = timedelta(seconds=1)
    rows = [behind(1, timedelta(0), timedelta(hours=20))]
    rows += [behind(2 + number, timedelta(days=1) + number * second, age) for number, age in enumerate(ages)]
    assert moments(rows) == [one.effective_at for one in rows]


@virtual
async def test_an_oximeter_two_days_behind_calls_when_it_is_known_to_be(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.saturation(72, ago=timedelta(days=2))
        await asyncio.sleep(600)
        await it.saturation(72, ago=timedelta(days=2))
        assert (await it.only("saturation-low")).priority is Priority.HIGH


@virtual
async def test_an_oximeter_at_its_factory_date_calls(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.saturation(72, ago=timedelta(days=9000))
        assert (await it.only("saturation-low")).summary.endswith("; when it was measured is not known")


@virtual
async def test_water_on_a_scale_that_is_ahead(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await it.plan(weight_gain=True)
        for kilos in (72.0, 72.3, 73.0, 74.4):
            await it.until(7)
            await it.weight(kilos, ago=-AHEAD)
        assert (await it.only("weight-gain")).summary == (
            "Weight up by 2.4 kg in 3 days, to 74.4 kg (limit 2 kg in 3 days); the device's clock is ahead"
        )


@virtual
async def test_a_very_high_pressure_of_a_cuff_that_is_ahead_says_so(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.pressure(225, 130, ago=-AHEAD)
        assert (await it.only("pressure-crisis")).summary == (
            "Blood pressure 225/130 mmHg received at 08:00 (the device's clock is ahead): have it repeated "
            "(nobody else is asked)"
        )


@virtual
async def test_a_doubt_about_the_number_stays_one(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        for flags in (("no-finger",), ("weak-signal",)):
            values = {Quantity.SPO2: 72.0}
            await it.measured(OXIMETER, Kind.OXYGEN_SATURATION, values, ago=-AHEAD, flags=flags)
            await asyncio.sleep(120)
        assert await it.open_conditions() == []

"""A backlog with a clock that was reset in between, through ingest and store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.ingest.effective import CLOCK_WAS_RESET
from gateway.ingest.ingest import Duplicate
from tests.gateway.ingest.conftest import CUFF, Gateway, pressure

# The virtual now is 2026-03-01 10:00 at home. The battery was changed yesterday: the cuff says 2010-01-02 10:00.
BEHIND = datetime(2010, 1, 2, 10) - datetime(2026, 3, 1, 10)  # noqa: DTZ001  # a device's clock has no zone


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def transfer(gateway: Gateway, *stamps: str, sequences: bool = False, offset: timedelta = BEHIND) -> None:
    clock = gateway.offset(offset.total_seconds())
    for number, stamp in enumerate(stamps):
        reading = pressure(local(stamp), 100.0 + number, sequence=number if sequences else None)
        await gateway.ingest.accept(gateway.received(CUFF, reading, clock))


async def times(gateway: Gateway) -> list[str | None]:
    return [
        None if row.effective_at is None else row.effective_at.strftime("%m-%d %H:%M") for row in await gateway.rows()
    ]


async def test_what_an_earlier_reset_left_is_seen_by_the_order_of_the_records(gateway: Gateway) -> None:
    """Both lives of the clock began in 2010; corrected by the offset of now, the first would be of yesterday."""
    await transfer(gateway, "2010-01-01T12:00:00", "2010-01-02T09:00:00", "2010-01-01T20:00:00", "2010-01-02T08:00:00")
    assert await times(gateway) == [None, None, "02-28 18:00", "03-01 06:00"]
    rows = await gateway.rows()
    assert [row.effective_source for row in rows] == ["unknown", "unknown", "device-corrected", "device-corrected"]
    assert CLOCK_WAS_RESET in rows[0].doubtful
    # Whoever would get the first two with a time gets them without.
    queued = await gateway.outbox.queued("fhir", limit=99)
    told = [
        (item.envelope.get("retracts", ""), (item.envelope["body"]["effective"]["at"] or "")[:10]) for item in queued
    ]
    assert told == [
        (rows[0].id, "2026-02-28"),
        ("", ""),
        (rows[1].id, "2026-03-01"),
        ("", ""),
        ("", "2026-02-28"),
        ("", "2026-03-01"),
    ]
    await transfer(gateway, "2010-01-01T12:00:00", "2010-01-02T09:00:00", "2010-01-01T20:00:00", "2010-01-02T08:00:00")
    assert await times(gateway) == [None, None, "02-28 18:00", "03-01 06:00"]


async def test_the_numbers_of_the_records_tell_it_of_two(gateway: Gateway) -> None:
    await transfer(gateway, "2010-01-02T09:00:00", "2010-01-01T20:00:00", sequences=True)
    assert await times(gateway) == [None, "02-28 18:00"]


async def test_newest_first_is_no_reset(gateway: Gateway) -> None:
    await transfer(gateway, "2010-01-02T09:00:00", "2010-01-02T08:00:00", "2010-01-01T20:00:00")
    assert None not in await times(gateway)


async def test_the_clock_of_the_last_connection_explains_what_was_made_before_the_reset(gateway: Gateway) -> None:
    await transfer(gateway, "2026-03-01T09:00:00", offset=timedelta(seconds=-3))
    gateway.clock.step(timedelta(days=10))
    # Made on 5 March, by the clock as it was; the battery was changed on the 9th.
    await transfer(gateway, "2026-03-05T09:00:00", "2010-01-02T09:00:00", offset=BEHIND - timedelta(days=9))
    assert await times(gateway) == ["03-01 07:00", "03-05 07:00", "03-10 07:00"]


async def test_what_was_made_before_it_was_ever_met_is_unknown(gateway: Gateway) -> None:
    await transfer(gateway, "2026-02-20T09:00:00", "2010-01-02T09:00:00")
    assert await times(gateway) == [None, "03-01 07:00"]


async def test_the_same_record_with_another_clock_is_the_same_record(gateway: Gateway) -> None:
    """Reading identity does not depend on what is known of the clock."""
    await transfer(gateway, "2010-01-01T12:00:00")
    gateway.clock.step(timedelta(hours=1))
    clock = gateway.offset(4.0, was_set=True)
    again = await gateway.ingest.accept(gateway.received(CUFF, pressure(local("2010-01-01T12:00:00"), 100.0), clock))
    assert again == Duplicate(seq=1)
    assert (await gateway.rows())[0].effective_at == datetime(2026, 2, 28, 10, tzinfo=UTC)

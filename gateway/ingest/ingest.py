"""From `Received` to a committed row: who, when, plausible, new; the row and its letters in one transaction.

Every reading of a streamed kind is kept, a row each; of those a sink is queued one per `SinkRoute.stream_period_s`.
What arrives during a commit shares the next one, which keeps a strap's 86,400 notifications a day bearable for flash.

A failed measurement, and the pressure of a cuff while it deflates, are stored and never delivered. A reading of a
device that nobody has been given, or that several share and of which nothing tells whose it is, is stored without a
subject and not delivered; when somebody says whose it was, it is taken up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import apsw

from device_drivers.nomenclature import Kind, Quantity
from gateway.core.clock import Clock
from gateway.core.envelope import ReadingDocument
from gateway.core.faults import Fault, no_fault
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.ingest import handing, resets, whose
from gateway.ingest.document import letter_of, reading_document
from gateway.ingest.effective import Effective, effective_time
from gateway.ingest.identity import RECEPTION, RecordIdentity, identify
from gateway.ingest.plausible import doubtful_quantities, is_failed
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.ingest.storable import storable
from gateway.ingest.streams import STREAMS
from gateway.ingest.whose import Decision, Facts
from gateway.store import assignments, clocks, corrections, readings, waiting
from gateway.store.assignments import Measured
from gateway.store.ballast import StoreFull
from gateway.store.database import Database
from gateway.store.devices import ensure_device
from gateway.store.outgoing import SinkRoute, enqueue, json_text, sinks_for_stream
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, Stamper, utc_text

NEVER_DELIVERED: Final = frozenset({Kind.CUFF_PRESSURE})
SEEN_EVERY_S: Final = 60.0  # "last seen" is read by people
FULL_RETRY_S: Final = 5.0  # as often as the store looks at the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Committed. `document` is what the sinks will get; it says whether the measurement failed."""

    seq: int
    document: ReadingDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """The record is in the store already, under this position."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """Kept, but about nobody: `sentence` tells a technician what to do.

    `asked`: the device is shared, and a person is asked about each such reading.
    """

    seq: int
    sentence: str
    asked: bool = False


Outcome = Stored | Duplicate | Unassigned


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What can be said of a reading without the store."""

    received: Received
    stamp: Stamp
    identity: RecordIdentity
    effective: Effective
    measured: Measured
    failed: bool
    doubtful: list[str]


class Ingest:
    """The one way in for readings."""

    def __init__(
        self,
        database: Database,
        stamper: Stamper,
        *,
        clock: Clock,
        zone: ZoneInfo,
        routes: Sequence[SinkRoute] = (),
        fault: Fault = no_fault,
    ) -> None:
        self._database = database
        self._stamper = stamper
        self._clock = clock
        self._zone = zone
        self._routes = tuple(route for route in routes if route.takes_readings)
        self._fault = fault
        self._arrivals = 0
        self._seen: dict[str, tuple[KnownDevice, float]] = {}  # as long as the list of devices of a home
        self._clocks: dict[str, tuple[datetime, tuple[ClockMeasurement, ...]]] = {}  # likewise
        self._counts = {"stored": 0, "failed": 0, "duplicate": 0, "unassigned": 0}

    @property
    def origin(self) -> Origin:
        """Where this is."""
        return self._stamper.origin

    @property
    def counts(self) -> Mapping[str, int]:
        """Since the start, by outcome; "failed" are among "stored"."""
        return dict(self._counts)

    async def accept(self, received: Received) -> Outcome:
        """Commit one reading. On a full disk it waits until there is room: the caller's queue fills meanwhile.

        Whatever a device sends can be accepted: see `gateway.ingest.storable`.

        Raises:
            StoreError: the store cannot take it; the reading is not stored.
        """
        return (await self.accept_many([received]))[0]

    async def accept_many(self, batch: Sequence[Received]) -> list[Outcome]:
        """Commit several readings in one transaction. As `accept`; one outcome each, in order."""
        judged = [self._judge(received, await self._earlier_clocks(received)) for received in batch]
        self._fault("ingest.before-write")
        while True:
            try:
                outcomes = await self._database.write(lambda connection: [self._store(connection, j) for j in judged])
                break
            except StoreFull:
                await self._clock.sleep(FULL_RETRY_S)
        self._fault("ingest.after-commit")
        for one in judged:
            if self._changed(one):
                self._seen[one.received.device.identity] = (one.received.device, one.stamp.monotonic_s)
        for outcome in outcomes:
            self._count(outcome)
        return outcomes

    async def _earlier_clocks(self, received: Received) -> tuple[ClockMeasurement, ...]:
        """How the device's clock was found at earlier connections; asked of the store once a connection."""
        clock = received.clock
        if clock is None or received.reading.time is None:
            return ()
        identity = received.device.identity
        known = self._clocks.get(identity)
        if known is None or known[0] != clock.measured_at:
            found = await self._database.read(lambda c: clocks.earlier(c, identity, clock.measured_at))
            known = self._clocks[identity] = (clock.measured_at, found)
        return known[1]

    def _judge(self, received: Received, earlier: tuple[ClockMeasurement, ...]) -> _Judged:
        received = storable(received)
        device, reading = received.device, received.reading
        self._arrivals += 1
        stamp = self._stamper.at(received.received_at, received.received_monotonic, synchronised=received.synchronised)
        arrival = (
            f"{self.origin.gateway_id}/{stamp.boot_id}/{utc_text(stamp.wall)}/{stamp.monotonic_s}/{self._arrivals}"
        )
        effective = effective_time(
            reading.time, received.clock, received_at=received.received_at, synchronised=received.synchronised,
            zone=self._zone, stamp_expected=device.record_identity != RECEPTION, earlier=earlier,
        )  # fmt: skip
        return _Judged(
            received=received,
            stamp=stamp,
            identity=identify(device.identity, device.record_identity, reading, arrival=arrival),
            effective=effective,
            measured=_measured(stamp, effective),
            failed=is_failed(reading),
            doubtful=[*doubtful_quantities(reading), *effective.doubtful],
        )

    def _store(self, connection: apsw.Connection, judged: _Judged) -> Outcome:
        """Inside the transaction."""
        device = judged.received.device
        if judged.received.clock is not None or self._changed(judged):
            ensure_device(connection, judged.stamp, device, judged.received.clock)
        known = readings.find(connection, judged.identity.id)
        if known is not None and known[1]:
            return Duplicate(seq=known[0])
        keys = assignments.keys_of(connection, device.identity) | {f"address:{device.address.upper()}"}
        facts = _facts(judged, None if known is None else known[0])
        decision = whose.decide(connection, keys, facts)
        subject = decision.subject
        seq = _insert(connection, judged, decision) if known is None else known[0]
        self._fault("ingest.inside")
        if known is None:
            resets.heed(connection, judged.stamp, judged.received, self._routes)
        if subject is None:
            if known is None:
                self._let_wait(connection, seq, judged, decision)
            return Unassigned(seq=seq, sentence=_sentence(judged, decision), asked=bool(decision.shared))
        document = self._document(judged, subject)
        if known is not None:
            waiting.take(connection, seq, subject, how=decision.how)
        if _to_be_delivered(judged):
            corrections.posted(connection, seq, self._enqueue(connection, judged, document))
        handing.take_up(connection, judged.stamp, keys, self._routes, by_weight=False)
        return Stored(seq=seq, document=document)

    async def take_up(self, device: str) -> int:
        """After an assignment: readings of the device (identity or address) that are now somebody else's.

        Those that belonged to nobody are given to their subject and queued; those that somebody had since are taken
        back. Also done by itself with the next reading of the device. Returns how many.
        """
        stamp = self._stamper.now()
        taken = 0
        while True:
            moved, more = await self._database.write(
                lambda connection: handing.catch_up(
                    connection, stamp, assignments.keys_of(connection, device), self._routes
                )
            )
            taken += moved
            if not more:
                return taken

    def _let_wait(self, connection: apsw.Connection, seq: int, judged: _Judged, decision: Decision) -> None:
        streamed = judged.received.reading.source in STREAMS
        nobody = Subject(type=SubjectType.HOME, id="")
        document = self._document(judged, nobody) if _to_be_delivered(judged) and not streamed else None
        waiting.put(
            connection, judged.stamp, seq, device_identity=judged.received.device.identity,
            user_slot=judged.received.reading.user_slot, measured=judged.measured, document=document,
            why=decision.why, dismissed=decision.dismissed,
        )  # fmt: skip

    def _document(self, judged: _Judged, subject: Subject) -> ReadingDocument:
        return reading_document(
            judged.received, subject, judged.identity, judged.effective,
            failed=judged.failed, doubtful=judged.doubtful, zone=self._zone,
        )  # fmt: skip

    def _changed(self, judged: _Judged) -> bool:
        """Whether the row of the device has something new to say: a strap notifies each second."""
        device, then = self._seen.get(judged.received.device.identity, (None, 0.0))
        return device != judged.received.device or judged.stamp.monotonic_s - then > SEEN_EVERY_S

    def _enqueue(self, connection: apsw.Connection, judged: _Judged, document: ReadingDocument) -> int | None:
        reading = judged.received.reading
        sinks = [route.name for route in self._routes if route.takes(reading.kind)]
        if reading.source in STREAMS:
            sinks = sinks_for_stream(
                connection, judged.stamp, self._routes, device_identity=judged.received.device.identity,
                kind=reading.kind.value,
            )  # fmt: skip
        return enqueue(connection, judged.stamp, sinks, letter_of(document))

    def _count(self, outcome: Outcome) -> None:
        match outcome:
            case Stored():
                self._counts["stored"] += 1
                self._counts["failed"] += outcome.document["failed"]
            case Duplicate():
                self._counts["duplicate"] += 1
            case Unassigned():
                self._counts["unassigned"] += 1


def _to_be_delivered(judged: _Judged) -> bool:
    return not judged.failed and judged.received.reading.kind not in NEVER_DELIVERED


def _measured(stamp: Stamp, effective: Effective) -> Measured:
    """How long before its reception, for whose it is. By a clock that is not synchronised, age means nothing."""
    if effective.at is None or effective.source == "reception" or not stamp.synchronised:
        return Measured(received=stamp, age_s=None, uncertainty_s=None)
    age = (stamp.wall - effective.at).total_seconds()
    return Measured(received=stamp, age_s=age, uncertainty_s=effective.uncertainty_s)


def _facts(judged: _Judged, seq: int | None) -> Facts:
    received, effective = judged.received, judged.effective
    reading = received.reading
    weight = None if judged.failed else reading.values.get(Quantity.WEIGHT)
    return Facts(
        seq=seq,
        device_identity=received.device.identity,
        kind=reading.kind.value,
        user_slot=reading.user_slot,
        device_time=None if reading.time is None else reading.time.text(),
        received_at=received.received_at,
        measured=judged.measured,
        at=whose.comparable(effective.at, effective.source, effective.uncertainty_s, doubtful=bool(judged.doubtful)),
        weight_kg=None if weight is None else float(weight),
    )


def _insert(connection: apsw.Connection, judged: _Judged, decision: Decision) -> int:
    reading, effective = judged.received.reading, judged.effective
    subject = decision.subject
    values = {
        "id": judged.identity.id,
        "identity_rule": judged.identity.rule,
        "may_repeat": int(judged.identity.may_repeat),
        "subject_type": None if subject is None else subject.type.value,
        "subject_id": None if subject is None else subject.id,
        "decided_by": None if subject is None else decision.how,
        "device_identity": judged.received.device.identity,
        "kind": reading.kind.value,
        "failed": int(judged.failed),
        "values": json_text({quantity.value: float(value) for quantity, value in reading.values.items()}),
        "missing": json_text({quantity.value: why.value for quantity, why in reading.missing.items()}),
        "flags": json_text(list(reading.flags)),
        "doubtful": json_text(judged.doubtful),
        "series": json_text({name: list(numbers) for name, numbers in reading.series.items()}),
        "device_time": None if reading.time is None else reading.time.text(),
        "effective_at": None if effective.at is None else utc_text(effective.at),
        "effective_source": effective.source,
        "effective_uncertainty_s": effective.uncertainty_s,
        "offset_s": effective.offset_s,
        "user_slot": reading.user_slot,
        "record_sequence": reading.sequence,
        "source": reading.source,
        "raw": reading.raw,
        "received_at": utc_text(judged.received.received_at),
    }
    insert(connection, "readings", judged.stamp, values)
    return connection.last_insert_rowid()


def _sentence(judged: _Judged, decision: Decision) -> str:
    device = judged.received.device
    slot = judged.received.reading.user_slot
    named = f"{device.model} {device.address}{'' if slot is None else f' (user {slot})'}"
    if decision.shared:
        return f"{named}: {decision.why}. 'huoma readings unassigned' lists what a person has to say."
    if judged.measured.age_s is None:
        return f"{named} belongs to nobody: 'huoma device assign' says whose it is."
    return (
        f"{named} belonged to nobody when it measured: 'huoma device assign' with the "
        "time from which on says whose it was."
    )

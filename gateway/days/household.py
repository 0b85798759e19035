"""One household while the gateway runs: what its sensors said so far, and what was learnt from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from analytics.activity.events import Kind, Sensor
from analytics.activity.running import Habits, Learnt, learn, less_one
from gateway.days.households import Household
from gateway.days.record import DAYS, Record, Strange, record_of
from gateway.days.sensors import sensor_of
from gateway.days.set_right import ClockNow, Stamps, set_right
from gateway.days.told import Told
from gateway.store.room_states import RoomStates, StateRow


class Days:
    """What is known of a household. Belongs to one task; `record`, `learn` and `less_one` may run in a thread."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self.learnt: Learnt | None = None
        self.strange: tuple[Strange, ...] = ()
        self.told = Told()
        self._placed = {one.identity: one for one in household.devices}
        self._index: dict[tuple[str, str, bool], int] = {}
        self._sensors: list[Sensor] = []
        self._gone: set[int] = set()
        self._unheeded: set[tuple[str, str]] = set()
        self._less_one: tuple[object, tuple[Habits, ...]] | None = None

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Those that have said something, and what they were where they stand no more."""
        return tuple(self._sensors)

    @property
    def gone(self) -> frozenset[int]:
        """Indices of sensors where they stand no more: what they said was a sign of life, and teaches nothing."""
        return frozenset(self._gone)

    @property
    def _motion(self) -> list[int]:
        return [index for index, one in enumerate(self._sensors) if one.kind is Kind.MOTION and index not in self._gone]

    @property
    def moves(self) -> bool:
        """Whether there is a sensor of movement: without one nothing is known of stillness."""
        return bool(self._motion)

    @property
    def moving(self) -> list[str]:
        """Identities of the devices that see movement, one for each sensor."""
        return [self._sensors[index].name.rpartition("/")[0] for index in self._motion]

    @property
    def all_doubted(self) -> bool:
        """Nothing is expected of any sensor of movement."""
        return self.learnt is not None and self.learnt.doubted.issuperset(self._motion)

    async def read_past(self, states: RoomStates, now: datetime, until_seq: int, clock: ClockNow | None = None) -> None:
        """Everything that its devices said before, up to a position. Raises StoreError.

        Args:
            states: of the gateway.
            now: aware.
            until_seq: that position.
            clock: the gateway's; None: nothing was stamped by one that was ahead.
        """
        stamps = Stamps()
        known = {one.identity for one in self.household.devices} | {one.identity for one in self.household.before}
        for identity in sorted(known):
            seq = 0
            while True:
                rows, seq = await states.of_device(identity, now - timedelta(days=DAYS), seq)
                self.take((row for row in rows if row.seq <= until_seq), stamps)
                if seq >= until_seq:
                    break
        if clock is not None and stamps.seq:
            self.told = replace(self.told, at_s=set_right(self.told.at_s, stamps, clock))

    def take(self, rows: Iterable[StateRow], stamps: Stamps | None = None) -> None:
        """Some more; what is of other households is left."""
        news: list[tuple[float, int, int]] = []
        for row in rows:
            index = self._told_by(row)
            if index is None:
                continue
            if stamps is not None:
                stamps.add(row)
            news.append((row.at.timestamp(), index, -1 if row.on is None else int(row.on)))
        self.told = self.told.and_then(news)

    def record(self, spans: Sequence[tuple[datetime, datetime]], *, now: datetime, zone: tzinfo) -> Record:
        """As it is known now."""
        return record_of(self.told, self._sensors, spans, now=now, zone=zone, strange=self.strange, gone=self.gone)

    def learn(self, record: Record) -> Learnt:
        """What the record teaches."""
        return learn(
            record.events, record.now_s, record.listening,
            teaches=record.teaches, known=self.learnt, alive=record.supervised,
        )  # fmt: skip

    def less_one(self, record: Record) -> tuple[Habits, ...]:
        """What it teaches as if one more sensor had failed, see `running.less_one`; anew when that has changed."""
        if self.learnt is None:
            return ()
        untold = frozenset(record.untold_min)
        key = (record.events.first_day, self.learnt.until, self.learnt.doubted, untold)
        if self._less_one is None or self._less_one[0] != key:
            self._less_one = (
                key,
                less_one(record.events, record.now_s, self.learnt, untold),
            )
        return self._less_one[1]

    def forget(self, before: datetime) -> None:
        """What is too old to be learnt from."""
        self.told = self.told.since(before.timestamp())

    def _told_by(self, row: StateRow) -> int | None:
        """By which sensor; None where it tells nothing of them."""
        placed = self._placed.get(row.device_identity)
        if placed is not None and row.at >= placed.since:
            return self._sensor(row.device_identity, row.quantity, placed.placement)
        stays = (one for one in self.household.before if one.identity == row.device_identity)
        if not any(one.begin <= row.at < one.end for one in stays):
            return None
        if placed is not None:  # where it stands now it is a sensor before its first word there: a quiet goes on
            self._sensor(row.device_identity, row.quantity, placed.placement)
        return self._sensor(row.device_identity, row.quantity, None, gone=True)

    def _sensor(self, identity: str, quantity: str, placement: str | None, *, gone: bool = False) -> int | None:
        if (identity, quantity) in self._unheeded:
            return None
        key = (identity, quantity, gone)
        if key not in self._index:
            sensor = sensor_of(identity, quantity, placement)
            if sensor is None:
                self._unheeded.add((identity, quantity))
                return None
            self._index[key] = len(self._sensors)
            self._gone |= {len(self._sensors)} if gone else set()
            self._sensors.append(sensor)
        return self._index[key]

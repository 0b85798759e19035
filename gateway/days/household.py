"""One household while the gateway runs: what its sensors said so far, and what was learnt from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from analytics.activity.events import Kind, Sensor
from analytics.activity.running import Habits, Learnt, learn, less_one
from gateway.days.households import Household
from gateway.days.record import DAYS, Record, record_of
from gateway.days.sensors import sensor_of
from gateway.days.told import Told
from gateway.store.room_states import RoomStates, StateRow


class Days:
    """What is known of a household. Belongs to one task; `record`, `learn` and `less_one` may run in a thread."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self.learnt: Learnt | None = None
        self.emergencies: tuple[tuple[datetime, datetime], ...] = ()  # real ones: alert and answer
        self.told = Told()
        self._placed = {one.identity: one for one in household.devices}
        self._index: dict[tuple[str, str], int] = {}
        self._sensors: list[Sensor] = []
        self._unheeded: set[tuple[str, str]] = set()
        self._less_one: tuple[object, tuple[Habits, ...]] | None = None

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Those that have said something."""
        return tuple(self._sensors)

    @property
    def moves(self) -> bool:
        """Whether there is a sensor of movement: without one nothing is known of stillness."""
        return any(one.kind is Kind.MOTION for one in self._sensors)

    @property
    def moving(self) -> list[str]:
        """Identities of the devices that see movement, one for each sensor."""
        return [one.name.rpartition("/")[0] for one in self._sensors if one.kind is Kind.MOTION]

    @property
    def all_doubted(self) -> bool:
        """Nothing is expected of any sensor of movement."""
        own = {index for index, one in enumerate(self._sensors) if one.kind is Kind.MOTION}
        return self.learnt is not None and own <= self.learnt.doubted

    async def read_past(self, states: RoomStates, now: datetime, until_seq: int) -> None:
        """Everything that its devices said before, up to a position. Raises StoreError."""
        for placed in self.household.devices:
            seq = 0
            while True:
                rows, seq = await states.of_device(placed.identity, now - timedelta(days=DAYS), seq)
                self.take(row for row in rows if row.seq <= until_seq)
                if seq >= until_seq:
                    break

    def take(self, rows: Iterable[StateRow]) -> None:
        """Some more; what is of other households is left."""
        news: list[tuple[float, int, int]] = []
        for row in rows:
            placed = self._placed.get(row.device_identity)
            if placed is None or row.at < placed.since:
                continue
            index = self._sensor(row.device_identity, row.quantity, placed.placement)
            if index is None:
                continue
            news.append((row.at.timestamp(), index, -1 if row.on is None else int(row.on)))
        self.told = self.told.and_then(news)

    def record(self, spans: Sequence[tuple[datetime, datetime]], *, now: datetime, zone: tzinfo) -> Record:
        """As it is known now."""
        return record_of(self.told, self._sensors, spans, now=now, zone=zone, emergencies=self.emergencies)

    def learn(self, record: Record) -> Learnt:
        """What the record teaches."""
        return learn(record.events, record.now_s, record.listening, known=self.learnt)

    def less_one(self, record: Record) -> tuple[Habits, ...]:
        """What it teaches as if one more sensor had just failed, see `running.less_one`; anew when that has changed."""
        if self.learnt is None:
            return ()
        key = (record.events.first_day, self.learnt.until, self.learnt.doubted, record.unsupervised)
        if self._less_one is None or self._less_one[0] != key:
            self._less_one = (
                key,
                less_one(record.events, record.now_s, self.learnt, record.unsupervised, record.listening),
            )
        return self._less_one[1]

    def forget(self, before: datetime) -> None:
        """What is too old to be learnt from."""
        self.told = self.told.since(before.timestamp())

    def _sensor(self, identity: str, quantity: str, placement: str | None) -> int | None:
        key = (identity, quantity)
        if key in self._unheeded:
            return None
        if key not in self._index:
            sensor = sensor_of(identity, quantity, placement)
            if sensor is None:
                self._unheeded.add(key)
                return None
            self._index[key] = len(self._sensors)
            self._sensors.append(sensor)
        return self._index[key]

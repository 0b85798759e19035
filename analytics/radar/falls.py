"""Falls from tracks with heights: a body that was up is on the floor, fast, and stays there.

A track is judged every half second. When its highest point has come down to the floor from where a standing or sitting
person has it, the fall is held back until it has stayed there: who lies flat for two seconds and a half; who may be
bending, or sits against a wall, for fourteen. What goes on walking (a pet that the module took for the person), what
was seen for less than four seconds before (things that fall, reflections), what another track became the person of at
the same moment, and what lies where people lie (`Zone`) is none. Who slides slowly to sit on the floor is not told from
who sits down there.

Heights are those above the floor: whoever knows how the module hangs has made them so. Settings are written from
published kinematics and a module's noise, and were frozen before the evaluation (docs/radar.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.tracks import HISTORY, RATE_HZ, ROWS, Table

Floats = NDArray[np.float64]

EVERY: Final = 5  # frames between looks: half a second
SMOOTH: Final = 7  # frames whose median is where the top is
UP_M: Final = 1.05  # the top of who sits, at the least
STOOD_M: Final = 1.36  # who sits and ties a shoe comes down to where a slumped body is
LYING_M: Final = 0.52
SLUMPED_M: Final = 0.85
LOW_M: Final = 0.70  # half-way up on an elbow is still down
SURELY_LYING_M: Final = 0.42  # nobody bends so low
LYING_S: Final = 2.5
SLUMPED_S: Final = 14.0  # longer than people bend
SLOWEST_LYING_S: Final = 1.4  # of the middle six tenths of the way down
FASTEST_S: Final = 0.15  # no body falls half a metre faster: the module took something else for it
SLOWEST_SLUMP_S: Final = 0.45  # people sit down on the floor and kneel more slowly
MOVED_M: Final = 1.3  # who lies does not get further in the time that is waited
SEEN_BEFORE_S: Final = 4.0
SEEN_LOW: Final = 10  # frames: what is gone at once was nobody
WAS_UP: Final = 15  # frames of the history near its highest: longer than a dog jumps
NEAR_M: Final = 0.3
UPRIGHT_LOOKS: Final = 4
SWAPPED_M: Final = 1.5
STAYS: Final = 0.8  # of what is seen while waiting is low


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Where people lie: a rectangle of the room, m, and how high the surface is."""

    low: tuple[float, float]
    high: tuple[float, float]
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarFall:
    """Somebody fell, as far as the radar can tell.

    Attributes:
        room: its number.
        row: of the table of tracks.
        down_at: the frame in which the body was down.
        raised_at: the frame in which that was sure enough.
        probability: 0–1.
        height_m: where its top is now.
        took_s: how long the way down took.
    """

    room: int
    row: int
    down_at: int
    raised_at: int
    probability: float
    height_m: float
    took_s: float


@dataclass(slots=True)
class _Waiting:
    """Of each row of the table: what may have been a fall and is waited for. `since` −1: nothing."""

    since: NDArray[np.int64]
    lying: NDArray[np.bool_]
    until: NDArray[np.int64]
    took: Floats
    place: Floats
    seen: NDArray[np.int64] = field(init=False)
    low: NDArray[np.int64] = field(init=False)
    tops: Floats = field(init=False)  # their sum
    told: NDArray[np.bool_] = field(init=False)  # and not up since
    up: NDArray[np.int64] = field(init=False)  # looks in a row
    upright: NDArray[np.int64] = field(init=False)  # the last frame in which it had been for long enough

    def __post_init__(self) -> None:
        self.seen = np.zeros_like(self.since)
        self.low = np.zeros_like(self.since)
        self.tops = np.zeros(self.since.shape)
        self.told = np.zeros(self.since.shape, bool)
        self.up = np.zeros_like(self.since)
        self.upright = np.zeros_like(self.since)

    @staticmethod
    def of(rooms: int) -> _Waiting:
        """Nothing is waited for."""
        shape = (rooms, ROWS)
        return _Waiting(
            since=np.full(shape, -1, np.int64), lying=np.zeros(shape, bool), until=np.zeros(shape, np.int64),
            took=np.zeros(shape),
            place=np.zeros((*shape, 2)),
        )  # fmt: skip


class RadarFalls:
    """The detector of R rooms. Feed it frames at `RATE_HZ`; what it finds does not depend on the other rooms.

    Args:
        zones: of each room, where people lie.
    """

    def __init__(self, zones: Sequence[Sequence[Zone]]) -> None:
        self._zones = [
            (number, np.array(zone.low), np.array(zone.high), zone.height)
            for number, room in enumerate(zones)
            for zone in room
        ]
        self._table = Table.of(len(zones))
        self._waiting = _Waiting.of(len(zones))

    def frame(self, ids: NDArray[np.int32], places: NDArray[np.float32], tops: NDArray[np.float32]) -> list[RadarFall]:
        """One frame of all rooms.

        Args:
            ids: int32 (R, K), the modules' numbers of tracks; 0 for none.
            places: float32 (R, K, 2), m.
            tops: float32 (R, K), m above the floor; NaN where the module does not tell.
        """
        table = self._table
        for room, row in table.frame(ids, places, tops).tolist():
            self._waiting.since[room, row] = -1
            self._waiting.told[room, row] = False
            self._waiting.up[room, row] = 0
            # Who lies in a bed was seen to walk to it, if by another number.
            self._waiting.upright[room, row] = table.frames if self._is_on_a_bed(room, row) else 0
        return self._look() if table.frames % EVERY == 0 else []

    def _look(self) -> list[RadarFall]:
        table, waiting = self._table, self._waiting
        order = table.ordered()
        live = (table.ids > 0) & ((table.silent < HISTORY // 2) | (waiting.since >= 0))
        room, row = np.nonzero(live)
        if not len(room):
            return []
        tops = table.tops[room, row][:, order]
        smooth, newest = _smoothed(tops)
        self._begin(room, row, smooth, newest, np.isnan(tops))
        return self._judge(room, row, table.tops[room, row][:, order[-EVERY:]], newest)

    def _begin(
        self,
        room: NDArray[np.intp],
        row: NDArray[np.intp],
        smooth: Floats,
        newest: Floats,
        unseen: NDArray[np.bool_],
    ) -> None:
        """Whoever has come down just now is waited for."""
        table, waiting = self._table, self._waiting
        near = smooth >= (smooth.max(axis=1) - NEAR_M)[:, None]
        # The mean, not the greatest: that would be the one with the greatest error.
        highest = np.where(near, smooth, 0.0).sum(axis=1) / np.maximum(near.sum(axis=1), 1)
        took, elapsed = _took(smooth, highest, newest, unseen)
        self._upright(room, row, newest)
        known = (near.sum(axis=1) >= WAS_UP) & (table.frames - waiting.upright[room, row] <= HISTORY + 2 * EVERY)
        was_known = (table.age[room, row] >= SEEN_BEFORE_S * RATE_HZ) & (table.silent[room, row] < EVERY)
        known &= was_known & (elapsed >= FASTEST_S)
        down = newest <= LYING_M
        lying = down & (highest >= UP_M) & (took <= SLOWEST_LYING_S)
        from_bed = down & (highest - newest >= 0.25) & (waiting.upright[room, row] > 0) & self._was_on_a_bed(room, row)
        slumped = known & (newest <= SLUMPED_M) & (highest >= STOOD_M) & (took <= SLOWEST_SLUMP_S)
        free = (waiting.since[room, row] < 0) & ~waiting.told[room, row]
        waiting.told[room, row] &= newest < UP_M
        lying = (known & lying) | ((table.age[room, row] >= RATE_HZ) & (table.silent[room, row] < EVERY) & from_bed)
        new = (lying | slumped) & ~waiting.told[room, row] & (free | (lying & ~waiting.lying[room, row]))
        swapped = new & self._swapped(room, row, smooth, newest)
        waiting.told[room, row] |= swapped
        new &= ~swapped
        at = (room[new], row[new])
        wait = np.where(lying, LYING_S, SLUMPED_S)[new]
        waiting.since[at] = table.frames
        waiting.until[at] = table.frames + (wait * RATE_HZ).astype(np.int64)
        waiting.lying[at] = lying[new]
        waiting.took[at] = took[new]
        waiting.seen[at] = 0
        waiting.low[at] = 0
        waiting.tops[at] = 0.0
        waiting.place[at] = self._place(*at)

    def _upright(self, room: NDArray[np.intp], row: NDArray[np.intp], newest: Floats) -> None:
        """When each was seen to be up for two seconds: what jumps for a moment is no person."""
        waiting, at = self._waiting, (room, row)
        waiting.up[at] = np.where(newest >= UP_M - 0.1, waiting.up[at] + 1, 0)
        waiting.upright[at] = np.where(waiting.up[at] >= UPRIGHT_LOOKS, self._table.frames, waiting.upright[at])

    def _swapped(
        self, room: NDArray[np.intp], row: NDArray[np.intp], smooth: Floats, newest: Floats
    ) -> NDArray[np.bool_]:
        """Bool (n,): another track beside it was low and is up now: the module took one for the other."""
        became = (newest >= UP_M) & (smooth.min(axis=1) <= LOW_M)
        if not became.any():
            return np.zeros(len(room), bool)
        place = self._place(room, row)
        far = np.hypot(*np.moveaxis(place[:, None] - place[None, became], 2, 0))
        return np.asarray(((room[:, None] == room[None, became]) & (far <= SWAPPED_M)).any(axis=1))

    def _judge(self, room: NDArray[np.intp], row: NDArray[np.intp], last: Floats, newest: Floats) -> list[RadarFall]:
        table, waiting = self._table, self._waiting
        at = (room, row)
        known = ~np.isnan(last)
        limit = np.where(waiting.lying[at], LOW_M, SLUMPED_M + 0.15)
        waiting.seen[at] += known.sum(axis=1)
        waiting.low[at] += (known & (np.nan_to_num(last, nan=9.0) <= limit[:, None])).sum(axis=1)
        waiting.tops[at] += np.where(known, last, 0.0).sum(axis=1)
        since = waiting.since[at]
        due = (since >= 0) & (table.frames >= waiting.until[at])
        found = []
        for number in np.flatnonzero(due).tolist():
            where = (int(room[number]), int(row[number]))
            mean = float(waiting.tops[where]) / max(int(waiting.seen[where]), 1)
            longer = since[number] + int(SLUMPED_S * RATE_HZ)
            if waiting.lying[where] and mean > SURELY_LYING_M and table.frames < longer:
                waiting.until[where] = longer  # may be bending
                continue
            waiting.since[where] = -1
            probability = self._probability(*where, float(newest[number]))
            if probability >= 0.5:
                waiting.told[where] = True
                found.append(
                    RadarFall(
                        room=where[0], row=where[1], down_at=int(since[number]), raised_at=table.frames,
                        probability=probability, height_m=float(newest[number]), took_s=float(waiting.took[where]),
                    )
                )  # fmt: skip
        return found

    def _probability(self, room: int, row: int, newest: float) -> float:
        """How surely it is a fall: the share that stayed low, where it is, how far it got."""
        waiting = self._waiting
        seen = int(waiting.seen[room, row])
        if seen < SEEN_LOW or not newest <= (LOW_M if waiting.lying[room, row] else SLUMPED_M + 0.15):
            return 0.0
        if not waiting.lying[room, row] and waiting.tops[room, row] > SLUMPED_M * seen:
            return 0.0
        stayed = waiting.low[room, row] / seen
        place = self._place(np.array([room]), np.array([row]))[0]
        moved = float(np.hypot(*(place - waiting.place[room, row])))
        if stayed < STAYS or moved > MOVED_M or self._lies_where_people_lie(room, place, newest):
            return 0.0
        return float(0.6 + 0.35 * (stayed - STAYS) / (1 - STAYS))

    # ---- places -----------------------------------------------------------------------------------------------------

    def _place(self, room: NDArray[np.intp], row: NDArray[np.intp]) -> Floats:
        """Float64 (n, 2): where each was seen last in its history."""
        track = self._table.places[room, row][:, self._table.ordered()]
        across: Floats = track[:, :, 0]
        order = np.where(np.isnan(across), -1, np.arange(HISTORY))
        last = order.max(axis=1)
        return np.where((last >= 0)[:, None], track[np.arange(len(track)), last], np.nan)

    def _lies_where_people_lie(self, room: int, place: Floats, top: float) -> bool:
        return any(
            number == room and _inside(place, low, high) and top > height - 0.05
            for number, low, high, height in self._zones
        )

    def _is_on_a_bed(self, room: int, row: int) -> bool:
        place = self._place(np.array([room]), np.array([row]))[0]
        return any(number == room and _inside(place, low, high) for number, low, high, _ in self._zones)

    def _was_on_a_bed(self, room: NDArray[np.intp], row: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Bool (n,): in its history it was in a zone, and is not now."""
        found = np.zeros(len(room), bool)
        if not self._zones:
            return found
        now = self._place(room, row)
        track = self._table.places[room, row]
        for number, low, high, _ in self._zones:
            mine = room == number
            inside = ((low <= track[mine]) & (track[mine] <= high)).all(axis=2).any(axis=1)
            left = ~((low <= now[mine]) & (now[mine] <= high)).all(axis=1)
            found[mine] |= inside & left
        return found


def _inside(place: Floats, low: Floats, high: Floats) -> bool:
    return bool((low <= place).all() and (place <= high).all())


def _smoothed(tops: Floats) -> tuple[Floats, Floats]:
    """Medians of SMOOTH frames along a history, held where nothing was seen; and the newest of them.

    Args:
        tops: float64 (n, HISTORY), NaN where not seen.

    Returns:
        float64 (n, HISTORY − SMOOTH + 1) and float64 (n,); NaN where nothing was seen in all of the history.
    """
    windows = np.lib.stride_tricks.sliding_window_view(tops, SMOOTH, axis=1)
    ordered = np.sort(windows, axis=2)  # NaN last
    count = (~np.isnan(ordered)).sum(axis=2)
    middle = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[:, :, None], axis=2)[:, :, 0]
    known = count > 0
    index = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), 0), axis=1)
    held = np.take_along_axis(middle, index, axis=1)
    first = np.take_along_axis(middle, known.argmax(axis=1)[:, None], axis=1)
    held = np.where(np.isnan(held), first, held)
    return held, held[:, -1]


def _took(smooth: Floats, highest: Floats, newest: Floats, unseen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Float64 (n,), s: from the last time near the highest to the first time near the newest after it, twice.

    First without what was not seen between (a body that was lost in the middle may have lain long when it was found),
    then with it.
    """
    way = highest - newest
    width = smooth.shape[1]
    near_top = (smooth >= (highest - 0.2 * way)[:, None]) & ~unseen[:, -width:]  # where it was held it was not seen
    left = width - 1 - near_top[:, ::-1].argmax(axis=1)
    near_floor = (smooth <= (newest + 0.2 * way)[:, None]) & (np.arange(width) > left[:, None])
    arrived = np.where(near_floor.any(axis=1), near_floor.argmax(axis=1), width - 1)
    gaps = np.cumsum(unseen[:, -width:], axis=1)
    every = np.arange(len(left))
    hidden = gaps[every, arrived] - gaps[every, left]
    return np.asarray((arrived - left - hidden) / RATE_HZ), np.asarray((arrived - left) / RATE_HZ)

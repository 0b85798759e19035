"""Tracks of one room as bodies: which track of the module is whose, and what was before a track was lost.

A module numbers what it follows, loses it, and numbers it anew. A track that begins soon and near where one was lost is
the same body. Blocks of any length give the same bodies: only where a number is new is anything decided, and that
depends on what was before.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AnyFloats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
RATE_HZ: Final = 10.0  # of frames; modules that are faster are thinned, slower ones held
UNHEARD: Final = -1  # instead of a number: the module was not heard, which is not that nobody is there
MOST: Final = 8  # bodies of one room at once: more are reflections
KEPT: Final = 500  # frames of a body that are kept: 50 s, what is looked at of a fall and whether one got up
_FOUND_AGAIN: Final = 40  # frames: a track that begins so soon and near where one was lost is the same body
_FOUND_AGAIN_M: Final = 1.2
FORGOTTEN: Final = 300  # frames: a body that lies still is not seen; it is waited for so long
_AGAIN: Final = 10  # frames until a number for which there was no place is looked at again


@dataclass(slots=True, eq=False)
class Body:
    """What is taken to be one body.

    Attributes:
        room: its number.
        number: the module's, now.
        born: the frame in which it was first seen.
        seen: … and last.
        first: the frame of `tops[0]`.
        tops: float64 (n,), highest point above the floor, m; NaN where it was not seen.
        places: float64 (n, 2), m; NaN as well.
        shapes: of ways down that were looked at (`shapes.py`), by their frame.
    """

    room: int
    number: int
    born: int
    seen: int
    first: int
    tops: Floats = field(default_factory=lambda: np.zeros(0))
    places: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    shapes: dict[int, Floats] = field(default_factory=dict)
    runs: list[tuple[Ints, Ints]] = field(default_factory=list)  # of this block: frames, and their rows of the block

    @property
    def end(self) -> int:
        """The frame behind the last of `tops`."""
        return self.first + len(self.tops)

    def last_seen(self, before: int) -> int:
        """The last frame before that one in which it was seen; −1 where that is forgotten."""
        seen = np.flatnonzero(~np.isnan(self.places[: max(before - self.first, 0), 0]))
        return int(seen[-1]) + self.first if len(seen) else -1

    def last_place(self, before: int) -> Floats:
        """Float64 (2,): where it was seen last before that frame; NaN where it never was."""
        seen = self.last_seen(before)
        return self.places[seen - self.first].copy() if seen >= 0 else np.full(2, np.nan)

    def extend(self, start: int, end: int, places: AnyFloats, tops: AnyFloats) -> None:
        """Take in the runs of a block; as far as its end, or until the body is forgotten."""
        frames = np.concatenate([run[0] for run in self.runs]) if self.runs else np.zeros(0, np.int64)
        rows = np.concatenate([run[1] for run in self.runs]) if self.runs else frames
        self.runs = []
        if len(frames):
            self.seen = int(frames[-1])
        end = min(end, self.seen + FORGOTTEN + 1)
        held = max(self.first, start - KEPT) if len(self.tops) else (int(frames[0]) if len(frames) else start)
        count = max(end - held, 0)
        new_tops, new_places = np.full(count, np.nan), np.full((count, 2), np.nan)
        old = self.tops[held - self.first :]
        new_tops[: len(old)], new_places[: len(old)] = old, self.places[held - self.first :]
        new_tops[frames - held], new_places[frames - held] = tops[rows], places[rows]
        self.first, self.tops, self.places = held, new_tops, new_places


class Bodies:
    """The bodies of one room."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._alive: list[Body] = []
        self._fading: list[Body] = []  # no longer followed, and not yet forgotten
        self._refused: dict[int, int] = {}  # number: not before this frame

    @property
    def busy(self) -> bool:
        """Somebody is there, or was lately."""
        return bool(self._alive or self._fading or self._refused)

    def feed(self, start: int, ids: NDArray[np.int32], places: AnyFloats, tops: AnyFloats) -> list[Body]:
        """A block of frames, the first of which is number `start`.

        Args:
            start: the number of its first frame.
            ids: int32 (T, K), 0 for none; UNHEARD is none as well.
            places: float (T, K, 2), m.
            tops: float (T, K), m; NaN where the module does not tell.

        Returns:
            Every body that was there, its arrays as far as the block goes (or until it was forgotten).
        """
        if not self.busy and not ids.any():
            return []
        self._refused = {number: since for number, since in self._refused.items() if since > start}
        frame, slot = np.nonzero(ids > 0)
        order = np.argsort(ids[frame, slot], kind="stable")
        frame, slot = frame[order], slot[order]
        numbers, rows = ids[frame, slot], frame * ids.shape[1] + slot
        frame = frame.astype(np.int64) + start
        bounds = np.flatnonzero((np.diff(numbers) != 0) | (np.diff(frame) > FORGOTTEN)) + 1
        pieces = zip(np.split(frame, bounds), np.split(rows, bounds), np.split(numbers, bounds), strict=True)
        known = {body.number: body for body in self._alive}
        waiting: list[tuple[int, int, int, Ints, Ints]] = []
        flat = places.reshape(-1, 2)
        for own, at, (number, *_) in ((one[0], one[1], one[2].tolist()) for one in pieces if len(one[0])):
            body = known.get(number)
            if body is not None and own[0] - body.seen <= FORGOTTEN and not body.runs:
                body.runs.append((own, at))
            else:
                self._wait(waiting, number, own, at, int(own[0]), ids.shape[1])
        heapq.heapify(waiting)
        gone, self._fading = self._fading, []
        while waiting:
            self._seat(waiting, gone, flat, ids.shape[1])
        end = start + len(ids)
        for body in (*self._alive, *gone):
            body.extend(start, end, flat, tops.reshape(-1))
        found = [*self._alive, *gone]
        self._alive = [body for body in self._alive if end - body.seen <= FORGOTTEN]
        self._fading = [body for body in gone if end - body.seen <= FORGOTTEN]
        return found

    def _wait(
        self, waiting: list[tuple[int, int, int, Ints, Ints]], number: int, own: Ints, at: Ints, since: int, width: int
    ) -> None:
        """A run that belongs to nobody yet, from `since` on."""
        since = max(since, self._refused.pop(number, since))
        cut = int(np.searchsorted(own, since))
        if cut < len(own):
            heapq.heappush(waiting, (int(own[cut]), int(at[cut]) % width, number, own[cut:], at[cut:]))
        else:
            self._refused[number] = since

    def _seat(
        self, waiting: list[tuple[int, int, int, Ints, Ints]], gone: list[Body], places: AnyFloats, width: int
    ) -> None:
        """The body that a run belongs to: one that was lost just now and near, else a new one."""
        now, _, number, own, at = heapq.heappop(waiting)
        last = [(body, *self._last(body, now, places)) for body in self._alive]
        for forgotten in (one[0] for one in last if now - one[1] > FORGOTTEN):
            self._alive.remove(forgotten)
            gone.append(forgotten)
        last = [one for one in last if now - one[1] <= FORGOTTEN]
        body = self._lost_near(now, places[at[0]], last)
        if body is None and len(last) >= MOST:
            free = [one for one in last if not one[3]]
            if not free:
                self._refused[number] = now + _AGAIN
                self._wait(waiting, number, own, at, now, width)
                return
            oldest = min(free, key=lambda one: one[1])[0]
            self._cut(waiting, oldest, now, width)
            self._alive.remove(oldest)
            gone.append(oldest)
        if body is None:
            body = Body(room=self._room, number=number, born=now, seen=now, first=now)
            self._alive.append(body)
        else:
            self._cut(waiting, body, now, width)
            body.number = number
        body.runs.append((own, at))

    def _cut(self, waiting: list[tuple[int, int, int, Ints, Ints]], body: Body, now: int, width: int) -> None:
        """Its number is another's from now on: what comes under it later is somebody new."""
        if not body.runs:
            return
        own, at = body.runs.pop()
        cut = int(np.searchsorted(own, now))
        body.runs.append((own[:cut], at[:cut]))
        if cut < len(own):
            self._wait(waiting, body.number, own[cut:], at[cut:], int(own[cut]), width)

    @staticmethod
    def _last(body: Body, now: int, places: AnyFloats) -> tuple[int, Floats, bool]:
        """When and where it was seen last before `now`, and whether it is seen now."""
        here = False
        for own, at in reversed(body.runs):
            cut = int(np.searchsorted(own, now))
            here |= cut < len(own) and int(own[cut]) == now
            if cut:
                return int(own[cut - 1]), np.asarray(places[at[cut - 1]], np.float64), here
        if body.born == now:  # in this frame, a moment ago
            return now, np.asarray(places[body.runs[0][1][0]], np.float64), True
        return body.seen, body.last_place(now), here

    @staticmethod
    def _lost_near(now: int, place: AnyFloats, last: list[tuple[Body, int, Floats, bool]]) -> Body | None:
        """A body whose number is in this frame is not lost, however short a gap was."""
        best: tuple[float, Body] | None = None
        for body, seen, where, here in last:
            far = float(np.hypot(*(where - place)))
            lost = not here and now - seen - 1 <= _FOUND_AGAIN
            if lost and far <= _FOUND_AGAIN_M and far <= min(_away(where, last), default=np.inf):
                best = (far, body) if best is None or far < best[0] else best
        return None if best is None else best[1]


def _away(where: Floats, last: list[tuple[Body, int, Floats, bool]]) -> list[float]:
    """How far each body that is seen now is from there."""
    return [float(np.hypot(*(where - other))) for _, _, other, here in last if here]

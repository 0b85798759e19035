"""Falls from tracks with heights: a body that was up is on the floor, got there as bodies fall, and stays there.

Bodies are looked at every half second. One that has come down is waited for, and judged again and again until it is
sure or too late: who lies flat is told in two and a half seconds, who may be bending or kneeling later. Who is still
down after half a minute, and at each further one up to two and a half, is judged once more each time (`late`). What
lies where people lie (`Zone`) and what another body beside it was taken for at the same moment is no fall. A fall from
which nobody is seen to be up thirty seconds later is told again, as `no-recovery`; a track that is lost does not end
that.

Heights are those above the floor: whoever knows how the module hangs has made them so. Frames come ten a second, in
blocks of any length: how they are cut changes nothing that is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.findings import FALL, NO_RECOVERY, Seen
from analytics.radar import recovery
from analytics.radar.descents import EVERY, LOW_M, UP_M, Looks, look
from analytics.radar.judging import Judge, shipped
from analytics.radar.late import LATE, Judged, Late
from analytics.radar.mixed_up import mixed_up
from analytics.radar.places import Zone, lies_in_a_zone, share_in_zones
from analytics.radar.staying import Staying
from analytics.radar.tracks import RATE_HZ, UNHEARD, Bodies, Body, Floats, Ints
from analytics.radar.usual import HOUR, Usual
from analytics.radar.vanished import Vanished

WAITS: Final = (25, 50, 90, 130, 165, 180, 190)  # frames after which it is judged; people bend for twelve seconds
LOOKS: Final = (*WAITS, *LATE)
_ANEW: Final = 60  # frames in which a way down is the same one …
_DEEPER_M: Final = 0.2  # … unless it goes on by so much


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarFinding:
    """Somebody fell, or did not get up after it, as far as the radar can tell.

    Attributes:
        kind: "fall", or "no-recovery": not up 30 s after one.
        room: its number.
        down_at: the frame in which the body was down; of "no-recovery" that of its fall.
        raised_at: the frame in which that was sure enough.
        probability: 0–1; of "no-recovery" that of its fall.
        height_m: where its top is now; NaN where it is not seen.
        place: x and y, m, where it was seen last.
        seen: of "no-recovery" what was seen at the end.
    """

    kind: str
    room: int
    down_at: int
    raised_at: int
    probability: float
    height_m: float
    place: tuple[float, float]
    seen: Seen | None = None


@dataclass(slots=True)
class _Down:
    """A way down that is waited for."""

    at: int
    highest: float
    usual: Floats  # in that room, as known then
    body: Staying  # who it was, and as whom it was found again since
    judged: int = 0  # how many of WAITS


@dataclass(slots=True)
class _Watched:
    """What is remembered of one body."""

    downs: list[_Down] = field(default_factory=list)
    last: tuple[int, float] | None = None  # the newest way down and where the top was
    told_at: int = -1  # a fall was told, and it was not up since
    cleared: int = -1  # … and ways down before it are the same fall


class RadarFalls:
    """The detector of R rooms. What it finds does not depend on the other rooms.

    Args:
        zones: of each room, where people lie.
        judge: who tells falls; the shipped one where None.
    """

    def __init__(self, zones: Sequence[Sequence[Zone]], judge: Judge | None = None) -> None:
        self._zones = [tuple(room) for room in zones]
        self._judge = shipped() if judge is None else judge
        self._bodies = [Bodies(room) for room in range(len(zones))]
        self._recoveries = [recovery.Watch() for _ in zones]
        self._late = [Late(room) for room in zones]
        self._vanished = [Vanished(room) for room in zones]
        self._usual = [Usual(room) for room in zones]
        self._watched: dict[Body, _Watched] = {}
        self._start = 0  # the first frame that has not been looked at
        self._held: list[tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]] = []

    def hang(self, room: int, zones: Sequence[Zone]) -> None:
        """Another module hangs there from now on: that room begins anew, the others go on."""
        self._zones[room] = tuple(zones)
        self._bodies[room] = Bodies(room)
        self._recoveries[room] = recovery.Watch()
        self._late[room] = Late(zones)
        self._vanished[room] = Vanished(zones, self._start)
        self._usual[room] = Usual(zones)
        self._watched = {body: watched for body, watched in self._watched.items() if body.room != room}
        for ids, _, _ in self._held:
            ids[:, room] = 0

    @property
    def frames(self) -> int:
        """How many there were."""
        return self._start + sum(len(one[0]) for one in self._held)

    def frame(
        self, ids: NDArray[np.int32], places: NDArray[np.float32], tops: NDArray[np.float32]
    ) -> list[RadarFinding]:
        """One frame of all rooms: `feed` of a block of one."""
        return self.feed(ids[None], places[None], tops[None])

    def feed(
        self, ids: NDArray[np.int32], places: NDArray[np.float32], tops: NDArray[np.float32]
    ) -> list[RadarFinding]:
        """A block of frames of all rooms.

        Args:
            ids: int32 (T, R, K), the modules' numbers of tracks; 0 for none, UNHEARD where the module was not heard.
            places: float32 (T, R, K, 2), m.
            tops: float32 (T, R, K), m above the floor; NaN where the module does not tell.

        Returns:
            In the order in which they were sure.
        """
        # A copy: the caller may fill the same arrays again.
        self._held.append((ids.copy(), places.copy(), tops.copy()))
        count = sum(len(one[0]) for one in self._held)
        whole = count // EVERY * EVERY
        if not whole:
            return []
        blocks = [np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in zip(*self._held, strict=True)]
        self._held = [(blocks[0][whole:].copy(), blocks[1][whole:].copy(), blocks[2][whole:].copy())]
        found: list[RadarFinding] = []
        begin = 0
        while begin < whole:  # all looks of a piece are of one hour
            end = min(whole, begin + HOUR - (self._start + EVERY) % HOUR)
            found += self._piece(blocks[0][begin:end], blocks[1][begin:end], blocks[2][begin:end])
            begin = end
        return found

    def _piece(
        self, ids: NDArray[np.int32], places: NDArray[np.float32], tops: NDArray[np.float32]
    ) -> list[RadarFinding]:
        start, self._start = self._start, self._start + len(ids)
        occupied = np.asarray((ids > 0).any(axis=(0, 2))).tolist()
        bodies: list[Body] = []
        for room, one in enumerate(self._bodies):
            if occupied[room] or one.busy:
                bodies += one.feed(start, ids[:, room], places[:, room], tops[:, room])
        looks = look(bodies, start)
        mine: list[list[tuple[Body, Looks]]] = [[] for _ in self._bodies]
        for body, seen in zip(bodies, looks, strict=True):
            mine[body.room].append((body, seen))
        for usual, of_room in zip(self._usual, mine, strict=True):
            usual.look((start + EVERY) // HOUR, of_room)
        deaf = (ids == UNHEARD).any(axis=2)
        found: list[RadarFinding] = []
        for room, seen_bodies in enumerate(mine):
            found += self._room(room, seen_bodies, np.flatnonzero(deaf[:, room]) + start)
        self._watched = {body: self._watched[body] for body in bodies if body in self._watched}
        return sorted(found, key=lambda one: (one.raised_at, one.room, one.kind, one.down_at))

    def _room(self, room: int, bodies: Sequence[tuple[Body, Looks]], unheard: Ints) -> list[RadarFinding]:
        watch, late = self._recoveries[room], self._late[room]
        judged: list[Judged] = []
        for body, looks in bodies:
            for one in self._follow(body, looks, bodies):
                waits = one.now == one.at + WAITS[-1] and one.probability > 0
                kept = late.begin(one.bodies, one.at, one.now, one.probability) if waits else None
                judged.append(replace(one, late=kept))
        judged += late.after(bodies, self._start, self._judge)
        judged += self._vanished[room].after([body for body, _ in bodies], unheard, self._start)
        up = {body: looks.frames[looks.newest >= UP_M] for body, looks in bodies}
        found: list[RadarFinding] = []
        for one in sorted(judged, key=lambda one: one.now):
            if self._tells(one, up):
                watch.begin(one.bodies, down_at=one.at, raised_at=one.now, probability=one.probability, place=one.place)
                found.append(
                    RadarFinding(
                        kind=FALL, room=room, down_at=one.at, raised_at=one.now, probability=one.probability,
                        height_m=one.height_m, place=one.place,
                    )
                )  # fmt: skip
        self._settle(late, up)
        found += [
            RadarFinding(
                kind=NO_RECOVERY, room=room, down_at=one.down_at, raised_at=one.due_at, probability=one.probability,
                height_m=one.height_m, place=one.place, seen=one.seen,
            )
            for one in watch.after(bodies, self._start)
        ]  # fmt: skip
        return found

    def _tells(self, one: Judged, up: Mapping[Body, NDArray[np.int64]]) -> bool:
        """Whether it is a fall that was not told so far; in the order of time."""
        watched = [self._watched.setdefault(body, _Watched()) for body in one.bodies]
        for body, each in zip(one.bodies, watched, strict=True):
            if each.told_at >= 0 and body in up and ((up[body] > each.told_at) & (up[body] <= one.now)).any():
                each.told_at = -1
        told = any(each.told_at >= 0 or one.at < each.cleared for each in watched)
        if one.late is not None:
            one.late.told |= told
            told = one.late.told
        if told:
            return False
        if not one.sure and one.probability < self._judge.threshold(one.now - one.at, one.height_m):
            return False
        for each in watched:
            each.told_at = each.cleared = one.now
        return True

    def _settle(self, late: Late, up: Mapping[Body, NDArray[np.int64]]) -> None:
        """Behind a block: who was up may fall again, and what was told with another way down is not waited for."""
        for body, frames in up.items():
            watched = self._watched.get(body)
            if watched is None:
                continue
            if watched.told_at >= 0 and len(frames) and frames[-1] > watched.told_at:
                watched.told_at = -1
            watched.downs = [one for one in watched.downs if one.at >= watched.cleared]
        late.forget(lambda body, at: body in self._watched and at < self._watched[body].cleared)

    def _follow(self, body: Body, looks: Looks, bodies: Sequence[tuple[Body, Looks]]) -> list[Judged]:
        """What is known of the ways down of one of the bodies of a room, by the looks of a block."""
        watched = self._watched.get(body)
        starts = np.flatnonzero(looks.down)
        if watched is None:
            if not len(starts):
                return []
            watched = self._watched[body] = _Watched()
        judged: list[Judged] = []
        for at in starts.tolist():
            frame, newest = int(looks.frames[at]), float(looks.newest[at])
            judged += self._due(watched, frame, bodies)
            last = watched.last
            if last is None or frame - last[0] > _ANEW or newest <= last[1] - _DEEPER_M:
                watched.last = (frame, newest)
                x, y = body.last_place(frame).tolist()
                who = Staying(bodies=[body], place=(x, y), since=frame, looked=frame, seen_at=body.last_seen(frame))
                watched.downs.append(
                    _Down(at=frame, highest=float(looks.highest[at]), usual=self._usual[body.room].levels, body=who)
                )
        if len(looks.frames):
            judged += self._due(watched, int(looks.frames[-1]), bodies)
        for down in watched.downs:
            down.body.follow(bodies, self._start, up_at_once=True)
        return judged

    def _due(self, watched: _Watched, until: int, bodies: Sequence[tuple[Body, Looks]]) -> list[Judged]:
        """Judge what falls due, in time."""
        judged: list[Judged] = []
        while watched.downs:
            down = min(watched.downs, key=lambda one: one.at + WAITS[one.judged])
            now = down.at + WAITS[down.judged]
            if now > until:
                break
            down.body.follow(bodies, now, up_at_once=True)
            body = down.body.joined()
            beside = [other for other, _ in bodies if other not in down.body.bodies]
            x, y = body.last_place(now).tolist()
            judged.append(
                Judged(
                    at=down.at, now=now, bodies=tuple(down.body.bodies), height_m=_height(body, now), place=(x, y),
                    probability=self._probability(body, down, now, beside),
                )
            )  # fmt: skip
            down.judged += 1
            if down.judged == len(WAITS):
                watched.downs.remove(down)
        return judged

    def _probability(self, body: Body, down: _Down, now: int, beside: Sequence[Body]) -> float:
        tops = body.tops[down.at - body.first : now - body.first]
        if np.isnan(tops).all() or float(np.nanmedian(tops)) > LOW_M:
            return 0.0
        if any(one is not down.body.bodies[0] for one in down.body.up_as):
            return 0.0  # lost where it was down, and found again up
        zones = self._zones[body.room]
        if lies_in_a_zone(body, zones, down.at, now) or mixed_up(body, down.at, now, beside):
            return 0.0
        in_zones = share_in_zones(body, zones, down.at)
        return self._judge.probability(body, down.at, now, down.highest, in_zones, down.usual)


def _height(body: Body, now: int) -> float:
    last = body.tops[max(now - 2 * EVERY - body.first, 0) : max(now - body.first, 0)]
    return float("nan") if np.isnan(last).all() else float(np.nanmedian(last))


__all__ = ["RATE_HZ", "RadarFalls", "RadarFinding", "Zone"]

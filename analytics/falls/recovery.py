"""Who has fallen and is not up 30 s later: watched from every raised fall on, many streams at once.

Every stream is kept at ten samples a second, so that at a fall it is known how the person walked before. 30 s after the
impact the seconds since are judged by `risen.judge`; nothing that comes later takes the word back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.falls import decimated, gait, risen
from analytics.falls.decimated import KEPT, LINE_HZ, MISSING, Bins, Line
from analytics.falls.gait import SECOND, WALK
from analytics.falls.rates import RATE_HZ
from analytics.falls.risen import WATCH_S
from analytics.falls.steps import Steps
from analytics.findings import NO_RECOVERY, Finding

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
_T = TypeVar("_T", bound=np.generic)

__all__ = ["LINE_HZ", "WATCH_S", "State", "overdue", "restart", "resume", "start", "step", "trace", "watch"]

_WATCH: Final = WATCH_S * LINE_HZ
# Walking that ends this long before the impact, so that the fall is not in it.
_CLEAR: Final = LINE_HZ
# After a gap as long as this the strap may have been taken off and put on another way: upright is forgotten.
_SAME_WAY_S: Final = 60.0


class Watch(IntEnum):
    """What a stream is watched for."""

    NONE = 0
    OPEN = 1  # a fall less than 30 s ago
    SAID = 2  # the last one ended with no-recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is carried from chunk to chunk, one row a stream; 2.5 kB each.

    Attributes:
        line: the streams at ten samples a second.
        upright: mean acceleration of the last walking that is no longer in the line's ring, g, float32 (S, 3).
        watch: `Watch`, int8 (S,).
        impact: bin of the impact watched from, int64 (S,).
        reference: upright as it was known at that impact, float32 (S, 3); NaN where it was not.
        probability: that of the fall, float64 (S,).
    """

    line: Line
    upright: Array
    watch: NDArray[np.int8]
    impact: Ints
    reference: Array
    probability: NDArray[np.float64]


def start(rates: NDArray[np.float64]) -> State:
    """Fresh streams of these device rates, Hz, float64 (S,)."""
    count = len(rates)
    return State(
        line=decimated.start(rates),
        upright=np.full((count, 3), np.nan, np.float32),
        watch=np.zeros(count, np.int8),
        impact=np.zeros(count, np.int64),
        reference=np.full((count, 3), np.nan, np.float32),
        probability=np.zeros(count),
    )


def restart(state: State, row: int, rate_hz: float) -> State:
    """The same state with one row given to another stream; the others are untouched."""
    fresh = start(np.array([rate_hz]))
    return State(
        line=Line(
            rates=_with(state.line.rates, row, fresh.line.rates[0]),
            base=_with(state.line.base, row, 0),
            taken=_with(state.line.taken, row, 0),
            unfinished=_with(state.line.unfinished, row, 0),
            seen=_with(state.line.seen, row, 0),
            ring=_with(state.line.ring, row, fresh.line.ring[0]),
        ),
        upright=_with(state.upright, row, np.nan),
        watch=_with(state.watch, row, Watch.NONE),
        impact=_with(state.impact, row, 0),
        reference=_with(state.reference, row, np.nan),
        probability=_with(state.probability, row, 0),
    )


def resume(state: State, row: int, rate_hz: float, gap_s: float) -> State:
    """A stream that broke begins anew, `gap_s` later: what is watched stays watched, what is missing is not up."""
    line = decimated.resume(state.line, row, rate_hz, gap_s)
    joined = np.concatenate([state.line.ring, np.full((len(line.seen), KEPT, 3), MISSING, np.int16)], axis=1)
    moved = np.where(np.arange(len(line.seen)) == row, line.seen - state.line.seen, 0)
    upright = _left(state, joined, np.minimum(moved, KEPT))
    if gap_s > _SAME_WAY_S:
        upright[row] = np.nan
    return replace(state, line=line, upright=upright)


def step(
    state: State,
    chunk: NDArray[np.floating] | Steps,
    counts: NDArray[np.integer],
    *,
    falls: Sequence[Finding] = (),
    trunk: Flags,
) -> tuple[State, list[Finding]]:
    """Take the samples that the fall detector took, and the falls it found in them.

    Args:
        state: carried.
        chunk: (S, n, 3), g or steps, each stream at its own rate; not finite: unusable.
        counts: how many of the n rows each stream has, (S,).
        falls: what the detector found in this chunk.
        trunk: which streams are worn at the waist or chest, bool (S,).

    Returns:
        The new state and who is not up 30 s after a fall, in the order of stream and time.
    """
    line, joined, made = decimated.take(state.line, chunk, counts)
    upright = _left(state, joined, made)
    first = state.line.seen - KEPT
    after = replace(state, line=line)  # `upright` is still that of before the joined bins
    findings: list[Finding] = []
    for fall in sorted(falls, key=lambda one: (one.stream, one.decided_s)):
        row, decided = fall.stream, int(line.base[fall.stream]) + int(fall.decided_s * LINE_HZ)
        if after.watch[row] == Watch.OPEN and after.impact[row] + _WATCH <= min(decided, int(line.seen[row])):
            after, said = _conclude(after, np.array([row]), joined, first, trunk)
            findings += said
        after = _begin(after, fall, joined, first, trunk)
    due = np.flatnonzero((after.watch == Watch.OPEN) & (after.impact + _WATCH <= line.seen))
    after, said = _conclude(after, due, joined, first, trunk)
    findings = sorted(findings + said, key=lambda one: (one.stream, one.decided_s))
    return replace(after, upright=upright), findings


def watch(state: State, falls: Sequence[Finding], *, trunk: Flags) -> State:
    """Watch from falls that were decided without further samples (`FallDetector.finish`)."""
    for fall in falls:
        state = _begin(state, fall, state.line.ring, state.line.seen - KEPT, trunk)
    return state


def overdue(state: State, now_s: NDArray[np.float64], *, waited_s: float, trunk: Flags) -> tuple[State, list[Finding]]:
    """Judge the watches whose 30 s are over though the samples have not come: by what is there.

    Args:
        state: carried.
        now_s: now, on each stream's own time line, float64 (S,).
        waited_s: only watches over for at least this long: samples may be under way.
        trunk: as in `step`.
    """
    now = state.line.base + (now_s - waited_s) * LINE_HZ
    due = np.flatnonzero((state.watch == Watch.OPEN) & (state.impact + _WATCH <= now))
    state, findings = _conclude(state, due, state.line.ring, state.line.seen - KEPT, trunk)
    return state, [replace(one, decided_s=max(one.decided_s, float(now_s[one.stream]))) for one in findings]


def trace(state: State, row: int) -> tuple[Array, int]:
    """A stream's last 40 s, float32 (KEPT, 3), g, NaN where missing, and the place of the watched impact in it."""
    place = int(state.impact[row] - state.line.seen[row]) + KEPT
    return decimated.grams(state.line.ring[row]), min(max(place, 0), KEPT - 1)


def _begin(state: State, fall: Finding, joined: Bins, first: Ints, trunk: Flags) -> State:
    """Watch from a fall, unless an earlier one is watched from which the person has not been up."""
    row = fall.stream
    impact = int(state.line.base[row]) + int(fall.at_s * LINE_HZ)
    earlier = int(state.impact[row])
    if state.watch[row] == Watch.OPEN:
        bins = _from(joined, first, np.array([row]), state.impact)
        bins[0, max(0, impact - earlier) :] = np.nan
        if not risen.judge(bins, state.reference[[row]], trunk[[row]])[0][0]:
            return state  # the 30 s count from the earlier fall
    elif state.watch[row] == Watch.SAID and impact <= earlier + _WATCH:
        return state  # it has been said of these seconds
    return replace(
        state,
        watch=_with(state.watch, row, Watch.OPEN),
        impact=_with(state.impact, row, impact),
        reference=_with(state.reference, row, _upright_before(state, row, impact, joined[row], int(first[row]))),
        probability=_with(state.probability, row, fall.probability),
    )


def _conclude(state: State, due: Ints, joined: Bins, first: Ints, trunk: Flags) -> tuple[State, list[Finding]]:
    if not len(due):
        return state, []
    up, seen = risen.judge(_from(joined, first, due, state.impact), state.reference[due], trunk[due])
    state = replace(state, watch=_with(state.watch, due, np.where(up, Watch.NONE, Watch.SAID)))
    findings: list[Finding] = []
    for row, recovered, what in zip(due.tolist(), up.tolist(), seen, strict=True):
        if recovered:
            continue
        impact = int(state.impact[row] - state.line.base[row])
        samples = (max(0, impact * int(RATE_HZ) // LINE_HZ), max(0, (impact + _WATCH) * int(RATE_HZ) // LINE_HZ))
        findings.append(
            Finding(
                kind=NO_RECOVERY,
                stream=row,
                probability=float(state.probability[row]),
                at_s=impact / LINE_HZ,
                decided_s=(impact + _WATCH) / LINE_HZ,
                evidence=samples,
                seen=what,
            )
        )
    return state, findings


def _upright_before(state: State, row: int, impact: int, bins: Bins, first: int) -> Array:
    """How gravity points in the last walking before an impact; NaN where there was none."""
    begins = np.arange(-(-first // SECOND) * SECOND, impact - _CLEAR - WALK + 1, SECOND) - first
    begins = begins[begins + WALK <= len(bins)]
    if len(begins):
        windows = decimated.grams(bins[begins[:, None] + np.arange(WALK)])
        walked = np.flatnonzero(gait.walking(windows, np.ones(len(begins), np.bool_)))
        if len(walked):
            return np.asarray(windows[walked[-1]].mean(axis=0), np.float32)
    if first + WALK > impact - _CLEAR:  # what has left the ring may be of after the impact
        return np.full(3, np.nan, np.float32)
    return np.asarray(state.upright[row], np.float32)


def _left(state: State, joined: Bins, made: Ints) -> Array:
    """Upright after the walking that leaves the ring now: windows that begin at whole seconds, however it was cut."""
    upright = state.upright.copy()
    first = state.line.seen - KEPT
    begins = -(-first // SECOND) * SECOND
    for _ in range(-(-int(made.max(initial=0)) // SECOND)):
        rows = np.flatnonzero(begins < first + made)
        if len(rows):
            columns = (begins - first)[rows, None] + np.arange(WALK)
            windows = decimated.grams(joined[rows[:, None], columns])
            walked = gait.walking(windows, np.ones(len(rows), np.bool_))
            upright[rows[walked]] = windows[walked].mean(axis=1)
        begins = begins + SECOND
    return upright


def _from(joined: Bins, first: Ints, rows: Ints, impact: Ints) -> Array:
    """The 30 s from each row's impact, float32 (N, 300, 3), NaN where the bins have not come or are gone."""
    columns = (impact - first)[rows, None] + np.arange(_WATCH)
    there = (columns >= 0) & (columns < joined.shape[1])
    bins = decimated.grams(joined[rows[:, None], np.where(there, columns, 0)])
    bins[~there] = np.nan
    return bins


def _with(array: NDArray[_T], rows: int | Ints, value: ArrayLike) -> NDArray[_T]:
    changed = array.copy()
    changed[rows] = value
    return changed

"""What tells a fall from a body that went down by itself: how the way down ended, how fast it was, what came after.

What falls gets faster and stops at the floor; who sits down, kneels or bends slows down before. Both curves are fitted
to the heights around the way down, in many places and lengths, and which fits better counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.descents import BEFORE, NEAR_M, SMOOTH, WINDOW, held, medians, way_down
from analytics.radar.tracks import RATE_HZ, Body, Floats

NAMES: Final = (
    "log-took", "log-fitted", "gentle-log-fitted", "fall-like", "lowest", "highest", "stray", "share-seen", "rose",
    "strayed-away", "sank", "misfit", "went", "log-elapsed", "hidden", "near-highest", "was-up", "log-age", "fastest",
    "settled-s", "at-once",
)  # fmt: skip
SEEN_LOW: Final = 10  # frames: what is gone at once was nobody
_SETTLES: Final = 5  # frames behind the look that are not yet the floor
_BEFORE: Final = 120  # frames before the look in which it may have been up
_UP_M: Final = 0.95
_AFTER: Final = 15  # frames behind the look in which the way down may still end
_SPIKE_M: Final = 0.3
_LASTS_S: Final = np.array([0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5, 1.8, 2.2, 2.7, 3.3, 4.0])
_ENDS: Final = np.arange(-15, 11)  # frames from the look
_TIMES: Final = np.arange(-30, _AFTER)


def _curves() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    begins = _ENDS[None, :, None] - _LASTS_S[:, None, None] * RATE_HZ
    share = np.clip((_TIMES - begins) / (_LASTS_S[:, None, None] * RATE_HZ), 0.0, 1.0)
    share = share.reshape(-1, len(_TIMES))
    return share**2, share**2 * (3 - 2 * share)


_FALLING, _GENTLE = _curves()  # (lengths × ends, times): the share of the way down
_AT_ONCE: Final = (_ENDS[:, None] <= _TIMES).astype(np.float64)  # what no body does, but two tracks mixed up


def features(body: Body, at: int, now: int, highest: float) -> Floats | None:
    """Of a way down that was seen at frame `at`, as known at frame `now`; None where too little was seen.

    Args:
        body: its heights as far as `now`.
        at: the look that saw it low.
        now: frames of the body before this one are used.
        highest: where its top had been.

    Returns:
        float64 (NAMES,).
    """
    begin = max(body.first, at - BEFORE)
    tops = body.tops[begin - body.first : now - body.first]
    smooth = held(medians(tops), np.zeros(len(tops), np.int64))
    here = at - begin
    known = ~np.isnan(tops[here:])
    settled = tops[here:][min(_SETTLES, len(known) // 2) :]
    settled = settled[~np.isnan(settled)]
    if known.sum() < SEEN_LOW or not len(settled) or np.isnan(smooth).all():
        return None
    smooth = np.where(np.isnan(smooth), smooth[~np.isnan(smooth)][0], smooth)
    lowest = float(np.median(settled))
    fit = _fit(tops, here, highest, max(highest - lowest, 0.05))
    took, elapsed, hidden, arrived, fastest = _way(tops, smooth, here, highest, lowest)
    stray, rose = _after(smooth[min(here + 10, len(smooth) - 1) :], lowest)
    return np.array([
        np.log(took), np.log(fit.falling_s), np.log(fit.gentle_s), fit.fall_like, lowest, highest, stray,
        float(known.mean()), rose, _strayed(body.places[at - body.first : now - body.first][known]),
        float(np.median(settled[-15:]) - np.median(settled[:15])), fit.misfit_m,
        _went(body, at + fit.begin, at + fit.end, now), np.log(elapsed), hidden,
        _seconds(np.abs(tops[max(here - WINDOW, 0) : here] - highest) <= NEAR_M),
        _seconds(body.tops[max(at - _BEFORE - body.first, 0) : at - body.first] >= _UP_M),
        np.log((at - body.born + 1) / RATE_HZ), fastest, (now - begin - arrived) / RATE_HZ, fit.at_once,
    ])  # fmt: skip


def _way(
    tops: Floats, smooth: Floats, here: int, highest: float, lowest: float
) -> tuple[float, float, float, int, float]:
    """The middle six tenths: s in which it was seen, s in all, s unseen, the frame of its end, greatest speed m/s."""
    first = max(here - WINDOW + SMOOTH, 0)
    part = smooth[first : here + _AFTER]
    left, arrived = way_down(part, highest, lowest)
    hidden = int(np.isnan(tops[first + left : first + arrived]).sum())
    fastest = float((part[:-2] - part[2:]).max()) / (2 / RATE_HZ) if len(part) > 2 else 0.0
    return (
        max(arrived - left - hidden, 1) / RATE_HZ, max(arrived - left, 1) / RATE_HZ, hidden / RATE_HZ, first + arrived,
        fastest,
    )  # fmt: skip


def _after(later: Floats, lowest: float) -> tuple[float, float]:
    """How unsteady it is on the floor, m, and how far it rose from there."""
    return float(np.std(later)), float(later.max() - lowest)


def _strayed(places: Floats) -> float:
    """How far it got in the time that is waited, m: the middle of the last third from that of the first."""
    third = max(len(places) // 3, 1)
    return float(np.hypot(*(np.median(places[-third:], axis=0) - np.median(places[:third], axis=0))))


def _seconds(where: NDArray[np.bool_]) -> float:
    return float(where.sum()) / RATE_HZ


def _went(body: Body, begin: int, end: int, now: int) -> float:
    """How far it is from where the way down began to where it ended, m; 0 where that was not seen."""
    before = body.places[max(begin - 3 - body.first, 0) : max(begin + 3 - body.first, 0)]
    after = body.places[max(end + 3 - body.first, 0) : max(min(end + 33, now) - body.first, 0)]
    before, after = before[~np.isnan(before[:, 0])], after[~np.isnan(after[:, 0])]
    if not len(before) or not len(after):
        return 0.0
    return float(np.hypot(*(np.median(after, axis=0) - np.median(before, axis=0))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """The best falling and the best gentle curve.

    Attributes:
        falling_s: how long the one lasts.
        gentle_s: … and the other.
        fall_like: log of the ratio of their mean squares; positive where the falling one fits better.
        misfit_m: root mean square of the better one.
        at_once: log of the ratio of its mean square to that of a step; positive where a step fits better.
        begin: of the better one, frames from the look.
        end: of the better one.
    """

    falling_s: float
    gentle_s: float
    fall_like: float
    misfit_m: float
    at_once: float
    begin: int
    end: int


def _fit(tops: Floats, here: int, highest: float, way: float) -> _Fit:
    index = here + _TIMES
    inside = (index >= 0) & (index < len(tops))
    heights = np.where(inside, tops[np.clip(index, 0, len(tops) - 1)], np.nan)
    known = np.flatnonzero(~np.isnan(heights))
    down = (highest - heights[known]) / way
    limit = (_SPIKE_M / way) ** 2
    found = []
    for curves in (_FALLING, _GENTLE):
        squares = np.minimum((curves[:, known] - down) ** 2, limit).mean(axis=1)
        best = int(squares.argmin())
        lasts, end = float(_LASTS_S[best // len(_ENDS)]), int(_ENDS[best % len(_ENDS)])
        found.append((float(squares[best]) * way * way + 1e-4, lasts, end))
    step = float(np.minimum((_AT_ONCE[:, known] - down) ** 2, limit).mean(axis=1).min()) * way * way + 1e-4
    falling, gentle = found
    better = min(found)
    return _Fit(
        falling_s=falling[1], gentle_s=gentle[1], fall_like=float(np.log(gentle[0] / falling[0])),
        misfit_m=float(np.sqrt(better[0])), at_once=float(np.log(better[0] / step)),
        begin=better[2] - round(better[1] * RATE_HZ), end=better[2],
    )  # fmt: skip

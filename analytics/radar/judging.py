"""How surely a way down was a fall: many small decision trees over `features`, `shapes` and `usual`.

The trees, and how long falls and other ways down last, are data (`radar_model.npz`); `analytics.training.radar` makes
them in made-up rooms, from seeds of which no figure is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import IO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from analytics.radar import shapes, usual
from analytics.radar.features import NAMES, features
from analytics.radar.tracks import RATE_HZ, Body, Floats

FILE: Final = "radar_model.npz"
UP_S: Final = 2.0
FURTHEST_M: Final = 1.3
SEEN_SHARE: Final = 0.5
BACK: Final = (
    30  # frames in which who was gone for half of the time, at one go, is to be seen again: points come and go
)
LATELY: Final = 10  # … and in the last of these
LIES_M: Final = 0.4  # who is lower neither kneels nor bends: nothing is gained by waiting …
LYING: Final = 0.75  # … for more than this: at most 6 false alerts more in 2,000 room-days that set thresholds
_WAS_UP, _WENT, _SEEN, _LOWEST = (NAMES.index(name) for name in ("was-up", "went", "share-seen", "lowest"))
INPUTS: Final = (
    *NAMES, "share-in-zones", "waited-s", *shapes.NUMBERS, "lowest-by-lying", "lowest-by-sitting",
    "falls-or-stays-down", "falls-or-gets-up",
)  # fmt: skip
GIVEN: Final = len(INPUTS) - 2 + shapes.LIKELIHOODS  # numbers of a way down, before what is taught of lengths


class Judge(Protocol):
    """Whoever tells falls from other ways down."""

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        """Of a way down that frame `at` saw low, as known at frame `now`, with what is usual in that room; 0–1."""
        ...

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        """Of a way down that was so likely a fall at the last look at it, and is still down at frame `now`; 0–1."""
        ...

    def threshold(self, waited: int, height: float) -> float:
        """From which it is a fall, so many frames after the way down, with its top there now, m; NaN: not seen."""
        ...


def given(body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> Floats | None:
    """Float64 (GIVEN,): what is known of a way down; None where too little was seen, or what no fall is like.

    That is: nobody was up for two seconds before it (a dog jumps, a reflection lasts for less), nor in a bed; it is
    further away than a body is long, or has gone on so far; it is gone for half of the time, and not back from one
    absence.
    """
    known = features(body, at, now, highest)
    if known is None:
        return None
    was_up = known[_WAS_UP] >= UP_S or in_zones > 0
    went_on = float(np.hypot(*(body.last_place(now) - body.last_place(at))))
    if not was_up or max(known[_WENT], went_on) > FURTHEST_M:
        return None
    if known[_SEEN] < SEEN_SHARE and _back(body, at, now) < SEEN_SHARE:
        return None
    shape = shapes.shape(body, at)
    lower = np.where(levels == usual.UNKNOWN, usual.UNKNOWN, known[_LOWEST] - levels)
    return np.concatenate([
        known, [in_zones, (now - at) / RATE_HZ], shape[: len(shapes.NUMBERS)], lower, shape[len(shapes.NUMBERS) :],
    ])  # fmt: skip


def _back(body: Body, at: int, now: int) -> float:
    """In which share of the frames since its longest absence it was seen; 0 where it is not known to be back."""
    seen = np.flatnonzero(~np.isnan(body.tops[at - body.first : now - body.first]))
    if len(seen) < BACK or now - at - int(seen[-1]) > LATELY:
        return 0.0
    back = int(np.diff(seen, prepend=-1).argmax())
    return (len(seen) - back) / (now - at - int(seen[back])) if len(seen) - back >= BACK else 0.0


def inputs(known: Floats, lengths: Floats) -> Floats:
    """What the trees ask for.

    Args:
        known: float64 (…, GIVEN).
        lengths: float64 (3, LIKELIHOODS), how often each length is one of a fall, of who stays down, of who is soon up.

    Returns:
        float64 (…, INPUTS).
    """
    likely = known[..., -shapes.LIKELIHOODS :]
    falls, stays, gets_up = np.moveaxis(np.log(np.exp(likely) @ lengths.T), -1, 0)
    return np.concatenate(
        [known[..., : -shapes.LIKELIHOODS], (falls - stays)[..., None], (falls - gets_up)[..., None]], axis=-1
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """Boosted trees of several ensembles, all in one table of N nodes; a leaf is its own child.

    Attributes:
        roots: int32 (trees,), where each begins.
        column: int16 (N,), which input a node asks for.
        limit: float64 (N,): up to it to the left. Ways down have the very same numbers: rounded, some go astray.
        left: int32 (N,), and `right`: the nodes below.
        right: int32 (N,).
        value: float32 (N,), of a leaf, in log odds.
        bias: log odds before all trees.
        slope: log odds are multiplied by it …
        offset: … and moved by so much: what the trees were taught with has more falls than life.
        waits: int32 (W,), frames; and the thresholds from then on.
        thresholds: float64 (W,).
        still_down: float64 (L,), log odds that are added at each late look, the last L of `waits`.
        depth: of the deepest tree.
        lengths: float64 (3, LIKELIHOODS), see `inputs`.
    """

    roots: NDArray[np.int32]
    column: NDArray[np.int16]
    limit: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    bias: float
    slope: float
    offset: float
    waits: NDArray[np.int32]
    thresholds: Floats
    still_down: Floats
    depth: int
    lengths: Floats

    def logit(self, asked: Floats) -> float:
        """Of float64 (INPUTS,)."""
        node = self.roots
        for _ in range(self.depth):
            node = np.where(asked[self.column[node]] <= self.limit[node], self.left[node], self.right[node])
        return float(self.value[node].sum()) + self.bias

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        """See `Judge`."""
        known = given(body, at, now, highest, in_zones, levels)
        if known is None:
            return 0.0
        odds = np.exp(np.clip(self.slope * self.logit(inputs(known, self.lengths)) + self.offset, -30, 30))
        return float(odds / (1 + odds))

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        """See `Judge`: the longer it is down, the fewer of those who do not fall still are."""
        del body
        if early <= 0:
            return 0.0
        odds = early / (1 - early) * np.exp(self.still_down[np.searchsorted(self.waits, now - at) - len(self.waits)])
        return float(odds / (1 + odds))

    def threshold(self, waited: int, height: float) -> float:
        """See `Judge`."""
        known = float(self.thresholds[max(int(np.searchsorted(self.waits, waited, side="right")) - 1, 0)])
        return min(known, LYING) if height <= LIES_M else known


def load(file: IO[bytes] | str) -> Trees:
    """Trees as `analytics.training.radar` has saved them.

    Raises:
        ValueError: they ask for other inputs than these.
    """
    with np.load(file, allow_pickle=False) as stored:
        if tuple(stored["inputs"].tolist()) != INPUTS:
            raise ValueError("the radar model was made for other inputs: run `make train` again.")
        return Trees(
            roots=stored["roots"], column=stored["column"], limit=stored["limit"].astype(np.float64),
            left=stored["left"], right=stored["right"], value=stored["value"], bias=float(stored["bias"]),
            slope=float(stored["slope"]), offset=float(stored["offset"]), waits=stored["waits"],
            thresholds=stored["thresholds"], still_down=stored["still_down"], depth=int(stored["depth"]),
            lengths=stored["lengths"],
        )  # fmt: skip


@cache
def shipped() -> Trees:
    """Those of this package."""
    with resources.files(__package__).joinpath(FILE).open("rb") as file:
        return load(file)

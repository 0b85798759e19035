"""Teaches the judge of radar falls in made-up rooms: `python -m analytics.training.radar` writes its file anew.

Rooms are those of `analytics.datasets.scenes`, by seeds of their own. Half of those that teach have what is rare more
often (falls that end sitting or begin in bed, dogs, exercises), so that there is enough to learn from; the other half
is as the ranges say. Further ones (`VALIDATED_WITH`) set what a probability means and from which one a fall is told.

    python -m analytics.training.radar [--keep FOLDER] [--out FILE] [--trees FILE]

`--keep`: ways down of each seed are kept there, and read again. It is for trying settings: what was kept by other code
is not noticed. `--trees`: those of that file stay as they are, and what a probability means and from which one on a
fall is told are set anew; for when other looks or other rules came, and what is known of a way down is as it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

import analytics.radar
from analytics.datasets.scenes.draws import changed
from analytics.datasets.scenes.visits import Fall
from analytics.radar.evaluation import IN_TIME_S, TAUGHT_WITH, VALIDATED_WITH
from analytics.radar.falls import LOOKS, WAITS
from analytics.radar.judging import FILE, INPUTS, given, inputs, load
from analytics.radar.late import LATE
from analytics.radar.replay import Heights
from analytics.radar.shapes import LIKELIHOODS
from analytics.radar.tracks import RATE_HZ, Body, Floats
from analytics.training.radar_thresholds import Judged, thresholds

SEEDS: Final = TAUGHT_WITH[:12]  # more of what is rare
PLAIN_SEEDS: Final = TAUGHT_WITH[12:]
WIDE: Final = frozenset({*range(1013, 1021), *range(74, 79)})  # more rooms and fewer days: rooms differ more than days
OFTENER: Final[Mapping[str, Mapping[str, float]]] = {
    "fall": {"sits_after_share": 0.5, "out_of_bed_share": 0.2, "seated_share": 0.25, "slump_share": 0.3},
    "room": {"dog_share": 0.5, "exercise_share": 0.3},
}
FALLS_A_DAY: Final = 7.0  # in the rooms that have more of what is rare
ENSEMBLES: Final = 3
STAYS: Final = 130  # frames: who only bends is up again
PROBE_SEED: Final = 1
PROBED: Final = 100
_SHARE_ROUNDS: Final = 200
_LEAST_SHARE: Final = 1e-4
_OF_TREES: Final = ("roots", "column", "limit", "left", "right", "value", "depth", "bias", "lengths")
_ARRAYS: Final = ("given", "room", "at", "now", "stayed", "fall")
BEGUN_S: Final = 4.0  # a way down that is seen later than this after the impact is another one


@dataclass(slots=True)
class Recorder:
    """A judge that finds nothing and remembers everything."""

    rows: list[tuple[int, int, int, Floats]] = field(default_factory=list)  # room, at, now, what is given
    stayed: list[int] = field(default_factory=list)  # of each row: bits of the late looks at which it was down
    # The last row of a way down: by room, when the body was born, and when it was low. One that was lost on the floor
    # and found again is another object, and the same body.
    _last: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        """Nearly zero; zero where it was no fall whatever is known."""
        known = given(body, at, now, highest, in_zones, levels)
        if known is None:
            return 0.0
        self._last[body.room, body.born, at] = len(self.rows)
        self.rows.append((body.room, at, now, known))
        self.stayed.append(0)
        return 1e-9

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        """Zero."""
        del early
        self.stayed[self._last[body.room, body.born, at]] |= 1 << LATE.index(now - at)
        return 0.0

    def threshold(self, waited: int, height: float) -> float:
        """More than any."""
        del waited, height
        return 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """Ways down of some rooms, n of them and F falls.

    Attributes:
        given: float64 (n, GIVEN).
        room: int64 (n,).
        at: float64 (n,), s, when it was low; and `now`, when it was judged.
        now: float64 (n,).
        stayed: int64 (n,), of the last look at each way down: bit k where it was still down at late look k.
        fall: int64 (n,), which fall's time it lies in; −1 for none.
        falls: and their rooms' numbers.
        room_days: how many.
    """

    given: Floats
    room: NDArray[np.int64]
    at: Floats
    now: Floats
    stayed: NDArray[np.int64]
    fall: NDArray[np.int64]
    falls: Sequence[Fall]
    room_days: int

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Bool (n,): the way down of a fall."""
        impact = np.array([one.impact_s for one in self.falls])
        return (self.fall >= 0) & (self.at <= impact[self.fall] + BEGUN_S)


def record(seed: int, *, rooms: int, days: int, changes: Mapping[str, Mapping[str, float]] | None = None,
           falls_a_day: float = 2.5) -> Taught:  # fmt: skip
    """All ways down of made-up rooms."""
    rows, falls, number = [], [], 0
    for number_of_room in range(rooms):
        recorder = Recorder()
        mine: list[Fall] = []
        with changed({} if changes is None else changes):
            scene = Heights(seed, [number_of_room], falls_a_day=falls_a_day, judge=recorder)
            for _ in range(days):
                mine += scene.day().falls[0]
        for (_, at, now, known), stayed in zip(recorder.rows, recorder.stayed, strict=True):
            t = at / RATE_HZ
            which = next((k for k, one in enumerate(mine) if one.begin_s <= t <= one.up_s + 5.0), None)
            rows.append((number_of_room, t, now / RATE_HZ, -1 if which is None else which + number, stayed, known))
        falls += mine
        number += len(mine)
    # Trees are made of samples of these: their order must be that of the rooms, not that in which they were judged.
    rows.sort(key=lambda one: (*one[:3], one[5].tolist()))
    return Taught(
        given=np.stack([one[5] for one in rows]), room=np.array([one[0] for one in rows]),
        at=np.array([one[1] for one in rows]), now=np.array([one[2] for one in rows]),
        stayed=np.array([one[4] for one in rows]), fall=np.array([one[3] for one in rows]), falls=falls,
        room_days=rooms * days,
    )  # fmt: skip


def lengths(taught: Sequence[Taught]) -> Floats:
    """How long falls last, the way of who stays down for `STAYS` frames, and of who does not: see `judging.inputs`."""
    parts: list[list[Floats]] = [[], [], []]
    for one in taught:
        likely, waited = np.exp(one.given[:, -LIKELIHOODS:]), np.round((one.now - one.at) * RATE_HZ)
        way_down, other = one.room * 1e7 + one.at, one.fall < 0
        stays = other & (waited == STAYS)
        parts[0].append(likely[one.positive & (waited == WAITS[0])])
        parts[1].append(likely[stays])
        parts[2].append(likely[other & (waited == WAITS[0]) & ~np.isin(way_down, way_down[stays])])
    return np.stack([often(np.concatenate(part)) for part in parts])


def often(likely: Floats) -> Floats:
    """Float64 (K,): the shares of K kinds that make what was seen likeliest (expectation and maximisation).

    Args:
        likely: float64 (n, K), how likely each of n is of each kind.
    """
    shares = np.full(likely.shape[1], 1 / likely.shape[1])
    for _ in range(_SHARE_ROUNDS):
        of_each = likely * shares
        shares = (of_each / of_each.sum(axis=1, keepdims=True)).mean(axis=0) + _LEAST_SHARE
        shares /= shares.sum()
    return shares


def teach(taught: Sequence[Taught], shares: Floats) -> list[HistGradientBoostingClassifier]:
    """Several sets of boosted trees, of all ways down but those of who lies on the floor already.

    Args:
        taught: ways down.
        shares: float64 (3, LIKELIHOODS), of `lengths`.
    """
    used = [one.positive | (one.fall < 0) for one in taught]
    asked = inputs(np.concatenate([one.given[use] for one, use in zip(taught, used, strict=True)]), shares)
    positive = np.concatenate([one.positive[use] for one, use in zip(taught, used, strict=True)])
    return [
        HistGradientBoostingClassifier(
            max_iter=350, learning_rate=0.06, max_leaf_nodes=20, min_samples_leaf=40, l2_regularization=5.0,
            max_features=0.25, random_state=seed,
        ).fit(asked, positive)
        for seed in range(ENSEMBLES)
    ]  # fmt: skip


def logit(trees: Sequence[HistGradientBoostingClassifier], asked: Floats) -> Floats:
    """Float64 (n,), of float64 (n, INPUTS)."""
    return np.asarray(np.mean([one.decision_function(asked) for one in trees], axis=0))


def table(trees: Sequence[HistGradientBoostingClassifier]) -> dict[str, Any]:
    """As `judging.Trees` has them."""
    parts: dict[str, list[Any]] = {name: [] for name in ("column", "limit", "left", "right", "value")}
    roots, depth, begin = [], 0, 0
    # scikit-learn has no other way to its trees.
    for (one,) in (tree for ensemble in trees for tree in ensemble._predictors):  # noqa: SLF001
        nodes = one.nodes
        leaf = nodes["is_leaf"].astype(bool)
        own = np.arange(len(nodes))
        roots.append(begin)
        parts["column"].append(np.where(leaf, 0, nodes["feature_idx"]).astype(np.int16))
        parts["limit"].append(np.where(leaf, 0, nodes["num_threshold"]).astype(np.float64))
        parts["left"].append((np.where(leaf, own, nodes["left"]) + begin).astype(np.int32))
        parts["right"].append((np.where(leaf, own, nodes["right"]) + begin).astype(np.int32))
        parts["value"].append((np.where(leaf, nodes["value"], 0) / len(trees)).astype(np.float32))
        depth, begin = max(depth, int(nodes["depth"].max())), begin + len(nodes)
    found: dict[str, Any] = {name: np.concatenate(part) for name, part in parts.items()}
    bias = float(np.mean([np.ravel(one._baseline_prediction)[0] for one in trees]))  # noqa: SLF001
    return {**found, "roots": np.array(roots, np.int32), "depth": depth, "bias": bias}


def calibrate(logits: Sequence[Floats], plain: Sequence[Taught]) -> tuple[float, float]:
    """Slope and offset of log odds, from rooms as the ranges say."""
    used = [one.positive | (one.fall < 0) for one in plain]
    known = np.concatenate([one[use] for one, use in zip(logits, used, strict=True)])
    positive = np.concatenate([one.positive[use] for one, use in zip(plain, used, strict=True)])
    line = LogisticRegression(C=1e6).fit(known[:, None], positive)
    # In few digits: the last ones are another machine's, and thresholds hang on them.
    return round(float(line.coef_[0, 0]), 4), round(float(line.intercept_[0]), 4)


def still_down(logits: Sequence[Floats], plain: Sequence[Taught]) -> Floats:
    """Float64 (LATE,): log odds that are added to those of the last look, so that as many are expected as did fall."""
    found = []
    for number in range(len(LATE)):
        down = [(one.stayed >> number & 1 > 0) & (one.positive | (one.fall < 0)) for one in plain]
        known = np.concatenate([one[use] for one, use in zip(logits, down, strict=True)])
        fell = sum(int(one.positive[use].sum()) for one, use in zip(plain, down, strict=True))
        low, high = -10.0, 10.0
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if (1 / (1 + np.exp(-known - middle))).sum() < fell else (low, middle)
        found.append(round(low, 4))
    return np.array(found)


def judged(logit: Floats, one: Taught, added: Floats) -> Judged:
    """With the log odds of each way down at each look, float64 (n,), and what a late look adds to them."""
    first = np.searchsorted(WAITS, np.round((one.now - one.at) * RATE_HZ))
    parts = [(logit, first, np.arange(len(logit)))]
    for number in range(len(LATE)):
        own = np.flatnonzero(one.stayed >> number & 1)
        parts.append((logit[own] + added[number], np.full(len(own), len(WAITS) + number), own))
    odds, look, row = (np.concatenate(part) for part in zip(*parts, strict=True))
    now = one.at[row] + np.array(LOOKS)[look] / RATE_HZ
    of = one.fall[row]
    impact, up = (np.array([getattr(fall, name) for fall in one.falls])[of] for name in ("impact_s", "up_s"))
    in_time = (of >= 0) & (now <= np.minimum(impact + IN_TIME_S, up))
    return Judged(
        chance=1 / (1 + np.exp(-odds)), wait=look, room=one.room[row], at=one.at[row], fall=of,
        late_s=np.where(in_time, now - impact, np.nan), falls=len(one.falls),
    )  # fmt: skip


def grown(taught: Sequence[Taught], plain: Sequence[Taught]) -> tuple[dict[str, Any], list[Floats]]:
    """Trees and lengths as the file holds them, taught anew; and the log odds of `plain`."""
    shares = lengths(taught)
    trees = teach(taught, shares)
    return {**table(trees), "lengths": shares}, [logit(trees, inputs(one.given, shares)) for one in plain]


def as_they_are(file: Path, plain: Sequence[Taught]) -> tuple[dict[str, Any], list[Floats]]:
    """Trees and lengths of a file; and the log odds of `plain`."""
    trees = load(str(file))
    kept = {name: getattr(trees, name) for name in _OF_TREES}
    return kept, [np.array([trees.logit(row) for row in inputs(one.given, trees.lengths)]) for one in plain]


def made(kept: Mapping[str, Any], logits: Sequence[Floats], plain: Sequence[Taught]) -> dict[str, Any]:
    """What the file holds.

    Args:
        kept: trees and lengths.
        logits: log odds of `plain`.
        plain: rooms as the ranges say, which the trees have not seen: of them are meaning and thresholds.
    """
    slope, offset = calibrate(logits, plain)
    odds = [slope * one + offset for one in logits]
    added = still_down(odds, plain)
    return {
        **kept,
        "slope": slope,
        "offset": offset,
        "waits": np.array(LOOKS, np.int32),
        "still_down": added,
        "thresholds": thresholds([judged(one, ways, added) for one, ways in zip(odds, plain, strict=True)]),
        "inputs": np.array(INPUTS),
        "seeds": np.array([*TAUGHT_WITH, *VALIDATED_WITH]),
        "probe": probe(),
    }


def probe() -> Floats:
    """Float64 (PROBED, GIVEN): some ways down of one made-up room and day. Where they are others, the file is stale."""
    return record(PROBE_SEED, rooms=1, days=1).given[:PROBED]


def drawn(seed: int) -> tuple[int, int]:
    """How many rooms, and days of each."""
    return (40, 5) if seed in WIDE else (20, 10)


def ways_down(seed: int, keep: Path | None = None) -> Taught:
    """Those of a seed, as it is used."""
    kept = None if keep is None else keep / f"{seed}.npz"
    if kept is not None and kept.is_file():
        return _read(kept)
    sys.stderr.write(f"rooms of seed {seed}\n")
    rooms, days = drawn(seed)
    more: dict[str, Any] = {"changes": OFTENER, "falls_a_day": FALLS_A_DAY} if seed in SEEDS else {}
    found = record(seed, rooms=rooms, days=days, **more)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        _write(kept, found)
    return found


def _write(path: Path, taught: Taught) -> None:
    arrays: dict[str, Any] = {name: getattr(taught, name) for name in _ARRAYS}
    falls = zip(*(astuple(one) for one in taught.falls), strict=True)
    arrays |= {f"fall_{one.name}": np.array(column) for one, column in zip(fields(Fall), falls, strict=True)}
    np.savez_compressed(path, **arrays, room_days=np.array(taught.room_days))


def _read(path: Path) -> Taught:
    with np.load(path, allow_pickle=False) as stored:
        columns = {one.name: stored[f"fall_{one.name}"].tolist() for one in fields(Fall)}
        falls = [
            Fall(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)
        ]  # fmt: skip
        return Taught(
            **{name: stored[name] for name in _ARRAYS}, falls=falls, room_days=int(stored["room_days"])
        )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Teach, and write the file."""
    parser = argparse.ArgumentParser(description="Teach the judge of radar falls in made-up rooms.")
    parser.add_argument("--keep", type=Path, help="folder for the ways down of each seed")
    parser.add_argument("--out", type=Path, default=Path(analytics.radar.__file__).with_name(FILE), help="the file")
    parser.add_argument("--trees", type=Path, help="a file whose trees are kept")
    asked = parser.parse_args(arguments)
    plain = [ways_down(seed, asked.keep) for seed in VALIDATED_WITH]
    if asked.trees is None:
        kept, logits = grown([ways_down(seed, asked.keep) for seed in TAUGHT_WITH], plain)
    else:
        kept, logits = as_they_are(asked.trees, plain)
    model = made(kept, logits, plain)
    np.savez_compressed(asked.out, **model)
    sys.stdout.write(f"thresholds {np.round(model['thresholds'], 3).tolist()} → {asked.out}\n")


if __name__ == "__main__":
    main()

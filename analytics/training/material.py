"""What one model is taught by: the rows of all its sources in one array, and who and what each row is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls.model import extract
from analytics.training import table
from analytics.training.sources import Source, chains
from analytics.training.table import Table
from analytics.training.to_bed import composed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """The rows of one source.

    Attributes:
        source: which.
        trials: its trials, all of one rate.
        rows: what each row is of; its windows are not kept.
        inputs: float32 (N, INPUTS).
    """

    source: Source
    trials: tuple[Trial, ...]
    rows: Table
    inputs: NDArray[np.float32]

    @classmethod
    def of(cls, source: Source, trials: Sequence[Trial], seed: int) -> Part:
        """Every candidate of these trials through every chain of their set."""
        # What hops and claps do teaches something of another set's device all the same: a point at the wrist.
        trials = composed(trials, seed) if source.to_bed else trials
        built = table.build(trials, chains(source), seed, all_blows=source.slow)
        inputs = extract(built.windows)
        return cls(source=source, trials=tuple(trials), rows=replace(built, windows=built.windows[:0]), inputs=inputs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """Several parts as one.

    Attributes:
        parts: in order.
        people: "sisfall/SA01", sorted.
        groups: the group of each person: set, and age where the set says it.
        inputs: float32 (N, INPUTS), the parts' rows one after another.
        label: 1 fall, 0 none, -1 not taught, int8 (N,).
        person: index into the people, int64 (N,).
        part: index into the parts, int64 (N,).
    """

    parts: tuple[Part, ...]
    people: tuple[str, ...]
    groups: tuple[str, ...]
    inputs: NDArray[np.float32]
    label: NDArray[np.int8]
    person: NDArray[np.int64]
    part: NDArray[np.int64]

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Material:
        """At least one part."""
        group: dict[str, str] = {}
        for one in parts:
            for trial in one.trials:
                name = f"{one.source.dataset}/{trial.subject}"
                group[name] = f"{one.source.dataset} {'elder' if trial.elder else 'young'}"
        people = tuple(sorted(group))
        return cls(
            parts=tuple(parts),
            people=people,
            groups=tuple(group[name] for name in people),
            inputs=np.concatenate([one.inputs for one in parts]),
            label=np.concatenate([one.rows.label for one in parts]),
            person=np.concatenate([_people(one, people)[one.rows.subject] for one in parts]),
            part=np.concatenate([np.full(len(one.inputs), number) for number, one in enumerate(parts)]),
        )

    def sets(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the parts of each data set that thresholds and calibrations are of."""
        found: dict[str, tuple[int, ...]] = {}
        for number, one in enumerate(self.parts):
            if one.source.counts:
                found[one.source.dataset] = (*found.get(one.source.dataset, ()), number)
        return found


def _people(part: Part, people: Sequence[str]) -> NDArray[np.int64]:
    own = sorted({trial.subject for trial in part.trials})
    return np.array([people.index(f"{part.source.dataset}/{name}") for name in own], np.int64)

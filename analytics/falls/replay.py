"""Recordings replayed through the streaming detector: the code the gateway runs, with its state carried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls import candidates, detector
from analytics.falls.candidates import Candidates
from analytics.falls.joins import Joined, alone, join
from analytics.falls.model import Model
from analytics.falls.rates import RATE_HZ
from analytics.findings import Finding

# Chunks as packets and ticks make them: 0.05 to 0.5 s.
SHORTEST_CHUNK_S: Final = 0.05
LONGEST_CHUNK_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replayed:
    """One subject's stream after the detector.

    Attributes:
        subject: whose.
        joined: the stream.
        trials: index of the trial (in the list handed in) at each place of the stream.
        peak_s: candidates' times on the stream, float64 (N,).
        probability: what the model gave them, float64 (N,).
        raises: findings, in order.
        raised_s: when the chunk that completed each finding had come, float64 (R,): what a nurse's screen could know.
        chunk_s: the moments at which chunks ended, float64 (C,).
    """

    subject: str
    joined: Joined
    trials: NDArray[np.int64]
    peak_s: NDArray[np.float64]
    probability: NDArray[np.float64]
    raises: tuple[Finding, ...]
    raised_s: NDArray[np.float64]
    chunk_s: NDArray[np.float64]


def replay(trials: Sequence[Trial], models: Mapping[str, Model], seed: int, *, apart: bool = False) -> list[Replayed]:
    """Join each subject's trials, cut the streams into chunks, and run all of them at once.

    Args:
        trials: all of them; those of a subject have one rate unless they stay apart.
        models: the model that judges each subject.
        seed: of orders and chunks.
        apart: every trial is a stream of its own, with stillness before and after it.
    """
    if apart:
        subjects = [trial.subject for trial in trials]
        own = [np.array([row], np.int64) for row in range(len(trials))]
        streams = [alone(trial, np.random.default_rng([seed, row, 0])) for row, trial in enumerate(trials)]
    else:
        subjects = sorted({trial.subject for trial in trials})
        own = [np.array([i for i, trial in enumerate(trials) if trial.subject == name], np.int64) for name in subjects]
        streams = [
            join([trials[i] for i in mine], np.random.default_rng([seed, row, 0])) for row, mine in enumerate(own)
        ]
    ends = [_chunk_ends(stream, np.random.default_rng([seed, row, 1])) for row, stream in enumerate(streams)]
    found, state = _run(streams, ends)
    result: list[Replayed] = []
    streamed = _by_stream(found, len(streams))
    for row, (name, stream) in enumerate(zip(subjects, streams, strict=True)):
        mine, step = streamed[row]
        # Scores do not depend on the neighbours in the array (tested), so they are taken together here; whether and
        # when each is raised is decided in the order in which the stream gave them.
        probability = detector.score(models[name], mine)
        state, raises = detector.decide(state, mine, probability, models[name].threshold)
        when = {int(peak): int(number) for peak, number in zip(mine.peak, step, strict=True)}
        known = [ends[row][when[detector.peak_of(finding)]] / stream.rate_hz for finding in raises]
        result.append(
            Replayed(
                subject=name,
                joined=stream,
                trials=own[row][np.array(stream.order)],
                peak_s=mine.peak / RATE_HZ,
                probability=probability,
                raises=tuple(raises),
                raised_s=np.array(known, np.float64),
                chunk_s=ends[row] / stream.rate_hz,
            )
        )
    return result


def _by_stream(found: Sequence[tuple[int, Candidates]], count: int) -> list[tuple[Candidates, NDArray[np.int64]]]:
    """The candidates of each stream and the step that gave each, in order."""
    stream = np.concatenate([part.stream for _, part in found])
    peak = np.concatenate([part.peak for _, part in found])
    windows = np.concatenate([part.windows for _, part in found])
    step = np.concatenate([np.full(len(part.stream), number) for number, part in found])
    order = np.argsort(stream, kind="stable")
    edges = np.searchsorted(stream[order], np.arange(count + 1))
    rows = [order[begin:end] for begin, end in pairwise(edges)]
    return [(Candidates(stream=stream[own], peak=peak[own], windows=windows[own]), step[own]) for own in rows]


def _chunk_ends(stream: Joined, rng: np.random.Generator) -> NDArray[np.int64]:
    """One past the last sample of each chunk, int64."""
    shortest, longest = (max(1, round(s * stream.rate_hz)) for s in (SHORTEST_CHUNK_S, LONGEST_CHUNK_S))
    total = len(stream.samples)
    ends = np.cumsum(rng.integers(shortest, longest + 1, total // shortest + 1))
    return np.append(ends[ends < total], total).astype(np.int64)


def _run(
    streams: Sequence[Joined], ends: Sequence[NDArray[np.int64]]
) -> tuple[list[tuple[int, Candidates]], candidates.StreamState]:
    """Every step's candidates with the number of the step."""
    state = candidates.start(np.array([stream.rate_hz for stream in streams]))
    taken = np.zeros(len(streams), np.int64)
    found: list[tuple[int, Candidates]] = [(0, candidates.none())]
    for step in range(max(len(own) for own in ends)):
        upto = np.array([own[min(step, len(own) - 1)] for own in ends])
        counts = upto - taken
        chunk = np.zeros((len(streams), int(counts.max()), 3), np.float32)
        for row, stream in enumerate(streams):
            if counts[row]:
                chunk[row, : counts[row]] = stream.samples[taken[row] : upto[row]]
        taken = upto
        state, some = candidates.advance(state, chunk, counts)
        found += [(step, part) for part in some.pieces()]
    return found, state

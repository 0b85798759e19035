"""The fall detector: one function for many streams, `step(state, chunk) -> (state, findings)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import candidates, quality, rates, series
from analytics.falls.candidates import AFTER, BEFORE, Candidates, StreamState
from analytics.falls.model import Model
from analytics.falls.rates import RATE_HZ
from analytics.falls.steps import Steps
from analytics.findings import Finding

DECISION_S: Final = AFTER / RATE_HZ
# Peaks that follow a raised one this closely belong to the same fall: bouncing, the head after the hip. They are those
# that its decision has seen; what comes later is judged itself. With 5 s, and with 2.5 s, what was raised while a
# person stumbled hid the fall that followed.
EPISODE_S: Final = DECISION_S
# Asked of a fall whose stream ended before its decision: where the rest is unknown the model must be surer. On SisFall
# this costs 1 % of such falls and takes away half of the false ones (docs/fall-detection.md).
ENDED_THRESHOLD: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class FallDetector:
    """Falls in the acceleration of many streams: causal, orientation-free, 2.0 s after the impact.

    The state is handed in and out and never changed in place. What is found does not depend on how a stream was cut
    into chunks nor on its neighbours. A stream of NaN, of zeros, with a stuck or saturated axis gives no findings.

    Attributes:
        model: judges a stream of which nobody said where it is worn, or at a place not named in `worn`.
        worn: the models that judge at the places they are named after ("wrist").
    """

    model: Model
    worn: Mapping[str, Model] = field(default_factory=dict)
    # Where the models, and their calibrations for the devices that were measured, stand in a state's `judge`.
    _judges: dict[tuple[str | None, str | None], int] = field(init=False, repr=False)
    _models: tuple[Model, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Number every model in every calibration it has; the one without a place or device is 0."""
        judges: dict[tuple[str | None, str | None], int] = {}
        models: list[Model] = []
        places: list[tuple[str | None, Model]] = [(None, self.model), *self.worn.items()]
        for place, model in places:
            for profile in (None, *model.devices):
                judges[place, profile] = len(models)
                models.append(model.heard_by(profile))
        object.__setattr__(self, "_judges", judges)
        object.__setattr__(self, "_models", tuple(models))

    def start(self, device_rates: NDArray[np.float64]) -> StreamState:
        """Fresh streams of these device rates, Hz (12.5–416), float64 (S,)."""
        return candidates.start(device_rates)

    def restart(self, state: StreamState, row: int, rate_hz: float) -> StreamState:
        """The same state with one stream begun anew at a rate, worn where it was."""
        return candidates.restart(state, row, rate_hz)

    def place(
        self, state: StreamState, row: int, position: str | None = None, profile: str | None = None
    ) -> StreamState:
        """The same state with one stream judged as what is worn there, by a device of that profile.

        Args:
            state: what the last step gave.
            row: of the stream.
            position: where it is worn; not named in `worn`: anywhere.
            profile: of the device; not calibrated: any device.
        """
        at = position if position in self.worn else None
        judge = self._judges.get((at, profile), self._judges[at, None])
        if state.judge[row] == judge:
            return state
        changed = state.judge.copy()
        changed[row] = judge
        return replace(state, judge=changed)

    def step(
        self, state: StreamState, chunk: NDArray[np.floating] | Steps, counts: NDArray[np.integer] | None = None
    ) -> tuple[StreamState, list[Finding]]:
        """Take the next samples of every stream.

        Args:
            state: what the last step (or `start`) gave.
            chunk: (S, n, 3), g or steps of 1/1024 g (int16), each stream at its own rate; not finite: unusable.
            counts: how many of the n rows each stream has, (S,); all when not given.

        Returns:
            The new state and the falls decided now, in the order of stream and time.
        """
        state, found = candidates.advance(state, chunk, counts)
        some = candidates.joined([piece.rows(asked(piece)) for piece in found.pieces()])
        return decide(state, some, *self._judged(state, some))

    def finish(
        self, state: StreamState, row: int, *, now_s: float, waited_s: float = 0.0
    ) -> tuple[StreamState, list[Finding]]:
        """Judge the peaks of one stream that still wait for samples, as if no more came.

        A body that lies on its wearable is often heard no more: such a fall is judged by what came, with a stricter
        threshold. The samples may still come: they are judged as ever, and the same fall is not raised again.

        Args:
            state: what the last step gave.
            row: of the stream.
            now_s: now, on the stream's own time line.
            waited_s: only peaks at least this long ago.

        Returns:
            The state and the falls decided.
        """
        found = candidates.ended(state, row)
        found = found.rows(asked(found) & (found.peak <= (now_s - waited_s) * RATE_HZ))
        probability, threshold = self._judged(state, found)
        state, findings = decide(state, found, probability, np.maximum(threshold, ENDED_THRESHOLD))
        return state, [replace(finding, decided_s=max(now_s, finding.at_s)) for finding in findings]

    def _judged(self, state: StreamState, found: Candidates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probability and threshold of each that is to be asked, float64 (N,), by the model of its stream."""
        judge = state.judge[found.stream]
        probability, threshold = np.zeros(len(judge)), np.ones(len(judge))
        numbers = np.unique(judge).tolist()
        for number in numbers:
            own = slice(None) if len(numbers) == 1 else judge == number  # a slice copies nothing
            model = self._models[number]
            probability[own] = model.probability(quality.fill(found.windows[own]))
            threshold[own] = model.threshold
        return probability, threshold


def score(model: Model, found: Candidates) -> NDArray[np.float64]:
    """Probability of each candidate, float64 (N,); 0 where the window cannot be judged or a series goes on."""
    own = asked(found)
    probability = np.zeros(len(own))
    probability[own] = model.probability(quality.fill(found.windows[own]))
    return probability


def asked(found: Candidates) -> NDArray[np.bool_]:
    """Which candidates the network is asked about, bool (N,): no others of a series, and what can be judged."""
    own = ~series.goes_on(found.windows)
    own[own] = quality.usable(found.windows[own])
    return own


def decide(
    state: StreamState,
    found: Candidates,
    probability: NDArray[np.float64],
    threshold: float | NDArray[np.float64],
) -> tuple[StreamState, list[Finding]]:
    """Raise each candidate at or above the threshold, once an episode."""
    chosen = np.flatnonzero(probability >= threshold)
    if not len(chosen):
        return state, []
    raised = state.raised.copy()
    findings: list[Finding] = []
    for index in sorted(chosen.tolist(), key=lambda i: (int(found.stream[i]), int(found.peak[i]))):
        stream, peak = int(found.stream[index]), int(found.peak[index])
        if peak - raised[stream] <= EPISODE_S * RATE_HZ:
            continue
        raised[stream] = peak
        # The greatest blow from the peak on: hands or knees may be sure enough a second before the hip.
        blow = peak + int(np.nan_to_num(np.square(found.windows[index, BEFORE:]).sum(axis=1)).argmax())
        findings.append(
            Finding(
                kind="fall",
                stream=stream,
                probability=float(probability[index]),
                at_s=blow / RATE_HZ,
                decided_s=(peak + AFTER) / RATE_HZ + rates.lookahead_s(float(state.rate.rates[stream])),
                evidence=(max(0, peak - BEFORE), peak + AFTER + 1),
            )
        )
    return replace(state, raised=raised), findings


def peak_of(finding: Finding) -> int:
    """The candidate that was raised, on the stream's time line at 50 Hz; the impact may be later."""
    return finding.evidence[1] - 1 - AFTER

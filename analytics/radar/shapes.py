"""How a body came down, by the curves that fit its heights and its way over the floor at once.

Two families: faster and faster until the floor stops it, as what falls does; gently at both ends, as who sits down,
kneels or bends. Of each every length and every end is tried. Where it came from and how far it went, up and sideways,
are solved for, with noise that hangs together over some frames (generalised least squares), so that what remains is how
likely each length is. Which lengths falls have, and which other ways down have, is taught.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics.radar.descents import SMOOTH, medians
from analytics.radar.tracks import RATE_HZ, Body, Floats, Ints

NUMBERS: Final = ("curve-misfit", "curve-depth", "curve-went", "curve-speed", "curve-took", "unseen")
LENGTHS_S: Final = np.array([
    0.4, 0.47, 0.55, 0.65, 0.75, 0.87, 1.0, 1.15, 1.3, 1.5, 1.7, 1.95, 2.2, 2.5, 2.85, 3.25, 3.7, 4.3,
])  # fmt: skip
LIKELIHOODS: Final = 2 * len(LENGTHS_S)  # of each falling and each gentle length
BEFORE: Final = 140  # frames before the look by which the noise is known
AFTER: Final = 25  # … and behind it: no judgement is earlier
UNKNOWN: Final = -1.0
_ENDS: Final = np.arange(-15, 10)  # frames from the look
_TIMES: Final = np.arange(-40, 23)  # of heights
_PATH: Final = slice(15, 61)  # those of them in which the way over the floor is looked at
_SPIKE_M: Final = 0.35
_FEWEST: Final = 15  # frames
_FEWEST_PLACES: Final = 4
_TOGETHER: Final = 2.2  # frames over which noise hangs together
_ALONE: Final = 0.5  # share of a height's noise that does not
_ALONE_IN_PLACE: Final = 0.05
# Median of the steps from frame to frame → standard deviation of the noise, which hangs together by so much.
_OF_STEPS: Final = 1.4826 / np.sqrt(1.35)
_OF_PLACE_STEPS: Final = 1.4826 / np.sqrt(0.8)
_LEAST_NOISE_M: Final = 0.03
_NOISE_M: Final = 0.1
_PLACE_NOISE_M: Final = 0.06
_RIDGE: Final = 1e-3


def _bank() -> tuple[Floats, Floats, Floats]:
    """Share of the way down, float64 (2 × lengths × ends, times); time before it, and share of it, of each path."""
    begins = _ENDS[None, :, None] - LENGTHS_S[:, None, None] * RATE_HZ
    share = np.clip((_TIMES - begins) / (LENGTHS_S[:, None, None] * RATE_HZ), 0.0, 1.0)
    curves = np.stack([share**2, share**2 * (3 - 2 * share)]).reshape(-1, len(_TIMES))
    times = _TIMES[_PATH]
    return (
        curves,
        np.minimum(times - begins, 0.0).reshape(-1, len(times)),
        share[..., _PATH].reshape(-1, len(times)),
    )


def _covariance(times: Ints, alone: float) -> Floats:
    apart = np.abs(times[:, None] - times[None])
    return np.asarray(alone * np.eye(len(times)) + (1 - alone) * np.exp(-apart / _TOGETHER))


_CURVES, _WALKED, _WENT = _bank()
_HEIGHTS_COVARIANCE: Final = _covariance(_TIMES, _ALONE)
_PLACES_COVARIANCE: Final = _covariance(_TIMES[_PATH], _ALONE_IN_PLACE)
_EACH_S: Final = np.tile(np.repeat(LENGTHS_S, len(_ENDS)), 2)


def shape(body: Body, at: int) -> Floats:
    """Of a way down that was seen at frame `at`; AFTER frames behind it are used, and BEFORE frames before it.

    Args:
        body: as far as `at` + AFTER at least; it is remembered with the body.
        at: the look that saw it low.

    Returns:
        float64 (NUMBERS + LIKELIHOODS,): misfit of the best curve (1 is noise alone), depth (m), way sideways (m), its
        speed (m/s), length (s), longest time in which it was not seen (s); then the log likelihood of each falling and
        each gentle length. Where too little was seen, UNKNOWN and equal likelihoods.
    """
    if at not in body.shapes:
        body.shapes = {one: known for one, known in body.shapes.items() if one >= body.first}
        body.shapes[at] = _shape(_part(body.tops, body.first, at), _part(body.places, body.first, at))
    return body.shapes[at]


def _part(values: Floats, first: int, at: int) -> Floats:
    """Frames `at` − BEFORE to `at` + AFTER; NaN where there is nothing."""
    part = np.full((BEFORE + AFTER, *values.shape[1:]), np.nan)
    begin = max(at - BEFORE, first)
    own = values[begin - first : at + AFTER - first]
    part[begin - at + BEFORE :][: len(own)] = own
    return part


def _shape(tops: Floats, places: Floats) -> Floats:
    window = tops[BEFORE + _TIMES]
    seen = np.flatnonzero(~np.isnan(window))
    around = medians(np.append(window, np.full(SMOOTH // 2, np.nan)))[SMOOTH // 2 :]
    known = np.flatnonzero(np.abs(window - around) <= _SPIKE_M)
    if len(known) < _FEWEST:
        return np.concatenate([np.full(len(NUMBERS), UNKNOWN), np.zeros(LIKELIHOODS)])
    noise = _noise(tops, _OF_STEPS, _NOISE_M)
    likely, depth, misfit = _heights(window[known], known, noise)
    place_noise = _noise(places[BEFORE:], _OF_PLACE_STEPS, _PLACE_NOISE_M)
    path, went = _paths(places[BEFORE + _TIMES[_PATH]], place_noise)
    likely += np.tile(path, 2)
    chance = np.exp(likely - likely.max())
    chance /= chance.sum()
    took = float(np.exp(chance @ np.log(_EACH_S)))
    sideways = float(chance @ np.tile(went, 2))
    by_length = likely.reshape(LIKELIHOODS, len(_ENDS))
    best = by_length.max(axis=1)
    lengths = best + np.log(np.exp(by_length - best[:, None]).mean(axis=1))
    unseen = float(np.diff(seen).max() - 1) / RATE_HZ
    numbers = [misfit, float(chance @ depth), sideways, sideways / took, took, unseen]
    return np.concatenate([numbers, lengths - lengths.max()])


def _noise(values: Floats, factor: float, otherwise: float) -> float:
    """Standard deviation, m, by the median step from frame to frame."""
    steps = np.abs(np.diff(values, axis=0))
    steps = steps[~np.isnan(steps)]
    return max(factor * float(np.median(steps)), _LEAST_NOISE_M) if len(steps) > SMOOTH else otherwise


def _weights(covariance: Floats, known: Ints) -> Floats:
    """Inverse covariance of what is known, with a constant solved for."""
    weights = np.linalg.inv(covariance[np.ix_(known, known)])
    sums = weights.sum(axis=1)
    return np.asarray(weights - np.outer(sums, sums) / sums.sum())


def _heights(tops: Floats, known: Ints, noise: float) -> tuple[Floats, Floats, float]:
    """Log likelihood and depth (m) of each curve, and the misfit of the best."""
    weights = _weights(_HEIGHTS_COVARIANCE, known)
    curves = _CURVES[:, known]
    weighted = curves @ weights
    squares = (weighted * curves).sum(axis=1) + 1e-9
    along = np.minimum(weighted @ tops, 0.0)  # down, not up
    rest = (float(tops @ weights @ tops) - along**2 / squares) / noise**2
    return -0.5 * rest, -along / squares, float(rest.min()) / len(known)


def _paths(places: Floats, noise: float) -> tuple[Floats, Floats]:
    """Log likelihood and way sideways (m) of each length and end.

    It walks on a line, is moved on another while it comes down, and stays there.
    """
    known = np.flatnonzero(~np.isnan(places[:, 0]))
    if len(known) < _FEWEST_PLACES:
        return np.zeros(len(_WENT)), np.zeros(len(_WENT))
    weights, seen = _weights(_PLACES_COVARIANCE, known), places[known]
    before, during = _WALKED[:, known], _WENT[:, known]
    weighted_before, weighted_during = before @ weights, during @ weights
    first = (weighted_before * before).sum(axis=1) + _RIDGE
    mixed = (weighted_before * during).sum(axis=1)
    second = (weighted_during * during).sum(axis=1) + _RIDGE
    of_first, of_second = weighted_before @ seen, weighted_during @ seen
    whole = (first * second - mixed**2 + 1e-9)[:, None]
    speed = (second[:, None] * of_first - mixed[:, None] * of_second) / whole
    went = (first[:, None] * of_second - mixed[:, None] * of_first) / whole
    rest = (float((seen * (weights @ seen)).sum()) - (speed * of_first + went * of_second).sum(axis=1)) / noise**2
    return -0.5 * rest, np.hypot(went[:, 0], went[:, 1])

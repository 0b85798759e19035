"""The streaming detector: cut anyhow, beside anybody, it finds the same; nothing broken ever looks like a fall."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.falls import FallDetector, Model, candidates, quality, rates, series
from analytics.falls.candidates import AFTER, BEFORE
from analytics.falls.detector import decide, peak_of
from analytics.falls.maxima import PEAK_G
from analytics.falls.model import Calibration
from analytics.falls.steps import grams
from analytics.findings import Finding

Make = Callable[..., NDArray[np.float32]]
Streams = list[NDArray[np.float32]]
RATES = np.array([25.0, 50.0, 52.0, 200.0])


@pytest.fixture(scope="module")
def streams(motion: Make) -> Streams:
    """Four streams of different rates: two fall, one falls twice, one walks."""
    falls = ((9.0,), (6.0, 18.0), (), (13.0,))
    return [
        motion(rate_hz=rate, seconds=24, falls_at=at, seed=number)
        for number, (rate, at) in enumerate(zip(RATES, falls, strict=True))
    ]


def run(detector: FallDetector, streams: Streams, device_rates: Any, cut: Callable[[], int]) -> list[list[Finding]]:
    """Feed ragged chunks; `cut(stream, sample)` gives the next length."""
    state = detector.start(np.asarray(device_rates))
    taken = [0] * len(streams)
    found: list[list[Finding]] = [[] for _ in streams]
    while any(at < len(own) for at, own in zip(taken, streams, strict=True)):
        counts = np.array([min(cut(), len(own) - at) for at, own in zip(taken, streams, strict=True)])
        chunk = np.full((len(streams), max(1, counts.max()), 3), 99.0, np.float32)  # the padding must not matter
        for row, own in enumerate(streams):
            chunk[row, : counts[row]] = own[taken[row] : taken[row] + counts[row]]
            taken[row] += int(counts[row])
        state, now = detector.step(state, chunk, counts)
        for finding in now:
            found[finding.stream].append(finding)
    return found


def whole(detector: FallDetector, streams: Streams, device_rates: Any) -> list[list[Finding]]:
    return run(detector, streams, device_rates, lambda: 10**6)


def close(left: list[list[Finding]], right: list[list[Finding]]) -> None:
    assert [[(f.at_s, f.decided_s, f.evidence) for f in own] for own in left] == [
        [(f.at_s, f.decided_s, f.evidence) for f in own] for own in right
    ]
    for a, b in zip(chain(*left), chain(*right), strict=True):
        assert abs(a.probability - b.probability) <= 1e-9


@pytest.mark.slow
def test_finds_each_fall_once_and_no_walking(model: Model, streams: Streams) -> None:
    found = whole(FallDetector(model=model), streams, RATES)
    assert [[round(f.at_s) for f in own] for own in found] == [[9], [6, 18], [], [13]]
    for finding in chain(*found):
        assert finding.kind == "fall"
        assert model.threshold <= finding.probability <= 1
        assert 2.0 <= finding.decided_s - finding.at_s <= 2.2
        assert finding.evidence[1] - finding.evidence[0] == candidates.WINDOW


@pytest.mark.slow
@settings(max_examples=4, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), longest=st.sampled_from([45, 150, 900]))
def test_cutting_changes_nothing(model: Model, streams: Streams, seed: int, longest: int) -> None:
    detector = FallDetector(model=model)
    rng = np.random.default_rng(seed)
    close(
        run(detector, streams, RATES, lambda: int(rng.integers(0, longest))),
        whole(detector, streams, RATES),
    )


@pytest.mark.slow
@pytest.mark.parametrize("rate_hz", [50.0, 52.0])
def test_a_thousand_cuttings_find_the_same(model: Model, motion: Make, rate_hz: float) -> None:
    """R22: one stream cut in 1,000 ways at once, one a row; with a gap and another fall after it."""
    samples = motion(rate_hz=rate_hz, seconds=19, falls_at=(6.0, 13.0), seed=5)
    samples[430:450] = np.nan
    detector, rng = FallDetector(model=model), np.random.default_rng(22)
    ((first, second),) = whole(detector, [samples], [rate_hz])
    state, taken = detector.start(np.full(1000, rate_hz)), np.zeros(1000, np.int64)
    found: list[Finding] = []
    longest = rng.choice([5, 40, 200], 1000, p=[0.05, 0.8, 0.15])
    while (taken < len(samples)).any():
        counts = np.minimum(rng.integers(0, longest + 1), len(samples) - taken)
        chunk = samples[np.minimum(taken[:, None] + np.arange(counts.max()), len(samples) - 1)]
        state, now = detector.step(state, chunk, counts)
        found += now
        taken += counts
    assert sorted(finding.stream for finding in found) == sorted([*range(1000), *range(1000)])
    found.sort(key=lambda one: (one.at_s, one.stream))
    close([found], [[replace(one, stream=row) for one in (first, second) for row in range(1000)]])


@pytest.mark.slow
def test_neighbours_change_nothing(model: Model, streams: Streams) -> None:
    detector = FallDetector(model=model)
    together = whole(detector, streams, RATES)
    for row, own in enumerate(streams):
        close([together[row]], [_as_row(alone, row) for alone in whole(detector, [own], RATES[row : row + 1])])


def _as_row(found: list[Finding], row: int) -> list[Finding]:
    return [replace(finding, stream=row) for finding in found]


@pytest.mark.parametrize(("apart_s", "raised"), [(0.6, 1), (2.0, 1), (2.02, 2), (4.0, 2)])
def test_what_the_decision_has_seen_is_one_fall_and_what_comes_later_another(apart_s: float, raised: int) -> None:
    peak = np.array([500, 500 + round(apart_s * 50)])
    blows = np.zeros((2, candidates.WINDOW, 3), np.float32)
    found = candidates.Candidates(stream=np.zeros(2, np.int64), peak=peak, windows=blows)
    state = candidates.start(np.array([50.0]))
    state, findings = decide(state, found, np.array([0.9, 0.9]), 0.5)
    assert [peak_of(one) for one in findings] == peak[:raised].tolist()
    assert state.raised[0] == peak[raised - 1]


@pytest.mark.slow
def test_equals_the_slow_obvious_detector(model: Model, motion: Make) -> None:
    """One stream at 50 Hz: every sample asked by itself whether it is a peak, every window judged by itself."""
    samples = motion(rate_hz=50.0, seconds=30, falls_at=(6.0, 9.5, 20.0), seed=4)
    samples[700:1000] += np.random.default_rng(2).normal(size=(300, 3)).astype(np.float32) * 0.9
    detector = FallDetector(model=model)
    got = whole(detector, [samples], [50.0])[0]
    converted = rates.convert(rates.start(np.array([50.0])), samples[None], np.array([1500]))[1][0]
    converted = grams(converted).T
    lengths = [math.sqrt(float(x) ** 2 + float(y) ** 2 + float(z) ** 2) for x, y, z in converted]
    expected: list[tuple[int, float]] = []
    last = -(10**9)
    for at in range(len(lengths) - AFTER):
        around = lengths[max(0, at - 25) : at] + lengths[at + 1 : at + 26]
        if lengths[at] < PEAK_G or any(other >= lengths[at] for other in around):
            continue
        window = np.full((1, candidates.WINDOW, 3), np.nan, np.float32)
        first = max(0, at - BEFORE)
        window[0, first - (at - BEFORE) :] = converted[first : at + AFTER + 1]
        if not quality.usable(window)[0] or series.goes_on(window)[0]:
            continue
        probability = float(model.of_inputs(model.extract(quality.fill(window)))[0])
        if probability >= model.threshold and at - last > AFTER:
            expected.append((at, probability))
            last = at
    assert [round(f.at_s * 50) for f in got] == [at for at, _ in expected]
    assert len(got) >= 2
    np.testing.assert_allclose([f.probability for f in got], [p for _, p in expected], atol=1e-9)


BROKEN: dict[str, Callable[[Any, np.random.Generator], Any]] = {
    "nan": lambda x, rng: np.full_like(x, np.nan),
    "infinite": lambda x, rng: np.where(rng.random(x.shape) < 0.5, np.inf, x),
    "zeros": lambda x, rng: np.zeros_like(x),
    "zeros after a while": lambda x, rng: np.where(np.arange(len(x))[:, None] < len(x) // 3, x, 0),
    "an axis stuck at zero": lambda x, rng: x * np.array([0, 1, 1]),
    "an axis stuck at 0.25 g": lambda x, rng: x * np.array([1, 1, 0]) + np.array([0, 0, 0.25]),
    "an axis saturated": lambda x, rng: x * np.array([1, 1, 0]) + np.array([0, 0, 8.0]),
    "an axis flickering at full scale": lambda x, rng: np.stack([x[:, 0], x[:, 1], 8 * rng.choice([-1, 1], len(x))], 1),
    "huge": lambda x, rng: x * 1e30,
    "noise of 16 g": lambda x, rng: rng.uniform(-16, 16, x.shape),
    "three of four samples missing": lambda x, rng: np.where(np.arange(len(x))[:, None] % 4 == 0, x, np.nan),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("what", BROKEN)
def test_nothing_broken_is_a_fall_nor_touches_others(model: Model, motion: Make, what: str) -> None:
    detector = FallDetector(model=model)
    good = motion(rate_hz=50.0, seconds=16, falls_at=(9.0,), seed=7)
    broken = BROKEN[what](good.astype(np.float64), np.random.default_rng(3)).astype(np.float32)
    rng = np.random.default_rng(1)
    found = run(detector, [broken, good], [50.0, 50.0], lambda: int(rng.integers(1, 40)))
    assert found[0] == []
    assert [round(f.at_s) for f in found[1]] == [9]
    close([found[1]], [_as_row(whole(detector, [good], [50.0])[0], 1)])


@pytest.mark.slow
def test_a_short_loss_before_the_fall_does_not_hide_it(model: Model, motion: Make) -> None:
    samples = motion(rate_hz=50.0, seconds=16, falls_at=(9.0,), seed=7)
    samples[330:380] = np.nan  # a second, 1.4 s before the impact
    assert [round(f.at_s) for f in whole(FallDetector(model=model), [samples], [50.0])[0]] == [9]


@pytest.mark.slow
@pytest.mark.parametrize(("rate_hz", "share"), [(25.0, 0.02), (50.0, 0.1), (200.0, 0.1)])
def test_samples_lost_here_and_there_hide_no_fall(model: Model, motion: Make, rate_hz: float, share: float) -> None:
    samples = motion(rate_hz=rate_hz, seconds=16, falls_at=(9.0,), seed=7)
    samples[np.random.default_rng(4).random(len(samples)) < share] = np.nan
    assert [round(f.at_s) for f in whole(FallDetector(model=model), [samples], [rate_hz])[0]] == [9]


@pytest.mark.slow
@pytest.mark.parametrize("begin_s", [-0.4, -0.24, 0.08, 0.3, 0.6])
def test_a_packet_lost_beside_the_impact_hides_no_fall(model: Model, motion: Make, begin_s: float) -> None:
    samples = motion(rate_hz=50.0, seconds=16, falls_at=(9.0,), seed=7)
    impact = int(np.square(samples).sum(axis=1).argmax())
    begin = impact + round(begin_s * 50)
    samples[begin : begin + 8] = np.nan
    assert [round(f.at_s) for f in whole(FallDetector(model=model), [samples], [50.0])[0]] == [9]


@pytest.mark.slow
@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0, 200.0])
def test_mounting_and_clipping_do_not_matter(model: Model, motion: Make, rate_hz: float) -> None:
    from analytics.training.augmentation import rotation

    samples = motion(rate_hz=rate_hz, seconds=14, falls_at=(8.0,), seed=3) @ rotation(np.random.default_rng(5))
    found = whole(FallDetector(model=model), [np.clip(samples, -3.0, 3.0)], [rate_hz])
    assert [round(f.at_s) for f in found[0]] == [8]


def test_many_first_blows_of_a_tick_have_nothing_before_their_streams() -> None:
    """More than are taken out at once, each with as much before it as its stream had."""
    streams = 2 * candidates._WINDOWS + 10
    at = 20 + np.arange(streams) % 90
    samples = np.tile(np.array([0, 1, 0], np.float32), (streams, 400, 1))
    samples[np.arange(streams), at] *= 4
    state = candidates.start(np.full(streams, 50.0))
    state, _ = candidates.advance(state, samples[:, :120])
    found = candidates.advance(state, samples[:, 120:])[1].all()
    assert len(found.stream) == streams
    missing = np.isnan(found.windows[:, :, 0])
    np.testing.assert_array_equal(missing.sum(axis=1), BEFORE - found.peak)
    assert missing[np.arange(candidates.WINDOW) < (BEFORE - found.peak)[:, None]].all()


def test_windows_taken_out_later_are_those_of_when_they_were_found(motion: Make) -> None:
    """The newest samples are kept in an array that later steps write to and move."""
    whole = motion(rate_hz=50.0, seconds=40, falls_at=(9.0,), seed=7)[None]
    state, _ = candidates.advance(candidates.start(np.array([50.0])), whole[:, :500])
    state, found = candidates.advance(state, whole[:, 500:580])
    before = found.all()
    for begin in range(580, whole.shape[1], 90):
        state, _ = candidates.advance(state, whole[:, begin : begin + 90])
    candidates.restart(state, 0, 25.0)
    after = found.all()
    assert len(after.peak) >= 1
    np.testing.assert_array_equal(after.windows, before.windows)


@pytest.mark.parametrize("streams", [1023, 1025])
def test_streams_beyond_a_thousand_are_converted_like_the_first(streams: int, motion: Make) -> None:
    samples = motion(rate_hz=50.0, seconds=8, falls_at=(4.0,), seed=2)
    one = candidates.advance(candidates.start(np.array([50.0])), samples[None])[1].all()
    rates_hz = np.full(streams, 50.0)
    many = candidates.advance(candidates.start(rates_hz), np.repeat(samples[None], streams, axis=0))[1].all()
    last = many.rows(many.stream == streams - 1)
    np.testing.assert_array_equal(last.windows, one.windows)
    assert len(many.peak) == streams * len(one.peak)


def test_state_is_never_changed_in_place(model: Model, motion: Make) -> None:
    """Whatever is made of a state, and however often: it stays what it was, and so does what was made of it before."""
    detector = FallDetector(model=model)
    whole = motion(rate_hz=50.0, seconds=20, falls_at=(9.0,), seed=7)
    state, _ = detector.step(detector.start(np.array([50.0])), whole[None, :400])

    def arrays(of: candidates.StreamState) -> list[NDArray[Any]]:
        rate = of.rate
        waiting = (of.maxima.stream, of.maxima.index, of.maxima.edge)
        return [a.copy() for a in (of.buffer, of.seen, *waiting, of.raised, rate.tail, rate.begun, rate.due)]

    before = arrays(state)
    one, _ = detector.step(state, whole[None, 400:440])
    first = arrays(one)
    other, nothing = detector.step(state, np.zeros((1, 500, 3)))  # the same state again, with other samples
    detector.step(other, whole[None, :300])
    detector.restart(state, 0, 200.0)
    for old, new in zip([*before, *first], [*arrays(state), *arrays(one)], strict=True):
        np.testing.assert_array_equal(old, new)
    assert nothing == []
    _, (found,) = detector.step(one, whole[None, 440:])
    assert round(found.at_s) == 9


def test_restart_touches_one_stream_only(model: Model, motion: Make) -> None:
    detector = FallDetector(model=model)
    state, _ = detector.step(detector.start(np.array([50.0, 50.0])), np.stack([motion(rate_hz=50.0, seconds=3)] * 2))
    fresh = detector.restart(state, 0, 200.0)
    assert (fresh.seen[0], fresh.seen[1]) == (0, state.seen[1])
    assert np.isnan(fresh.buffer[0]).all()
    np.testing.assert_array_equal(fresh.buffer[1], state.buffer[1])


@pytest.mark.parametrize(
    ("shape", "counts"), [((2, 5, 3), None), ((1, 5, 2), None), ((1, 5, 3), [6]), ((1, 5, 3), [-1])]
)
def test_wrong_shapes_are_refused(model: Model, shape: tuple[int, ...], counts: list[int] | None) -> None:
    detector = FallDetector(model=model)
    with pytest.raises(ValueError, match="must be"):
        detector.step(detector.start(np.array([50.0])), np.zeros(shape), None if counts is None else np.array(counts))


def judged(model: Model, slope: float, offset: float) -> Model:
    """A model that gives everything the same probability."""
    return replace(model, calibration=Calibration(slope=slope, offset=offset), devices={})


def test_where_it_is_worn_chooses_the_model(model: Model, motion: Make) -> None:
    """Each stream by its own, beside the others; what nobody placed by the one for anywhere."""
    never, always = judged(model, 0, -4), judged(model, 0, 3)
    strapped = replace(never, devices={"polar/h10": Calibration(slope=0, offset=2)})
    detector = FallDetector(model=never, worn={"wrist": always, "waist": strapped})
    samples = motion(rate_hz=50.0, seconds=14, falls_at=(8.0,), seed=1)
    places: list[tuple[str | None, str | None]] = [
        (None, None), ("wrist", None), ("wrist", "polar/h10"), ("waist", None), ("waist", "polar/h10"), ("hat", "x"),
    ]  # fmt: skip
    state = detector.start(np.full(len(places) + 1, 50.0))
    for row, (position, profile) in enumerate(places):
        state = detector.place(state, row, position, profile)
    state = detector.restart(state, 1, 50.0)  # a strap that begins anew is worn where it was
    _, found = detector.step(state, samples[None].repeat(len(places) + 1, axis=0))
    first = {finding.stream: finding.probability for finding in reversed(found)}
    assert sorted(first) == [1, 2, 4]
    assert first[1] == first[2] == pytest.approx(1 / (1 + math.exp(-3)))
    assert first[4] == pytest.approx(1 / (1 + math.exp(-2)))
    state = detector.place(state, 1)
    _, found = detector.step(state, samples[None].repeat(len(places) + 1, axis=0))
    assert sorted({finding.stream for finding in found}) == [2, 4]


@pytest.mark.slow
def test_placing_one_stream_changes_nothing_for_its_neighbours(models: dict[str, Model], streams: Streams) -> None:
    detector = FallDetector(model=models["any"], worn={"wrist": models["wrist"], "waist": models["trunk"]})

    def found(places: dict[int, str]) -> list[Finding]:
        state = detector.start(np.array(RATES))
        for row, position in places.items():
            state = detector.place(state, row, position)
        length = max(len(own) for own in streams)
        chunk = np.zeros((len(streams), length, 3), np.float32)
        for row, own in enumerate(streams):
            chunk[row, : len(own)] = own
        return detector.step(state, chunk, np.array([len(own) for own in streams]))[1]

    alike, mixed = found({1: "waist"}), found({0: "wrist", 1: "waist", 3: "waist"})
    left, right = ([one for one in some if one.stream == 1] for some in (alike, mixed))
    close([left], [right])

"""Not up 30 s after a fall: what is up, what is not, and that cutting and neighbours change nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.datasets import sisfall, weda
from analytics.falls import gait, recovery, risen
from analytics.falls.got_up import shares
from analytics.findings import NO_RECOVERY, Finding, Seen
from tests.analytics.falls.recovery_oracle import watched
from tests.analytics.falls.scenes import Part, scene, seconds

Array = NDArray[np.float32]
Fall = tuple[float, float]  # impact and decision, s

WALKED: Final[tuple[Part, ...]] = (("walk", 12), ("blow", 1))
IN_BED: Final[tuple[Part, ...]] = (("lie on the back", 12), ("blow", 1))
IMPACT_S: Final = 12.0
MOST_KB: Final = 4


def fall(at_s: float, decided_s: float | None = None, stream: int = 0) -> Finding:
    late = at_s + 2.58 if decided_s is None else decided_s
    return Finding(kind="fall", stream=stream, probability=0.9, at_s=at_s, decided_s=late, evidence=(0, 1))


def run(
    streams: Sequence[Array],
    rates: Sequence[float],
    falls: Sequence[Sequence[Finding]],
    trunk: Sequence[bool],
    cut: Callable[[], int],
) -> list[list[Finding]]:
    """Ragged chunks; a fall comes with the chunk in which its decision falls, as from the detector."""
    state = recovery.start(np.array(rates))
    taken = np.zeros(len(streams), np.int64)
    found: list[list[Finding]] = [[] for _ in streams]
    while any(taken[row] < len(own) for row, own in enumerate(streams)):
        counts = np.array([min(cut(), len(own) - taken[row]) for row, own in enumerate(streams)])
        chunk = np.full((len(streams), max(1, counts.max()), 3), 99.0, np.float32)  # the padding must not matter
        for row, own in enumerate(streams):
            chunk[row, : counts[row]] = own[taken[row] : taken[row] + counts[row]]
        begin, taken = taken / rates, taken + counts
        end = taken / rates
        now = [one for own in falls for one in own if begin[one.stream] < one.decided_s <= end[one.stream]]
        state, said = recovery.step(state, chunk, counts, falls=now, trunk=np.array(trunk))
        for one in said:
            found[one.stream].append(one)
    return found


def one(*parts: Part, trunk: bool = True, rate_hz: float = 50.0, at: Sequence[Finding] = ()) -> list[Finding]:
    falls = list(at) or [fall(IMPACT_S)]
    return run([scene(rate_hz, *parts)], [rate_hz], [falls], [trunk], lambda: round(rate_hz / 2))[0]


def seen(*parts: Part, trunk: bool = True) -> Seen | None:
    said = one(*parts, ("lie", 60 - seconds(*parts)), trunk=trunk)
    assert len(said) <= 1
    return said[0].seen if said else None


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([("lie", 40)], Seen.DOWN),
        ([("lie", 10), ("stand", 25)], None),
        ([("lie", 10), ("sit", 25)], None),  # helped onto a chair
        ([("lie", 10), ("walk", 25)], None),
        ([("stand", 30)], None),  # a stumble
        ([("lie", 10), ("crawl", 25)], Seen.DOWN),
        ([("lie", 10), ("lie on the back", 25)], Seen.DOWN),
        ([("lie", 10), ("stand", 5), ("lie", 20)], Seen.DOWN),  # up, and down again
        ([("lie", 27), ("stand", 5)], Seen.DOWN),  # not held by then
        ([("lie", 10), ("stand", 2), ("lie", 20)], Seen.DOWN),
        ([("lie", 10), ("nothing", 30)], Seen.UNHEARD),
        ([("nothing", 40)], Seen.UNHEARD),
        ([("lie", 10), ("stand", 5), ("nothing", 20)], None),
        ([("lie", 10), ("on the table", 30)], Seen.DOWN),  # the strap is taken off
    ],
)
def test_at_the_trunk(after: list[Part], expected: Seen | None) -> None:
    assert seen(*WALKED, *after) is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([("lie", 40)], Seen.NO_WALKING),
        ([("lie", 10), ("lie on the back", 30)], Seen.NO_WALKING),  # rolls back as they lay in bed
        ([("lie", 10), ("stand", 30)], Seen.NO_WALKING),  # which way up is, nobody knows yet
        ([("lie", 10), ("walk", 10)], None),
        ([("lie", 10), ("walk", 4)], Seen.NO_WALKING),
    ],
)
def test_at_the_trunk_of_who_was_never_seen_to_walk(after: list[Part], expected: Seen | None) -> None:
    assert seen(*IN_BED, *after) is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([("lie", 40)], Seen.NO_WALKING),
        ([("lie", 5), ("wave", 30)], Seen.NO_WALKING),
        ([("lie", 5), ("bang", 30)], Seen.NO_WALKING),
        ([("lie", 10), ("stand", 25)], Seen.NO_WALKING),
        ([("lie", 10), ("walk", 10)], None),
        ([("lie", 10), ("nothing", 30)], Seen.UNHEARD),
    ],
)
def test_at_the_wrist(after: list[Part], expected: Seen | None) -> None:
    assert seen(*WALKED, *after, trunk=False) is expected


def test_the_finding_tells_of_its_fall() -> None:
    (said,) = one(*WALKED, ("lie", 40))
    assert (said.kind, said.stream, said.probability) == (NO_RECOVERY, 0, 0.9)
    assert (said.at_s, said.decided_s) == (IMPACT_S, IMPACT_S + 30)
    assert said.evidence == (600, 2100)


def test_walking_an_hour_ago_still_shows_which_way_up_is() -> None:
    parts: list[Part] = [("walk", 12), ("sit", 300), ("blow", 1), ("lie", 9), ("sit", 40)]
    assert one(*parts, at=[fall(312.0)]) == []
    assert [s.seen for s in one(*parts[:4], ("lie", 40), at=[fall(312.0)])] == [Seen.DOWN]


@pytest.mark.parametrize(
    ("between", "expected"),
    [([("lie", 14)], [12.0]), ([("lie", 4), ("stand", 10)], [27.0]), ([("lie", 40)], [12.0, 53.0])],
)
def test_a_second_fall(between: list[Part], expected: list[float]) -> None:
    """Not up since the first: one word, 30 s after it. Up in between: the 30 s count anew."""
    again = IMPACT_S + 1 + seconds(*between)
    said = one(*WALKED, *between, ("blow", 1), ("lie", 50), at=[fall(IMPACT_S), fall(again)])
    assert [s.at_s for s in said] == expected


RATES: Final = (25.0, 50.0, 52.0, 200.0)
LIVES: Final[tuple[tuple[tuple[Part, ...], tuple[Fall, ...], bool], ...]] = (
    ((*WALKED, ("lie", 9), ("nothing", 0.4), ("lie", 9), ("crawl", 30)), ((12.0, 14.6), (40.3, 43.0)), True),
    ((*WALKED, ("lie", 4), ("stand", 8), ("blow", 1), ("lie", 34)), ((12.0, 14.6), (25.1, 27.7)), True),
    ((*IN_BED, ("lie", 10), ("wave", 8), ("walk", 12), ("sit", 16)), ((12.0, 14.6), (30.0, 42.0)), False),
    ((*WALKED, ("lie", 5), ("walk", 9), ("nothing", 12), ("lie", 20)), ((12.02, 16.7),), False),
)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), longest=st.sampled_from([20, 150, 3000]))
def test_cutting_and_neighbours_change_nothing_and_the_slow_way_says_the_same(seed: int, longest: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(LIVES))
    streams = [scene(rate, *LIVES[life][0], seed=seed) for rate, life in zip(RATES, order, strict=True)]
    falls = [[fall(at_s, decided_s, row) for at_s, decided_s in LIVES[life][1]] for row, life in enumerate(order)]
    trunk = [LIVES[life][2] for life in order]
    whole = run(streams, RATES, falls, trunk, lambda: 10**6)
    assert run(streams, RATES, falls, trunk, lambda: int(rng.integers(0, longest))) == whole
    for row, own in enumerate(streams):
        alone = run([own], RATES[row : row + 1], [[replace(f, stream=0) for f in falls[row]]], [trunk[row]], lambda: 99)
        assert [replace(f, stream=row) for f in alone[0]] == whole[row]
        slow = watched(own, RATES[row], falls[row], trunk=trunk[row])
        assert [(f.at_s, f.seen) for f in whole[row]] == slow


def stepped(*parts: Part, falls: Sequence[Finding] = (), rate_hz: float = 50.0) -> recovery.State:
    samples = scene(rate_hz, *parts)
    state = recovery.start(np.array([rate_hz, rate_hz]))
    chunk, counts = np.stack([samples, samples]), np.array([len(samples), 0])
    return recovery.step(state, chunk, counts, falls=falls, trunk=np.array([True, True]))[0]


BOTH: Final = np.array([True, True])


def test_a_link_that_is_lost_never_closes_the_watch() -> None:
    state = stepped(*WALKED, ("lie", 5), falls=[fall(IMPACT_S)])
    now = np.array([IMPACT_S + 31.5, 1e9])
    assert recovery.overdue(state, now, waited_s=1.6, trunk=BOTH)[1] == []
    state, (said,) = recovery.overdue(state, now + 0.2, waited_s=1.6, trunk=BOTH)
    assert (said.stream, said.seen, said.at_s, said.decided_s) == (0, Seen.UNHEARD, IMPACT_S, IMPACT_S + 31.7)
    assert recovery.overdue(state, now + 60, waited_s=1.6, trunk=BOTH)[1] == []  # once


def test_a_strap_that_is_silent_after_the_person_was_up() -> None:
    state = stepped(*WALKED, ("lie", 5), ("stand", 6), falls=[fall(IMPACT_S)])
    assert recovery.overdue(state, np.array([99.0, 0.0]), waited_s=1.6, trunk=BOTH)[1] == []


@pytest.mark.parametrize(("after", "expected"), [("lie", [Seen.DOWN]), ("stand", []), ("nothing", [Seen.UNHEARD])])
@pytest.mark.parametrize("rate_hz", [25.0, 200.0])
def test_a_stream_that_begins_anew_is_watched_on(after: str, expected: list[Seen], rate_hz: float) -> None:
    state = stepped(*WALKED, ("lie", 5), falls=[fall(IMPACT_S)])
    state = recovery.resume(state, 0, rate_hz, 6.0)
    samples = scene(rate_hz, (after, 19.5))
    state, said = recovery.step(state, samples[None].repeat(2, 0), np.array([len(samples), 0]), trunk=BOTH)
    assert [s.seen for s in said] == expected
    if said:
        assert said[0].at_s == pytest.approx(IMPACT_S - 24.0, abs=0.1)  # on the time line of the new piece
        assert said[0].evidence[0] == 0


def test_after_a_minute_of_silence_the_strap_may_be_worn_another_way() -> None:
    lying = scene(50.0, ("blow", 1), ("lie", 5), ("stand", 30))
    for gap_s, expected in ((50.0, 0), (61.0, 1)):
        state = recovery.resume(stepped(("walk", 12), ("sit", 5)), 0, 50.0, gap_s)
        counts = np.array([len(lying), 0])
        _, said = recovery.step(state, lying[None].repeat(2, 0), counts, falls=[fall(0.0)], trunk=BOTH)
        assert len(said) == expected


def test_a_fall_that_was_decided_without_samples_is_watched() -> None:
    state = recovery.watch(stepped(*WALKED), [fall(IMPACT_S, 16.2)], trunk=BOTH)
    _, (said,) = recovery.overdue(state, np.array([44.0, 0.0]), waited_s=1.6, trunk=BOTH)
    assert said.seen is Seen.UNHEARD


BROKEN: dict[str, Callable[[Array, np.random.Generator], NDArray[np.floating]]] = {
    "nan": lambda x, rng: np.full_like(x, np.nan),
    "infinite": lambda x, rng: np.where(rng.random(x.shape) < 0.2, np.inf, x),
    "zeros": lambda x, rng: np.zeros_like(x),
    "constant": lambda x, rng: np.ones_like(x),
    "huge": lambda x, rng: x * 1e30,
    "noise of 16 g": lambda x, rng: rng.uniform(-16, 16, x.shape),
    "every other sample missing": lambda x, rng: np.where(np.arange(len(x))[:, None] % 2, x, np.nan),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("trunk", [True, False])
def test_nothing_broken_is_up_nor_touches_others(what: str, trunk: bool) -> None:
    good = scene(50.0, *WALKED, ("lie", 5), ("walk", 30))
    lies = scene(50.0, *WALKED, ("lie", 35))
    broken = np.concatenate([lies[:600], BROKEN[what](lies[600:], np.random.default_rng(3)).astype(np.float32)])
    falls = [[fall(IMPACT_S, stream=0)], [fall(IMPACT_S, stream=1)]]
    said = run([broken, good], [50.0, 50.0], falls, [trunk, trunk], lambda: 40)
    assert len(said[0]) == 1
    assert said[1] == []


def arrays(state: recovery.State) -> list[NDArray[np.generic]]:
    own = [getattr(state, field.name) for field in fields(state) if field.name != "line"]
    return own + [getattr(state.line, field.name) for field in fields(state.line)]


def test_state_is_never_changed_in_place_and_small() -> None:
    state = stepped(*WALKED, ("lie", 5), falls=[fall(IMPACT_S)])
    before = [array.copy() for array in arrays(state)]
    samples = scene(50.0, ("lie", 30))[None].repeat(2, 0)
    recovery.step(state, samples, np.array([1500, 700]), falls=[fall(20.0, 22.6)], trunk=BOTH)
    recovery.resume(state, 0, 25.0, 3.0)
    recovery.restart(state, 0, 25.0)
    recovery.watch(state, [fall(17.0)], trunk=BOTH)
    recovery.overdue(state, np.array([99.0, 99.0]), waited_s=0.0, trunk=BOTH)
    for old, new in zip(before, arrays(state), strict=True):
        np.testing.assert_array_equal(old, new)
    assert sum(array.nbytes for array in arrays(state)) / 2 <= MOST_KB * 1000


def test_restart_touches_one_stream_only() -> None:
    state = stepped(*WALKED, falls=[fall(IMPACT_S)])
    fresh = recovery.restart(state, 0, 25.0)
    for new, first, old in zip(arrays(fresh), arrays(recovery.start(np.array([25.0]))), arrays(state), strict=True):
        np.testing.assert_array_equal(new[0], first[0])
        np.testing.assert_array_equal(new[1], old[1])


def test_the_trace_is_the_last_forty_seconds() -> None:
    state = stepped(*WALKED, ("lie", 35), falls=[fall(IMPACT_S)])
    samples, impact = recovery.trace(state, 0)
    assert (len(samples), impact) == (400, 400 - 360)
    assert np.linalg.norm(samples[impact]) > 1.5
    assert np.isnan(recovery.trace(state, 1)[0]).all()


def test_the_documentation_says_what_is_so() -> None:
    text = (Path(__file__).parents[3] / "docs" / "fall-detection.md").read_text(encoding="utf-8")
    assert f"is watched for {recovery.WATCH_S} s" in text
    assert f"within {gait.UPRIGHT_DEG:g}° of" in text
    assert f"for {risen._HELD_S} s, and" in text
    assert f"{gait.WALK // recovery.LINE_HZ} s of walking" in text
    assert f"({1000 * risen._ALIVE_G:g} mg)" in text
    assert all(f"`{word}`" in text for word in [NO_RECOVERY, *Seen])


@pytest.mark.slow
def test_recorded_people_who_stay_or_walk_away(recordings: Path | None) -> None:
    """Within a hundredth or two of everybody's figures in docs/fall-detection.md."""
    if recordings is None:
        return
    waist = shares(sisfall.load(recordings / "sisfall", ["SA03"])[::3], frozenset({"D01", "D02"}), trunk=True)
    assert waist["fall, stays"]["no_recovery"] >= 0.95
    assert waist["fall, walks after"]["no_recovery"] <= 0.05
    wrist = shares(weda.load(recordings / "weda", ["U01"])[::3], frozenset({"D01"}), trunk=False)
    assert wrist["fall, stays"]["no_recovery"] >= 0.95

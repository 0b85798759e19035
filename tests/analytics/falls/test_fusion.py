"""Witnesses of one fall: one page, told at once, surer with both; a later impact, another room: another page."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from analytics.falls.company import LONGEST_S, NO_MOVEMENT, held_back
from analytics.falls.fusion import KEPT_S, PRIOR, TOGETHER_S, Fused, Kind, State, Witness, combined, witnessed
from analytics.falls.measures import calibration_error
from analytics.findings import FALL, NO_RECOVERY


def worn(at_s: float, probability: float = 0.8, **known: str) -> Witness:
    return Witness(device="strap", kind=Kind.WORN, at_s=at_s, probability=probability, **known)


def radar(at_s: float, probability: float = 0.7, device: str = "ceiling", **known: str) -> Witness:
    return Witness(device=device, kind=Kind.RADAR, at_s=at_s, probability=probability, **known)


def told(*witnesses: Witness) -> list[Fused]:
    state, found = State(), []
    for one in witnesses:
        state, fused = witnessed(state, one)
        found.append(fused)
    return found


@pytest.mark.parametrize("apart", [0.0, 0.5, 3.0, 8.0])
@pytest.mark.parametrize("first", ["worn", "radar"])
def test_one_page_surer_with_both(apart: float, first: str) -> None:
    pair = (worn(100.0), radar(100.0 + apart)) if first == "worn" else (radar(100.0), worn(100.0 + apart))
    for order in permutations(pair):
        one, both = told(*order)
        assert (one.page, both.page) == (True, False)
        assert one.episode.number == both.episode.number
        assert one.episode.probability == pytest.approx(order[0].probability), "the first is told as it is"
        assert both.episode.probability > max(one.probability for one in pair)
        assert both.episode.first == order[0]


def test_either_alone_is_a_page() -> None:
    for one in (worn(5.0), radar(5.0)):
        (fused,) = told(one)
        assert fused.page
        assert fused.episode.probability == pytest.approx(one.probability)


def test_a_new_impact_is_a_new_page() -> None:
    assert [one.page for one in told(worn(0.0), radar(3.0), worn(TOGETHER_S + 0.1), radar(15.0))] == [
        True, False, True, False,
    ]  # fmt: skip
    chain = told(*(worn(float(at)) for at in range(0, 40, 4)))
    assert sum(one.page for one in chain) == 4, "each counts from the first of its episode: a chain does not go on"


def test_what_contradicts_is_another_episode() -> None:
    assert all(one.page for one in told(radar(0.0, room="bath"), radar(1.0, device="other", room="kitchen")))
    assert all(one.page for one in told(worn(0.0, resident="a"), worn(1.0, resident="b")))
    assert all(one.page for one in told(worn(0.0, room="bath"), radar(1.0, room="kitchen")))
    first, second = told(radar(0.0, room="bath"), worn(1.0, resident="a"))
    assert not second.page
    assert (second.episode.room, second.episode.resident) == ("bath", "a")
    assert second.episode.first.resident is None, "the page stays about the room"
    assert first.episode.resident is None


def test_no_recovery_joins_its_fall() -> None:
    late = Witness(device="ceiling", kind=Kind.RADAR, finding=NO_RECOVERY, at_s=101.0, probability=0.7)
    fall, up = told(radar(101.0), late)
    assert not fall.episode.not_up
    assert up.episode.not_up
    assert not up.page
    assert up.episode.probability == fall.episode.probability, "one device is one witness"
    (alone,) = told(late)
    assert alone.page, "its fall is not known any more"


def test_devices_of_one_kind_are_not_independent() -> None:
    *_, both = told(radar(0.0, 0.6), radar(1.0, 0.7, device="wall"))
    assert both.episode.probability == pytest.approx(0.7)
    *_, again = told(radar(0.0, 0.7), radar(1.0, 0.6))
    assert again.episode.probability == pytest.approx(0.7)


def test_episodes_do_not_pile_up() -> None:
    state = State()
    for at in range(0, 100_000, 60):
        state, fused = witnessed(state, worn(float(at)))
        assert fused.page
    assert len(state.episodes) <= KEPT_S / 60 + 1
    assert state.numbered == 1667


@pytest.mark.parametrize("bad", [worn(0.0, 1.2), worn(0.0, float("nan")), worn(float("nan"))])
def test_nonsense_is_refused(bad: Witness) -> None:
    with pytest.raises(ValueError, match="probability"):
        witnessed(State(), bad)


def test_combined_is_calibrated_when_they_err_independently() -> None:
    rng = np.random.default_rng(3)
    fell = rng.random(60_000) < PRIOR
    evidence = rng.normal(np.where(fell, 1.2, -1.2)[:, None], [1.0, 1.5])
    ratio = 2 * 1.2 * evidence / np.array([1.0, 1.5]) ** 2  # log likelihood ratios of two normal curves
    alone = 1 / (1 + np.exp(-(ratio + np.log(PRIOR / (1 - PRIOR)))))
    spoke = (alone > PRIOR).all(axis=1)  # both are witnesses
    both = np.array([combined(pair) for pair in alone[spoke].tolist()])
    assert calibration_error(both, fell[spoke]) < 0.03
    assert (both >= alone[spoke].max(axis=1).clip(max=0.99) - 1e-9).all()
    naive = alone[spoke].mean(axis=1)
    assert calibration_error(naive, fell[spoke]) > 0.1


def test_company_holds_back_only_what_is_about_no_movement_and_not_for_ever() -> None:
    assert held_back(NO_MOVEMENT, due_s=0.0, now_s=10.0, second_seen_s=0.0)
    for kind in (FALL, NO_RECOVERY):
        assert not held_back(kind, due_s=0.0, now_s=10.0, second_seen_s=10.0)
    assert not held_back(NO_MOVEMENT, due_s=0.0, now_s=10.0, second_seen_s=None)
    assert not held_back(NO_MOVEMENT, due_s=0.0, now_s=400.0, second_seen_s=10.0), "gone"
    assert held_back(NO_MOVEMENT, due_s=0.0, now_s=LONGEST_S - 1, second_seen_s=LONGEST_S - 1)
    assert not held_back(NO_MOVEMENT, due_s=0.0, now_s=LONGEST_S, second_seen_s=LONGEST_S), "two hours at most"

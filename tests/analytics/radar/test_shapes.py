"""Curves fitted to a way down: which kind and length is likely, how far it went, and what too little seen gives."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.radar import shapes
from analytics.radar.shapes import AFTER, BEFORE, LENGTHS_S, NUMBERS, UNKNOWN, shape
from analytics.radar.tracks import RATE_HZ, Body, Floats

AT = 200


def body(
    lasts: float, *, gentle: bool, far: float = 0.4, walks: float = 0.0, noise: float = 0.05, seed: int = 0
) -> Body:
    """Who walks, comes down from 1.65 m to 0.7 m in so many seconds, five frames before `AT`, and stays there."""
    rng = np.random.default_rng(seed)
    t = np.arange(AT + AFTER)
    begin = AT - 5 - lasts * RATE_HZ
    share = np.clip((t - begin) / (lasts * RATE_HZ), 0, 1)
    tops = 1.65 - 0.95 * (share**2 * (3 - 2 * share) if gentle else share**2)
    x = far * share + walks * np.minimum(t - begin, 0) / RATE_HZ
    places = np.column_stack([x, np.full(len(t), 2.0)]) + rng.normal(0, noise / 2, (len(t), 2))
    return Body(
        room=0, number=1, born=0, seen=len(t) - 1, first=0, tops=tops + rng.normal(0, noise, len(t)), places=places
    )  # fmt: skip


def number(found: Floats, name: str) -> float:
    return float(found[NUMBERS.index(name)])


def likely(found: Floats) -> tuple[Floats, Floats]:
    """Of each falling and each gentle length."""
    own = found[len(NUMBERS) :]
    return own[: len(LENGTHS_S)], own[len(LENGTHS_S) :]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("lasts", [0.7, 1.3, 2.0])
def test_what_falls_and_what_is_gentle(lasts: float, seed: int) -> None:
    falling, gentle = likely(shape(body(lasts, gentle=False, seed=seed), AT))
    assert falling.max() == pytest.approx(0.0)
    assert LENGTHS_S[falling.argmax()] == pytest.approx(lasts, rel=0.3)
    assert gentle.max() < -1.0
    falling, gentle = likely(shape(body(lasts, gentle=True, seed=seed), AT))
    assert gentle.max() == pytest.approx(0.0)
    assert LENGTHS_S[gentle.argmax()] == pytest.approx(lasts, rel=0.3)


@pytest.mark.parametrize("walks", [0.0, 1.0])
def test_how_far_it_went_while_it_came_down_is_not_how_far_it_walked(walks: float) -> None:
    for far in (0.0, 0.3, 0.8):
        found = np.mean(
            [shape(body(1.0, gentle=False, far=far, walks=walks, seed=seed), AT) for seed in range(8)], axis=0
        )
        assert number(found, "curve-went") == pytest.approx(far, abs=0.1)
        assert number(found, "curve-depth") == pytest.approx(0.95, abs=0.1)
        assert number(found, "curve-misfit") == pytest.approx(1.0, abs=0.5)


def test_spikes_and_gaps_change_little() -> None:
    one = body(1.0, gentle=False)
    clean = shape(one, AT)
    other = body(1.0, gentle=False)
    other.tops[AT - 30 : AT : 10] += 0.6
    other.tops[AT + 3 : AT + 6] = np.nan
    other.places[AT + 3 : AT + 6] = np.nan
    spiked = shape(other, AT)
    assert number(spiked, "curve-took") == pytest.approx(number(clean, "curve-took"), rel=0.3)
    assert number(spiked, "curve-depth") == pytest.approx(number(clean, "curve-depth"), abs=0.1)
    assert number(clean, "unseen") == 0.0
    assert number(spiked, "unseen") == pytest.approx(0.3)


def test_too_little_seen_is_said_to_be_unknown() -> None:
    one = body(1.0, gentle=False)
    one.tops[: AT + AFTER - 12] = np.nan
    one.places[: AT + AFTER - 12] = np.nan
    found = shape(one, AT)
    assert (found[: len(NUMBERS)] == UNKNOWN).all()
    assert not found[len(NUMBERS) :].any()
    other = body(1.0, gentle=False)
    other.places[:] = np.nan
    assert np.isfinite(shape(other, AT)).all()


def test_what_comes_later_and_what_was_forgotten_changes_nothing() -> None:
    early, late = body(1.0, gentle=False), body(1.0, gentle=False)
    late.tops = np.append(late.tops, np.full(200, 0.7))
    late.places = np.concatenate([late.places, np.zeros((200, 2))])
    late.tops, late.places, late.first = late.tops[AT - BEFORE :], late.places[AT - BEFORE :], AT - BEFORE
    np.testing.assert_array_equal(shape(early, AT), shape(late, AT))


def test_it_is_remembered_as_long_as_the_body_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    one = body(1.0, gentle=False)
    first = shape(one, AT)
    monkeypatch.setattr(shapes, "_shape", lambda *_: pytest.fail("fitted again"))
    assert shape(one, AT) is first
    monkeypatch.undo()
    one.first += 1
    one.tops, one.places = one.tops[1:], one.places[1:]
    shape(one, AT - 5)
    assert set(one.shapes) == {AT, AT - 5}
    one.first, one.tops, one.places = AT - 3, one.tops[AT - 4 :], one.places[AT - 4 :]
    shape(one, AT - 2)
    assert set(one.shapes) == {AT, AT - 2}

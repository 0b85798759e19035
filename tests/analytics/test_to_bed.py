"""Going to bed, made of sitting down and lying down: what is kept of both, and that the seam is no blow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import Trial, sisfall
from analytics.training.sources import Source, chains
from analytics.training.to_bed import composed, to_bed

RATE_HZ = 200.0
UP, LEFT = np.array([0.0, -1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
Array = NDArray[np.float32]


def _trial(name: str, samples: Array, subject: str = "SA01") -> Trial:
    return Trial(
        subject=subject,
        name=name,
        activity=name[:3],
        fall=name.startswith("F"),
        position=sisfall.POSITIONS[0],
        elder=False,
        rate_hz=RATE_HZ,
        samples=samples,
    )


def _still(seconds: float = 12.0) -> Array:
    return np.tile(UP, (round(seconds * RATE_HZ), 1)).astype(np.float32)


@pytest.fixture
def sitting() -> Trial:
    """Upright for twelve seconds, a blow of 2.5 g at 4 s; a stronger one when the person is up again."""
    samples = _still()
    samples[800] *= 2.5
    samples[2000] *= 3
    return _trial("D08_SA01_R01", samples)


@pytest.fixture
def lying() -> Trial:
    """Upright until 5 s, then turned to the left side within half a second, and up again at 10 s."""
    part = np.clip((np.arange(2400)[:, None] / RATE_HZ - 4.75) / 0.5, 0, 1) * np.pi / 2
    samples = (np.cos(part) * UP + np.sin(part) * LEFT).astype(np.float32)
    samples[2000:] = UP
    return _trial("D13_SA01_R01", samples)


def test_the_person_lies_down_soon_after_the_seat(sitting: Trial, lying: Trial) -> None:
    for seed in range(20):
        made = to_bed(sitting, lying, np.random.default_rng(seed))
        assert (made.fall, made.activity, made.subject) == (False, "to bed", "SA01")
        np.testing.assert_array_equal(made.samples[:801], sitting.samples[:801])
        length = np.linalg.norm(made.samples, axis=1)
        assert np.delete(length, 800).max() < 1.01  # neither the seam nor what came after either movement
        assert length.min() > 0.9
        tilt = np.degrees(np.arccos(np.clip(made.samples @ UP / length, -1, 1)))
        lain = int(np.argmax(tilt > 45)) / RATE_HZ - 4.0
        assert 0.4 <= lain <= 2.0
        assert tilt[-1] == pytest.approx(90, abs=1)


def test_the_direction_is_drawn_and_the_seat_is_not_turned(sitting: Trial, lying: Trial) -> None:
    ends = [to_bed(sitting, lying, np.random.default_rng(seed)).samples[-1] for seed in range(40)]
    around = np.degrees(np.arctan2([end[0] for end in ends], [end[2] for end in ends]))
    assert np.ptp(around) > 270
    np.testing.assert_allclose([end[1] for end in ends], 0, atol=0.05)  # turned already by then


def test_everybody_s_own_recordings_and_no_others(sitting: Trial, lying: Trial) -> None:
    other = replace(sitting, subject="SA02")  # never lay down
    walk, fall = _trial("D01_SA01_R01", _still()), _trial("F05_SA01_R01", _still())
    made = composed([sitting, lying, other, walk, fall, replace(sitting, name="D08_SA01_R02")], 1)
    assert [trial.subject for trial in made] == ["SA01", "SA01"]
    again = composed([sitting, lying], 1)
    np.testing.assert_array_equal(again[0].samples, made[0].samples)
    assert not np.array_equal(composed([sitting, lying], 2)[0].samples, made[0].samples)
    assert composed([other, walk], 1) == []


def test_it_teaches_only() -> None:
    source = Source(dataset="sisfall", position="waist", slow=True, to_bed=True)
    assert not source.counts
    assert not replace(source, to_bed=False, aid=True).counts
    assert replace(source, to_bed=False).counts
    assert chains(source) == chains(replace(source, to_bed=False))

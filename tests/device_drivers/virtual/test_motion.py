"""The made-up person moves as the papers say falls do."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from device_drivers.virtual.motion import IMPACT_S, LYING_S, Person, walking

FALL_S = 20.0


def life(seed: int, rate_hz: int = 200) -> tuple[np.ndarray, np.ndarray]:
    times = np.arange(40 * rate_hz) / rate_hz
    return times, Person(seed=seed, fall_after_s=FALL_S).at(times)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("rate_hz", [25, 200])
def test_a_fall_has_its_phases(seed: int, rate_hz: int) -> None:
    times, motion = life(seed, rate_hz)
    magnitude = np.linalg.norm(motion, axis=1)
    since = times - FALL_S
    gait = magnitude[since < -1]
    assert 0.5 < gait.min() < 0.8
    assert 1.2 < gait.max() < 1.7
    assert magnitude[(since > 0.1) & (since < IMPACT_S)].min() < 0.6
    impact = (since > IMPACT_S - 0.1) & (since < IMPACT_S + 0.1)
    assert 2.4 < magnitude[impact].max() < 8.0
    lying = motion[since > LYING_S + 1]
    assert np.linalg.norm(lying, axis=1).std() < 0.03
    assert 0.95 < np.linalg.norm(lying.mean(axis=0)) < 1.05
    before, after = motion[since < -1].mean(axis=0), lying.mean(axis=0)
    angle = np.degrees(np.arccos(before @ after / np.linalg.norm(before) / np.linalg.norm(after)))
    assert 70 < angle < 110


def test_repeatable_by_seed_and_different_between_seeds() -> None:
    np.testing.assert_array_equal(life(3)[1], life(3)[1])
    assert np.abs(life(3)[1] - life(4)[1]).max() > 0.1


def test_walking_goes_on_without_a_fall() -> None:
    times = np.arange(2000) / 50
    motion = Person(seed=1, fall_after_s=None).at(times)
    assert np.linalg.norm(motion, axis=1).max() < 1.7
    assert np.abs(motion - walking(times)).max() < 0.12


async def test_time_goes_on_while_nobody_listens() -> None:
    person = Person(seed=1, fall_after_s=FALL_S)
    first = person.take(50, 36)
    assert np.linalg.norm(first, axis=1).mean() > 0.9
    await asyncio.sleep(30)
    later = person.take(50, 36)
    assert np.linalg.norm(later, axis=1).std() < 0.03  # lying: the fall happened unheard
    person.get_up()
    assert np.linalg.norm(person.take(50, 72), axis=1).std() > 0.1
    person.fall_now()
    assert np.linalg.norm(person.take(50, 50), axis=1).max() > 2.0

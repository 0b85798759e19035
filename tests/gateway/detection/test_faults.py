"""A wearable that sends what no body makes is named; one that lies still, or is struck, is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.core.health import PartHealth
from gateway.detection.detection import Detection as Streams
from gateway.detection.faults import fault
from tests.gateway.detection.test_watch import Book, Walk, watched

if TYPE_CHECKING:
    from tests.gateway.detection.conftest import Strap

Array = NDArray[np.float32]
WORDS = {
    "nan": "sends no usable numbers",
    "zeros": "sends nothing but zeros",
    "stuck": "has an axis that is stuck",
    "stuck but for noise": "has an axis that is stuck",
    "lossy": "loses too many of its samples on the air",
    "between its stops": "shakes harder than any body",
    "at its stop": "sends more than gravity all the time (an axis is at its stop, or its numbers are not in g)",
    "in metres": "sends more than gravity all the time (an axis is at its stop, or its numbers are not in g)",
}


def broken(samples: Array, how: str) -> Array:
    samples = samples.copy()
    if how == "nan":
        samples[:] = np.nan
    elif how == "zeros":
        samples[:] = 0
    elif how == "stuck":
        samples[:, 1] = 0.31
    elif how == "stuck but for noise":
        samples[:, 0] = 0.31 + np.random.default_rng(1).uniform(-0.009, 0.009, len(samples))
        samples[:, 1] *= 2
    elif how == "lossy":
        samples[np.arange(len(samples)) % 36 < 16] = np.nan
    elif how == "between its stops":
        samples[:, 1] = np.random.default_rng(1).choice([-4.0, 4.0], len(samples))
    elif how == "at its stop":
        samples[:, 1] = 2 + np.random.default_rng(1).uniform(-0.1, 0.1, len(samples))
    elif how == "in metres":
        samples *= 9.81
    return samples


@pytest.mark.parametrize("how", [*WORDS, "whole", "still", "upside down", "a gap"])
def test_what_is_wrong_with_ten_seconds(walk: Walk, how: str) -> None:
    samples = walk(rate_hz=50.0, seconds=10, fall_at=6.0)
    if how == "still":
        samples = np.tile(np.array([0.0, 0.0, 1.0], np.float32), (500, 1))
    elif how == "upside down":
        samples = -samples
    elif how == "a gap":
        samples[100:175] = np.nan  # a longer one begins the stream anew
    assert fault(broken(samples, how)) == WORDS.get(how)


@pytest.mark.slow
@pytest.mark.parametrize("how", list(WORDS))
async def test_it_is_named_while_it_speaks_and_no_longer(
    detection: Streams, walk: Walk, strap: type[Strap], how: str
) -> None:
    samples = walk(rate_hz=50.0, seconds=60, fall_at=None)
    samples[:2000] = broken(samples[:2000], how)
    states: list[tuple[float, PartHealth]] = []
    packets = list(strap(samples, 50.0, packet=25).packets())
    begin = packets[0][0]
    await watched(detection, packets, Book(None), states=states)
    named = [when - begin for when, state in states if WORDS[how] in state.reason]
    assert 9 <= named[0] <= 22
    assert 35 <= named[-1] <= 62
    do = "bring it nearer to the gateway, or charge it" if how == "lossy" else "replace it"
    assert f"{WORDS[how]}: no fall can be noticed by it, {do}." in next(
        s.reason for _, s in states if WORDS[how] in s.reason
    )
    assert WORDS[how] not in states[-1][1].reason


@pytest.mark.parametrize(("moves_g", "noise_g", "named"), [(1.2, 0.018, True), (1.2, 0.05, False), (0.5, 0.018, False)])
def test_an_axis_is_stuck_only_while_another_is_struck(moves_g: float, noise_g: float, named: bool) -> None:
    samples = np.tile(np.array([0.0, 1.0, 0.0], np.float32), (500, 1))
    samples[:, 1] += moves_g / 2 * np.sin(np.arange(500) / 5)
    samples[:, 0] += noise_g / 2 * np.cos(np.arange(500) / 3)
    samples[:, 2] += 0.2 * np.cos(np.arange(500) / 7)
    assert (fault(samples) == WORDS["stuck"]) is named


@pytest.mark.parametrize(("pull_g", "named"), [(0.4, False), (0.8, True)])
def test_a_pull_beside_gravity_is_a_fault_from_three_fifths_of_a_g_on(walk: Walk, pull_g: float, named: bool) -> None:
    samples = walk(rate_hz=50.0, seconds=10, fall_at=None)
    gravity = samples.mean(axis=0)
    assert (fault(samples + pull_g * gravity / np.linalg.norm(gravity)) == WORDS["in metres"]) is named


def test_what_is_hardly_heard_is_not_heard(walk: Walk) -> None:
    samples = walk(rate_hz=50.0, seconds=10, fall_at=None)
    seldom, often = samples.copy(), samples.copy()
    seldom[np.arange(len(samples)) % 100 >= 8] = np.nan
    often[np.arange(len(samples)) % 100 >= 12] = np.nan
    assert (fault(seldom), fault(often)) == (WORDS["nan"], WORDS["lossy"])


@pytest.mark.parametrize(("true_hz", "header_hz"), [(10.0, 50.0), (500.0, 50.0)])
def test_a_rate_that_nothing_can_be_made_of_is_named(
    detection: Streams, walk: Walk, strap: type[Strap], true_hz: float, header_hz: float
) -> None:
    one = strap(walk(rate_hz=true_hz, seconds=40, fall_at=None), true_hz, packet=20)
    one.header_hz = header_hz
    for at, motion in one.packets():
        detection.feed("a", motion, at)
    assert detection.faults()["a"] == f"sends {true_hz:.0f} samples a second, where 12.5 to 416 can be used"

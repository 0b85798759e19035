"""The rate of a trial from stamps that come in bursts, late, or from a clock that was set."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import DatasetError
from analytics.datasets.stamps import by_stamp, mean_rate_hz

Stamps = NDArray[np.float64]


def even(count: int = 300, rate_hz: float = 20.0) -> Stamps:
    return np.round(np.arange(count) / rate_hz, 3)


def bursts(count: int = 640, rate_hz: float = 49.4, every_s: float = 0.1) -> Stamps:
    """Samples of a second clock, stamped 2 ms apart when the next tenth of a second hands them over."""
    arrival = np.ceil(np.arange(count) / rate_hz / every_s) * every_s
    place = np.arange(count) - np.searchsorted(arrival, arrival)
    return np.asarray(arrival + 0.002 * place)


def rate(stamps: Stamps, sensor_hz: float = 20.0) -> float:
    return mean_rate_hz(stamps, sensor_hz=sensor_hz, where="there")


def test_even_stamps_give_the_mean_rate() -> None:
    assert rate(even()) == pytest.approx(20, rel=1e-6)
    stamps = even(172, 11.56)
    assert rate(stamps) == pytest.approx(171 / (stamps[-1] - stamps[0]), rel=1e-3)


@pytest.mark.parametrize("count", [160, 235, 640, 2000])
def test_bursts(count: int) -> None:
    assert rate(bursts(count), 50) == pytest.approx(49.4, rel=0.02)
    assert rate(bursts(count, 39.5), 50) == pytest.approx(39.5, rel=0.02)


def test_samples_that_were_lost_lower_the_mean_rate_and_a_stalled_link_does_not() -> None:
    lost = np.delete(even(), slice(100, 150))
    assert rate(lost) == pytest.approx(249 / 14.95, rel=0.01)
    stalled = even()
    stalled[100:150] = stalled[150] - 0.001
    assert rate(stalled) == pytest.approx(20, rel=0.001)


@pytest.mark.parametrize("at", [0, 1, 5, 140, 298, 299])
@pytest.mark.parametrize("off_s", [-1e9, -100.0, -3.0, -0.4, 0.4, 3.0, 100.0, 1e9])
def test_one_bad_stamp_changes_next_to_nothing(at: int, off_s: float) -> None:
    stamps = even()
    stamps[at] += off_s
    assert rate(stamps) == pytest.approx(20, rel=0.005)


@pytest.mark.parametrize("off_s", [-3600.0, -6.0, 6.0, 3600.0])
def test_a_clock_set_for_good(off_s: float) -> None:
    stamps = even()
    stamps[120:] += off_s
    assert rate(stamps) == pytest.approx(20, rel=0.001)


def test_stamps_sent_twice() -> None:
    stamps = even()
    stamps[1::2] = stamps[::2]
    assert rate(stamps) == pytest.approx(20, rel=0.005)


@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        (np.zeros(300), "300 samples in 0.00 s"),
        (even()[::-1], "300 samples in -14.95 s"),
        (even() / 1000, "300 samples in 0.01 s"),
        (even() * 60, "300 samples in 897.00 s"),
        (np.full(300, np.nan), "too few or no numbers"),
        (np.where(np.arange(300) == 7, np.inf, even()), "too few or no numbers"),
        (even(22), "too few or no numbers"),
        (even(0), "too few or no numbers"),
        (np.random.default_rng(0).permutation(300) * 100.0, "its clock was set 29"),
    ],
)
def test_stamps_that_tell_nothing(stamps: Stamps, words: str) -> None:
    with pytest.raises(DatasetError, match=words) as caught:
        rate(stamps)
    assert str(caught.value).startswith("there: ")


def test_by_stamp_puts_late_messages_in_their_place_and_keeps_ties() -> None:
    stamps = bursts()
    swapped = np.concatenate((np.arange(100), np.arange(119, 138), np.arange(100, 119), np.arange(138, 640)))
    np.testing.assert_array_equal(swapped[by_stamp(stamps[swapped])], np.arange(640))
    np.testing.assert_array_equal(by_stamp(np.zeros(9)), np.arange(9))
    assert len(by_stamp(np.zeros(0))) == 0


def test_by_stamp_trusts_no_clock_that_was_set() -> None:
    stamps = bursts()
    stamps[300:] -= 100
    np.testing.assert_array_equal(by_stamp(stamps), np.arange(640))

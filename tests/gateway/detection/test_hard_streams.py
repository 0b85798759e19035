"""Streams that are not what their header says: drifting, in bursts, clipped, on a charger, in a drawer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from device_drivers.readings import Motion
from gateway.detection import Detected, Detection

if TYPE_CHECKING:
    from tests.gateway.detection.conftest import Strap

Walk = Callable[..., NDArray[np.float32]]
Run = Callable[..., list[tuple[float, Detected]]]
FALL_S = 12.2


@pytest.mark.parametrize("epoch_ns", [0, None])
@pytest.mark.parametrize("off", [0.70, 0.85, 0.97, 1.03, 1.15, 1.30])
def test_a_rate_that_is_up_to_thirty_percent_off(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, off: float, epoch_ns: int | None
) -> None:
    device = strap(walk(rate_hz=50.0 * off, seconds=60, fall_at=50.2), 50.0 * off, epoch_ns=epoch_ns)
    device.header_hz = 50.0
    ((when, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.rate_hz == pytest.approx(50 * off, rel=0.08)
    assert detected.impact_at == pytest.approx(device.begin + 50.2, abs=0.6)
    assert when - (device.begin + 50.2) <= 5.0


@pytest.mark.slow
@pytest.mark.parametrize("epoch_ns", [0, None])
def test_a_rate_that_drifts(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, epoch_ns: int | None
) -> None:
    """A crystal that warms up: 3 % slow at first, 3 % fast five minutes later."""
    samples = walk(rate_hz=50.0, seconds=320, fall_at=310.0)
    device = strap(samples, 50.0, epoch_ns=epoch_ns)
    truly = np.cumsum(1 / (50 * np.linspace(0.97, 1.03, len(samples))))
    packets = []
    for number, (_, motion) in enumerate(device.packets()):
        last = truly[min(36 * (number + 1), len(truly)) - 1]
        stamp = None if epoch_ns is None else round(last * 1e9)
        packets.append((device.begin + float(last) + 0.03, replace(motion, last_sample_ns=stamp)))
    ((_, detected),) = run(detection, {"strap": packets})
    assert detected.impact_at == pytest.approx(device.begin + float(truly[round(310.0 * 50)]), abs=0.6)
    assert detection.restarts == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("epoch_ns", [0, None])
def test_bursts(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, seed: int, epoch_ns: int | None
) -> None:
    """Nothing for up to two seconds, then everything at once, all the time."""
    device = strap(walk(rate_hz=50.0, seconds=24, fall_at=FALL_S), 50.0, packet=9, epoch_ns=epoch_ns)
    free = device.begin + np.cumsum(np.random.default_rng(seed).uniform(0.1, 2.0, 40))
    packets = [(float(free[np.searchsorted(free, at)]), motion) for at, motion in device.packets()]
    ((_, detected),) = run(detection, {"strap": packets})
    assert detected.finding.at_s == pytest.approx(FALL_S, abs=0.1)
    assert detection.restarts == 0


def test_one_enormous_packet(detection: Detection, walk: Walk, strap: type[Strap], run: Run) -> None:
    """A recorder that sends everything it has: judged in pieces, the evidence is of the right seconds."""
    samples = walk(rate_hz=50.0, seconds=60, fall_at=30.0)
    packet = Motion(samples=samples, rate_hz=50.0, last_sample_ns=None, clipping_g=8.0)
    ((_, detected),) = run(detection, {"strap": [(1000.0, packet)]})
    assert detected.finding.at_s == pytest.approx(30.0, abs=0.1)
    impact = round(detected.finding.at_s * 50)
    np.testing.assert_allclose(
        detected.evidence[: detected.impact_index], samples[impact - detected.impact_index : impact], atol=0.0005
    )


@pytest.mark.parametrize("clip_g", [2.0, 4.0, 8.0, 16.0])
@pytest.mark.parametrize("rate_hz", [12.5, 25.0, 50.0, 200.0])
def test_a_strap_of_any_full_scale_raises(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, clip_g: float, rate_hz: float
) -> None:
    samples = walk(rate_hz=rate_hz, seconds=24, fall_at=FALL_S, seed=3)
    samples = np.clip(samples * np.array([1, 1, 3], np.float32), -clip_g, clip_g)  # axes at the stop at ±2 and ±4 g
    device = strap(samples, rate_hz, packet=max(4, round(0.5 * rate_hz)))
    ((when, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.impact_at == pytest.approx(device.begin + FALL_S, abs=0.15)
    assert when - (device.begin + FALL_S) <= 5.0


@pytest.mark.parametrize("clip_g", [2.0, 4.0, 8.0, 16.0])
@pytest.mark.parametrize("what", ["an axis at its stop", "an axis flickering between its stops", "all at their stops"])
def test_a_saturated_axis_is_no_fall(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, clip_g: float, what: str
) -> None:
    samples = walk(rate_hz=50.0, seconds=24, fall_at=FALL_S)
    axes = slice(0, 3) if what.startswith("all") else slice(2, 3)
    flicker = np.random.default_rng(1).choice([-clip_g, clip_g], len(samples))
    samples[300:, axes] = flicker[300:, None] if "flickering" in what else clip_g
    assert run(detection, {"strap": list(strap(samples, 50.0).packets())}) == []


STILL = np.array([0.04, -0.08, 1.0], np.float32)


@pytest.mark.parametrize("what", ["constant", "the noise of a sensor", "zeros", "knocked", "no number"])
def test_a_strap_off_or_on_its_charger_is_no_fall(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, what: str
) -> None:
    """Worn and walking for ten seconds, then put down; not dropped."""
    rng = np.random.default_rng(4)
    samples = walk(rate_hz=50.0, seconds=40, fall_at=None)
    still = np.tile(STILL, (len(samples) - 500, 1))
    if what == "zeros":
        still[:] = 0
    elif what == "no number":
        still[:] = np.nan
    elif what != "constant":
        still += rng.normal(size=still.shape).astype(np.float32) * 0.004
    if what == "knocked":  # the table it lies on, 2 g for 40 ms
        still[600:602] += np.array([0.3, 0.2, 1.6], np.float32)
    blend = np.linspace(0, 1, 50, dtype=np.float32)[:, None]
    still[:50] = samples[499] * (1 - blend) + still[50] * blend
    samples[500:] = still
    assert run(detection, {"strap": list(strap(samples, 50.0).packets())}) == []


@pytest.mark.parametrize("what", ["constant", "zeros"])
def test_after_the_charger_a_fall_is_noticed(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, what: str
) -> None:
    samples = walk(rate_hz=50.0, seconds=60, fall_at=50.2)
    samples[:2000] = 0 if what == "zeros" else STILL
    device = strap(samples, 50.0)
    ((_, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.impact_at == pytest.approx(device.begin + 50.2, abs=0.15)

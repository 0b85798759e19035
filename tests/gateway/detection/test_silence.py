"""Links that are lost when a person falls: a body lies on its strap, and nothing more is heard."""

from __future__ import annotations

from collections.abc import Callable
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


def lost(device: Strap, after_s: float, back_s: float | None) -> list[tuple[float, Motion]]:
    """The strap's packets but those that end later than `after_s` after the impact, until `back_s` after the loss."""
    ends = device.begin + device.latency_s + FALL_S + after_s
    return [
        (at, motion) for at, motion in device.packets() if at <= ends or (back_s is not None and at > ends + back_s)
    ]


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("back_s", [None, 4.0, 10.0])
@pytest.mark.parametrize("after_s", [0.32, 0.6, 1.0, 1.5, 2.0, 2.4])
def test_a_fall_after_which_nothing_is_heard(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, after_s: float, back_s: float | None, stamped: bool
) -> None:
    samples = walk(rate_hz=50.0, seconds=34, fall_at=FALL_S)
    device = strap(samples, 50.0, packet=4, epoch_ns=0 if stamped else None)
    found = run(detection, {"strap": lost(device, after_s, back_s)}, until=device.begin + 30)
    assert [one.stream for _, one in found] == ["strap"]
    when, detected = found[0]
    impact = device.begin + FALL_S
    assert 2.0 < when - impact <= 5.0
    assert detected.impact_at == pytest.approx(impact, abs=0.12)
    assert len(detected.evidence) == 500
    assert abs(int(np.linalg.norm(detected.evidence, axis=1).argmax()) - detected.impact_index) <= 2


@pytest.mark.parametrize(("rate_hz", "packet"), [(25.0, 36), (200.0, 36)])
def test_the_strap_s_own_packets(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, rate_hz: float, packet: int
) -> None:
    device = strap(np.clip(walk(rate_hz=rate_hz, seconds=20, fall_at=FALL_S), -8, 8), rate_hz, packet=packet)
    ((when, detected),) = run(detection, {"strap": lost(device, 2.2, None)}, until=device.begin + 30)
    assert when - (device.begin + FALL_S) <= 5.0
    assert detected.impact_at == pytest.approx(device.begin + FALL_S, abs=0.12)


def test_a_gap_too_short_to_be_noticed_by_a_tick(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    """The stream begins anew after 2 s: what came before is judged first."""
    device = strap(walk(rate_hz=50.0, seconds=20, fall_at=FALL_S), 50.0, packet=10)
    ((when, _),) = run(detection, {"strap": lost(device, 0.6, 2.0)}, until=device.begin + 30)
    assert when - (device.begin + FALL_S) <= 5.0
    assert detection.restarts == 1


def test_a_stall_after_the_impact_that_delivers_late_is_one_fall(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=25, fall_at=FALL_S), 50.0, packet=10)
    stalls, goes_on = device.begin + FALL_S + 1, device.begin + FALL_S + 8
    packets = [(max(at, goes_on) if at > stalls else at, motion) for at, motion in device.packets()]
    ((when, detected),) = run(detection, {"strap": packets}, until=device.begin + 30)
    assert when - (device.begin + FALL_S) <= 5.0
    assert detected.impact_at == pytest.approx(device.begin + FALL_S, abs=0.12)


@pytest.mark.slow
def test_a_strap_that_goes_out_of_range_while_walking(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    for number in range(2):
        samples = walk(rate_hz=50.0, seconds=10 + number * 0.13, fall_at=None, seed=number) * np.float32(1.5)
        device = strap(samples, 50.0, packet=5)
        assert run(detection, {f"strap {number}": list(device.packets())}, until=device.begin + 30) == []


@pytest.mark.parametrize("fall_at", [8.0, 12.2, 18.3, 24.0])
def test_evidence_after_a_stalled_tick_holds_the_impact(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, fall_at: float
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=28, fall_at=fall_at), 50.0, packet=25)
    ((_, detected),) = run(detection, {"strap": list(device.packets())}, tick_s=19.0)
    assert 0 <= detected.impact_index < len(detected.evidence)
    assert abs(int(np.linalg.norm(detected.evidence, axis=1).argmax()) - detected.impact_index) <= 2
    assert detected.impact_at == pytest.approx(device.begin + fall_at, abs=0.12)
    assert len(detected.evidence) == 500


def test_a_fall_is_found_though_no_tick_came_for_a_minute(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=60, fall_at=FALL_S), 50.0, packet=25)
    ((_, detected),) = run(detection, {"strap": list(device.packets())}, tick_s=60.0)
    assert detected.impact_at == pytest.approx(device.begin + FALL_S, abs=0.12)
    assert abs(int(np.linalg.norm(detected.evidence, axis=1).argmax()) - detected.impact_index) <= 2

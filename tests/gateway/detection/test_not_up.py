"""Not up 30 s after a fall: from packets, through gaps and silences, to what detection says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.findings import NO_RECOVERY, Seen
from device_drivers.readings import Motion
from gateway.detection import Detected, Detection

if TYPE_CHECKING:
    from tests.gateway.detection.conftest import Strap

Walk = Callable[..., NDArray[np.float32]]
Run = Callable[..., list[tuple[float, Detected]]]
Packets = list[tuple[float, Motion]]
FALL_S = 12.2
Array = NDArray[np.float32]


def gets_up(walk: Walk, rate_hz: float, at_s: float) -> Array:
    """Falls, and from `at_s` on walks as before."""
    samples = walk(rate_hz=rate_hz, seconds=60, fall_at=FALL_S)
    first = round(at_s * rate_hz)
    samples[first:] = walk(rate_hz=rate_hz, seconds=60, fall_at=None)[first:]
    return samples


def said(
    detection: Detection, run: Run, packets: Packets, device: Strap, *, trunk: bool = True, until: float = 70.0
) -> list[tuple[float, Detected]]:
    """What was said, s after the impact; where the strap is worn is known once its first packet has come."""
    packets = list(packets)
    at, first = packets.pop(0)
    detection.feed("strap", first, at)
    detection.worn("strap", "waist" if trunk else None)
    found = run(detection, {"strap": packets}, until=device.begin + until, kind=NO_RECOVERY)
    return [(when - device.begin - FALL_S, one) for when, one in found]


@pytest.mark.parametrize(("rate_hz", "packet"), [(25.0, 36), (50.0, 25), (200.0, 36)])
def test_who_lies_on_is_told_of(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, rate_hz: float, packet: int
) -> None:
    device = strap(walk(rate_hz=rate_hz, seconds=60, fall_at=FALL_S), rate_hz, packet=packet)
    ((after_s, found),) = said(detection, run, list(device.packets()), device)
    assert 30 <= after_s <= 32.1
    assert (found.stream, found.finding.seen) == ("strap", Seen.DOWN)
    assert found.impact_at == pytest.approx(device.begin + FALL_S, abs=0.2)
    assert (len(found.evidence), found.rate_hz) == (400, 10.0)
    assert np.linalg.norm(found.evidence, axis=1).argmax() == pytest.approx(found.impact_index, abs=1)


@pytest.mark.parametrize("trunk", [True, False])
def test_who_gets_up_is_not(detection: Detection, walk: Walk, strap: type[Strap], run: Run, trunk: bool) -> None:
    device = strap(gets_up(walk, 50.0, FALL_S + 12), 50.0, packet=25)
    assert said(detection, run, list(device.packets()), device, trunk=trunk) == []


def test_where_nobody_said_where_it_is_worn_lying_is_not_seen_but_nor_is_walking(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=60, fall_at=FALL_S), 50.0, packet=25)
    ((_, found),) = said(detection, run, list(device.packets()), device, trunk=False)
    assert found.finding.seen is Seen.NO_WALKING


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("after_s", [0.6, 2.0, 5.0, 20.0, 29.5])
def test_a_strap_taken_off_or_a_link_lost_after_a_suspicion_never_closes_or_lowers_it(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, after_s: float, stamped: bool
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=60, fall_at=FALL_S), 50.0, packet=5, epoch_ns=0 if stamped else None)
    ends = device.begin + FALL_S + after_s
    ((when, found),) = said(detection, run, [one for one in device.packets() if one[0] <= ends], device)
    assert 31.5 <= when <= 32.2
    assert found.finding.seen is (Seen.UNHEARD if after_s < 24 else Seen.DOWN)
    assert found.impact_at == pytest.approx(device.begin + FALL_S, abs=0.2)


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize(("gap_s", "up"), [(2.0, True), (8.0, True), (8.0, False), (20.0, False)])
def test_a_stream_that_breaks_and_comes_back_is_watched_on(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, gap_s: float, up: bool, stamped: bool
) -> None:
    samples = gets_up(walk, 50.0, FALL_S + (14 if up else 60))
    device = strap(samples, 50.0, packet=10, epoch_ns=0 if stamped else None)
    lost = device.begin + FALL_S + 5
    packets = [one for one in device.packets() if not lost < one[0] <= lost + gap_s]
    found = said(detection, run, packets, device)
    assert [one.finding.seen for _, one in found] == ([] if up else [Seen.DOWN])
    assert detection.restarts == (1 if stamped or gap_s > 6 else 0)
    for when, one in found:
        assert 29.5 <= when <= 32.2
        assert one.impact_at == pytest.approx(device.begin + FALL_S, abs=0.5)


def test_who_is_seen_up_after_the_word_does_not_take_it_back(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    device = strap(gets_up(walk, 50.0, FALL_S + 35), 50.0, packet=25)
    assert len(said(detection, run, list(device.packets()), device)) == 1


def test_the_place_of_a_watched_stream_is_not_taken_in_silence(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    """No tick for a minute, and four new wearables: what was watched is said, not dropped."""
    device = strap(walk(rate_hz=50.0, seconds=20, fall_at=FALL_S), 50.0, packet=25)
    run(detection, {"strap": list(device.packets())})
    packet = next(iter(device.packets()))[1]
    for number in range(4):
        detection.feed(f"new {number}", packet, device.begin + 100.0)
    assert "strap" not in detection.streams
    kinds = [(one.stream, one.finding.kind) for one in detection.tick(device.begin + 100.5)]
    assert kinds == [("strap", NO_RECOVERY)]


def test_a_gateway_that_was_not_scheduled_for_a_minute(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=60, fall_at=FALL_S), 50.0, packet=25)
    ((_, found),) = run(detection, {"strap": list(device.packets())}, tick_s=60.0, kind=NO_RECOVERY)
    assert found.impact_at == pytest.approx(device.begin + FALL_S, abs=0.5)

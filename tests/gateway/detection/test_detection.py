"""Streams as wearables send them: packets, gaps, wrong clocks, coming and going."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import FallDetector
from device_drivers.readings import Motion
from gateway.detection import Detected, Detection
from gateway.detection.stream import PENDING_S

if TYPE_CHECKING:
    from tests.gateway.detection.conftest import Strap

Walk = Callable[..., NDArray[np.float32]]
Run = Callable[..., list[tuple[float, Detected]]]
FALL_S = 12.2


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 52.0, 200.0])
def test_a_fall_is_known_five_seconds_after_the_impact(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, rate_hz: float
) -> None:
    device = strap(np.clip(walk(rate_hz=rate_hz, seconds=17, fall_at=FALL_S), -8, 8), rate_hz)
    found = run(detection, {"strap": list(device.packets())})
    assert [one.stream for _, one in found] == ["strap"]
    when, detected = found[0]
    impact = device.begin + FALL_S
    assert 2.0 < when - impact <= 5.0
    assert detected.impact_at == pytest.approx(impact, abs=0.12)
    assert detected.finding.kind == "fall"


def test_evidence_is_the_ten_seconds_around_the_impact(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    samples = walk(rate_hz=100.0, seconds=18, fall_at=FALL_S)
    ((_, detected),) = run(detection, {"strap": list(strap(samples, 100.0, packet=20).packets())})
    assert detected.evidence.dtype == np.float32
    assert detected.evidence.shape == (1000, 3)
    after = 1000 - detected.impact_index
    assert 200 <= after <= 250  # as much as had come when it was decided
    assert detected.rate_hz == 100
    impact = round(detected.finding.at_s * 100)
    np.testing.assert_allclose(
        detected.evidence, samples[impact + after - 1000 : impact + after], atol=0.0005
    )  # half a mg
    length = np.linalg.norm(detected.evidence, axis=1)
    assert abs(int(length.argmax()) - detected.impact_index) <= 2


def test_different_rates_at_the_same_time(detection: Detection, walk: Walk, strap: type[Strap], run: Run) -> None:
    found = run(
        detection,
        {
            "slow": list(strap(walk(rate_hz=25.0, seconds=17, fall_at=FALL_S, seed=1), 25.0).packets()),
            "fast": list(strap(walk(rate_hz=200.0, seconds=17, fall_at=8.0, seed=2), 200.0).packets()),
            "walks": list(strap(walk(rate_hz=50.0, seconds=17, fall_at=None, seed=3), 50.0).packets()),
        },
    )
    assert [one.stream for _, one in found] == ["fast", "slow"]


def test_lost_packets_are_bridged(detection: Detection, walk: Walk, strap: type[Strap], run: Run) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=17, fall_at=FALL_S), 50.0, packet=25).packets())
    del packets[20:22]  # a second, two seconds before the impact
    ((_, detected),) = run(detection, {"strap": packets})
    assert detected.finding.at_s == pytest.approx(FALL_S, abs=0.1)  # the time line kept its length
    assert int(np.isnan(detected.evidence[:, 0]).sum()) == 50
    assert detection.restarts == 0


def test_a_long_gap_begins_the_stream_anew(detection: Detection, walk: Walk, strap: type[Strap], run: Run) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=25, fall_at=20.2), 50.0, packet=25).packets())
    del packets[10:20]
    ((_, detected),) = run(detection, {"strap": packets})
    assert detection.restarts == 1
    assert detected.finding.at_s == pytest.approx(20.2 - 10, abs=0.1)
    assert not np.isnan(detected.evidence).any()


def test_a_packet_sent_twice_counts_once(detection: Detection, walk: Walk, strap: type[Strap], run: Run) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=17, fall_at=FALL_S), 50.0, packet=25).packets())
    twice = sorted([*packets, *[(at + 0.01, motion) for at, motion in packets]], key=lambda one: one[0])
    ((_, detected),) = run(detection, {"strap": twice})
    assert detected.finding.at_s == pytest.approx(FALL_S, abs=0.1)


@pytest.mark.parametrize("jump_s", [-7 * 365 * 86400, 86400])
def test_a_device_clock_that_is_set_loses_nothing(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, jump_s: int
) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=17, fall_at=FALL_S), 50.0, packet=25).packets())
    packets[22:] = [  # a second before the impact
        (at, replace(motion, last_sample_ns=(motion.last_sample_ns or 0) + jump_s * 10**9))
        for at, motion in packets[22:]
    ]
    ((_, detected),) = run(detection, {"strap": packets})
    assert detected.finding.at_s == pytest.approx(FALL_S, abs=0.1)
    assert detection.restarts == 0


def test_a_stream_without_stamps(detection: Detection, walk: Walk, strap: type[Strap], run: Run) -> None:
    device = strap(walk(rate_hz=50.0, seconds=17, fall_at=FALL_S), 50.0, epoch_ns=None)
    ((_, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.impact_at == pytest.approx(device.begin + FALL_S, abs=0.12)


def test_a_stalled_link_that_delivers_late_moves_neither_time_nor_line(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=17, fall_at=FALL_S), 50.0, packet=25)
    stalls, goes_on = device.begin + 11, device.begin + 15
    packets = [(max(at, goes_on) if at > stalls else at, motion) for at, motion in device.packets()]
    ((_, detected),) = run(detection, {"strap": packets})
    assert detected.impact_at == pytest.approx(device.begin + FALL_S, abs=0.12)
    assert detection.restarts == 0


@pytest.mark.parametrize("epoch_ns", [0, None])
def test_a_header_that_is_wrong_about_the_rate(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, epoch_ns: int | None
) -> None:
    device = strap(walk(rate_hz=100.0, seconds=60, fall_at=50.2), 100.0, epoch_ns=epoch_ns)
    device.header_hz = 50.0
    ((_, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.rate_hz == pytest.approx(100, rel=0.05)
    assert detected.impact_at == pytest.approx(device.begin + 50.2, abs=0.6)


@pytest.mark.parametrize(
    ("true_hz", "header_hz"), [(50, 208), (50, 260), (50, 416), (25, 100), (25, 200), (100, 416), (25, 416)]
)
@pytest.mark.parametrize("packet", [10, 36])
def test_a_header_that_promises_four_times_as_much_and_more(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, true_hz: float, header_hz: float, packet: int
) -> None:
    """Every packet looks as if most of it were lost; but nothing is lost so evenly."""
    device = strap(walk(rate_hz=true_hz, seconds=70, fall_at=60.2), true_hz, packet=packet)
    device.header_hz = header_hz
    ((_, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.rate_hz == pytest.approx(true_hz, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("header_hz", "lost"), [(200.0, 0.15), (208.0, 0.2)])
def test_a_header_far_above_is_found_out_although_packets_are_lost(
    detection: Detection, walk: Walk, strap: type[Strap], header_hz: float, lost: float, seed: int
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=45, fall_at=None), 50.0, packet=10)
    device.header_hz = header_hz
    rng = np.random.default_rng(seed)
    for at, motion in device.packets():
        if rng.random() >= lost:
            detection.feed("a", motion, at)
    assert detection._streams["a"].timeline.rate_hz == pytest.approx(50.0, rel=0.02)


@pytest.mark.parametrize("header_hz", [416.0])
def test_also_where_every_packet_begins_the_stream_anew(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run, header_hz: float
) -> None:
    """By that header a packet of 36 at 20 Hz leaves a gap of more than a second and a half."""
    device = strap(walk(rate_hz=20.0, seconds=70, fall_at=60.2), 20.0)
    device.header_hz = header_hz
    ((_, detected),) = run(detection, {"strap": list(device.packets())})
    assert detected.rate_hz == pytest.approx(20, rel=0.05)


def test_packets_that_are_lost_unevenly_change_no_rate(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    """Of four to seven packets one comes, for forty seconds: each gap is of another length."""
    device = strap(walk(rate_hz=100.0, seconds=70, fall_at=60.2), 100.0, packet=10)
    packets = list(device.packets())
    heard = set(np.cumsum(np.tile([4, 7, 5], 25)).tolist())
    kept = [one for number, one in enumerate(packets) if number > 420 or number in heard]
    ((_, detected),) = run(detection, {"strap": kept})
    assert detected.rate_hz == 100.0


def test_places_are_bounded_and_go_to_whoever_speaks(detection: Detection, walk: Walk) -> None:
    def speak(key: str, at: float) -> None:
        detection.feed(
            key, Motion(samples=walk(rate_hz=50.0, seconds=1, fall_at=None), rate_hz=50.0, last_sample_ns=None,
                        clipping_g=8.0), at,
        )  # fmt: skip

    for number in range(4):
        speak(f"device {number}", 10.0 + number)
    speak("one more", 20.0)
    assert detection.refused == 1
    assert "one more" not in detection.streams
    speak("one more", 71.0)  # device 0 has been silent for a minute
    assert detection.streams == {"device 1", "device 2", "device 3", "one more"}
    detection.forget("device 1")
    detection.forget("nobody")
    assert len(detection.streams) == 3
    assert detection.tick(1.0) == []


def test_a_place_keeps_nothing_of_who_had_it_before(
    detector: FallDetector, walk: Walk, strap: type[Strap], run: Run
) -> None:
    detection = Detection(detector, max_streams=1)
    begun = list(strap(walk(rate_hz=50.0, seconds=13.5, fall_at=FALL_S), 50.0, packet=25).packets())
    assert run(detection, {"first": begun}) == []
    detection.forget("first")
    after = strap(np.tile([0.9, 0.1, 0.42], (400, 1)).astype(np.float32), 50.0)
    assert run(detection, {"second": list(after.packets())}) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"samples": np.zeros((0, 3), np.float32)},
        {"samples": np.zeros((5, 2), np.float32)},
        {"rate_hz": 5.0},
        {"rate_hz": float("nan")},
        {"rate_hz": 1e9},
    ],
)
def test_motion_that_cannot_be_used_is_counted(detection: Detection, bad: dict[str, Any]) -> None:
    good = Motion(samples=np.zeros((5, 3), np.float32), rate_hz=50.0, last_sample_ns=0, clipping_g=8.0)
    detection.feed("strap", replace(good, **bad), 1.0)
    assert (detection.refused, detection.streams) == (1, frozenset())
    assert detection.tick(1.0) == []


@pytest.mark.slow
def test_a_gateway_that_does_not_tick_keeps_a_bounded_amount(
    detection: Detection, walk: Walk, strap: type[Strap], run: Run
) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=100, fall_at=92.2), 50.0, packet=25).packets())
    for at, motion in packets[:160]:
        detection.feed("strap", motion, at)
        assert detection._streams["strap"].pending <= PENDING_S * 50
    assert detection.restarts == 0
    ((_, detected),) = run(detection, {"strap": packets[160:]})
    assert detected.impact_at == pytest.approx(1000 + 92.2, abs=0.12)

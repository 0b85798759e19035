"""From a detector's finding to what the desk is told."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from gateway.desk.events import AlertKind, Priority
from gateway.desk.findings import acceleration, fall_report, no_recovery_report
from gateway.desk.machine import Report
from tests.gateway.desk.words import AT, RESIDENT


def content(**given: Any) -> dict[str, Any]:
    evidence = acceleration(**given)
    assert (evidence.name, evidence.media_type) == ("acceleration", "application/json")
    read: dict[str, Any] = json.loads(evidence.content)
    return read


def report(placement: str | None = "chest", probability: float | None = 0.974) -> Report:
    return fall_report(
        subject=RESIDENT,
        probability=probability,
        at=AT,
        placement=placement,
        device_identity="H10-1",
        rate_hz=50.0,
        samples=[[0.0, 0.0, 1.0]] * 500,
        impact_offset_s=6.5,
    )


def test_a_fall_is_urgent_and_keeps_its_evidence() -> None:
    fall = report()
    assert (fall.kind, fall.condition, fall.priority) == (AlertKind.FALL, "fall", Priority.HIGH)
    assert (fall.subject, fall.probability, fall.device_identity, fall.at) == (RESIDENT, 0.974, "H10-1", AT)
    (evidence,) = fall.evidence
    assert json.loads(evidence.content)["start_s"] == -6.5


@pytest.mark.parametrize(
    ("placement", "probability", "summary"),
    [
        ("chest", 0.974, "Fall suspected by the chest strap (97 % likely)"),
        ("wrist", 0.999, "Fall suspected by the wristband (99 % likely)"),
        ("waist", None, "Fall suspected by the sensor at the waist"),
        ("Aino's left foot", math.nan, "Fall suspected by a wearable"),
        (None, 2.0, "Fall suspected by a wearable"),
    ],
)
def test_the_summary_is_a_sentence_without_a_name(placement: str | None, probability: float, summary: str) -> None:
    assert report(placement, probability).summary == summary


@pytest.mark.parametrize(
    ("placement", "seen", "summary"),
    [
        ("chest", "down", "Not up 30 s after a suspected fall (the chest strap)"),
        ("wrist", "no-walking", "Not seen to be up 30 s after a suspected fall (the wristband)"),
        (None, "unheard", "Not known to be up 30 s after a suspected fall: nothing is heard from a wearable"),
        ("waist", None, "Not known to be up after a suspected fall (the sensor at the waist): the gateway did not run"),
    ],
)
def test_not_up_says_what_is_known(placement: str | None, seen: str | None, summary: str) -> None:
    made = no_recovery_report(
        subject=RESIDENT, seen=seen, probability=0.9, at=AT, placement=placement, device_identity="H10-1", after_s=30.0
    )
    assert made.summary == summary
    assert (made.kind, made.condition, made.priority) == (AlertKind.NO_RECOVERY, "fall", Priority.CRITICAL)
    assert (made.condition, made.subject) == (report().condition, report().subject), "of one episode"


def test_an_array_is_kept_to_the_milligram() -> None:
    samples = np.array([[0.0123456, -1.9996, 8.0], [0, 0, 1]], dtype=np.float32)
    assert content(rate_hz=25, samples=samples, impact_offset_s=0.04) == {
        "rate_hz": 25.0,
        "unit": "g",
        "start_s": -0.04,
        "samples": [[0.012, -2.0, 8.0], [0.0, 0.0, 1.0]],
    }


def test_holes_are_null_and_the_text_is_json() -> None:
    samples = [[math.nan, math.inf, 1.0]]
    assert content(rate_hz=25, samples=samples, impact_offset_s=0.0)["samples"] == [[None, None, 1.0]]


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 200.0, 22.7])
@pytest.mark.parametrize(("length_s", "impact_s"), [(10.0, 6.5), (4.0, 1.0), (30.0, 26.5), (30.0, 2.0), (30.0, 15.0)])
def test_ten_seconds_with_the_impact_in_them(rate_hz: float, length_s: float, impact_s: float) -> None:
    count = round(length_s * rate_hz)
    samples = [[index / rate_hz, 0.0, 0.0] for index in range(count)]  # x tells the time from the first sample
    kept = content(rate_hz=rate_hz, samples=samples, impact_offset_s=impact_s)
    assert len(kept["samples"]) == min(count, math.ceil(10 * rate_hz))
    assert kept["start_s"] <= 0
    first = kept["samples"][0][0]
    assert kept["start_s"] == pytest.approx(first - impact_s, abs=0.001)
    assert kept["samples"][-1][0] >= impact_s


def test_no_samples_give_no_samples() -> None:
    assert content(rate_hz=50, samples=[], impact_offset_s=0.0)["samples"] == []

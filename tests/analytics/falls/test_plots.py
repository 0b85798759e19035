"""Drawings that any browser can show, whatever was found."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from analytics.datasets.trials import Trial
from analytics.falls.outcomes import Outcome
from analytics.falls.plots import drawings


def trials() -> list[Trial]:
    return [
        Trial(
            subject="SA01", name=f"{kind}{n}", activity=kind, fall=kind.startswith("F"), position="waist", elder=False,
            rate_hz=50.0, samples=np.zeros((1, 3), np.float32),
        )
        for kind in ("F<1", "F02", "D01", "D02") for n in range(5)
    ]  # fmt: skip


def outcome(right: float, seed: int, delays: int) -> Outcome:
    rng = np.random.default_rng(seed)
    return Outcome(
        right=rng.random(20) < right, score=rng.random(20), delay_s=rng.uniform(2, 4, delays),
        false_raises=np.zeros(20, np.int64), metadata=np.zeros((20, 5)),
    )  # fmt: skip


@pytest.mark.parametrize(("right", "delays"), [(0.7, 9), (1.1, 9), (-1.0, 0)])
def test_drawings_are_well_formed(right: float, delays: int) -> None:
    drawn = drawings(trials(), [outcome(right, seed, delays) for seed in range(3)])
    assert sorted(drawn) == ["delay.svg", "misses.svg", "roc.svg"]
    for text in drawn.values():
        assert ET.fromstring(text).tag.endswith("svg")
        assert "nan" not in text
    assert drawn["roc.svg"].count("<polyline") == 3
    assert ("F&lt;1" in drawn["misses.svg"]) == (right < 1)
    if right < 0:
        assert drawn["misses.svg"].count("<rect") == 1 + 4

"""`huoma evaluate vitals`: for people a line per rule, for programs one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from api.cli import evaluate_vitals
from api.cli.main import main

FIGURES = {
    "seed": 7,
    "residents_of_each_kind": 2,
    "days": 180,
    "rules": {
        "weight-gain": {
            "episodes": 4, "detected": 3, "detection": 0.75, "delay_days_median": 1.0, "delay_days_p90": 2.5,
            "false_per_resident_month": 0.01,
        },
        "pressure-week": {
            "episodes": 0, "detected": 0, "detection": None, "delay_days_median": None, "delay_days_p90": None,
            "false_per_resident_month": 0.0,
        },
    },
    "false_per_resident_month_by_kind": {"stable": {"weight-gain": 0.02, "pressure-week": 0.0}, "copd": {}},
    "note": "made up",
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given: dict[str, Any] = {}

    def evaluated(*, seed: int, residents: int, say: Callable[[str], None]) -> dict[str, Any]:
        given.update(seed=seed, residents=residents)
        say("copd: 2 residents")
        return FIGURES

    monkeypatch.setattr(evaluate_vitals, "evaluated", evaluated)
    return given


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "vitals", *words])
    return int(left.value.code or 0)


def test_for_programs(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seed", "7", "--residents", "2", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == FIGURES
    assert said.err == "copd: 2 residents\n"
    assert asked == {"seed": 7, "residents": 2}


def test_for_people(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert asked["seed"] == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 residents of each kind, 180 days, seed 7",
        "weight-gain: 3 of 4 noticed after 1 days (90 %: 2.5), 0.01 false alerts per resident-month",
        "pressure-week: 0 of 0 noticed, 0 false alerts per resident-month",
        "  stable: weight-gain 0.02",
        "  copd: none false",
        "made up",
    ]

"""docs/vitals.md names every rule and every setting, with its default, its range and what is never counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from analytics.vitals.pressure import WORSE_MMHG
from analytics.vitals.saturation import WORSE_PERCENT
from device_drivers.nomenclature import Kind
from gateway.vitals.crisis import LATE_CONDITION, REPEAT_CONDITION, REPEAT_S
from gateway.vitals.plan import SETTINGS, Setting
from gateway.vitals.rules import CANNOT_BE, KINDS, Rule

TEXT: Final = (Path(__file__).parents[3] / "docs" / "vitals.md").read_text(encoding="utf-8")
SETTINGS_TABLE: Final = TEXT.split("## Settings")[1].split("\n\n")[0]
ROWS: Final = {
    found[1]: [cell.strip() for cell in found[2].split("|")]
    for found in re.finditer(r"^\| `([a-z-]+)` \|(.*)\|$", SETTINGS_TABLE, re.MULTILINE)
}


def said(setting: Setting) -> str:
    match setting.default:
        case None:
            return "the day it is set" if setting.name == "measure-from" else "none"
        case bool():
            return "yes" if setting.default else "no"
        case _:
            return f"{setting.default:g}{f' {setting.unit}' if setting.unit else ''}"


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=str)
def test_every_setting_has_its_default_and_its_range(setting: Setting) -> None:
    default, can_be, _ = ROWS[setting.name]
    assert default == said(setting)
    if setting.low is not None:
        assert can_be.split(",")[0] == f"{setting.low:g}–{setting.high:g}"


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_a_source_and_a_priority(rule: Rule) -> None:
    table = TEXT.split("## The rules")[1].split("##")[0]
    row = next(line for line in table.splitlines() if line.startswith(f"| `{rule}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 5
    assert all(cells)
    assert cells[3].split(",")[0] in {"high", "medium", "low"}


def test_every_condition_is_named() -> None:
    for condition in (
        REPEAT_CONDITION,
        LATE_CONDITION,
        *CANNOT_BE.values(),
        *(f"{Rule.MISSING}-{kind}" for kind in KINDS),
    ):
        assert f"`{condition}`" in TEXT
    assert set(KINDS) == {Kind.BLOOD_PRESSURE, Kind.WEIGHT, Kind.OXYGEN_SATURATION}
    assert f"within {REPEAT_S / 60:.0f} minutes" in TEXT


def test_no_setting_is_documented_that_does_not_exist() -> None:
    assert ROWS.keys() == SETTINGS.keys()


def test_it_says_what_the_product_is_not() -> None:
    assert "not a certified\nmedical device" in TEXT


def test_how_much_is_worse() -> None:
    table = TEXT.split("## When it gets worse")[1].split("##")[0]
    steps = {line.split("|")[1].strip(" `"): line.split("|")[2].strip() for line in table.splitlines() if "| `" in line}
    assert steps.keys() == {
        Rule.SATURATION_LOW,
        Rule.WEIGHT_GAIN,
        Rule.PRESSURE_WEEK,
        Rule.PRESSURE_LOW,
        Rule.PULSE_DRIFT,
    }
    assert steps[Rule.SATURATION_LOW].startswith(f"{WORSE_PERCENT:g} %")
    assert all(steps[rule].startswith(f"{WORSE_MMHG:g} mmHg") for rule in (Rule.PRESSURE_WEEK, Rule.PRESSURE_LOW))

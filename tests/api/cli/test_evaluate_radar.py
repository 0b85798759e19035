"""`huoma evaluate radar`: what it refuses, its table and its JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from analytics.radar.evaluation import CLASSES, TAUGHT_WITH, VALIDATED_WITH
from api.cli.evaluate import app
from gateway.core.errors import Invalid

RUN = CliRunner()


def test_seeds_it_was_taught_with_and_strange_classes_are_refused() -> None:
    for arguments, word in (
        (["--seed", str(TAUGHT_WITH[0])], "taught"),
        (["--seed", str(VALIDATED_WITH[0])], "chosen"),
        (["--modules", "heights,sonar"], "sonar"),
        (["--modules", ","], "nothing"),
    ):
        result = RUN.invoke(app, ["radar", *arguments])
        assert isinstance(result.exception, Invalid)
        assert word in str(result.exception)


@pytest.mark.slow
def test_a_table_and_json() -> None:
    small = ["radar", "--rooms", "3", "--days", "1", "--seed", "3", "--modules", "flag", "--no-bytes"]
    table = RUN.invoke(app, small)
    assert table.exit_code == 0
    for word in (
        CLASSES["flag"].text["cannot_see"],
        "3 room-days",
        "no recovery",
        "how well it does in homes is not known",
    ):
        assert word in table.stdout
    found = json.loads(RUN.invoke(app, [*small, "--json"]).stdout)
    assert found["seed"] == 3
    assert found["modules"]["flag"]["room_days"] == 3
    assert "bytes" not in found

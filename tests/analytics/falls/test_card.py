"""The model card belongs to the models that are shipped, and says what they do not know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analytics.datasets import DatasetError
from analytics.datasets.sets import DATASETS
from analytics.falls import artefact
from analytics.falls.card import REPORT, render
from analytics.training.probe import probe

CARD = Path(__file__).parents[3] / "docs" / "fall-model-card.md"
MEASURED = json.loads(REPORT.read_text(encoding="utf-8"))


def test_the_card_is_of_the_shipped_models() -> None:
    assert MEASURED["models"] == artefact.digest_of(artefact.SHIPPED)
    assert MEASURED["folds"] == artefact.digest_of(artefact.FOLDS)
    for name, digest in MEASURED["digests"].items():
        assert digest == artefact.digest_of_model(name, artefact.SHIPPED, artefact.FOLDS)


def test_the_figures_are_of_todays_detector() -> None:
    """Another rule for a candidate, a gap or a series changes what is found in the probe: measure the card anew."""
    found = probe(artefact.shipped())
    assert found.keys() == MEASURED["probe"].keys()
    for name, told in found.items():
        now, then = (
            np.array([pair.split(":") for pair in one.split()], float) for one in (told, MEASURED["probe"][name])
        )
        np.testing.assert_allclose(now, then, atol=1e-3, err_msg=name)


def test_what_was_measured_of_the_same_models_is_not_measured_again() -> None:
    from analytics.training.card import measure

    assert measure(Path("nowhere"), 10, lambda _: None, MEASURED) == MEASURED
    with pytest.raises(DatasetError):
        measure(Path("nowhere"), 10, lambda _: None, {**MEASURED, "digests": {}})


def test_the_card_says_what_was_measured() -> None:
    assert CARD.read_text(encoding="utf-8") == render(MEASURED), "python -m analytics.training.card writes it anew"


def test_every_place_a_model_was_made_for_was_measured() -> None:
    measured = {key.split()[1] for key in MEASURED["reports"]}
    assert measured == set(artefact.WORN)
    assert {key.split()[0] for key in MEASURED["reports"]} == set(DATASETS) - {"huoma"}
    assert all(report["seeds"] == 10 for report in MEASURED["reports"].values())


def test_the_card_says_what_is_not_known() -> None:
    card = " ".join(CARD.read_text(encoding="utf-8").split())
    assert "No recording of a real, unstaged fall was available, and none of an elder's fall." in card
    assert "Staged falls flatter every detector." in card
    assert "elder | " in card
    assert "not a certified medical device" in card

"""The judge of radar falls taught end to end in few rooms: what is kept, and that the same file comes out again."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from analytics.radar import judging
from analytics.radar.evaluation import TAUGHT_WITH, VALIDATED_WITH
from analytics.radar.falls import WAITS
from analytics.training import radar


def test_every_seed_has_one_use() -> None:
    assert len({*TAUGHT_WITH, *VALIDATED_WITH}) == len(TAUGHT_WITH) + len(VALIDATED_WITH)
    assert (*radar.SEEDS, *radar.PLAIN_SEEDS) == TAUGHT_WITH


def test_the_shipped_file_is_of_the_rules_of_today() -> None:
    """Ways down, what is known of them, waits and seeds: where one is another now, `make train` and measure anew."""
    with resources.files("analytics.radar").joinpath(judging.FILE).open("rb") as file, np.load(file) as stored:
        assert tuple(stored["inputs"].tolist()) == judging.INPUTS
        assert tuple(stored["waits"].tolist()) == WAITS
        assert len(stored["thresholds"]) == len(WAITS)
        assert tuple(stored["seeds"].tolist()) == (*TAUGHT_WITH, *VALIDATED_WITH)
        assert stored["probe"].shape == (radar.PROBED, judging.GIVEN)
        np.testing.assert_allclose(radar.probe(), stored["probe"], rtol=1e-6, atol=1e-6)


def test_shares_of_lengths_are_those_that_were_drawn() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, 4000, p=[0.7, 0.0, 0.3])
    likely = np.exp(-0.5 * (kinds[:, None] + rng.normal(0, 0.5, (4000, 1)) - np.arange(3)) ** 2 / 0.25)
    np.testing.assert_allclose(radar.often(likely), [0.7, 0.0, 0.3], atol=0.03)


@pytest.mark.slow
def test_the_same_file_from_the_same_rooms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    some, plain = (TAUGHT_WITH[0], TAUGHT_WITH[1], TAUGHT_WITH[-1]), VALIDATED_WITH[:3]
    monkeypatch.setattr(radar, "TAUGHT_WITH", some)
    monkeypatch.setattr(radar, "VALIDATED_WITH", plain)
    monkeypatch.setattr(radar, "drawn", lambda _seed: (1, 4))
    monkeypatch.setattr(radar, "ENSEMBLES", 1)
    monkeypatch.setattr(radar, "probe", lambda: np.zeros((1, judging.GIVEN)))
    once, again = tmp_path / "once.npz", tmp_path / "again.npz"
    radar.main(["--keep", str(tmp_path / "kept"), "--out", str(once)])
    said = capsys.readouterr()
    assert said.err.count("rooms of seed") == len(some) + len(plain)
    assert str(once) in said.out
    radar.main(["--keep", str(tmp_path / "kept"), "--out", str(again)])
    assert "rooms of seed" not in capsys.readouterr().err, "what was kept is read"
    with np.load(once) as first, np.load(again) as second:
        assert set(first) == set(second)
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])
    trees = judging.load(str(once))
    assert len(trees.thresholds) == len(WAITS)
    kept = radar.ways_down(TAUGHT_WITH[0], tmp_path / "kept")
    shares = radar.lengths([kept])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    own = radar.teach([kept], shares)
    one = judging.Trees(**{**radar.table(own), "slope": 1.0, "offset": 0.0, "waits": trees.waits,
                           "thresholds": trees.thresholds, "lengths": shares})  # fmt: skip
    asked = judging.inputs(kept.given[:20], shares)
    assert asked.shape[1] == len(judging.INPUTS)
    for given, together, logit in zip(kept.given[:20], asked, radar.logit(own, asked), strict=True):
        np.testing.assert_allclose(judging.inputs(given, shares), together)
        assert one.logit(together) == pytest.approx(logit, abs=1e-4), "NumPy's trees are scikit-learn's"

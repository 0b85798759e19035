"""The judge of radar falls taught end to end in few rooms: what is kept, and that the same file comes out again."""

from __future__ import annotations

from functools import partial
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


@pytest.mark.slow
def test_the_same_file_from_the_same_rooms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(radar, "record", partial(radar.record, rooms=1, days=2))
    monkeypatch.setattr(radar, "ENSEMBLES", 1)
    once, again = tmp_path / "once.npz", tmp_path / "again.npz"
    radar.main(["--keep", str(tmp_path / "kept"), "--out", str(once)])
    said = capsys.readouterr()
    assert said.err.count("rooms of seed") == len(TAUGHT_WITH)
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
    own = radar.teach([kept])
    one = judging.Trees(**{**radar.table(own), "slope": 1.0, "offset": 0.0, "waits": trees.waits,
                           "thresholds": trees.thresholds})  # fmt: skip
    for given, logit in zip(kept.given[:20], radar.logit(own, kept.given[:20]), strict=True):
        assert one.logit(given) == pytest.approx(logit, abs=1e-4), "NumPy's trees are scikit-learn's"

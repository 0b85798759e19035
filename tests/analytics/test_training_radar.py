"""The judge of radar falls taught end to end in few rooms: what is kept, and that the same file comes out again."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from analytics.datasets.scenes.visits import Fall
from analytics.radar import judging
from analytics.radar.evaluation import TAUGHT_WITH, VALIDATED_WITH
from analytics.radar.falls import LOOKS, WAITS
from analytics.radar.late import LATE
from analytics.training import radar


def test_every_seed_has_one_use() -> None:
    assert len({*TAUGHT_WITH, *VALIDATED_WITH}) == len(TAUGHT_WITH) + len(VALIDATED_WITH)
    assert (*radar.SEEDS, *radar.PLAIN_SEEDS) == TAUGHT_WITH


def test_the_shipped_file_is_of_the_rules_of_today() -> None:
    """Ways down, what is known of them, waits and seeds: where one is another now, `make train` and measure anew."""
    with resources.files("analytics.radar").joinpath(judging.FILE).open("rb") as file, np.load(file) as stored:
        assert tuple(stored["inputs"].tolist()) == judging.INPUTS
        assert tuple(stored["waits"].tolist()) == LOOKS
        assert len(stored["thresholds"]) == len(LOOKS)
        assert len(stored["still_down"]) == len(LATE)
        assert tuple(stored["seeds"].tolist()) == (*TAUGHT_WITH, *VALIDATED_WITH)
        assert stored["probe"].shape == (radar.PROBED, judging.GIVEN)
        np.testing.assert_allclose(radar.probe(), stored["probe"], rtol=1e-6, atol=1e-6)


def test_shares_of_lengths_are_those_that_were_drawn() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, 4000, p=[0.7, 0.0, 0.3])
    likely = np.exp(-0.5 * (kinds[:, None] + rng.normal(0, 0.5, (4000, 1)) - np.arange(3)) ** 2 / 0.25)
    np.testing.assert_allclose(radar.often(likely), [0.7, 0.0, 0.3], atol=0.03)


def test_late_looks_are_judged_of_who_is_still_down_and_count_until_somebody_is_up() -> None:
    falls = [Fall(kind="slump", begin_s=99.0, impact_s=100.0, up_s=185.0)]
    one = radar.Taught(
        given=np.zeros((4, judging.GIVEN)), room=np.array([0, 0, 0, 1]), at=np.array([100.5, 100.5, 300.0, 50.0]),
        now=np.array([103.0, 119.5, 302.5, 69.0]), stayed=np.array([0, 0b11111, 0, 0b00001]),
        fall=np.array([0, 0, -1, -1]), falls=falls, room_days=1,
    )  # fmt: skip
    late = radar.judged(np.array([-1.0, 0.0, 2.0, -2.0]), one, np.array([0.5, 1.0, 1.5, 2.0, 2.5]))
    ends = len(WAITS)
    assert late.wait.tolist() == [0, ends - 1, 0, ends - 1, ends, ends, ends + 1, ends + 2, ends + 3, ends + 4]
    odds = np.log(late.chance / (1 - late.chance))
    np.testing.assert_allclose(odds, [-1.0, 0.0, 2.0, -2.0, 0.5, -1.5, 1.0, 1.5, 2.0, 2.5])
    seconds = [3.0, 19.5, np.nan, np.nan, *(0.5 + wait / 10 for wait in LATE[:1]), np.nan, 60.5, np.nan, np.nan, np.nan]
    np.testing.assert_allclose(late.late_s, seconds, err_msg="up again at 85 s: 90 s and more are too late")


def test_what_still_being_down_says_is_how_many_of_them_did_fall() -> None:
    """All look alike at 19 s: three quarters of them have fallen, and all but one of those who are down for longer."""
    fall, stays = np.repeat([0, -1], [30, 10]), np.full(40, 0b11111)
    stays[31:] = 0b00001
    ways = radar.Taught(
        given=np.zeros((40, judging.GIVEN)), room=np.zeros(40, np.int64), at=np.full(40, 10.0), now=np.full(40, 29.0),
        stayed=stays, fall=fall, falls=[Fall(kind="slump", begin_s=9.0, impact_s=10.0, up_s=900.0)], room_days=1,
    )  # fmt: skip
    found = radar.still_down([np.full(40, -1.0)], [ways])
    np.testing.assert_allclose(found, [np.log(3) + 1, *[np.log(30) + 1] * 4], atol=1e-3)


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
    radar.main(["--keep", str(tmp_path / "kept"), "--out", str(again), "--trees", str(once)])
    with np.load(once) as first, np.load(again) as second:
        assert set(first) == set(second)
        for name in set(first) - {"slope", "offset", "still_down", "thresholds"}:
            np.testing.assert_array_equal(first[name], second[name], err_msg="trees are kept")
        np.testing.assert_allclose(first["still_down"], second["still_down"], atol=1e-3)
    trees = judging.load(str(once))
    assert len(trees.thresholds) == len(LOOKS)
    kept = radar.ways_down(TAUGHT_WITH[0], tmp_path / "kept")
    shares = radar.lengths([kept])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    own = radar.teach([kept], shares)
    one = judging.Trees(**{**radar.table(own), "slope": 1.0, "offset": 0.0, "waits": trees.waits, "lengths": shares,
                           "thresholds": trees.thresholds, "still_down": trees.still_down})  # fmt: skip
    asked = judging.inputs(kept.given[:20], shares)
    assert asked.shape[1] == len(judging.INPUTS)
    for given, together, logit in zip(kept.given[:20], asked, radar.logit(own, asked), strict=True):
        np.testing.assert_allclose(judging.inputs(given, shares), together)
        assert one.logit(together) == pytest.approx(logit, abs=1e-4), "NumPy's trees are scikit-learn's"

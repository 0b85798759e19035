"""The protocol counts what it says, and the whole evaluation on a made-up home."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analytics.activity import plots
from analytics.activity.course import Home
from analytics.activity.evaluation import evaluated, situation
from analytics.activity.events import Events
from analytics.activity.habits import DAY
from analytics.activity.protocol import A_DAY, HORIZON, Situation, draw, tried
from analytics.activity.report import report
from analytics.datasets.made_up_home import made_up
from analytics.peers import alert_lines, buckets
from api.cli import evaluate


def _situation(life: list[int], moments: list[float]) -> Situation:
    flags = np.zeros(DAY, bool)
    flags[life] = True
    return Situation(
        first=0, life=flags, out=np.zeros(DAY, bool), outage=np.zeros(DAY, bool), moments=np.array(moments)
    )


def test_delay_and_false_alerts_by_hand() -> None:
    """Minutes since the last sign of life as the statistic: everything can be counted on fingers."""
    given = _situation([0, 100, 700], [110.5, 300.0])
    quiet = np.arange(DAY) - np.maximum.accumulate(np.where(given.life, np.arange(DAY), 0))
    silent = np.stack([quiet[110] + 1.0 + np.arange(HORIZON), quiet[300] + 1.0 + np.arange(HORIZON)])
    found = tried(given, quiet.astype(float), silent, np.array([50.0, 150.0, 650.0, 5000.0]))
    assert found.false[:, 0].tolist() == [3, 2, 1, 0]  # quiets of 99, 599 and 739 minutes
    assert found.false_night[:, 0].tolist() == [2, 1, 1, 0]  # until six, and from ten on
    # Last life at minute 100: at level 50 the alert comes at the end of minute 150, 40.5 minutes after the first.
    assert found.delay_h[0, 0] == pytest.approx((151 - 110.5) / 60)
    assert np.isnan(found.delay_h[0, 1])  # an alert was standing already
    assert found.delay_h[2, 1] == pytest.approx((751 - 300) / 60)
    assert found.delay_h[3].tolist() == [24, 24]


def test_outages_and_outings_are_left_out_on_both_sides() -> None:
    given = _situation([0, 100, 700], [110.5, 300.0, 900.0])
    given.outage[250:350] = True
    given.out[700:] = True
    quiet = (np.arange(DAY) - np.maximum.accumulate(np.where(given.life, np.arange(DAY), 0))).astype(float)
    silent = np.zeros((3, HORIZON))
    part = tried(given, quiet, silent, np.array([50.0, 500.0]))
    whole = tried(given, quiet, silent, np.array([50.0, 500.0]), leave_out=False)
    assert part.false[:, 0].tolist() == [2, 0]  # at 500 the one was in the outage, the other away from home
    assert part.told[:, 0].tolist() == [1, 1]
    assert whole.false[:, 0].tolist() == [3, 2]
    assert part.counted.tolist() == [True, False, False]
    assert part.away.tolist() == [False, False, True]
    assert whole.counted.all()
    assert part.watched_days == pytest.approx((700 - 100) / DAY)


def test_moments_are_seeded_and_twenty_a_day() -> None:
    first, again, other = draw(5, 0), draw(5, 0), draw(5, 1)
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    assert np.bincount(first.astype(int) // DAY).tolist() == [A_DAY] * 5
    assert (np.diff(first) >= 0).all()


@pytest.fixture(scope="module")
def events() -> Events:
    return made_up(21, seed=3)


@pytest.mark.slow
def test_a_made_up_home(events: Events) -> None:
    measured = evaluated(events, 16)
    found = report(measured, 1.0, {})
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["days"] == 5
    assert found["emergencies"] == measured.curve.counted.sum()
    delays = [one["mean_delay_h"] for one in found["curve"]]
    false = [one["false_alerts"] for one in found["curve"]]
    assert (np.diff(delays) > -0.2).all()  # emergencies at which an alert is standing come in as the level rises
    assert (np.diff(false) <= 0).all()
    assert found["at_most"][0]["mean_delay_h"] < 8
    low, high = found["mean_delay_h_ci95"]
    assert low < found["mean_delay_h"] < high
    drawn = plots.drawings(measured.home, found)
    assert set(drawn) == {"actogram.svg", "survival.svg", "curve.svg"}
    assert all(one.startswith("<svg") and "nan" not in one for one in drawn.values())


@pytest.mark.slow
def test_the_future_changes_nothing_before_it(events: Events) -> None:
    whole, part = evaluated(events, 16), evaluated(events.until(19), 16)
    np.testing.assert_array_equal(whole.curve.false[:, :3], part.curve.false)
    np.testing.assert_array_equal(whole.promised.false[:, :3], part.promised.false)


@pytest.mark.slow
def test_peers_see_only_the_past(events: Events) -> None:
    home, cut = Home.of(events), Home.of(events.until(19))
    for peer in (alert_lines, buckets):
        whole, _ = peer.paths(home, situation(home, 16, 0))
        part, silent = peer.paths(cut, situation(cut, 16, 0))
        np.testing.assert_array_equal(whole[: 3 * DAY], part)
        assert silent.shape == (3 * A_DAY, HORIZON)


def _record(path: Path, events: Events) -> Path:
    names = ("MotionD_B", "MotionD_L", "MotionD_K", "MotionD_Ba", "MotionD_E", "ContactS_E", "ContactS_Fridge")
    stamps = events.first_day.astype("datetime64[ms]") + (events.at_s * 1000).astype("timedelta64[ms]")
    rows = zip(stamps.tolist(), events.sensor.tolist(), events.on.tolist(), strict=True)
    lines = [f"{at.isoformat(timespec='milliseconds')};{names[one]};{int(on)}" for at, one, on in rows]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.slow
def test_the_command(tmp_path: Path, events: Events) -> None:
    path = _record(tmp_path / "home.csv", events)
    arguments = ["activity", str(path), "--dataset", "homeassist", "--test-from", "2025-01-24", "--json", "--peers"]
    done = CliRunner().invoke(evaluate.app, [*arguments, "--plots", str(tmp_path / "plots")])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["test_from"] == "2025-01-24"
    assert set(found["peers"]) == {"alert_lines", "isolation_forest", "buckets_672"}
    assert (tmp_path / "plots" / "curve.svg").exists()
    done = CliRunner().invoke(evaluate.app, ["activity", str(path), "--test-from", "2025-01-24"])
    assert "at most 1 false alerts" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "casas"], "no dataset 'casas' of homes"),
        (["--test-from", "July"], "is no date"),
        (["--test-from", "2025-01-10"], "at least 14 are needed"),
        (["--test-from", "2030-01-10"], "the record ends before the test begins"),
        (["--per-month", "3"], "--per-month is one of"),
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(
    tmp_path: Path, events: Events, arguments: list[str], words: str
) -> None:
    path = _record(tmp_path / "home.csv", events)
    done = CliRunner().invoke(evaluate.app, ["activity", str(path), *arguments])
    assert done.exit_code != 0
    assert words in str(done.exception)

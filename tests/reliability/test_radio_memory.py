"""24 hours of 500 random addresses an hour, our own devices used meanwhile: memory and descriptors stay flat."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.radio.broadcast.broadcasts import DEVICES_LIMIT
from gateway.radio.seen import SEEN_LIMIT

WARM_UP_H = 6  # until every cache has had what it holds
GROWTH_LIMIT = 1_000_000  # bytes


@pytest.mark.slow
def test_a_day_of_passers_by_leaves_nothing_behind(tmp_path: Path) -> None:
    day = subprocess.run(
        [sys.executable, "-m", "tests.reliability.radio_day", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert day.returncode == 0, day.stderr[-2000:]
    hours = [json.loads(line) for line in day.stdout.splitlines()]
    assert [one["hour"] for one in hours] == list(range(1, 25))
    warm, last = hours[WARM_UP_H - 1], hours[-1]
    print(f"after {WARM_UP_H} h {warm}, after 24 h {last}: {last['rss'] - warm['rss']:+d} bytes")
    assert last["rss"] - warm["rss"] <= GROWTH_LIMIT
    assert {one["descriptors"] for one in hours[WARM_UP_H - 1 :]} == {warm["descriptors"]}
    assert {one["seen"] for one in hours} == {SEEN_LIMIT}
    assert max(one["broadcasters"] for one in hours) == last["broadcasters"] == DEVICES_LIMIT
    # Meanwhile nobody of ours was forgotten: each measurement came, and the strap each time that it was worn.
    assert last["confirmed"] == 24
    assert last["strap"] == 8

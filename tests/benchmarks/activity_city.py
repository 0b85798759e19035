"""A city's homes in one pass, one home's minute, and the same against streaming peers, record by record.

A record is one hour of one home: eight features. Ours is everything from hourly features of 90 days to the score of the
last one, the three features that made it, its rank, and the rest–activity metrics, in a process of its own whose memory
is measured with the features in it. The peers learn and score each record: river's half-space trees on the eight
features, stumpy's streaming matrix profile (`stumpi`, windows of a day) on one of them. Processor time, one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

HOMES: Final = 25_000
DAYS: Final = 90
TICKS: Final = 300
MINUTES: Final = 30  # of the whole gateway
PEER: Final = Path(__file__).with_name("_activity_peer.py")
THREADS: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
CITY: Final = """
import json, sys
from pathlib import Path
from time import perf_counter, process_time
import numpy as np
from analytics.activity.city import scored
homes, days = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
hours = np.empty((homes, days, 24, 8), np.float32)
for first in range(0, homes, 500):
    part = hours[first : first + 500]
    part[:] = rng.poisson(6, part.shape)
    part[rng.random(part.shape) < 0.002] = np.nan
began, spent = perf_counter(), process_time()
city = scored(hours)
took, spent = perf_counter() - began, process_time() - spent
assert np.isfinite(city.rank).mean() > 0.9
lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({"s": took, "processor_s": spent, "gb": int(lines["VmHWM"].split()[0]) / 1024**2}))
"""


def tick_ms() -> float:
    """One minute of one home: statistic, alert or not; the median of many."""
    import numpy as np

    from analytics.activity.habits import Counts, HabitSettings, hazard
    from analytics.activity.inactivity import Quiet, raised, step

    chance = hazard(Counts.none(1), HabitSettings())
    nothing, nowhere = np.zeros((1, 1), bool), np.full((1, 1), -1, np.int8)
    state, took = Quiet.begin(1), []
    for minute in range(TICKS):
        began = perf_counter()
        before = state.odds_h
        state, path = step(state, chance, nothing, nothing, nowhere, np.array([minute]))
        raised(before, path, 720.0)
        took.append(perf_counter() - began)
    return 1000 * median(took)


def gateway_ms() -> float:
    """What the gateway does each minute for one home that is known for 90 days: its record, and the quiet."""
    from analytics.activity.running import learn
    from analytics.datasets.made_up_home import made_up
    from gateway.days.quiet import quiet
    from gateway.days.record import record_of
    from gateway.days.told import Told

    events = made_up(DAYS + 1, seed=0)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    now = begin + timedelta(days=DAYS, hours=12)
    words = zip(events.at_s.tolist(), events.sensor.tolist(), events.on.tolist(), strict=True)
    told = Told().and_then([(begin.timestamp() + at, sensor, int(on)) for at, sensor, on in words])
    spans = [(begin, now + timedelta(hours=1))]
    record = record_of(told, events.sensors, spans, now=now, zone=UTC)
    learnt = learn(record.events, record.now_s, record.listening)
    turns = []
    for minute in range(MINUTES):
        began = process_time()
        at = record_of(told, events.sensors, spans, now=now + timedelta(minutes=minute), zone=UTC)
        quiet(at, learnt, per_month=1.0)
        turns.append(process_time() - began)
    return median(turns) * 1e3


def _peers() -> dict[str, Any]:
    """Records a second of each, and versions; empty where there is no interpreter with them."""
    python = os.environ.get("HUOMA_BENCH_PYTHON")
    if (
        not python
        or subprocess.run([python, "-c", "import river, stumpy"], check=False, capture_output=True).returncode
    ):
        return {}
    done = subprocess.run(
        [python, str(PEER)], check=True, capture_output=True, text=True, env={**os.environ, **THREADS}
    )
    return dict(json.loads(done.stdout))


def run() -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", CITY, str(HOMES), str(DAYS)], check=True, capture_output=True, text=True,
        env={**os.environ, **THREADS},
    )  # fmt: skip
    city = json.loads(done.stdout)
    per_s = HOMES * DAYS * 24 / city["processor_s"]
    rows: list[dict[str, Any]] = [
        {"name": f"{HOMES:,} homes × {DAYS} days", "value": city["s"], "unit": "s", "goal": "<= 30"},
        {"name": "… memory, features included", "value": city["gb"], "unit": "GB", "goal": "<= 4"},
        {"name": "one home's minute", "value": tick_ms(), "unit": "ms", "goal": "<= 1"},
        {"name": "… and all that the gateway does in it", "value": gateway_ms(), "unit": "ms"},
    ]
    for name, peer in _peers().items():
        rows.append(
            {
                "name": "home-hours", "value": per_s, "unit": "/s", "peer": f"{name} {peer['version']}",
                "peer_value": peer["per_s"], "ratio": per_s / peer["per_s"], "goal": ">= 50",
            }
        )  # fmt: skip
    return rows

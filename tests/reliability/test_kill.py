"""R1: kill -9 at random points of a busy life; nothing that was promised is lost, nothing arrives twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter

import pytest

from tests.reliability.home import full
from tests.reliability.lives import Promises, judge, making_gateways
from tests.reliability.receiver import receiving


@pytest.mark.slow
@pytest.mark.timeout(3600 if full() else 300)
async def test_kill_at_random_points(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    random = Random(1)
    promises = Promises()
    async with receiving(tmp_path / "s") as receiver:
        began = perf_counter()
        async with making_gateways(tmp_path / "home.db", tmp_path / "s") as zygote:
            await zygote.live(promises, kill_after_s=1.0)  # with the imports: a start from nothing
            first_ready_s = perf_counter() - began
            for _ in range(1_000 if full() else 100):
                await zygote.live(promises, kill_after_s=random.uniform(0.005, 0.15))
            receiver.faulty = False
            await zygote.live(promises, "drain")
        figures = judge(tmp_path / "home.db", promises, receiver)
    print(f"R1: {figures}, first life {first_ready_s:.2f} s")
    record_property("r1", figures)
    assert promises.problems == []
    assert promises.kills >= (1_000 if full() else 100)
    assert len(promises.readings) > 3 * promises.kills  # the kills come in the middle of life
    assert promises.resent > 10
    assert len(promises.alerts) > promises.kills / 4
    assert max(promises.ready_s) <= 5.0

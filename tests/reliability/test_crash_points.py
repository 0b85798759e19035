"""R3: the gateway dies at every named step of its work; nothing that was promised is lost, nothing arrives twice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.reliability.crash_points import CRASH_POINTS, ONCE_A_LIFE
from tests.reliability.home import full
from tests.reliability.lives import ROOT, Promises, Zygote, judge, making_gateways
from tests.reliability.receiver import receiving

TOO_LONG_S = 20.0


def named_in_the_source() -> Iterator[str]:
    for path in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in ("fault", "_fault") and node.args and isinstance(node.args[0], ast.Constant):
                    yield str(node.args[0].value)


def test_the_list_is_whole() -> None:
    assert sorted(named_in_the_source()) == sorted(CRASH_POINTS)  # each at one step only


@pytest.mark.slow
@pytest.mark.timeout(3600 if full() else 300)
async def test_die_at_each_step(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    promises = Promises()
    not_reached: list[str] = []
    store = tmp_path / "home.db"
    async with receiving(tmp_path / "s") as receiver, making_gateways(store, tmp_path / "s") as zygote:
        for turn in range(20 if full() else 1):
            for point in CRASH_POINTS:
                if point.startswith("store.migration"):
                    continue  # on a store of its own, below
                nth = 1 if point in ONCE_A_LIFE else 1 + turn % 4
                if not await die(zygote, promises, point, nth):
                    not_reached.append(point)
        receiver.faulty = False
        await zygote.live(promises, "drain")
        figures = judge(store, promises, receiver)
    points = len(CRASH_POINTS)
    print(f"R3: {points} points, {figures}")
    record_property("r3", figures)
    assert not_reached == []
    assert promises.problems == []
    assert figures["acked_readings"]
    assert max(promises.ready_s) <= 5.0


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in CRASH_POINTS if point.startswith("store.migration")])
async def test_die_while_the_store_is_made(tmp_path: Path, point: str) -> None:
    promises = Promises()
    async with receiving(tmp_path / "s") as receiver, making_gateways(tmp_path / "home.db", tmp_path / "s") as zygote:
        assert await die(zygote, promises, point, 1)
        assert promises.ready_s == []
        await zygote.live(promises, kill_after_s=0.3)
        receiver.faulty = False
        await zygote.live(promises, "drain")
        judge(tmp_path / "home.db", promises, receiver)
    assert promises.problems == []
    assert promises.readings


async def die(zygote: Zygote, promises: Promises, point: str, nth: int) -> bool:
    """True: it died at the point, and not because it took too long to come there."""
    return await zygote.live(promises, point, nth, kill_after_s=TOO_LONG_S) == "axe"

"""A fall survives: killed at every step, announced through a dead webhook, answered by twenty at once."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from gateway.core.errors import Conflict
from gateway.core.health import Colour, HealthBoard
from gateway.desk.announcer import Times
from gateway.desk.events import Alert, EventType, State
from gateway.desk.notifier import PART
from tests.gateway.desk.http_server import care_centre
from tests.gateway.desk.mortal import announcing, open_desk
from tests.gateway.desk.words import AT, fall

ROOT: Final = Path(__file__).parents[3]
RESUMED_S: Final = 10.0


@pytest.fixture
def dead_url() -> Iterator[str]:
    with socket.socket() as taken:  # bound and not listening: nobody else can answer there meanwhile
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


class WatchedHealth(HealthBoard):
    """Tells who waits when the notifications have changed."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def report(self, part: str, colour: Colour, reason: str) -> None:
        super().report(part, colour, reason)
        self._changed.set()

    async def becomes(self, colour: Colour) -> None:
        while PART not in self.parts() or self.parts()[PART].colour is not colour:
            self._changed.clear()
            await self._changed.wait()


async def live_and_die(path: Path, point: str, url: str) -> list[str]:
    """Run a gateway's desk until it is killed at `point`. What it had acknowledged."""
    command = [sys.executable, "-m", "tests.gateway.desk.mortal", str(path), point, url]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL, f"{point} was never reached"
    return output.decode().split()


@pytest.mark.slow
@pytest.mark.servers
async def test_killed_right_after_the_commit_the_same_alert_is_announced_and_a_late_client_gets_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "home.db"
    async with care_centre() as centre:
        assert await live_and_die(path, "desk.after-append", centre.url) == []
        assert centre.requests == [], "it died before anybody was told"
        async with open_desk(path) as desk:
            (alert,) = await desk.store.find()
            late = await desk.next_events(0)  # a client that was away, with its Last-Event-ID of before the fall
            assert [(one.event.alert_id, one.event.type) for one in late] == [(alert.id, EventType.RAISED)]
            began = asyncio.get_running_loop().time()
            async with announcing(desk, centre.url):
                (request,) = await centre.wait_for(1)
            assert asyncio.get_running_loop().time() - began < RESUMED_S
            assert request.json()["id"] == alert.id
            assert len(await desk.store.evidence(alert.id)) == 1


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize(
    ("point", "told_before"),
    [
        ("desk.before-append", None),
        ("desk.after-append", 0),
        ("notify.before-send", 0),
        ("notify.after-send-before-record", 1),
        ("notify.after-record", 1),
    ],
)
async def test_killed_at_any_point_nothing_acknowledged_is_lost(
    tmp_path: Path, point: str, told_before: int | None
) -> None:
    path = tmp_path / "home.db"
    async with care_centre() as centre:
        acknowledged = await live_and_die(path, point, centre.url)
        async with open_desk(path) as desk, announcing(desk, centre.url):
            if told_before is None:  # nothing was promised; the detector reports again
                assert acknowledged == []
                assert await desk.store.find() == []
                await desk.report(fall())
            (alert,) = await desk.store.find()
            assert acknowledged in ([], [alert.id])
            before = told_before or 0
            requests = await centre.wait_for(before + 1)
            assert {one.json()["id"] for one in requests} == {alert.id}
            assert alert.state is State.RAISED


@pytest.mark.slow
@pytest.mark.servers
async def test_killed_while_the_webhook_is_dead_it_goes_on_after_the_restart(tmp_path: Path, dead_url: str) -> None:
    path = tmp_path / "home.db"
    await live_and_die(path, "notify.after-failure-before-record", dead_url)
    async with care_centre() as centre, open_desk(path) as desk, announcing(desk, centre.url):
        (alert,) = await desk.store.find()
        (request,) = await centre.wait_for(1)
        assert request.json()["id"] == alert.id


@pytest.mark.servers
async def test_answered_before_the_restart_nobody_is_called(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    async with open_desk(path) as desk:
        held = await desk.report(fall(condition="held"))
        await desk.acknowledge(held.id, "aino")
        done = await desk.report(fall(condition="done"))
        await desk.resolve(done.id, "aino", "false")
    async with care_centre() as centre, open_desk(path) as desk, announcing(desk, centre.url):
        marker = await desk.report(fall(condition="marker", at=AT))
        assert [one.json()["id"] for one in await centre.wait_for(1)] == [marker.id]


@pytest.mark.slow
@pytest.mark.servers
async def test_a_dead_webhook_is_red_with_the_reason_until_somebody_has_answered(tmp_path: Path) -> None:
    health = WatchedHealth()
    times = Times(first_backoff_s=0.05, longest_backoff_s=0.1, red_after_s=0.2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        async with open_desk(tmp_path / "home.db") as desk, announcing(desk, url, health=health, times=times):
            alert = await desk.report(fall())
            await health.becomes(Colour.RED)
            assert health.parts()[PART].reason == (
                f"webhook http://127.0.0.1:{port} does not answer (ConnectError): 1 alert unannounced; "
                "check the address, the network and that the service runs"
            )
            taken.listen()  # it accepts now, and answers nothing: still red
            await asyncio.sleep(0.3)
            assert health.parts()[PART].colour is Colour.RED
            await desk.acknowledge(alert.id, "aino")
            await health.becomes(Colour.AMBER)


@pytest.mark.servers
async def test_twenty_acknowledge_at_once_on_the_real_store(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "home.db") as desk:
        alert = await desk.report(fall())
        answers = await asyncio.gather(
            *(desk.acknowledge(alert.id, f"nurse-{n}") for n in range(20)), return_exceptions=True
        )
        assert [type(one) for one in answers].count(Alert) == 1
        assert [type(one) for one in answers].count(Conflict) == 19
        assert len(await desk.store.history(alert.id)) == 2

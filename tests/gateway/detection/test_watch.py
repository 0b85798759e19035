"""The tick: from packets to the desk, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from device_drivers.readings import DeviceInformation, Motion
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard, PartHealth
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.events import AlertEvent
from gateway.desk.machine import Decision, Report
from gateway.detection import Detection as Streams
from gateway.detection.service import Detection
from gateway.detection.watch import TICK_S, FallWatch
from gateway.ingest.received import KnownDevice

if TYPE_CHECKING:
    from tests.gateway.detection.conftest import Strap

Walk = Callable[..., NDArray[np.float32]]
ORIGIN = Origin(organisation_id="o", home_id="home-1", gateway_id="g")
STRAP = KnownDevice(
    address="AA:BB:CC:DD:EE:FF", identity="serial:polar:1", name="Polar H10", vendor="Polar", model="H10",
    profile_id="polar/h10", record_identity="reception", information=DeviceInformation(), adapter="00:00:00:00:00:01",
)  # fmt: skip


class TickingClock:
    """Each sleep lets the test's packets of that time in."""

    def __init__(self, detection: Detection, packets: list[tuple[float, Any]], more_s: float) -> None:
        self.now, self._detection, self._packets = packets[0][0], detection, packets
        self._until = packets[-1][0] + more_s

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self._packets and self._packets[0][0] <= self.now:
            at, motion = self._packets.pop(0)
            self._detection.feed(STRAP, motion, at)
        if not self._packets and self.now >= self._until:
            raise asyncio.CancelledError


class Book:
    """Registry and desk; the desk's store is away for the first reports when asked."""

    def __init__(self, subject: Subject | None, failures: int = 0) -> None:
        self.subject, self.failures = subject, failures
        self.reports: list[Report] = []
        self.decided: list[Decision] = []  # alerts of before this gateway started

    async def who_has(self, device: str, **_: Any) -> Subject | None:
        assert device == STRAP.identity
        return self.subject

    async def assigned(self, device: str, **_: Any) -> list[Any]:
        return [SimpleNamespace(placement="chest")] if self.subject else []

    @property
    def store(self) -> Book:
        return self

    async def open_alerts(self, *, limit: int) -> list[Any]:
        return [one.alert for one in self.decided]

    async def history(self, alert_id: str) -> list[AlertEvent]:
        return list(next(one.events for one in self.decided if one.alert.id == alert_id))

    async def report(self, report: Report) -> Any:
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        self.reports.append(report)
        return SimpleNamespace(id="alert-1", subject=report.subject)


async def watched(
    detection_streams: Streams,
    packets: list[tuple[float, Motion]],
    book: Book,
    *,
    states: list[tuple[float, PartHealth]] | None = None,
    more_s: float = 0.0,
) -> tuple[list[Report], list[Colour]]:
    """What reached the desk, and the colours; the watch goes on `more_s` after the last packet."""
    detection = Detection(detection_streams)
    health = HealthBoard()
    colours: list[Colour] = []
    clock = TickingClock(detection, packets, more_s)
    fakes: dict[str, Any] = {"desk": book, "registry": book, "clock": clock}
    watch = FallWatch(detection=detection, health=health, origin=ORIGIN, **fakes)
    sleep = clock.sleep

    async def noting(seconds: float) -> None:
        assert seconds == TICK_S
        now = health.parts()["falls"]
        colours.append(now.colour)
        if states is not None:
            states.append((clock.now, now))
        await sleep(seconds)

    clock.sleep = noting  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await watch.run()
    return book.reports, colours


async def test_a_fall_reaches_the_desk_with_its_resident(detection: Streams, walk: Walk, strap: type[Strap]) -> None:
    device = strap(walk(rate_hz=50.0, seconds=20, fall_at=12.2), 50.0, packet=25)
    resident = Subject(type=SubjectType.RESIDENT, id="r1")
    reports, colours = await watched(detection, list(device.packets()), Book(resident))
    (report,) = reports
    assert (report.subject, report.device_identity) == (resident, STRAP.identity)
    impact = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=device.begin + 12.2)
    assert abs(report.at - impact) < timedelta(seconds=0.2)
    assert "chest strap" in report.summary
    assert set(colours) == {Colour.GREEN}


async def test_each_strap_is_judged_where_it_is_worn(
    detection: Streams, walk: Walk, strap: type[Strap], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its first tick, and within ten seconds of being assigned anew."""
    said: list[tuple[float, str | None]] = []
    book = Book(Subject(type=SubjectType.RESIDENT, id="r1"))
    packets = list(strap(walk(rate_hz=50.0, seconds=40, fall_at=None), 50.0, packet=25).packets())
    begin = packets[0][0]
    worn = Detection.worn

    def noting(self: Detection, device: KnownDevice, placement: str | None) -> None:
        heard = max(self.streams.heard().values())
        said.append((heard - begin, placement))
        if heard - begin > 15:
            book.subject = None  # taken from the resident: nobody says where it is worn
        worn(self, device, placement)

    monkeypatch.setattr(Detection, "worn", noting)
    await watched(detection, packets, book)
    assert said[0][0] <= TICK_S
    assert all(late - early <= 10.6 for (early, _), (late, _) in pairwise(said))
    assert [placement for _, placement in said] == ["chest", "chest", "chest", None]


async def test_nobodys_strap_is_about_the_home(detection: Streams, walk: Walk, strap: type[Strap]) -> None:
    device = strap(walk(rate_hz=50.0, seconds=20, fall_at=12.2), 50.0, packet=25)
    reports, _ = await watched(detection, list(device.packets()), Book(None))
    assert [report.subject for report in reports] == [Subject(type=SubjectType.HOME, id="home-1")]


async def test_a_fall_waits_for_the_store(detection: Streams, walk: Walk, strap: type[Strap]) -> None:
    device = strap(walk(rate_hz=50.0, seconds=20, fall_at=12.2), 50.0, packet=25)
    reports, colours = await watched(detection, list(device.packets()), Book(None, failures=3))
    assert len(reports) == 1
    assert colours.count(Colour.RED) == 3
    assert colours[-1] is Colour.GREEN


async def test_a_fall_on_a_strap_that_is_heard_no_more_reaches_the_desk(
    detection: Streams, walk: Walk, strap: type[Strap]
) -> None:
    device = strap(walk(rate_hz=50.0, seconds=13, fall_at=12.2), 50.0, packet=5)
    reports, _ = await watched(detection, list(device.packets()), Book(None), more_s=20)
    (report,) = reports
    assert abs(report.at - datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=device.begin + 12.2)) < timedelta(
        seconds=0.2
    )


@pytest.mark.slow
async def test_a_strap_that_is_gone_is_told_of(detection: Streams, walk: Walk, strap: type[Strap]) -> None:
    resident = Subject(type=SubjectType.RESIDENT, id="r1")
    packets = list(strap(walk(rate_hz=50.0, seconds=5, fall_at=None), 50.0, packet=25).packets())
    back = [(at + 8000.0, motion) for at, motion in packets]
    states: list[tuple[float, PartHealth]] = []
    end = packets[-1][0]
    await watched(detection, packets + back, Book(resident), states=states)

    def at(seconds: float) -> PartHealth:
        return next(state for when, state in states if when >= end + seconds)

    assert (at(-1).colour, at(-1).reason) == (Colour.GREEN, "Watching 1 wearable.")
    assert at(12).reason == "No wearable is streaming: no fall can be noticed."
    for minutes in (3, 120):  # two hours: somebody's strap is expected for ever
        assert at(60 * minutes + 1).colour is Colour.AMBER
        assert at(60 * minutes + 1).reason == (
            "No wearable is streaming: no fall can be noticed. The Polar H10 (AA:BB:CC:DD:EE:FF) has sent nothing for "
            f"{minutes} min: is it worn, charged, in range?"
        )
    assert states[-1][1] == PartHealth(colour=Colour.GREEN, reason="Watching 1 wearable.")


@pytest.mark.slow
async def test_nobodys_strap_in_a_drawer_is_no_fault_for_ever(
    detection: Streams, walk: Walk, strap: type[Strap]
) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=5, fall_at=None), 50.0, packet=25).packets())
    states: list[tuple[float, PartHealth]] = []
    await watched(detection, packets, Book(None), states=states, more_s=3800)
    assert states[3000][1].colour is Colour.AMBER
    assert states[-1][1] == PartHealth(colour=Colour.GREEN, reason="No wearable is streaming: no fall can be noticed.")
    assert detection.streams == frozenset()


@pytest.mark.slow
async def test_a_refused_packet_is_told_of_for_a_minute(detection: Streams, walk: Walk, strap: type[Strap]) -> None:
    packets = list(strap(walk(rate_hz=50.0, seconds=80, fall_at=None), 50.0, packet=25).packets())
    at, motion = packets[10]
    packets[10] = (at, replace(motion, rate_hz=5.0))
    states: list[tuple[float, PartHealth]] = []
    await watched(detection, packets, Book(None), states=states)
    amber = [when for when, state in states if state.colour is Colour.AMBER]
    assert "1 packet of motion could not be used" in next(s.reason for w, s in states if w == amber[0])
    assert 59 <= amber[-1] - amber[0] <= 61
    assert states[-1][1].colour is Colour.GREEN

"""From what modules say to the desk: whose fall, which place, a store that is away, a technician's test."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from heapq import merge
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analytics.radar.places import Zone
from analytics.radar.tracks import UNHEARD
from device_drivers.radar_frame import RadarFrame, Targets
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.desk.episodes import RADAR
from gateway.desk.events import AlertKind, Priority
from gateway.desk.machine import Report
from gateway.radar import seen, watch
from gateway.radar.modules import Module, Mounting
from gateway.radar.watch import PART, RadarWatch
from tests.analytics.radar.scene import Doubts
from tests.gateway.desk.words import ORIGIN
from tests.virtual_time import EPOCH, VirtualClock, run_virtual

WALL = Module(
    identity="port:ti", port="/dev/ti", room="bedroom", height_m=1.0, mounting=Mounting.WALL, protocol="ti",
    zones=(Zone(low=(3.0, 3.0), high=(4.0, 4.0), height=0.5),),
)  # fmt: skip
CEILING = Module(
    identity="port:r60", port="/dev/r60", room="bathroom", height_m=2.4, mounting=Mounting.CEILING, protocol="r60"
)  # fmt: skip
Said = Iterator[tuple[float, Module, RadarFrame]]


def body(x: float, top: float) -> RadarFrame:
    nothing = np.full((1, 3), np.nan, np.float32)
    return RadarFrame(
        targets=Targets(
            ids=np.zeros(1, np.int32), positions=np.array([[x, 2.0, top / 2 - 1.0]], np.float32), velocities=nothing,
            heights=np.array([[-1.0, top - 1.0]], np.float32), confidences=nothing[:, 0],
        )
    )  # fmt: skip


def falls_in_front(at: float = 12.0, until: float = 60.0, gone: float = 1e9) -> Said:
    """Twenty frames a second of one who walks, falls and lies; from `gone` on the module is silent."""
    rng = np.random.default_rng(3)
    for step in range(int(until * 20)):
        now = step / 20
        if now > gone:
            return
        down = min(max((now - at) / 0.8, 0.0), 1.0) ** 2
        walked = 0.5 * np.sin(min(now, at) * 0.8)
        yield now, WALL, body(walked + 0.5 * down, 1.65 - 1.4 * down + rng.normal(0, 0.02))


def flag(*words: tuple[float, bool]) -> Said:
    for at, fallen in words:
        yield at, CEILING, RadarFrame(fallen=fallen)


@dataclass
class Home:
    """Registry, modules and desk; the desk's store is away for the first reports when asked."""

    people: int = 1
    failures: int = 0
    modules_fail: bool = False
    hung: list[Module] = field(default_factory=lambda: [CEILING, WALL])
    reports: list[tuple[float, Report]] = field(default_factory=list)
    tested: list[str] = field(default_factory=list)
    slow_s: float = 0.0  # how long the first report takes
    testing: str | None = None
    tested_from: float = 0.0
    tested_until: float = 1e9

    async def all(self) -> list[Module]:
        if self.modules_fail:
            raise StoreError("the store does not read")
        return self.hung

    async def residents(self) -> list[Any]:
        return [SimpleNamespace(id=f"r{number}") for number in range(self.people)]

    async def report(self, report: Report) -> Any:
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        slow, self.slow_s = self.slow_s, 0.0
        await asyncio.sleep(slow)
        self.reports.append((asyncio.get_running_loop().time() - 1000.0, report))
        return SimpleNamespace(id="alert-1", subject=report.subject)

    def is_test(self, identity: str, at: float) -> bool:
        if identity == self.testing and self.tested_from <= at - 1000.0 < self.tested_until:
            self.tested.append(identity)
            return True
        return False


def watched(
    said: Said,
    home: Home,
    until: float = 60.0,
    during: Callable[[float], None] | None = None,
    watches: list[RadarWatch] | None = None,
) -> list[Colour]:
    """The colours that were shown."""
    colours: list[Colour] = []

    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        parts: Any = home
        watch = RadarWatch(
            modules=parts, desk=parts, registry=parts, clock=clock, health=health, origin=ORIGIN, testing=home.is_test
        )
        if watches is not None:
            watches.append(watch)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(watch.run())
            frames = list(said)
            for step in range(int(until * 20)):
                while frames and frames[0][0] <= step / 20:
                    at, module, frame = frames.pop(0)
                    watch.feed(module, frame, 1000.0 + at)
                if during is not None:
                    during(step / 20)
                await asyncio.sleep(0.05)
                if PART in health.parts():
                    colours.append(health.parts()[PART].colour)
            task.cancel()

    run_virtual(main)
    return colours


def test_a_fall_and_that_nobody_got_up_are_told_with_the_track() -> None:
    home = Home()
    watched(falls_in_front(), home)
    (at, fall), (later, worse) = home.reports
    assert 12.8 <= at <= 18.0
    assert (fall.kind, fall.subject, fall.device_identity, fall.witness) == (
        AlertKind.FALL, Subject(type=SubjectType.RESIDENT, id="r0"), "port:ti", RADAR,
    )  # fmt: skip
    rows = json.loads(fall.evidence[0].content)["samples"]
    assert rows[0][3] > 1.4
    assert rows[-1][3] < 0.5
    assert 42.0 <= later <= 45.0
    assert (worse.kind, worse.priority, worse.episode) == (AlertKind.NO_RECOVERY, Priority.CRITICAL, "alert-1")
    assert "Not up 30 s after a suspected fall in the bedroom" in worse.summary
    lying = json.loads(worse.evidence[0].content)["samples"]  # the way down is still in it
    assert lying[0][3] > 1.4
    assert lying[0][0] < -5.0


def test_a_fall_that_is_told_late_pages_twice_at_once_with_the_way_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.radar.falls.shipped", Doubts)
    home = Home()
    watched(falls_in_front(until=80.0), home, until=80.0)
    (at, fall), (later, worse) = home.reports
    assert (fall.kind, worse.kind, worse.priority) == (AlertKind.FALL, AlertKind.NO_RECOVERY, Priority.CRITICAL)
    assert 72.0 <= at <= later <= at + 1.0
    assert abs((fall.at - EPOCH).total_seconds() - 13.0) < 2.0, "when it came down, not when it was told"
    for one in (fall, worse):
        rows = json.loads(one.evidence[0].content)["samples"]
        assert rows[0][3] > 1.4
        assert rows[0][0] < -5.0
        assert 29.0 < rows[-1][0] <= 30.0, "half a minute on the floor"


def test_a_module_that_falls_silent_ends_nothing() -> None:
    home = Home()
    watched(falls_in_front(gone=20.0), home)
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]
    assert "sees nobody" in home.reports[1][1].summary


def test_a_module_that_falls_silent_is_no_room_that_is_empty() -> None:
    """Who stood in the middle of the room when its plug was pulled has not vanished."""
    lately = seen.Lately(0.0)
    lately.hung([WALL])
    lately.feed(WALL, body(0.0, 1.65), 0.05)
    block = lately.block(20.0)
    assert block is not None
    most = block.ids[:, lately.modules.index(WALL)].max(axis=1)
    assert most[0] > 0
    assert set(most[5:95].tolist()) == {0}
    assert set(most[105:].tolist()) == {UNHEARD}


@pytest.mark.parametrize("people", [0, 2])
def test_where_not_one_lives_alone_it_is_about_the_room(people: int) -> None:
    home = Home(people=people)
    watched(flag((1.0, False), (10.0, True)), home, until=15.0)
    ((_, fall),) = home.reports
    assert fall.subject == Subject(type=SubjectType.ROOM, id="bathroom")
    assert (fall.probability, fall.evidence) == (0.5, ())


def test_a_modules_own_word_is_told_at_once_and_once() -> None:
    home = Home()
    watched(flag((6.0, True), (7.0, True), (8.0, True)), home, until=12.0)
    ((at, _),) = home.reports
    assert at <= 6.7


def test_what_the_store_did_not_take_is_told_when_it_does_and_shown_red_meanwhile() -> None:
    home = Home(failures=6)
    colours = watched(flag((10.0, True)), home, until=20.0)
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL]
    assert Colour.RED in colours
    assert colours[-1] is Colour.GREEN


def test_a_list_of_modules_that_cannot_be_read_holds_nothing_up() -> None:
    home = Home()

    def breaks(at: float) -> None:
        home.modules_fail = at > 8.0

    watched(flag((10.0, True)), home, until=15.0, during=breaks)
    assert len(home.reports) == 1


def test_a_technicians_test_calls_nobody_and_nobody_is_told_not_to_be_up_after_it() -> None:
    home = Home(testing="port:r60")
    watched(flag(*[(10.0 + second, True) for second in range(45)]), home)
    assert home.tested == ["port:r60"]
    assert home.reports == []


def test_after_a_real_fall_a_test_takes_nothing_back_and_what_follows_it_is_about_no_alert() -> None:
    home = Home(testing="port:r60", tested_until=30.0)
    words = [(second, 10.0 <= second < 55.0) for second in np.arange(0.0, 56.0, 0.5).tolist()]
    words += [(second, second >= 76.0) for second in np.arange(56.0, 120.0, 0.5).tolist()]
    watched(flag(*words), home, until=120.0)
    assert home.tested == ["port:r60"]
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]  # of the second, real one
    assert 76.0 <= home.reports[0][0] <= 77.0


def test_a_test_after_a_real_fall_is_not_what_that_falls_alert_is_about() -> None:
    home = Home(testing="port:r60", tested_from=60.0)
    words = [(second, 10.0 <= second < 45.0 or second >= 80.0) for second in np.arange(0.0, 120.0, 0.5).tolist()]
    watched(flag(*words), home, until=120.0)
    assert home.tested == ["port:r60"]
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]  # both of the first


@pytest.mark.parametrize("hung_anew", [False, True])
def test_who_lies_where_people_lie_has_not_fallen(hung_anew: bool) -> None:
    bed = Zone(low=(-3.0, 0.0), high=(3.0, 4.0), height=0.2)
    home = Home(hung=[WALL if hung_anew else replace(WALL, zones=(bed,))])

    def told(at: float) -> None:
        if at > 5.0:
            home.hung = [replace(WALL, zones=(bed,))]

    watched(falls_in_front(at=20.0), home, during=told)
    assert home.reports == []


@pytest.mark.parametrize("change", ["taken-down", "installed"])
def test_another_modules_coming_and_going_loses_no_fall(change: str) -> None:
    home = Home(hung=[WALL] if change == "installed" else [CEILING, WALL])

    def meanwhile(at: float) -> None:
        if at > 13.5:  # the body is down, and not yet judged
            home.hung = [CEILING, WALL] if change == "installed" else [WALL]

    watched(falls_in_front(at=12.0), home, during=meanwhile)
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]


def test_the_first_word_of_a_module_that_hangs_nowhere_so_far_waits_for_it() -> None:
    home = Home(hung=[])

    def installed(at: float) -> None:
        if at > 5.0:
            home.hung = [CEILING]

    watched(flag((2.0, True)), home, until=15.0, during=installed)
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL]


@pytest.mark.parametrize("late_s", [0.0, 11.0, 60.0, 600.0])
def test_a_word_that_a_broker_had_kept_is_told_with_its_own_moment(late_s: float) -> None:
    home = Home()

    fed: list[float] = []

    def feed(at: float) -> None:
        if at >= 20.0 and not fed:
            fed.append(at)
            watches[0].feed(CEILING, RadarFrame(fallen=True), 1020.0 - late_s)

    watches: list[RadarWatch] = []
    watched(iter(()), home, until=30.0, during=feed, watches=watches)
    ((at, fall),) = home.reports
    assert 19.9 <= at <= 21.0
    happened = (fall.at - EPOCH).total_seconds()
    assert happened == pytest.approx(20.0 - late_s, abs=0.6)


def test_a_word_that_is_taken_back_at_once_was_said() -> None:
    home = Home()
    watched(flag((10.02, True), (10.04, False)), home, until=15.0)
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL]


def test_a_module_that_was_silent_is_not_known_to_see_nobody_down() -> None:
    home = Home()
    watched(flag((10.0, True), (11.0, False), (12.0, True)), home, until=60.0)
    last = home.reports[-1][1]
    assert (last.kind, "sees nobody" in last.summary) == (AlertKind.NO_RECOVERY, True)


def test_a_module_that_was_taken_down_is_watched_no_more_and_the_others_are() -> None:
    home = Home()

    def taken_down(at: float) -> None:
        if at > 6.0:
            home.hung = [WALL]

    watched(flag((20.0, True)), home, until=25.0, during=taken_down)
    assert home.reports == []
    watched(falls_in_front(at=25.0), home, until=40.0, during=taken_down)
    assert [one.device_identity for _, one in home.reports] == ["port:ti"]


def test_who_falls_while_the_store_is_slow_with_another_alert_is_told_as_surely() -> None:
    """The report of one fall takes half a minute; another one happens meanwhile."""
    plain, slow = Home(), Home(slow_s=30.0)
    for home in (plain, slow):
        watched(merge(flag((5.0, True), (6.0, False)), falls_in_front(), key=lambda one: one[0]), home, until=75.0)
    (wanted,), (told,) = (
        [one for _, one in home.reports if one.kind is AlertKind.FALL and one.device_identity == "port:ti"]
        for home in (plain, slow)
    )
    assert told.probability == wanted.probability
    assert len(json.loads(told.evidence[0].content)["samples"]) > 30
    assert AlertKind.NO_RECOVERY in [one.kind for _, one in slow.reports if one.device_identity == "port:ti"]


def test_what_could_not_be_kept_is_said() -> None:
    lately = seen.Lately(1000.0)
    lately.hung([WALL])
    frame = body(0.0, 1.6)
    for step in range(3700):
        lately.feed(WALL, frame, 1000.0 + step / 20)
    assert (lately.dropped, lately.dropped_at) == (100, 1000.0 + 3699 / 20)
    colour, words = watch._watching(lately.modules, lately.dropped)
    assert colour is Colour.AMBER
    assert "100 frames were lost while an alert could not be stored" in words
    assert watch._watching([WALL, None], 0) == (Colour.GREEN, "Watching 1 room by radar.")


def test_the_evidence_is_of_who_fell_and_of_the_last_seconds_only() -> None:
    """A carer stands two metres away when the body is lost; and the module had been silent for minutes."""

    def said() -> Said:
        yield from ((at, WALL, body(0.0, 1.6)) for at in np.arange(0, 20, 0.05).tolist())
        for at, module, frame in falls_in_front():
            lies, stands = frame.targets, body(-2.4, 1.7).targets
            assert lies is not None
            assert stands is not None
            later = at + 300.0
            parts = [lies] if at < 16 else [lies, stands] if at < 20 else [stands]
            ids = np.array([0 if one is lies else 5 for one in parts], np.int32)
            nothing = np.full((len(parts), 3), np.nan, np.float32)
            yield later, module, RadarFrame(targets=Targets(
                ids=ids, positions=np.concatenate([one.positions for one in parts]), velocities=nothing,
                heights=np.concatenate([one.heights for one in parts]), confidences=nothing[:, 0],
            ))  # fmt: skip

    home = Home()
    watched(said(), home, until=360.0)
    for _, report in home.reports:
        rows = json.loads(report.evidence[0].content)["samples"]
        assert rows[0][0] >= -42.0
        assert rows[0][3] > 1.4
        assert rows[-1][3] < 0.5
        assert all(abs(now[1] - before[1]) < 1.0 for before, now in itertools.pairwise(rows))
    assert [one.kind for _, one in home.reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]

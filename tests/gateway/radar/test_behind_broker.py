"""Radars behind a broker: heeded once they are somebody's, from the first word on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from device_drivers.radar_frame import RadarFrame
from device_drivers.readings import DeviceInformation
from gateway.core.errors import StoreError
from gateway.core.health import HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.received import KnownDevice
from gateway.radar.behind_broker import BrokerRadars
from gateway.radar.modules import Module
from tests.virtual_time import VirtualClock, run_virtual

FELL = RadarFrame(fallen=True)
AINO = Subject(type=SubjectType.RESIDENT, id="aino")
BATHROOM = Subject(type=SubjectType.ROOM, id="bathroom")


def device(identity: str = "address:vayyar-1") -> KnownDevice:
    return KnownDevice(
        address=identity, identity=identity, name=None, vendor="Vayyar", model="Care", profile_id="vayyar/care",
        record_identity="reception", information=DeviceInformation(), adapter="mqtt:home",
    )  # fmt: skip


class Parts:
    """The registry and the modules on ports."""

    def __init__(self) -> None:
        self.assignments: dict[str, Any] = {}
        self.fails = 0

    async def all(self) -> list[Module]:
        return []

    async def assigned(self, identity: str) -> list[Any]:
        if self.fails:
            self.fails -= 1
            raise StoreError("away")
        return [self.assignments[identity]] if identity in self.assignments else []

    def give(self, subject: Subject, placement: str | None = None, identity: str = "address:vayyar-1") -> None:
        self.assignments[identity] = SimpleNamespace(subject=subject, placement=placement)


def heeded(parts: Parts, *steps: tuple[float, Any], words: list[bool | None] | None = None) -> list[Module]:
    """Steps (second, frame to feed or what to do); the module of each frame that went on."""
    found: list[Module] = []

    async def main() -> None:
        clock, anything = VirtualClock(), parts
        some: Any = anything

        def take(module: Module, frame: RadarFrame, _at: float) -> None:
            found.append(module)
            if words is not None:
                words.append(frame.fallen)

        radars = BrokerRadars(some, some, feed=take, clock=clock, health=HealthBoard())
        async with asyncio.TaskGroup() as group:
            task = group.create_task(radars.run())
            begin = clock.monotonic()
            for at, step in steps:
                await clock.sleep(begin + at - clock.monotonic())
                if isinstance(step, RadarFrame):
                    radars.feed(device(), step, clock.monotonic())
                else:
                    step()
            await clock.sleep(3.0)
            if found:
                assert await radars.all() == [found[-1]]
            task.cancel()

    run_virtual(main)
    return found


@pytest.mark.parametrize(
    ("subject", "placement", "room", "resident"),
    [
        (AINO, "bathroom", "bathroom", "aino"), (AINO, None, "", "aino"), (AINO, "chest", "", "aino"),
        (BATHROOM, None, "bathroom", None),
    ],
)  # fmt: skip
def test_its_first_word_is_heeded_with_whose_it_is(
    subject: Subject, placement: str | None, room: str, resident: str | None
) -> None:
    parts = Parts()
    parts.give(subject, placement)
    (module,) = heeded(parts, (0.1, FELL))
    assert (module.room, module.resident_id) == (room, resident)


def test_nobodys_is_not_heeded_until_it_is_given_to_somebody() -> None:
    parts = Parts()
    assert heeded(parts, (0.1, FELL), (30.0, FELL)) == []
    assert len(heeded(parts, (0.1, FELL), (5.0, lambda: parts.give(AINO)), (20.0, FELL))) == 2


def test_words_go_on_in_their_order() -> None:
    parts, words = Parts(), list[bool | None]()
    parts.give(AINO)
    heeded(parts, (0.1, FELL), (0.7, RadarFrame(fallen=False)), (5.0, FELL), words=words)
    assert words == [True, False, True]


def test_a_store_that_is_away_loses_no_word() -> None:
    parts = Parts()
    parts.give(AINO)
    parts.fails = 5
    assert len(heeded(parts, (0.1, FELL), (1.0, FELL), (6.0, FELL))) == 3


def test_given_to_somebody_else_it_is_theirs() -> None:
    parts = Parts()
    parts.give(AINO)
    eino = Subject(type=SubjectType.RESIDENT, id="eino")
    modules = heeded(parts, (0.1, FELL), (5.0, lambda: parts.give(eino)), (25.0, FELL))
    assert [one.resident_id for one in modules] == ["aino", "eino"]

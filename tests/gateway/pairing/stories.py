"""Pairings of a scale with users in which the store fails once, or the gateway is killed, at a given write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from device_drivers.virtual.beurer_scale import ScaleUser, UserScale
from gateway.core.errors import Conflict, StoreError
from tests.gateway.pairing.home import AINO, EINO, Gateway, Household
from tests.gateway.pairing.scales import new_scale, weights
from tests.gateway.pairing.test_device_users import both_paired, paired

THIRD: Final = "third"
STRANGER: Final = "stranger"


@dataclass
class People:
    """Whose each user on the scale really is: a user belongs to whoever was being paired when he came to be."""

    scale: UserScale
    of: dict[int, tuple[ScaleUser, str]] = field(default_factory=dict)

    def new_ones_are(self, who: str) -> None:
        for user in self.scale.users.values():
            self.of.setdefault(id(user), (user, who))

    def person(self, number: int) -> str:
        return self.of[id(self.scale.users[number])][1]


@dataclass
class Broken:
    """A store that breaks at one write.

    "error" refuses it; with "killed" it never comes back, with "killed after" not once it is done.
    """

    gateway: Gateway
    how: str
    at: int
    writes: int = 0
    struck: bool = False
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._write = self.gateway.database.write
        self.gateway.database.write = self.write  # type: ignore[method-assign]

    def mend(self) -> None:
        if not self.dead.is_set():
            self.gateway.database.write = self._write  # type: ignore[method-assign]

    async def write(self, work: Any, *more: Any, **most: Any) -> Any:
        if self.dead.is_set():
            await asyncio.Event().wait()
        self.writes += 1
        if self.writes != self.at:
            return await self._write(work, *more, **most)
        self.struck = True
        if self.how == "error":
            raise StoreError("the disk is full")
        if self.how == "killed after":
            await self._write(work, *more, **most)
        self.dead.set()
        return await asyncio.Event().wait()


# ---- how it stands before -------------------------------------------------------------------------------------------

Setting = Callable[[Household, Gateway], Awaitable[tuple[People, str]]]


async def second(household: Household, gateway: Gateway) -> tuple[People, str]:
    """Aino is user 1, Eino becomes one more."""
    people = People(await new_scale(household))
    await paired(gateway, people.scale, AINO, 61.0)
    people.new_ones_are(AINO)
    await asyncio.sleep(60)
    return people, EINO


async def renewal(household: Household, gateway: Gateway) -> tuple[People, str]:
    """The scale was reset and somebody else has taken place 1: Aino is paired again."""
    people, _ = await second(household, gateway)
    people.scale.users.clear()
    people.scale.enrol(7777)
    people.new_ones_are(STRANGER)
    await people.scale.lose_bonds()
    await asyncio.sleep(60)
    return people, AINO


async def freed(household: Household, gateway: Gateway) -> tuple[People, str]:
    """Aino's place was deleted on the scale, and a third resident gets it."""
    people = People(await new_scale(household))
    await both_paired(gateway, people.scale)
    people.of[id(people.scale.users[2])] = (people.scale.users[2], EINO)
    del people.scale.users[1]
    await gateway.registry.add_resident("Third", actor="t", resident_id=THIRD)
    return people, THIRD


SETTINGS: Final[Mapping[str, Setting]] = {"second": second, "renewal": renewal, "freed": freed}


# ---- the technician, who does not give up ----------------------------------------------------------------------------


async def begun(gateway: Gateway, scale: UserScale, who: str) -> str | None:
    """The pairing, as soon as it can be begun; None when the store failed at it."""
    for _ in range(50):
        try:
            return await gateway.begin(scale.address, resident_id=who)
        except Conflict:  # an earlier one is being taken back
            await asyncio.sleep(5)
        except StoreError:
            return None
    return None


async def pair(gateway: Gateway, people: People, who: str, *, cancels: bool, dead: asyncio.Event) -> None:
    """To its end, or until the gateway is dead."""
    scale = people.scale
    pairing = await begun(gateway, scale, who)
    if pairing is None:
        return
    await scale.pairing_mode()
    weighed = 0
    for _ in range(8000):
        people.new_ones_are(who)
        session = gateway.pairings._sessions.get(pairing)
        if dead.is_set() or session is None or session.ended:
            return
        mine = [number for number in scale.users if people.person(number) == who]
        if session.state().phase == "measuring" and cancels:
            await asyncio.sleep(1)
            session.cancel()
            cancels = False
        elif session.state().phase == "measuring" and mine and weighed < 2:
            weighed += 1
            await scale.weigh(50.0 + weighed, user=max(mine))
            await asyncio.sleep(20)
        await asyncio.sleep(0.05)


async def mended(gateway: Gateway) -> None:
    async with asyncio.timeout(300):
        while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
            await asyncio.sleep(0.1)


async def what_is_wrong(gateway: Gateway, people: People, who: str) -> list[str]:
    """Wrong persons; what is left over; places that were lost; that it cannot be paired again."""
    scale, wrong = people.scale, []
    if "consent-wanted" in await gateway.memory.of(scale.address):
        wrong.append("somebody is wanted still")
    sent: dict[int, str] = {}

    async def everybody_weighs() -> None:
        for number in sorted(scale.users):
            kilograms = 100 + len(sent)
            sent[kilograms] = people.person(number)
            await scale.weigh(float(kilograms), user=number)
            await asyncio.sleep(60)

    await everybody_weighs()
    await pair(gateway, people, who, cancels=False, dead=asyncio.Event())
    await asyncio.sleep(60)
    await everybody_weighs()
    await asyncio.sleep(120)
    wrong += [
        f"{sent[kilograms]} weighed {kilograms} kg, which is given to {person}"
        for kilograms, person in await weights(gateway)
        if kilograms in sent and person not in (None, sent[kilograms])
    ]
    slots = {one.subject.id: one.user_slot for one in await gateway.registry.assigned(scale.address)}
    mine = [number for number in scale.users if people.person(number) == who]
    if mine != [slots.get(who)]:
        wrong.append(f"{who} has the users {mine} on the scale and is {slots.get(who)}")
    if (max(sent), people.person(max(scale.users))) not in await weights(gateway):
        wrong.append("the last weighing did not come")
    return wrong

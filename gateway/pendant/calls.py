"""From the press of a button to the desk: an alert, a test call, and never silence.

What a press means is said by the profile of the button (`[device.presses]`). A call for help is an alert of the person
whose button it is; of the home, where several share it. A press that cannot be believed (`Press.doubt`) or that is of a
button which was taken away from its owner calls a person too, as a technical alert: somebody may have meant it. Only
buttons that never were of this home, such as a neighbour's light switch, are no more than a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from device_drivers.readings import Press
from firmware_profiles import Catalogue
from firmware_profiles.schema import PRESSES
from gateway.core.clock import Clock
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.events import AlertKind, Priority
from gateway.desk.findings import help_report
from gateway.desk.machine import Report
from gateway.desk.service import Desk
from gateway.ingest.received import KnownDevice
from gateway.radio.contracts import Severity
from gateway.store.assignments import Assignment
from gateway.store.press_notes import PressNotes
from gateway.store.registry import Registry

PART: Final = "pendants"
STRANGER_AGAIN_S: Final = 3600.0  # until a neighbour's button is worth another sentence
STRANGERS_LIMIT: Final = 64  # whose sentences are remembered; the longest ago goes first

Say = Callable[[str, str, Severity], None]  # address, sentence


class HelpCalls:
    """Called by the radio for each press, until it returns.

    Args:
        catalogue: what the profile of a button says about its presses.
        say: sentences about a device, for people who watch.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        registry: Registry,
        notes: PressNotes,
        catalogue: Catalogue,
        clock: Clock,
        health: HealthBoard,
        origin: Origin,
        say: Say,
    ) -> None:
        self._desk = desk
        self._registry = registry
        self._notes = notes
        self._catalogue = catalogue
        self._clock = clock
        self._health = health
        self._home = Subject(type=SubjectType.HOME, id=origin.home_id)
        self._say = say
        self._strangers: dict[str, float] = {}

    async def press(self, device: KnownDevice, press: Press, at_monotonic: float) -> None:
        """Returns when what the press means is committed.

        Raises:
            StoreError, Conflict: it is not: tell it again.
        """
        at = self._clock.wall() - timedelta(seconds=max(0.0, self._clock.monotonic() - at_monotonic))
        profile = self._catalogue.get(device.profile_id)
        meaning = PRESSES[press.pattern] if profile is None else profile.meaning(press.pattern)
        history = await self._registry.assigned(device.address, only_open=False)
        given = [one for one in history if one.valid_to is None]
        owner = await self._registry.who_has(device.address)
        if meaning == "ignore":
            return
        if press.doubt is not None and meaning == "test":
            words = f"test call received, but {press.doubt}: enter its bind key again."
            self._say(device.address, f"{_called(device)}: {words}", Severity.WARNING)
        elif press.doubt is not None:
            await self._doubtful(device, press.doubt, owner or self._home, at, known=bool(history))
        elif meaning == "test" and history:
            await self._tested(device, press, at, owned=bool(given))
        elif given:
            await self._desk.report(
                help_report(
                    subject=owner or self._home, at=at, device_identity=device.identity, placement=_placement(given)
                )
            )
        else:
            await self._of_nobody(device, known=bool(history))

    async def _doubtful(self, device: KnownDevice, doubt: str, subject: Subject, at: datetime, *, known: bool) -> None:
        if not known:
            return
        await self._desk.report(
            Report(
                subject=subject,
                kind=AlertKind.TECHNICAL,
                condition=f"press-not-believed:{device.address}",
                priority=Priority.HIGH,
                probability=None,
                summary=(
                    f"The alarm pendant {_called(device)} was pressed, or somebody imitates it: {doubt}. Look after "
                    "the resident, and have a technician see to the pendant"
                ),
                device_identity=device.identity,
                at=at,
            )
        )

    async def _tested(self, device: KnownDevice, press: Press, at: datetime, *, owned: bool) -> None:
        await self._notes.tested(device, press, owned=owned)
        words = f"{_called(device)}: test call received"
        if owned:
            self._say(device.address, f"{words}, it works.", Severity.INFORMATION)
            self._health.report(PART, Colour.GREEN, f"Last {words} at {at.isoformat(timespec='seconds')}: it works.")
        else:
            self._say(device.address, f"{words}, but it belongs to nobody: {_assign(device)}", Severity.WARNING)

    async def _of_nobody(self, device: KnownDevice, *, known: bool) -> None:
        words = f"The button {_called(device)} was pressed and belongs to nobody"
        if known or self._is_news(device.address):
            self._say(device.address, f"{words}: {_assign(device)}", Severity.FAULT if known else Severity.INFORMATION)
        if known:
            await self._desk.technical(
                f"press-of-nobody:{device.address}",
                f"{words}: look whether somebody in the home needs help, and say whose it is",
                priority=Priority.HIGH,
                device_identity=device.identity,
            )

    def _is_news(self, address: str) -> bool:
        """Whether nothing was said of a stranger's button for a while: its owner may press it all day."""
        now = self._clock.monotonic()
        if now - self._strangers.get(address, float("-inf")) < STRANGER_AGAIN_S:
            return False
        self._strangers.pop(address, None)
        self._strangers[address] = now
        while len(self._strangers) > STRANGERS_LIMIT:
            del self._strangers[next(iter(self._strangers))]
        return True


def _placement(given: list[Assignment]) -> str | None:
    return next((one.placement for one in given if one.placement is not None), None)


def _called(device: KnownDevice) -> str:
    return f"{device.name or f'{device.vendor} {device.model}'} ({device.address})"


def _assign(device: KnownDevice) -> str:
    return f"'huoma device assign {device.address}' says whose it is."

"""A technician installs a module: the port listened to, the module told how it hangs, a walk test, a fall test.

Everything that takes long is bounded, and each step says in words what it found. What was installed when it is broken
off stays installed: it was heard, and it took its settings.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from device_drivers.decode.radar.protocols import PROTOCOLS
from device_drivers.radar_commands import Wanted, installation
from device_drivers.radar_frame import RadarFrame
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, HuomaError
from gateway.pairing.log import PairingLog
from gateway.radar.line import Line
from gateway.radar.lines import Lines
from gateway.radar.modules import Module
from gateway.radar.probe import probe, troubles
from gateway.radar.walk import Drop, Walk, picture
from gateway.store.radar_modules import RadarModules

LISTEN_S: Final = 4.0  # at each speed: modules that tell only what changes still say something within three seconds
HEARD_S: Final = 10.0
TEST_S: Final = 180.0
PICTURE_EVERY_S: Final = 0.5
# A fall that was seen is judged for so long, and a module's own word comes so late: it is still that of the test.
TAIL_S: Final = 20.0
# Which modules see that somebody falls; the others see that somebody is there.
FALL_TEST: Final = "fall-test"
SEES_FALLS: Final = frozenset({"tinyframe", "r60", "ti"})


class Outcome(StrEnum):
    READY = "ready"  # heard, set, and both tests seen
    UNPROVEN = "unproven"  # installed; a test was skipped or not seen
    FAILED = "failed"  # nothing was installed
    CANCELLED = "cancelled"  # nothing was installed


class Failed(HuomaError):  # noqa: N818
    """The installation cannot go on: the sentence says what to do."""


@dataclass(slots=True)
class _Test:
    """One that runs now."""

    name: str
    frame: Callable[[RadarFrame, float], bool]  # whether it is passed
    over: asyncio.Event = field(default_factory=asyncio.Event)
    seen: bool = False


class Installation:
    """One module, from its port to its tests. `wanted.protocol` is found out.

    Attributes:
        log: what happened; its events are for the terminal and the pages alike.
        outcome: None while it is under way.
        recognised: `module` says what it is.
    """

    def __init__(
        self,
        *,
        id: str,  # noqa: A002  # as everywhere in the API
        wanted: Module,
        actor: str,
        sensitivity: int | None,
        lines: Lines,
        modules: RadarModules,
        clock: Clock,
        simulated: bool = False,
    ) -> None:
        self.id = id
        self.module = wanted
        self.actor = actor
        self.log = PairingLog(clock)
        self.outcome: Outcome | None = None
        self._sensitivity = sensitivity
        self._lines = lines
        self._modules = modules
        self._clock = clock
        self._simulated = simulated
        self._test: _Test | None = None
        self._fall_test: tuple[float, float] | None = None  # from, to (monotonic, s)
        self._installed = False
        self.recognised = False
        self._shown_at = -PICTURE_EVERY_S
        self._task: asyncio.Task[None] | None = None

    def was_test(self, at: float) -> bool:
        """What this module took for a fall at that moment is the technician's test."""
        if self._fall_test is None:
            return False
        begin, end = self._fall_test
        return begin <= at <= end

    async def run(self) -> None:
        """To its end. Raises nothing but cancellation by the gateway's own end."""
        self._task = asyncio.current_task()
        try:
            await self._install()
            seen = await self._tests()
            self._end(Outcome.READY if seen else Outcome.UNPROVEN)
        except HuomaError as refusal:
            self.log.say("problem", str(refusal))
            self._end(Outcome.UNPROVEN if self._installed else Outcome.FAILED)
        finally:
            self._lines.give_back(self.module.identity)
            if self.outcome is None:
                self._end(Outcome.UNPROVEN if self._installed else Outcome.CANCELLED)

    @property
    def test(self) -> str | None:
        """The name of the test that runs now."""
        return None if self._test is None else self._test.name

    def skip(self) -> None:
        """The test that runs is not done.

        Raises:
            Conflict: none runs.
        """
        if self._test is None:
            raise Conflict("No test runs now: there is nothing to skip.")
        if self._test.over.is_set():
            return  # it ends as soon as it is its turn
        self.log.say("skipped", "The test was skipped.")
        self._test.over.set()

    def cancel(self) -> None:
        """Give up. What is installed already stays so."""
        if self.outcome is None and self._task is not None:
            self._task.cancel()

    def fell(self) -> None:
        """The detector raised a fall of this module during the fall test."""
        if self._test is not None and self._test.name == FALL_TEST:
            self.log.say("fall-seen", "The gateway took it for a fall: that is the test, and nobody is called.")
            self._test.seen = True
            self._test.over.set()

    # ---- steps ----------------------------------------------------------------------------------------------------

    async def _install(self) -> None:
        await self._lines.lend(self.module.identity)
        port = Path(self.module.port)
        self.log.say("listening", f"Listening to {port.name} at each speed that modules have …")
        try:
            heard = await probe(port, self._clock, listen_s=LISTEN_S)
        except troubles() as error:
            raise Failed(
                f"{port.name} cannot be opened ({error}): is another program using it, is it there?"
            ) from error
        if heard.protocol is None or heard.baud is None:
            raise Failed(_nothing_understood(port, heard.bytes_heard))
        self.module, self.recognised = replace(self.module, protocol=heard.protocol, baud=heard.baud), True
        self.log.say(
            "recognised", f"A {self.module.vendor} {self.module.model} speaks there at {heard.baud} baud.",
            protocol=heard.protocol, baud=heard.baud, model=self.module.model,
        )  # fmt: skip
        await self._set()
        await self._modules.install(self.module, actor=self.actor, simulated=self._simulated)
        self._installed = True
        self.log.say("installed", f"It hangs in the {self.module.room} from now on.", room=self.module.room)
        self._lines.give_back(self.module.identity)

    async def _set(self) -> None:
        """Tell the module how it hangs, and read it back."""
        wanted = Wanted(height_m=self.module.height_m, sensitivity=self._sensitivity)
        steps = installation(self.module.protocol, wanted)
        if not steps:
            self.log.say("settings", "This module is not told how it hangs: the gateway reckons with it.")
            return
        line = Line(
            port=Path(self.module.port), protocol=self.module.protocol, baud=self.module.baud, clock=self._clock,
            feed=lambda _frame, _at: None,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            running = group.create_task(line.run())
            try:
                await self._heard(line)
                for step in steps:
                    answer = await line.ask(step.data, step.code, least=step.least)
                    wrong = "does not answer" if answer is None else step.check(answer)
                    if wrong is not None:
                        problem = f"The module {wrong} where it was asked whether it {step.says}"
                        break
                    self.log.say("settings", f"The module {step.says}.")
                else:
                    problem = None
            finally:
                running.cancel()
        if problem is not None:
            raise Failed(f"{problem}: switch its power off and on, and install it again.")

    async def _heard(self, line: Line) -> None:
        try:
            async with self._clock.timeout(HEARD_S):
                while line.state().last_frame_at is None:
                    await self._clock.sleep(0.05)
        except TimeoutError:
            return  # `ask` will find that it does not answer

    async def _tests(self) -> bool:
        """Whether everything that the module can see was seen."""
        self._lines.watchers.append(self._frame)
        try:
            walked = await self._tested(
                _Test(name="walk-test", frame=Walk(self.module).frame),
                "Walk through the whole room now, once to each corner.",
                "Somebody who walks is seen.",
            )
            if self.module.protocol not in SEES_FALLS:
                self.log.say("no-falls", "This module sees that somebody is there, not that somebody falls.")
                return walked
            dropped = await self._tested(
                _Test(name=FALL_TEST, frame=Drop(self.module).frame),
                "Throw a cushion from the height of your chest to the floor, or lie down fast.",
                f"What falls is seen. For {TAIL_S:.0f} s more a fall in front of this module calls nobody.",
            )
            return walked and dropped
        finally:
            self._lines.watchers.remove(self._frame)

    async def _tested(self, test: _Test, ask: str, seen: str) -> bool:
        self._test = test
        begin = self._clock.monotonic()
        if test.name == FALL_TEST:
            self._fall_test = (begin, math.inf)
        self.log.say(test.name, ask, seconds=TEST_S)
        try:
            async with self._clock.timeout(TEST_S):
                await test.over.wait()
        except TimeoutError:
            self.log.say("not-seen", "Nothing was seen in three minutes: does the module look into the room?")
            return False
        finally:
            self._test = None
            if test.name == FALL_TEST:
                self._fall_test = (begin, self._clock.monotonic() + (TAIL_S if test.seen else 0.0))
        if test.seen:
            self.log.say("seen", seen)
        return test.seen

    def _frame(self, module: Module, frame: RadarFrame, at: float) -> None:
        """A frame of any module, while a test runs."""
        test = self._test
        if module.identity != self.module.identity or test is None:
            return
        if test.frame(frame, at):
            test.seen = True
            test.over.set()
        if at - self._shown_at >= PICTURE_EVERY_S and (shown := picture(module, frame)) is not None:
            self._shown_at = at
            self.log.say("picture", "", **shown)

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.log.say("ended", _VERDICTS[outcome], outcome=outcome.value)
        self.log.close()


_VERDICTS: Final = {
    Outcome.READY: "Ready: the module is heard, knows how it hangs, and sees who walks and what falls.",
    Outcome.UNPROVEN: "Installed, and not proven: a test was skipped or not seen. The module is listened to.",
    Outcome.FAILED: "Nothing was installed.",
    Outcome.CANCELLED: "Cancelled: nothing was installed.",
}


def _nothing_understood(port: Path, heard: int) -> str:
    known = ", ".join(PROTOCOLS)
    if not heard:
        return (
            f"Nothing comes from {port.name}: is the module's power on, and are its two data wires crossed (TX to RX)? "
            "Of a module with two ports only one brings data: try the other."
        )
    return (
        f"{port.name} brings {heard} bytes that none of {known} is: it is not a radar module that is known, or the "
        "cable is bad."
    )

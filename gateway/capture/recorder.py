"""Connects to any device, looks at all that it has, and keeps what it sends for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final, Protocol

from device_drivers.advertising import Advert
from device_drivers.errors import BondLost, DeviceError, DeviceRefused, LinkLost
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, HuomaError, NotFound
from gateway.radio.host import PairingAgent
from gateway.radio.visits.capture import Attribute, Capture
from gateway.store.owners import whose
from gateway.store.registry import Registry

FRAMES_LIMIT: Final = 400  # of one capture, the first ones: a strap sends this many in seconds
EACH_LIMIT: Final = 40  # of one characteristic: so that a babbling one does not push the others out
SECONDS_LIMIT: Final = 300.0
CALLS_WITHIN_S: Final = 120.0  # until the device calls: long enough to wake it

# Read once after connecting. Others are written to, or ask for nothing (a control point).
_NAMES: Final = frozenset({"2a00", "2a24", "2a25", "2a26", "2a27", "2a28", "2a29"})
_WANTS_BOND: Final = "wants a bond: put the device into pairing mode, and record it with --bond"


class Seen(Protocol):
    """One device that the radio hears (`gateway.radio.seen.Seen`)."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str | None: ...


class CapturingRadio(Protocol):
    """The radio (`gateway.radio.Radio`)."""

    def capture(
        self, address: str, *, agent: PairingAgent | None = None, given: Callable[[], None] = ...
    ) -> AbstractAsyncContextManager[Capture]: ...

    def seen(self) -> Sequence[Seen]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One notification or indication; `at_s` from the beginning of the connection."""

    characteristic: str
    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What was recorded.

    Attributes:
        reads: values by handle; a text instead of bytes is why it could not be read.
        dropped: frames beyond the limits.
        ended: how the recording ended, in words.
    """

    address: str
    advert: Advert | None
    attributes: tuple[Attribute, ...]
    reads: Mapping[int, bytes | str]
    frames: tuple[Frame, ...]
    dropped: int
    bonded: bool
    ended: str


class Unbonded:
    """The `PairingAgent` of a recording: just works goes through, what needs a person is refused."""

    async def passkey(self, address: str) -> int | None:
        del address
        return None

    async def display(self, address: str, passkey: int) -> None:
        del address, passkey

    async def compare(self, address: str, number: int) -> bool:
        del address, number
        return False


class Recorder:
    """Records one device at a time and writes nothing to it but subscriptions.

    A device that belongs to somebody is not recorded: it forgets what it has sent, so the reading would be missing
    from that person's record, and stand in a file that others read. One that is given to somebody meanwhile is let go.
    """

    def __init__(self, radio: CapturingRadio, clock: Clock, registry: Registry) -> None:
        self._radio = radio
        self._clock = clock
        self._registry = registry
        self._way: _Way | None = None  # of the recording that is under way

    def find(self, pattern: str) -> str:
        """The address of the one device whose name fits, such as "Acme*".

        Raises:
            NotFound: none is heard, or several; the text names them.
        """
        found = [one for one in self._radio.seen() if one.name is not None and fnmatchcase(one.name, pattern)]
        if len(found) == 1:
            return found[0].address
        if not found:
            raise NotFound(f"No device called {pattern!r} is heard: wake it, and look at 'huoma devices --unknown'.")
        named = ", ".join(f"{one.name} {one.address}" for one in found)
        raise NotFound(f"{len(found)} devices fit {pattern!r}: {named}. Give the address of the one that is meant.")

    async def record(self, address: str, *, seconds: float, bond: bool) -> Captured:
        """Wait for its call, read what can be read, and listen for `seconds` or until it hangs up.

        Raises:
            NotFound: it did not call, or the radio does not run.
            Conflict: another one is being recorded; or it belongs to somebody, which is looked at now, and again when
                it calls.
            HuomaError: it was heard, and connecting failed.
        """
        if self._way is not None:
            raise Conflict("Another device is being recorded: wait until that is through, or end it with Ctrl-C there.")
        way = self._way = _Way()
        try:
            return await self._record(address.upper(), min(seconds, SECONDS_LIMIT), bond=bond, way=way)
        except TimeoutError as silence:
            if way.given:
                await self._must_be_nobodys(address)
            if way.stopped:
                raise NotFound(f"The recording was stopped before {address} called: nothing was recorded.") from silence
            raise NotFound(
                f"{address} did not call in {CALLS_WITHIN_S:.0f} s: wake it (press a button, step on it), bring it "
                "near, and look whether the address is right."
            ) from silence
        except BondLost as error:
            raise HuomaError(
                f"{address} wants to be bonded ({error}): put it into pairing mode and add --bond."
            ) from error
        except DeviceError as error:
            raise HuomaError(f"{address} could not be recorded ({error}): wake it and try again.") from error
        finally:
            self._way = None

    def stop(self) -> None:
        """End the recording that is under way: `record` returns what was heard so far, and lets go of the device.

        Raises:
            NotFound: none is.
        """
        if self._way is None:
            raise NotFound("Nothing is being recorded now.")
        self._way.stop()

    async def _record(self, address: str, seconds: float, *, bond: bool, way: _Way) -> Captured:
        await self._must_be_nobodys(address)
        agent = Unbonded() if bond else None
        context = self._radio.capture(address, agent=agent, given=way.give)
        async with way.part(self._clock.timeout(CALLS_WITHIN_S)):
            capture = await context.__aenter__()
        try:
            await self._must_be_nobodys(address)  # somebody may have got it while it was waited for
            return await self._listen(capture, seconds, way)
        finally:
            await context.__aexit__(None, None, None)

    async def _must_be_nobodys(self, address: str) -> None:
        owner = await whose(self._registry, address)
        if owner is not None:
            raise Conflict(
                f"{address} belongs to {owner}: a recording would take that person's readings. Unpair it first "
                f"('huoma unpair {address}'), or capture another one of the model."
            )

    async def _listen(self, capture: Capture, seconds: float, way: _Way) -> Captured:
        began = self._clock.monotonic()
        kept = _Frames(lambda: self._clock.monotonic() - began)
        reads: dict[int, bytes | str] = {}
        ended = f"after {seconds:.0f} s"
        try:
            async with way.part(self._clock.timeout(None)):
                await self._ask(capture, kept, reads)
                async with self._clock.timeout(seconds):
                    await capture.wait_closed()
            ended = "by the device, which hung up"
        except TimeoutError:
            if way.given:
                ended = "early, because the device was given to somebody: what it sends is that person's from now on"
            elif way.stopped:
                ended = "early, because it was stopped"
        except (LinkLost, BondLost) as error:
            if not reads and not kept.frames:
                raise
            ended = f"too early: {error}"
        return Captured(
            address=capture.address,
            advert=capture.advert,
            attributes=capture.attributes,
            reads=MappingProxyType(reads),
            frames=tuple(kept.frames),
            dropped=kept.dropped,
            bonded=capture.newly_bonded,
            ended=ended,
        )

    async def _ask(self, capture: Capture, kept: _Frames, reads: dict[int, bytes | str]) -> None:
        """Who it is; then everything that it sends; then the values that can be read."""
        for one in capture.attributes:
            if "read" in one.properties and one.uuid in _NAMES:
                reads[one.handle] = await self._value(capture, one)
        for one in capture.attributes:
            if one.sends:
                await self._subscribe(capture, one, kept, reads)
        for one in capture.attributes:
            if "read" in one.properties and one.uuid not in _NAMES:
                reads[one.handle] = await self._value(capture, one)

    async def _value(self, capture: Capture, one: Attribute) -> bytes | str:
        try:
            return await capture.read(one.handle)
        except DeviceRefused as refusal:
            return str(refusal)
        except BondLost:
            return _WANTS_BOND

    async def _subscribe(self, capture: Capture, one: Attribute, kept: _Frames, reads: dict[int, bytes | str]) -> None:
        try:
            await capture.subscribe(one.handle, kept.keeper(one.uuid))
        except DeviceRefused as refusal:
            reads.setdefault(one.handle, f"cannot be subscribed to: {refusal}")
        except BondLost:
            reads.setdefault(one.handle, _WANTS_BOND)


class _Way:
    """A recording that can be stopped, in whichever part it is."""

    def __init__(self) -> None:
        self.stopped = False
        self.given = False  # the device belongs to somebody now; stopped too
        self._scope: asyncio.Timeout | None = None

    @asynccontextmanager
    async def part(self, scope: asyncio.Timeout) -> AsyncIterator[None]:
        """Raises TimeoutError when it is stopped, and when the scope's own time is over."""
        async with scope:
            self._scope = scope
            if self.stopped:
                _end(scope)
            try:
                yield
            finally:
                self._scope = None

    def stop(self) -> None:
        self.stopped = True
        if self._scope is not None:
            _end(self._scope)

    def give(self) -> None:
        self.given = True
        self.stop()


def _end(scope: asyncio.Timeout) -> None:
    if not scope.expired():
        scope.reschedule(0.0)  # a moment that has passed on every loop's clock


class _Frames:
    """The first ones of each characteristic, within the limits of the whole."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self.frames: list[Frame] = []
        self.dropped = 0
        self._elapsed = elapsed
        self._of_each: dict[str, int] = {}

    def keeper(self, uuid: str) -> Callable[[bytes], None]:
        """What is called with each frame of this characteristic."""

        def keep(data: bytes) -> None:
            number = self._of_each[uuid] = self._of_each.get(uuid, 0) + 1
            if number > EACH_LIMIT or len(self.frames) >= FRAMES_LIMIT:
                self.dropped += 1
            else:
                self.frames.append(Frame(characteristic=uuid, at_s=self._elapsed(), data=bytes(data)))

        return keep

"""One call of one device, from connecting to hanging up; its outcome in words and in its rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import structlog
from bleak.exc import BleakError

from device_drivers.errors import BondLost, DeviceRefused, LinkLost
from device_drivers.sessions import End, Session, SessionResult
from firmware_profiles import Profile
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.radio.adapters.station import Station
from gateway.radio.contracts import DeviceBook, RadioSink, Severity
from gateway.radio.host import Adapter
from gateway.radio.pairing import Permit, Relay
from gateway.radio.seen import Device
from gateway.radio.visits.bonds import Bonds
from gateway.radio.visits.connection import Arrival, Conversation
from gateway.radio.visits.link import BleakLink
from gateway.radio.visits.memory import DeviceMemory
from gateway.radio.visits.refusals import Refusals

log = structlog.get_logger(__name__)

PAIRING_PAUSE_S: Final = 5.0  # a technician is waiting
NOBODY: Final = Permit(agent=None, relay=Relay())


@dataclass(slots=True, kw_only=True)
class Visitor:
    """Visits devices, several at a time.

    Attributes:
        sessions: by driver name.
        changed: called when a bond became stale or was mended, and when a refusal began or was over.
        motions_dropped: pieces of motion that nobody took in time.
    """

    book: DeviceBook
    sink: RadioSink
    clock: Clock
    tz: tzinfo
    rng: random.Random
    sessions: Mapping[str, Session]
    bonds: Bonds
    refusals: Refusals
    changed: Callable[[], None]
    motions_dropped: int = 0

    async def visit(self, station: Station, device: Device, permit: Permit | None) -> None:
        """Never raises; `device.profile` says how it is spoken to."""
        profile, adapter, signal = device.profile, station.adapter, device.signals.get(station.name)
        if profile is None or adapter is None or signal is None:
            return
        session = self.sessions.get(profile.driver)
        if session is None:
            self.say(device, f"its profile names the unknown driver {profile.driver!r}: correct it.", Severity.FAULT)
            device.rest.stale(self.clock.monotonic(), self.rng)
            return
        allowed = permit or NOBODY
        conversation = Conversation(
            self._arrival(station, adapter, device, profile), self.clock, self.sink, allowed.relay, station.alive
        )
        link = BleakLink(
            adapter,
            signal.ble,
            may_pair=permit is not None or self._may_pair(adapter, device),
            agent=allowed.agent,
            first=device.streams,
            on_bonded=lambda: self._bonded(device, allowed.relay),
        )
        allowed.relay.connecting()
        try:
            memory = DeviceMemory(self.book, device.address, await self.book.memory(device.address))
            bonded = await adapter.bonded(device.address)
            try:
                async with link:
                    result = await conversation.run(session, link, self.tz, memory, answers=lambda: link.answers)
            except LinkLost as lost:
                raise self.bonds.judge(device, link, lost, bonded=bonded) from lost
        except BondLost as error:
            self._bond_lost(adapter, device, error)
            allowed.relay.failed(error)
        except (LinkLost, DeviceRefused) as error:
            self._broke_off(device, error, conversation, hurried=permit is not None)
            allowed.relay.failed(error)
        except StoreError as error:
            pause = device.rest.failed(self.clock.monotonic(), self.rng)
            self.say(device, f"the store cannot be asked ({error}); trying again in {pause:.0f} s.", Severity.WARNING)
        except (BleakError, EOFError, OSError) as error:
            pause = device.rest.failed(self.clock.monotonic(), self.rng)
            words = f"the Bluetooth service cannot be asked ({str(error) or type(error).__name__})"
            self.say(device, f"{words}; trying again in {pause:.0f} s.", Severity.WARNING)
        except Exception as defect:
            # Supervises one device: whatever its bytes bring about, the others (a strap that may have to tell of a
            # fall) are not touched. A defect of ours, so its stack goes to the log and a person is told.
            log.exception("session failed unexpectedly", device=device.address)
            pause = device.rest.failed(self.clock.monotonic(), self.rng)
            kind = type(leaf(defect)).__name__
            words = f"what it sent could not be handled ({kind}); trying again in {pause:.0f} s."
            self.say(device, f"{words} Please report this with the log.", Severity.FAULT)
            allowed.relay.failed(DeviceRefused(words))
        else:
            self._succeeded(device, result, conversation)
            allowed.relay.ended(result.end)
        finally:
            device.identity = conversation.device.identity
            device.last_useful = max(filter(None, (device.last_useful, conversation.last_useful)), default=None)
            self.motions_dropped += conversation.dropped_motions

    def say(self, device: Device, words: str, severity: Severity) -> None:
        """A sentence about a device, for people and the log."""
        log.info("device", device=device.address, name=device.name, severity=severity.value, words=words)
        self.sink.device_state(device.address, f"{device.words()}: {words}", severity)

    def _may_pair(self, adapter: Adapter, device: Device) -> bool:
        if device.address in self.bonds.told_to_pair:
            return True
        wanted = device.wanted
        return (
            wanted is not None and wanted.may_pair and adapter.notice is None and device.address not in self.bonds.stale
        )

    def _arrival(self, station: Station, adapter: Adapter, device: Device, profile: Profile) -> Arrival:
        return Arrival(
            address=device.address,
            name=device.name,
            profile=profile,
            adapter=adapter.address,
            simulated=station.host.simulated,
            identity=device.identity or (None if device.wanted is None else device.wanted.identity),
        )

    def _bonded(self, device: Device, relay: Relay) -> None:
        self.bonds.told_to_pair.discard(device.address)
        self.say(device, "paired.", Severity.INFORMATION)
        relay.bonded()

    def _succeeded(self, device: Device, result: SessionResult, conversation: Conversation) -> None:
        now = self.clock.monotonic()
        device.rest.succeeded(now, self.rng, readings=conversation.readings)
        device.last_visit = now
        if self.bonds.mended(device):
            self.changed()
        if result.end is End.NOT_MEASURING:
            self._refused(device, "it offers no measurement that this gateway knows.", Severity.FAULT)
        elif result.end is End.NO_CODE:
            words = f"it has users and gave nothing: 'huoma device code {device.address}' enters the code of one."
            self._refused(device, words, Severity.WARNING)
        else:
            self._refuses_no_more(device)
            if conversation.readings:
                received = "1 reading" if conversation.readings == 1 else f"{conversation.readings} readings"
                self.say(device, f"{received} received.", Severity.INFORMATION)

    def _broke_off(
        self, device: Device, error: LinkLost | DeviceRefused, conversation: Conversation, *, hurried: bool
    ) -> None:
        brought = conversation.last_useful is not None
        if brought and self.bonds.mended(device):
            self.changed()
        longest_s = PAIRING_PAUSE_S if hurried else None
        pause = device.rest.failed(self.clock.monotonic(), self.rng, brought=brought, longest_s=longest_s)
        again = f"{error}; trying again in {pause:.0f} s."
        if isinstance(error, DeviceRefused):  # also when it brought something: another user's, or not all it should
            self.say(device, again, Severity.FAULT)
            self._stands(device, f"{error}.")
            return
        if brought:
            self._refuses_no_more(device)
        self.say(device, again, Severity.WARNING)

    def _refused(self, device: Device, words: str, severity: Severity) -> None:
        self.say(device, words, severity)
        self._stands(device, words)

    def _stands(self, device: Device, words: str) -> None:
        if self.refusals.stands(device, words):
            self.changed()

    def _refuses_no_more(self, device: Device) -> None:
        if self.refusals.over(device.address):
            self.changed()

    def _bond_lost(self, adapter: Adapter, device: Device, error: BondLost) -> None:
        if device.address in self.bonds.told_to_pair:
            # It called before somebody had put it into pairing mode: they are at it now, and an hour would be too long.
            device.rest.failed(self.clock.monotonic(), self.rng, longest_s=PAIRING_PAUSE_S)
            words = f"{error}. Put it into pairing mode and follow the steps of its profile."
        else:
            suspected = isinstance(error.__cause__, LinkLost)
            device.rest.stale(self.clock.monotonic(), self.rng, suspected=suspected)
            words = (
                f"{error}. Pair it again: run 'huoma device pair-again {device.address}', put it into pairing mode and "
                "follow the steps of its profile."
            )
        if adapter.notice is not None:
            words = f"{words} {adapter.notice}"
        sentence = f"{device.words()}: {words}"
        said, self.bonds.stale[device.address] = self.bonds.stale.get(device.address), sentence
        if said != sentence:
            self.say(device, words, Severity.FAULT)
            self.changed()


def leaf(error: BaseException) -> BaseException:
    """The first error within a task group's."""
    return leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error

"""The flow of one pairing, without any I/O: told what happens, it says it in words and what is to be done next."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from device_drivers.errors import BondLost, CodeNeeded, DeviceError, DeviceRefused, KeyNeeded, LinkLost
from device_drivers.sessions.base import End
from firmware_profiles import Catalogue, Profile
from gateway.core.words import with_article
from gateway.ingest.received import ClockMeasurement, KnownDevice
from gateway.pairing import sentences
from gateway.pairing import verdict as say
from gateway.pairing.bonding import Bonding
from gateway.pairing.choice import Choice
from gateway.pairing.consent_codes import ConsentCodes
from gateway.pairing.log import PairingLog
from gateway.pairing.measured import FirstMeasurement, Measured
from gateway.pairing.model import Act, Ask, AskKind, Candidate, Outcome, PairingRequest, Phase
from gateway.pairing.who import clock_found, introduction, learnt, model_of, other_model, sentence, steps_of

BATTERY: Final = "battery"
NAMELESS_S: Final = 5.0  # a name comes with the scan response: some advertising intervals behind the first sight


class Flow:
    """The state of one pairing. `acts` is emptied by the runner."""

    def __init__(
        self, request: PairingRequest, *, catalogue: Catalogue, broadcast: Collection[str], log: PairingLog,
        free: Callable[[str], bool] = lambda _address: True,
    ) -> None:  # fmt: skip
        self.request = request
        self.phase = Phase.LOOKING
        self.address: str | None = None
        self.ask: Ask | None = None
        self.candidates: tuple[Candidate, ...] = ()
        self.outcome: Outcome | None = None
        self.verdict: str | None = None
        self.found: dict[str, Any] = {}
        self.acts: list[Act] = []
        self.bonding = Bonding()
        self.owned: bool | None = None  # before this pairing; None as long as nobody has looked
        self.assigned_at: datetime | None = None
        self.profile: Profile | None = catalogue.get(request.profile_id) if request.profile_id else None
        self._catalogue = catalogue
        self._broadcast = broadcast
        self._log = log
        self._choice = Choice(request, self.profile, log, free)
        self.device: KnownDevice | None = None
        self._clock_said = False
        self._session_ended = False
        self._assigning = False
        self.codes = ConsentCodes()
        self._first_heard: float | None = None
        self._first = FirstMeasurement(request, self.found, log)
        self._tell_steps()

    # ---- looking and choosing -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Once, before anything else."""
        if self.phase is Phase.ENDED:  # cancelled already
            return
        if self.request.address is not None:
            self._choose(self.request.address)
            return
        what = "a device" if self.profile is None else with_article(self._model())
        self._log.say("looking", f"Looking for {what} in pairing mode.")

    def heard(self, candidates: tuple[Candidate, ...], now: float) -> None:
        """What the radio hears at this moment."""
        if self.phase is Phase.ENDED:
            return
        self.candidates = candidates
        if self.address is not None:
            self._chosen_one_heard(next((one for one in candidates if one.address == self.address), None), now)
            return
        chosen = self._choice.look(candidates, now)
        if chosen is not None:
            self._choose(chosen.address)
            return
        if self._choice.question != (self.ask.words if self.ask else None):
            words = self._choice.question
            self.ask = None if words is None else Ask(kind=AskKind.SELECT, words=words)
            if words is not None:
                self._log.say("ask", words, ask=AskKind.SELECT.value)

    def select(self, address: str) -> str | None:
        """A person says which. Returns why not."""
        if self.phase is not Phase.LOOKING:
            return "A device is chosen already: cancel this pairing and begin another."
        one = next((one for one in self.candidates if one.address == address.upper()), None)
        if one is None:
            return f"{address} is not heard now: put it into pairing mode, and look at the list again."
        why = self._choice.refusal(one)
        if why is None:
            self._choose(one.address)
        return why

    def _choose(self, address: str) -> None:
        self.address, self.ask, self.phase = address, None, Phase.CALLING
        one = next((one for one in self.candidates if one.address == address), None)
        self._log.say("chosen", f"Chosen: {one.words() if one else address}.", address=address)
        if one is not None and one.name is not None:
            self._take_profile(one)
        if self.phase is Phase.CALLING:
            self.acts.append(Act.LISTEN)
            self._if_it_only_advertises()

    def _chosen_one_heard(self, one: Candidate | None, now: float) -> None:
        if one is None:
            return
        self._first_heard = now if self._first_heard is None else self._first_heard
        self.found["rssi"] = one.rssi
        if one.name is None and now - self._first_heard <= NAMELESS_S:
            return  # its services alone may make another model of it
        if self.profile is None or (self.device is None and one.profile_id not in (None, self.profile.id)):
            self._take_profile(one)
            self._if_it_only_advertises()
        if one.profile_id is None and self.profile is None and now - self._first_heard > NAMELESS_S:
            self._fail(say.no_profile(one))

    def _take_profile(self, one: Candidate) -> None:
        found = self._catalogue.get(one.profile_id) if one.profile_id else None
        if found is not None and found is not self.profile and not self._is_another(found, one.address):
            self.profile = found
            self._tell_steps()

    def _is_another(self, found: Profile | None, address: str) -> bool:
        asked = self.profile
        if found is None or asked is None or self.request.profile_id in (None, found.id):
            return False
        self._fail(say.another_model(address, found, asked))
        return True

    def _if_it_only_advertises(self) -> None:
        """It needs no connection: it is given to the resident at once."""
        if self.phase is Phase.CALLING and self.profile is not None and self.profile.driver in self._broadcast:
            self._session_ended = True  # there is none to wait for
            self._assign()

    def _tell_steps(self) -> None:
        if self.profile is not None:
            self._log.say("steps", f"Steps for the {self._model()}.", model=self._model(), steps=list(self.steps))

    @property
    def steps(self) -> tuple[str, ...]:
        """What the technician does, in the language asked for where there is one."""
        return steps_of(self.profile, self.request.language)

    def _model(self) -> str:
        return model_of(self.profile, self.device)

    @property
    def model(self) -> str | None:
        """Of the chosen device, for people."""
        return None if self.profile is None and self.device is None else self._model()

    # ---- the connection -----------------------------------------------------------------------------------------

    def connecting(self) -> None:
        """It called."""
        if self.codes.asks(self.ask):
            return
        if self.phase is Phase.CALLING:
            self.phase = Phase.PREPARING
        if self.phase is Phase.PREPARING:
            self._log.say("connecting", "It calls: connecting.")

    def bond_made(self) -> None:
        """A bond was made on this connection."""
        if self.phase is Phase.ENDED:
            return
        self.bonding.bonded()
        self.ask = None
        self.found["bond"] = "bonded"
        self._log.say("bonded", "Bonded: the device and this gateway have keys for each other.")
        self._advance()

    def known(self, device: KnownDevice) -> None:
        """It told who it is."""
        if self.phase is Phase.ENDED or device == self.device:
            return
        first, found = self.device is None, self._catalogue.get(device.profile_id)
        # It may speak before the list of those that are heard is looked at.
        if first and found is not None and not found.generic and self._is_another(found, device.address):
            return
        self.device = device
        if self.profile is None:
            self.profile = found
            self._tell_steps()
        wrong = other_model(self._catalogue, self.profile, device.information.model)
        if wrong is not None:
            self._fail(say.calls_itself(wrong, self._model()))
            return
        self.found |= learnt(device)
        if first:
            self._log.say("identified", introduction(self._model(), device), identity=device.identity)

    def clock(self, offset: ClockMeasurement, *, synchronised: bool) -> None:
        """Its clock was read, and perhaps set."""
        if self.phase is Phase.ENDED:
            return
        self.found["clock"] = clock_found(offset)
        if not self._clock_said:
            self._clock_said = True
            self._log.say("clock", sentences.clock(offset, synchronised=synchronised), **self.found["clock"])
        self._assign()

    def broke_off(self, error: DeviceError) -> None:
        """The connection failed."""
        if self.phase is Phase.ENDED:
            return
        if isinstance(error, KeyNeeded):
            self._bind_key(say.bind_key_needed(str(error)))
            return
        if isinstance(error, CodeNeeded):
            self._code_needed(error)
            return
        if isinstance(error, LinkLost) and self.codes.asks(self.ask):
            return
        digits, self.ask = self.bonding.ended(), None
        if isinstance(error, BondLost):
            self._bond_failed(str(error), digits=digits)
        elif isinstance(error, DeviceRefused):
            self._fail(f"The device refuses: {sentence(error)} Follow the steps from the first, or call for support.")
        else:
            if self.phase is Phase.PREPARING:
                self.phase = Phase.CALLING
            self._log.say(
                "broke-off", f"The connection broke off ({error}): keep it near; it is tried again when it calls."
            )

    def _bond_failed(self, why: str, *, digits: bool) -> None:
        failure = self.bonding.failed(why, digits=digits)
        if failure.act is None:
            self._fail(failure.words)
        else:
            self._log.say(failure.code, failure.words)
            self._call_again(failure.act)

    def _bind_key(self, words: str) -> None:
        if self.ask is None or self.ask.kind is not AskKind.BIND_KEY:
            self.question(Ask(kind=AskKind.BIND_KEY, words=words))

    def _code_needed(self, error: CodeNeeded) -> None:
        """The device calls again and again while a person looks the code up: it is asked for once."""
        if self.codes.asks(self.ask):
            return
        ask = self.codes.needed(error)
        if ask is None:
            self._fail(self.codes.verdict())
        else:
            self.question(ask)

    def _code_not_needed(self) -> None:
        """It gives without, or somebody made room on it meanwhile."""
        self.codes.not_needed()
        if self.codes.asks(self.ask):
            self.answered()

    def doubted(self, why: str) -> None:
        """A press came that somebody may imitate: it proves nothing."""
        self._bind_key(say.not_believed(why, self.address))

    def _call_again(self, act: Act) -> None:
        self.phase = Phase.CALLING
        self.bonding.begins_anew()
        self.found.pop("bond", None)
        self.acts.append(act)

    def session_ended(self, end: End) -> None:
        """The session ran to its end."""
        if self.phase is Phase.ENDED:
            return
        if end is End.NOT_MEASURING:
            self._fail("It offers no measurement that this gateway knows: record it with 'huoma capture'.")
            return
        self._session_ended = True
        if not self._clock_said and self.device is not None:
            self._clock_said = True
            self.found["clock"] = {"state": "none"}
            self._log.say("clock", sentences.clock(None, synchronised=True), state="none")
        if end is not End.NO_CODE:
            self._code_not_needed()
        self._assign()
        self._advance()
        if end is End.NO_CODE and not self._first.kinds and not self.codes.asks(self.ask):
            self.question(self.codes.perhaps())

    def question(self, ask: Ask) -> None:
        """Something that only a person can answer."""
        if self.phase is Phase.ENDED:
            return
        self.bonding.asks(ask.kind)
        self.ask = ask
        extra = {} if ask.number is None else {"number": ask.number}
        self._log.say("ask", ask.words, ask=ask.kind.value, **extra)

    def answered(self) -> None:
        """It was; what it was is nobody's business."""
        if self.codes.asks(self.ask):
            self.codes.answered = True  # and proven when the device takes it
        self.ask = None
        self._log.say("answered", "Answered.")

    # ---- whose it is, and the first measurement -----------------------------------------------------------------

    def _assign(self) -> None:
        if not self._assigning and self.phase is not Phase.ENDED:
            self._assigning = True
            self.acts.append(Act.ASSIGN)

    def is_user(self, user: int) -> None:
        """A person says which user of the device the resident is."""
        self._first.user_slot = user

    def assign_later(self) -> None:
        """Whose it is can be said when more is known."""
        self._assigning = False

    def assigned(self, at: datetime, words: str, user_slot: int | None = None) -> None:
        """The device is the resident's from this moment, as this user of it where it has users."""
        self._first.user_slot = self._first.user_slot if user_slot is None else user_slot
        self.assigned_at = at
        self._log.say("assigned", words)
        for measured in self._first.waited():
            self.measured(measured)
        self._advance()

    @property
    def prepared(self) -> bool:
        """Everything but the first measurement is done."""
        done = self.bonding.made or self._session_ended or bool(self._first.kinds)
        return self.assigned_at is not None and done and self.codes.refused is None

    def measured(self, measured: Measured) -> None:
        """A reading was committed, or a press came, or a piece of motion."""
        if self.phase is Phase.ENDED or measured.kind == BATTERY:  # of itself it measures nothing of anybody
            return
        self._code_not_needed()
        self._assign()
        self._first.came(measured, self.assigned_at)
        self._advance()

    def missing(self) -> str | None:
        """The kind that has to come and has not; "measurement" for any."""
        return self._first.missing(self.profile)

    def _advance(self) -> None:
        if self.phase is Phase.ENDED or not self.prepared:
            return
        missing = self.missing()
        if missing is None:
            self._end(Outcome.READY, say.ready(self._model(), self.found), Act.KEEP)
        elif self.phase is not Phase.MEASURING:
            self.phase = Phase.MEASURING
            last = self.steps[-1] if self.steps else "Measure once."
            self._log.say("measure", f"Paired. Waiting for a first {sentences.kinds((missing,))}. {last}")

    # ---- ends ---------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """The technician gives up."""
        self._end(Outcome.CANCELLED, say.cancelled(self.owned), Act.UNDO)

    def time_is_up(self, waited_s: float) -> None:
        """Nothing happened for too long."""
        if self.codes.refused is not None:
            self._fail(self.codes.verdict())
        elif self.prepared:
            missing = self.missing() or "measurement"
            self._end(Outcome.UNPROVEN, say.not_proven(self._model(), missing, waited_s, self._first.kinds), Act.KEEP)
        else:
            verdict = say.timed_out(self.phase, self.model, waited_s, self.candidates, self.address, self.request)
            self._end(Outcome.TIMED_OUT, verdict, Act.UNDO)

    def impossible(self, words: str) -> None:
        """The gateway cannot go on: store, radio, or whose it is."""
        self._fail(words)

    def _fail(self, words: str) -> None:
        self._end(Outcome.FAILED, words, Act.UNDO)

    def _end(self, outcome: Outcome, verdict: str, act: Act) -> None:
        if self.phase is Phase.ENDED:
            return
        self.phase, self.outcome, self.verdict, self.ask = Phase.ENDED, outcome, verdict, None
        self.found.setdefault("bond", "none")
        self.acts = [act]

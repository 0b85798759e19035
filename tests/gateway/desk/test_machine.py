"""The state machine: its words one by one, then its invariants over random orders of commands."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from gateway.core.errors import Conflict, Invalid, NotFound, StoreError
from gateway.desk import machine
from gateway.desk.events import Alert, AlertEvent, EventType, Priority, State, Verdict
from gateway.desk.machine import EPISODE_S, MAX_EVIDENCE_WITNESSES, MAX_NOTE, Decision, Report
from tests.gateway.desk.words import AT, KITCHEN, ORIGIN, RESIDENT, fall

LATER = AT + timedelta(minutes=3)


def report(known: Alert | None, one: Report | None = None, new_id: str = "a1") -> Decision:
    return machine.decide_report(known, one or fall(), new_id=new_id, origin=ORIGIN)


def acknowledge(known: Alert | None, actor: str = "aino", at: datetime = LATER) -> Decision:
    return machine.decide_acknowledge(known, actor=actor, at=at)


def resolve(known: Alert | None, verdict: str = "real", actor: str = "aino", note: str | None = None) -> Decision:
    return machine.decide_resolve(known, actor=actor, verdict=verdict, note=note, at=LATER)


def test_a_finding_raises_an_alert_that_says_what_it_found() -> None:
    decision = report(None)
    alert = decision.alert
    assert (alert.id, alert.state, alert.priority, alert.probability) == ("a1", State.RAISED, Priority.HIGH, 0.9)
    assert (alert.subject, alert.condition, alert.raised_at) == (RESIDENT, "fall", AT)
    assert (alert.witnesses, alert.notified, alert.last_sequence) == (1, 0, 1)
    assert decision.evidence == fall().evidence
    assert [one.type for one in decision.events] == [EventType.RAISED]


def test_a_further_finding_is_a_witness_that_only_raises() -> None:
    first = report(None, fall(priority=Priority.MEDIUM, probability=0.6)).alert
    stronger = report(first, fall(priority=Priority.HIGH, probability=0.8), new_id="other").alert
    weaker = report(stronger, fall(priority=Priority.LOW, probability=0.1)).alert
    silent = report(weaker, fall(probability=None)).alert
    assert silent.id == "a1"
    assert (silent.priority, silent.probability, silent.witnesses) == (Priority.HIGH, 0.8, 4)


def test_a_witness_after_the_acknowledgement_joins_and_undoes_nothing() -> None:
    held = acknowledge(report(None).alert).alert
    decision = report(held, new_id="other")
    assert decision.alert == replace(held, witnesses=2, last_sequence=3)
    assert decision.events[0].data["state"] == "acknowledged"


def joins(known: Alert, seconds: float) -> bool:
    """Whether a finding so long after the acknowledgement is of the same episode."""
    return report(known, fall(at=LATER + timedelta(seconds=seconds)), new_id="a2").alert.id == known.id


@pytest.mark.parametrize("seconds", [0.0, 1.0, EPISODE_S - 0.001, -EPISODE_S + 0.001])
def test_a_finding_about_the_time_of_the_acknowledgement_is_of_that_episode(seconds: float) -> None:
    assert joins(acknowledge(report(None).alert).alert, seconds)


@pytest.mark.parametrize("seconds", [EPISODE_S, 3 * 3600.0, -EPISODE_S, -57 * 365 * 86400.0, 70 * 365 * 86400.0])
def test_a_finding_long_after_the_acknowledgement_or_by_another_clock_is_a_new_alert(seconds: float) -> None:
    held = acknowledge(report(None).alert).alert
    again = report(held, fall(at=LATER + timedelta(seconds=seconds)), new_id="a2")
    assert (again.alert.id, again.alert.state, again.alert.last_sequence) == ("a2", State.RAISED, 1)
    assert again.evidence == fall().evidence


def test_a_detector_that_goes_on_and_on_does_not_keep_a_later_fall_quiet() -> None:
    alert = acknowledge(report(None).alert).alert
    for minute in range(1, 10):
        alert = report(alert, fall(at=LATER + timedelta(minutes=minute)), new_id="a2").alert
        assert alert.id == "a1"
    assert not joins(alert, EPISODE_S)


@pytest.mark.parametrize("seconds", [EPISODE_S, 10 * 86400.0, -86400.0])
def test_a_finding_of_any_time_is_a_witness_while_the_alert_is_raised(seconds: float) -> None:
    assert joins(report(None).alert, seconds)


def test_a_finding_after_the_resolution_is_a_new_alert() -> None:
    done = resolve(report(None).alert).alert
    again = report(done, new_id="a2").alert
    assert (again.id, again.state, again.last_sequence) == ("a2", State.RAISED, 1)


def test_the_evidence_of_a_stuck_detector_is_bounded_and_its_names_differ() -> None:
    alert: Alert | None = None
    names: list[str] = []
    for _ in range(3 * MAX_EVIDENCE_WITNESSES):
        decision = report(alert)
        alert = decision.alert
        names += [one.name for one in decision.evidence]
        assert decision.events[0].data["evidence"] == [one.name for one in decision.evidence]
    assert len(names) == len(set(names)) == MAX_EVIDENCE_WITNESSES


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_a_finding_is_not_thrown_away_for_a_bad_probability(bad: float) -> None:
    assert report(None, fall(probability=bad)).alert.probability is None
    assert report(report(None).alert, fall(probability=bad)).alert.probability == 0.9


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(Invalid, match="condition"):
        report(None, fall(condition=" "))
    with pytest.raises(Invalid, match="zone"):
        report(None, fall(at=datetime(2026, 3, 1)))  # noqa: DTZ001  # that is the point
    with pytest.raises(Invalid, match="not about"):
        report(report(None).alert, fall(subject=KITCHEN, at=AT + timedelta(minutes=1)))


def test_who_acknowledges_has_it() -> None:
    alert = acknowledge(report(None).alert).alert
    assert (alert.state, alert.acknowledged_by, alert.acknowledged_at) == (State.ACKNOWLEDGED, "aino", LATER)


@pytest.mark.parametrize("actor", ["aino", "bertta"])
def test_the_second_acknowledgement_is_told_who_has_it_since_when(actor: str) -> None:
    alert = acknowledge(report(None).alert).alert
    with pytest.raises(Conflict, match=r"a1 is with aino, who acknowledged it at 2026-03-01T08:03:00\+00:00"):
        acknowledge(alert, actor=actor)


def test_a_resolved_alert_takes_no_answer_any_more() -> None:
    alert = resolve(report(None).alert, verdict="false").alert
    with pytest.raises(Conflict, match="was resolved as 'false' by aino at 2026"):
        acknowledge(alert)
    with pytest.raises(Conflict, match="was resolved as 'false' by aino at 2026"):
        resolve(alert, actor="bertta")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_resolving_from_raised_implies_the_acknowledgement_in_the_same_append(verdict: Verdict) -> None:
    decision = resolve(report(None).alert, verdict=verdict.value, note="")
    assert [(one.type, one.actor) for one in decision.events] == [
        (EventType.ACKNOWLEDGED, "aino"),
        (EventType.RESOLVED, "aino"),
    ]
    alert = decision.alert
    assert (alert.state, alert.verdict, alert.note) == (State.RESOLVED, verdict, None)
    assert (alert.acknowledged_by, alert.resolved_by, alert.resolved_at) == ("aino", "aino", LATER)


def test_a_colleague_may_resolve_what_another_acknowledged() -> None:
    alert = resolve(acknowledge(report(None).alert).alert, actor="bertta", note="was asleep").alert
    assert (alert.acknowledged_by, alert.resolved_by, alert.note) == ("aino", "bertta", "was asleep")


def test_refusals_say_what_would_be_right() -> None:
    alert = report(None).alert
    with pytest.raises(Invalid, match=r"'maybe' is no verdict: give one of real, false, test, .*technical"):
        resolve(alert, verdict="maybe")
    with pytest.raises(Invalid, match=str(MAX_NOTE)):
        resolve(alert, note="x" * (MAX_NOTE + 1))
    for actor in ("", "  ", "a\nb", "x" * 1000):
        with pytest.raises(Invalid, match="name of the user"):
            acknowledge(alert, actor=actor)
        with pytest.raises(Invalid, match="name of the user"):
            resolve(alert, actor=actor)
    for refused in (acknowledge, resolve):
        with pytest.raises(NotFound):
            refused(None)


def test_notifications_are_counted_and_change_no_state() -> None:
    held = acknowledge(report(None).alert).alert
    sent = machine.decide_notified(held, channel="w", attempt=7, count=3, failed_before=2, at=LATER).alert
    assert sent == replace(held, notified=3, last_sequence=3)
    failed = machine.decide_notification_failed(sent, channel="w", attempt=8, count=5, reason="x", at=LATER).alert
    assert failed == replace(sent, last_sequence=4)


def history() -> list[AlertEvent]:
    events: list[AlertEvent] = []
    first = report(None)
    second = report(first.alert)
    third = machine.decide_notified(second.alert, channel="w", attempt=1, count=1, failed_before=0, at=AT)
    fourth = acknowledge(third.alert)
    fifth = report(fourth.alert)
    for decision in (first, second, third, fourth, fifth, resolve(fifth.alert)):
        events += decision.events
    return events


@given(order=st.permutations(range(6)), renumber=st.booleans())
def test_events_in_any_order_fold_to_a_sound_alert_or_are_called_damaged(order: list[int], renumber: bool) -> None:
    events = [history()[place] for place in order]
    if renumber:
        events = [replace(one, sequence=number) for number, one in enumerate(events, start=1)]
    try:
        alert = machine.fold_all(events)
    except StoreError as error:
        assert "damaged" in str(error)  # noqa: PT017  # either outcome is right, nothing else is
        return
    assert alert is not None
    assert alert.state is State.RESOLVED
    assert events[0].type is EventType.RAISED
    assert events[-1].type in {EventType.RESOLVED, EventType.NOTIFIED}


def test_an_event_that_the_state_does_not_allow_is_called_damaged() -> None:
    raised = report(None).alert
    held = acknowledge(raised).alert
    done = resolve(held).alert
    for alert, kinds in {
        raised: (EventType.RAISED, EventType.RESOLVED),
        held: (EventType.RAISED, EventType.ACKNOWLEDGED),
        done: (EventType.RAISED, EventType.WITNESS, EventType.ACKNOWLEDGED, EventType.RESOLVED),
    }.items():
        for kind in kinds:
            event = replace(report(None).events[0], sequence=alert.last_sequence + 1, type=kind)
            with pytest.raises(StoreError, match=f"it was {kind} while {alert.state}"):
                machine.fold(alert, event)


@pytest.mark.parametrize("missing", ["kind", "condition", "priority", "probability", "summary", "subject"])
def test_a_first_event_that_cannot_be_read_is_called_damaged(missing: str) -> None:
    first = report(None).events[0]
    data = {key: value for key, value in first.data.items() if key != missing}
    with pytest.raises(StoreError, match="damaged"):
        machine.fold(None, replace(first, data=data))


_ORDER = (State.RAISED, State.ACKNOWLEDGED, State.RESOLVED)
_CONDITIONS = ("fall", "no-recovery")


class DeskMachine(RuleBasedStateMachine):
    """Findings, answers and notifications in any order, some decided on a state that is no longer the newest.

    Invariants:
    1. A state never goes back; who acknowledged, who resolved and the verdict never change once set.
    2. At most one alert per subject and condition is raised.
    3. Every finding is in exactly one alert: the witnesses of all alerts add up to the findings reported.
    4. Priority and probability of an alert only rise.
    5. An alert is the fold of its events, numbered from 1 without gaps; its id, subject and condition never change.
    6. After a finding that is not within EPISODE_S of what a person last knew of, an alert is raised.
    """

    alerts = Bundle("alerts")

    def __init__(self) -> None:
        super().__init__()
        self.newest: dict[str, Alert] = {}
        self.events: dict[str, list[AlertEvent]] = {}
        self.reported = 0
        self.now = AT

    def commit(self, decision: Decision) -> bool:
        """As a store does: refuses a decision made on an old state."""
        known = self.newest.get(decision.alert.id)
        if decision.events[0].sequence != (known.last_sequence + 1 if known else 1):
            return False
        if known is None and self.raised(decision.alert.subject.id, decision.alert.condition):
            return False
        if known is not None:
            self.compare(known, decision.alert)
        self.newest[decision.alert.id] = decision.alert
        self.events.setdefault(decision.alert.id, []).extend(decision.events)
        return True

    def compare(self, before: Alert, after: Alert) -> None:
        assert _ORDER.index(after.state) >= _ORDER.index(before.state)
        for word in ("acknowledged_by", "acknowledged_at", "resolved_by", "resolved_at", "verdict", "note"):
            if before.state is State.RESOLVED or (before.state is State.ACKNOWLEDGED and word.startswith("ack")):
                assert getattr(after, word) == getattr(before, word)
        assert (after.id, after.subject, after.condition) == (before.id, before.subject, before.condition)
        assert after.priority.rank >= before.priority.rank
        assert (after.probability or 0.0) >= (before.probability or 0.0)

    def open(self, subject_id: str, condition: str) -> list[Alert]:
        return [
            one
            for one in self.newest.values()
            if (one.subject.id, one.condition) == (subject_id, condition) and one.state is not State.RESOLVED
        ]

    def raised(self, subject_id: str, condition: str) -> list[Alert]:
        return [one for one in self.open(subject_id, condition) if one.state is State.RAISED]

    def episode(self, subject_id: str, condition: str) -> Alert | None:
        found = self.raised(subject_id, condition) or self.open(subject_id, condition)
        return found[-1] if found else None

    @rule(minutes=st.integers(-90, 90) | st.just(-30_000_000))
    def time_passes_or_the_clock_is_set(self, minutes: int) -> None:
        self.now = max(AT - timedelta(days=20_000), self.now + timedelta(minutes=minutes))

    @rule(
        target=alerts,
        subject=st.sampled_from([RESIDENT, KITCHEN]),
        condition=st.sampled_from(_CONDITIONS),
        priority=st.sampled_from(list(Priority)),
        probability=st.none() | st.floats(0, 1),
    )
    def report(self, subject: object, condition: str, priority: Priority, probability: float | None) -> object:
        one = fall(subject=subject, condition=condition, priority=priority, probability=probability, at=self.now)
        known = self.episode(one.subject.id, condition)
        decision = machine.decide_report(known, one, new_id=f"a{len(self.newest)}", origin=ORIGIN)
        assert self.commit(decision)
        self.reported += 1
        answered = known.acknowledged_at if known is not None else None
        if answered is None or abs((self.now - answered).total_seconds()) >= EPISODE_S:
            assert decision.alert.state is State.RAISED
        return decision.alert

    @rule(alert=alerts)
    def report_on_what_was_true_once(self, alert: Alert) -> None:
        decision = machine.decide_report(
            alert,
            fall(subject=alert.subject, condition=alert.condition, at=self.now),
            new_id=f"a{len(self.newest)}",
            origin=ORIGIN,
        )
        self.reported += self.commit(decision)

    @rule(target=alerts, alert=alerts, actor=st.sampled_from(["aino", "bertta"]))
    def acknowledge(self, alert: Alert, actor: str) -> object:
        if alert.state is not State.RAISED:
            with pytest.raises(Conflict):
                machine.decide_acknowledge(alert, actor=actor, at=self.now)
            return multiple()
        decision = machine.decide_acknowledge(alert, actor=actor, at=self.now)
        return decision.alert if self.commit(decision) else multiple()

    @rule(target=alerts, alert=consumes(alerts), actor=st.sampled_from(["aino", "bertta"]))
    def resolve(self, alert: Alert, actor: str) -> object:
        newest = self.newest[alert.id]
        if newest.state is State.RESOLVED:
            with pytest.raises(Conflict):
                machine.decide_resolve(newest, actor=actor, verdict="real", note=None, at=AT)
            return newest
        decision = machine.decide_resolve(newest, actor=actor, verdict="real", note=None, at=AT)
        assert self.commit(decision)
        return decision.alert

    @rule(alert=alerts)
    def notify(self, alert: Alert) -> None:
        newest = self.newest[alert.id]
        assert self.commit(
            machine.decide_notified(newest, channel="w", attempt=1, count=1, failed_before=0, at=AT),
        )

    @invariant()
    def one_raised_alert_per_subject_and_condition(self) -> None:
        for subject in (RESIDENT, KITCHEN):
            for condition in _CONDITIONS:
                assert len(self.raised(subject.id, condition)) <= 1

    @invariant()
    def no_finding_is_lost_or_doubled(self) -> None:
        assert sum(one.witnesses for one in self.newest.values()) == self.reported

    @invariant()
    def each_alert_is_the_fold_of_its_history(self) -> None:
        for alert_id, events in self.events.items():
            assert machine.fold_all(events) == self.newest[alert_id]
            assert [one.sequence for one in events] == list(range(1, len(events) + 1))


TestDeskMachine = DeskMachine.TestCase
TestDeskMachine.pytestmark = [pytest.mark.slow]  # type: ignore[attr-defined]  # how a unittest class is marked
TestDeskMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)

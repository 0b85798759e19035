"""False alerts a month from a resident's own verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import chi2

from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.events import Alert, AlertKind, Priority, State, Verdict
from gateway.desk.fall_history import FallHistory, fall_history, poisson

AINO, EINO = (Subject(type=SubjectType.RESIDENT, id=name) for name in ("aino", "eino"))
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def alert(
    verdict: Verdict | None, probability: float | None = 0.9, subject: Subject = AINO, condition: str = "fall"
) -> Alert:
    return Alert(
        id="x", kind=AlertKind.FALL, condition=condition, state=State.RESOLVED if verdict else State.RAISED,
        priority=Priority.HIGH, subject=subject, origin=Origin(organisation_id="o", home_id="h", gateway_id="g"),
        raised_at=NOW, probability=probability, summary="", device_identity=None, last_sequence=1, witnesses=1,
        notified=0, verdict=verdict, found_at=NOW, witnessed=(),
    )  # fmt: skip


def history(*alerts: Alert, days: float = 60.0) -> FallHistory:
    return fall_history(alerts, AINO, [(NOW - timedelta(days=days), None)], NOW)


def test_false_ones_a_month_as_it_was_and_stricter() -> None:
    found = history(
        alert(Verdict.FALSE, 0.65), alert(Verdict.FALSE, 0.85), alert(Verdict.ACCIDENTAL, 0.97),
        alert(Verdict.REAL, 0.75), alert(Verdict.REAL, 0.99), alert(Verdict.REAL, None),
        alert(Verdict.NOT_CONFIRMED), alert(None), alert(Verdict.TEST), alert(Verdict.TECHNICAL),
        alert(Verdict.FALSE, subject=EINO), alert(Verdict.FALSE, condition="help"),
    )  # fmt: skip
    assert (found.days, found.real, found.false, found.unknown) == (60.0, 3, 3, 2)
    curve = {one.probability: (one.false_alerts, one.per_month, one.real_falls) for one in found.curve}
    assert curve[0.0] == (3, 1.5, 3)
    assert curve[0.7] == (2, 1.0, 3)
    assert curve[0.8] == (2, 1.0, 2)
    assert curve[0.9] == (1, 0.5, 2)
    assert curve[0.99] == (0, 0.0, 2)


def test_the_interval_is_poissons() -> None:
    for count in (0, 1, 2, 5, 20, 100):
        low, high = poisson(count)
        exact = (chi2.ppf(0.025, 2 * count) / 2 if count else 0.0, chi2.ppf(0.975, 2 * count + 2) / 2)
        assert high == pytest.approx(exact[1], rel=0.01)
        assert low == pytest.approx(exact[0], rel=0.01, abs=0.02)


def test_two_wearables_at_a_time_are_one_span() -> None:
    day = timedelta(days=1)
    spans = [(NOW - 10 * day, NOW - 4 * day), (NOW - 8 * day, NOW - 6 * day), (NOW - 2 * day, None), (NOW, NOW + day)]
    assert fall_history([], AINO, spans, NOW).days == 8.0


def test_without_a_wearable_there_is_no_rate() -> None:
    assert fall_history([alert(Verdict.FALSE)], AINO, [], NOW).curve == ()

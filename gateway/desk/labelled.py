"""Suspected falls with what a nurse said of them: consented, under pseudonyms, for those who improve the detector.

Left out is everything that names a person, a home, a device or a day: names and ids, notes, times, serial numbers.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

from gateway.consent import Consent, ConsentStore
from gateway.desk.events import Alert, State, Verdict
from gateway.desk.findings import FALL_CONDITION, WORN
from gateway.desk.store import AlertStore

DATASET: Final = "dataset"  # the recipient that a resident consents to
DATA_TYPE: Final = "alert"
# What tells something about a fall. Tests are staged, and the others say nothing about the person.
LABELS: Final = frozenset({Verdict.REAL, Verdict.FALSE, Verdict.ACCIDENTAL, Verdict.NOT_CONFIRMED})
MOST: Final = 10_000  # alerts looked at, the newest
_ACCELERATION: Final = "acceleration"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFall:
    """One suspected fall.

    Attributes:
        person: pseudonym of the resident (or room), new with each export.
        number: of the person's, from 1, the oldest first.
        verdict: "real", "false", "accidental" or "not-confirmed".
        placement: where it was worn; None when that was not said.
        model: of the device, as profiles name it; None when it is not known any more.
        probability: the detector's at the time.
        rate_hz: of the samples.
        impact_s: from the first sample to the impact.
        samples: x, y, z in g; None where one was lost.
    """

    person: str
    number: int
    verdict: str
    placement: str | None
    model: str | None
    probability: float | None
    rate_hz: float
    impact_s: float
    samples: Sequence[Sequence[float | None]]


@dataclass(slots=True, kw_only=True)
class LeftOut:
    """How many suspected falls were not given, and why.

    Attributes:
        unlabelled: nobody has said what it was, or it was a test.
        without_consent: the resident has not agreed, or agreed later.
        undated_consent: it was given while the clock was not synchronised, so it is not known from when on it covers.
        without_samples: no acceleration was kept.
    """

    unlabelled: int = 0
    without_consent: int = 0
    undated_consent: int = 0
    without_samples: int = 0


async def labelled_falls(
    store: AlertStore,
    consents: ConsentStore,
    *,
    models: Mapping[str, str],
    left_out: LeftOut,
    pseudonym: Callable[[], str] = lambda: f"P{token_hex(4)}",
) -> AsyncIterator[LabelledFall]:
    """Suspected falls that may be given away, the oldest first.

    Args:
        store: where the alerts are.
        consents: a resident's word for the recipient `DATASET`; what happened before it began stays at home.
        models: what profiles call the devices, by identity.
        left_out: counted up while it goes on.
        pseudonym: makes a new one.
    """
    people: dict[tuple[str, str], str] = {}
    numbers: dict[str, int] = {}
    for alert in reversed(await store.find(limit=MOST)):
        if alert.condition != FALL_CONDITION:
            continue
        if alert.state is not State.RESOLVED or alert.verdict not in LABELS:
            left_out.unlabelled += 1
            continue
        word = await consents.word(alert.subject, DATASET, DATA_TYPE)
        if word.consent is Consent.GRANTED and word.begin is None:
            left_out.undated_consent += 1
            continue
        if word.consent is not Consent.GRANTED or (word.begin is not None and alert.raised_at < word.begin):
            left_out.without_consent += 1
            continue
        content = await _acceleration(store, alert)
        if content is None:
            left_out.without_samples += 1
            continue
        who = (alert.subject.type.value, alert.subject.id)
        if who not in people:
            people[who] = pseudonym()
        person = people[who]
        numbers[person] = numbers.get(person, 0) + 1
        yield LabelledFall(
            person=person,
            number=numbers[person],
            verdict=str(alert.verdict),
            placement=placement if (placement := content.get("placement")) in WORN else None,
            model=models.get(alert.device_identity or ""),
            probability=alert.probability,
            rate_hz=float(content["rate_hz"]),
            impact_s=-float(content["start_s"]),
            samples=content["samples"],
        )


async def _acceleration(store: AlertStore, alert: Alert) -> Mapping[str, Any] | None:
    """Of the first witness."""
    for evidence in await store.evidence(alert.id):
        if evidence.name == _ACCELERATION:
            content: Mapping[str, Any] = json.loads(evidence.content)
            return content if content["samples"] else None
    return None

"""From what a detector found to what the desk is told."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.core.subject import Subject
from gateway.desk.episodes import RADAR
from gateway.desk.events import AlertKind, Evidence, Priority
from gateway.desk.machine import Report

FALL_CONDITION: Final = "fall"  # of a fall and of what follows it: one episode, one alert
HELP_CONDITION: Final = "help"
EVIDENCE_S: Final = 10.0  # of acceleration: some seconds of ordinary life, the fall, and whether the person moved after

WORN: Final[Mapping[str, str]] = {
    "chest": "the chest strap",
    "wrist": "the wristband",
    "waist": "the sensor at the waist",
    "ankle": "the sensor at the ankle",
}

_FIXED: Final[Mapping[str, str]] = {
    "bedroom": "in the bedroom",
    "living-room": "in the living room",
    "kitchen": "in the kitchen",
    "bathroom": "in the bathroom",
    "toilet": "in the toilet",
    "hall": "in the hall",
}


def help_report(*, subject: Subject, at: datetime, device_identity: str | None, placement: str | None) -> Report:
    """Somebody pressed an alarm button.

    Args:
        subject: whose button it is; the home where several share it.
        at: when it was pressed, aware.
        device_identity: as `fall_report`.
        placement: the room of a button that nobody wears ("bathroom"); anything else is a pendant.
    """
    where = _FIXED.get(placement or "")
    with_what = "the alarm pendant" if where is None else f"the alarm button {where}"
    return Report(
        subject=subject,
        kind=AlertKind.PRESS,
        condition=HELP_CONDITION,
        priority=Priority.HIGH,
        probability=None,
        summary=f"Help requested with {with_what}",
        device_identity=device_identity,
        at=at,
    )


def fall_report(
    *,
    subject: Subject,
    probability: float | None,
    at: datetime,
    placement: str | None,
    device_identity: str | None,
    rate_hz: float,
    samples: Iterable[Sequence[float]],
    impact_offset_s: float,
) -> Report:
    """A suspected fall, with the acceleration around it.

    Args:
        subject: who wears the device.
        probability: the detector's, in [0, 1].
        at: when the impact was, aware.
        placement: where it is worn ("chest", "wrist", "waist", "ankle"); anything else is called a wearable.
        device_identity: serial number, EUI-64 or identity address.
        rate_hz: of the samples.
        samples: (n, 3) in g, a list or an array. NaN and infinity become null.
        impact_offset_s: from the first sample to the impact.
    """
    worn = WORN.get(placement or "", "a wearable")
    likely = ""
    if probability is not None and 0.0 <= probability <= 1.0:
        likely = f" ({min(round(100 * probability), 99)} % likely)"  # no detector is certain
    return Report(
        subject=subject,
        kind=AlertKind.FALL,
        condition=FALL_CONDITION,
        priority=Priority.HIGH,
        probability=probability,
        summary=f"Fall suspected by {worn}{likely}",
        device_identity=device_identity,
        at=at,
        evidence=(
            acceleration(rate_hz=rate_hz, samples=samples, impact_offset_s=impact_offset_s, placement=placement),
        ),
    )


def no_recovery_report(
    *,
    subject: Subject,
    seen: str | None,
    probability: float | None,
    at: datetime,
    placement: str | None,
    device_identity: str | None,
    after_s: float,
    evidence: tuple[Evidence, ...] = (),
    episode: str | None = None,
) -> Report:
    """Not up after a suspected fall: joins the alert of that fall and makes it as urgent as can be.

    Args:
        subject: who wears the device, as it was when the fall was reported.
        seen: what was seen at the end: "down", "no-walking" or "unheard"; None when the gateway did not run.
        probability: the fall's, in [0, 1].
        at: when it was known, aware.
        placement: as `fall_report`.
        device_identity: as `fall_report`.
        after_s: since the impact.
        evidence: what was seen since.
        episode: the alert of that fall, where it is known.
    """
    worn = WORN.get(placement or "", "a wearable")
    since = f"{after_s:.0f} s after a suspected fall"
    match seen:
        case "down":
            sentence = f"Not up {since} ({worn})"
        case "no-walking":
            sentence = f"Not seen to be up {since} ({worn})"
        case "unheard":
            sentence = f"Not known to be up {since}: nothing is heard from {worn}"
        case _:
            by = f" ({worn})" if placement in WORN else ""  # by what, its alert says
            sentence = f"Not known to be up after a suspected fall{by}: the gateway did not run"
    return Report(
        subject=subject,
        kind=AlertKind.NO_RECOVERY,
        condition=FALL_CONDITION,
        priority=Priority.CRITICAL,
        probability=probability,
        summary=sentence,
        device_identity=device_identity,
        at=at,
        evidence=evidence,
        episode=episode,
    )


def radar_fall_report(
    *,
    subject: Subject,
    probability: float,
    at: datetime,
    room: str,
    device_identity: str,
    track: Sequence[Sequence[float | None]],
    rate_hz: float,
) -> Report:
    """A fall that a radar module suspects.

    Args:
        subject: the room, or who lives here alone.
        probability: in [0, 1].
        at: when the body was down, aware.
        room: the word for it.
        device_identity: of the module.
        track: rows of seconds since then, x and y (m, in the module's own axes on the floor), top (m above the floor).
        rate_hz: of the track.
    """
    return Report(
        subject=subject,
        kind=AlertKind.FALL,
        condition=FALL_CONDITION,
        priority=Priority.HIGH,
        probability=probability,
        summary=f"Fall suspected by the radar {_where(room)} ({min(round(100 * probability), 99)} % likely)",
        device_identity=device_identity,
        at=at,
        evidence=_track("track", track, rate_hz),
        witness=RADAR,
    )


def radar_no_recovery_report(
    *,
    subject: Subject,
    seen: str | None,
    probability: float,
    at: datetime,
    room: str,
    device_identity: str,
    track: Sequence[Sequence[float | None]],
    rate_hz: float,
    episode: str,
) -> Report:
    """Nobody was seen to be up thirty seconds after such a fall. As `radar_fall_report` and `no_recovery_report`."""
    where = _where(room)
    if seen == "unheard":
        sentence = f"Not known to be up 30 s after a suspected fall: the radar {where} sees nobody"
    else:
        sentence = f"Not up 30 s after a suspected fall {where} (radar)"
    return Report(
        subject=subject,
        kind=AlertKind.NO_RECOVERY,
        condition=FALL_CONDITION,
        priority=Priority.CRITICAL,
        probability=probability,
        summary=sentence,
        device_identity=device_identity,
        at=at,
        evidence=_track("track-recovery", track, rate_hz),
        witness=RADAR,
        episode=episode,
    )


def _where(room: str) -> str:
    return _FIXED.get(room, "in a room")


def _track(name: str, track: Sequence[Sequence[float | None]], rate_hz: float) -> tuple[Evidence, ...]:
    """As evidence; none where the module tells no places."""
    if not track:
        return ()
    content = {
        "rate_hz": rate_hz,
        "unit": "m",
        "columns": ["s", "x", "y", "top"],
        "samples": [list(row) for row in track],
    }
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return (Evidence(name=name, media_type="application/json", content=text),)


def acceleration(
    *,
    rate_hz: float,
    samples: Iterable[Sequence[float]],
    impact_offset_s: float,
    name: str = "acceleration",
    longest_s: float = EVIDENCE_S,
    placement: str | None = None,
) -> Evidence:
    """The last 10 s of the samples as evidence, or from the impact on if that is earlier; values to the mg."""
    rows = [[_milli(value) for value in row] for row in samples]
    first = max(0, len(rows) - math.ceil(longest_s * rate_hz))
    first = max(0, min(first, math.floor(impact_offset_s * rate_hz)))
    rows = rows[first : first + math.ceil(longest_s * rate_hz)]
    content: dict[str, Any] = {
        "rate_hz": float(rate_hz),
        "unit": "g",
        "start_s": round(first / rate_hz - impact_offset_s, 4),
        "samples": rows,
    }
    if placement in WORN:
        content["placement"] = placement
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return Evidence(name=name, media_type="application/json", content=text)


def _milli(value: float) -> float | None:
    return round(float(value), 3) if math.isfinite(value) else None

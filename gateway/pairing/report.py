"""The installation report of a home: a page of Markdown to print, in Finnish, Swedish or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from device_drivers.nomenclature import QUANTITIES, Quantity
from gateway.pairing.model import STANDING
from gateway.pairing.replaced import WAITS
from gateway.pairing.report_words import KINDS, PLACES, WORDS
from gateway.pairing.sentences import signal_word
from gateway.store.pairings import PairingRow
from gateway.store.users import LOCAL_ADMINISTRATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the report is about.

    Attributes:
        rows: notes of ended pairings, the latest first.
        owned: addresses of the devices that belong to somebody now.
        residents: names by id.
        values: of the first measurements by pairing id, as text; empty unless they were asked for.
    """

    home_id: str
    gateway_id: str
    adapters: Sequence[str]
    simulated: bool
    written_at: datetime
    rows: Sequence[PairingRow]
    owned: frozenset[str]
    residents: Mapping[str, str]
    values: Mapping[str, str]


def standing(rows: Sequence[PairingRow], owned: frozenset[str]) -> list[PairingRow]:
    """The latest good pairing of each device and resident that is in use, in the order in which they were made."""
    found: dict[tuple[str, str, int | None], PairingRow] = {}
    for row in rows:
        if row.outcome in STANDING and row.address is not None and row.address in owned:
            found.setdefault((row.address, row.resident_id, row.user_slot), row)
    return list(reversed(found.values()))


def markdown(told: Installation, *, language: str, zone: tzinfo) -> str:
    """The page. Kinds and times; measured values only where they are given."""
    word = WORDS[language]
    lines = [f"# {word['title']}", ""]
    if told.simulated:
        lines += [f"**{word['simulated']}**", ""]
    lines += [
        f"- {word['home']}: {told.home_id}",
        f"- {word['gateway']}: {told.gateway_id}",
        f"- {word['adapter']}: {', '.join(told.adapters) or word['unknown']}",
        f"- {word['written']}: {_time(told.written_at, zone)}",
        "",
    ]
    rows = standing(told.rows, told.owned)
    if not rows:
        lines += [word["none"], ""]
    for number, row in enumerate(rows, start=1):
        lines += [*_device(number, row, told, word, language, zone), ""]
    unproven = [row for row in rows if row.outcome != "ready"]
    if unproven:
        lines += [f"## {word['missing']}", ""]
        lines += [f"- {row.address}: {row.found.get('verdict', '')}" for row in unproven] + [""]
    lines += [f"{word['signature']}: ______________________________", ""]
    return "\n".join(lines)


def spoken(name: str, value: float) -> str:
    """A measured value with its unit."""
    unit = QUANTITIES[Quantity(name)].ucum
    return f"{name.replace('-', ' ')} {value:g}{f' {unit}' if unit else ''}"


def _device(
    number: int, row: PairingRow, told: Installation, word: Mapping[str, str], language: str, zone: tzinfo
) -> list[str]:
    found = row.found
    clock = found.get("clock", {}).get("state")
    battery = found.get("battery_percent")
    signal = signal_word(found.get("rssi"))
    by = word["local"] if row.actor == LOCAL_ADMINISTRATOR else row.actor
    strength = word[signal] if signal in word else word["unknown"]
    lines = [
        f"## {number}. {found.get('model_words') or row.profile_id}",
        "",
        f"- {word['address']}: {row.address}",
        f"- {word['resident']}: {_whose(row, told, word, PLACES[language])}",
        f"- {word['paired']}: {_time(row.started_at, zone)}, {word['by']} {by}",
        f"- {word['firmware']}: {found.get('firmware') or word['unknown']}",
        f"- {word['battery']}: {word['unknown'] if battery is None else f'{battery} %'}",
        f"- {word['bond']}: {_named(word, 'bond', found.get('bond'))}",
        f"- {word['clock']}: {_named(word, 'clock', clock)}",
        f"- {word['first']}: {_first(found, word, language, zone)}",
        f"- {word['signal']}: {strength}" + (f" ({found['rssi']} dBm)" if found.get("rssi") is not None else ""),
        f"- {word['verdict']}: **{word.get(str(row.outcome), str(row.outcome))}**",
    ]
    if row.replaces is not None:
        lines.append(f"- {word['replaces']}: {row.replaces}" + (f" ({word['waits']})" if row.found.get(WAITS) else ""))
    if row.id in told.values:
        lines.append(f"- {word['values']}: {told.values[row.id]}")
    return lines


def _whose(row: PairingRow, told: Installation, word: Mapping[str, str], places: Mapping[str, str]) -> str:
    more = [told.residents.get(row.resident_id, row.resident_id)]
    more += [f"{word['button']} {row.user_slot}"] if row.user_slot is not None else []
    more += [places.get(row.placement, row.placement)] if row.placement is not None else []
    more += [word["shared"]] if row.shared else []
    return ", ".join(more)


def _named(word: Mapping[str, str], what: str, state: Any) -> str:
    if state == "none":
        return word[f"{what}-none"]
    return word.get(str(state), word["unknown"])


def _first(found: Mapping[str, Any], word: Mapping[str, str], language: str, zone: tzinfo) -> str:
    first = found.get("first")
    if not first:
        return word["unproven"]
    names = KINDS.get(language, {})
    kinds = ", ".join(names.get(kind, kind.replace("-", " ")) for kind in first["kinds"])
    return f"{kinds}, {_time(datetime.fromisoformat(first['at']), zone)}"


def _time(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

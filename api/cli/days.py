"""`huoma tune`: how sparing alerts about a resident's days are, and what other promises would have meant."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.cli.home import Config, ask_gateway, show
from gateway.core.errors import Invalid


def tune(
    resident: Annotated[str, typer.Argument(help="id or name")],
    per_month: Annotated[
        float | None,
        typer.Option("--per-month", help="accept so many false alerts in 30 days", show_default=False),
    ] = None,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--no-watch", help="whether these days may call anybody", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    config: Config = None,
) -> None:
    """How a resident's days are watched; what last month would have been at each promise. Or set the promise."""
    path = f"/residents/{quote(resident)}/days"
    from gateway.store.day_promises import LEAST, MOST  # loads the database: not for a page of help

    if per_month is not None and not LEAST <= per_month <= MOST:
        raise Invalid(f"--per-month {per_month:g} cannot be promised: give {LEAST:g} to {MOST:g}.")
    if per_month is not None or watch is not None:
        ask_gateway(config, "PUT", path, {"per_month": per_month, "watched": watch})
        said = [] if per_month is None else [f"{per_month:g} false alerts in 30 days are accepted"]
        said += (
            []
            if watch is None
            else ["what is unusual calls somebody" if watch else "NOTHING OF THESE DAYS CALLS ANYBODY"]
        )
        print(f"{resident}: {', '.join(said)}, from the next minute on.")
        return
    found = ask_gateway(config, "GET", path)
    week = ask_gateway(config, "GET", f"/residents/{quote(resident)}/week")
    if as_json:
        print(json.dumps(found | {"week": week}, ensure_ascii=False, indent=1))
        return
    for line in _words(found):
        print(line)
    if not found["curve"]:
        return
    show(
        ("promise, a month", "last month", "alert after", "by night", ""),
        [
            (
                f"{one['per_month']:g}",
                str(one["last_month"]),
                _hours(one["delay_h"]),
                _hours(one["night_delay_h"]),
                "now" if one["per_month"] == found["per_month"] else None,
            )
            for one in found["curve"]
        ],
    )
    for line in _week(week):
        print(line)


def _words(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['days_learnt']} days are known, of {len(found['sensors'])} sensors."]
    quiet = found["quiet"]
    if quiet is not None:
        usual = "" if quiet["usual_min"] is None else f"; 95 of 100 such quiets end within {quiet['usual_min']} min"
        lines.append(f"Last sign of life {quiet['last']} at {quiet['at']}, {quiet['minutes']} min ago{usual}.")
    if not found["watched"]:
        lines.append("NOTHING OF THESE DAYS CALLS ANYBODY: 'huoma tune … --watch' changes that.")
    return lines + list(found["remarks"])


def _week(week: dict[str, Any]) -> list[str]:
    lines = [f"{one['day']}: {one['words']}" for one in [*week["sudden"], *week["slow"]]]
    lines += [f"{one['day']} was unlike other days: {', '.join(one['words'])}" for one in week["unusual"]]
    return ["", "The last seven days:", *sorted(lines)] if lines else []


def _hours(hours: float | None) -> str | None:
    return None if hours is None else f"{hours:.1f} h"

"""`huoma evaluate vitals`: the rules about measurements over made-up courses."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from analytics.vitals.evaluation import RESIDENTS, evaluated


def vitals(
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the residents and their measurements")] = 0,
    residents: Annotated[int, typer.Option("--residents", min=1, help="of each kind")] = RESIDENTS,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Watch made-up residents for half a year: what each rule notices, how late, and its false alerts a month."""
    found = evaluated(seed=seed, residents=residents, say=lambda line: typer.echo(line, err=True))
    print(json.dumps(found) if as_json else _text(found))


def _text(found: dict[str, Any]) -> str:
    lines = [f"{found['residents_of_each_kind']} residents of each kind, {found['days']} days, seed {found['seed']}"]
    for rule, one in found["rules"].items():
        noticed = f"{one['detected']} of {one['episodes']} noticed"
        if one["delay_days_median"] is not None:
            noticed += f" after {one['delay_days_median']:g} days (90 %: {one['delay_days_p90']:g})"
        lines.append(f"{rule}: {noticed}, {one['false_per_resident_month']:g} false alerts per resident-month")
    for kind, rates in found["false_per_resident_month_by_kind"].items():
        said = ", ".join(f"{rule} {rate:g}" for rule, rate in rates.items() if rate)
        lines.append(f"  {kind}: {said or 'none false'}")
    return "\n".join([*lines, found["note"]])

"""`huoma resident vitals`: the rules about a resident's measurements."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from api.cli.home import Config, ask_gateway, show
from gateway.core.errors import Invalid

_SAID: Final[dict[str, bool | None]] = {"yes": True, "no": False, "default": None}
_WORDS: Final = frozenset({"crisis-ask"})  # whose values may look like a number


def vitals(
    resident: Annotated[str, typer.Argument(help="id or name")],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="such as saturation-limit=88; yes and no switch a rule, default takes a setting back",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    config: Config = None,
) -> None:
    """Which rules watch the measurements of a resident, and with which limits; --set changes them."""
    path = f"/residents/{quote(resident, safe='')}/vitals"
    if changes:
        found = ask_gateway(config, "POST", path, {"settings": dict(_meant(one) for one in changes)})
    else:
        found = ask_gateway(config, "GET", path)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    show(
        ("setting", "value", "", "default", "what"),
        [
            (
                one["name"],
                _said(one["value"], one["unit"]),
                "set" if one["chosen"] else "",
                _said(one["default"]),
                one["what"],
            )
            for one in found["settings"]
        ],
    )


def _meant(change: str) -> tuple[str, bool | float | str | None]:
    name, equals, value = change.partition("=")
    if not equals or not value.strip():
        raise Invalid(f"'{change}' sets nothing: write it like saturation-limit=88.")
    name, value = name.strip(), value.strip()
    if value in _SAID:
        return name, _SAID[value]
    try:
        number = float(value)
    except ValueError:
        return name, value
    return (name, number) if math.isfinite(number) and name not in _WORDS else (name, value)


def _said(value: Any, unit: str | None = None) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float() | int():
            return f"{value:g}{f' {unit}' if unit else ''}"
        case _:
            return str(value)

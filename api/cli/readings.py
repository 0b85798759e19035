"""`huoma readings`: readings of which a person must say whose they are, and those that somebody got wrongly."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.home import Config, _local, ask_gateway, show
from gateway.core.errors import Invalid

readings = typer.Typer(no_args_is_help=True, help="Whose a reading is, where no device could tell.")

Reading = Annotated[str, typer.Argument(help="its id: 'huoma readings unassigned' lists those that wait")]


@readings.command("unassigned")
def unassigned(
    limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 50,
    config: Config = None,
) -> None:
    """Readings that wait for a person, the newest first."""
    found = ask_gateway(config, "GET", f"/readings/unassigned?limit={limit}")
    names = {one["id"]: one["name"] for one in ask_gateway(config, "GET", "/residents")} if found else {}
    show(
        ("id", "measured", "what", "may be of", "why"),
        [
            (
                one["id"],
                _local(one["effective_at"] or one["received_at"]),
                _what(one),
                ", ".join(names.get(who["resident_id"], who["resident_id"]) for who in one["candidates"]),
                one["why"],
            )
            for one in found
        ],
    )


@readings.command("assign")
def assign(
    reading: Reading,
    resident: Annotated[str, typer.Option("--resident", help="id or name")],
    config: Config = None,
) -> None:
    """A reading that waits is this resident's: it is delivered."""
    done = ask_gateway(config, "POST", f"/readings/{reading}/assign", {"resident": resident})
    print(f"{done['readings']} reading(s) found their owner.")


@readings.command("dismiss")
def dismiss(reading: Reading, config: Config = None) -> None:
    """A reading that waits is a visitor's: kept, about nobody, never asked about again."""
    ask_gateway(config, "POST", f"/readings/{reading}/dismiss")
    print("It is a visitor's.")


@readings.command("reassign")
def reassign(
    reading: Reading,
    resident: Annotated[str | None, typer.Option("--resident", help="id or name", show_default=False)] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="it is nobody's who lives here")] = False,
    config: Config = None,
) -> None:
    """Somebody got it wrongly: it is this resident's, or nobody's. Whoever received it is told so."""
    if (resident is None) is not nobody:
        raise Invalid("say whose it is: --resident, or --nobody")
    done = ask_gateway(config, "POST", f"/readings/{reading}/reassign", {"resident": resident, "nobody": nobody})
    print(f"{done['readings']} reading(s) moved; whoever received them is told.")


def _what(one: dict[str, Any]) -> str:
    values = ", ".join(f"{name} {value['value']:g} {value['unit']}" for name, value in (one["values"] or {}).items())
    return f"{one['kind']}: {values}" if values else str(one["kind"])

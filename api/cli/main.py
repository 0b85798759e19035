"""`huoma`: the command line. What a command needs is imported when it is the command that was given."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from api.cli import care, checks, dataset, days, home, pair, radar, readings, vitals
from firmware_profiles.schema import ProfileError
from gateway.core.errors import HuomaError

_RUN: Final = "Run the gateway until it is stopped (Ctrl-C)."
_EVALUATE: Final = "Measure the detectors on published recordings."

home.resident.command("vitals")(vitals.vitals)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point. An error that a person can mend is one sentence on stderr, and its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        application(given)(given, prog_name="huoma")
    except (HuomaError, ProfileError, BaseExceptionGroup) as error:
        sys.exit(report(error))


def report(error: BaseException) -> int:
    """Say what was wrong; the exit status.

    Raises:
        BaseException: `error` itself, when nothing in it was meant for a person: that is a defect, with its stack.
    """
    meant = _for_a_person(error)
    if meant is None:
        raise error
    print(f"huoma: {meant}", file=sys.stderr)
    return meant.exit_status if isinstance(meant, HuomaError) else 2


def application(arguments: Sequence[str]) -> typer.Typer:
    """The commands. `run` and `evaluate` are only names, with their line of help, unless one of them is asked for."""
    app = typer.Typer(
        name="huoma", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )
    app.callback()(_huoma)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    if wanted == "run":
        from api.cli.run import run

        app.command("run", help=_RUN)(run)
    else:
        app.command("run", help=_RUN)(_named)
    app.add_typer(home.resident, name="resident")
    app.add_typer(home.device, name="device")
    app.command("devices")(home.devices)
    app.command("pair")(pair.pair)
    app.command("unpair")(care.unpair)
    app.command("capture")(care.capture)
    app.command("doctor")(care.doctor)
    app.command("tune")(days.tune)
    app.add_typer(radar.radar, name="radar")
    app.add_typer(readings.readings, name="readings")
    app.add_typer(home.consent, name="consent")
    app.add_typer(dataset.dataset, name="dataset")
    app.add_typer(home.user, name="user")
    app.add_typer(checks.settings, name="settings")
    app.add_typer(checks.profile, name="profile")
    if wanted == "evaluate":
        evaluate: typer.Typer = import_module("api.cli.evaluate").app
        app.add_typer(evaluate, name="evaluate", help=_EVALUATE)
    else:
        app.command("evaluate", help=_EVALUATE)(_named)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"huoma {version('huoma')}")
        raise typer.Exit


def _huoma(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="print the version and leave", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Huoma: a gateway for an older person's home."""


def _named() -> None:
    """Stands in the list of commands for one that is imported when it is called."""


def _for_a_person(error: BaseException) -> HuomaError | ProfileError | None:
    """The first error within `error` (a task group's, perhaps) whose text is a sentence for a person."""
    if isinstance(error, (HuomaError, ProfileError)):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_for_a_person(one) for one in error.exceptions]
        return found[0] if found and None not in found else None
    return None


if __name__ == "__main__":
    main()

"""`huoma settings …` and `huoma profile …`: is what was written right?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.home import Config

settings = typer.Typer(no_args_is_help=True, help="The settings file.")
profile = typer.Typer(no_args_is_help=True, help="Device profiles.")


@settings.command("check")
def settings_check(config: Config = None) -> None:
    """Read the settings as `huoma run` would, and say what is wrong."""
    from api.settings import load

    found = load(config)
    found.zone()
    if found.notify.webhook is not None:
        found.notify.webhook.signing_secret()
    print("The settings are right.")


@settings.command("show")
def settings_show(config: Config = None) -> None:
    """What is in force: file, environment and defaults together, without secrets."""
    from api.settings import load

    for key, value in _flat(load(config).model_dump(mode="json")):
        print(f"{key} = {json.dumps(value, ensure_ascii=False)}")


@profile.command("check")
def profile_check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="files or folders; none: the shipped ones", show_default=False)
    ] = None,
) -> None:
    """Decode the golden frames of device profiles and look for what a technician needs."""
    from device_drivers.broadcasts import BROADCASTS
    from device_drivers.payloads import MQTT
    from device_drivers.profile_check import check_files
    from device_drivers.sessions import SESSIONS

    report = check_files(paths or [], drivers={*SESSIONS, *BROADCASTS, MQTT})
    for problem in report.problems:
        typer.echo(str(problem), err=True)
    print(f"{len(report.profiles)} profiles, {report.frames} golden frames, {len(report.problems)} problems.")
    if not report.good:
        raise typer.Exit(2)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, item in enumerate(value, 1):
                yield from _flat(item, f"{prefix}{key}[{number}].")
        elif value is not None:
            yield prefix + key, value

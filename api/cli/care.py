"""`huoma doctor|capture|unpair`: what a technician does beside pairing."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from api.cli.home import Config
from gateway.core.errors import HuomaError, Invalid

if TYPE_CHECKING:
    import httpx

    from gateway.doctor import Finding

_BESIDE_S: Final = 180.0  # a recording waits up to two minutes for the device's call, and then connects


def unpair(
    address: Annotated[str, typer.Argument(help="its address, such as AA:BB:CC:DD:EE:FF")], config: Config = None
) -> None:
    """Take a device away: it belongs to nobody and its bond is removed; its history stays."""
    from api.cli.gateway import ask, perform

    done = perform(config, lambda gateway: ask(gateway, "POST", f"/devices/{quote(address, safe=':')}/unpair"))
    print(done["words"])


def capture(
    address: Annotated[str | None, typer.Argument(help="of the device", show_default=False)] = None,
    name: Annotated[
        str | None, typer.Option("--name", help='or the name it advertises, such as "Acme*"', show_default=False)
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=300, help="how long to listen")] = 60.0,
    bond: Annotated[bool, typer.Option("--bond", help="make a bond where it asks for one")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="the profile file to be written")] = Path(
        "device.toml"
    ),
    config: Config = None,
) -> None:
    """Record an unknown device, as the beginning of a profile; Ctrl-C ends it early, and what it has is written."""
    from api.cli.gateway import perform

    if output.exists():
        raise Invalid(f"{output} is there already: name another file with -o.")
    typer.echo("Wake the device, and measure once while it is recorded. Write down what its display shows.", err=True)
    body = {"address": address, "name": name, "seconds": seconds, "bond": bond}
    found = perform(config, lambda gateway: _recorded(gateway, body, seconds))
    _write(output, found["profile"])
    print(f"{found['frames']} frames of {found['address']} are in {output}; the recording ended {found['ended']}.")
    if not found["frames"]:
        raise HuomaError(
            "it sent nothing: measure while it is recorded, wake it again, add --bond if it wants to be paired, or "
            "listen longer with --seconds"
        )
    print("They are what somebody measured: give the file away only if that person agrees.")
    print(f"Next: 'huoma profile check {output}' says what is missing for a profile.")


async def _recorded(gateway: httpx.AsyncClient, body: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Until it is through, or Ctrl-C: then the gateway ends it, and answers with what it has."""
    from api.cli.gateway import ask

    async with asyncio.TaskGroup() as group:
        answer = group.create_task(_answer(gateway, body, seconds + _BESIDE_S))
        try:
            await asyncio.wait([answer])
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            typer.echo("Stopping: what was recorded so far is written …", err=True)
            try:
                await ask(gateway, "POST", "/captures/stop")
            except HuomaError:
                answer.cancel()  # it has not begun, or is through
            await asyncio.wait([answer])
    if answer.cancelled():
        raise HuomaError("The recording was stopped before it began: nothing was recorded.")
    found = answer.result()
    if isinstance(found, Exception):
        raise found
    return found


async def _answer(
    gateway: httpx.AsyncClient, body: dict[str, Any], timeout_s: float
) -> dict[str, Any] | HuomaError | httpx.HTTPError:
    import httpx

    from api.cli.gateway import ask

    try:
        found: dict[str, Any] = await ask(gateway, "POST", "/captures", body, timeout_s=timeout_s)
    except (HuomaError, httpx.HTTPError) as refusal:
        return refusal
    return found


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    config: Config = None,
) -> None:
    """Look at adapters, BlueZ, bonds, devices, clock, store, disk; exit status 1 when something must be mended."""
    findings = _findings(config)
    if as_json:
        print(json.dumps(findings, ensure_ascii=False, indent=1))
    else:
        for one in findings:
            print(f"{one['grade']:4}  {one['about']:10}  {one['words']}")
            if one["advice"]:
                print(f"                  → {one['advice']}")
    if any(one["grade"] == "FAIL" for one in findings):
        raise typer.Exit(1)


def _findings(config: Path | None) -> list[dict[str, Any]]:
    """Through the gateway, or the store alone; where neither can be had, of the machine, and why."""
    from api.cli.gateway import ask, perform
    from api.settings import load
    from gateway.doctor.findings import fail, warn

    try:
        if not load(config).store_file.exists():  # asking would make one
            never = warn("gateway", "No gateway has run here yet: there is no store", "start it: 'huoma run'.")
            return [_view(one) for one in (*_machine(config), never)]
        found: list[dict[str, Any]] = perform(config, lambda gateway: ask(gateway, "GET", "/doctor"))
    except HuomaError as refusal:
        about = "store" if type(refusal).__name__ == "StoreError" else "gateway"
        return [
            _view(one)
            for one in (*_machine(config), fail(about, str(refusal), "mend that, then run 'huoma doctor' again."))
        ]
    return found


def _machine(config: Path | None) -> list[Finding]:
    from api.checkup import machine_of
    from api.settings import Settings, load
    from gateway.core.clock import SystemClock

    try:
        settings = load(config)
    except HuomaError:
        settings = Settings()  # what is wrong with them is said by whoever needed them first
    return asyncio.run(machine_of(settings, SystemClock()).look())


def _view(one: Finding) -> dict[str, Any]:
    return {"about": one.about, "grade": one.grade.value, "words": one.words, "advice": one.advice}


def _write(file: Path, text: str) -> None:
    """For this user only: it holds what somebody measured."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise HuomaError(f"{file} cannot be written ({error.strerror}): name another file with -o.") from error

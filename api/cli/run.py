"""`huoma run`: the gateway, in the home or in a simulated one."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from api import logs
from api.composition import Home, open_home, until_signalled
from api.hosts import adapters
from api.narrator import ALERT, Narrator, say
from api.settings import RadarSettings, RadioSettings, Settings, default_config_file, load
from gateway.core.clock import Clock, SystemClock
from gateway.core.errors import HuomaError, StoreError
from gateway.store.users import Role

SIMULATED_MARK: Final = "SIMULATED"  # a file beside the store
SIMULATED_ZONE: Final = "Europe/Helsinki"
_STOP: Final = (signal.SIGINT, signal.SIGTERM)


def run(
    config: Annotated[Path | None, typer.Option("--config", help="settings file (TOML)")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="a simulated home on a virtual radio")] = False,
    ready_file: Annotated[Path | None, typer.Option("--ready-file", help="written when the API answers")] = None,
) -> None:
    """Run the gateway until it is stopped (Ctrl-C)."""
    settings = load(config)
    clock = SystemClock()
    # Never behind anybody's back: a home that has settings and lost its adapter must say so, not invent a person.
    bare = config is None and not default_config_file().is_file() and settings.radio.kind == "auto"
    no_radio = bare and not adapters()
    _withdraw_ready(ready_file)
    if simulate or no_radio:
        why = "asked for" if simulate else "no Bluetooth on this machine"
        say(f"Huoma: a SIMULATED home on a virtual radio ({why}): nobody's data, no real alarm.")
        asyncio.run(_simulated(settings, clock, ready_file))
    else:
        asyncio.run(_real(settings, clock, ready_file))


async def _real(settings: Settings, clock: Clock, ready_file: Path | None) -> None:
    logs.configure(settings.log, clock)
    _keep_apart(settings, simulated=False)
    narrator = Narrator(clock=clock, zone=settings.zone(), values=False)
    say("Huoma: starting the gateway of a home.")
    async with (
        open_home(settings, clock=clock, listener=narrator, rng=random.Random()) as home,  # noqa: S311  # jitter
        asyncio.TaskGroup() as tasks,
    ):
        follow = tasks.create_task(narrator.follow(home.desk))
        say(f"API page  {home.url}/")
        _write_ready(ready_file, {"url": home.url})
        await until_signalled(_STOP)
        say("Huoma: stopping.")
        follow.cancel()


async def _simulated(settings: Settings, clock: Clock, ready_file: Path | None) -> None:
    from api.simulate import (
        Technician,
        radar_folder,
        virtual_home,
    )  # only here: the gateway of a real home knows no virtual device

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huoma-simulated-")))
        settings = _simulated_settings(settings, folder)
        _keep_apart(settings, simulated=True)  # before any device is switched on
        controller = await stack.enter_async_context(virtual_home(folder, clock=clock))
        settings = settings.model_copy(
            update={
                "radio": RadioSettings(kind="bumble", transport=controller),
                "radar": RadarSettings(by_id=radar_folder(folder)),
            }
        )
        logs.configure(settings.log, clock)
        narrator = Narrator(clock=clock, zone=settings.zone(), values=True)
        home = await stack.enter_async_context(
            # The virtual devices are new each time, so bonds of an earlier run would be stale: they live in the folder.
            open_home(settings, clock=clock, listener=narrator, rng=random.Random(), simulated=True, bonds=folder)  # noqa: S311
        )
        token = home.tokens.temporary("simulated nurse", Role.NURSE)
        _introduce(home, token)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        hint = "       acknowledge it on the page, or: " + _request(home, token, "POST", f"/alerts/{ALERT}/acknowledge")
        running = [
            tasks.create_task(narrator.follow(home.desk, hint)),
            tasks.create_task(Technician(home, narrator, clock).run()),
        ]
        _write_ready(ready_file, {"url": home.url, "nurse_token": token})
        await until_signalled(_STOP)
        say("Huoma: stopping.")
        for task in running:
            task.cancel()


def _simulated_settings(settings: Settings, folder: Path) -> Settings:
    """The settings given; the store is thrown away unless a place for it was named."""
    given = settings.model_fields_set
    extra: dict[str, object] = {}
    if "data_dir" not in given:
        extra["data_dir"] = folder / "data"
    if settings.time_zone is None:
        extra["time_zone"] = SIMULATED_ZONE
    if "log" not in given:
        extra["log"] = settings.log.model_copy(update={"level": "warning"})  # the story is told on the terminal
    return settings.model_copy(update=extra)


def _introduce(home: Home, token: str) -> None:
    say(f"API page       {home.url}/")
    say(f"nurse's token  {token}   (valid for this run)")
    say(f"the alerts     {_request(home, token, 'GET', '/alerts')}")
    say(
        "A person measures blood pressure and weight, wears a chest strap, and falls in about a minute, "
        "where a radar on the wall sees it too. Ctrl-C stops."
    )


def _request(home: Home, token: str, method: str, path: str) -> str:
    """A command that asks the API from another shell; a machine without curl has Python."""
    url = f"{home.url}/api/v1{path}"
    if shutil.which("curl"):
        return f'curl -s -X {method} -H "Authorization: Bearer {token}" {url}'
    headers = f"{{'Authorization': 'Bearer {token}'}}"
    call = f"u.urlopen(u.Request('{url}', method='{method}', headers={headers})).read().decode()"
    return f'python3 -c "import urllib.request as u; print({call})"'


def _withdraw_ready(path: Path | None) -> None:
    """The file of an earlier run must not speak for this one."""
    try:
        if path is not None:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise HuomaError(f"the ready file {path} cannot be written ({error.strerror}): name another place") from error


def _keep_apart(settings: Settings, *, simulated: bool) -> None:
    """A made-up fall must never call a nurse as a real one: a store is either a home's or a simulation's, for ever.

    Raises:
        HuomaError: it is the other.
    """
    marker = settings.data_dir / SIMULATED_MARK
    try:
        if simulated and settings.store_file.exists() and not marker.exists():
            raise HuomaError(
                f"{settings.data_dir} holds the store of a home: name another data_dir for a simulated one"
            )
        if not simulated and marker.exists():
            raise HuomaError(
                f"{settings.data_dir} holds a simulated home's store: name another data_dir for a real one"
            )
        if simulated:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            marker.touch()
    except OSError as error:
        raise StoreError(f"{settings.data_dir} cannot be used ({error.strerror}): choose another data_dir") from error


def _write_ready(path: Path | None, content: dict[str, str]) -> None:
    """Whole or not at all, and for this user only: it may hold a token."""
    if path is None:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.write("\n")
        draft.replace(path)
    except OSError as error:
        raise HuomaError(f"the ready file {path} cannot be written ({error.strerror}): name another place") from error

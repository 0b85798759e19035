"""`huoma radar`: radar modules found, installed, looked at and taken down."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from api.cli.home import Config, ask_gateway, show
from api.cli.prompts import choice, line, need_terminal, prompt
from gateway.core.errors import HuomaError, Invalid

if TYPE_CHECKING:
    import httpx

radar = typer.Typer(no_args_is_help=True, help="Radar modules: which are there, and where each hangs.")

_ROOMS: Final = ("bedroom", "living-room", "kitchen", "bathroom", "toilet", "hall")
_INTERRUPTED: Final = 130
_WIDE, _DEEP, _CELL_M = 33, 12, 0.5  # of the picture: characters, lines, metres a line


@radar.command("ports")
def ports(config: Config = None) -> None:
    """Serial ports on which a module may be."""
    found = ask_gateway(config, "GET", "/radar/ports")
    show(
        ("port", "there", "installed as"),
        [(one["port"], "yes" if one["there"] else "no", one["module"]) for one in found],
    )


@radar.command("list")
def modules(config: Config = None) -> None:
    """The modules that hang here, and whether each is heard."""
    found = ask_gateway(config, "GET", "/radar/modules")
    show(
        ("identity", "room", "model", "height", "heard"),
        [
            (one["identity"], one["room"], one["model"], f"{one['height_m']:.2f} m", one["words"] or "yes")
            for one in found
        ],
    )


@radar.command("remove")
def remove(
    identity: Annotated[str, typer.Argument(help="as 'huoma radar list' has it")], config: Config = None
) -> None:
    """The module was taken down: no fall is noticed there any more."""
    ask_gateway(config, "DELETE", f"/radar/modules/{quote(identity, safe=':')}")
    print(f"{identity} is not listened to any more.")


@radar.command("install")
def install(
    port: Annotated[str | None, typer.Option("--port", help="its path", show_default=False)] = None,
    room: Annotated[str | None, typer.Option("--room", help=", ".join(_ROOMS), show_default=False)] = None,
    height: Annotated[
        float | None, typer.Option("--height", help="of the module above the floor, m", show_default=False)
    ] = None,
    mounting: Annotated[str, typer.Option("--mounting", help="wall or ceiling")] = "wall",
    tilt: Annotated[float, typer.Option("--tilt", help="how far a module on the wall looks down, degrees")] = 0.0,
    sensitivity: Annotated[
        int | None, typer.Option("--sensitivity", min=1, max=3, help="1 (least) to 3", show_default=False)
    ] = None,
    bed: Annotated[
        list[str] | None,
        typer.Option(
            "--bed",
            help="where people lie, each bed and sofa: X1,Y1,X2,Y2,HEIGHT in metres, x to the module's right, y away "
            "from it",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Install a module: find out what it is, tell it how it hangs, walk through the room, throw a cushion."""
    from api.cli.gateway import perform

    body = {
        "port": port, "room": room, "height_m": height, "mounting": mounting, "tilt_deg": tilt,
        "sensitivity": sensitivity, "zones": [_zone(one) for one in bed or ()],
    }  # fmt: skip
    status = perform(config, lambda gateway: _install(gateway, body))
    if status:
        raise typer.Exit(status)


def _zone(text: str) -> dict[str, Any]:
    try:
        x1, y1, x2, y2, height = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid(
            f"'{text}' is no bed: give X1,Y1,X2,Y2,HEIGHT in metres, such as -0.5,1.0,0.5,3.0,0.5."
        ) from error
    return {"low": [min(x1, x2), min(y1, y2)], "high": [max(x1, x2), max(y1, y2)], "height": height}


async def _install(gateway: httpx.AsyncClient, body: dict[str, Any]) -> int:
    from api.cli.gateway import ask

    body = await _completed(gateway, body)
    made = await ask(gateway, "POST", "/radar/installations", body)
    path = f"/radar/installations/{made['id']}"
    skipping: asyncio.Task[None] | None = None
    outcome, teller = "", _Teller()
    try:
        async with asyncio.TaskGroup() as group:
            async for event in _events(gateway, path):
                teller.tell(event)
                if event["code"] in ("walk-test", "fall-test"):
                    skipping = group.create_task(_skip(gateway, path))
                elif skipping is not None and event["code"] in ("seen", "not-seen", "skipped", "ended"):
                    skipping.cancel()
                if event["code"] == "ended":
                    outcome = event["data"]["outcome"]
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        await ask(gateway, "POST", f"{path}/cancel")
        print("Cancelled. 'huoma radar list' shows what is installed.")
        return _INTERRUPTED
    return 0 if outcome == "ready" else 1


async def _skip(gateway: httpx.AsyncClient, path: str) -> None:
    """Enter leaves a test out, where there is a terminal to press it at."""
    import sys

    from api.cli.gateway import ask

    if not sys.stdin.isatty():
        return
    print("          (Enter leaves this test out)")
    await line()
    try:
        await ask(gateway, "POST", f"{path}/skip")
    except HuomaError as refusal:  # it was over at the same moment
        print(f"          {refusal}")


async def _completed(gateway: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    """What was not given is asked for, at a terminal."""
    from api.cli.gateway import ask

    if body["port"] is None:
        need_terminal("--port")
        there = [one["port"] for one in await ask(gateway, "GET", "/radar/ports") if one["there"]]
        if not there:
            raise Invalid("No serial port is there: plug the module in, and try again.")
        for number, one in enumerate(there, start=1):
            print(f"{number:3}  {one}")
        body = body | {"port": await choice("Which port?", there)}
    if body["room"] is None:
        need_terminal("--room")
        for number, one in enumerate(_ROOMS, start=1):
            print(f"{number:3}  {one}")
        body = body | {"room": await choice("In which room does it hang?", list(_ROOMS))}
    while body["height_m"] is None:
        need_terminal("--height")
        try:
            body = body | {"height_m": float((await prompt("How high above the floor, in metres? ")).replace(",", "."))}
        except ValueError:
            print("Give metres, such as 2.1.")
    return body


async def _events(gateway: httpx.AsyncClient, path: str) -> AsyncIterator[dict[str, Any]]:
    async with gateway.stream("GET", f"{path}/events", timeout=None) as stream:
        async for text in stream.aiter_lines():
            if text.startswith("data:"):
                event = json.loads(text.removeprefix("data:"))
                yield event
                if event["code"] == "ended":
                    return


class _Teller:
    """What happens, as lines; a picture only where it differs from the last one."""

    def __init__(self) -> None:
        self._flags: dict[str, Any] = {}  # modules tell one fact at a time: the others still hold
        self._shown: list[str] = []

    def tell(self, event: dict[str, Any]) -> None:
        """One more."""
        if event["code"] != "picture":
            print(f"{event['at'][11:19]}  {event['words']}")
            return
        data = event["data"]
        self._flags |= {name: data[name] for name in ("present", "moving", "fallen") if name in data}
        shown = picture(self._flags | data)
        if shown != self._shown:
            self._shown = shown
            print(*(f"          {text}" for text in shown), sep="\n")


def picture(data: dict[str, Any]) -> list[str]:
    """The room from above, as lines of text: the module at the top, `O` who is up, `_` who is low, `.` points."""
    flags = [name for name in ("present", "moving", "fallen") if data.get(name)]
    if "people" not in data and "points" not in data:
        return [", ".join(flags) if flags else "nobody"]
    rows = [[" "] * _WIDE for _ in range(_DEEP)]
    for x, y, _ in data.get("points", ()):
        _put(rows, x, y, ".")
    people = data.get("people", ())
    for x, y, top in people:
        _put(rows, x, y, "O" if top is None or top > 0.8 else "_")
    said = "; ".join(
        f"{math.hypot(x, y):.1f} m away" + ("" if top is None else f", {top:.1f} m high") for x, y, top in people
    )
    return ["┌" + "module".center(_WIDE, "─") + "┐", *("│" + "".join(row) + "│" for row in rows), said or "nobody"]


def _put(rows: list[list[str]], x: float, y: float, sign: str) -> None:
    row, column = int(y / _CELL_M), int(_WIDE / 2 + x / _CELL_M * 2)
    if 0 <= row < _DEEP and 0 <= column < _WIDE:
        rows[row][column] = sign

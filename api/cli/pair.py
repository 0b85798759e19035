"""`huoma pair`: a device paired at a prompt, step by step, with what happens as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.cli.candidates import lines, possible
from api.cli.home import Config
from api.cli.prompts import choice, line, need_terminal, prompt, whether, which
from gateway.core.errors import HuomaError, Invalid

if TYPE_CHECKING:
    import httpx

_INTERRUPTED: Final = 130  # as a shell has it of a command that was broken off
_QUIET: Final = frozenset({"answered"})
# What is looked up in a menu or an app, and which device is meant, is asked for until it is answered, whatever is heard
# meanwhile; the digits of a bonding end with it.
_STANDS: Final = frozenset({"bind-key", "consent-code", "select"})
_WITHDRAWS: Final = frozenset({"ask", "answered", "chosen", "ended"})
_RESUMES: Final = 5  # times in a row that a stream may break before the gateway counts as gone


def pair(
    address: Annotated[str | None, typer.Option("--address", help="of the device", show_default=False)] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help='its model, such as "a-and-d/ua-651ble"', show_default=False)
    ] = None,
    resident: Annotated[str | None, typer.Option("--resident", help="id or name: whose it will be")] = None,
    slot: Annotated[
        int | None, typer.Option("--slot", min=0, max=255, help="only this user button", show_default=False)
    ] = None,
    placement: Annotated[
        str | None, typer.Option("--placement", help="where it is worn or stands", show_default=False)
    ] = None,
    language: Annotated[str, typer.Option("--language", help="of the steps and the report: fi, sv or en")] = "en",
    shared: Annotated[bool, typer.Option("--shared", help="several residents use it")] = False,
    replaces: Annotated[
        str | None, typer.Option("--replaces", help="address of the device in whose place it comes", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="take the device that calls when it is the only one")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="write the installation report there; - prints it")
    ] = None,
    values: Annotated[bool, typer.Option("--values", help="with the first measured values in the report")] = False,
    config: Config = None,
) -> None:
    """Pair a device: find it, bond, set its clock, give it to a resident, and wait for a first measurement."""
    from api.cli.gateway import perform

    body = {
        "address": address,
        "profile": profile,
        "resident": resident,
        "user_slot": slot,
        "placement": placement,
        "language": language,
        "shared": shared,
        "replaces": replaces,
    }
    status = 0
    if report is None or address is not None or profile is not None or resident is not None:
        status = perform(config, lambda gateway: Dialogue(gateway, yes=yes).pair(body))
    if report is not None and status != _INTERRUPTED:
        text = perform(config, lambda gateway: _report(gateway, language, values=values))
        _write(report, text)
    if status:
        raise typer.Exit(status)


class Dialogue:
    """One pairing with the person at the prompt."""

    def __init__(self, gateway: httpx.AsyncClient, *, yes: bool) -> None:
        self._gateway = gateway
        self._yes = yes
        self._asking: asyncio.Task[None] | None = None
        self._asked_for = ""  # the kind of the question that stands
        self._question = ""  # what was printed of it last
        self._profile: str | None = None  # the model that was asked for

    async def pair(self, body: dict[str, Any]) -> int:
        """The exit status: 0 when it is ready."""
        from api.cli.gateway import ask

        body = await self._completed(body)
        self._profile = body["profile"]
        made = await ask(self._gateway, "POST", "/pairings", body)
        path = f"/pairings/{made['id']}"
        try:
            async with asyncio.TaskGroup() as group:
                outcome = await self._follow(path, group)
                self._stop_asking()
        except asyncio.CancelledError:
            return await self._cancel(path)
        except BaseExceptionGroup:  # nobody answers: nothing is to be left half done
            await self._give_up(path)
            raise
        return 0 if outcome == "ready" else 1

    async def _follow(self, path: str, group: asyncio.TaskGroup) -> str:
        outcome = ""
        async for event in self._events(path):
            stands = self._asked_for in _STANDS and event["code"] not in _WITHDRAWS
            if not stands:
                self._stop_asking()
            if event["code"] not in _QUIET:
                print(end="\n" if stands else "")
                _tell(event)
                print(end=self._question if stands else "", flush=True)
            if event["code"] == "ask":
                self._asked_for = event["data"]["ask"]
                self._asking = group.create_task(self._answer(path, event["data"]))
            if event["code"] == "ended":
                outcome = event["data"]["outcome"]
        return outcome

    async def _cancel(self, path: str) -> int:
        """Ctrl-C: the gateway takes back what was made; that is waited for."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        print("Cancelling: what was made is taken back …")
        await self._give_up(path)
        async for event in self._events(path):
            if event["code"] == "ended":
                print(event["words"])
        return _INTERRUPTED

    async def _give_up(self, path: str) -> None:
        """A gateway that has gone takes it back by itself when it is started again."""
        import httpx

        with suppress(httpx.HTTPError):
            await self._gateway.post(path + "/cancel")

    async def _events(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """All of them, once each; resumes where a broken stream was."""
        import httpx

        from gateway.core.clock import SystemClock

        position, broken = 0, 0
        while True:
            try:
                headers = {"Last-Event-ID": str(position)}
                async with self._gateway.stream("GET", f"{path}/events", headers=headers, timeout=None) as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("data:"):
                            event = json.loads(line.removeprefix("data:"))
                            position, broken = event["number"], 0
                            yield event
                            if event["code"] == "ended":
                                return
            except httpx.HTTPError:
                pass  # the gateway was restarted, perhaps: it is asked again
            broken += 1
            if broken > _RESUMES:
                raise HuomaError(
                    "The gateway does not answer any more: look at its log, and start it again. It then takes back "
                    "what was half done; a device that was paired and given already stays: 'huoma devices' shows it."
                )
            await SystemClock().sleep(1.0)

    async def _completed(self, body: dict[str, Any]) -> dict[str, Any]:
        """What was not given is asked for, at a terminal."""
        if body["resident"] is None:
            body = body | {"resident": await self._which_resident()}
        if body["address"] is None and body["profile"] is None:
            body = body | {"address": await self._which_device()}
        return body

    async def _which_resident(self) -> str:
        from api.cli.gateway import ask

        need_terminal("--resident NAME")
        residents = await ask(self._gateway, "GET", "/residents")
        if not residents:
            raise Invalid("Nobody lives here yet: 'huoma resident add NAME' first.")
        for number, one in enumerate(residents, start=1):
            print(f"{number:3}  {one['name']}  {one['room_id'] or ''}")
        return str((await choice("Whose will it be?", residents))["id"])

    async def _which_device(self) -> str:
        from api.cli.gateway import ask

        need_terminal("--address or --profile")
        print("Put the device into pairing mode, then press Enter.")
        await line()
        heard = [one for one in await ask(self._gateway, "GET", "/pairings/nearby") if one["profile"] is not None]
        if not heard:
            raise Invalid(
                "No device that has a profile is heard: hold it near the gateway, wake it, and try again; 'huoma "
                "doctor' tells whether the radio works."
            )
        print(*lines(heard), sep="\n")
        return str((await choice("Which one?", heard))["address"])

    # ---- questions of the pairing -------------------------------------------------------------------------------

    async def _answer(self, path: str, data: dict[str, Any]) -> None:
        from api.cli.gateway import ask

        first = True
        while True:
            answer = await self._asked(path, data["ask"], by_itself=self._yes and first)
            first = False  # what was refused once is not sent again without a person
            if answer is None:
                return
            where, body = answer
            try:
                await ask(self._gateway, "POST", f"{path}/{where}", body)
            except HuomaError as refusal:
                print(f"  {refusal}")
                continue
            return

    async def _asked(self, path: str, kind: str, *, by_itself: bool) -> tuple[str, dict[str, Any]] | None:
        """Which route, and what it gets; None: there is nothing to answer."""
        match kind:
            case "passkey":
                return "passkey", {"passkey": await prompt("Passkey: ")}
            case "compare":
                return "compare", {"match": await whether("Do they match? [y/n] ")}
            case "bind-key":
                return "bind-key", {"bind_key": await self._put("Bind key: ")}
            case "consent-code":
                user = await self._put("User on the device: ", hidden=False)
                return "consent-code", {"user": user, "code": await self._put("Consent code: ")}
            case "select":
                return "select", {"address": await self._selected(path, by_itself=by_itself)}
        return None

    async def _put(self, question: str, *, hidden: bool = True) -> str:
        self._question = question
        return await prompt(question, hidden=hidden)

    async def _selected(self, path: str, *, by_itself: bool) -> str:
        from api.cli.gateway import ask

        devices = possible(await ask(self._gateway, "GET", path), self._profile)
        if by_itself and len(devices) == 1:
            return str(devices[0]["address"])
        print(*lines(devices), sep="\n")
        return await which([str(one["address"]) for one in devices], self._put_again)

    def _put_again(self, question: str) -> None:
        self._question = question

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking, self._asked_for, self._question = None, "", ""


def _tell(event: dict[str, Any]) -> None:
    """One line; the steps each on its own."""
    print(f"{event['at'][11:19]}  {event['words']}")
    for number, step in enumerate(event["data"].get("steps", ()), start=1):
        print(f"          {number}. {step}")


async def _report(gateway: httpx.AsyncClient, language: str, *, values: bool) -> str:
    from api.cli.gateway import refused

    reply = await gateway.get("/pairings/report", params={"language": language, "values": values})
    if not reply.is_success:
        raise refused(reply)
    return reply.text


def _write(file: Path, text: str) -> None:
    if str(file) == "-":
        print(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HuomaError(f"{file} cannot be written ({error.strerror}): name another file.") from error
    print(f"The installation report is in {file}.")

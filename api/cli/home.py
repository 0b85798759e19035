"""`huoma resident|device|devices|consent|user`: what a technician and an administrator do at a prompt."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from gateway.core.errors import Invalid

if TYPE_CHECKING:
    import httpx
    from rich.table import Table

Config = Annotated[Path | None, typer.Option("--config", help="settings file (TOML)", show_default=False)]
Since = Annotated[
    str | None, typer.Option("--since", help='from then on, such as "2026-03-01T08:00+02:00"', show_default=False)
]

resident = typer.Typer(no_args_is_help=True, help="Who lives here.")
device = typer.Typer(no_args_is_help=True, help="Whose a device is.")
consent = typer.Typer(no_args_is_help=True, help="What a resident lets out of the home, and to whom.")
user = typer.Typer(no_args_is_help=True, help="Who may ask the gateway: nurses, technicians, administrators.")


@resident.command("add")
def resident_add(
    name: Annotated[list[str], typer.Argument(help="the name, in as many words as it has")],
    room: Annotated[str | None, typer.Option("--room", help="where the resident lives", show_default=False)] = None,
    same_name: Annotated[bool, typer.Option("--same-name", help="somebody of this name lives here already")] = False,
    config: Config = None,
) -> None:
    """Take a resident in, and print the id."""
    made = ask_gateway(config, "POST", "/residents", {"name": " ".join(name), "room_id": room, "same_name": same_name})
    print(made["id"])


@resident.command("list")
def resident_list(config: Config = None) -> None:
    """Who lives here."""
    found = ask_gateway(config, "GET", "/residents")
    show(("id", "name", "room"), [(one["id"], one["name"], one["room_id"]) for one in found])


@resident.command("falls")
def resident_falls(
    resident: Annotated[str, typer.Argument(help="id or name")],
    config: Config = None,
) -> None:
    """Suspected falls by the nurses' verdicts, and false ones a month, as it was and with stricter thresholds."""
    found = ask_gateway(config, "GET", f"/residents/{quote(resident)}/falls")
    print(
        f"{found['days']:.1f} days with a wearable: {found['real']} real, {found['false']} false, {found['unknown']} "
        "unknown."
    )
    show(
        ("raised from", "false", "a month", "95 % interval", "real falls kept"),
        [
            (
                f"{100 * one['probability']:.0f} %" if one["probability"] else "as it was",
                str(one["false_alerts"]),
                f"{one['per_month']:.1f}",
                f"{one['low']:.1f}–{one['high']:.1f}",
                str(one["real_falls"]),
            )
            for one in found["curve"]
        ],
    )


@device.command("assign")
def device_assign(
    address: Annotated[
        str,
        typer.Argument(help="its address, such as AA:BB:CC:DD:EE:FF, or identity; `huoma devices` lists them"),
    ],
    resident: Annotated[str, typer.Option("--resident", help="id or name")],
    slot: Annotated[
        int | None, typer.Option("--slot", min=0, max=255, help="only this user button", show_default=False)
    ] = None,
    placement: Annotated[
        str | None,
        typer.Option(
            "--placement", help="where it is worn: waist, chest, wrist or ankle; or stands", show_default=False
        ),
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="others have it too, and it knows no users")] = False,
    weight: Annotated[
        float | None, typer.Option("--weight", help="kg now, for a shared scale", show_default=False)
    ] = None,
    since: Since = None,
    config: Config = None,
) -> None:
    """Give a device to a resident: its readings are about that person from now on."""
    given = {"shared": shared, "weight_kg": weight, "since": _moment(since)}
    body = {"resident": resident, "user_slot": slot, "placement": placement, **given}
    made = ask_gateway(config, "POST", f"/devices/{quote(address, safe=':')}/assignment", body)
    print(f"{address} belongs to {made['name']} since {made['since']}.")
    for one in made["ended"]:
        what = "It" if one["user_slot"] is None else f"Its button {one['user_slot']}"
        print(f"{what} no longer belongs to {one['name']}.")
    if not made["seen"]:
        print("It was not heard so far: look whether the address is right ('huoma devices' lists what is heard).")


@device.command("unassign")
def device_unassign(
    address: Annotated[str, typer.Argument(help="its address, such as AA:BB:CC:DD:EE:FF, or identity")],
    since: Since = None,
    config: Config = None,
) -> None:
    """Take a device away: it belongs to nobody and is not connected to. What was got with --since is taken back."""
    ask_gateway(config, "POST", f"/devices/{quote(address, safe=':')}/unassign", {"since": _moment(since)})
    print(f"{address} belongs to nobody now.")


@device.command("pair-again")
def device_pair_again(
    address: Annotated[str, typer.Argument(help="its address, such as AA:BB:CC:DD:EE:FF")], config: Config = None
) -> None:
    """Forget the bond with a device and make a new one when it calls in pairing mode."""
    ask_gateway(config, "POST", f"/devices/{quote(address, safe=':')}/pair-again")
    print(f"The bond with {address} is forgotten: put the device into pairing mode now.")


@device.command("key")
def device_key(
    address: Annotated[str, typer.Argument(help="its address, such as AA:BB:CC:DD:EE:FF")],
    forget: Annotated[bool, typer.Option("--forget", help="it is not encrypted any more")] = False,
    config: Config = None,
) -> None:
    """Enter the bind key of a device whose advertisements are encrypted; asks for it, and never shows it."""
    path = f"/devices/{quote(address, safe=':')}/key"
    if forget:
        ask_gateway(config, "DELETE", path)
        print(f"The bind key of {address} is forgotten: what it sends without encryption is taken from now on.")
        return
    ask_gateway(config, "POST", path, {"key": typer.prompt("Bind key", hide_input=True, err=True)})
    print(f"The bind key of {address} is kept: press its button, or wait until it measures.")


@device.command("code")
def device_code(
    address: Annotated[str, typer.Argument(help="its address, such as AA:BB:CC:DD:EE:FF")],
    user: Annotated[int, typer.Option("--user", help="the user's number on the device")] = 1,
    forget: Annotated[bool, typer.Option("--forget", help="that user is not fetched any more")] = False,
    config: Config = None,
) -> None:
    """Enter the consent code of a user of a scale or cuff; asks for it, and never shows it."""
    path = f"/devices/{quote(address, safe=':')}/code"
    if forget:
        ask_gateway(config, "DELETE", f"{path}?user={user}")
        print(f"The code of user {user} of {address} is forgotten: that user's measurements stay on the device.")
        return
    code = typer.prompt(f"Consent code of user {user}", hide_input=True, err=True)
    ask_gateway(config, "POST", path, {"user": user, "code": code})
    print(f"The code of user {user} of {address} is kept: measure once, and it is tried.")


@device.command("accept-damaged-bonds")
def device_accept_damaged_bonds(config: Config = None) -> None:
    """Say that you have read that the file of bonds was damaged: devices may pair again."""
    ask_gateway(config, "POST", "/bonds/accept-damage")
    print("Devices may pair again: put each into pairing mode.")


def devices(
    unknown: Annotated[bool, typer.Option("--unknown", help="unknown ones without a name too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    config: Config = None,
) -> None:
    """Devices that were read, assigned, or are heard now."""
    names: dict[str, str] = {}

    async def look(gateway: httpx.AsyncClient) -> Any:
        from api.cli.gateway import ask

        if not as_json:
            names.update({one["id"]: one["name"] for one in await ask(gateway, "GET", "/residents")})
        return await ask(gateway, "GET", f"/devices?unknown={str(unknown).lower()}")

    found = _perform(config, look)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    show(
        ("address", "device", "belongs to", "battery", "last read", "now", "signal", "last data", "bond"),
        [
            (
                one["address"] or one["identity"],
                _model(one),
                ", ".join(_owner(assignment, names) for assignment in one["assignments"]),
                None if one["battery_percent"] is None else f"{one['battery_percent']} %",
                one["last_seen_at"]
                and datetime.fromisoformat(one["last_seen_at"]).astimezone().isoformat(" ", "minutes"),
                _now(one["heard"]),
                _signal(one["heard"]),
                _useful(one["heard"]),
                None if one["bonded"] is None else "bonded" if one["bonded"] else "no bond",
            )
            for one in found
        ],
    )


@consent.command("grant")
def consent_grant(
    resident: Annotated[str, typer.Argument(help="id or name")],
    recipient: Annotated[str, typer.Option("--recipient", help="name of a sink of the settings")],
    data_type: Annotated[str, typer.Option("--type", help='such as blood-pressure, or alert, or "*" for all')] = "*",
    since: Since = None,
    config: Config = None,
) -> None:
    """A resident agrees that a recipient gets readings (or alerts)."""
    body = {"resident": resident, "recipient": recipient, "data_type": data_type, "since": _moment(since)}
    done = ask_gateway(config, "POST", "/consents", body)
    print(f"{recipient} may have {data_type} of resident {done['resident_id']}; {done['items']} waiting items go now.")


@consent.command("withdraw")
def consent_withdraw(
    resident: Annotated[str, typer.Argument(help="id or name")],
    recipient: Annotated[str, typer.Option("--recipient", help="name of a sink of the settings")],
    data_type: Annotated[str, typer.Option("--type", help='what is taken back; "*" is everything')] = "*",
    config: Config = None,
) -> None:
    """A resident no longer agrees: nothing more leaves when this returns."""
    body = {"resident": resident, "recipient": recipient, "data_type": data_type}
    done = ask_gateway(config, "POST", "/consents/withdraw", body)
    print(f"{recipient} gets no {data_type} of resident {done['resident_id']} any more; {done['items']} items dropped.")


@user.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="unique; it stands beside what this user does")],
    role: Annotated[str, typer.Option("--role", help="nurse, technician or admin")],
    config: Config = None,
) -> None:
    """Let somebody in, and print the bearer token, this once."""
    made = ask_gateway(config, "POST", "/users", {"name": name, "role": role})
    typer.echo("The token is shown this once: keep it where only its owner reads it.", err=True)
    print(made["token"])


@user.command("list")
def user_list(config: Config = None) -> None:
    """Who may come in, and who might once."""
    found = ask_gateway(config, "GET", "/users")
    show(("name", "role", ""), [(one["name"], one["role"], "revoked" if one["revoked"] else None) for one in found])


@user.command("revoke")
def user_revoke(name: Annotated[str, typer.Argument()], config: Config = None) -> None:
    """From now on the user's token opens nothing."""
    ask_gateway(config, "POST", "/users/revoke", {"name": name})
    print(f"{name} is let in no longer.")


def ask_gateway(config: Path | None, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    from api.cli.gateway import ask  # FastAPI and SQLite: not for `--help`

    return _perform(config, lambda gateway: ask(gateway, method, path, body))


def _perform(config: Path | None, command: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    from api.cli.gateway import perform

    return perform(config, command)


def _moment(text: str | None) -> str | None:
    """ISO 8601; a time without a zone is this machine's."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError as error:
        raise Invalid(f"--since {text!r} is no time: give it such as 2026-03-01T08:00+02:00") from error


def _local(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().isoformat(" ", "minutes")


def _model(one: dict[str, Any]) -> str:
    if one["model"] is not None:
        return f"{one['vendor']} {one['model']}"
    return str(one["name"] or (one["heard"] or {}).get("model") or "not seen so far")


def _now(heard: dict[str, Any] | None) -> str | None:
    if heard is None:
        return None
    last = "" if heard["last_state"] is None else f": {heard['last_state']}"
    return f"{heard['state']} as {heard['model']}{last}"


def _signal(heard: dict[str, Any] | None) -> str | None:
    if heard is None or heard["rssi"] is None:
        return None
    return f"{heard['signal']} ({heard['rssi']} dBm)"


def _useful(heard: dict[str, Any] | None) -> str | None:
    if heard is None or heard["useful_seconds_ago"] is None:
        return None
    return f"{heard['useful_seconds_ago']:.0f} s ago"


def _owner(assignment: dict[str, Any], names: Mapping[str, str]) -> str:
    slot = "" if assignment["user_slot"] is None else f", button {assignment['user_slot']}"
    slot += ", shared" if assignment["shared"] else ""
    placement = "" if assignment["placement"] is None else f", {assignment['placement']}"
    subject = assignment["subject"]
    who = names.get(subject["id"]) or f"{subject['type']} {subject['id']}"
    return f"{who}{slot}{placement}"


def show(columns: tuple[str, ...], rows: list[tuple[str | None, ...]]) -> None:
    """A table on a terminal; tab-separated lines in a pipe."""
    import sys

    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(cell or "" for cell in row))
        return
    from rich.console import Console
    from rich.table import Table

    table: Table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(cell or "" for cell in row))
    Console().print(table if rows else "none")

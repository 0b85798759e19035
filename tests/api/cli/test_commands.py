"""The commands, over the store alone and through a gateway that runs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from api.cli.main import main, report
from api.http.app import Control
from api.server import bind_control, serving
from gateway.core.errors import PortInUse, StoreError
from gateway.store.users import Role
from tests.api.home import Home

SETTINGS = """
time_zone = "Europe/Helsinki"
data_dir = "data"

[[sink]]
type = "fhir"
url = "https://fhir.example.org/r4"
token = "canary-token-0123456789"
"""


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Huoma = Callable[..., Ran]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "huoma.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    return file


@pytest.fixture
def huoma(config: Path, capsys: pytest.CaptureFixture[str]) -> Huoma:
    """Runs a command with the settings of this test."""

    def run(*words: str) -> Ran:
        arguments = list(words) if words[0] == "profile" else [*words, "--config", str(config)]
        with pytest.raises(SystemExit) as left:
            main(arguments)
        said = capsys.readouterr()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, said.out.strip(), said.err.strip())

    return run


def test_a_home_is_set_up_without_a_gateway(huoma: Huoma) -> None:
    resident = huoma("resident", "add", "Aino", "Virtanen", "--room", "bedroom")
    assert (resident.status, resident.err) == (0, "")
    assert huoma("resident", "list").out == f"{resident.out}\tAino Virtanen\tbedroom"
    assigned = huoma("device", "assign", "aa:bb:cc:dd:ee:ff", "--resident", resident.out, "--placement", "chest")
    assert (assigned.status, assigned.err) == (0, "")
    assert "not heard so far" in assigned.out
    assert huoma("devices").out.split("\t")[:3] == [
        "AA:BB:CC:DD:EE:FF",
        "not seen so far",
        "Aino Virtanen, chest",
    ]
    huoma("resident", "add", "Eino", "Salo")
    assert assigned.out.startswith("aa:bb:cc:dd:ee:ff belongs to Aino Virtanen since ")
    taken = huoma("device", "assign", "AA:BB:CC:DD:EE:FF", "--slot", "2", "--resident", "Eino Salo")
    assert "\nIt no longer belongs to Aino Virtanen.\n" in taken.out
    back = huoma("device", "assign", "AA:BB:CC:DD:EE:FF", "--slot", "2", "--resident", resident.out)
    assert "\nIts button 2 no longer belongs to Eino Salo.\n" in back.out
    again = huoma("device", "assign", "AA:BB:CC:DD:EE:FF", "--resident", resident.out)
    assert "no longer" not in again.out, "it was hers before"
    twin = huoma("resident", "add", "aino virtanen")
    assert (twin.status, twin.out) == (1, "")
    assert "--same-name" in twin.err
    assert huoma("resident", "add", "aino virtanen", "--same-name").status == 0
    head = huoma("device", "assign", "AA:BB:CC:DD:EE:FF", "--resident", resident.out, "--placement", "head")
    assert (head.status, head.out) == (2, "")
    assert "give one of waist, chest, wrist, ankle" in head.err
    foo = huoma("device", "assign", "foo", "--resident", resident.out)
    assert (foo.status, foo.out) == (2, "")
    assert "'foo' is no device" in foo.err
    assert huoma("device", "unassign", "AA:bb:cc:dd:ee:ff").status == 0
    assert huoma("devices").out == ""
    again = huoma("device", "unassign", "AA:BB:CC:DD:EE:FF")
    assert again.status == 1
    assert "belongs to nobody" in again.err
    granted = huoma("consent", "grant", "Aino Virtanen", "--recipient", "fhir", "--type", "blood-pressure")
    assert granted.out.startswith(f"fhir may have blood-pressure of resident {resident.out}")
    withdrawn = huoma("consent", "withdraw", resident.out, "--recipient", "fhir")
    assert withdrawn.status == 0
    token = huoma("user", "add", "Anna", "--role", "nurse")
    assert len(token.out) == 43
    assert "once" in token.err
    assert huoma("user", "revoke", "Anna").status == 0
    assert huoma("user", "list").out == "Anna\tnurse\trevoked"


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["device", "assign", "AA:BB:CC:DD:EE:FF", "--resident", "Eino"], 1, "There is no resident Eino"),
        (["consent", "grant", "Eino", "--recipient", "fihr"], 2, "There is no sink 'fihr' to consent to. Known: fhir."),
        (["consent", "grant", "Eino", "--recipient", "fhir", "--since", "soon"], 2, "--since 'soon' is no time"),
        (["user", "add", "Anna", "--role", "doctor"], 2, "role: should be 'nurse', 'technician' or 'admin'"),
        (["user", "revoke", "Anna"], 1, "There is no user Anna"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(huoma: Huoma, words: list[str], status: int, sentence: str) -> None:
    ran = huoma(*words)
    assert (ran.status, ran.out) == (status, "")
    assert ran.err.startswith(f"huoma: {sentence}")
    assert "\n" not in ran.err


async def test_the_gateway_that_runs_does_it(home: Home, config: Path, huoma: Huoma) -> None:
    path = config.parent / "data/control.sock"
    path.parent.mkdir()
    listener = bind_control(path)
    async with serving([(listener, Control(home.app))], closing=home.services.closing):
        added = await asyncio.to_thread(huoma, "resident", "add", "Aino")
        refused = await asyncio.to_thread(huoma, "consent", "grant", "Aino", "--recipient", "fihr")
        token = await asyncio.to_thread(huoma, "user", "add", "Anna", "--role", "nurse")
    assert [resident.id for resident in await home.services.acts.registry.residents()] == [added.out]
    anna = await home.services.tokens.look_up(token.out)
    assert anna is not None
    assert anna.role is Role.NURSE
    assert refused.status == 2
    assert not (path.parent / "huoma.db").exists()  # the store belongs to the gateway


def test_socket_of_a_gateway_that_died_is_no_gateway(huoma: Huoma, config: Path) -> None:
    (config.parent / "data").mkdir()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(config.parent / "data/control.sock"))
    assert huoma("resident", "list") == Ran(0, "", "")


def test_store_of_another_process_is_not_touched(huoma: Huoma, config: Path) -> None:
    import fcntl

    (config.parent / "data").mkdir()
    with (config.parent / "data/huoma.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = huoma("resident", "list")
    assert ran.status == 3
    assert "in use by another process" in ran.err


def test_store_of_a_newer_version_is_left_alone(huoma: Huoma, config: Path) -> None:
    import apsw

    assert huoma("resident", "list").status == 0
    connection = apsw.Connection(str(config.parent / "data/huoma.db"))
    connection.pragma("user_version", 999)
    connection.close()
    ran = huoma("resident", "list")
    assert ran.status == 3
    assert "newer Huoma" in ran.err


def test_data_folder_that_cannot_be_made_is_said(huoma: Huoma, config: Path) -> None:
    (config.parent / "data").write_text("a file")
    ran = huoma("resident", "list")
    assert ran.status == 3
    assert ran.err.startswith("huoma: ")
    assert "data_dir" in ran.err


def test_settings_are_checked_and_shown_without_secrets(huoma: Huoma, config: Path) -> None:
    assert huoma("settings", "check") == Ran(0, "The settings are right.", "")
    shown = huoma("settings", "show")
    assert 'time_zone = "Europe/Helsinki"' in shown.out
    assert "canary" not in shown.out + shown.err
    config.write_text("[api]\nprot = 1")
    assert huoma("settings", "check") == Ran(
        2, "", f"huoma: {config}: unknown setting 'api.prot': did you mean 'api.port'?"
    )
    config.write_text("")
    missing = huoma("settings", "check")
    assert missing.status == 2
    assert "'time_zone' is missing" in missing.err


def test_profiles_are_checked(huoma: Huoma, tmp_path: Path) -> None:
    shipped = huoma("profile", "check")
    assert shipped.status == 0
    assert shipped.out.endswith("0 problems.")
    (tmp_path / "bad.toml").write_text("[[device]]\nmodel = 3\n")
    bad = huoma("profile", "check", str(tmp_path / "bad.toml"))
    assert bad.status == 2
    assert "bad.toml" in bad.err


def test_errors_of_tasks_are_sentences_too(capsys: pytest.CaptureFixture[str]) -> None:
    inner = PortInUse("port 8420 is in use")
    assert report(ExceptionGroup("tasks", [ExceptionGroup("more", [inner]), StoreError("x")])) == 4
    assert capsys.readouterr().err == "huoma: port 8420 is in use\n"
    with pytest.raises(ExceptionGroup):
        report(ExceptionGroup("tasks", [inner, ValueError("a defect")]))


def test_heavy_parts_are_not_loaded_for_help() -> None:
    program = (
        "import sys\n"
        "from api.cli.main import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'bleak', 'bumble', 'fastapi', 'apsw', 'uvicorn'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {sorted(heavy)}' if heavy else 0)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False)
    assert ran.returncode == 0, ran.stderr
    for command in ("run", "pair", "doctor", "evaluate", "resident", "device", "devices", "consent", "user", "profile"):
        assert f"  {command} " in ran.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("huoma ")


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "api.cli.main", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert (ran.returncode, ran.stdout.startswith("huoma ")) == (0, True), ran.stderr


def test_the_rules_of_a_resident_are_shown_and_set(huoma: Huoma) -> None:
    assert huoma("resident", "add", "Aino").status == 0
    lines = huoma("resident", "vitals", "Aino").out.splitlines()
    assert "saturation-limit\t92 %\t\t92\tlow below here; 88 with COPD" in lines
    assert "weight-gain\tno\t\tno\twater: weight that rises in days (heart failure)" in lines
    ran = huoma("resident", "vitals", "Aino", "--set", "saturation-limit=88", "--set", "weight-gain=yes")
    assert "saturation-limit\t88 %\tset\t92\tlow below here; 88 with COPD" in ran.out.splitlines()
    again = huoma("resident", "vitals", "Aino", "--set", "saturation-limit=default", "--json")
    chosen = [one["name"] for one in json.loads(again.out)["settings"] if one["chosen"]]
    assert chosen == ["weight-gain"]


def test_a_rule_that_cannot_be_meant_is_refused(huoma: Huoma) -> None:
    huoma("resident", "add", "Aino")
    ran = huoma("resident", "vitals", "Aino", "--set", "saturation-limit=120")
    assert (ran.status, ran.err) == (2, "huoma: saturation-limit cannot be 120: give a number from 70 to 98 %.")
    for value in ("nan", "inf", "-1e999"):
        ran = huoma("resident", "vitals", "Aino", "--set", f"saturation-limit={value}")
        assert (ran.status, ran.err) == (2, "huoma: saturation-limit is a number from 70 to 98 %.")
    assert huoma("resident", "vitals", "Aino", "--set", "crisis-ask=17").status == 0
    assert huoma("resident", "vitals", "Aino", "--set", "weight-gain").err.startswith(
        "huoma: 'weight-gain' sets nothing"
    )
    assert huoma("resident", "vitals", "Nobody").status == 1

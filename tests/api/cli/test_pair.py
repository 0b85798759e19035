"""`huoma pair`, `unpair`, `capture`, `doctor` as a technician types them; the gateway's radio is in a test's hands."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from api.http.app import Control, build_app
from api.server import bind_control, serving
from device_drivers.errors import CodeNeeded
from device_drivers.profile_check import check_files
from device_drivers.sessions import End
from gateway.ingest.received import ClockMeasurement
from tests.api.home import Home, open_home
from tests.api.http.test_upkeep import FRAME, HandRecorder
from tests.api.pairing_radio import CUFF, CUFF_PROFILE, OTHER, HandRadio
from tests.api.whole_path.processes import HUOMA, ROOT

pytestmark = pytest.mark.slow  # each starts the command as a process

SETTINGS = 'time_zone = "Europe/Helsinki"\ndata_dir = "data"\n[radio]\nkind = "none"\n'


@dataclass
class Desk:
    """A home with its control socket, and the settings that lead to it."""

    home: Home
    radio: HandRadio
    recorder: HandRecorder
    config: Path

    async def huoma(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *HUOMA, *words, "--config", str(self.config),
            cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    async def ran(self, *words: str, given: bytes = b"") -> tuple[int, str, str]:
        process = await self.huoma(*words)
        out, err = await process.communicate(given)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    (folder / "data").mkdir()
    config = folder / "huoma.toml"
    config.write_text(SETTINGS)
    radio, recorder = HandRadio(), HandRecorder()
    async with open_home(folder, radio=radio) as home:
        await home.services.acts.add_resident("Aino Virtanen", actor="t")
        acts = replace(home.services.acts, bonds=radio)  # type: ignore[arg-type]
        services = replace(home.services, acts=acts, recorder=recorder)
        listener = bind_control(folder / "data/control.sock")
        async with serving([(listener, Control(build_app(services)))], closing=services.closing):
            yield Desk(home, radio, recorder, config)


async def until_said(process: asyncio.subprocess.Process, words: str) -> str:
    """What it printed until then."""
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(20):
        while words.encode() not in said:
            more = await process.stdout.read(1000)
            assert more, f"it ended: {said.decode()}"
            said += more
    return said.decode()


async def test_a_cuff_is_paired_and_reported(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        report = tmp_path / "report.md"
        options = (
            "--resident",
            "Aino Virtanen",
            "--profile",
            CUFF_PROFILE,
            "--language",
            "fi",
            "--report",
            str(report),
        )
        process = await at.huoma("pair", "--address", CUFF, *options)
        watch = await at.radio.watch()
        at.radio.tell_all(watch)
        said = await until_said(process, "Waiting for a first measurement")
        assert "1. Aseta paristot" in said or "1. " in said
        at.radio.measure(watch)
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert "Ready: A&D UA-651BLE." in out.decode()
        assert "# Asennusraportti" in report.read_text()
        assert "177" not in report.read_text()


async def test_a_consent_code_is_asked_for_until_it_is_right(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        process = await at.huoma("pair", "--address", CUFF, "--resident", "Aino Virtanen")
        watch = await at.radio.watch()
        assert process.stdin is not None
        watch.connecting()
        watch.known(at.radio.device())
        watch.failed(CodeNeeded("the scale refuses the consent code of user 2: look it up"))
        await until_said(process, "User on the device: ")
        watch.clock(
            ClockMeasurement(offset_s=0.0, uncertainty_s=0.5, measured_at=at.radio.clock.wall(), was_set=False)
        )  # fmt: skip
        # What happens meanwhile is told, and the question put again.
        await until_said(process, "It belongs to the resident now.\nUser on the device: ")
        process.stdin.write(b"2\n")
        await until_said(process, "Consent code: ")
        process.stdin.write(b"12\n")
        assert "A consent code has four digits" in await until_said(process, "User on the device: ")
        process.stdin.write(b"2\n")
        await until_said(process, "Consent code: ")
        process.stdin.write(b"0042\n")
        memory = at.home.services.acts.memory
        async with asyncio.timeout(5):
            while (await memory.of(CUFF)).get("consent-code:2") != "0042":  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.01)
        watch.connecting()
        watch.bonded()
        watch.ended(End.NOTHING_MORE)
        await until_said(process, "Waiting for a first measurement")
        at.radio.measure(watch, user_slot=2)
        out, err = await process.communicate()
        assert process.returncode == 0, (out, err)
        assert "0042" not in (out + err).decode()


async def test_a_passkey_is_typed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        process = await at.huoma("pair", "--address", CUFF, "--resident", "Aino Virtanen")
        await at.radio.watch()
        agent = at.radio.agents[CUFF]
        assert agent is not None
        assert process.stdin is not None
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(agent.passkey(CUFF))
            await until_said(process, "Passkey: ")
            process.stdin.write(b"nonsense\n")
            await until_said(process, "Passkey: ")
            process.stdin.write(b"004711\n")
        assert asked.result() == 4711
        watch = await at.radio.watch()
        at.radio.tell_all(watch)
        at.radio.measure(watch)
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert "4711" not in out.decode()


async def test_whether_digits_match_is_asked_until_it_is_yes_or_no(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        process = await at.huoma("pair", "--address", CUFF, "--resident", "Aino Virtanen")
        await at.radio.watch()
        agent = at.radio.agents[CUFF]
        assert agent is not None
        assert process.stdin is not None
        async with asyncio.TaskGroup() as group:
            matches = group.create_task(agent.compare(CUFF, 4711))
            for answer in ("", "kyl", "kyllä"):
                await until_said(process, "Do they match? [y/n] ")
                assert not matches.done()
                process.stdin.write(f"{answer}\n".encode())
        assert matches.result() is True
        process.send_signal(signal.SIGINT)
        await process.communicate()


async def test_ctrl_c_cancels_on_the_gateway_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        process = await at.huoma("pair", "--address", CUFF, "--resident", "Aino Virtanen")
        at.radio.tell_all(await at.radio.watch())
        await until_said(process, "Waiting for a first measurement")
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        assert process.returncode == 130
        assert "Cancelled: nothing was changed" in out.decode()
        assert at.radio.forgotten == [CUFF]
        assert await at.home.services.acts.registry.assigned(CUFF) == []


async def test_nobody_answers(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        status, _, err = await at.ran("pair", "--address", CUFF)
        assert (status, "Give --resident NAME" in err) == (2, True)
        process = await at.huoma("pair", "--address", CUFF, "--resident", "Aino Virtanen")
        await at.radio.watch()
        agent = at.radio.agents[CUFF]
        assert agent is not None
        assert process.stdin is not None
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(agent.passkey(CUFF))
            process.stdin.close()
            assert await process.wait() == 2
        assert asked.result() is None
        pairings = at.home.services.pairings
        assert pairings is not None
        async with asyncio.timeout(5):
            while pairings.states()[0].outcome is None:  # noqa: ASYNC110  # states tell nobody
                await asyncio.sleep(0)
        assert pairings.states()[0].outcome == "cancelled", "nothing stays open"


async def test_no_terminal_to_ask_at(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.radio.call(CUFF, pairing=None)
        process = await asyncio.create_subprocess_exec(
            *HUOMA, "pair", "--resident", "Aino Virtanen", "--profile", CUFF_PROFILE, "--config", str(at.config),
            cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, err = await process.communicate()
        assert (process.returncode, "Traceback" in err.decode()) == (2, False)
        assert "Nobody can be asked here: run the command at a terminal, or give --address" in err.decode()


async def test_the_only_one_is_taken_with_yes(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.radio.call(CUFF, pairing=None)
        process = await at.huoma("pair", "--profile", CUFF_PROFILE, "--resident", "Aino Virtanen", "--yes")
        watch = await at.radio.watch()
        at.radio.tell_all(watch)
        at.radio.measure(watch)
        out, _ = await process.communicate()
        assert (process.returncode, "Is this the device?" in out.decode()) == (0, True)


async def test_the_only_one_of_the_model_is_taken_with_yes_whatever_else_calls(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.radio.call(OTHER, pairing=None, rssi=-40)
        at.radio.heard[0] = replace(at.radio.heard[0], model="Polar H10", profile_id="polar/h10")
        at.radio.call(CUFF, pairing=None)
        process = await at.huoma("pair", "--profile", CUFF_PROFILE, "--resident", "Aino Virtanen", "--yes")
        watch = await at.radio.watch()
        at.radio.tell_all(watch)
        at.radio.measure(watch)
        out, _ = await process.communicate()
        assert (process.returncode, "Is this the device?" in out.decode()) == (0, True)


async def test_which_one_is_said_by_number(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.radio.call(OTHER, pairing=None, rssi=-70)
        at.radio.call(CUFF, pairing=None, rssi=-50)
        process = await at.huoma("pair", "--profile", CUFF_PROFILE, "--resident", "Aino Virtanen", "--yes")
        said = await until_said(process, "Which one? [1–2, or its address] ")
        assert f"  1  A&D UA-651BLE  {CUFF}" in said
        assert f"  2  A&D UA-651BLE  {OTHER}" in said
        # Another one, that cannot be meant, is heard meanwhile: the question stands.
        at.radio.call("5C:31:3E:5D:3F:1C", pairing=False)
        await until_said(process, "not in pairing mode: follow the steps.\nWhich one? [1–2, or its address] ")
        assert process.stdin is not None
        process.stdin.write(b"3\n")
        await until_said(process, "Which one?")
        process.stdin.write(b"2\n")
        watch = await at.radio.watch(OTHER)
        at.radio.tell_all(watch, OTHER)
        at.radio.measure(watch, OTHER)
        out, _ = await process.communicate()
        assert process.returncode == 0, out


async def test_enter_takes_the_only_one_and_an_address_any(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.radio.call(CUFF, pairing=None)
        for answer in (b"\n", b"1\n", CUFF.lower().encode() + b"\n"):
            process = await at.huoma("pair", "--profile", CUFF_PROFILE, "--resident", "Aino Virtanen")
            await until_said(process, "Is it this one? [Enter, or another address] ")
            assert process.stdin is not None
            process.stdin.write(answer)
            await at.radio.watch()
            process.send_signal(signal.SIGINT)
            await process.communicate()


async def test_unpair_capture_and_devices(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.home.services.acts.assign(CUFF, "Aino Virtanen", actor="t")
        status, out, _ = await at.ran("unpair", CUFF)
        assert (status, "Clear the pairing on the device too" in out) == (0, True)
        file = tmp_path / "acme.toml"
        status, out, err = await at.ran("capture", "--name", "A&D*", "--seconds", "2", "-o", str(file))
        assert (status, at.recorder.asked) == (0, [(CUFF, 2.0, False)])
        assert "huoma profile check" in out
        assert "Write down what its display shows" in err
        assert file.stat().st_mode & 0o777 == 0o600
        report = check_files([file])
        assert any("no pairing steps" in problem.text for problem in report.problems)
        status, _, err = await at.ran("capture", CUFF, "-o", str(file))
        assert (status, "is there already" in err) == (2, True)
        status, out, _ = await at.ran("devices", "--json")
        assert (status, isinstance(json.loads(out), list)) == (0, True)


async def test_ctrl_c_of_a_recording_writes_what_it_has(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.recorder.held = True
        file = tmp_path / "acme.toml"
        process = await at.huoma("capture", "--name", "A&D*", "--seconds", "300", "-o", str(file))
        await at.recorder.until_asked()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        assert (process.returncode, "Traceback" in err.decode()) == (0, False)
        assert "what was recorded so far is written" in err.decode()
        assert "the recording ended early" in out.decode()
        assert FRAME.data.hex() in file.read_text()


async def test_a_recording_without_frames_says_what_to_try(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.recorder.frames = ()
        status, out, err = await at.ran("capture", CUFF, "-o", str(tmp_path / "acme.toml"))
        assert (status, "it sent nothing: measure while it is recorded" in err) == (1, True)
        assert "0 frames" in out


async def test_a_recording_ends_with_the_command_that_asked_for_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.recorder.held = True
        process = await at.huoma("capture", CUFF, "--seconds", "300", "-o", str(tmp_path / "acme.toml"))
        await at.recorder.until_asked()
        process.kill()
        await process.wait()
        async with asyncio.timeout(10):
            await at.recorder.stopped.wait()


async def test_without_a_gateway(tmp_path: Path) -> None:
    config = tmp_path / "huoma.toml"
    config.write_text(SETTINGS)
    (tmp_path / "other").mkdir()
    async with desk(tmp_path / "other") as at:
        alone = replace(at, config=config)
        status, out, _ = await alone.ran("doctor", "--json")
        findings = {one["about"]: one for one in json.loads(out)}
        assert (status, findings["gateway"]["grade"]) == (0, "WARN")
        assert not (tmp_path / "data").exists(), "it looks, and makes nothing"
        status, _, err = await alone.ran("pair", "--address", CUFF, "--resident", "Aino")
        assert (status, "start the gateway" in err) == (1, True)
        config.write_text('time_zone = "Nowhere/Atlantis"\n')
        status, out, _ = await alone.ran("doctor")
        assert status == 1
        assert "Nowhere/Atlantis" in out

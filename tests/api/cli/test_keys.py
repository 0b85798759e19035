"""`huoma device key` and `code`: asks without showing, and keeps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli.main import main
from api.core import open_core
from api.settings import load
from gateway.core.clock import SystemClock
from gateway.core.health import HealthBoard

ADDRESS = "7C:C6:B6:57:DA:84"
KEY = "231d39c1d7cc1ab1aee224cd096db932"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "huoma.toml"
    file.write_text('time_zone = "Europe/Helsinki"\ndata_dir = "data"\n', encoding="utf-8")
    return file


def run(config: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main([*words, "--config", str(config)])
    return left.value.code if isinstance(left.value.code, int) else 0


def remembered(config: Path) -> dict[str, str]:
    async def read() -> dict[str, str]:
        async with open_core(load(config), clock=SystemClock(), health=HealthBoard()) as core:
            return dict(await core.memory.of(ADDRESS))

    return asyncio.run(read())


def test_the_key_is_asked_for_unseen_and_kept(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(_text: str, **how: Any) -> str:
        asked.append(how)
        return KEY

    monkeypatch.setattr(typer, "prompt", prompt)
    assert run(config, "device", "key", ADDRESS) == 0
    assert asked[0]["hide_input"] is True
    said = capsys.readouterr()
    assert f"The bind key of {ADDRESS} is kept" in said.out
    assert KEY not in said.out + said.err
    assert remembered(config)["bind-key"] == KEY
    assert run(config, "device", "key", ADDRESS, "--forget") == 0
    assert "is forgotten" in capsys.readouterr().out
    assert remembered(config)["bind-key"] == ""


def test_the_code_is_asked_for_unseen_and_kept(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(_text: str, **how: Any) -> str:
        asked.append(how)
        return "0042"

    monkeypatch.setattr(typer, "prompt", prompt)
    assert run(config, "device", "code", ADDRESS, "--user", "2") == 0
    assert asked[0]["hide_input"] is True
    said = capsys.readouterr()
    assert f"The code of user 2 of {ADDRESS} is kept" in said.out
    assert "0042" not in said.out + said.err
    assert remembered(config)["consent-code:2"] == "0042"
    assert run(config, "device", "code", ADDRESS, "--user", "2", "--forget") == 0
    assert remembered(config)["consent-code:2"] == ""
    assert run(config, "device", "code", ADDRESS, "--user", "99") == 2
    assert "user" in capsys.readouterr().err

"""What stops `huoma run` before it starts: one sentence that says what to do, and the right exit status."""

from __future__ import annotations

import socket
import subprocess
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.api.whole_path.processes import HUOMA, ROOT, gateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

ZONE = 'time_zone = "Europe/Helsinki"\n'
QUIET = '[radio]\nkind = "none"\n'


def refusal(config: Path, *options: str) -> tuple[int, str]:
    """(exit status, what was said) of a run that does not start."""
    done = subprocess.run(
        [*HUOMA, "run", "--config", str(config), *options],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("huoma: ")]
    assert len(said) == 1, done.stderr
    return done.returncode, said[0]


def written(folder: Path, text: str) -> Path:
    config = folder / "home.toml"
    config.write_text(text)
    return config


def test_unknown_setting_names_the_nearest(tmp_path: Path) -> None:
    status, said = refusal(written(tmp_path, ZONE + "[api]\nprot = 1\n"))
    assert status == 2
    assert "api.prot" in said
    assert "api.port" in said


def test_no_time_zone(tmp_path: Path) -> None:
    status, said = refusal(written(tmp_path, f'data_dir = "data"\n[api]\nport = 0\n{QUIET}'))
    assert status == 2
    assert "time_zone" in said


def test_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = refusal(written(tmp_path, f'{ZONE}data_dir = "data"\n[api]\nport = {port}\n{QUIET}'))
    assert status == 4
    assert str(port) in said


def test_store_from_a_newer_version(tmp_path: Path) -> None:
    config = written(tmp_path, f'{ZONE}data_dir = "data"\n[api]\nport = 0\n{QUIET}')
    with gateway(config):
        pass
    store = tmp_path / "data" / "huoma.db"
    with closing(apsw.Connection(str(store))) as connection:
        connection.pragma("user_version", 9999)
    before = store.read_bytes()
    status, said = refusal(config)
    assert status == 3
    assert "newer" in said
    assert store.read_bytes() == before, "it was touched"


def test_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    status, said = refusal(written(tmp_path, f'{ZONE}data_dir = "file/data"\n[api]\nport = 0\n{QUIET}'))
    assert status == 3
    assert "data_dir" in said


def test_ready_file_that_cannot_be_written(tmp_path: Path) -> None:
    config = written(tmp_path, f'{ZONE}data_dir = "data"\n[api]\nport = 0\n{QUIET}')
    for place in (tmp_path / "nowhere" / "ready", tmp_path, config / "ready"):
        status, said = refusal(config, "--ready-file", str(place))
        assert status == 1
        assert "ready file" in said


def test_unreadable_profile_is_said_and_the_others_serve(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "broken.toml").write_text("[[device]\n")
    config = written(tmp_path, f'{ZONE}data_dir = "data"\n[api]\nport = 0\n{QUIET}[profiles]\nfolders = ["profiles"]\n')
    with gateway(config) as home:
        done = subprocess.run(
            [*HUOMA, "user", "add", "nurse-one", "--role", "nurse", "--config", str(config)],
            cwd=ROOT, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        parts = home.api("/api/v1/status", done.stdout.split()[-1])["parts"]
        assert parts["profiles"]["colour"] == "amber"
        assert "broken.toml" in parts["profiles"]["reason"]
        assert "nurse_token" not in home.ready, "only a simulated home hands out a token"


def test_no_adapter_is_said_and_nothing_is_simulated(tmp_path: Path) -> None:
    config = written(tmp_path, f'{ZONE}data_dir = "data"\n[api]\nport = 0\n[radio]\nkind = "bumble"\n'
                     f'transport = "unix-client:{tmp_path / "nobody"}"\n')  # fmt: skip
    with gateway(config) as home:
        assert "SIMULATED" not in home.log.read_text()
    # Looked for again and again, and somebody is called when it stays away (tests/gateway/supervision/test_faults.py).


def test_a_simulated_home_and_a_real_one_never_share_a_store(tmp_path: Path) -> None:
    config = written(tmp_path, f'{ZONE}data_dir = "data"\n[api]\nport = 0\n{QUIET}')
    with gateway(config):
        pass
    status, said = refusal(config, "--simulate")
    assert status == 1
    assert "store of a home" in said
    other = written(tmp_path, f'{ZONE}data_dir = "made-up"\n[api]\nport = 0\n{QUIET}')
    with gateway(other, "--simulate"):
        pass
    status, said = refusal(other)
    assert status == 1
    assert "simulated" in said

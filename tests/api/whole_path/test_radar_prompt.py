"""`huoma radar` as a technician runs it: gateway, module and command each a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.whole_path.processes import HUOMA, ROOT, command, gateway, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@contextmanager
def module(name: str, link: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "device_drivers.virtual.radar", "--module", name, "--link", str(link)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield process
        finally:
            process.terminate()


def do(process: subprocess.Popen[str], *words: str) -> None:
    assert process.stdin is not None
    process.stdin.write("".join(f"{word}\n" for word in words))
    process.stdin.flush()


def test_a_module_is_found_installed_tested_listed_and_taken_down(tmp_path: Path) -> None:
    ports, config = tmp_path / "by-id", tmp_path / "huoma.toml"
    ports.mkdir()
    config.write_text(
        f'time_zone = "Europe/Helsinki"\ndata_dir = "{tmp_path}/data"\n[api]\nport = 0\n[radio]\nkind = "none"\n'
        f'[radar]\nby_id = "{ports}"\n'
    )
    port = ports / "usb-radar"
    with gateway(config), module("mr60fda1", port) as twin:
        assert str(port) in command(config, "radar", "ports")
        with subprocess.Popen(
            [
                *HUOMA, "radar", "install", "--config", str(config), "--port", str(port), "--room", "bathroom",
                "--height", "2.4", "--mounting", "ceiling",
            ],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        ) as install:  # fmt: skip
            said = []
            assert install.stdout is not None
            for line in install.stdout:
                said.append(line)
                if "Throw a cushion" in line:
                    do(twin, "fall")
            assert install.wait(60) == 0, said
        text = "".join(said)
        for words in ("Seeed MR60FDA1 radar speaks there at 115200 baud", "keeps the height", "Ready:"):
            assert words in text
        until(lambda: command(config, "radar", "list").endswith("2.40 m\tyes"), within_s=20)
        do(twin, "unplug")
        until(lambda: "is gone: plug the module in again" in command(config, "radar", "list"), within_s=20)
        assert "not listened to any more" in command(config, "radar", "remove", "port:usb-radar")
        assert "bathroom" not in command(config, "radar", "list")


def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path) -> None:
    config = tmp_path / "huoma.toml"
    config.write_text(f'time_zone = "Europe/Helsinki"\ndata_dir = "{tmp_path}/data"\n[radio]\nkind = "none"\n')
    for words, sentence in [
        (("list",), "while the gateway runs: start it first"),
        (("install", "--bed", "1,2,3"), "is no bed"),
    ]:
        done = subprocess.run(
            [*HUOMA, "radar", *words, "--config", str(config)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode != 0
        assert sentence in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1

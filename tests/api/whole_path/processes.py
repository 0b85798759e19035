"""The gateway and the virtual devices as processes of their own, driven as people drive them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).parents[3]
HUOMA: Final = (sys.executable, "-c", "from api.cli.main import main; main()")


@dataclass(slots=True)
class Gateway:
    """`huoma run` in its own process."""

    process: subprocess.Popen[bytes]
    config: Path
    ready: dict[str, str]
    log: Path

    def api(self, path: str, token: str) -> Any:
        reply = httpx.get(f"{self.ready['url']}{path}", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        reply.raise_for_status()
        return reply.json()

    def kill(self) -> None:
        """As a power cut would, as far as the process is concerned."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def command(config: Path, *words: str) -> str:
    """A command of the technician's; what it printed."""
    done = subprocess.run(
        [*HUOMA, *words, "--config", str(config)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def gateway(config: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Gateway]:
    """Running until the block ends; ready when it is entered."""
    ready = config.with_suffix(".ready")
    ready.unlink(missing_ok=True)
    log = config.with_suffix(".log")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*HUOMA, "run", "--config", str(config), "--ready-file", str(ready), *options],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=out,
            stderr=out,
        )
        try:
            until(lambda: ready.exists() or process.poll() is not None, within_s=30)
            assert process.poll() is None, log.read_text()
            yield Gateway(process, config, json.loads(ready.read_text()), log)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
                raise


@dataclass(slots=True)
class Devices:
    """`python -m device_drivers.virtual` in its own process."""

    process: subprocess.Popen[bytes]
    pdu_log: Path

    def tell(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n".encode())
        self.process.stdin.flush()

    def pairing_pdus(self) -> int:
        return sum("pairing" in json.loads(line) for line in self.pdu_log.read_text().splitlines())


@contextmanager
def devices(folder: Path, *options: str) -> Iterator[Devices]:
    """Virtual devices behind an HCI socket at folder/hci."""
    pdu_log = folder / "hci.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "device_drivers.virtual", "--transport", f"unix-server:{folder / 'hci'}"]
        + ["--pdu-log", str(pdu_log), *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield Devices(process, pdu_log)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def until(true: Callable[[], object], *, within_s: float) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.05)

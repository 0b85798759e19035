"""A real broker beside the tests: mosquitto on a free port, killed and started again as a test pleases."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers import READY_S, ServerMissing, free_port, system_binary

# It writes down each change at once: what it has accepted it still has after a kill -9.
DURABLE: Final = "persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"

RECONNECT_S: Final = 0.02  # sooner than the gateway, so that messages come while it is away


@dataclass(slots=True)
class Mosquitto:
    """One broker. `tls`: (certificate, key). `passwords`: a file that `mosquitto_passwd` would make."""

    folder: Path
    port: int
    tls: tuple[Path, Path] | None = None
    users: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it listens."""
        config = self.folder / "mosquitto.conf"
        config.write_text(self._config())
        program = system_binary("mosquitto", "mosquitto")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([program, "-c", str(config)], stderr=log, stdout=log)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerMissing(f"mosquitto stopped: {(self.folder / 'log').read_text()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return
            time.sleep(0.005)
        raise ServerMissing(f"mosquitto did not listen within {READY_S:.0f} s")

    def kill(self) -> None:
        """As the power does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def publisher(self, name: str = "publisher", **connect: Any) -> paho.Client:
        """A client that publishes, connected and running; `disconnect` and `loop_stop` it."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
        client.reconnect_delay_set(RECONNECT_S, RECONNECT_S)  # type: ignore[arg-type]
        if self.users:
            client.username_pw_set(*next(iter(self.users.items())))
        client.connect("127.0.0.1", self.port, **connect)
        client.loop_start()
        return client

    def _config(self) -> str:
        text = f"user root\nlistener {self.port} 127.0.0.1\n" + DURABLE.format(folder=self.folder)
        text += "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\n"
        if self.tls is not None:
            text += f"certfile {self.tls[0]}\nkeyfile {self.tls[1]}\n"
        if not self.users:
            return text + "allow_anonymous true\n"
        passwords = self.folder / "passwords"
        passwords.write_text("".join(f"{name}:{password}\n" for name, password in self.users.items()))
        passwords.chmod(0o600)
        subprocess.run([system_binary("mosquitto_passwd", "mosquitto"), "-U", str(passwords)], check=True)
        return text + f"allow_anonymous false\npassword_file {passwords}\n"


@contextlib.contextmanager
def mosquitto(
    folder: Path, *, tls: tuple[Path, Path] | None = None, users: dict[str, str] | None = None
) -> Iterator[Mosquitto]:
    """A broker that ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    broker = Mosquitto(folder=folder, port=free_port(), tls=tls, users=users or {})
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def publish(client: paho.Client, topic: str, payload: str | bytes, *, qos: int = 1, retain: bool = False) -> None:
    """Returns when the broker has taken it."""
    client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(10)


def stop(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()

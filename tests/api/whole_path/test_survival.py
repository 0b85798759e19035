"""A fall that nobody heard: the gateway is killed right after the commit; restarted, it tells everybody."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.whole_path.processes import command, devices, gateway, until
from tests.gateway.desk.http_server import care_centre

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

STRAP = "A0:9E:1A:8A:2F:3C"
SECRET = "3f9a51c7e08b44d2a6"


def configure(folder: Path, webhook: str) -> Path:
    config = folder / "home.toml"
    config.write_text(f"""
time_zone = "Europe/Helsinki"
data_dir = "data"
[api]
port = 0
[radio]
kind = "bumble"
transport = "unix-client:{folder / "hci"}"
[notify.webhook]
url = "{webhook}"
secret = "{SECRET}"
""")
    return config


def first_alert(url: str, token: str, last_event_id: str) -> dict[str, Any]:
    """What a client that was away gets when it resumes."""
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": last_event_id}
    with (
        httpx.Client(trust_env=False, timeout=10) as client,
        client.stream("GET", f"{url}/api/v1/alerts/stream", headers=headers) as response,
    ):
        for line in response.iter_lines():
            if line.startswith("data:") and "resident_id" in line:
                alert: dict[str, Any] = json.loads(line.removeprefix("data:"))
                return alert
    raise AssertionError("the stream ended")


async def test_killed_after_the_commit(tmp_path: Path) -> None:
    dead = configure(tmp_path, "http://127.0.0.1:9/hook")  # port 9: nobody listens
    resident = command(dead, "resident", "add", "Aino")
    command(dead, "device", "assign", STRAP, "--resident", resident, "--placement", "chest")
    nurse = command(dead, "user", "add", "nurse-one", "--role", "nurse").split()[-1]
    with devices(tmp_path, "--scene", "strap", "--fall-after", "6"):
        with gateway(dead) as home:
            until(lambda: home.api("/api/v1/alerts", nurse), within_s=40)
            alert = home.api("/api/v1/alerts", nurse)[0]

            def red() -> bool:
                return bool(home.api("/api/v1/status", nurse)["parts"]["notifications"]["colour"] == "red")

            until(red, within_s=30)
            words = home.api("/api/v1/status", nurse)["parts"]["notifications"]["reason"]
            print(words)
            assert "127.0.0.1:9 does not answer" in words
            assert "1 alert unannounced" in words
            assert "check" in words, "it says what to do"
            home.kill()
        async with care_centre() as centre:
            config = configure(tmp_path, centre.url)
            restarted = time.monotonic()
            # The gateway's process and its client run beside this event loop, which serves the webhook.
            heard = await run_beside(config, nurse)
            (request, *_) = await centre.wait_for(1)
            assert request.json()["id"] == alert["id"]
            assert heard["id"] == alert["id"]
            print(f"webhook and a late client {time.monotonic() - restarted:.1f} s after the restart")
            assert time.monotonic() - restarted <= 10


async def run_beside(config: Path, nurse: str) -> dict[str, Any]:
    """Restart the gateway and resume as a client that saw nothing, in a thread."""

    def work() -> dict[str, Any]:
        with gateway(config) as home:
            alert = first_alert(home.ready["url"], nurse, "0")
            time.sleep(0.5)
            return alert

    return await asyncio.to_thread(work)

"""A Zigbee sensor behind a real broker, from its payload to the resident's readings, as a technician sets it up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.whole_path.processes import command, gateway, until
from tests.brokers import mosquitto, publish, stop
from tests.gateway.mqtt.home import ADDRESS, HALL, listed

pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(120)]

PASSWORD = "correct-horse-battery-staple"


def test_a_door_sensor_is_seen_given_and_read_and_comes_back_after_a_kill(tmp_path: Path) -> None:
    secret = tmp_path / "mqtt.password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    config = tmp_path / "home.toml"
    with mosquitto(tmp_path / "broker", users={"huoma": PASSWORD}) as server:
        config.write_text(
            'time_zone = "Europe/Helsinki"\ndata_dir = "data"\n[api]\nport = 0\n[radio]\nkind = "none"\n'
            f'[[mqtt]]\nname = "zigbee"\nport = {server.port}\nusername = "huoma"\npassword_file = "mqtt.password"\n'
            'zigbee2mqtt = "zigbee2mqtt"\n'
        )
        publisher = server.publisher()
        publish(publisher, "zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall door", "MCCGQ11LM")), retain=True)
        publish(publisher, "zigbee2mqtt/hall door", '{"contact":true,"battery":71}', retain=True)
        with gateway(config) as running:
            until(lambda: "MCCGQ11LM" in command(config, "devices"), within_s=20)
            shown = command(config, "devices").split("\t")
            assert shown[0] == HALL
            assert "heard as Aqara MCCGQ11LM: opening-open 0, battery-level 71" in shown
            command(config, "resident", "add", "Aino")
            made = command(
                config, "device", "assign", "0x00158D00018255DF", "--resident", "Aino", "--placement", "hall"
            )
            assert "belongs to Aino since" in made
            token = command(config, "user", "add", "nurse", "--role", "nurse")
            publish(publisher, "zigbee2mqtt/hall door", '{"contact":false,"battery":71,"new_field":[1]}')
            until(lambda: _states(running, token) == [1.0], within_s=20)
            running.kill()
        publish(publisher, "zigbee2mqtt/hall door", '{"contact":true,"battery":71}')  # while the gateway is away
        with gateway(config) as running:
            until(lambda: _states(running, token) == [1.0, 0.0], within_s=20)
            status = running.api("/api/v1/status", token)
            assert "mqtt:zigbee" in json.dumps(status)
            assert PASSWORD not in running.log.read_text() + json.dumps(status)
            assert "hall door" not in running.log.read_text()
            metrics = httpx.get(f"{running.ready['url']}/metrics", headers=_bearer(token), trust_env=False).text
            assert 'huoma_broker_messages_total{broker="zigbee",outcome="known"} 1.0' in metrics
        stop(publisher)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _states(running: Any, token: str) -> list[float]:
    (resident,) = running.api("/api/v1/residents", token)
    rows = running.api(f"/api/v1/residents/{resident['id']}/readings", token)
    return [row["values"]["opening-open"]["value"] for row in rows if row["kind"] == "room-state"]

"""A very high pressure, from a cuff's radio to the alert a nurse reads: somebody is asked, a repeat closes it."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.whole_path.processes import command, devices, gateway, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CUFF = "5C:31:3E:5D:3F:1A"


def record(systolic: int, diastolic: int, *, ago: timedelta) -> str:
    """What the cuff sends of one measurement: a 2A35 value with time, pulse and status, in hex."""
    at = datetime.now(ZoneInfo("Europe/Helsinki")) - ago
    mean = (systolic + 2 * diastolic) // 3
    time = struct.pack("<HBBBBB", at.year, at.month, at.day, at.hour, at.minute, at.second)
    return (struct.pack("<BHHH", 0x16, systolic, diastolic, mean) + time + struct.pack("<HH", 72, 0)).hex()


def configure(folder: Path) -> Path:
    config = folder / "home.toml"
    config.write_text(f"""
time_zone = "Europe/Helsinki"
data_dir = "data"
[api]
port = 0
[radio]
kind = "bumble"
transport = "unix-client:{folder / "hci"}"
""")
    return config


def test_from_the_cuff_to_who_is_asked_and_closed_by_a_repeat(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("")
    config = configure(tmp_path)
    resident = command(config, "resident", "add", "Aino", "Testi")
    command(config, "device", "assign", CUFF, "--resident", resident, "--since", "2016-01-01T00:00+02:00")
    nurse = command(config, "user", "add", "nurse-one", "--role", "nurse").split()[-1]
    options = ("--scene", "cuff", "--records", str(tmp_path / "records"), "--clock-error", "0")
    with devices(tmp_path, *options, "--measure-every", "never") as twin, gateway(config) as home:

        def alerts() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = home.api("/api/v1/alerts", nurse)
            return [one for one in found if one["kind"] == "vital-sign"]

        said = command(config, "resident", "vitals", "Aino Testi", "--set", "crisis-ask=home-carer")
        assert "crisis-ask\thome-carer\tset" in said
        twin.tell(f"record {record(190, 121, ago=timedelta(minutes=2))}")
        until(alerts, within_s=40)
        (request,) = alerts()
        assert (request["condition"], request["addressee"], request["priority"], request["resident_id"]) == (
            "pressure-repeat", "home-carer", "high", resident,
        )  # fmt: skip
        assert request["summary"].startswith("Blood pressure 190/121 mmHg at ")
        twin.tell(f"record {record(152, 91, ago=timedelta(minutes=0))}")
        until(lambda: alerts()[0]["state"] == "resolved", within_s=40)
        detail = home.api(f"/api/v1/alerts/{request['id']}", nurse)
        assert (detail["verdict"], detail["resolved_by"]) == ("not-confirmed", "gateway")
        behind = [one["values"]["systolic"] for kept in detail["evidence"] for one in kept["content"]["readings"]]
        assert behind == [190, 152]
        assert len(alerts()) == 1
        assert home.api("/api/v1/status", nurse)["parts"]["vital-signs"]["colour"] == "green"

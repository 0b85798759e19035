"""Row 8: what real models publish, from the topic to the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from firmware_profiles import GoldenFrame, Profile
from tests.gateway.mqtt.home import CATALOGUE, HALL, home, listed
from tests.virtual_time import VirtualClock, run_virtual

ADDRESS: Final = "0x00158d00018255df"
SENSORS: Final = [profile for profile in CATALOGUE.profiles if profile.zigbee_models]
PAYLOADS: Final = [
    pytest.param(profile, frame, id=f"{profile.id}-{number}")
    for profile in SENSORS
    for number, frame in enumerate(profile.frames, 1)
]


def test_there_are_enough_real_models_of_every_kind() -> None:
    real = {profile.id for profile in SENSORS if not profile.generic}
    assert len(real) >= 8
    told = {row.quantity for profile in SENSORS for row in profile.fields}
    assert {
        "motion-detected", "opening-open", "presence-detected", "vibration-detected", "moisture-detected",
        "room-temperature", "battery-level",
    } <= told  # fmt: skip
    assert all(frame.source for profile in SENSORS for frame in profile.frames)


@pytest.mark.parametrize(("profile", "frame"), PAYLOADS)
def test_a_published_payload_becomes_the_stated_reading(tmp_path: Path, profile: Profile, frame: GoldenFrame) -> None:
    async def main() -> None:
        model = profile.zigbee_models[0].replace("*", "-NEW")
        async with home(tmp_path, VirtualClock()) as house:
            await house.assign()
            await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", model)), retained=True)
            await house.hear("zigbee2mqtt/hall", frame.data)
            rows = await house.rows()
            given = {name: value for row in rows for name, value in row.values.items()}
            assert given == pytest.approx({} if frame.reading is None else dict(frame.reading.values))
            assert {row.device_identity for row in rows} <= {HALL}
            raw = await house.database.read(lambda c: c.execute("SELECT raw FROM readings").fetchall())
            assert {one[0] for one in raw} <= {frame.data}  # every field, also those that nobody knows
            assert len(raw) == len(rows) == (0 if frame.reading is None else len({row.kind for row in rows}))
            (device,) = await house.registry.devices() if rows else [None]
            assert device is None or device.profile_id == profile.id
            stamped = json.loads(frame.data).get("last_seen") is not None
            assert all((row.effective_source == "device") is stamped for row in rows)
            assert house.words.said == []

    run_virtual(main)


def test_a_model_that_nobody_wrote_a_row_for_is_read_by_what_all_have_in_common(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock()) as house:
            await house.assign()
            await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", "ACME-7")), retained=True)
            payload = {"contact": False, "battery": 71, "tamper": True, "acme_mood": "fine"}
            await house.hear("zigbee2mqtt/hall", payload)
            assert await house.states() == [{"opening-open": 1.0, "tampered": 1.0}, {"battery-level": 71.0}]
            (device,) = await house.registry.devices()
            assert (device.profile_id, device.vendor, device.model) == ("generic/zigbee-sensor", "Aqara", "ACME-7")

    run_virtual(main)

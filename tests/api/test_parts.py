"""What a part says when it cannot be had as it was meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from api.parts import catalogue_of, why_deaf
from api.settings import ProfileSettings, Settings
from gateway.core.health import Colour, HealthBoard


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("weight = 71.3", "weight = 17.3"), "NOT USED"),
        (('sv = ["Väg dig."]', "sv = []"), "is used, but has no pairing steps in 'sv'"),
    ],
)
def test_a_faulty_profile_of_the_home_is_named_in_the_status_and_in_the_log(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    text = """
[[device]]
vendor = "Acme"
model = "Scale"
kinds = ["weight"]
name = "AcmeScale*"
services = ["181d"]
driver = "sig"
record_identity = "reception"
few_frames = "an example"
sources = ["of this home"]
[device.pairing]
fi = ["Punnitse."]
sv = ["Väg dig."]
en = ["Weigh yourself."]
[[device.frame]]
characteristic = "2a9d"
hex = "00b437"
reading = { weight = 71.3 }
source = "of this home"
"""
    health = HealthBoard()
    settings = Settings(data_dir=tmp_path, time_zone="UTC", profiles=ProfileSettings(folders=(tmp_path,)))
    (tmp_path / "acme.toml").write_text(text)
    catalogue_of(settings, health)
    assert health.parts()["profiles"].colour is Colour.GREEN
    (tmp_path / "acme.toml").write_text(text.replace(*change))
    with capture_logs() as logged:
        catalogue_of(settings, health)
    assert health.parts()["profiles"].colour is Colour.AMBER
    assert words in health.parts()["profiles"].reason
    assert [words in one["words"] for one in logged] == [True]


@dataclass
class _Broker:
    name: str
    is_hearing: bool

    @property
    def broker(self) -> _Broker:
        return self

    @property
    def part(self) -> str:
        return f"mqtt:{self.name}"


@pytest.mark.parametrize(
    ("adapter", "radio", "deaf"),
    [
        ("mqtt:there", Colour.RED, None),
        ("mqtt:away", Colour.GREEN, "nothing comes from the broker away"),
        ("mqtt:removed", Colour.RED, None),
        ("/dev/serial/by-id/usb-1", Colour.RED, None),
        ("00:11:22:33:44:55", Colour.RED, "Bluetooth does not work"),
        ("00:11:22:33:44:55", Colour.AMBER, None),
    ],
)
def test_why_nothing_is_heard_of_a_sensor(adapter: str, radio: Colour, deaf: str | None) -> None:
    health = HealthBoard()
    health.report("radio", radio, "…")
    brokers = [_Broker("there", is_hearing=True), _Broker("away", is_hearing=False)]
    assert why_deaf(brokers, health, adapter) == deaf  # type: ignore[arg-type]

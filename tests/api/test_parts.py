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
class _Carried:
    identity: str


@dataclass
class _Broker:
    name: str
    is_connected: bool
    carries: tuple[str, ...] = ()

    @property
    def broker(self) -> _Broker:
        return self

    def heard(self) -> tuple[_Carried, ...]:
        return tuple(_Carried(one) for one in self.carries)


@pytest.mark.parametrize(
    ("brokers", "radio", "sensors", "deaf"),
    [
        ([_Broker("a", True, ("eui64:1",))], Colour.GREEN, {"eui64:1"}, None),
        ([_Broker("a", False, ("eui64:1",))], Colour.GREEN, {"eui64:1"}, "no connection to the broker a"),
        ([_Broker("a", False, ("eui64:2",))], Colour.GREEN, {"eui64:1"}, None),  # another home's part of the house
        (
            [_Broker("a", False)],
            Colour.GREEN,
            {"eui64:1"},
            "no connection to the broker a",
        ),  # not heard since the start
        ([_Broker("a", True, ("eui64:1",)), _Broker("b", False)], Colour.GREEN, {"eui64:1"}, None),
        ([_Broker("a", False)], Colour.RED, {"port:usb-1"}, None),
        ([], Colour.RED, {"address:AA"}, "Bluetooth does not work"),
        ([], Colour.AMBER, {"address:AA"}, None),
        ([], Colour.RED, set(), None),
    ],
)
def test_why_nothing_is_heard_of_a_home(
    brokers: list[_Broker], radio: Colour, sensors: set[str], deaf: str | None
) -> None:
    health = HealthBoard()
    health.report("radio", radio, "…")
    assert why_deaf(brokers, health, sensors) == deaf  # type: ignore[arg-type]

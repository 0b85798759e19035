"""A receiver at another speed hears garbage, and one at the right speed every byte."""

from __future__ import annotations

import pytest

from device_drivers.decode.radar.protocols import PROTOCOLS, recognise
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.errors import DecodeError
from device_drivers.virtual.radar.uart import heard
from tests.device_drivers.virtual.radar.played import PROTOCOL_OF, play

BAUDS = (9600, 57600, 115200, 230400, 256000, 460800, 921600)


def test_at_the_right_speed_and_near_it_every_byte_arrives() -> None:
    data = bytes(range(256))
    assert heard(data, sent_baud=115200, read_baud=115200) == data
    assert heard(data, sent_baud=115200, read_baud=117000) == data
    assert heard(b"", sent_baud=115200, read_baud=9600) == b""


def test_a_slow_receiver_hears_few_bytes_and_a_quick_one_many() -> None:
    data = b"\x55" * 960
    assert len(heard(data, sent_baud=115200, read_baud=9600)) <= 960 / 10
    assert len(heard(data, sent_baud=115200, read_baud=921600)) > 960


@pytest.mark.parametrize("name", ["mr60fda2", "mr60fda1", "ld2410", "ld2450", "ti"])
@pytest.mark.parametrize("baud", BAUDS)
def test_no_module_is_recognised_at_another_speed(name: str, baud: int) -> None:
    played = play(name, {1.0: "fall"}, seconds=4.0)
    protocol = PROTOCOLS[PROTOCOL_OF[name]]
    if baud == protocol.baud:
        return
    garbled = heard(played.data, sent_baud=protocol.baud, read_baud=baud)
    assert garbled != played.data
    assert recognise(garbled) is None
    good = 0
    for frame in Splitter(protocol.framing).feed(garbled):
        try:
            protocol.decode(frame)
        except DecodeError:
            continue
        good += 1
    assert good == 0

"""Every radar protocol: how its frames are found and read, and at which speed its modules speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.decode.radar import ld2410, ld2450, r60, ti, tinyframe
from device_drivers.decode.radar.splitter import Framing, Splitter
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import RadarFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One of them.

    Attributes:
        decode: a whole frame; raises `DecodeError`.
        baud: bits a second, as modules come.
        checked: its frames carry a checksum, so that one of them proves the protocol.
        questions: frames that ask for what its modules say only when it changes.
    """

    framing: Framing
    decode: Callable[[bytes], RadarFrame]
    baud: int
    checked: bool = False
    questions: tuple[bytes, ...] = ()


PROTOCOLS: Final[Mapping[str, Protocol]] = MappingProxyType(
    {
        "tinyframe": Protocol(framing=tinyframe.FRAMING, decode=tinyframe.decode, baud=115200, checked=True),
        "r60": Protocol(
            framing=r60.FRAMING, decode=r60.decode, baud=115200, checked=True, questions=(r60.encode(r60.FALL_ASKED),)
        ),
        "ld2410": Protocol(framing=ld2410.FRAMING, decode=ld2410.decode, baud=256000),
        "ld2450": Protocol(framing=ld2450.FRAMING, decode=ld2450.decode, baud=256000),
        "ti": Protocol(framing=ti.FRAMING, decode=ti.decode, baud=921600),
    }
)
_ENOUGH: Final = 3  # good frames: of two protocols that find some, one finds garbage


def recognise(data: bytes) -> str | None:
    """Which protocol these bytes of a line are: the one whose frames fill most of them; None when that is not clear."""
    found: dict[str, int] = {}
    for name, protocol in PROTOCOLS.items():
        good = 0
        for frame in Splitter(protocol.framing).feed(data):
            try:
                protocol.decode(frame)
            except DecodeError:
                continue
            good += len(frame)
            found[name] = found.get(name, 0) + 1
        if found.get(name, 0) < (1 if protocol.checked else _ENOUGH) or good * 2 < len(data):
            found.pop(name, None)
    return next(iter(found)) if len(found) == 1 else None

"""A log of what crossed the HCI, one JSON object a line: tests count pairing PDUs in it. Adverts are left out."""

from __future__ import annotations

import asyncio
import json
from typing import Final, TextIO

_COMMAND, _ACL, _EVENT = 1, 2, 4
_LE_META, _COMPLETED_PACKETS = 0x3E, 0x13
_ADVERTISING_REPORTS: Final = (0x02, 0x0D)
_ATT_CHANNEL, _SMP_CHANNEL = 0x0004, 0x0006
_SMP_CODES: Final = {
    0x01: "pairing-request",
    0x02: "pairing-response",
    0x03: "pairing-confirm",
    0x04: "pairing-random",
    0x05: "pairing-failed",
    0x06: "encryption-information",
    0x07: "central-identification",
    0x08: "identity-information",
    0x09: "identity-address-information",
    0x0A: "signing-information",
    0x0B: "security-request",
    0x0C: "public-key",
    0x0D: "dhkey-check",
    0x0E: "keypress-notification",
}


class HciLog:
    """An `HciObserver`.

    Keys: at (s), from ("host" | "controller"), kind ("command" | "event" | "att" | "smp" | "acl"), hex, and for SMP
    `pairing`, the PDU's name.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, packet: bytes, from_host: bool) -> None:  # an observer's signature
        kind, name = classify(packet)
        if kind is None:
            return
        line: dict[str, object] = {
            "at": round(asyncio.get_running_loop().time(), 6),
            "from": "host" if from_host else "controller",
            "kind": kind,
            "hex": packet.hex(),
        }
        if name is not None:
            line["pairing"] = name
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def classify(packet: bytes) -> tuple[str | None, str | None]:
    """The kind of an H4 packet and the name of a pairing PDU; (None, None) for what is not logged."""
    if packet[0] == _COMMAND:
        return "command", None
    if packet[0] == _EVENT:
        reports = packet[1] == _LE_META and packet[3] in _ADVERTISING_REPORTS
        return (None, None) if reports or packet[1] == _COMPLETED_PACKETS else ("event", None)
    if packet[0] != _ACL or len(packet) < 10 or packet[2] >> 4 & 0b11 == 0b01:  # a continuing fragment has no channel
        return "acl", None
    channel = int.from_bytes(packet[7:9], "little")
    if channel == _SMP_CHANNEL:
        return "smp", _SMP_CODES.get(packet[9], f"code-{packet[9]:#04x}")
    return ("att" if channel == _ATT_CHANNEL else "acl"), None

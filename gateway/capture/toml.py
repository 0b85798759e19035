"""A recording as a file that is the beginning of a profile: `huoma profile check` reads it and says what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.decode.registry import DECODERS
from gateway.capture.recorder import Captured
from gateway.radio.visits.capture import Attribute

_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1808": "glucose",
        "1809": "body-temperature",
        "180d": "heart-rate",
        "1810": "blood-pressure",
        "181b": "body-composition",
        "181d": "weight",
        "1822": "oxygen-saturation",
    }
)
_TIMED: Final = frozenset({"1808", "1809", "1810", "181b", "181d"})  # whose records carry a time
_HOUSEHOLD: Final = frozenset({"1800", "1801", "180a", "180f", "1805"})  # that tell nothing of what it is
_PERSONAL: Final = frozenset({"2a25", "2a23", "2a00", "2a99", "2a8a", "2a90", "2a85", "2a80", "2a8e"})
_NUMBERED: Final = re.compile(r"[0-9A-Fa-f]{4,}$")  # the end of a name that is of this one device only

_HEAD: Final = """\
# Recorded by 'huoma capture'. To make a profile of it: docs/device-author.md.
# The frames hold what somebody measured: give this file away only if that person agrees. Serial numbers, names and
# user data that could be recognised are left out.
# Next: correct vendor, model, name and kinds; write what the display showed beside each frame; add the steps of
# pairing; then run 'huoma profile check' on this file, which says what is missing.
"""


def profile_text(captured: Captured) -> str:
    """The whole file."""
    return "\n".join([_HEAD, *_found(captured), "", *_device(captured), "", *_frames(captured)]) + "\n"


def name_pattern(name: str) -> str:
    """The name as others of its kind may have it: "Acme BP 5D3F1A" → "Acme BP *"."""
    shortened = _NUMBERED.sub("*", name)
    escaped = "".join(f"[{letter}]" if letter in "[?" else letter for letter in shortened)
    return escaped if escaped.strip("*") else name


def _found(captured: Captured) -> Iterator[str]:
    advert = captured.advert
    if advert is not None:
        yield f"# Advertised: services {', '.join(sorted(advert.services)) or 'none'}"
        for company, data in sorted(advert.manufacturer_data.items()):
            yield f"#   manufacturer {company:#06x}: {data.hex()}"
        for uuid, data in sorted(advert.service_data.items()):
            yield f"#   service data {uuid}: {data.hex()}"
    yield "# Its characteristics:"
    service = None
    for one in captured.attributes:
        if one.service != service:
            service = one.service
            yield f"#   service {service}"
        yield f"#     {one.uuid} ({', '.join(one.properties)}){_value(captured, one)}"
    bonded = "; a bond was made for it, 'huoma unpair' removes it" if captured.bonded else ""
    yield f"# The recording ended {captured.ended}{bonded}."
    if captured.dropped:
        yield f"# {captured.dropped} more frames were not kept."


def _value(captured: Captured, one: Attribute) -> str:
    value = captured.reads.get(one.handle)
    if value is None:
        return ""
    if isinstance(value, str):
        return f": {_line(value)}"
    if one.uuid in _PERSONAL:
        return f": {len(value)} bytes, not kept because they name this device or a person"
    text = value.decode("utf-8", "replace")
    return f": {value.hex()}" + (f"  {json.dumps(text)}" if text.isprintable() and len(text) > 1 else "")


def _device(captured: Captured) -> Iterator[str]:
    services = _services(captured)
    kinds = sorted({_KINDS[one] for one in services if one in _KINDS})
    advert = captured.advert
    name = None if advert is None else advert.name
    yield "[[device]]"
    yield f"vendor = {_text(_read(captured, '2a29') or 'Unknown')}"
    yield f"model = {_text(_read(captured, '2a24') or (name_pattern(name).strip('* _-') if name else '') or 'unknown')}"
    yield f"kinds = [{', '.join(map(_text, kinds))}]"
    if name:
        yield f"name = {_text(name_pattern(name))}"
    yield f"services = [{', '.join(map(_text, services))}]"
    if advert is not None and advert.manufacturer_data:
        yield f"company_ids = [{', '.join(map(str, sorted(advert.manufacturer_data)))}]"
    yield 'driver = "sig"'
    timed = any(one in _TIMED for one in services)
    yield f'record_identity = "{"device-time" if timed else "reception"}"'
    yield "sources = []  # where the facts come from, such as a capture of your own"


def _services(captured: Captured) -> list[str]:
    advertised = frozenset() if captured.advert is None else captured.advert.services
    return sorted(({one.service for one in captured.attributes} | advertised) - _HOUSEHOLD)


def _frames(captured: Captured) -> Iterator[str]:
    seen: set[tuple[str, bytes]] = set()
    for frame in captured.frames:
        if (frame.characteristic, frame.data) in seen or not frame.data:
            continue
        seen.add((frame.characteristic, frame.data))
        unknown = "" if frame.characteristic in DECODERS else "  (no decoder knows this characteristic)"
        yield f"# {frame.at_s:.1f} s after connecting{unknown}"
        yield "[[device.frame]]"
        yield f'characteristic = "{frame.characteristic}"'
        yield f'hex = "{frame.data.hex()}"'
        yield "reading = {}  # what did the display show? such as { systolic = 125, diastolic = 80 }"
        yield 'source = "captured with huoma capture"'
        yield ""


def _read(captured: Captured, uuid: str) -> str | None:
    for one in captured.attributes:
        value = captured.reads.get(one.handle)
        if one.uuid == uuid and isinstance(value, bytes):
            return value.rstrip(b"\0").decode("utf-8", "replace").strip() or None
    return None


def _text(text: str) -> str:
    """A TOML basic string: JSON's escapes are among TOML's."""
    return json.dumps(_line(text), ensure_ascii=False)


def _line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()

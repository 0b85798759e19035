"""One TOML file → profiles, strictly: an unknown or misshapen key is refused in one sentence that says what to do."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Final

from firmware_profiles.frames import golden_frames, uuid_of
from firmware_profiles.payload_fields import DEFAULT_STAMP, payload_fields, target_fields
from firmware_profiles.schema import (
    CLOCKS,
    DEVICE_KEYS,
    FINISH_PAIRING,
    LANGUAGES,
    MEANINGS,
    PRESSES,
    QUIRK_KEYS,
    RECORD_IDENTITIES,
    Profile,
    ProfileError,
    Quirks,
    profile_id,
)
from firmware_profiles.table import Table

_LONGEST_SETTLE_MS: Final = 5_000  # a cuff hangs up after some 10 s of silence
_LONGEST_TRAIL: Final = 4
LARGEST_FILE: Final = 1_000_000  # bytes; the largest file that came with the program has some 30 kB
_WIDEST_G: Final = 200.0
_FASTEST_HZ: Final = 2_000


def read_file(path: Path) -> tuple[Profile, ...]:
    """The profiles of one file.

    Raises:
        ProfileError: the file cannot be read, is not TOML, or a device in it is not as the schema says.
    """
    try:
        document = tomllib.loads(_bytes_of(path).decode("utf-8"))
    except OSError as problem:
        raise ProfileError(
            f"{path}: cannot be read ({problem.strerror}): check that it exists and who may read it."
        ) from (problem)
    except UnicodeDecodeError as problem:
        raise ProfileError(f"{path}: is not UTF-8 text (byte {problem.start}): save it as UTF-8.") from problem
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ProfileError(f"{path}: is not TOML: {problem}. Mend it there.") from problem
    top = Table(document, str(path), ("device",))
    devices = top.tables("device")
    if not devices:
        raise ProfileError(f"{path}: has no [[device]]: add one, or remove the file.")
    return tuple(_profile(device, path) for device in devices)


def _bytes_of(path: Path) -> bytes:
    """What is in it. A pipe or a device, of which reading may never end, is not even opened.

    Raises:
        OSError: it cannot be read.
        ProfileError: it is no regular file, or too large for profiles.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ProfileError(f"{path}: is no regular file: a profile is a file of text. Remove it from there.")
    with path.open("rb") as file:
        found = file.read(LARGEST_FILE + 1)  # what a file says of its size need not be so
    if len(found) > LARGEST_FILE:
        raise ProfileError(
            f"{path}: has more than {LARGEST_FILE / 1e6:g} MB, which no profile needs: remove it, or divide it."
        )
    return found


def _profile(raw: Table, path: Path) -> Profile:
    name = " ".join(str(raw.text(key)) for key in ("vendor", "model") if key in raw)
    device = raw.known(DEVICE_KEYS, f"{raw.where} ({name})" if name else None)
    vendor, model = device.text("vendor"), device.text("model")
    pairing = device.table("pairing", LANGUAGES)
    presses = device.table("presses", tuple(PRESSES))
    return Profile(
        id=profile_id(vendor, model),
        vendor=vendor,
        model=model,
        kinds=device.texts("kinds"),
        name=device.text("name", 'a pattern of the advertised name, such as "A&D_UA-651BLE_*"')
        if "name" in device
        else None,
        services=tuple(uuid_of(device, "services", text) for text in device.texts("services")),
        service_data=tuple(uuid_of(device, "service_data", text) for text in device.texts("service_data")),
        company_ids=device.integers("company_ids", 0, 0xFFFF),
        zigbee_models=device.texts("zigbee_models"),
        driver=device.text("driver", "the name of the session that speaks to it"),
        record_identity=device.choice("record_identity", RECORD_IDENTITIES),
        quirks=_quirks(device.table("quirks", QUIRK_KEYS)),
        pairing=MappingProxyType({language: pairing.texts(language) for language in pairing.keys()}),  # noqa: SIM118
        frames=golden_frames(device),
        generic=device.truth("generic"),
        sources=device.texts("sources"),
        few_frames=device.text("few_frames", "why there are fewer than five") if "few_frames" in device else None,
        stamp=device.text("stamp", 'a JSONPath, such as "$.last_seen"') if "stamp" in device else DEFAULT_STAMP,
        fields=payload_fields(device),
        targets=target_fields(device),
        presses=MappingProxyType({key: presses.choice(key, MEANINGS) for key in presses.keys()}),  # noqa: SIM118
        file=str(path),
    )


def _quirks(table: Table) -> Quirks:
    return Quirks(
        settle_ms=table.integer("settle_ms", 0, _LONGEST_SETTLE_MS) if "settle_ms" in table else 0,
        clock=table.choice("clock", CLOCKS) if "clock" in table else None,
        clock_awaited=table.truth("clock_awaited"),
        finish_pairing=table.choice("finish_pairing", FINISH_PAIRING) if "finish_pairing" in table else None,
        battery_levels=table.integers("battery_levels", 0, 100),
        clipping_g=_clipping(table) if "clipping_g" in table else None,
        rates_hz=tuple(sorted(table.integers("rates_hz", 1, _FASTEST_HZ))),
        tolerant_trailing=table.integer("tolerant_trailing", 0, _LONGEST_TRAIL) if "tolerant_trailing" in table else 0,
        big_endian_pulse=table.truth("big_endian_pulse"),
        unflagged_user=table.truth("unflagged_user"),
    )


def _clipping(table: Table) -> float:
    value = table.number("clipping_g")
    if not 0 < value <= _WIDEST_G:
        raise table.refuse("clipping_g", f"the full scale in g, above 0 and at most {_WIDEST_G:g}")
    return value

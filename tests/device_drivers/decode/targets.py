"""Every decoder there is, with good frames to break: what the fuzz and the benchmark of the decoders run over."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from device_drivers.decode import (
    beurer_scale,
    body_composition,
    bthome,
    date_time,
    device_information,
    glucose,
    mi_scale,
    movesense,
    nonin,
    omron_advert,
    omron_eeprom,
    polar_delta,
    polar_pmd,
    record_access,
    user_control,
)
from device_drivers.decode.blood_pressure import decode_beurer
from device_drivers.decode.registry import DECODERS
from firmware_profiles.schema import NO_QUIRKS, Quirks

DELTA: Final = "0200943577000000008071 07F06A9E8D 0A03 BE5CBEBA2F96B3EE4BE5ADFB"  # polar-ble-sdk, AccDataTest.kt, cut


@dataclass(frozen=True, kw_only=True)
class Target:
    """A total function of bytes.

    Attributes:
        decode: raises `DecodeError` or nothing.
        golden: frames that it takes, in hexadecimal.
        checksummed: nothing but a true frame passes, so that few broken ones can.
    """

    decode: Callable[[bytes], object]
    golden: tuple[str, ...]
    checksummed: bool = False


def measured(characteristic: str, quirks: Quirks = NO_QUIRKS) -> Callable[[bytes], object]:
    return lambda frame: DECODERS[characteristic](frame, quirks)


def joined(frame: bytes) -> object:
    """Two packets that a frame is cut into, and then the frame as it is."""
    joiner = body_composition.Joiner()
    joiner.feed(bytes.fromhex("8810C200DF1ACC2F"))
    return (*joiner.feed(frame), *joiner.flush())


def opened(frame: bytes) -> object:
    """BTHome, as if the key of its encrypted golden frame were known."""
    key = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
    return bthome.decode(frame, address="54:48:E6:8F:80:A5", key=key)


def by_channels(frame: bytes) -> object:
    channels = omron_eeprom.Channels()
    return [channels.feed(number, frame[number * 16 : number * 16 + 16]) for number in range((len(frame) + 15) // 16)]


MEASURED: Final[Mapping[str, tuple[str, ...]]] = {
    "2a18": ("027B00E807030F0A1E0001D011", "0F0100E807030F0A1E00D4FE05D0110100"),
    "2a19": ("42",),
    "2a1c": ("06B00E00FEDC070C050B321B04", "006C0100FF"),
    "2a35": (
        "167D0050006600E10701100C273640000000",
        "16FF07FF07FF07E107010E162C04FF070000",
        "1E8A00580078000000041114293B3C00012700",
        "15BDF00B009FF03C001200",
    ),
    "2a36": ("009600FF07FF07", "167D0050006600E10701100C273640000000"),
    "2a37": ("163C00040003", "0D2C010A00", "1F2C010A0000040003"),
    "2a5e": ("0FACF3BEF5E8070B1D170839204022000066E3", "0061004800"),
    "2a5f": ("1FDEF3CAF3CAF35AF5D4F3B2F220010000007AE3", "0061004800"),
    "2a9c": ("9803C200DF1A9701CC2FCA21A811", "9803000096230000000000000000", "0E00C200EA07050C12353601DF1A"),
    "2a9d": ("0E783EEA07050C12353601EE002607", "025433ea070816082a24"),
    nonin.MEASUREMENT: ("0A151E0150000161 0048", "0A081E00000001 7F01FF"),
}
TARGETS: Final[Mapping[str, Target]] = {
    **{name: Target(decode=measured(name), golden=golden) for name, golden in MEASURED.items()},
    "2a35 beurer": Target(
        decode=lambda frame: decode_beurer(frame, big_endian_pulse=True, unflagged_user=True),
        golden=("566A0047000000EA07080B121F00003F000000",),
    ),
    "2a9c joined": Target(decode=joined, golden=("0013C200CA21A811", "9803C200DF1A9701CC2FCA21A811")),
    "mi v1": Target(decode=mi_scale.decode_v1, golden=("223E30E607020E10293A", "023E30E607020E10293A")),
    "mi v2": Target(decode=mi_scale.decode_v2, golden=("0226E607020E10293AF7019A38", "0204B207010112101A0000A852")),
    "bthome": Target(
        decode=bthome.decode, golden=("440088016405E803002D013F0000", "4000520164 3A01", "4002CA0902CF09540448656C6C")
    ),
    "bthome encrypted": Target(
        decode=opened, golden=("41A47266C95F730011223378237214", "40001D01643A01"), checksummed=True
    ),
    "2a34": Target(
        decode=glucose.decode_context,
        golden=("022A0003", "DF010000016400015151000A0102030300", "03010001640002"),
    ),
    "2a52": Target(decode=record_access.decode, golden=("06000101", "06000106", "05000C00", "1100D204")),
    "2a9f": Target(decode=user_control.decode, golden=("20010102", "200201", "200205")),
    "beurer user": Target(decode=beurer_scale.decode_user, golden=("0001ffffffbf070808c00103", "01", "02")),
    "omron advert": Target(decode=omron_advert.decode, golden=("01240A0003", "01210A000304000A", "03080A")),
    "omron record": Target(decode=omron_eeprom.decode, golden=("6558541a331ade1800004c00ba00", "ff" * 14, "00" * 14)),
    "omron answer": Target(
        decode=omron_eeprom.decode_answer,
        golden=(
"0880000000000088",
"188100026010a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a100eb",
"08810002601004ff",
"088f000000000087",
),
        checksummed=True,
    ),
    "omron channels": Target(decode=by_channels, golden=("0880000000100098", "30" + "00" * 47)),
    "date_time": Target(decode=date_time.decode_date_time, golden=("e10701100c2736",)),
    "current_time": Target(decode=date_time.decode_current_time, golden=("e10701100c2736018005",)),
    "system_id": Target(decode=device_information.system_id, golden=("efcdab0000560900",)),
    "pnp_id": Target(decode=device_information.pnp_id, golden=("016b0034120100",)),
    "pmd": Target(
        decode=polar_pmd.decode,
        golden=(
            "02009435770000000001F7FFFFFFE703F8FFFEFFE503",
            "02009435770000000000F7FFE7F8FEE5",
            "02009435770000000002F7FFFFFFE703F8FFFEFFE503112233445566",
            DELTA,
            "02650000000000000081F1FF1400F00306017B0F08",
        ),
    ),
    "delta": Target(
        decode=lambda body: polar_delta.samples(body, channels=3, resolution_bits=16),
        golden=("FFFFFFFFFFFF0303AAAACCCF0302AAAACC", "EAFF08000D000301DF00"),
    ),
    "pmd_response": Target(
        decode=polar_pmd.decode_response,
        golden=("F0010200000004190032006400C800010110000203020004000800", "F00202000001", "F0020206"),
    ),
    "movesense": Target(
        decode=movesense.decode,
        golden=(
            "026339300000cdcccc3dcdcc4cbecdcc1c41",
            "0263000000000000000000000000cdcc1c410000803f0000004000004040",
        ),
    ),
    "movesense result": Target(decode=movesense.decode_result, golden=("0163C800", "01639401")),
}  # fmt: skip


def frames(golden: tuple[str, ...], rng: random.Random, count: int) -> Iterator[bytes]:
    """A quarter each: random, truncated, bit-flipped, and true flags and length with everything else random."""
    whole = [bytes.fromhex(text) for text in golden]
    longest = max(map(len, whole)) + 4
    for number in range(count):
        one = whole[rng.randrange(len(whole))]
        how = number % 4
        if how == 0:
            yield rng.randbytes(rng.randrange(longest))
        elif how == 1:
            yield one[: rng.randrange(len(one))]
        elif how == 2:
            flipped = bytearray(one)
            for _ in range(rng.randint(1, 4)):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            yield bytes(flipped)
        else:  # reaches the numbers behind the length check
            yield one[:1] + rng.randbytes(len(one) - 1)

"""Which BTHome advertisement is news, and which is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from device_drivers.advertising import Advert, Broadcast, Trouble
from device_drivers.broadcasts.bthome import BIND_KEY, REPEAT_PLAIN_S, REPEAT_S, REPLAY_COUNTER, bthome
from device_drivers.broadcasts.recent import LIMIT, RECENT, first_heard, with_event
from device_drivers.errors import DecodeError
from device_drivers.readings import Pattern
from firmware_profiles import Profile, load

ADDRESS: Final = "7C:C6:B6:57:DA:84"
KEY: Final = "231d39c1d7cc1ab1aee224cd096db932"
HIGHEST: Final = (1 << 32) - 1


@pytest.fixture(scope="module")
def profile() -> Profile:
    found = load().match("SBBT-002C")
    assert found is not None
    return found


class Ear:
    """A device's memory, and the driver over it."""

    def __init__(self, profile: Profile, **memory: str) -> None:
        self.profile = profile
        self.memory: dict[str, str] = {key.replace("_", "-"): value for key, value in memory.items()}

    def hears(self, data: bytes, *, at: float) -> Broadcast:
        advert = Advert(address=ADDRESS, service_data={"fcd2": data})
        told = bthome(advert, self.profile, self.memory, at=at)
        self.memory |= {**told.remember, **told.meanwhile}
        return told

    def pressed(self, data: bytes, *, at: float) -> list[Pattern]:
        return [press.pattern for press in self.hears(data, at=at).presses if press.doubt is None]


def plain(number: int | None, event: int = 1) -> bytes:
    return b"\x44" + (b"" if number is None else bytes([0, number])) + bytes([0x3A, event])


def sealed(counter: int, objects: bytes, *, key: str = KEY) -> bytes:
    at = counter.to_bytes(4, "little")
    nonce = bytes.fromhex(ADDRESS.replace(":", "")) + b"\xd2\xfc\x45" + at
    body = AESCCM(bytes.fromhex(key), tag_length=4).encrypt(nonce, objects, None)
    return b"\x45" + body[:-4] + at + body[-4:]


def call(counter: int, number: int = 1, event: int = 1) -> bytes:
    return sealed(counter, bytes([0, number, 0x3A, event]))


def test_a_packet_id_is_one_press_for_two_minutes(profile: Profile) -> None:
    ear = Ear(profile)
    assert ear.pressed(plain(7), at=0.0) == [Pattern.PRESS]
    assert ear.pressed(plain(7), at=3.0) == []
    assert ear.pressed(plain(8), at=3.1) == [Pattern.PRESS]
    assert ear.pressed(plain(7), at=4.0) == []  # a late repeat, by a second adapter
    assert ear.pressed(plain(7), at=REPEAT_S - 0.1) == []
    assert ear.pressed(plain(7), at=REPEAT_S) == [Pattern.PRESS]  # wrapped, or a new battery


def test_the_same_packet_id_with_another_content_is_another_press(profile: Profile) -> None:
    ear = Ear(profile)
    assert ear.pressed(plain(7), at=0.0) == [Pattern.PRESS]
    assert ear.pressed(plain(7, 0x80), at=1.0) == [Pattern.HOLD]


def test_without_a_packet_id_the_same_bytes_are_one_press_for_ten_seconds(profile: Profile) -> None:
    ear = Ear(profile)
    assert ear.pressed(plain(None), at=5.0) == [Pattern.PRESS]
    assert ear.pressed(plain(None), at=5.0 + REPEAT_PLAIN_S - 0.1) == []
    assert ear.pressed(plain(None), at=5.0 + REPEAT_PLAIN_S) == [Pattern.PRESS]


def test_a_monotonic_clock_that_began_anew_swallows_nothing(profile: Profile) -> None:
    ear = Ear(profile)
    ear.hears(plain(7), at=90_000.0)
    assert ear.pressed(plain(7), at=12.0) == [Pattern.PRESS]


def test_counters_must_grow_and_are_remembered(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY)
    first = ear.hears(call(500, 1), at=0.0)
    assert [press.pattern for press in first.presses] == [Pattern.PRESS]
    assert first.remember == {REPLAY_COUNTER: "500"}
    assert ear.hears(call(500, 1), at=1.0) == Broadcast()
    again = ear.hears(call(501, 1), at=2.0)  # the same event under its next counter
    assert (again.presses, again.remember) == ((), {REPLAY_COUNTER: "501"})
    assert ear.pressed(call(502, 2), at=3.0) == [Pattern.PRESS]


def test_a_lower_counter_is_doubted_and_never_silent(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY, replay_counter="1000")
    for number, counter in enumerate((999, 1, 99)):
        told = ear.hears(call(counter, 10 + number), at=float(number))
        assert told.trouble is Trouble.OLD_COUNTER
        assert [press.doubt is not None for press in told.presses] == [True]
        assert (told.readings, told.remember) == ((), {})
    assert ear.pressed(call(1001, 10), at=9.0) == [Pattern.PRESS]  # what was doubted hides nothing that is genuine


def test_a_doubted_press_is_handed_on_once_while_it_is_repeated(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY, replay_counter="1000")
    assert len(ear.hears(call(5), at=0.0).presses) == 1
    again = ear.hears(call(5), at=1.0)
    assert (again.presses, again.trouble) == ((), Trouble.OLD_COUNTER)


def test_a_late_repeat_of_what_was_taken_is_nothing(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY)
    ear.hears(call(10, 1), at=0.0)
    ear.hears(call(11, 2), at=1.0)
    assert ear.hears(call(10, 1), at=2.0) == Broadcast()


@pytest.mark.parametrize(
    ("last", "counter", "taken"),
    [
        (HIGHEST, 0, True),
        (HIGHEST - 10, 5, True),
        (HIGHEST - 65_535, 65_535, True),
        (HIGHEST - 65_536, 0, False),  # too far from the end to have wrapped
        (HIGHEST, 65_536, False),
        (1_000_000, 0, False),
    ],
)
def test_a_counter_wraps_at_two_to_the_32(profile: Profile, last: int, counter: int, taken: bool) -> None:
    ear = Ear(profile, bind_key=KEY, replay_counter=str(last))
    assert ear.pressed(call(counter), at=0.0) == ([Pattern.PRESS] if taken else [])


def test_after_the_key_was_entered_again_any_counter_is_the_first(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY, replay_counter="")
    assert ear.pressed(call(3), at=0.0) == [Pattern.PRESS]


def test_plain_where_a_key_is_known_is_not_believed(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY)
    told = ear.hears(plain(7), at=0.0)
    assert told.trouble is Trouble.NOT_ENCRYPTED
    assert [press.doubt for press in told.presses] == ["it was not encrypted as it should be"]
    assert ear.hears(b"\x40\x02\xca\x09", at=1.0).readings == ()


def test_a_key_that_is_missing_or_wrong(profile: Profile) -> None:
    assert Ear(profile).hears(call(1), at=0.0).trouble is Trouble.NEEDS_KEY
    assert Ear(profile, bind_key="00" * 16).hears(call(1), at=0.0).trouble is Trouble.WRONG_KEY
    forgotten = Ear(profile, bind_key="")
    assert forgotten.pressed(plain(1), at=0.0) == [Pattern.PRESS]


@pytest.mark.parametrize("damaged", ["no key", "231d39"])
def test_a_damaged_key_is_said(profile: Profile, damaged: str) -> None:
    with pytest.raises(DecodeError, match="enter it again"):
        Ear(profile, bind_key=damaged).hears(call(1), at=0.0)


def test_readings_are_told_once(profile: Profile) -> None:
    ear = Ear(profile)
    data = bytes.fromhex("4000050164 02CA09")
    assert len(ear.hears(data, at=0.0).readings) == 2
    assert ear.hears(data, at=5.0).readings == ()


def test_an_advertisement_without_data_is_nothing(profile: Profile) -> None:
    assert bthome(Advert(address=ADDRESS, name="SBBT-002C"), profile, {}, at=0.0) == Broadcast()


def test_the_memory_of_events_is_bounded_and_survives_damage() -> None:
    memory: Mapping[str, str] = {}
    for number in range(50):
        memory = {**memory, **with_event(memory, f"e{number}", float(number))}
    assert list(first_heard(memory)) == [f"e{number}" for number in range(50 - LIMIT, 50)]
    assert first_heard({RECENT: "x y@z @1 a@2"}) == {"": 1.0, "a": 2.0}


def test_the_key_is_in_no_text(profile: Profile) -> None:
    ear = Ear(profile, bind_key=KEY, replay_counter="9")
    told = [ear.hears(call(5), at=0.0), ear.hears(plain(1), at=1.0), ear.hears(call(10, 2), at=2.0)]
    assert KEY not in repr(told)
    assert ear.memory[BIND_KEY] == KEY

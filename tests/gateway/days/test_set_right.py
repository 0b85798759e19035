"""A clock that was ahead for a while makes no sign of life later than it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from gateway.days.set_right import ClockNow, Stamps, set_right
from gateway.store.room_states import StateRow

H = 3600.0
NOW = ClockNow(boot_id="b", wall_s=100 * H, offset_s=10 * H, synchronised=True)


def right(*rows: tuple[str, float, float, bool], now: ClockNow = NOW) -> list[float]:
    """Rows of boot, wall clock and its offset from the monotonic one, hours, and whether it was synchronised."""
    stamps = Stamps()
    at = datetime.fromtimestamp(0, UTC)
    for seq, (boot, _, offset, sure) in enumerate(rows):
        stamps.add(
            StateRow(
                seq=seq, device_identity="a", quantity="motion-detected", on=True, at=at, boot_id=boot,
                offset_s=offset * H, synchronised=sure,
            )
        )  # fmt: skip
    found = set_right(np.array([wall * H for _, wall, _, _ in rows]), stamps, now)
    return [round(float(one / H), 6) for one in found]


def test_within_a_boot_the_monotonic_clock_tells_when_it_was() -> None:
    assert right(("b", 80, 10, True), ("b", 111, 40, False), ("b", 90, 10, True)) == [80, 81, 90]


def test_also_where_nothing_was_told_since_it_was_set_right() -> None:
    assert right(("b", 125, 40, True)) == [95]


def test_of_an_earlier_boot_it_is_no_later_than_the_first_word_of_the_next() -> None:
    assert right(("a", 125, 77, False), ("b", 90, 10, True)) == [90, 90]
    assert right(("a", 125, 77, False)) == [100]
    assert right(("a", 111, 40, False), ("a", 82, 10, True), ("b", 90, 10, True)) == [81, 82, 90]


@pytest.mark.parametrize("boot", ["a", "b"])
def test_a_clock_that_was_behind_for_a_while_makes_nothing_old(boot: str) -> None:
    assert right(("b", 80, 10, True), (boot, 3, -80, False), ("b", 90, 10, True)) == [80, 3, 90]


def test_a_clock_that_is_behind_now_bounds_nothing_of_earlier_boots() -> None:
    behind = replace(NOW, boot_id="c", wall_s=3 * H, offset_s=2 * H, synchronised=False)
    assert right(("b", 80, 10, True), ("b", 90, 10, True), now=behind) == [80, 90]


def test_what_is_told_late_or_while_the_clock_crept_stays() -> None:
    assert right(("b", 80, 10.05, True), ("b", 79, 10, True)) == [80, 79]


def test_where_boots_have_no_name_only_the_present_bounds() -> None:
    assert right(("unknown", 125, 40, True), ("unknown", 90, 10, True)) == [100, 90]

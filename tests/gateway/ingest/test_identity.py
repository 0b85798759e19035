"""New or known: the identity of a record, by the rule of its profile."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Reading
from gateway.ingest.identity import RecordIdentity, identify
from tests.gateway.ingest.conftest import failed_pressure, pressure, weight

AT = datetime(2026, 3, 1, 9, 55)  # noqa: DTZ001  # a device's clock has no zone


def of(reading: Reading, rule: str = "device-time", device: str = "d1", arrival: str = "1") -> RecordIdentity:
    return identify(device, rule, reading, arrival=arrival)


def test_a_stamped_record_is_the_same_wherever_and_whenever_it_arrives() -> None:
    assert of(pressure(AT), arrival="1") == of(pressure(AT, raw=b"other"), arrival="2")
    assert of(pressure(AT)).rule == "device-time"


def test_whatever_differs_makes_another_record() -> None:
    different = [
        of(pressure(AT)),
        of(pressure(AT), device="d2"),
        of(pressure(AT.replace(second=1))),
        of(pressure(AT, 121.0)),
        of(pressure(AT, user_slot=1)),
        of(pressure(AT, kind=Kind.CUFF_PRESSURE)),
        of(pressure(AT, values={Quantity.SYSTOLIC: 120.0, Quantity.DIASTOLIC: 80.0})),
        of(failed_pressure(AT)),
        of(failed_pressure(AT, flags=("body-movement",))),
    ]
    assert len({one.id for one in different}) == len(different)


def test_two_measurements_with_the_same_factory_stamp_stay_two() -> None:
    factory = datetime(2016, 1, 1)  # noqa: DTZ001
    assert of(pressure(factory, 120.0)).id != of(pressure(factory, 135.0)).id


def test_record_numbers() -> None:
    def numbered(sequence: int | None, systolic: float = 120.0) -> RecordIdentity:
        return of(pressure(AT, systolic, sequence=sequence), "sequence")

    assert numbered(7) == numbered(7)
    assert numbered(7).rule == "sequence"
    assert len({numbered(7).id, numbered(8).id, numbered(7, 121.0).id}) == 3  # numbers begin again after a reset
    assert numbered(None).rule == "device-time"


def test_without_a_whole_stamp_the_moment_of_reception_counts_and_a_resend_cannot_be_told() -> None:
    partial = pressure(DeviceTime(year=None, month=3, day=1, hour=9, minute=55, second=0))
    for reading in (pressure(None), partial):
        first, second = of(reading, arrival="1"), of(reading, arrival="2")
        assert first.id != second.id
        assert (first.rule, first.may_repeat) == ("reception", True)


def test_a_device_without_a_clock_repeats_nothing_by_rule() -> None:
    found = of(weight(70.0), "reception")
    assert (found.rule, found.may_repeat) == ("reception", False)


@given(st.permutations([Quantity.SYSTOLIC, Quantity.DIASTOLIC, Quantity.PULSE_RATE]))
def test_the_order_in_which_a_decoder_writes_values_does_not_matter(order: list[Quantity]) -> None:
    numbers = {Quantity.SYSTOLIC: 120.0, Quantity.DIASTOLIC: 80.0, Quantity.PULSE_RATE: 64.0}
    assert of(pressure(AT, values={quantity: numbers[quantity] for quantity in order})) == of(pressure(AT))


def test_ids_never_change() -> None:
    """Receivers know readings by them: a change here would double every record."""
    assert of(pressure(AT)).id == "9c95d286-3b9b-5bcd-b229-759ee93bde17"

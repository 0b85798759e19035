"""Record Access Control Point (2A52) and User Control Point (2A9F): commands and answers."""

from __future__ import annotations

import pytest

from device_drivers.decode import record_access, user_control
from device_drivers.errors import DecodeError


def test_commands_for_records() -> None:
    assert record_access.report_all().hex() == "0101"
    assert record_access.report_from(0x1234).hex() == "0103013412"
    assert record_access.report_from(0xFFFF, by=record_access.OMRON_BY_SEQUENCE).hex() == "010304ffff"
    assert record_access.report_count().hex() == "0401"
    assert record_access.report_count(7).hex() == "0403010700"
    assert record_access.report_latest().hex() == "1000"
    assert record_access.abort().hex() == "0300"


@pytest.mark.parametrize("sequence", [-1, 0x10000])
def test_no_sequence_number(sequence: int) -> None:
    with pytest.raises(ValueError, match="no sequence number"):
        record_access.report_from(sequence)


@pytest.mark.parametrize(
    ("text", "operation", "outcome", "number", "succeeded"),
    [
        ("06000101", record_access.REPORT, "success", None, True),
        ("06000106", record_access.REPORT, "no-records", None, True),
        ("06000402", record_access.COUNT, "operation-not-supported", None, False),
        ("06000108", record_access.REPORT, "procedure-not-completed", None, False),
        ("060001AA", record_access.REPORT, "outcome-170", None, False),
        ("05002C01", record_access.COUNT, "success", 300, True),
        ("1100D204", record_access.OMRON_LATEST, "success", 1234, True),
    ],
)
def test_answers_about_records(text: str, operation: int, outcome: str, number: int | None, succeeded: bool) -> None:
    answer = record_access.decode(bytes.fromhex(text))
    assert (answer.operation, answer.outcome, answer.number) == (operation, outcome, number)
    assert answer.succeeded is succeeded


@pytest.mark.parametrize("text", ["", "060001", "0600010100", "06010101", "01000101"])
def test_no_answer_about_records(text: str) -> None:
    with pytest.raises(DecodeError):
        record_access.decode(bytes.fromhex(text))


def test_commands_for_users() -> None:
    assert user_control.register(3752).hex() == "01a80e"
    assert user_control.consent(1, 3752).hex() == "0201a80e"  # ble-scale-sync, beurer-bf720.test.ts
    assert user_control.delete().hex() == "03"


@pytest.mark.parametrize(("user", "code"), [(-1, 0), (255, 0), (1, -1), (1, 10_000)])
def test_no_user_and_no_code(user: int, code: int) -> None:
    with pytest.raises(ValueError, match=r"user index|consent code"):
        user_control.consent(user, code)


def test_a_code_is_not_repeated_in_an_error() -> None:
    with pytest.raises(ValueError, match="from 0 to 9999") as refused:
        user_control.register(12345)
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "operation", "outcome", "user", "succeeded"),
    [
        ("20010102", user_control.REGISTER, "success", 2, True),
        ("200104", user_control.REGISTER, "operation-failed", None, False),
        ("200201", user_control.CONSENT, "success", None, True),
        ("200205", user_control.CONSENT, "user-not-authorised", None, False),
        ("200301", user_control.DELETE, "success", None, True),
        ("2002AA", user_control.CONSENT, "outcome-170", None, False),
    ],
)
def test_answers_about_users(text: str, operation: int, outcome: str, user: int | None, succeeded: bool) -> None:
    answer = user_control.decode(bytes.fromhex(text))
    assert (answer.operation, answer.outcome, answer.user, answer.succeeded) == (operation, outcome, user, succeeded)


@pytest.mark.parametrize("text", ["", "2002", "200101", "2001010203", "02010101"])
def test_no_answer_about_users(text: str) -> None:
    with pytest.raises(DecodeError):
        user_control.decode(bytes.fromhex(text))

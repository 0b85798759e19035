"""Whose sensors are whose day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analytics.activity.events import Place
from gateway.core.subject import Subject, SubjectType
from gateway.days.household import Days
from gateway.days.households import households
from gateway.store.assignments import Assignment
from gateway.store.residents import Resident
from gateway.store.room_states import StateRow

AT = datetime(2026, 3, 1, tzinfo=UTC)


def resident(name: str, room: str | None = None) -> Resident:
    return Resident(id=name, name=name, room_id=room)


def given(
    number: int, device: str, to: tuple[SubjectType, str], placement: str | None, day: int, until: int | None = None
) -> Assignment:
    return Assignment(
        id=number, device_identity=device, subject=Subject(type=to[0], id=to[1]), placement=placement, user_slot=None,
        valid_from=AT + timedelta(days=day), valid_to=None if until is None else AT + timedelta(days=until),
    )  # fmt: skip


AINO, EINO = (SubjectType.RESIDENT, "aino"), (SubjectType.RESIDENT, "eino")
BATHROOM = (SubjectType.ROOM, "bathroom")


def test_who_lives_alone_has_everything() -> None:
    rows = [given(1, "a", AINO, "kitchen", 0), given(2, "b", BATHROOM, "bathroom", 0)]
    (one,) = households([resident("aino")], rows, "home-1")
    assert (one.subject.id, [device.identity for device in one.devices]) == ("aino", ["a", "b"])


def test_who_has_a_room_has_a_day_of_their_own() -> None:
    rows = [given(1, "a", AINO, None, 0), given(2, "b", EINO, None, 0), given(3, "c", BATHROOM, "bathroom", 0)]
    found = households([resident("aino", "1"), resident("eino", "2")], rows, "home-1")
    assert [(one.subject.id, [device.identity for device in one.devices]) for one in found] == [
        ("aino", ["a"]), ("eino", ["b"]),
    ]  # fmt: skip


def test_who_shares_rooms_has_one_day() -> None:
    rows = [given(1, "a", AINO, None, 0), given(2, "b", EINO, None, 0), given(3, "c", BATHROOM, "bathroom", 0)]
    (one,) = households([resident("aino"), resident("eino")], rows, "home-1")
    assert one.subject == Subject(type=SubjectType.HOME, id="home-1")
    assert (one.people, len(one.devices)) == (("aino", "eino"), 3)
    (shared,) = households([resident("aino", "7"), resident("eino", "7")], rows, "home-1")
    assert shared.subject == Subject(type=SubjectType.ROOM, id="7")


def test_a_sensor_that_was_moved_is_known_since_then() -> None:
    rows = [
        given(1, "a", AINO, "kitchen", 0, 5), given(2, "a", AINO, "bedroom", 5, 9), given(3, "a", AINO, "kitchen", 9),
    ]  # fmt: skip
    (one,) = households([resident("aino")], rows, "home-1")
    assert [device.since for device in one.devices] == [AT + timedelta(days=9)]


def test_one_that_was_given_anew_where_it_stands_keeps_its_past() -> None:
    rows = [given(1, "a", AINO, "kitchen", 0, 5), given(2, "a", AINO, "kitchen", 6)]
    (one,) = households([resident("aino")], rows, "home-1")
    assert [device.since for device in one.devices] == [AT]


def test_but_not_what_it_told_of_somebody_else() -> None:
    rows = [given(1, "a", EINO, "kitchen", 0, 5), given(2, "a", AINO, "kitchen", 5)]
    (one,) = households([resident("aino")], rows, "home-1")
    assert [device.since for device in one.devices] == [AT + timedelta(days=5)]


def test_nobody_lives_here_yet() -> None:
    (one,) = households([], [given(1, "c", BATHROOM, "bathroom", 0)], "home-1")
    assert (one.subject.type, one.people, len(one.devices)) == (SubjectType.HOME, (), 1)


def test_what_is_given_to_the_room_of_a_resident_is_theirs() -> None:
    rows = [
        given(1, "a", (SubjectType.ROOM, "1"), "bathroom", 0),
        given(2, "b", (SubjectType.ROOM, "2"), "bathroom", 0),
    ]
    found = households([resident("aino", "1"), resident("eino", "2")], rows, "home-1")
    assert [(one.subject.id, [device.identity for device in one.devices]) for one in found] == [
        ("aino", ["a"]), ("eino", ["b"]),
    ]  # fmt: skip


def test_what_somebody_wears_tells_nothing_of_rooms() -> None:
    (one,) = households([resident("aino")], [given(1, "strap", AINO, "chest", 0)], "home-1")
    assert one.devices == ()


def test_what_a_sensor_told_before_it_was_moved_is_of_another_room() -> None:
    rows = [given(1, "a", AINO, "kitchen", 0, 5), given(2, "a", AINO, "bedroom", 5)]
    (household,) = households([resident("aino")], rows, "home-1")
    days = Days(household)
    days.take(
        StateRow(seq=day, device_identity="a", quantity="motion-detected", on=True, at=AT + timedelta(days=day))
        for day in range(1, 9)
    )
    assert days.told.at_s.tolist() == [(AT + timedelta(days=day)).timestamp() for day in range(1, 9)]
    places = [days.sensors[index].place for index in days.told.sensor.tolist()]
    assert places == [Place.OTHER] * 4 + [Place.BEDROOM] * 4
    assert [days.sensors[index].place for index in days.gone] == [Place.OTHER]


KITCHEN, HOME = (SubjectType.ROOM, "kitchen"), (SubjectType.HOME, "home-1")
BY_ROOM = [given(1, "a", KITCHEN, "kitchen", 0), given(2, "b", BATHROOM, "bathroom", 0), given(3, "c", HOME, "hall", 0)]


def shown(
    residents: list[Resident], rows: list[Assignment], moving: set[str] | None = None
) -> list[tuple[str, tuple[str, ...], list[str]]]:
    found = households(residents, rows, "home-1", moving)
    return [(one.subject.id, one.people, [device.identity for device in one.devices]) for one in found]


def test_rooms_that_are_nobodys_tell_of_everybody_without_a_sensor_of_their_own() -> None:
    both = [resident("aino"), resident("aada", "1")]
    assert shown(both, BY_ROOM) == [("home-1", ("aino", "aada"), ["a", "b", "c"])]
    both = [resident("eino", "2"), resident("aada", "1")]
    assert shown(both, BY_ROOM) == [("home-1", ("eino", "aada"), ["a", "b", "c"])]


def test_who_has_a_room_with_a_sensor_is_watched_alone_and_the_others_by_the_shared_rooms() -> None:
    rows = [*BY_ROOM, given(4, "d", (SubjectType.ROOM, "1"), "bedroom", 0), given(5, "e", AINO, "bedroom", 0)]
    both = [resident("aino"), resident("aada", "1")]
    assert shown(both, rows) == [("aada", ("aada",), ["d"]), ("aino", ("aino",), ["a", "b", "c", "e"])]


def test_a_cuff_is_no_sensor_of_movement() -> None:
    rows = [*BY_ROOM, given(4, "cuff", (SubjectType.RESIDENT, "aada"), None, 0)]
    both = [resident("aino"), resident("aada", "1")]
    assert shown(both, rows, {"a", "b", "c"}) == [("home-1", ("aino", "aada"), ["a", "b", "c", "cuff"])]


def test_without_shared_rooms_nobody_is_counted_to_another() -> None:
    both = [resident("aino"), resident("aada", "1")]
    assert shown(both, [given(1, "a", AINO, "kitchen", 0)]) == [("aino", ("aino",), ["a"]), ("aada", ("aada",), [])]

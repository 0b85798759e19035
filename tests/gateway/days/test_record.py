"""What counts as a sign of life, and what does not."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.activity.checkins import CheckIn, check_in
from analytics.activity.events import Kind, Place, Sensor
from analytics.activity.habits import either_clock
from analytics.activity.outages import Why, outages
from analytics.activity.running import Habits, Running, learn, running
from analytics.datasets.made_up_home import made_up
from device_drivers.nomenclature import Quantity
from gateway.days.quiet import quiet
from gateway.days.record import Record, Strange, record_of
from gateway.days.sensors import sensor_of
from gateway.days.told import Told

HELSINKI = ZoneInfo("Europe/Helsinki")
BEGIN = datetime(2026, 2, 1, 10, 0, tzinfo=UTC)
PIR = Sensor(name="a/motion-detected", kind=Kind.MOTION, place=Place.LIVING)
RADAR = Sensor(name="b/presence-detected", kind=Kind.MOTION, place=Place.BATHROOM)
DOOR = Sensor(name="c/door-open", kind=Kind.DOOR, place=Place.ENTRANCE)
SENSORS = (PIR, RADAR, DOOR)


def record(
    *rows: tuple[float, Sensor, int], until_min: float = 24 * 60, deaf: tuple[float, float] | None = None
) -> Record:
    """Rows of minutes since `BEGIN`, sensor, state."""
    told = Told().and_then([(BEGIN.timestamp() + 60 * at, SENSORS.index(one), state) for at, one, state in rows])
    now = BEGIN + timedelta(minutes=until_min)
    spans = [(BEGIN, now)]
    if deaf is not None:
        spans = [(BEGIN, BEGIN + timedelta(minutes=deaf[0])), (BEGIN + timedelta(minutes=deaf[1]), now)]
    return record_of(told, SENSORS, spans, now=now, zone=HELSINKI)


def minutes(found: Record) -> list[int]:
    """Of the signs of life, since `BEGIN` (noon in Helsinki)."""
    return [round(one / 60) - 12 * 60 for one in found.events.at_s.tolist()]


def test_motion_counts_when_it_begins_goes_on_and_ends() -> None:
    assert minutes(record((0, PIR, 1), (10, PIR, 1), (15, PIR, 0), (25, PIR, 0), (35, PIR, 0))) == [0, 10, 15]


def test_a_motion_that_never_ends_is_a_broken_sensor() -> None:
    ended = [(0, PIR, 1), (1, PIR, 0)]
    assert minutes(record(*ended, *[(10 * n, PIR, 1) for n in range(1, 20)])) == [0, 1, 10, 20, 30, 40]


def test_but_one_that_tells_no_ends_only_tells_beginnings() -> None:
    assert len(minutes(record(*[(10 * n, PIR, 1) for n in range(20)]))) == 20


def test_presence_counts_when_somebody_comes_in() -> None:
    rows = [(0, RADAR, 0), (5, RADAR, 1), (15, RADAR, 1), (25, RADAR, 1), (30, RADAR, 0)]
    assert minutes(record(*rows)) == [5]


def test_who_lies_still_and_is_lost_and_seen_again_has_not_come_in() -> None:
    flapping = [(5, RADAR, 1), *[(10 + n, RADAR, n % 2) for n in range(40)]]
    assert minutes(record((0, RADAR, 0), *flapping)) == [5]


def test_who_was_elsewhere_meanwhile_has() -> None:
    rows = [(0, RADAR, 0), (5, RADAR, 1), (10, RADAR, 0), (12, PIR, 1), (15, RADAR, 1)]
    assert minutes(record(*rows)) == [5, 12, 15]


def test_a_contact_counts_when_it_changes() -> None:
    assert minutes(record((0, DOOR, 0), (10, DOOR, 0), (12, DOOR, 1), (22, DOOR, 1), (23, DOOR, 0))) == [12, 23]


def test_out_of_reach_is_told_as_lost_until_it_speaks() -> None:
    found = record((0, PIR, 1), (1, PIR, 0), (60, PIR, -1), (90, PIR, 1))
    (one,) = outages(found.events, end_s=found.now_s)
    assert (one.why, round(one.from_s / 60) - 720, round(one.to_s / 60) - 720) == (Why.REPORTED, 60, 90)
    assert minutes(found) == [0, 1, 90]


def repeating(until: int, *, without: tuple[int, int] | None = None) -> list[tuple[float, Sensor, int]]:
    """Nobody there, said every ten minutes."""
    return [(n, RADAR, 0) for n in range(0, until, 10) if without is None or not without[0] < n < without[1]]


def test_a_sensor_that_repeats_itself_and_stops_is_out() -> None:
    found = record(*repeating(4000), until_min=5000)
    (one,) = outages(found.events, end_s=found.now_s)
    assert one.from_s / 60 - 720 == pytest.approx(3990 + 45)
    assert one.to_s == found.now_s


def checking_in(days: int, *, lost: float = 0.0) -> list[tuple[float, Sensor, int]]:
    """A motion sensor that also says every 55 minutes that it lives; some of these words are lost on the air."""
    rng = np.random.default_rng(5)
    said = [(n, PIR, 0) for n in np.arange(0, days * 1440, 55).tolist() if rng.random() >= lost]
    for day in range(days):
        begins = 1440 * day + rng.uniform(0, 14 * 60, 40)
        said += [(at + late, PIR, state) for at in begins.tolist() for late, state in ((0, 1), (1.5, 0))]
    return sorted(said, key=lambda one: one[0])


def test_a_sensor_that_checks_in_each_hour_and_stops_is_out_after_two_and_a_half() -> None:
    rows = [one for one in checking_in(20) if not 12_000 < one[0] < 14_000]
    found = record(*rows, until_min=20 * 1440)
    (one,) = outages(found.events, end_s=found.now_s)
    usual = found.check_ins[0]
    assert usual is not None
    assert 54.5 <= usual.usual_s / 60 <= 55.5
    assert one.why is Why.REPORTED
    assert 12_000 + 80 <= one.from_s / 60 - 720 <= 12_000 + 140
    assert 14_000 <= one.to_s / 60 - 720 <= 14_060
    assert found.lost == frozenset()


def test_sensors_that_speak_only_when_somebody_moves_may_fail_without_a_word() -> None:
    """But for the outer door's contact: without it, who lies in the hall had gone out."""
    rows = [one for one in checking_in(10) if one[0] < 12_000]
    assert SENSORS.index(PIR) not in record(*rows, until_min=12_000 + 60).unsupervised
    moves = [(at + late, sensor, state) for at in np.arange(0, 12_000, 50).tolist()
             for sensor in SENSORS for late, state in ((0, 1), (2, 0))]  # fmt: skip
    found = record(*moves, until_min=12_000 + 60)
    assert found.unsupervised == {SENSORS.index(PIR), SENSORS.index(RADAR)}
    assert found.untold_min == dict.fromkeys(found.unsupervised, np.inf)


def test_one_that_checks_in_may_have_failed_since_its_last_word_that_was_none_of_being_lost() -> None:
    rows = [one for one in checking_in(10) if one[0] < 12_000]
    last = max(at for at, sensor, _ in rows if sensor == PIR)
    found = record(*rows, (12_010, PIR, -1), until_min=12_000 + 20)
    assert found.untold_min[SENSORS.index(PIR)] == pytest.approx(12_020 - last, abs=0.01)


def test_words_that_are_lost_on_the_air_are_no_outage() -> None:
    found = record(*checking_in(110, lost=0.01), until_min=110 * 1440)
    assert found.check_ins[0] is not None
    assert outages(found.events, end_s=found.now_s) == []


def test_it_is_lost_now_while_it_says_nothing() -> None:
    rows = [one for one in checking_in(10) if one[0] < 12_000]
    assert record(*rows, until_min=12_000 + 60).lost == frozenset()
    assert record(*rows, until_min=12_000 + 140).lost == {0}


def test_who_moves_at_all_hours_is_no_sensor_that_checks_in() -> None:
    """One who never sleeps for two hours, and then lies still: that is no outage."""
    rows = [(at + late, PIR, state) for at in np.arange(0, 12_000, 50).tolist() for late, state in ((0, 1), (2, 0))]
    found = record(*rows, until_min=12_000 + 600)
    assert (found.check_ins[0], found.lost) == (None, frozenset())


def test_one_that_tells_motion_again_and_again_does_not_check_in() -> None:
    """A motion that is told anew each 50 minutes or so is somebody, also when its end is never told."""
    between = np.random.default_rng(4).uniform(45, 55, 240)
    rows = [(at, PIR, 1) for at in (np.cumsum(between) - between[0]).tolist()]
    assert record(*rows, until_min=12_600).check_ins[0] is None


def test_nor_one_whose_long_silences_people_end() -> None:
    """It repeats what is so by day; what ends its nights is somebody who gets up."""
    silent = np.array([10.0 * 60] * 200 + [100.0 * 60] * 40)
    by_itself = np.array([True] * 215 + [False] * 25)
    assert check_in(silent, by_itself) is None
    found = check_in(silent, np.ones(240, bool))
    assert found == CheckIn(usual_s=100.0 * 60, missed_s=250.0 * 60)
    assert check_in(silent[-35:], by_itself[-35:] | True) is None, "fewer than forty"
    assert check_in(np.full(100, 600.0), np.ones(100, bool)) is None, "less than two days"
    assert check_in(np.full(100, 3 * 3600.0), np.ones(100, bool)) is None, "who is silent for three hours sleeps"


def test_a_word_lost_on_the_air_each_week_is_usual() -> None:
    silent = np.full(24 * 28, 3600.0)
    silent[[100, 268, 436]] = 7200.0
    assert check_in(silent, np.ones(len(silent), bool)) == CheckIn(usual_s=3600.0, missed_s=9000.0)
    silent[[500, 504, 508, 512]] = 7200.0
    assert check_in(silent, np.ones(len(silent), bool)) == CheckIn(usual_s=7200.0, missed_s=18_000.0)


def test_but_not_for_minutes_in_which_nobody_listened() -> None:
    found = record(*repeating(6000, without=(1000, 2000)), until_min=6000, deaf=(1001, 1999))
    assert outages(found.events, end_s=found.now_s) == []
    assert not found.listening[720 + 1100 : 720 + 1900].any()
    assert found.listening[720 : 720 + 1000].all()


def test_nor_where_a_part_of_a_silence_was_not_listened_to() -> None:
    rows = [one for one in checking_in(20) if not 12_000 < one[0] < 12_300]
    found = record(*rows, until_min=20 * 1440, deaf=(12_100, 12_200))
    assert outages(found.events, end_s=found.now_s) == []


def test_all_sensors_that_check_in_are_missed_as_one_much_sooner() -> None:
    radar = [(at + 27.0, RADAR, 0) for at in np.arange(0, 12_000, 55).tolist()]
    rows = [one for one in [*checking_in(10), *radar] if one[0] < 12_000]
    last = max(at for at, _, _ in rows)
    found = record(*rows, until_min=12_000 + 100)
    assert found.deaf_since == BEGIN + timedelta(minutes=last)
    assert found.lost == frozenset()
    assert not found.listening[720 + 12_010 : 720 + 12_100].any()
    assert record(*rows, until_min=12_000 + 40).deaf_since is None


def test_what_is_to_come_is_not_known_yet() -> None:
    assert minutes(record((0, PIR, 1), (90, PIR, 1), until_min=60)) == [0]


@pytest.mark.parametrize("night", [datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 10, 24, 21, 0, tzinfo=UTC)])
def test_days_have_24_hours_also_when_clocks_are_changed(night: datetime) -> None:
    """Midnight to midnight by the wall clock, an event every half hour of UTC."""
    hours = 23 if night.month == 3 else 25
    now = night + timedelta(hours=hours)
    rows = [(night.timestamp() + 1800 * n, 0, n % 2) for n in range(2 * hours)]
    found = record_of(Told().and_then(rows), SENSORS, [(night, now)], now=now, zone=HELSINKI)
    assert found.now_s == 24 * 3600
    assert (np.diff(found.events.at_s) > 0).all()
    assert found.listening[:1440].all()


@pytest.mark.parametrize(
    ("quantity", "placement", "kind", "place"),
    [
        (Quantity.MOTION_DETECTED, "bedroom", Kind.MOTION, Place.BEDROOM),
        (Quantity.OCCUPIED, "toilet", Kind.MOTION, Place.BATHROOM),
        (Quantity.VIBRATION_DETECTED, "bedroom", Kind.MOTION, Place.BEDROOM),
        (Quantity.OPENING_OPEN, "hall", Kind.DOOR, Place.ENTRANCE),
        (Quantity.DOOR_OPEN, "kitchen", Kind.CONTACT, Place.KITCHEN),
        (Quantity.WINDOW_OPEN, "hall", Kind.CONTACT, Place.ENTRANCE),
        (Quantity.MOTION_DETECTED, None, Kind.MOTION, Place.OTHER),
    ],
)
def test_what_a_sensor_is(quantity: str, placement: str | None, kind: Kind, place: Place) -> None:
    sensor = sensor_of("eui64:1", quantity, placement)
    assert sensor == Sensor(name=f"eui64:1/{quantity}", kind=kind, place=place)


@pytest.mark.parametrize("quantity", [Quantity.SMOKE_DETECTED, Quantity.LIGHT_DETECTED, Quantity.TAMPERED])
def test_what_tells_nothing_of_anybody(quantity: str) -> None:
    assert sensor_of("eui64:1", quantity, "kitchen") is None


def test_in_the_week_after_clocks_were_changed_less_is_expected() -> None:
    """Whoever lives by the old clock for some days is not called for."""
    events = made_up(40, seed=2, first_day="2026-02-25")  # the clocks go forward on 29 March, its 32nd day
    changes = (np.array([datetime(2026, 3, 29, 1, 0, tzinfo=UTC).timestamp()]), np.array([7200.0, 10_800.0]))
    odds, levels = [], []
    for known in (changes, (np.zeros(0), np.array([7200.0]))):
        now_s = 86_400.0 * 33 + 3600 * 8.25
        told = events.at_s < now_s - 3 * 3600
        record = Record(
            events=replace(
                events, at_s=events.at_s[told], sensor=events.sensor[told], on=events.on[told], days=34
            ),
            now_s=now_s, today=date(2026, 3, 30), listening=np.ones(34 * 1440, bool),
            teaches=np.ones(34 * 1440, bool), clock_changes=known,
        )  # fmt: skip
        learnt = learn(record.events, now_s, record.listening)
        found = quiet(record, learnt, per_month=1.0)
        odds.append(found.odds_h)
        levels.append(found.threshold_h / learnt.threshold_h(1.0))
    assert odds[0] < 0.5 * odds[1]
    assert levels[0] > 1.2
    assert levels[1] == 1.0


@pytest.mark.parametrize(
    ("night", "before", "after", "clock"),
    [
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 90, 300, "01:30"),  # the hour before three o'clock fills two
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 30, 300, "02:30"),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 90, 300, "02:30"),  # the hour before four comes twice
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), -30, 240, "03:30"),
    ],
)
def test_a_quiet_is_as_long_as_it_lasted_whatever_the_clock_did(
    night: datetime, before: int, after: int, clock: str
) -> None:
    begin, last, now = night - timedelta(days=2), night - timedelta(minutes=before), night + timedelta(minutes=after)
    rows = [(at, 0, n % 2) for n, at in enumerate(np.arange(begin.timestamp(), last.timestamp() + 1, 600).tolist())]
    known = record_of(Told().and_then(rows), SENSORS, [(begin, now)], now=now, zone=HELSINKI)
    found = quiet(known, learn(known.events, known.now_s, known.listening), per_month=1.0)
    assert abs(found.quiet_min - (after + before - 1)) <= 1
    assert (found.clock, known.wall(known.now_s)) == (clock, f"{now.astimezone(HELSINKI):%H:%M}")
    assert abs(known.instant(found.since_s) - last) <= timedelta(minutes=1)
    assert abs(known.home_s(known.instant(found.since_s)) - found.since_s) < 0.01


def test_what_is_learnt_less_a_sensor_lives_by_either_clock_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Habits] = []

    def spied(_: object, __: object, others: Iterable[Running], **___: object) -> None:
        list(others)

    def seen(events: Any, minutes: int, one: Habits, *rest: Any, **named: Any) -> Running:
        given.append(one)
        return running(events, minutes, one, *rest, **named)

    monkeypatch.setattr("gateway.days.quiet.holds_back", spied)
    monkeypatch.setattr("gateway.days.quiet.running", seen)
    night = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    begin, now = night - timedelta(days=9), night + timedelta(days=1)
    rows = [(begin.timestamp() + 600 * n, 0, n % 2) for n in range(10 * 144)]
    record = record_of(Told().and_then(rows), SENSORS, [(begin, now)], now=now, zone=HELSINKI)
    learnt = learn(record.events, record.now_s, record.listening)
    quiet(record, learnt, per_month=1.0, others=[replace(learnt, doubted=frozenset({one})) for one in (0, 0)])
    assert len(given) == 3
    for one in given:
        np.testing.assert_array_equal(one.hazard, either_clock(learnt.hazard, 1.0))
    assert not np.array_equal(given[0].hazard, learnt.hazard)


def test_also_where_they_were_put_back() -> None:
    night = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    begin = night - timedelta(days=9)
    rows = [(begin.timestamp() + 600 * n, 0, n % 2) for n in range(11 * 144)]
    found = []
    for days in (-1, 1):
        now = night + timedelta(days=days)
        record = record_of(Told().and_then(rows), SENSORS, [(begin, now)], now=now, zone=HELSINKI)
        learnt = learn(record.events, record.now_s, record.listening)
        found.append(quiet(record, learnt, per_month=1.0).threshold_h / learnt.threshold_h(1.0))
    assert found[0] == 1.0
    assert found[1] > 1.2


def test_a_busy_motion_detector_is_not_lost_every_night() -> None:
    rows = [
        (24 * 60 * day + at, PIR, n % 2)
        for day in range(10)
        for n, at in enumerate(np.arange(0, 15 * 60, 1.1).tolist())
    ]
    assert outages(record(*rows, until_min=10 * 24 * 60).events) == []


def test_nor_where_nobody_is_known_to_have_listened() -> None:
    """A gateway that was just brought up to date has readings, and no word of when it listened."""
    told = Told().and_then([(BEGIN.timestamp() + 600 * n, 0, n % 2) for n in range(2000)])
    now = BEGIN + timedelta(minutes=20_000)
    found = record_of(told, SENSORS, [(now - timedelta(minutes=60), now)], now=now, zone=HELSINKI)
    assert outages(found.events, end_s=found.now_s) == []


def test_out_of_reach_for_some_minutes_costs_nothing() -> None:
    found = record((0, PIR, 1), (1, PIR, 0), (60, PIR, -1), (75, PIR, 1))
    assert outages(found.events, end_s=found.now_s) == []
    still = record((0, PIR, 1), (1, PIR, 0), (60, PIR, -1), until_min=70)
    assert len(outages(still.events, end_s=still.now_s)) == 1


def test_all_out_of_reach_at_once_is_what_carries_them() -> None:
    spoke = [(0, PIR, 1), (1, PIR, 0), (2, RADAR, 1), (3, RADAR, 0), (4, DOOR, 1), (5, DOOR, 0)]
    lost = [(60, PIR, -1), (61, RADAR, -1), (65, DOOR, -1)]
    found = record(*spoke, *lost, (200, PIR, 1), (400, RADAR, 1), (420, DOOR, 1))
    assert not found.listening[720 + 61 : 720 + 199].any()
    assert found.listening[720 + 201 : 720 + 400].all()
    # Who checks in each hour has an hour to be back; who is not by then is out by itself.
    out = [(SENSORS[one.sensor], round(one.from_s / 60) - 720) for one in outages(found.events, end_s=found.now_s)]
    assert out == [(RADAR, 275), (DOOR, 275)]


def test_many_gaps_and_many_states_cost_little() -> None:
    """Half a million states and two thousand gaps: no matrix of one by the other."""
    told = Told().and_then([(BEGIN.timestamp() + 20.0 * n, n % 3, n // 3 % 2) for n in range(500_000)])
    spans = [(BEGIN + timedelta(minutes=70 * n), BEGIN + timedelta(minutes=70 * n + 35)) for n in range(2000)]
    tracemalloc.start()
    record_of(told, SENSORS, spans, now=BEGIN + timedelta(days=115), zone=HELSINKI)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


@pytest.mark.parametrize("real", [True, False])
def test_a_quiet_that_called_teaches_nothing_until_the_next_sign_of_life(real: bool) -> None:
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    now = begin + timedelta(days=3)
    moves = [60.0 * at for at in (*range(0, 600, 7), *range(1500, 4300, 7))]  # minutes; quiet from the tenth hour on
    rows = [(begin.timestamp() + at + late, 0, state) for at in moves for late, state in ((0, 1), (30, 0))]
    strange = Strange(raised=begin + timedelta(minutes=900), until=begin + timedelta(minutes=2000), real=real)
    found = record_of(Told().and_then(rows), SENSORS, [(begin, now)], now=now, zone=UTC, strange=[strange])
    left_out = np.flatnonzero(found.listening & ~found.teaches)
    first = int(moves[max(n for n, at in enumerate(moves) if at < 60 * 900)] // 60) + 1 if real else 900
    assert (left_out[0], left_out[-1]) == (first, 1499)

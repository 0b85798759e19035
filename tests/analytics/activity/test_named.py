"""Words for what is no emergency."""

from __future__ import annotations

import numpy as np

from analytics.activity.course import Home
from analytics.activity.events import DAY_S
from analytics.activity.missed import TIMES
from analytics.activity.named import away_words, company_words, deaf_words, outage_words, silence_words, spans
from analytics.activity.noticed import words
from analytics.activity.outages import LONGER, outages, silences
from analytics.activity.signs import SIGNS
from analytics.datasets.disturbances import sensor_out_reported
from analytics.datasets.made_up_home import BATHROOM, KITCHEN, made_up, without

FIRST = np.datetime64("2025-01-06")


def test_spans() -> None:
    assert spans(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert spans(np.zeros(3, bool)) == []


def test_sensors_listening_away_and_company() -> None:
    home = Home.of(sensor_out_reported(made_up(8), KITCHEN, 5 * DAY_S, 7 * DAY_S).events)
    assert outage_words(home) == ["kitchen reported lost from 2025-01-11T01:00:00 to 2025-01-13T00:00:00"]
    listening = np.ones(2 * 1440, bool)
    listening[60:120] = False
    assert deaf_words(listening, FIRST) == ["nobody listened from 2025-01-06T01:00:00 to 2025-01-06T02:00:00"]
    out = np.zeros(3 * 1440, bool)
    out[60:1500], out[2000:2100], out[2880:] = True, True, True
    assert away_words(out, FIRST) == [
        "away from 2025-01-06T01:00:00, back at 2025-01-07T01:00:00",
        "away from 2025-01-08T00:00:00, not back",
    ]
    company = np.array([False, True, True, False, True])
    assert company_words(company, FIRST) == [
        "more people than usual on 2025-01-07 to 2025-01-08",
        "more people than usual on 2025-01-10",
    ]


def test_findings_in_words() -> None:
    assert [words(kind) for kind in range(4)] == [
        "more walking about by night than usual", "more bathroom visits by night than usual",
        "rising later than usual", "fewer kitchen visits than usual",
    ]  # fmt: skip
    assert words(None, SIGNS.index("rising")) == "rising: more than some weeks ago"
    assert words(None, len(SIGNS) + SIGNS.index("out of home")) == "out of home: less than some weeks ago"


def test_a_silence_longer_than_ever_is_named_and_is_no_outage() -> None:
    """A bathroom's sensor that speaks only when somebody moves, out for some hours: too short for an outage, or not."""
    home = made_up(40, seed=2)
    last = float(home.at_s[(home.sensor == BATHROOM) & (home.at_s < 30.4 * DAY_S)][-1])
    short, long = (without(home, BATHROOM, 30.4 * DAY_S, (30.4 + hours / 24) * DAY_S) for hours in (8, 12))
    assert [one.since_s for one in outages(long) if one.sensor == BATHROOM] == [last]
    assert not [one for one in silences(long, outages(long)) if one.from_s == last], "it is an outage"
    assert not [one for one in outages(short) if one.sensor == BATHROOM]
    found = silences(short, outages(short))
    (own,) = (one for one in found if one.from_s == last)
    assert LONGER <= own.times <= TIMES
    (said,) = silence_words(short, [own])
    assert said.startswith("bathroom said nothing from 2025-02-05T0")
    assert said.endswith(" while others did, as never before at such hours: it may have failed")
    less = [one for one in found if 1 < one.times < LONGER]
    assert less, "else nothing is tested"
    assert silence_words(short, less) == []

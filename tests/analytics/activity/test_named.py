"""Words for what is no emergency."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.course import Home
from analytics.activity.events import DAY_S
from analytics.activity.named import away_words, company_words, deaf_words, outage_words, silence_words, spans
from analytics.activity.noticed import words
from analytics.activity.outages import LONGER, outages, silences
from analytics.activity.signs import SIGNS
from analytics.datasets.disturbances import sensor_out_reported
from analytics.datasets.made_up_home import KITCHEN, LIVING, made_up, without

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
    """A sensor that speaks only when somebody moves, out for twenty hours: too short to be known as an outage."""
    home = made_up(30, seed=2)
    spoke = home.at_s[home.sensor == LIVING]
    longest = float(np.diff(spoke[spoke < 20 * DAY_S]).max())
    begin = float(spoke[spoke < 20.4 * DAY_S][-1])
    for times, named in ((1.1, False), (1.3, True), (1.9, True)):
        silent = without(home, LIVING, begin + 1, begin + times * longest)
        assert [one for one in outages(silent) if one.sensor == LIVING] == []
        (found,) = [one for one in silences(silent, outages(silent)) if one.from_s == begin]
        back = float(spoke[spoke >= begin + times * longest][0])
        assert (found.sensor, found.to_s) == (LIVING, back)
        assert found.times == pytest.approx((back - begin) / longest)
        said = silence_words(silent, [found])
        assert (len(said) == 1) == (found.times >= LONGER), times
        assert bool(said) == named
        if said:
            assert said[0].startswith("living room said nothing from 2025-01-26T0")
            assert said[0].endswith(" while others did, longer than ever: it may have failed")
    gone = home
    for sensor in range(len(home.sensors)):
        gone = without(gone, sensor, begin + 1, begin + 1.3 * longest)
    assert not [one for one in silences(gone, outages(gone)) if one.from_s <= begin < one.to_s], "nobody moved"
    long = without(home, LIVING, begin + 1, begin + 3 * DAY_S)
    assert [one.sensor for one in outages(long)] == [LIVING]
    assert not [one for one in silences(long, outages(long)) if one.from_s == begin], "it is an outage"

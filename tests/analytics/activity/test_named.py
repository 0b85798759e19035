"""Words for what is no emergency."""

from __future__ import annotations

import numpy as np

from analytics.activity.course import Home
from analytics.activity.events import DAY_S
from analytics.activity.named import away_words, company_words, deaf_words, outage_words, spans
from analytics.activity.noticed import words
from analytics.activity.signs import SIGNS
from analytics.datasets.disturbances import sensor_out_reported
from analytics.datasets.made_up_home import KITCHEN, made_up

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

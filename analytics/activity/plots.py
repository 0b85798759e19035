"""Three drawings of a home as SVG: the actogram, the survival of quiets, and delay over false alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.course import Home
from analytics.activity.events import Place
from analytics.activity.habits import DAY

_WIDTH: Final = 640
_HEIGHT: Final = 420
_LEFT: Final = 90
_BELOW: Final = 50
_ABOVE: Final = 40
_RIGHT: Final = 20
_STYLE: Final = "font-family='sans-serif' font-size='12'"
_BIN: Final = 15  # minutes of the actogram
_COLOURS: Final = ("#1f6f8b", "#b5483a", "#5b8c3a", "#8a5bb5", "#c28a1e", "#666666")
_HOURS: Final = 10  # of the survival curves


def drawings(home: Home, report: Mapping[str, Any]) -> dict[str, str]:
    """Files by name."""
    return {"actogram.svg": _actogram(home), "survival.svg": _survival(home), "curve.svg": _curve(report)}


def _actogram(home: Home) -> str:
    """Each day twice beside the next, as is the custom: a night is of one piece."""
    counts = home.life.reshape(home.events.days, DAY // _BIN, _BIN).sum(axis=2) / _BIN
    out = home.outage.reshape(home.events.days, DAY // _BIN, _BIN).any(axis=2)
    double = [np.concatenate([part, np.roll(part, -1, axis=0)], axis=1) for part in (counts, out)]
    row = (_HEIGHT - _ABOVE - _BELOW) / home.events.days
    wide = (_WIDTH - _LEFT - _RIGHT) / (2 * DAY // _BIN)
    marks = []
    for day, column in np.argwhere((double[0] > 0) | double[1]).tolist():
        share = float(double[0][day, column])
        colour = "#b5483a" if double[1][day, column] and not share else "#1f6f8b"
        marks.append(
            f"<rect x='{_LEFT + column * wide:.1f}' y='{_ABOVE + day * row:.1f}' width='{wide:.2f}' "
            f"height='{row:.2f}' fill='{colour}' fill-opacity='{max(0.25, share):.2f}'/>"
        )
    ticks = [(step / 8, f"{6 * step % 24:02d}") for step in range(9)]
    first, last = str(home.events.first_day), str(home.events.first_day + np.timedelta64(home.events.days - 1, "D"))
    return _frame(
        "Signs of life, two days a row; a sensor out (red)", "".join(marks), ticks, [(1.0, first), (0.0, last)]
    )


def _survival(home: Home) -> str:
    """Share of quiets of twenty minutes and more that last longer, by the place where they began."""
    view = home.views[0]
    begin = np.flatnonzero(home.life)
    length = np.diff(begin)
    place = view.place[begin[:-1]]
    lines, names = [], []
    for index, one in enumerate([place_ for place_ in Place if place_ is not Place.OTHER]):
        own = np.sort(length[(place == one) & (length >= 20)])
        if not len(own):
            continue
        share = 1 - np.arange(len(own)) / len(own)
        points = [
            (min(1.0, hours / 60 / _HOURS), 1 + np.log10(max(0.001, left)) / 3)
            for hours, left in zip(own.tolist(), share.tolist(), strict=True)
        ]
        lines.append(_line(points, _COLOURS[index]))
        names.append((one.name.lower(), _COLOURS[index]))
    ticks = [(hour / _HOURS, f"{hour} h") for hour in range(0, _HOURS + 1, 2)]
    rises = [(0.0, "0.1 %"), (1 / 3, "1 %"), (2 / 3, "10 %"), (1.0, "100 %")]
    return _frame("Quiets of 20 minutes and more that last longer", "".join(lines) + _legend(names), ticks, rises)


def _curve(report: Mapping[str, Any]) -> str:
    """Mean delay over false alerts a day, with the interval of the delay, and the peers."""
    most, longest = 0.5, 12.0

    def at(point: Mapping[str, Any], delay: float) -> tuple[float, float]:
        return min(1.0, point["false_alerts_per_day"] / most), min(1.0, delay / longest)

    curve = report["curve"]
    band = [at(one, one["mean_delay_h_ci95"][0]) for one in curve]
    band += [at(one, one["mean_delay_h_ci95"][1]) for one in reversed(curve)]
    inside = f"<polygon points='{_points(band)}' fill='{_COLOURS[0]}' fill-opacity='0.15'/>"
    inside += _line([at(one, one["mean_delay_h"]) for one in curve], _COLOURS[0])
    names = [("Huoma", _COLOURS[0])]
    for index, (name, points) in enumerate(report["peers"].items(), 1):
        inside += _line([at(one, one["mean_delay_h"]) for one in points], _COLOURS[index])
        names.append((name, _COLOURS[index]))
    ticks = [(step / 5, f"{step / 10:.1f}") for step in range(6)]
    rises = [(hour / longest, f"{hour} h") for hour in range(0, 13, 2)]
    return _frame("Mean delay over false alerts a day", inside + _legend(names), ticks, rises)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    return f"<polyline points='{_points(points)}' fill='none' stroke='{colour}' stroke-width='1.5'/>"


def _points(points: Sequence[tuple[float, float]] | NDArray[np.float64]) -> str:
    return " ".join(f"{_x(a):.1f},{_y(b):.1f}" for a, b in points)


def _legend(names: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f"<text x='{_WIDTH - _RIGHT}' y='{_ABOVE + 14 * (index + 1)}' text-anchor='end' fill='{colour}'>{name}</text>"
        for index, (name, colour) in enumerate(names)
    )


def _frame(title: str, inside: str, ticks: Sequence[tuple[float, str]], rises: Sequence[tuple[float, str]]) -> str:
    below = "".join(f"<text x='{_x(at):.1f}' y='{_y(0) + 20}' text-anchor='middle'>{word}</text>" for at, word in ticks)
    beside = "".join(
        f"<text x='{_LEFT - 6}' y='{_y(at) + 4:.1f}' text-anchor='end'>{word}</text>" for at, word in rises
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' {_STYLE}>"
        f"<rect width='{_WIDTH}' height='{_HEIGHT}' fill='white'/><text x='{_LEFT}' y='24'>{title}</text>"
        f"<path d='M{_LEFT} {_ABOVE}V{_y(0)}H{_WIDTH - _RIGHT}' fill='none' stroke='black'/>"
        f"{inside}{below}{beside}</svg>\n"
    )


def _x(part: float) -> float:
    return _LEFT + part * (_WIDTH - _LEFT - _RIGHT)


def _y(part: float) -> float:
    return _HEIGHT - _BELOW - part * (_HEIGHT - _ABOVE - _BELOW)

"""Three drawings of an evaluation as SVG: the ROC curve, the delays, and what was missed or raised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls.outcomes import Outcome

_WIDTH: Final = 640
_HEIGHT: Final = 420
_LEFT: Final = 90
_BELOW: Final = 50
_ABOVE: Final = 40
_RIGHT: Final = 20
_STYLE: Final = "font-family='sans-serif' font-size='12'"
_BIN_S: Final = 0.1  # of the delays
_SHOWN: Final = 24  # activities at most


def drawings(trials: Sequence[Trial], outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Files by name. Curves are of every seed, bars of all seeds together."""
    falls = np.array([trial.fall for trial in trials])
    return {
        "roc.svg": _roc([_curve(one.score, falls) for one in outcomes]),
        "delay.svg": _delays(np.concatenate([one.delay_s for one in outcomes])),
        "misses.svg": _misses(trials, np.mean([~one.right for one in outcomes], axis=0)),
    }


def _curve(score: NDArray[np.float64], falls: NDArray[np.bool_]) -> NDArray[np.float64]:
    """False and true positive rates from the strictest threshold on, float64 (k, 2)."""
    levels = np.unique(score)[::-1]
    hits = 1 - np.searchsorted(np.sort(score[falls]), levels) / max(1, int(falls.sum()))
    wrong = 1 - np.searchsorted(np.sort(score[~falls]), levels) / max(1, int((~falls).sum()))
    return np.concatenate([[[0.0, 0.0]], np.stack([wrong, hits], axis=1), [[1.0, 1.0]]])


def _roc(curves: Sequence[NDArray[np.float64]]) -> str:
    """The corner that matters: at most one activity in ten wrong, at least nine falls in ten found."""
    lines = []
    for curve in curves:
        steps = np.repeat(curve, 2, axis=0)
        x, y = steps[:-1, 0], steps[1:, 1]  # up, then to the right
        points = " ".join(
            f"{_x(min(a, 0.1) / 0.1):.1f},{_y((max(b, 0.9) - 0.9) / 0.1):.1f}" for a, b in zip(x, y, strict=True)
        )
        lines.append(f"<polyline points='{points}' fill='none' stroke='#1f6f8b' stroke-opacity='0.5'/>")
    ticks = [(step / 5, f"{2 * step} %") for step in range(6)]
    rises = [(step / 5, f"{90 + 2 * step} %") for step in range(6)]
    return _frame("Falls found over activities raised (each seed)", "".join(lines), ticks, rises)


def _delays(delays: NDArray[np.float64]) -> str:
    top = max(3.5, float(delays.max(initial=0.0)))
    counts, edges = np.histogram(delays, np.arange(0, top + _BIN_S, _BIN_S))
    most = max(1, int(counts.max(initial=1)))
    end = float(edges[-1])
    bars = "".join(
        f"<rect x='{_x(left / end):.1f}' y='{_y(count / most):.1f}' width='{_x(_BIN_S / end) - _LEFT:.1f}' "
        f"height='{_y(0) - _y(count / most):.1f}' fill='#1f6f8b'/>"
        for count, left in zip(counts.tolist(), edges.tolist(), strict=False)
    )
    ticks = [(second / end, f"{second} s") for second in range(int(end) + 1)]
    return _frame("Impact to suspicion", bars, ticks, [(0.0, "0"), (1.0, f"{most}")])


def _misses(trials: Sequence[Trial], wrong: NDArray[np.float64]) -> str:
    """Share judged wrongly of the activities and kinds of fall that were, the worst first."""
    by_kind: dict[tuple[bool, str], list[float]] = {}
    for trial, share in zip(trials, wrong.tolist(), strict=True):
        by_kind.setdefault((trial.fall, trial.activity), []).append(share)
    shares = {kind: float(np.mean(own)) for kind, own in by_kind.items()}
    shown = sorted((kind for kind in shares if shares[kind] > 0), key=lambda kind: (-shares[kind], kind))[:_SHOWN]
    most = max([shares[kind] for kind in shown], default=1.0)
    row = (_HEIGHT - _ABOVE - _BELOW) / max(1, len(shown))
    bars = "".join(
        f"<rect x='{_LEFT}' y='{_ABOVE + row * place + 2:.1f}' width='{_x(shares[kind] / most) - _LEFT:.1f}' "
        f"height='{max(1, row - 4):.1f}' fill='{'#b5483a' if kind[0] else '#1f6f8b'}'/>"
        f"<text x='{_LEFT - 6}' y='{_ABOVE + row * (place + 0.5) + 4:.1f}' text-anchor='end'>{_escaped(kind[1])}</text>"
        for place, kind in enumerate(shown)
    )
    ticks = [(0.0, "0 %"), (1.0, f"{100 * most:.1f} %")]
    return _frame("Judged wrongly: falls missed (red), activities raised (blue)", bars, ticks, [])


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


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")

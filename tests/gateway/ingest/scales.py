"""Two residents and a scale, made up: what the issue asks of a shared scale, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

DAYS = 60
CLOSEST_KG = 3.0
STRANGER_KG = 4.0  # a visitor is at least so far from both
NOISE_KG = 0.5  # from day to day
CLOTHES_KG = 0.4  # either way
REFERENCES = -3_600.0  # a technician weighs both an hour before the first day


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Somebody steps onto the scale. `who` is "a", "b" or "visitor"."""

    at_s: float
    who: str
    kilograms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The references of both, and sixty days."""

    references: dict[str, float]
    steps: list[Step]


def apart(seed: int) -> Story:
    """Each drifts by up to 4 kg; they come as near as 3 kg and no nearer."""
    random = Random(f"apart/{seed}")
    first, second = _path(random, random.uniform(-4, 4)), _path(random, random.uniform(-4, 4))
    gap = min(b - a for a, b in zip(first, second, strict=True))
    base = random.uniform(50, 90)
    away = CLOSEST_KG - gap + random.choice((0.0, random.uniform(0, 6)))
    return _story(random, [base + a for a in first], [base + away + b for b in second])


def crossing(seed: int) -> Story:
    """One gains and the other loses, until they have changed places."""
    random = Random(f"crossing/{seed}")
    base, gap = random.uniform(50, 90), random.uniform(3, 5)
    gain, loss = (_path(random, random.uniform(gap / 2 + 0.3, 4)) for _ in range(2))
    return _story(random, [base + a for a in gain], [base + gap - b for b in loss])


def changed_places(days: int, *, a_day: int) -> Story:
    """Five kg apart, they change places between the 20th and the 50th day and stay there."""
    random = Random(f"changed places/{days}/{a_day}")
    gained = [5.0 * min(1.0, max(0.0, (day - 20) / 30)) for day in range(days)]
    paths = {"a": [70.0 + one for one in gained], "b": [75.0 - one for one in gained]}
    return plain(random, paths, a_day=a_day)


def plain(
    random: Random,
    paths: Mapping[str, Sequence[float | None]],
    *,
    a_day: int = 1,
    clothes_kg: float = CLOTHES_KG,
    often: float = 1.0,
) -> Story:
    """Whoever has a weight on a day steps onto the scale, `a_day` times, if so `often`, in any order."""
    steps = []
    for day in range(len(next(iter(paths.values())))):
        for time in range(a_day):
            today = [(who, path[day]) for who, path in paths.items() if random.random() < often]
            random.shuffle(today)
            steps += [
                Step(
                    at_s=day * 86_400.0 + 25_200.0 + 12_000.0 * time + 600.0 * place,
                    who=who,
                    kilograms=round(at + random.gauss(0, NOISE_KG) + random.uniform(-clothes_kg, clothes_kg), 1),
                )
                for place, (who, at) in enumerate(today)
                if at is not None
            ]
    first = {who: path[0] for who, path in paths.items()}
    references = {who: round(at + random.gauss(0, NOISE_KG), 1) for who, at in first.items() if at is not None}
    return Story(references=references, steps=steps)


def _path(random: Random, drift: float) -> list[float]:
    """From 0 by `drift` in sixty days, straight or as a walk that stays within 4 kg."""
    if random.random() < 0.5:
        return [drift * day / (DAYS - 1) for day in range(DAYS)]
    at, path = 0.0, []
    for _ in range(DAYS):
        at = max(-4.0, min(4.0, at + random.gauss(drift / DAYS, 0.15)))
        path.append(at)
    return path


def _story(random: Random, first: list[float], second: list[float]) -> Story:
    steps = []
    for day, (a, b) in enumerate(zip(first, second, strict=True)):
        low, high = min(a, b) - STRANGER_KG, max(a, b) + STRANGER_KG
        away = random.choice((0.0, random.uniform(0, 15)))
        today = {"a": a, "b": b}
        if random.random() < 0.3:
            today["visitor"] = random.choice((low - away, high + away))
        order = list(today)
        random.shuffle(order)
        steps += [
            Step(
                at_s=day * 86_400.0 + 25_200.0 + 600.0 * place,
                who=who,
                kilograms=round(today[who] + random.gauss(0, NOISE_KG) + random.uniform(-CLOTHES_KG, CLOTHES_KG), 1),
            )
            for place, who in enumerate(order)
        ]
    references = {
        "a": round(first[0] + random.gauss(0, NOISE_KG), 1),
        "b": round(second[0] + random.gauss(0, NOISE_KG), 1),
    }
    return Story(references=references, steps=steps)

"""Whose weight is it? A band around what each resident weighs: a weight in one band alone is theirs, else nobody's.

Each resident who shares a scale is followed by a random walk (a Kalman filter): where their weight is expected now, and
how well that is known. What is certain (a person's word, a user button, what an earlier decision gave) moves one
resident; what was left undecided moves everybody by how likely it is theirs (Fortmann, Bar-Shalom and Scheffe, "Sonar
tracking of multiple targets using joint probabilistic data association", 1983). Without the latter, somebody whose
readings are given to her only when they are far from her neighbour's would seem to be farther away than she is.

A weighing is given to a resident when it is *near* (in the narrow band, which never grows) and *clear* of all others
(outside of their wide bands, which grow with the time in which nothing was heard). Residents who have come so near to
each other that they may have crossed are told apart again only after a person has said of each which weight is whose.

All times are seconds on one scale (such as Unix time), all weights kg. Nothing here reads a clock or a store.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

# From morning to morning one person's weight varies by about 0.5 kg (water, meals), and clothes add to it.
SPREAD_KG: Final = 0.57
# How far a person moves in a day, as a random walk: 4 kg in 60 days, the most that is not a finding, is 2.6 of it. With
# less, somebody who loses weight steadily is followed too slowly.
DRIFT_KG: Final = 0.2
NEAR_KG: Final = 1.38  # half-width of the narrow band: a visitor who is 4 kg away misses it by 4.6 spreads
CLEAR: Final = 4.2  # half-width of the wide band, in standard deviations: one of 37,000 readings lies outside
APART_KG: Final = 2.5  # nearer centres tell nobody apart, wherever the weighing lies: each is known to 0.3 kg only
# Residents nearer to each other than this (the larger of the two) may have crossed; in standard deviations, and in kg.
_CROSSED: Final = 1.5
_CROSSED_KG: Final = 1.8
_FRESH_S: Final = 3 * 86_400.0  # a person's word on both that recent: they cannot have changed places since unnoticed
# How often somebody else steps onto the scale, spread over the weights of people: 5 % over 50 kg.
_STRANGER_PER_KG: Final = 0.001
_SURELY: Final = 0.5  # an undecided weighing more likely hers than not: she was there
_LEAST_SHARE: Final = 0.1  # an undecided weighing that is hardly hers must not pull at her, morning after morning
# What was undecided moves a centre no farther than this from where the last given weighing left it: else a guest who
# comes every morning while a resident is away becomes her.
_PULL_KG: Final = 0.4
# Who was not heard of for that long may have changed by so much a day, up to a bound: illness, oedema, a new diet.
_UNHEARD_S: Final = 1.5 * 86_400.0
_CHANGE_KG: Final = 0.7  # per day
_MOST_CHANGE_KG: Final = 10.0
_ABSENT_S: Final = 10 * 86_400.0  # without a weighing given to her: her next are asked until a person confirms one
# A weighing near nobody may be a neighbour's, who changes fast or wears a coat: for some days she may weigh that again,
# give or take some spreads; longer and by more where it happens again. Farther from her it is a visitor's.
_STRAY_S: Final = 5 * 86_400.0
_STRAY_MARGIN_KG: Final = 1.5
_OFTEN: Final = 3
_STRAYS_S: Final = 14 * 86_400.0
_STRAYS_MARGIN_KG: Final = 1.8
_STRAY_REACH_KG: Final = 4.0
# A second weighing near one resident on a morning on which a neighbour was not heard of may be the neighbour's.
_MORNING_S: Final = 8 * 3_600.0
_NOT_TODAY_S: Final = 20 * 3_600.0
_NEIGHBOUR_KG: Final = 6.0
_SURPRISE: Final = 4.0  # a person's word that far from what was expected: everything before is out of date
_DAY_S: Final = 86_400.0
MEMORY_DAYS: Final = 90  # of what is asked of the store: older weighings no longer matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """One weight at one time.

    Attributes:
        whose: the resident who was given it; None when it was left undecided.
        sure: a person, or the device's user button, said so.
    """

    at_s: float
    kilograms: float
    whose: str | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is expected of one resident at one moment.

    Attributes:
        centre_kg: the most likely weight.
        near_centre_kg: the middle of the narrow band: the centre, as far as what was given to her bears it out.
        near_kg: half-width of the narrow band.
        low_kg: where the wide band begins; it need not be symmetric.
        high_kg: where it ends.
    """

    centre_kg: float
    near_centre_kg: float
    near_kg: float
    low_kg: float
    high_kg: float

    @property
    def clear_kg(self) -> float:
        """How far the wide band reaches from the centre, on the side where it reaches farther."""
        return max(self.centre_kg - self.low_kg, self.high_kg - self.centre_kg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whose it is, or None and `why` in words for a person. `bands` by resident; none of whom nothing is known."""

    whose: str | None
    why: str
    bands: dict[str, Band]


def decide(kilograms: float, at_s: float, residents: Sequence[str], history: Sequence[Weighing]) -> Verdict:
    """Whose weight it is.

    Args:
        kilograms: a finite weight.
        at_s: when.
        residents: everybody who shares the scale; one is enough, strangers step onto it too.
        history: weighings of these residents, on any scale, and the undecided ones of this one, without this one, in
            any order, from some moment on without a gap. What was measured later does not count. Of whom it holds no
            certain weighing nothing is known: two may have changed places before it begins.
    """
    tracks = _Tracks(residents)
    for one in sorted((one for one in history if one.at_s <= at_s), key=lambda one: one.at_s):
        tracks.take(one)
    bands = tracks.bands(at_s)
    unknown = len(residents) - len(bands)
    if unknown or not bands:
        why = f"{unknown} of those who share the scale have not been weighed so far, or too long ago"
        return Verdict(whose=None, why=why, bands=bands)
    near = [one for one, band in bands.items() if abs(kilograms - band.near_centre_kg) <= band.near_kg]
    possible = [one for one, band in bands.items() if one in near or band.low_kg <= kilograms <= band.high_kg]
    others = [band for one, band in bands.items() if one not in near]
    if not near:
        why = "it is near to nobody's weight of late: a visitor, or a change"
    elif len(near) > 1 or possible != near:
        why = f"{len(set(near) | set(possible))} residents can weigh that"
    elif any(abs(band.centre_kg - bands[near[0]].centre_kg) < APART_KG for band in others):
        why = "two residents weigh nearly the same"
    elif tracks.crossed(near[0]):
        why = "two residents came near each other: say of one weight of each whose it is"
    elif at_s - tracks.of[near[0]].given_s > _ABSENT_S:
        why = "no weighing was given to that resident for long: say of one whose it is"
    elif tracks.twice(near[0], kilograms, at_s):
        why = "the second such weighing on one morning, while somebody else was not weighed"
    else:
        return Verdict(whose=near[0], why="", bands=bands)
    return Verdict(whose=None, why=why, bands=bands)


@dataclass(slots=True)
class _Track:
    """One resident: expected weight (kg) and its variance (kg²).

    Attributes:
        sure_s: when a person last said it.
        given_s: when a weighing was last given to her; it left the centre at `anchor`.
        heard_s: when one was, or one that is hardly anybody else's.
    """

    centre: float
    variance: float
    sure_s: float
    given_s: float
    anchor: float
    heard_s: float


@dataclass(slots=True)
class _Tracks:
    """Everybody who shares the scale, from weighing to weighing."""

    residents: Sequence[str]
    now_s: float = -math.inf
    of: dict[str, _Track] = field(default_factory=dict)
    near_s: dict[tuple[str, str], float] = field(default_factory=dict)  # when two were last too near each other
    strays: list[tuple[float, float]] = field(default_factory=list)  # (at_s, kg) of what was near to nobody

    def take(self, one: Weighing) -> None:
        """The next weighing."""
        self._wait(one.at_s)
        if one.whose is None:
            self._undecided(one)
        elif one.whose in self.residents:
            self._given(one, one.whose)
        for pair in combinations(sorted(self.of), 2):
            first, second = self.of[pair[0]], self.of[pair[1]]
            apart = max(_CROSSED * math.sqrt(first.variance + second.variance), _CROSSED_KG)
            if abs(first.centre - second.centre) < apart and one.at_s - min(first.sure_s, second.sure_s) > _FRESH_S:
                self.near_s[pair] = one.at_s

    def bands(self, at_s: float) -> dict[str, Band]:
        """What is expected at this moment."""
        self._wait(at_s)
        return {one: self._band(track, at_s) for one, track in self.of.items()}

    def _band(self, track: _Track, at_s: float) -> Band:
        unheard_days = max(0.0, at_s - track.heard_s - _UNHEARD_S) / _DAY_S
        change = min(_CHANGE_KG * unheard_days, _MOST_CHANGE_KG)
        wide = CLEAR * _sd(track) + change
        low, high = min(track.centre, track.anchor) - wide, max(track.centre, track.anchor) + wide
        for side in (-1.0, 1.0):
            strays = [
                (kilograms, at_s - stray_s)
                for stray_s, kilograms in self.strays
                if at_s - stray_s <= _STRAYS_S and 0 < side * (kilograms - track.centre) <= _STRAY_REACH_KG + change
            ]
            often = len(strays) >= _OFTEN
            for kilograms, age_s in strays:
                if often or age_s <= _STRAY_S:
                    margin = _STRAYS_MARGIN_KG if often else _STRAY_MARGIN_KG
                    low, high = min(low, kilograms - margin), max(high, kilograms + margin)
        return Band(
            centre_kg=track.centre,
            near_centre_kg=max(track.anchor - _PULL_KG, min(track.anchor + _PULL_KG, track.centre)),
            near_kg=NEAR_KG,
            low_kg=low,
            high_kg=high,
        )

    def crossed(self, one: str) -> bool:
        """Whether this resident may have changed places with another, and nobody has said since who is who."""
        return any(
            one in pair and not all(self.of[other].sure_s > near_s for other in pair)
            for pair, near_s in self.near_s.items()
        )

    def twice(self, one: str, kilograms: float, at_s: float) -> bool:
        """Whether this resident was weighed this morning already, and another, who is not far from it, was not."""
        return at_s - self.of[one].given_s < _MORNING_S and any(
            at_s - track.heard_s > _NOT_TODAY_S and abs(track.centre - kilograms) <= _NEIGHBOUR_KG
            for other, track in self.of.items()
            if other != one
        )

    def _wait(self, at_s: float) -> None:
        days = 0.0 if self.now_s == -math.inf else (at_s - self.now_s) / _DAY_S
        for track in self.of.values():
            track.variance += DRIFT_KG**2 * days
        self.now_s = at_s

    def _given(self, one: Weighing, whose: str) -> None:
        track = self.of.get(whose)
        if track is None and not one.sure:
            return
        surprise = track is not None and abs(one.kilograms - track.centre) > _SURPRISE * _sd(track)
        if track is None or (one.sure and (surprise or self.crossed(whose))):
            if track is None:
                self._begin(one, whose)
            track = self.of[whose] = _Track(one.kilograms, SPREAD_KG**2, one.at_s, one.at_s, 0.0, one.at_s)
        else:
            gain = track.variance / _sd(track) ** 2
            track.centre += gain * (one.kilograms - track.centre)
            track.variance *= 1 - gain
        track.anchor, track.given_s, track.heard_s = track.centre, one.at_s, one.at_s
        if one.sure:
            track.sure_s = one.at_s

    def _begin(self, one: Weighing, whose: str) -> None:
        """The first that is known of somebody: who was known before may have met her since a person spoke of him."""
        for other, track in self.of.items():
            if one.at_s - track.sure_s > _FRESH_S:
                self.near_s[(min(whose, other), max(whose, other))] = math.nextafter(one.at_s, -math.inf)

    def _undecided(self, weighing: Weighing) -> None:
        kilograms = weighing.kilograms
        if all(abs(kilograms - track.centre) > NEAR_KG for track in self.of.values()):
            self.strays.append((weighing.at_s, kilograms))
        likely = {one: _density(kilograms - track.centre, _sd(track)) for one, track in self.of.items()}
        total = sum(likely.values()) + _STRANGER_PER_KG
        for one, track in self.of.items():
            share = likely[one] / total
            if share >= _LEAST_SHARE:
                gain = track.variance / _sd(track) ** 2
                away = kilograms - track.centre
                track.centre += share * gain * away
                track.variance *= 1 - share * gain
                track.variance += share * (1 - share) * (gain * away) ** 2
                if share >= _SURELY and abs(kilograms - track.anchor) <= NEAR_KG:
                    track.heard_s = weighing.at_s


def _sd(track: _Track) -> float:
    """Of the next weighing around the centre, kg."""
    return math.sqrt(track.variance + SPREAD_KG**2)


def _density(away: float, sd: float) -> float:
    """Of the normal distribution, per kg."""
    return math.exp(-0.5 * (away / sd) ** 2) / (sd * math.sqrt(2 * math.pi))

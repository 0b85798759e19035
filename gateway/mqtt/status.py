"""How a broker and its sensors are, in words: each trouble once, and on the status page while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.core.health import Colour, HealthBoard

AGAIN_S: Final = 3600.0  # a sensor that comes and goes is told of once an hour
# A broker that is started anew is back within a minute. Radars behind one see no fall meanwhile, and what sensors do
# not tell looks like stillness: after this somebody is called.
RED_AFTER_S: Final = 300.0
TROUBLES_LIMIT: Final = 256  # as many as sensors are known
_NAMED: Final = 3  # in full


class Trouble(StrEnum):
    """What is wrong with a sensor, and what to do."""

    CHANGED = (
        "what it says has another form than its profile knows, and is not taken: was the bridge or its firmware "
        "updated? Report the model"
    )
    FUTURE = "it says that it measured in the future: set the clock of the machine that zigbee2mqtt runs on"
    UNORDERED = "what it says comes in the wrong order: is the clock of the machine that zigbee2mqtt runs on right?"
    NO_MOMENT = "its last_seen cannot be read: choose ISO_8601 for it in zigbee2mqtt"
    OFFLINE = "cannot be reached, so its silence means nothing: change its battery, or move it nearer"


@dataclass(slots=True, kw_only=True)
class _Told:
    words: str
    trouble: Trouble


class Status:
    """Of one broker.

    Attributes:
        part: its name on the status page.
    """

    def __init__(self, name: str, health: HealthBoard) -> None:
        self.part = f"mqtt:{name}"
        self._health = health
        self._lost: str | None = "Connecting to the broker."
        self._lost_at: float | None = None
        self._bridge_away = False
        self._away_at: float | None = None
        self._refused: tuple[str, ...] = ()
        self._wanting: tuple[str, ...] = ()
        self._now: dict[tuple[str, Trouble], _Told] = {}
        self._said: dict[tuple[str, Trouble], float] = {}
        self.sensors = 0
        self.nobodys = 0

    @property
    def is_connected(self) -> bool:
        """To the broker; whatever else may be wrong."""
        return self._lost is None

    @property
    def is_hearing(self) -> bool:
        """Whether what sensors say can come: the broker is there, and zigbee2mqtt behind it."""
        return self._lost is None and not self._bridge_away

    def connected(self) -> bool:
        """Whether this is news."""
        news, self._lost, self._lost_at = self._lost is not None, None, None
        return news

    def lost(self, words: str, at: float) -> bool:
        """There is no connection. Whether this is news."""
        news, self._lost = self._lost != words, words
        self._lost_at = at if self._lost_at is None else self._lost_at
        return news

    def bridge(self, *, away: bool) -> None:
        """zigbee2mqtt says of itself whether it runs."""
        self._bridge_away = away

    def refused(self, topics: Sequence[str]) -> None:
        """These the broker does not let us hear."""
        self._refused = tuple(topics)

    def wanting(self, profiles: Sequence[str]) -> None:
        """These profiles the settings name, and there are none for sensors that speak over a broker."""
        self._wanting = tuple(profiles)

    def begin(self, identity: str, called: str, trouble: Trouble, at: float) -> str | None:
        """A sensor has this trouble. The sentence, when it is to be said now."""
        key = (identity, trouble)
        if key in self._now or len(self._now) >= TROUBLES_LIMIT:
            return None
        words = f"{called}: {trouble.value}."
        self._now[key] = _Told(words=words, trouble=trouble)
        said = self._said.get(key)
        if said is not None and at - said < AGAIN_S:
            return None
        if len(self._said) >= 2 * TROUBLES_LIMIT:
            self._said = {one: then for one, then in self._said.items() if at - then < AGAIN_S}
        self._said[key] = at
        return words

    def end(self, identity: str, *troubles: Trouble) -> None:
        """These are over; all, when none is named."""
        for trouble in troubles or tuple(Trouble):
            self._now.pop((identity, trouble), None)

    def report(self, now: float) -> None:
        """To the health board."""
        if self._lost is not None:
            red = self._lost_at is not None and now - self._lost_at >= RED_AFTER_S
            self._health.report(self.part, Colour.RED if red else Colour.AMBER, self._lost)
            return
        words = [one.words for one in list(self._now.values())[:_NAMED]]
        if len(self._now) > _NAMED:
            words.append(f"There are {len(self._now) - _NAMED} more.")
        if self._bridge_away:
            words.insert(0, "zigbee2mqtt does not run, so no Zigbee sensor is heard: start it again.")
        if self._wanting:
            words.insert(
                0,
                f"What is to be read by {', '.join(self._wanting)} is not heard, for there is no such profile for what "
                "is behind a broker: look at the settings, and at what 'huoma profile check' says of your own.",
            )
        if self._refused:
            words.insert(0, f"The broker lets us not hear {', '.join(self._refused)}: allow its user to read them.")
        if not self._bridge_away:
            self._away_at = None
        elif self._away_at is None:
            self._away_at = now
        if words:
            red = self._away_at is not None and now - self._away_at >= RED_AFTER_S
            self._health.report(self.part, Colour.RED if red else Colour.AMBER, " ".join(words))
            return
        nobodys = f", {self.nobodys} of them nobody's ('huoma devices' lists them)" if self.nobodys else ""
        self._health.report(self.part, Colour.GREEN, f"Connected; {self.sensors} sensors{nobodys}.")

"""The health of a sink, in a colour and one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.core.clock import Clock
from gateway.core.health import Colour
from gateway.delivery.retries import RED_AFTER, Retries
from gateway.delivery.store import ItemState, OutboxStore

Report = Callable[[str, Colour, str], None]  # part, colour, reason: `HealthBoard.report`

SECONDS_BETWEEN: Final = 2.0  # counting the queue costs a query


class SinkHealth:
    """Reports one part, `delivery:<sink>`, when its state changes and at most every two seconds."""

    def __init__(self, name: str, address: str, *, store: OutboxStore, clock: Clock, report: Report) -> None:
        self._name = name
        self._address = address
        self._store = store
        self._clock = clock
        self._report = report
        self._last: tuple[Colour, str] | None = None
        self._reported_at: float | None = None
        self._owed = False

    def dead_letter(self) -> None:
        """One more: say so at once."""
        self._reported_at = None

    def next_report(self) -> float | None:
        """When a report that was held back is due."""
        return self._reported_at + SECONDS_BETWEEN if self._owed and self._reported_at is not None else None

    async def update(self, retries: Retries, *, idle: bool) -> None:
        """Look, and report if it is time."""
        now = self._clock.monotonic()
        failing = retries.failures >= RED_AFTER
        was_red = self._last is not None and self._last[0] is Colour.RED
        due = self._reported_at is None or now >= self._reported_at + SECONDS_BETWEEN or failing != was_red
        if not due:
            self._owed = idle
            return
        self._owed = False
        self._reported_at = now
        colour, reason = self._words(retries, dict(await self._store.counts(self._name)))
        if (colour, reason) != self._last:
            self._last = (colour, reason)
            self._report(f"delivery:{self._name}", colour, reason)

    def _words(self, retries: Retries, counts: dict[ItemState, int]) -> tuple[Colour, str]:
        waiting = counts.get(ItemState.QUEUED, 0)
        queue = f"{waiting} waiting" if waiting else "nothing waits"
        if retries.failures >= RED_AFTER:
            return Colour.RED, f"{self._address}: {retries.words}; {queue}, nothing is lost, tried again by itself."
        sentences: list[str] = []
        if retries.stops:
            reasons = sorted({stop.words for stop in retries.stops.values()})
            residents = "1 resident" if len(retries.stops) == 1 else f"{len(retries.stops)} residents"
            sentences.append(f"stopped for {residents}: {'; '.join(reasons)}")
        dead = counts.get(ItemState.DEAD, 0)
        if dead:
            sentences.append(f"{dead} refused for good: look at the dead letters of this sink")
        if retries.failures:
            sentences.append(f"{retries.words}, trying again")
        if sentences:
            return Colour.AMBER, f"{self._address}: {'; '.join(sentences)}; {queue}."
        withheld = counts.get(ItemState.WITHHELD, 0)
        held = f", {withheld} held back until there is consent" if withheld else ""
        return Colour.GREEN, f"{self._address}: {queue}{held}."

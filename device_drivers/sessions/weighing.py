"""Puts the body composition (2A9C) of a weighing together with its weight (2A9D).

Many scales send the composition without a time or a user: they are those of the weight beside it. It stays a reading of
its own, with the weight's time and user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from device_drivers.decode.body_composition import Joiner
from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.readings import Reading
from device_drivers.sessions.base import Arrivals, Sink
from device_drivers.sessions.link import Link, Receipt, uuid128
from firmware_profiles import Quirks

WEIGHT: Final = "2a9d"
COMPOSITION: Final = "2a9c"


class Weighings:
    """The weights and compositions of one connection. Keeps one weight and one composition at most."""

    def __init__(self, sink: Sink, quirks: Quirks, arrivals: Arrivals) -> None:
        self._sink = sink
        self._quirks = quirks
        self._arrivals = arrivals
        self._joiner = Joiner()
        self._weight: Reading | None = None  # whose composition has not come yet
        self._early: Reading | None = None  # a composition before its weight

    async def subscribe(self, link: Link) -> None:
        """To both, or the one that the device has.

        Raises:
            as `Link` does.
        """
        if uuid128(WEIGHT) in link.characteristics:
            await link.subscribe(uuid128(WEIGHT), self.weighed)
        if uuid128(COMPOSITION) in link.characteristics:
            await link.subscribe(uuid128(COMPOSITION), self.analysed)

    def weighed(self, frame: bytes) -> Receipt:
        """A frame of 2A9D."""
        try:
            reading = DECODERS[WEIGHT](frame, self._quirks)
        except DecodeError as error:
            self._sink.undecodable(WEIGHT, frame, error)
            return None
        receipt = self._arrivals.arrived(self._sink.reading(reading))
        early, self._early = self._early, None
        if early is None:
            self._weight = reading
        else:
            self._hand_on(_of(early, reading))
        return receipt

    def analysed(self, frame: bytes) -> Receipt:
        """A packet of 2A9C.

        One that is not complete yet, or whose weight has not come, is confirmed all the same: the device sends nothing
        more until it is.
        """
        self._arrivals.stir.set()
        try:
            found = self._joiner.feed(frame)
        except DecodeError as error:
            self._sink.undecodable(COMPOSITION, frame, error)
            return None
        receipt: Receipt = None
        for composition in found:
            weight, self._weight = self._weight, None
            if weight is not None or composition.time is not None:
                receipt = self._hand_on(composition if weight is None else _of(composition, weight))
                continue
            self._flush_early()
            self._early = composition
        return receipt

    def close(self) -> None:
        """The connection is over: what still waits stands by itself."""
        for composition in self._joiner.flush():
            self._hand_on(composition if self._weight is None else _of(composition, self._weight))
            self._weight = None
        self._flush_early()

    def _flush_early(self) -> None:
        early, self._early = self._early, None
        if early is not None:
            self._hand_on(early)

    def _hand_on(self, reading: Reading) -> Receipt:
        return self._arrivals.arrived(self._sink.reading(reading))


def _of(composition: Reading, weight: Reading) -> Reading:
    """The composition with what it does not tell of itself; one that tells another time keeps its own."""
    if composition.time is not None and composition.time != weight.time:
        return composition
    return replace(
        composition,
        time=composition.time if composition.time is not None else weight.time,
        user_slot=composition.user_slot if composition.user_slot is not None else weight.user_slot,
    )

"""Movesense: acceleration by the GATT SensorData Protocol, until the link ends; unsubscribed on the way out."""

from __future__ import annotations

import asyncio
from datetime import tzinfo
from typing import Final

from device_drivers.decode import movesense as frames
from device_drivers.errors import DecodeError, DeviceRefused, LinkLost
from device_drivers.readings import Motion
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import Link, Receipt, uuid128
from device_drivers.sessions.sig import subscribe_measurements
from firmware_profiles import Profile

PREFERRED_HZ: Final = 52
FULL_SCALE_G: Final = 8.0  # as the sensor starts, where the profile does not say
ANSWER_S: Final = 5.0
REFERENCE: Final = 99  # of our one subscription; any number will do
_CONFLICT: Final = 409  # a gateway that died left it running
_MAX_RESULTS: Final = 8  # unread answers; more are noise: the oldest is dropped


class Movesense:
    """The session of driver "movesense".

    Args:
        rate_hz: the wished rate; the nearest of the profile's is taken.
    """

    def __init__(self, *, rate_hz: int = PREFERRED_HZ) -> None:
        self._rate_hz = rate_hz

    async def __call__(
        self, link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        """Raises as `Link` does; DeviceRefused also for a sensor without this protocol, or without acceleration."""
        del tz, memory  # nothing here carries local time or has to be remembered
        information = await read_information(link)
        sink.information(information)
        if not {uuid128(frames.COMMAND), uuid128(frames.DATA)} <= link.characteristics:
            raise DeviceRefused(
                "the sensor has not got the GATT SensorData Protocol: install Movesense's default firmware 2.3 or newer"
            )
        rates = profile.quirks.rates_hz or (self._rate_hz,)
        rate_hz = min(rates, key=lambda rate: abs(rate - self._rate_hz))
        stream = _Stream(link, clock, sink, rate_hz, profile.quirks.clipping_g or FULL_SCALE_G)
        arrivals = Arrivals()
        await subscribe_measurements(link, sink, profile.quirks, arrivals)
        await link.subscribe(uuid128(frames.DATA), stream.heard)
        try:
            await stream.start()
            await link.wait_closed()
        finally:
            await stream.stop()
            await link.disconnect()
        return SessionResult(information=information, clock=None, readings=arrivals.readings, end=End.DEVICE_CLOSED)


movesense: Final = Movesense()


class _Stream:
    """One subscription to acceleration."""

    def __init__(self, link: Link, clock: SessionClock, sink: Sink, rate_hz: int, clipping_g: float) -> None:
        self._link = link
        self._clock = clock
        self._sink = sink
        self._rate_hz = rate_hz
        self._clipping_g = clipping_g
        self._results: asyncio.Queue[frames.Result] = asyncio.Queue(_MAX_RESULTS)

    def heard(self, frame: bytes) -> Receipt:
        """An answer, or acceleration: both come by one characteristic."""
        try:
            self._put(frames.decode_result(frame))
        except DecodeError:
            self._moved(frame)
        return None

    async def start(self) -> None:
        """Raises DeviceRefused when it does not stream, LinkLost when the link is gone."""
        command = frames.subscribe(REFERENCE, frames.acceleration_path(self._rate_hz))
        result = await self._ask(command)
        if result is not None and result.status == _CONFLICT:
            await self._ask(frames.unsubscribe(REFERENCE))
            result = await self._ask(command)
        if result is None:
            raise LinkLost("the sensor did not answer")
        if not result.succeeded:
            raise DeviceRefused(
                f"the sensor gives no acceleration at {self._rate_hz} Hz ({result.status}): "
                f"correct rates_hz in its profile, or install its default firmware"
            )

    async def stop(self) -> None:
        """Always: a stream left running drains the battery. A link that is gone has stopped it already."""
        try:
            await self._ask(frames.unsubscribe(REFERENCE))
        except (LinkLost, DeviceRefused):
            return

    async def _ask(self, command: bytes) -> frames.Result | None:
        while not self._results.empty():
            self._results.get_nowait()
        await self._link.write(uuid128(frames.COMMAND), command)
        try:
            async with self._clock.timeout(ANSWER_S):
                while (result := await self._results.get()).reference != REFERENCE:
                    continue
        except TimeoutError:
            return None
        return result

    def _put(self, result: frames.Result) -> None:
        if self._results.full():
            self._results.get_nowait()
        self._results.put_nowait(result)

    def _moved(self, frame: bytes) -> None:
        try:
            decoded = frames.decode(frame)
            if decoded.reference != REFERENCE:
                raise DecodeError(f"movesense: a stream {decoded.reference} that nobody subscribed to")
        except DecodeError as error:
            self._sink.undecodable(frames.DATA, frame, error)
            return
        self._sink.motion(
            Motion(
                samples=decoded.samples,
                rate_hz=float(self._rate_hz),
                last_sample_ns=decoded.last_sample_ns(self._rate_hz),
                clipping_g=self._clipping_g,
                raw=frame,
            )
        )

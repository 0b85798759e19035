"""Polar's wearables: heart rate by the standard service, acceleration by Polar Measurement Data (PMD).

H10, Verity Sense and OH1 differ in what they offer; what is started is negotiated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final, TypeAlias

import numpy as np

from device_drivers.decode import polar_pmd as pmd
from device_drivers.errors import DecodeError, DeviceRefused, LinkLost
from device_drivers.readings import Motion
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, SessionResult, Sink
from device_drivers.sessions.control_point import ControlPoint
from device_drivers.sessions.information import read_information
from device_drivers.sessions.link import FrameCallback, Link, Receipt
from device_drivers.sessions.sig import subscribe_measurements
from firmware_profiles import Profile

PREFERRED_HZ: Final = 50  # enough for the fall detectors here, at a quarter of the air time of 200 Hz
FULL_SCALE_G: Final = 8  # where the strap does not say
_ALREADY_STREAMING: Final = "already-in-state"
_MG_PER_G: Final = 1000.0
_Control: TypeAlias = ControlPoint[pmd.ControlResponse]


class PolarPmd:
    """The session of driver "polar-pmd": streams until the link ends, and stops the stream on its way out.

    Args:
        rate_hz: the wished rate; the nearest that the device offers is taken.
    """

    def __init__(self, *, rate_hz: int = PREFERRED_HZ) -> None:
        self._rate_hz = rate_hz

    async def __call__(
        self, link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult:
        del tz, memory  # nothing here carries local time or has to be remembered
        information = await read_information(link)
        sink.information(information)
        arrivals = Arrivals()
        await subscribe_measurements(link, sink, profile.quirks, arrivals)
        if pmd.DATA in link.characteristics and pmd.CONTROL_POINT in link.characteristics:
            await self._stream(link, clock, profile, sink)
        else:
            await link.wait_closed()
        return SessionResult(information=information, clock=None, readings=arrivals.readings, end=End.DEVICE_CLOSED)

    async def _stream(self, link: Link, clock: SessionClock, profile: Profile, sink: Sink) -> None:
        control: _Control = ControlPoint(
            link, clock, uuid=pmd.CONTROL_POINT, decode=pmd.decode_response, silence=DeviceRefused
        )
        await control.open()
        offered = await _ask(control, pmd.encode_get_settings())
        if not offered.succeeded:
            raise DeviceRefused(f"the strap offers no acceleration ({offered.error})")
        rates = _usable(offered.settings.get(pmd.RATE_HZ, ()), profile.quirks.rates_hz) or (self._rate_hz,)
        rate_hz = min(rates, key=lambda rate: abs(rate - self._rate_hz))
        range_g = max(offered.settings.get(pmd.RANGE_G) or (FULL_SCALE_G,))
        channels = offered.settings.get(pmd.CHANNELS)  # Verity Sense and OH1 want to be told
        command = pmd.encode_start(
            rate_hz=rate_hz, range_g=range_g, channels=None if channels is None else max(channels)
        )
        await link.subscribe(pmd.DATA, _decoding(sink, rate_hz, range_g))
        try:
            await _start(control, command)
            await link.wait_closed()
        finally:
            await _stop(control)
            await link.disconnect()


polar_pmd: Final = PolarPmd()


def _usable(offered: Sequence[int], wanted: Sequence[int]) -> Sequence[int]:
    """The rates that the device offers and its profile lists; one of the two may say nothing."""
    return [rate for rate in offered if rate in wanted] or offered or wanted


async def _ask(control: _Control, command: bytes) -> pmd.ControlResponse:
    return await control.ask(command, answers=lambda answer: answer.operation == command[0])


async def _start(control: _Control, command: bytes) -> None:
    answer = await _ask(control, command)
    if answer.error == _ALREADY_STREAMING:  # left running by a gateway that died: at a rate nobody knows
        await _ask(control, pmd.encode_stop())
        answer = await _ask(control, command)
    if not answer.succeeded:
        raise DeviceRefused(f"the strap does not start its acceleration ({answer.error})")


async def _stop(control: _Control) -> None:
    """Always: a stream left running drains the battery. A link that is gone has stopped it already."""
    try:
        await _ask(control, pmd.encode_stop())
    except (LinkLost, DeviceRefused):
        return


def _decoding(sink: Sink, rate_hz: int, range_g: int) -> FrameCallback:
    def frame_arrived(frame: bytes) -> Receipt:
        try:
            decoded = pmd.decode(frame, full_scale_g=range_g)
        except DecodeError as error:
            sink.undecodable(pmd.DATA, frame, error)
            return None
        sink.motion(
            Motion(
                samples=(decoded.samples / _MG_PER_G).astype(np.float32),
                rate_hz=float(rate_hz),
                last_sample_ns=decoded.last_sample_ns,
                clipping_g=float(range_g),
                raw=frame,
            )
        )
        return None

    return frame_arrived

"""What the radio tells of the one device, passed to the flow: a `gateway.radio.contracts.PairingWatch`."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from device_drivers.errors import DeviceError
from device_drivers.readings import Press
from device_drivers.sessions.base import End
from gateway.core.clock import Clock
from gateway.ingest.effective import effective_time
from gateway.ingest.identity import RECEPTION
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.pairing.flow import Flow
from gateway.pairing.measured import MOTION, Measured


class Watcher:
    """Turns what happened into the flow's words. Values of readings stop here."""

    def __init__(self, flow: Flow, clock: Clock, zone: ZoneInfo, stir: Callable[[], None]) -> None:
        self._flow = flow
        self._clock = clock
        self._zone = zone
        self._stir = stir

    def connecting(self) -> None:
        self._flow.connecting()
        self._stir()

    def bonded(self) -> None:
        self._flow.bond_made()
        self._stir()

    def known(self, device: KnownDevice) -> None:
        self._flow.known(device)
        self._stir()

    def clock(self, offset: ClockMeasurement) -> None:
        self._flow.clock(offset, synchronised=self._clock.synchronised())
        self._stir()

    def reading(self, received: Received) -> None:
        reading = received.reading
        self._flow.known(received.device)
        effective = effective_time(
            reading.time, received.clock, received_at=received.received_at, synchronised=received.synchronised,
            zone=self._zone, stamp_expected=received.device.record_identity != RECEPTION,
        )  # fmt: skip
        as_it_came = effective.source == "reception" or not received.synchronised
        self._flow.measured(
            Measured(
                kind=reading.kind.value,
                received_at=received.received_at,
                failed=reading.failed,
                why=reading.flags or tuple(sorted({why.value for why in reading.missing.values()})),
                at=None if as_it_came else effective.at,
                uncertainty_s=effective.uncertainty_s,
                user_slot=reading.user_slot,
            )
        )
        self._stir()

    def press(self, device: KnownDevice, press: Press) -> None:
        self._flow.known(device)
        if press.doubt is not None:
            self._flow.doubted(press.doubt)
        else:
            self._flow.measured(Measured(kind="press", received_at=self._clock.wall()))
        self._stir()

    def motion(self, device: KnownDevice) -> None:
        self._flow.known(device)
        self._flow.measured(Measured(kind=MOTION, received_at=self._clock.wall()))
        self._stir()

    def failed(self, error: DeviceError) -> None:
        self._flow.broke_off(error)
        self._stir()

    def ended(self, end: End) -> None:
        self._flow.session_ended(end)
        self._stir()

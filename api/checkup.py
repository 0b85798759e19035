"""The doctor over what there is: a gateway that runs, the store alone, or only the machine."""

from __future__ import annotations

from api.core import Core
from api.settings import Settings
from device_drivers.broadcasts import BROADCASTS
from device_drivers.payloads import MQTT
from firmware_profiles import Catalogue
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard
from gateway.doctor import Doctor, Machine
from gateway.doctor.doctor import DoctorRadio
from gateway.doctor.machine import BlueZTrouble, runner
from gateway.store.pairings import PairingNotes


def machine_of(settings: Settings, clock: Clock) -> Machine:
    """The machine as these settings use it."""
    through_bluez = settings.radio.kind in ("auto", "bluez")
    if through_bluez:
        from gateway.doctor.bluez import bluez_asker  # D-Bus is imported only where it is used

        return Machine(through_bluez=True, ask_bluez=bluez_asker(clock), run=runner(clock))
    return Machine(through_bluez=False, ask_bluez=_nobody, run=runner(clock))


def doctor_over(
    core: Core,
    settings: Settings,
    catalogue: Catalogue,
    *,
    clock: Clock,
    health: HealthBoard,
    radio: DoctorRadio | None = None,
    running: bool = True,
) -> Doctor:
    """Without `running` what needs the radio is left out, and said."""
    return Doctor(
        machine=machine_of(settings, clock),
        registry=core.registry,
        notes=PairingNotes(core.database, core.stamper),
        catalogue=catalogue,
        clock=clock,
        health=health,
        data_dir=settings.data_dir,
        broadcast={*BROADCASTS, MQTT},
        radio=radio,
        running=running,
    )


async def _nobody() -> None:
    """There is no BlueZ to ask."""
    raise BlueZTrouble("absent")

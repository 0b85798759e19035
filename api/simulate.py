"""The simulated home: virtual devices in a process of their own, reached as a Bluetooth controller, nothing else.

What a technician would do (give the devices to the resident) is done here by looking at what the radio hears.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from analytics.radar.places import Zone
from api.composition import Home
from api.narrator import Narrator
from device_drivers.nomenclature import Kind
from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.radar.modules import Module, Mounting
from gateway.radio.seen import Seen

RESIDENT: Final = "Simulated Resident"
START_S: Final = 30.0  # importing the Bluetooth stack takes 1 s on a laptop, up to 10 on a router
LOOK_EVERY_S: Final = 0.25
NAME_WAIT_S: Final = 3.0  # a device without a profile so far may still send its name
_GRACE_S: Final = 3.0
ACTOR: Final = "simulated technician"
RADAR_PORT: Final = "usb-virtual-radar"
# How the virtual module hangs, and the bed in front of it (device_drivers/virtual/radar): a technician measures it.
RADAR_HEIGHT_M: Final = 2.0
RADAR_TILT_DEG: Final = 15.0
RADAR_BED: Final = Zone(low=(0.5, 2.2), high=(1.5, 4.2), height=0.5)


def radar_folder(folder: Path) -> Path:
    """Where the ports of the virtual home are, as `/dev/serial/by-id` has those of a real one."""
    return folder / "by-id"


@asynccontextmanager
async def virtual_home(folder: Path, *, clock: Clock, arguments: tuple[str, ...] = ()) -> AsyncIterator[str]:
    """Start the virtual devices; gives Bumble's name of the controller that hears them.

    Raises:
        HuomaError: they did not start.
    """
    path = folder / "controller.sock"
    radar_folder(folder).mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "device_drivers.virtual", "--transport", f"unix-server:{path}",
        "--radar", str(radar_folder(folder) / RADAR_PORT), *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the gateway: the devices end after it
    )  # fmt: skip
    try:
        line = b""
        with contextlib.suppress(TimeoutError):
            async with clock.timeout(START_S):
                if process.stdout is not None:
                    line = await process.stdout.readline()
        if line.strip() != b"ready":
            raise HuomaError("The virtual devices did not start: see the lines above.")
        yield f"unix-client:{path}"
    finally:
        if process.stdin is not None:
            process.stdin.close()  # the end of its input tells it to stop
        try:
            async with clock.timeout(_GRACE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class Technician:
    """Gives every device that the radio recognises to the resident, and says which it does not recognise."""

    def __init__(self, home: Home, narrator: Narrator, clock: Clock) -> None:
        self._home = home
        self._narrator = narrator
        self._clock = clock
        self._first_heard: dict[str, float] = {}
        self._done: set[str] = set()

    async def resident(self) -> str:
        """The resident's id; made when the store is new."""
        for known in await self._home.acts.registry.residents():
            if known.name == RESIDENT:
                return known.id
        return (await self._home.acts.add_resident(RESIDENT, actor=ACTOR)).id

    async def run(self) -> None:
        """Until cancelled."""
        resident = await self.resident()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hang_radar())
            while self._home.radio is not None:
                for seen in self._home.radio.seen():
                    if seen.address not in self._done:
                        await self._meet(seen, resident)
                await self._clock.sleep(LOOK_EVERY_S)

    async def _hang_radar(self) -> None:
        """The module on the wall of the bedroom; the tests of a technician are skipped."""
        for port in await self._home.radars.ports():
            wanted = Module(
                identity="", port=str(port.path), room="bedroom", height_m=RADAR_HEIGHT_M, mounting=Mounting.WALL,
                tilt_deg=RADAR_TILT_DEG, zones=(RADAR_BED,),
            )  # fmt: skip
            one = await self._home.radars.begin(wanted, actor=ACTOR)
            self._narrator.tell(f"radar module found on {port.path.name}, hung on the wall of the bedroom")
            position = 0
            while one.outcome is None:
                for happened in await one.log.more(position):
                    position = happened.number
                    if happened.code in ("recognised", "problem"):
                        self._narrator.tell(happened.words)
                if one.test is not None:
                    one.skip()

    async def _meet(self, seen: Seen, resident: str) -> None:
        now = self._clock.monotonic()
        first = self._first_heard.setdefault(seen.address, now)
        recognised = seen.profile_id is not None and not seen.profile_id.startswith("generic/")
        if not recognised and now - first < NAME_WAIT_S:
            return
        self._done.add(seen.address)
        called = f"{seen.name or 'a device without a name'} ({seen.address})"
        if seen.profile_id is None:
            self._narrator.tell(f"! unknown: {called} has no profile; it is not connected to")
            return
        profile = self._home.catalogue.get(seen.profile_id)
        worn = profile is not None and Kind.HEART_RATE in profile.kinds
        await self._home.acts.assign(
            seen.address, resident, actor=ACTOR, placement="chest" if worn and recognised else None
        )
        self._narrator.tell(f"{called} recognised as {seen.model}, given to the simulated resident")

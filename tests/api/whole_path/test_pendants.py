"""An alarm pendant through the whole gateway: over a radio, to an alert a nurse sees; a recording of it calls nobody.

In real time: the gateway's radio is the other end of a socket, as a controller is.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from api.composition import Home, open_home
from api.settings import ApiSettings, RadioSettings, Settings
from device_drivers.virtual.broadcasters import Button
from device_drivers.virtual.hci_server import serve
from device_drivers.virtual.radio import virtual_radio
from gateway.core.clock import SystemClock
from gateway.desk.events import Alert, AlertKind, Priority
from gateway.ingest.intake import Listener

pytestmark = pytest.mark.slow

PENDANT = "7C:C6:B6:57:DA:84"
KEY = "231d39c1d7cc1ab1aee224cd096db932"


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[Home]:
    settings = Settings(
        data_dir=folder / "data",
        time_zone="Europe/Helsinki",
        api=ApiSettings(port=0),
        radio=RadioSettings(kind="bumble", transport=f"unix-client:{folder / 'hci'}"),
    )
    async with open_home(settings, clock=SystemClock(), listener=Listener(), rng=random.Random(1)) as home:
        yield home


async def alerts_of(home: Home, count: int) -> list[Alert]:
    async with asyncio.timeout(10):
        while len(found := await home.desk.open_alerts()) < count:  # noqa: ASYNC110  # as a page that is looked at
            await asyncio.sleep(0.02)
    return found


async def test_a_press_is_an_alert_and_its_recording_is_none_after_a_restart(tmp_path: Path) -> None:
    async with virtual_radio() as air, serve(f"unix-server:{tmp_path / 'hci'}", air.dongle()):
        pendant = Button(air, address=PENDANT, bind_key=bytes.fromhex(KEY))
        await pendant.power_on()
        async with gateway(tmp_path) as home:
            resident = await home.acts.add_resident("Aino", actor="test")
            await home.acts.assign(PENDANT, "Aino", actor="test")
            await home.acts.set_bind_key(PENDANT, KEY, actor="test")
            async with asyncio.timeout(10):
                while home.health.parts().get("radio") is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            began = asyncio.get_running_loop().time()
            frame = await pendant.press(seconds=1.0)
            (alert,) = await alerts_of(home, 1)
            assert asyncio.get_running_loop().time() - began < 2.0
            assert (alert.kind, alert.priority, alert.subject.id) == (AlertKind.PRESS, Priority.HIGH, resident.id)
            await home.desk.acknowledge(alert.id, "nurse")
            await home.desk.resolve(alert.id, "nurse", "real")
        async with gateway(tmp_path) as home:
            await pendant.burst(frame, seconds=1.0)
            await asyncio.sleep(1.5)
            assert await home.desk.open_alerts() == []
            await pendant.press(seconds=1.0)
            (second,) = await alerts_of(home, 1)
            assert second.witnesses == 1

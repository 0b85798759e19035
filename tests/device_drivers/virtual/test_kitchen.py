"""Twenty devices on one table, each calling ten times a second, told what to do by name."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime

import pytest
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host

from device_drivers.virtual.commands import Commands
from device_drivers.virtual.kitchen import TABLE, KitchenScene, address_of
from device_drivers.virtual.radio import virtual_radio

pytestmark = pytest.mark.slow
NOON = datetime.fromisoformat("2026-03-01T12:00:00")


async def test_twenty_call_ten_times_a_second() -> None:
    heard: Counter[str] = Counter()
    names: dict[str, str] = {}
    async with virtual_radio() as radio:
        scene = KitchenScene(radio, now=NOON)
        radio.start(scene.run(measure_after_s=None))
        controller = radio.dongle().controller
        phone = Device(config=DeviceConfiguration(name="phone"), host=Host(controller, controller))
        await phone.power_on()
        phone.on("advertisement", lambda one: heard.update([str(one.address).removesuffix("/P")]))
        await asyncio.sleep(1)
        await phone.start_scanning(filter_duplicates=False)
        heard.clear()
        await asyncio.sleep(10)
        names = {device.address: device.name for device in scene.devices.values()}
    assert len(TABLE) == 20
    assert set(heard) == set(names)
    assert len(set(names.values())) == 20, "two of them have one name"
    assert all(95 <= count <= 105 for count in heard.values()), heard


async def test_it_is_told_by_name() -> None:
    async with virtual_radio() as radio:
        scene = KitchenScene(radio, now=NOON, words=("bm57", "accu-chek-guide"), stored=3)
        radio.start(scene.run(measure_after_s=None))
        await asyncio.sleep(1)
        commands = Commands(radio, radio.dongle(), scene.devices)
        cuff = scene.devices["bm57"]
        await commands.obey("measure bm57")
        await commands.obey("type bm57 123456")
        assert await cuff.panel.typed() == 123456
        assert len(getattr(cuff, "records")) == 4  # noqa: B009  # a twin need not have any
        assert cuff.address == address_of("bm57")
        for mistake in ("measure fridge", "type bm57 no", "dance"):
            with pytest.raises(ValueError, match="is no command"):
                await commands.obey(mistake)

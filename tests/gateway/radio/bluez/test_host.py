"""BlueZHost on a scripted org.bluez: opening, losing, and what our agent answers. On the real one: tests/bluez."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from bleak.exc import BleakDBusError
from dbus_fast import MessageType

from gateway.core.clock import SystemClock
from gateway.core.errors import RadioUnavailable
from gateway.radio.bluez.bonds import LinkWatch
from gateway.radio.bluez.host import BlueZAdapter, BlueZHost
from gateway.radio.host import PairingAgent
from tests.gateway.radio.bluez.fake_bluez import HCI0, FakeBlueZ, fake_bluez, private_bus
from tests.gateway.radio.room import CUFF

DEVICE = f"{HCI0}/dev_5C_31_3E_5D_3F_1A"
OTHER = f"{HCI0}/dev_5C_31_3E_00_00_02"
REJECTED = "org.bluez.Error.Rejected"
pytestmark = pytest.mark.slow


@pytest.fixture
def sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with an adapter and a D-Bus."""
    (tmp_path / "sysfs" / "hci0").mkdir(parents=True)
    with private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield tmp_path / "sysfs"


def host(sysfs: Path) -> BlueZHost:
    return BlueZHost("hci0", clock=SystemClock(), sysfs=sysfs)


async def test_an_adapter_that_is_off_is_switched_on_and_our_agent_registered(sysfs: Path) -> None:
    async with fake_bluez() as bluez, host(sysfs).open() as adapter:
        assert bluez.adapter.powered
        assert adapter.address == "00:1B:DC:F0:00:01"
        assert bluez.agents.agent == (bluez.agents.default, "KeyboardDisplay")


@pytest.mark.parametrize(("kind", "words"), [("soft", "rfkill unblock bluetooth"), ("hard", "switch radio on")])
async def test_radio_that_somebody_forbade_is_not_switched_on(sysfs: Path, kind: str, words: str) -> None:
    for name in ("soft", "hard"):
        switch = sysfs / "hci0" / "rfkill3" / name
        switch.parent.mkdir(exist_ok=True)
        switch.write_text("1\n" if name == kind else "0\n", encoding="ascii")
    async with fake_bluez() as bluez:
        with pytest.raises(RadioUnavailable, match=words):
            async with host(sysfs).open():
                pass
        assert not bluez.adapter.powered


async def test_bluez_knows_of_a_block_that_we_do_not(sysfs: Path) -> None:
    async with fake_bluez() as bluez:
        bluez.adapter.blocked = True
        with pytest.raises(RadioUnavailable, match="rfkill unblock bluetooth"):
            async with host(sysfs).open():
                pass


async def test_no_adapter_and_no_bluez_are_said(sysfs: Path) -> None:
    with pytest.raises(RadioUnavailable, match="systemctl start bluetooth"):
        async with host(sysfs).open():
            pass
    with pytest.raises(RadioUnavailable, match="No Bluetooth adapter hci7"):
        async with BlueZHost("hci7", clock=SystemClock(), sysfs=sysfs).open():
            pass


async def test_the_end_of_bluez_and_of_the_adapter_are_noticed(sysfs: Path) -> None:
    async with fake_bluez() as bluez:
        async with host(sysfs).open() as adapter, asyncio.timeout(5):
            bluez.adapter.switch(on=False)
            assert "was switched off" in await adapter.lost()
        async with host(sysfs).open() as adapter, asyncio.timeout(5):
            bluez.bus.unexport(HCI0, bluez.adapter)
            assert "hci0 is gone" in await adapter.lost()
    async with fake_bluez() as bluez, host(sysfs).open() as adapter, asyncio.timeout(5):
        bluez.bus.disconnect()
        assert "BlueZ has stopped" in await adapter.lost()


async def test_bonds_are_asked_for_and_removed(sysfs: Path) -> None:
    async with fake_bluez() as bluez, host(sysfs).open() as adapter:
        assert await adapter.bonded(CUFF)
        assert not await adapter.bonded("5C:31:3E:00:00:02")
        assert await adapter.bonds() == (CUFF,)
        await adapter.forget(CUFF)
        await adapter.forget(CUFF)  # BlueZ has none any more: that is what was wanted
        assert bluez.adapter.removed == [DEVICE]
        bluez.bus.disconnect()
        with pytest.raises((BleakDBusError, EOFError)):
            await adapter.forget(CUFF)


class Waiting:
    """A client whose device may pair."""

    address = CUFF

    def __init__(self, agent: PairingAgent | None) -> None:
        self.agent = agent
        self.told: list[str] = []

    def asked(self) -> None:
        self.told.append("asked")

    def answered(self) -> None:
        self.told.append("answered")

    def refused(self, why: str) -> None:
        self.told.append(why)


class Typist:
    """A technician who types this, or nothing."""

    def __init__(self, passkey: int | None = None, *, equal: bool = False) -> None:
        self._passkey = passkey
        self._equal = equal
        self.shown: list[int] = []

    async def passkey(self, address: str) -> int | None:
        assert address == CUFF
        return self._passkey

    async def display(self, address: str, passkey: int) -> None:
        assert address == CUFF
        self.shown.append(passkey)

    async def compare(self, address: str, number: int) -> bool:
        assert (address, number) == (CUFF, 123456)
        return self._equal


def name_of(adapter: BlueZAdapter) -> str:
    name = adapter._bluez.bus.unique_name
    assert name is not None
    return name


async def answer(bluez: FakeBlueZ, adapter: BlueZAdapter, member: str, signature: str, *body: object) -> object:
    """What the agent returns, or the name of its error."""
    reply = await bluez.ask(name_of(adapter), member, signature, *body)
    if reply.message_type is MessageType.ERROR:
        return reply.error_name
    return reply.body[0] if reply.body else None


async def test_only_a_device_that_may_pair_now_is_answered_for(sysfs: Path) -> None:
    async with fake_bluez() as bluez, host(sysfs).open() as adapter:
        assert await answer(bluez, adapter, "RequestAuthorization", "o", DEVICE) == REJECTED
        waiting = Waiting(None)
        adapter.agent.allow(DEVICE, waiting)
        assert await answer(bluez, adapter, "RequestAuthorization", "o", DEVICE) is None
        assert await answer(bluez, adapter, "RequestAuthorization", "o", OTHER) == REJECTED
        assert await answer(bluez, adapter, "RequestPasskey", "o", DEVICE) == REJECTED
        assert "nobody is there" in waiting.told[0]
        assert await answer(bluez, adapter, "DisplayPasskey", "ouq", DEVICE, 123456, 0) == REJECTED
        assert await answer(bluez, adapter, "RequestPinCode", "o", DEVICE) == REJECTED
        adapter.agent.disallow(DEVICE, waiting)
        assert await answer(bluez, adapter, "RequestAuthorization", "o", DEVICE) == REJECTED


async def test_a_person_answers(sysfs: Path) -> None:
    async with fake_bluez() as bluez, host(sysfs).open() as adapter:
        typist = Typist(123456, equal=True)
        waiting = Waiting(typist)
        adapter.agent.allow(DEVICE, waiting)
        assert await answer(bluez, adapter, "RequestPasskey", "o", DEVICE) == 123456
        assert await answer(bluez, adapter, "RequestConfirmation", "ou", DEVICE, 123456) is None
        for entered in range(3):
            assert await answer(bluez, adapter, "DisplayPasskey", "ouq", DEVICE, 7, entered) is None
        assert typist.shown == [7]
        assert waiting.told == ["asked", "answered"] * 2 + ["asked"] * 3

        waiting = Waiting(Typist())
        adapter.agent.allow(DEVICE, waiting)
        assert await answer(bluez, adapter, "RequestPasskey", "o", DEVICE) == REJECTED
        assert await answer(bluez, adapter, "RequestConfirmation", "ou", DEVICE, 123456) == REJECTED
        assert [words for words in waiting.told if words != "asked"] == [
            "nobody typed the six digits that it shows",
            "the numbers are not the same",
        ]


def test_what_bluez_says_of_a_link() -> None:
    watch = LinkWatch()
    watch.changed(bonded=None)
    watch.hung_up("org.bluez.Reason.Timeout")
    assert (watch.newly_bonded, watch.key_refused) == (False, False)
    watch.changed(bonded=True)
    watch.hung_up("org.bluez.Reason.Authentication")
    assert (watch.newly_bonded, watch.key_refused) == (True, True)

"""The room: one link, the tasks of every device in it, and the controllers that gateways may plug into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from bumble import hci
from bumble.transport.common import BaseSource, Transport, TransportSink

from device_drivers.virtual.controller import VirtualController
from device_drivers.virtual.link import VirtualLink

GATEWAY_ADDRESS: Final = "00:1B:DC:F0:00:01"  # a public address, as a USB dongle has

# (packet with its H4 type byte, from the host?) of everything that crosses the HCI
HciObserver = Callable[[bytes, bool], None]


class VirtualRadio:
    """Where virtual devices live. Made by `virtual_radio`, which ends their tasks with it."""

    def __init__(self, group: asyncio.TaskGroup, *, delay_s: float) -> None:
        self.link = VirtualLink(delay_s=delay_s)
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run work of a device until it ends or the radio is left; its failure fails the radio.

        None once the radio was left: the last events of a dying link find nobody.
        """
        if self._stopped:
            work.close()
            return None
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def dongle(self, *, address: str = GATEWAY_ADDRESS, observer: HciObserver | None = None) -> Dongle:
        """A controller for a gateway to open. It keeps its address when the gateway comes and goes."""
        return Dongle(self, address=address, observer=observer)

    def stop(self) -> None:
        """Switch everything off."""
        self._stopped = True
        for task in list(self._tasks):
            task.cancel()


class Dongle:
    """An HCI controller without its host. One host at a time; a new one takes over."""

    def __init__(self, radio: VirtualRadio, *, address: str, observer: HciObserver | None) -> None:
        self._radio = radio
        self._observer = observer
        self._host: TransportSink | None = None
        public = hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)
        self.controller = VirtualController("dongle", host_sink=self, link=radio.link, public_address=public)

    def on_packet(self, packet: bytes) -> None:
        """From the controller to the host."""
        if self._observer is not None:
            self._observer(packet, False)
        if self._host is not None:
            self._host.on_packet(packet)

    def from_host(self, packet: bytes) -> None:
        """From the host to the controller."""
        if self._observer is not None:
            self._observer(packet, True)
        self.controller.on_packet(packet)

    def plug(self, host: TransportSink) -> None:
        """A host opens the controller."""
        self._host = host

    def unplug(self, host: TransportSink) -> None:
        """The host has gone (ended, killed, or the cable pulled): every link drops and scanning ends."""
        if self._host is host:
            self._host = None
            self._radio.link.drop(self.controller)
            self.controller.forget_everything()

    async def open(self) -> Transport:
        """The HCI of this controller within the same process, as `bumble.transport.open_transport` would give it."""
        return InProcessTransport(self)


class InProcessTransport(Transport):
    """Source and sink of HCI packets in one process. `pull` is the dongle torn out of its socket."""

    def __init__(self, dongle: Dongle) -> None:
        self._dongle = dongle
        self._from_controller = _FromController()
        super().__init__(self._from_controller, _ToController(dongle))
        dongle.plug(self._from_controller)

    async def close(self) -> None:
        self._dongle.unplug(self._from_controller)

    def pull(self) -> None:
        self._dongle.unplug(self._from_controller)
        self._from_controller.on_transport_lost()


class _FromController(BaseSource):
    def on_packet(self, packet: bytes) -> None:
        if self.sink is not None:
            self.sink.on_packet(packet)


class _ToController:
    def __init__(self, dongle: Dongle) -> None:
        self._dongle = dongle

    def on_packet(self, packet: bytes) -> None:
        self._dongle.from_host(packet)


@asynccontextmanager
async def virtual_radio(*, delay_s: float = 0.0) -> AsyncIterator[VirtualRadio]:
    """A room with a radio; leaving it switches every device off. What is raised within comes out as it is."""
    raised: Exception | None = None
    async with asyncio.TaskGroup() as group:
        radio = VirtualRadio(group, delay_s=delay_s)
        try:
            yield radio
        except Exception as error:  # noqa: BLE001  # raised again below: the group would wrap it
            raised = error
        finally:
            radio.stop()
    if raised is not None:
        raise raised

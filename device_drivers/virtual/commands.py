"""Words from the outside: what a test tells the virtual home to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from device_drivers.virtual.and_medical import RecordingDevice
from device_drivers.virtual.peripheral import VirtualPeripheral
from device_drivers.virtual.radio import Dongle, VirtualRadio
from device_drivers.virtual.scene import HomeScene


class Commands:
    """One line, one act. See the docstring of `__main__` for the words."""

    def __init__(self, radio: VirtualRadio, dongle: Dongle, scene: HomeScene) -> None:
        self._radio = radio
        self._dongle = dongle
        self._scene = scene
        self._devices: Mapping[str, VirtualPeripheral] = {
            "cuff": scene.cuff,
            "scale": scene.scale,
            "strap": scene.strap,
        }
        self._plain: Mapping[str, Callable[[], Awaitable[object] | None]] = {
            "measure": scene.measure,
            "weigh": scene.weigh,
            "fall": scene.person.fall_now,
            "get-up": scene.person.get_up,
            "hang": lambda: self._hang(hung=True),
            "unhang": lambda: self._hang(hung=False),
        }
        self._of_device: Mapping[str, Callable[[VirtualPeripheral], Awaitable[object] | None]] = {
            "pair": self._pair,
            "reset-clock": self._reset_clock,
            "lose-bonds": lambda device: device.lose_bonds(),
            "power-off": lambda device: device.power_off(),
            "drop": lambda device: radio.link.drop(device.controller),
            "walk-away": lambda device: radio.link.walk_away(device.controller),
            "come-back": lambda device: radio.link.come_back(device.controller),
        }

    async def obey(self, line: str) -> None:
        """Do it.

        Raises:
            ValueError: no such command, in words.
        """
        done: Awaitable[object] | None
        match line.split():
            case ["record", frame]:
                done = self._scene.cuff.record(bytes.fromhex(frame))
            case ["weigh", kilograms]:
                done = self._scene.scale.weigh(float(kilograms))
            case [verb] if verb in self._plain:
                done = self._plain[verb]()
            case [verb, name] if verb in self._of_device and name in self._devices:
                done = self._of_device[verb](self._devices[name])
            case _:
                raise ValueError(f"{line.strip()!r} is no command")
        if done is not None:
            await done

    def _hang(self, *, hung: bool) -> None:
        self._dongle.controller.hung = hung

    @staticmethod
    def _reset_clock(device: VirtualPeripheral) -> None:
        if isinstance(device, RecordingDevice) and device.clock is not None:
            device.clock.reset()

    async def _pair(self, device: VirtualPeripheral) -> None:
        if isinstance(device, RecordingDevice):
            await device.pairing_mode()

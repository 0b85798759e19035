"""Words from the outside: what a test tells the virtual home to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from device_drivers.virtual.and_medical import RecordingDevice
from device_drivers.virtual.catalogue import Twin
from device_drivers.virtual.radio import Dongle, VirtualRadio
from device_drivers.virtual.scene import HomeScene

Act = Callable[[Twin], Awaitable[object] | None]


class Commands:
    """One line, one act, on any devices. See the docstring of `__main__` for the words."""

    def __init__(self, radio: VirtualRadio, dongle: Dongle, devices: Mapping[str, Twin]) -> None:
        self._dongle = dongle
        self._devices = devices
        self._of_device: Mapping[str, Act] = {
            "measure": lambda device: device.measure_something(),
            "pair": lambda device: device.pairing_mode(),
            "lose-bonds": lambda device: device.lose_bonds(),
            "power-off": lambda device: device.power_off(),
            "reset-clock": _reset_clock,
            "drop": lambda device: radio.link.drop(device.controller),
            "walk-away": lambda device: radio.link.walk_away(device.controller),
            "come-back": lambda device: radio.link.come_back(device.controller),
        }

    async def obey(self, line: str) -> None:
        """Do it.

        Raises:
            ValueError: no such command, in words.
        """
        done = self.act(line.split())
        if done is not None:
            await done

    def act(self, words: list[str]) -> Awaitable[object] | None:
        """What a command begins. Raises as `obey` does."""
        match words:
            case ["hang" | "unhang" as verb]:
                self._dongle.controller.hung = verb == "hang"
                return None
            case ["type", name, digits] if name in self._devices and digits.isdigit():
                return self._devices[name].panel.type(int(digits))
            case [verb, name] if verb in self._of_device and name in self._devices:
                return self._of_device[verb](self._devices[name])
            case _:
                raise ValueError(f"{' '.join(words)!r} is no command")


class HomeCommands(Commands):
    """The words of the home besides."""

    def __init__(self, radio: VirtualRadio, dongle: Dongle, scene: HomeScene) -> None:
        super().__init__(radio, dongle, {"cuff": scene.cuff, "scale": scene.scale, "strap": scene.strap})
        self._scene = scene
        self._plain: Mapping[str, Callable[[], Awaitable[object] | None]] = {
            "measure": scene.measure,
            "weigh": scene.weigh,
            "fall": scene.person.fall_now,
            "get-up": scene.person.get_up,
        }

    def act(self, words: list[str]) -> Awaitable[object] | None:
        match words:
            case ["record", frame]:
                return self._scene.cuff.record(bytes.fromhex(frame))
            case ["weigh", kilograms]:
                return self._scene.scale.weigh(float(kilograms))
            case [verb] if verb in self._plain:
                return self._plain[verb]()
            case _:
                return super().act(words)


def _reset_clock(device: Twin) -> None:
    if isinstance(device, RecordingDevice) and device.clock is not None:
        device.clock.reset()

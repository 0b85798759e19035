"""Hi-Link LD2410 and LD2450 on a wall: ten reports a second, and commands between "enable" and "end".

While commands are open they are silent; without "enable" no command is answered. Restarting they come back with what
they keep (LD2410: gates, sensitivities, hold), without engineering mode.

Sources: Hi-Link, LD2410 serial communication protocol 1.02 and LD2450 serial communication protocol 1.03, §2.2, with
the answers printed there; values that both leave open as ESPHome's components ld2410 and ld2450 read them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from struct import pack, unpack
from typing import ClassVar, Final

import numpy as np

from device_drivers.virtual.radar import reports
from device_drivers.virtual.radar.body import Body
from device_drivers.virtual.radar.commands import Command, Ld24xxCommands
from device_drivers.virtual.radar.module import RadarModule

ENABLE: Final = 0x00FF
END: Final = 0x00FE
FIRMWARE: Final = 0x00A0
FACTORY: Final = 0x00A2
RESTART: Final = 0x00A3
ADDRESS: Final = 0x00A5
_RESTARTS_S: Final = 0.5
_ENABLED: Final = bytes.fromhex("01004000")  # protocol 1, buffer of 64 bytes
_REFUSED: Final = 1
_FURTHEST_M: Final = 6.0


class Ld24xxModule(RadarModule):
    """What both have in common."""

    baud = 256000
    firmware: ClassVar[bytes]

    def __init__(self, *, seed: int) -> None:
        super().__init__(seed=seed)
        self.rate_hz = 10.0
        self._forget()
        self.factory()

    def _forget(self) -> None:
        self._commands = Ld24xxCommands()
        self._open = False
        self._restarts = False
        self._silent_until = -np.inf

    def boots(self) -> bytes:
        self._forget()
        return b""

    def says(self, now: float, bodies: Sequence[Body]) -> bytes:
        if self._restarts:
            self._forget()
            self._silent_until = now + _RESTARTS_S
        if self._open or now < self._silent_until:
            return b""
        return self.report(now, [body for body in bodies if np.hypot(body.x, body.y) <= _FURTHEST_M])

    @abstractmethod
    def report(self, now: float, bodies: Sequence[Body]) -> bytes:
        """Of those within reach."""

    def hears(self, data: bytes) -> bytes:
        return b"".join(self._answer(command) for command in self._commands.feed(data))

    def _answer(self, command: Command) -> bytes:
        code = command.code
        if code == ENABLE:
            self._open = True
            return reports.ld24xx_answer(code, _ENABLED)
        if not self._open or self._restarts:
            return b""
        if code == END:
            self._open = False
        elif code == RESTART:
            self._restarts = True
        elif code == FACTORY:
            self.factory()
        elif code == FIRMWARE:
            return reports.ld24xx_answer(code, self.firmware)
        elif code == ADDRESS:
            return reports.ld24xx_answer(code, bytes.fromhex("8F272E100000"))
        else:
            value = self.own_command(code, command.data)
            return reports.ld24xx_answer(code, value or b"", went=0 if value is not None else _REFUSED)
        return reports.ld24xx_answer(code)

    @abstractmethod
    def own_command(self, code: int, data: bytes) -> bytes | None:
        """What it answers to a command that only it has; None: refused."""


class Ld2410(Ld24xxModule):
    """Presence with distances. It keeps saying that somebody is there for as long as its hold."""

    noise_m = 0.05
    firmware = bytes.fromhex("0001 0201 16240622")  # 1.02.22062416
    _GATE_M: ClassVar[float] = 0.75
    _MOVING: ClassVar[bytes] = bytes((50, 50, 40, 30, 20, 15, 15, 15, 15))
    _STILL: ClassVar[bytes] = bytes((0, 0, 40, 40, 30, 30, 20, 20, 20))

    def factory(self) -> None:
        self.moving_gate, self.still_gate, self.hold_s = 8, 8, 5
        self.moving_sensitivity, self.still_sensitivity = bytearray(self._MOVING), bytearray(self._STILL)

    def _forget(self) -> None:
        super()._forget()
        self._engineering = False
        self._last = (-np.inf, 0)  # when somebody was there, and how far, cm

    def report(self, now: float, bodies: Sequence[Body]) -> bytes:
        moving = self._nearest([body for body in bodies if body.moving], self.moving_gate)
        still = self._nearest(bodies, self.still_gate)
        if moving or still:
            self._last = (now, moving or still)
            state = bool(moving) + 2 * bool(still)
        elif now - self._last[0] <= self.hold_s:
            state, still = 2, self._last[1]
        else:
            return self._say(0, (0, 0), (0, 0), 0)
        energies = self.rng.integers(55, 101, 2)
        return self._say(
            state, (moving, int(energies[0]) if moving else 0), (still, int(energies[1])), self._last[1]
        )  # fmt: skip

    def _say(self, state: int, moving: tuple[int, int], still: tuple[int, int], detected_cm: int) -> bytes:
        gates = None
        if self._engineering:
            gates = (bytes(self.rng.integers(0, 101, 9, dtype=np.uint8)), bytes(self.rng.integers(0, 101, 9, np.uint8)))
        return reports.ld2410(state, moving=moving, still=still, detected_cm=detected_cm, gates=gates)

    def _nearest(self, bodies: Sequence[Body], gate: int) -> int:
        """Centimetres, 0 for nobody."""
        distances = [float(np.hypot(body.x, body.y)) for body in bodies]
        within = [one for one in distances if one <= (gate + 1) * self._GATE_M]
        return round(100 * max(0.01, min(within) + self.rng.normal(0.0, self.noise_m))) if within else 0

    def own_command(self, code: int, data: bytes) -> bytes | None:
        if code == 0x61:
            sensitivities = bytes(self.moving_sensitivity + self.still_sensitivity)
            return pack("<4B", 0xAA, 8, self.moving_gate, self.still_gate) + sensitivities + pack("<H", self.hold_s)
        if code in (0x62, 0x63):
            self._engineering = code == 0x62
            return b""
        if code not in (0x60, 0x64) or len(data) != 18:
            return None
        words = unpack("<HIHIHI", data)
        if words[::2] != (0, 1, 2):
            return None
        first, second, third = words[1::2]
        if code == 0x60:
            return self._set_gates(first, second, third)
        return self._set_sensitivity(first, second, third)

    def _set_gates(self, moving: int, still: int, hold_s: int) -> bytes | None:
        if not (2 <= moving <= 8 and 2 <= still <= 8 and hold_s < 2**16):
            return None
        self.moving_gate, self.still_gate, self.hold_s = moving, still, hold_s
        return b""

    def _set_sensitivity(self, gate: int, moving: int, still: int) -> bytes | None:
        if moving > 100 or still > 100 or (gate > 8 and gate != 0xFFFF):
            return None
        for one in range(9) if gate == 0xFFFF else (gate,):
            self.moving_sensitivity[one], self.still_sensitivity[one] = moving, still
        return b""


class Ld2450(Ld24xxModule):
    """Up to three who move. Whoever is still for long is lost until they move again."""

    noise_m = 0.06
    firmware = bytes.fromhex("0000 0201 16240622")
    _ZONE_BYTES: ClassVar[int] = 26

    def factory(self) -> None:
        self.multi = True
        self.zones = bytes(self._ZONE_BYTES)
        self._still_for_s = float(self.rng.uniform(8.0, 30.0))

    def _forget(self) -> None:
        super()._forget()
        self._moved_at: dict[int, float] = {}

    def report(self, now: float, bodies: Sequence[Body]) -> bytes:
        places = []
        for body in bodies:
            if body.moving or body.number not in self._moved_at:
                self._moved_at[body.number] = now
            distance = max(0.1, float(np.hypot(body.x, body.y)))
            if now - self._moved_at[body.number] > self._still_for_s or abs(np.arctan2(body.x, body.y)) > np.pi / 3:
                continue
            noise = self.rng.normal(0.0, self.noise_m, 2)
            speed = (body.x * body.velocity[0] + body.y * body.velocity[1]) / distance
            x, y = round(1000 * (body.x + noise[0])), max(1, round(1000 * (body.y + noise[1])))
            places.append((x, y, round(100 * speed), 320))
        return reports.ld2450(places[: 3 if self.multi else 1])

    def own_command(self, code: int, data: bytes) -> bytes | None:
        if code in (0x80, 0x90):
            self.multi = code == 0x90
            return b""
        if code == 0x91:
            return pack("<H", 1 + self.multi)
        if code == 0xC1:
            return self.zones
        if code == 0xC2 and len(data) == self._ZONE_BYTES:
            self.zones = data
            return b""
        return None

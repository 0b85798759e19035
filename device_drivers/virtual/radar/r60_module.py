"""Seeed MR60FDA1, under a ceiling.

An answer repeats control and command of what was asked, with the value that holds now. Presence, movement and falls
are told when they change, how much somebody moves once a second. Falls are told only once that is switched on, and
after the fall time that was set. It gives no distance, no height, no points.

Sources: Seeed wiki, MR60FDA1 (falls are told when they change; reach; installation height in cm); Seeed, MR60FDA1 user
manual (commands, 5 to 180 s); limengdu/Seeed-Studio-MR60FDA1-Sersor (presence, movement, reset).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_drivers.virtual.radar import reports
from device_drivers.virtual.radar.body import Body
from device_drivers.virtual.radar.ceiling import FallOpinion, Mount, Presence, Zone
from device_drivers.virtual.radar.commands import Command, R60Commands
from device_drivers.virtual.radar.module import RadarModule

RESET: Final = 0x0102
MODEL: Final = 0x02A1
FIRMWARE: Final = 0x02A4
STARTED: Final = 0x0501
HEIGHT: Final = 0x0602
PRESENCE: Final = 0x8001
MOTION: Final = 0x8002
BODY_SIGN: Final = 0x8003
SWITCH: Final = 0x8300
FALL: Final = 0x8301
STAYS: Final = 0x8305
FALL_TIME: Final = 0x830C
SENSITIVITY: Final = 0x830D
_ASKS: Final = 0x80  # added to a command, asks for what it sets
_NOTHING: Final = b"\x0f"
_FALL_REACH: Final = Zone(left=2.0, right=2.0, front=2.0, back=2.0)
_REACH: Final = Zone(left=3.0, right=3.0, front=3.0, back=3.0)
_THRESHOLD_M: Final = (0.40, 0.50, 0.60, 0.70)  # by sensitivity


@dataclass(slots=True, kw_only=True)
class Settings:
    """What it keeps without power, as from the factory."""

    on: bool = False
    sensitivity: int = 2
    fall_time_s: int = 5
    height_cm: int = 270


class Mr60fda1(RadarModule):
    """See the module's docstring. `installed`: switched on, and told how high it hangs."""

    baud = 115200
    noise_m = 0.08  # of a height that it keeps to itself

    def __init__(self, *, seed: int, mount: Mount | None = None, installed: bool = True) -> None:
        super().__init__(seed=seed)
        self.rate_hz = 10.0
        self.mount = mount or Mount()
        self.settings = Settings()
        if installed:
            self.settings = Settings(on=True, height_cm=round(100 * self.mount.height))
        self._forget()

    def _forget(self) -> None:
        self._commands = R60Commands()
        self._opinion = FallOpinion()
        self._presence = Presence()
        self._told: dict[int, int] = {}
        self._signed_at = 0.0

    def boots(self) -> bytes:
        self._forget()
        return reports.r60(STARTED, _NOTHING)

    def factory(self) -> None:
        self.settings = Settings()

    def says(self, now: float, bodies: Sequence[Body]) -> bytes:
        around = self.mount.below(bodies, _REACH)
        watched = self.mount.below(bodies, _FALL_REACH)
        present = self._presence.update(now, bool(around))
        moving = any(body.moving for body in around)
        said = self._change(PRESENCE, present) + self._change(MOTION, (1 + moving) if present else 0)
        if now - self._signed_at >= 1.0:
            self._signed_at = now
            sign = self.rng.integers(40, 101) if moving else self.rng.integers(1, 8)
            said += reports.r60(BODY_SIGN, bytes((int(sign) if present else 0,)))
        fallen = self._opinion.update(
            now,
            self._top(watched),
            threshold=_THRESHOLD_M[self.settings.sensitivity],
            delay_s=self.settings.fall_time_s,
        )
        if self.settings.on:
            said += self._change(FALL, fallen) + self._change(STAYS, present and not moving)
        return said

    def _top(self, bodies: Sequence[Body]) -> float | None:
        if not bodies:
            return None
        distance = self.mount.height - max(body.top for body in bodies) + self.rng.normal(0.0, self.noise_m)
        return float(self.settings.height_cm / 100.0 - distance)

    def _change(self, code: int, value: int) -> bytes:
        if self._told.get(code) == value:
            return b""
        self._told[code] = value
        return reports.r60(code, bytes((value,)))

    def hears(self, data: bytes) -> bytes:
        return b"".join(self._answer(command) for command in self._commands.feed(data))

    def _answer(self, command: Command) -> bytes:
        code, data, settings = command.code, command.data, self.settings
        if code == RESET:
            self.factory()
            return reports.r60(code, data) + self.boots()
        if code in (MODEL, FIRMWARE):
            return reports.r60(code, b"MR60FDA1" if code == MODEL else b"G60FD1SYv010104")
        if code & _ASKS:
            return self._told_value(code, self._value(code & ~_ASKS))
        value = int.from_bytes(data, "big")
        match code, len(data):
            case 0x8300, 1 if value <= 1:
                settings.on = bool(value)
                self._told.pop(FALL, None)
            case 0x830C, 4 if 5 <= value <= 180:
                settings.fall_time_s = value
            case 0x830D, 1 if value < len(_THRESHOLD_M):
                settings.sensitivity = value
            case 0x0602, 2:
                settings.height_cm = value
        return self._told_value(code, self._value(code))

    @staticmethod
    def _told_value(code: int, value: bytes | None) -> bytes:
        return reports.r60(code, value) if value is not None else b""

    def _value(self, code: int) -> bytes | None:
        """What holds now; None when it is no setting."""
        settings = self.settings
        return {
            SWITCH: bytes((settings.on,)),
            SENSITIVITY: bytes((settings.sensitivity,)),
            FALL_TIME: settings.fall_time_s.to_bytes(4, "big"),
            HEIGHT: settings.height_cm.to_bytes(2, "big"),
            FALL: bytes((self._opinion.fallen,)),
            PRESENCE: bytes((self._told.get(PRESENCE, 0),)),
            MOTION: bytes((self._told.get(MOTION, 0),)),
        }.get(code)

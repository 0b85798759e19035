"""Hi-Link LD6002C and Seeed MR60FDA2, under a ceiling.

Every command is first answered by its own type without data ("heard"), then by its result. Falls are told for a zone
right below the module only, which from the factory is one metre wide. Its own idea of a fall comes late: some 1.5 s
for each frame of what the makers call sensitivity.

Sources: Hi-Link, TinyFrame protocol of LD6002B and LD6002C, 1.2, §1.3 and §2.2; Seeed, SeeedmmWave library
(SEEED_MR60FDA2). Hi-Link's document calls the height of 0E0E an u32 and gives no unit; it is sent here as metres in a
float, like every other height of the protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack, unpack
from typing import ClassVar, Final

from device_drivers.virtual.radar import reports
from device_drivers.virtual.radar.body import Body
from device_drivers.virtual.radar.ceiling import FallOpinion, Mount, Presence, Zone
from device_drivers.virtual.radar.commands import Command, TinyFrameCommands
from device_drivers.virtual.radar.module import RadarModule

FALL: Final = 0x0E02
PRESENCE: Final = 0x0F09
HEIGHT: Final = 0x0E0E
SET_HEIGHT: Final = 0x0E04
PARAMETERS: Final = 0x0E06
SET_THRESHOLD: Final = 0x0E08
SET_SENSITIVITY: Final = 0x0E0A
SET_ZONE: Final = 0x0E0C
LOGS: Final = (0x0E01, 0x010E)  # points; Hi-Link's document has the first, Seeed's library the second
POINTS: Final = 0x0A08
RESET: Final = 0x2110
_REPEAT_S: Final = 1.0
_DELAY_PER_FRAME_S: Final = 1.5
_REACH: Final = Zone(left=2.0, right=2.0, front=2.0, back=2.0)
_POINT_NOISE_M: Final = 0.08
_FACTORY_SIDE_M: Final = 0.5
_WIDEST_SIDE_M: Final = 1.5


@dataclass(slots=True, kw_only=True)
class Settings:
    """What it keeps without power. Defaults: as after 2110."""

    height: float = 2.2
    threshold: float = 0.5
    sensitivity: int = 3
    sides: tuple[float, float, float, float] = (_FACTORY_SIDE_M,) * 4

    def packed(self) -> bytes:
        """As 0E06 tells them."""
        return pack("<2fI4f", self.height, self.threshold, self.sensitivity, *self.sides)


class TinyFrameFallModule(RadarModule):
    """One of both.

    Args:
        installed: somebody has told it how high it hangs and given it the largest zone; else as from the factory.
    """

    baud = 115200
    noise_m = 0.04
    boot_text: ClassVar[bytes]
    sensitivity: ClassVar[int]

    def __init__(self, *, seed: int, mount: Mount | None = None, installed: bool = True) -> None:
        super().__init__(seed=seed)
        self.rate_hz = 10.0
        self.mount = mount or Mount()
        self.settings = Settings(sensitivity=self.sensitivity)
        if installed:
            self.settings = Settings(
                height=self.mount.height, threshold=0.6, sensitivity=3, sides=(_WIDEST_SIDE_M,) * 4
            )  # fmt: skip
        self._forget()

    def _forget(self) -> None:
        self._commands = TinyFrameCommands()
        self._number = 0
        self._heights = False
        self._logs = False
        self._opinion = FallOpinion()
        self._presence = Presence()
        self._told: dict[int, tuple[bytes, float]] = {}

    def boots(self) -> bytes:
        self._forget()
        return self.boot_text

    def factory(self) -> None:
        self.settings = Settings(sensitivity=self.sensitivity)

    def says(self, now: float, bodies: Sequence[Body]) -> bytes:
        left, right, front, back = self.settings.sides
        watched = self.mount.below(bodies, Zone(left=left, right=right, front=front, back=back))
        around = self.mount.below(bodies, _REACH)
        top = self._top(watched)
        fallen = self._opinion.update(
            now, top, threshold=self.settings.threshold, delay_s=_DELAY_PER_FRAME_S * self.settings.sensitivity
        )
        said = self._tell(now, PRESENCE, bytes((self._presence.update(now, bool(around)),)))
        said += self._tell(now, FALL, bytes((fallen,)))
        if self._heights and top is not None:
            said += self._frame(HEIGHT, pack("<f", max(0.0, top)))
        if self._logs:
            said += self._points(around)
        return said

    def _top(self, bodies: Sequence[Body]) -> float | None:
        if not bodies:
            return None
        distance = self.mount.height - max(body.top for body in bodies) + self.rng.normal(0.0, self.noise_m)
        return float(self.settings.height - distance)

    def _points(self, bodies: Sequence[Body]) -> bytes:
        """Of each body a few; x to the right, y towards the floor, z to the front, as its zone has its sides."""
        rows = b""
        for body in bodies:
            for share in (0.0, 0.5, 1.0):
                jitter = self.rng.normal(0.0, _POINT_NOISE_M, 3)
                x, z = body.x - self.mount.x + jitter[0], body.y - self.mount.y + jitter[2]
                y = self.mount.height - (body.bottom + share * (body.top - body.bottom)) + jitter[1]
                rows += pack("<i4f", body.number, x, y, z, -body.velocity[2])
        return self._frame(POINTS, pack("<i", len(rows) // 20) + rows)

    def _tell(self, now: float, kind: int, data: bytes) -> bytes:
        """At once when it changes, and once a second."""
        before, at = self._told.get(kind, (b"", -_REPEAT_S))
        if data == before and now - at < _REPEAT_S:
            return b""
        self._told[kind] = (data, now)
        return self._frame(kind, data)

    def _frame(self, kind: int, data: bytes = b"") -> bytes:
        self._number = (self._number + 1) % 2**16
        return reports.tinyframe(kind, data, number=self._number)

    def hears(self, data: bytes) -> bytes:
        return b"".join(self._answer(command) for command in self._commands.feed(data))

    def _answer(self, command: Command) -> bytes:
        heard = self._frame(command.code)
        match command:
            case Command(code=code, data=data) if code == SET_HEIGHT and len(data) == 4:
                return heard + self._set(code, "height", unpack("<f", data)[0], 1.0, 5.0)
            case Command(code=code, data=data) if code == SET_THRESHOLD and len(data) == 4:
                return heard + self._set(code, "threshold", unpack("<f", data)[0], 0.3, 1.5)
            case Command(code=code, data=data) if code == SET_SENSITIVITY and len(data) == 4:
                return heard + self._set(code, "sensitivity", unpack("<I", data)[0], 3, 30)
            case Command(code=code, data=data) if code == SET_ZONE and len(data) == 16:
                return heard + self._set_zone(code, unpack("<4f", data))
            case Command(code=code) if code == PARAMETERS:
                return heard + self._frame(PARAMETERS, self.settings.packed())
            case Command(code=code) if code == HEIGHT:
                self._heights = True
            case Command(code=code, data=data) if code in LOGS and len(data) == 4:
                self._logs = any(data)
            case Command(code=code) if code == RESET:
                self.factory()
            case _:
                return b""  # no command of it
        return heard

    def _set(self, code: int, name: str, value: float, least: float, most: float) -> bytes:
        possible = least <= value <= most
        if possible:
            setattr(self.settings, name, value)
        return self._frame(code, bytes((possible,)))

    def _set_zone(self, code: int, sides: tuple[float, float, float, float]) -> bytes:
        possible = all(0.3 <= side <= _WIDEST_SIDE_M for side in sides)
        if possible:
            self.settings.sides = sides
        return self._frame(code, bytes((possible,)))


class Ld6002c(TinyFrameFallModule):
    """Hi-Link's."""

    boot_text = b"\r\nADT6101P boot\r\nfall_detection init ok\r\n"
    sensitivity = 10


class Mr60fda2(TinyFrameFallModule):
    """Seeed's."""

    boot_text = b"\r\nMR60FDA2 start\r\n"
    sensitivity = 3

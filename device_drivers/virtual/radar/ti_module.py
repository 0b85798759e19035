"""TI 3D People Tracking on a wall: points, targets, heights, presence, 18 or 20 times a second.

Everything is in the module's own axes: x to its right, y away along its view, z up across it. It hangs high and looks
down a little, so that z is neither the height above the floor nor level. It takes no commands on the port that it
speaks on; what it does without power is start again at its first frame.

How it is wrong: places wander by some centimetres, it is late by its filter, a body that is still has few points, a
track begins half a second after its body came, ghosts are single points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from device_drivers.virtual.radar import reports
from device_drivers.virtual.radar.body import Body
from device_drivers.virtual.radar.module import RadarModule

Array = NDArray[np.float64]
RATES_HZ: Final = (18.18, 20.0)  # frames of 55 and of 50 ms
LATE_S: Final = 0.15
_WANDERS_S: Final = 0.4  # how long an error hangs together
_ALLOCATED_AFTER_S: Final = 0.5
_POINTS: Final = {True: 24, False: 6}  # of a body that moves, or does not
_POINT_NOISE_M: Final = 0.06
_GHOSTS: Final = 0.7
_VIEW_RAD: Final = 1.2
_NOISE_POINT: Final = 255
_MOST_TARGETS: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class WallMount:
    """Where it hangs above the middle of its wall, m, and by how much it looks down, degrees."""

    height: float = 2.0
    tilt_deg: float = 15.0

    def to_sensor(self, places: Array) -> Array:
        """Places (n, 3) in the room, in the module's axes."""
        return self.turned(places - (0.0, 0.0, self.height))

    def turned(self, vectors: Array) -> Array:
        """Directions (n, 3) in the room, in the module's axes."""
        tilt = np.deg2rad(self.tilt_deg)
        x, y, z = vectors.T
        return np.stack([x, y * np.cos(tilt) - z * np.sin(tilt), y * np.sin(tilt) + z * np.cos(tilt)], axis=1)


@dataclass(slots=True)
class _Track:
    number: int
    since: float
    state: Array  # place of the middle (3), velocity (3), bottom, top; smoothed, of the room
    error: Array = field(default_factory=lambda: np.zeros(5))  # place, bottom, top


class TiPeopleTracking(RadarModule):
    """See the module's docstring. `old`, `counted_in`: as older firmware and older demos write frames."""

    baud = 921600
    noise_m = 0.05

    def __init__(
        self,
        *,
        seed: int,
        mount: WallMount | None = None,
        rate_hz: float = RATES_HZ[1],
        old: bool = False,
        counted_in: bool = False,
    ) -> None:
        super().__init__(seed=seed)
        self.rate_hz = rate_hz
        self.mount = mount or WallMount()
        self._old, self._counted_in = old, counted_in
        self._start()

    def _start(self) -> None:
        self._frame = 0
        self._tracks: dict[int, _Track] = {}
        self._whose: list[int] = []

    def boots(self) -> bytes:
        self._start()
        return b"\r\n" + b"*" * 38 + b"\r\n3D People Tracking Demo\r\n" + b"*" * 38 + b"\r\nmmwDemo:/>"

    def factory(self) -> None:
        """It has no settings that it keeps: they are in the file that its host sends to its other port."""

    def hears(self, data: bytes) -> bytes:
        del data
        return b""

    def says(self, now: float, bodies: Sequence[Body]) -> bytes:
        self._frame += 1
        self._follow(now, bodies)
        told = [track for track in self._tracks.values() if now - track.since >= _ALLOCATED_AFTER_S]
        ids = [track.number for track in told]
        points, whose = self._cloud(bodies)
        parts = [reports.ti_points(points)]
        if told:
            parts += [
                reports.ti_targets(ids, self._targets(told)),
                reports.ti_index(self._whose),  # of the frame before, as the tracker only then knows it
                reports.ti_heights(ids, self._heights(told)),
            ]
        parts.append(reports.ti_presence(bool(told)))
        numbers = {body: track.number for body, track in self._tracks.items() if track in told}
        self._whose = [numbers.get(body, _NOISE_POINT) for body in whose]
        return reports.ti(self._frame, parts, old=self._old, counted_in=self._counted_in)

    def _follow(self, now: float, bodies: Sequence[Body]) -> None:
        there = {body.number for body in bodies}
        self._tracks = {number: track for number, track in self._tracks.items() if number in there}
        keep = np.exp(-1.0 / (self.rate_hz * LATE_S))
        stays = np.exp(-1.0 / (self.rate_hz * _WANDERS_S))
        noise = self.noise_m * np.sqrt(1.0 - stays**2)
        for body in bodies:
            middle = (body.bottom + body.top) / 2
            seen = np.array([body.x, body.y, middle, *body.velocity, body.bottom, body.top])
            track = self._tracks.get(body.number)
            if track is None:
                taken = {one.number for one in self._tracks.values()}
                number = next(one for one in range(_MOST_TARGETS) if one not in taken)
                track = self._tracks[body.number] = _Track(number, now, seen)
            track.state = keep * track.state + (1.0 - keep) * seen
            track.error = stays * track.error + noise * self.rng.normal(0.0, 1.0, 5)

    def _targets(self, tracks: Sequence[_Track]) -> Array:
        states = np.array([track.state for track in tracks])
        errors = np.array([track.error for track in tracks])
        places = self.mount.to_sensor(states[:, :3] + errors[:, :3])
        return np.hstack([places, self.mount.turned(states[:, 3:6]), np.zeros_like(places)])

    def _heights(self, tracks: Sequence[_Track]) -> Array:
        """z, across its view, of the lowest and highest point of each."""
        low_high = []
        for place in (6, 7):
            ends = np.array([[*track.state[:2], track.state[place] + track.error[place - 3]] for track in tracks])
            low_high.append(self.mount.to_sensor(ends)[:, 2])
        return np.stack(low_high, axis=1)

    def _cloud(self, bodies: Sequence[Body]) -> tuple[Array, list[int]]:
        """(n, 5) as `reports.ti_points` takes them, and whose each is (0: nobody's)."""
        places, speeds, whose = [np.zeros((0, 3))], [np.zeros((0, 3))], []
        for body in bodies:
            count = self.rng.poisson(_POINTS[body.moving])
            share = self.rng.random(count)
            spread = self.rng.uniform(-1.0, 1.0, (count, 2)) * (body.reach, 0.2)
            height = body.bottom + share * (body.top - body.bottom)
            places.append(np.column_stack([body.x + spread[:, 0], body.y + spread[:, 1], height]))
            velocity = np.tile(body.velocity, (count, 1))
            velocity[:, 2] *= 2.0 * share  # the head comes down, the feet stay
            speeds.append(velocity)
            whose += [body.number] * count
        ghosts = self.rng.poisson(_GHOSTS)
        places.append(self.rng.uniform((-2.0, 0.5, 0.0), (2.0, 5.0, 2.2), (ghosts, 3)))
        speeds.append(np.zeros((ghosts, 3)))
        seen = self.mount.to_sensor(np.vstack(places))
        seen += self.rng.normal(0.0, _POINT_NOISE_M, seen.shape)
        moved = self.mount.turned(np.vstack(speeds))
        distance = np.linalg.norm(seen, axis=1)
        elevation = np.arcsin(seen[:, 2] / np.maximum(distance, 1e-6))
        azimuth = np.arctan2(seen[:, 0], seen[:, 1])
        radial = (moved * seen).sum(axis=1) / np.maximum(distance, 1e-6) + self.rng.normal(0.0, 0.03, len(seen))
        level = 40.0 - 12.0 * np.log10(np.maximum(distance, 0.3)) + self.rng.normal(0.0, 3.0, len(seen))
        cloud = np.column_stack([elevation, azimuth, radial, distance, np.clip(level, 1.0, None)])
        inside = (np.abs(elevation) < _VIEW_RAD) & (np.abs(azimuth) < _VIEW_RAD)
        owners = np.array(whose + [0] * ghosts, dtype=int)
        return cloud[inside], owners[inside].tolist()

"""Targets in a payload → `RadarFrame`. A target with a place that is none is left out, and its path is strange."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from device_drivers.radar_frame import FURTHEST_M, RadarFrame, Targets
from firmware_profiles import TargetFields

_MOST_TARGETS: Final = 32  # no home module follows more; more is a broken payload
_HIGHEST_ID: Final = 2**31 - 1


def radar_frame(
    facts: Mapping[str, bool],
    where: TargetFields | None,
    found: Sequence[Any] | None,
    payload: bytes,
    strange: list[str],
) -> RadarFrame | None:
    """What a payload tells of whom a radar sees; None where it does not speak of that.

    Args:
        facts: "present", "moving" and "fallen", of those that it told.
        where: how the profile names the members of a target.
        found: what stands where the targets stand. Empty: nothing was found, or it follows nobody.
        payload: all of it, kept raw.
        strange: takes the path of the targets when one of them is none.
    """
    targets = None
    if where is not None and found is not None and (found or facts.get("present") is not None):
        targets = _targets(where, found[:_MOST_TARGETS])
        if len(targets.ids) != len(found):
            strange.append(where.path)
    if targets is None and not facts:
        return None
    return RadarFrame(
        targets=targets,
        present=facts.get("present"),
        moving=facts.get("moving"),
        fallen=facts.get("fallen"),
        raw=payload,
    )


def _targets(where: TargetFields, found: Sequence[Any]) -> Targets:
    ids: list[int] = []
    places: list[tuple[float, float, float]] = []
    for one in found:
        place = _place(where, one)
        number = _whole(one.get(where.id)) if isinstance(one, dict) else None
        if place is not None and number is not None:
            ids.append(number)
            places.append(place)
    unknown = np.full((len(ids), 3), np.nan, np.float32)
    return Targets(
        ids=np.array(ids, np.int32),
        positions=np.array(places, np.float32).reshape(-1, 3),
        velocities=unknown,
        heights=unknown[:, :2].copy(),
        confidences=unknown[:, 0].copy(),
    )


def _place(where: TargetFields, one: Any) -> tuple[float, float, float] | None:
    if not isinstance(one, dict):
        return None
    x, y = _metres(where, one.get(where.x)), _metres(where, one.get(where.y))
    z = math.nan if where.z is None else _metres(where, one.get(where.z))
    return None if x is None or y is None or z is None else (x, y, z)


def _metres(where: TargetFields, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= FURTHEST_M / where.unit_m:
        return None
    return float(value) * where.unit_m


def _whole(number: Any) -> int | None:
    whole = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= _HIGHEST_ID
    return number if whole else None

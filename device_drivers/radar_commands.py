"""What is told to a radar module when it is installed, and how one sees that it has taken it. Sans-I/O.

A module that is told its height above the floor, and that says afterwards that it is another one, would call every
chair a floor: what was set is read back.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from device_drivers.decode.radar import ld24xx, r60, tinyframe
from device_drivers.radar_frame import Answer

LOWEST_M: Final = 1.0  # nobody mounts one lower on a wall
HIGHEST_M: Final = 5.0
SENSITIVITIES: Final = (1, 2, 3)
_SAME_M: Final = 0.015  # a module that keeps centimetres
_TINYFRAME_LENGTHS: Final = (12, 28)

Check = Callable[[Answer], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a module shall be set; None is left as it is.

    Attributes:
        height_m: of the module above the floor.
        sensitivity: 1 (least) to 3.
    """

    height_m: float
    sensitivity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command.

    Attributes:
        says: what it is for, after "The module".
        code: of its answer.
        check: what is wrong with the answer, or None.
        least: bytes of the answer; what is shorter only says that the command was heard.
    """

    says: str
    data: bytes
    code: int
    check: Check
    least: int = 0


def installation(protocol: str, wanted: Wanted) -> tuple[Step, ...]:
    """The commands that install a module, in order. None where its protocol knows no such command (TI, by this wire).

    Raises:
        ValueError: a height or sensitivity that cannot be meant.
    """
    if not LOWEST_M <= wanted.height_m <= HIGHEST_M:
        raise ValueError(
            f"a module hangs {LOWEST_M:g} to {HIGHEST_M:g} m above the floor, not {wanted.height_m:g} m: measure again"
        )
    if wanted.sensitivity is not None and wanted.sensitivity not in SENSITIVITIES:
        raise ValueError(f"a sensitivity is 1, 2 or 3, not {wanted.sensitivity}")
    if protocol == "tinyframe":
        return _tinyframe(wanted)
    if protocol == "r60":
        return _r60(wanted)
    if protocol in ("ld2410", "ld2450"):
        return _ld24xx()
    return ()


def _done(answer: Answer) -> str | None:
    return None if answer.done else "refused it"


def _tinyframe(wanted: Wanted) -> tuple[Step, ...]:
    height = struct.pack("<f", wanted.height_m)
    steps = [_set("took the height", tinyframe.SET_INSTALLATION_HEIGHT, height)]
    if wanted.sensitivity is not None:
        steps.append(_set("took the sensitivity", tinyframe.SET_SENSITIVITY, struct.pack("<I", wanted.sensitivity)))

    def check(answer: Answer) -> str | None:
        if len(answer.data) not in _TINYFRAME_LENGTHS:
            return "says nothing of its height"
        kept_m, _, sensitivity = struct.unpack_from("<ffI", answer.data)
        if not abs(kept_m - wanted.height_m) <= _SAME_M:  # NaN is another one
            return f"keeps {kept_m:.2f} m instead of {wanted.height_m:.2f} m"
        if wanted.sensitivity not in (None, sensitivity):
            return f"keeps the sensitivity {sensitivity} instead of {wanted.sensitivity}"
        return None

    steps.append(
        Step(
            says="keeps what it was told", data=tinyframe.encode(tinyframe.PARAMETERS), code=tinyframe.PARAMETERS,
            check=check, least=min(_TINYFRAME_LENGTHS),
        )
    )  # fmt: skip
    return tuple(steps)


def _set(says: str, code: int, data: bytes) -> Step:
    return Step(says=says, data=tinyframe.encode(code, data), code=code, check=_done)


def _r60(wanted: Wanted) -> tuple[Step, ...]:
    centimetres = round(wanted.height_m * 100)
    steps = [
        _echoed("watches for falls", r60.SET_SWITCH, b"\x01"),
        _echoed("took the height", r60.SET_INSTALLATION_HEIGHT, centimetres.to_bytes(2, "big")),
        _kept("keeps the height", r60.ASK_INSTALLATION_HEIGHT, centimetres.to_bytes(2, "big")),
    ]
    if wanted.sensitivity is not None:
        value = bytes((wanted.sensitivity,))
        steps.append(_echoed("took the sensitivity", r60.SET_SENSITIVITY, value))
        steps.append(_kept("keeps the sensitivity", r60.ASK_SENSITIVITY, value))
    steps.append(_kept("keeps watching for falls", r60.ASK_SWITCH, b"\x01"))
    return tuple(steps)


def _echoed(says: str, code: int, data: bytes) -> Step:
    return Step(says=says, data=r60.encode(code, data), code=code, check=_same(data))


def _kept(says: str, code: int, data: bytes) -> Step:
    return Step(says=says, data=r60.encode(code), code=code, check=_same(data))


def _same(data: bytes) -> Check:
    return lambda answer: None if answer.data == data else f"says {answer.data.hex()} instead of {data.hex()}"


def _ld24xx() -> tuple[Step, ...]:
    """They have no height. That they answer shows that both wires are right."""
    return (
        Step(says="takes commands", data=ld24xx.enable(), code=ld24xx.ENABLE, check=_done),
        Step(says="tells its firmware", data=ld24xx.encode(ld24xx.FIRMWARE), code=ld24xx.FIRMWARE, check=_done),
        Step(says="reports again", data=ld24xx.encode(ld24xx.END), code=ld24xx.END, check=_done),
    )

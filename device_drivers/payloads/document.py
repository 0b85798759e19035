"""The bytes of one message → a JSON document, or `DecodeError`: whatever somebody publishes."""

from __future__ import annotations

import json
from typing import Any, Final

from device_drivers.errors import DecodeError

# A sensor's state is some hundred bytes; a radar with ten targets, or one with its settings in it, some thousand.
LARGEST_PAYLOAD: Final = 64 * 1024
_DEEPEST: Final = 64  # levels of nesting; JSONPath walks them by recursion


def document_of(payload: bytes, *, largest: int = LARGEST_PAYLOAD) -> Any:
    """What the payload says.

    Raises:
        DecodeError: too large, not UTF-8, not JSON, or nested too deep.
    """
    if len(payload) > largest:
        raise DecodeError(f"it has {len(payload)} bytes of {largest} at most")
    try:
        document = json.loads(payload.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:  # a decoding error of UTF-8 and of JSON are ValueErrors
        raise DecodeError("it is not JSON") from wrong
    if _deeper_than(document, _DEEPEST):
        raise DecodeError(f"it is nested deeper than {_DEEPEST} levels")
    return document


def _refuse(name: str) -> float:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(name)


def _deeper_than(document: Any, levels: int) -> bool:
    here = [document]
    for _ in range(levels):
        here = [
            inner
            for one in here
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not here:
            return False
    return True

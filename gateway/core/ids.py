"""Identifiers: time-ordered ones minted once (UUIDv7), and ones that follow from what they name (UUIDv5)."""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from typing import Final

# Huoma's own UUIDv5 namespace, fixed for ever: receivers know readings by ids made from it.
NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://huoma.example/ns/1")


def new_id(at: datetime) -> str:
    """A UUIDv7 (RFC 9562 §5.7): sorts by `at` in ms, 74 random bits."""
    milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def derived_id(*parts: str) -> str:
    """A UUIDv5 of the parts: the same parts give the same id on every gateway, for ever."""
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))  # unit separator: no part can contain it by accident

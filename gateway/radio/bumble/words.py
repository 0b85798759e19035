"""Bumble's errors and identifiers as bleak's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import bumble.core
from bleak.exc import BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att, hci
from bumble.core import UUID


@contextmanager
def translated() -> Iterator[None]:
    """Bumble's errors → bleak's."""
    try:
        yield
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except (bumble.core.BaseBumbleError, hci.HCI_Error) as error:
        raise BleakError(str(error) or type(error).__name__) from error
    except asyncio.CancelledError as cancelled:
        # Bumble cancels what waits for a link that dropped; our own cancellation must pass.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise BleakError("disconnected") from cancelled


def uuid128(uuid: UUID) -> str:
    """As bleak writes it."""
    return normalize_uuid_str(uuid.to_hex_str("-") if len(uuid.uuid_bytes) == 16 else uuid.to_hex_str())

"""A file that only takes room, so that there is some to give back when the disk is full."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from gateway.core.errors import StoreError

BALLAST_BYTES: Final = 16 * 1024 * 1024  # room for the log (4 MB) to be copied, and for 100 alerts of ~100 kB
MARGIN_BYTES: Final = 4 * 1024 * 1024  # free space wanted beside the ballast, or the disk is full again at once


class StoreFull(StoreError):  # noqa: N818
    """The disk is full and what is left is kept for alerts: wait, the store recovers by itself."""


class Ballast:
    """The room kept back beside one store."""

    def __init__(self, path: Path, *, size: int = BALLAST_BYTES, margin: int = MARGIN_BYTES) -> None:
        self.path = path
        self._size = size
        self._margin = margin

    @property
    def where(self) -> str:
        """The folder whose disk is meant, for a person."""
        return str(self.path.parent)

    def held(self) -> bool:
        """True while the room is kept."""
        try:
            return self.path.stat().st_size >= self._size
        except OSError:
            return False

    def release(self) -> None:
        """Give the room back to the disk."""
        self.path.unlink(missing_ok=True)

    def restore(self) -> bool:
        """Take the room again when the disk has it to spare. Returns whether it is held now."""
        if self.held():
            return True
        try:
            if shutil.disk_usage(self.path.parent).free < self._size + self._margin:
                return False
            self._fill()
        except OSError:
            self.release()
            return False
        return True

    def _fill(self) -> None:
        descriptor = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)  # real blocks: a sparse file would keep nothing
        finally:
            os.close(descriptor)

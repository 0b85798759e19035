"""The wire: a pseudo terminal under a stable name, as `/dev/serial/by-id` has them. Linux.

A pseudo terminal has no speed, but it keeps the one its host asked for: where that is not the module's, both hear
garbage, as on a real line.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import termios
import tty
from pathlib import Path
from typing import Final

_TCGETS2: Final = 0x802C542A  # speeds that have no constant, as the LD2410's, are only told by this
_TCSETS2: Final = 0x402C542B
_TERMIOS2: Final = struct.Struct("=4IB19B2I")  # four words of flags, line, control characters, speeds
_CBAUD: Final = 0o010017
_BOTHER: Final = 0o010000
_READ_MOST: Final = 4096
_FULL: Final = 4000  # the terminal holds 4,095 bytes that nobody has read, and more behind them
UNREAD_S: Final = 2.0  # so long nobody reads: what comes then is lost, as on a line that nobody listens to


class PtyLine:
    """One of them. Open it in a running loop's thread; it does not wait for anything.

    Args:
        link: where the symbolic link to the terminal is made.

    Attributes:
        lost: bytes that nobody read.
    """

    def __init__(self, *, link: Path, baud: int) -> None:
        self.link = link
        self.lost = 0
        self._baud = baud
        self._master: int | None = None
        self._slave = -1
        self._full_since: float | None = None

    @property
    def plugged(self) -> bool:
        """The terminal is there."""
        return self._master is not None

    def plug(self) -> int:
        """Make it; gives the descriptor that becomes readable when the host says something."""
        if self._master is not None:
            return self._master
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        _set_speed(self._slave, self._baud)  # whoever opens it without asking for a speed is not punished
        os.set_blocking(self._master, False)
        self._full_since = None
        fresh = self.link.with_name(self.link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.link)
        return self._master

    def unplug(self) -> None:
        """The name goes first, then whoever has it open is hung up."""
        if self._master is None:
            return
        self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = None

    def host_baud(self) -> int:
        """At which speed the host thinks it listens."""
        if self._master is None:
            return self._baud
        return _speed(self._master) or self._baud

    def read(self) -> bytes:
        """What the host has said."""
        try:
            return os.read(self._master, _READ_MOST) if self._master is not None else b""
        except OSError:  # nothing there after all
            return b""

    def write(self, data: bytes, *, now: float) -> None:
        """Say this to the host; what it does not read in time is lost."""
        if self._master is None or not data:
            return
        if _unread(self._slave) < _FULL:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        if self._full_since is not None and now - self._full_since > UNREAD_S:
            self.lost += len(data)
            return
        try:
            self.lost += len(data) - os.write(self._master, data)
        except BlockingIOError:
            self.lost += len(data)


def _unread(slave: int) -> int:
    held = bytearray(4)
    fcntl.ioctl(slave, termios.FIONREAD, held)
    return int.from_bytes(held, "little")


def _speed(descriptor: int) -> int:
    """0 where this system does not tell."""
    held = bytearray(_TERMIOS2.size)
    try:
        fcntl.ioctl(descriptor, _TCGETS2, held)
    except OSError:
        return 0
    return int(_TERMIOS2.unpack(held)[-1])


def _set_speed(descriptor: int, baud: int) -> None:
    held = bytearray(_TERMIOS2.size)
    with contextlib.suppress(OSError):  # as above: then it has none
        fcntl.ioctl(descriptor, _TCGETS2, held)
        words = list(_TERMIOS2.unpack(held))
        words[2] = words[2] & ~_CBAUD | _BOTHER
        words[-2:] = baud, baud
        fcntl.ioctl(descriptor, _TCSETS2, _TERMIOS2.pack(*words))

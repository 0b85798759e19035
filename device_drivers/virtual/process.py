"""What every virtual device in a process of its own needs: words from standard input, and an end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


async def input_lines() -> AsyncIterator[str]:
    """The lines of a piped standard input until it ends; of any other there are none, and no end."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        await asyncio.Event().wait()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            yield line.decode()
    finally:
        transport.close()


def die_with_parent() -> None:
    """Linux ends us when the parent dies; elsewhere the end of standard input has to do."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        return

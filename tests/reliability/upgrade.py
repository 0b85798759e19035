"""Upgrades stores and is killed while it does: `python -m tests.reliability.upgrade` reads "PATH STEPS" lines.

For each line a child is born by fork, opens the store as the gateway does, and is ended by SIGKILL after so many steps
of SQLite's machine (STEPS 0: not at all). It prints "<exit status> <steps>".
"""

from __future__ import annotations

import os
import signal
import sys

import apsw

from gateway.core.faults import no_fault
from gateway.store.opening import connect

EVERY = 5  # steps of SQLite's machine between two looks


def upgrade(path: str, steps: int) -> None:
    """In the child."""
    taken = 0

    def look() -> bool:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    apsw.connection_hooks.append(lambda connection: connection.set_progress_handler(look, EVERY))
    connect(path, vfs=None, synchronous="FULL", fault=no_fault).close()
    os.write(3, f"{taken}\n".encode())


def main() -> None:
    """Until stdin ends."""
    for line in sys.stdin:
        path, steps = line.rsplit(" ", 1)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(write, 3)
            upgrade(path, int(steps))
            os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        taken = os.read(read, 64).decode().strip() or "0"
        os.close(read)
        print(-os.waitstatus_to_exitcode(status), taken, flush=True)


if __name__ == "__main__":
    main()

"""Serial ports on which a radar module may be: by the name that stays the same whichever socket they are in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

ON_A_PORT: Final = "port:"  # how identities of modules on ports begin
BY_ID: Final = Path("/dev/serial/by-id")


def candidates(folder: Path = BY_ID, more: Iterable[Path] = ()) -> list[Path]:
    """Every port that is there now.

    Args:
        folder: where the system links each port by its adapter's serial number.
        more: ports without such a name, such as the UART of a Raspberry Pi's pins.
    """
    try:
        found = sorted(folder.iterdir())
    except OSError:  # no adapter was ever plugged in, or the folder is not readable: both mean none
        found = []
    return [path for path in dict.fromkeys((*found, *more)) if path.exists()]


def identity(port: Path) -> str:
    """How the module on a port is known: by the port, for modules do not say who they are."""
    return f"{ON_A_PORT}{port.name}"

"""Folders that a command writes to."""

from __future__ import annotations

from pathlib import Path

from gateway.core.errors import Invalid


def folder(path: Path | None, option: str) -> Path | None:
    """The folder that an option names, made where there is none; before anything is worked out for it.

    Raises:
        Invalid: none can be made there.
    """
    if path is not None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "a file of that name is there" if isinstance(error, FileExistsError) else error.strerror
            raise Invalid(f"{option} {path}: no folder can be made there ({reason}); name another one.") from error
    return path

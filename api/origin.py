"""Who this gateway is: the ids that every row and every envelope carries."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Final

from api.settings import Settings
from gateway.core.errors import StoreError
from gateway.core.subject import Origin

_FILE: Final = "gateway-id"
_ALONE: Final = "independent"  # the organisation of a home that belongs to none


def origin_of(settings: Settings) -> Origin:
    """The ids of the settings; what is not given follows from a random id kept in `data_dir`.

    Raises:
        StoreError: `data_dir` cannot be written or holds a broken id.
    """
    gateway_id = settings.gateway_id or _own_id(settings.data_dir)
    return Origin(
        organisation_id=settings.organisation_id or _ALONE,
        home_id=settings.home_id or f"home-{gateway_id}",
        gateway_id=gateway_id,
    )


def _own_id(folder: Path) -> str:
    file = folder / _FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            # Written beside and linked: after a power cut the id is there whole or not at all, and of two processes
            # that start at once both read the same one.
            draft = folder / f"{_FILE}.{os.getpid()}"
            with draft.open("w", encoding="ascii") as opened:
                opened.write(f"{uuid.uuid4()}\n")
                opened.flush()
                os.fsync(opened.fileno())
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return str(uuid.UUID(file.read_text(encoding="ascii").strip()))
    except (ValueError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{file} holds no id: restore it from a backup, or give gateway_id in the settings. Readings of this home "
            "are known by it"
        ) from error
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written ({error.strerror}): choose another data_dir, or give this user the right to it"
        ) from error

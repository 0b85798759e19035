"""What NumPy raises where a stored archive is damaged, wherever in it the damage is."""

from __future__ import annotations

import zipfile
import zlib
from typing import Final

# A zip's directory may name a way of compression that there is none of, or call a file encrypted; one changed byte of
# compressed data is noticed by zlib.
DAMAGED: Final = (
    OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, OverflowError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip

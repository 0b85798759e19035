"""What is notified each second, and so is thinned on its way out and never asked about."""

from __future__ import annotations

from typing import Final

STREAMS: Final = frozenset({"2a37", "2a5f"})  # heart rate, continuous oximetry

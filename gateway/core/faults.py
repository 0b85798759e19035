"""Named crash points: places where the reliability tests cut the power.

Production passes `no_fault`, which does nothing. A part that must survive dying at a certain step calls
`self._fault("store.after-commit")` there. The names are the test's list (tests/reliability).
"""

from __future__ import annotations

from collections.abc import Callable

Fault = Callable[[str], None]


def no_fault(_point: str, /) -> None:
    """Nothing happens."""

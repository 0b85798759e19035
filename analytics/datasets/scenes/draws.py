"""Numbers drawn from the ranges."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import numpy as np


@cache
def ranges() -> Mapping[str, Mapping[str, Any]]:
    """The file `ranges.toml`."""
    return tomllib.loads(resources.files(__package__).joinpath("ranges.toml").read_text(encoding="utf-8"))


_CHANGES: Final[ContextVar[Mapping[str, Mapping[str, Any]]]] = ContextVar("changes", default=MappingProxyType({}))


@contextmanager
def changed(changes: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Rooms drawn in here have other ranges in places: what is rare more often, for those who learn from them."""
    token = _CHANGES.set(changes)
    try:
        yield
    finally:
        _CHANGES.reset(token)


class Draw:
    """A part of the ranges, drawn from with one generator."""

    def __init__(self, part: str, rng: np.random.Generator) -> None:
        self._ranges = {**ranges()[part], **_CHANGES.get().get(part, {})}
        self.rng = rng

    def __call__(self, name: str) -> float:
        """A number of that range."""
        low, high = self._ranges[name]
        return float(self.rng.uniform(low, high))

    def count(self, name: str) -> int:
        """A whole number of that range, both ends included."""
        low, high = self._ranges[name]
        return int(self.rng.integers(low, high + 1))

    def share(self, name: str) -> float:
        """A share as it stands there."""
        return float(self._ranges[name])

    def chance(self, name: str) -> bool:
        """Whether, with that share."""
        return bool(self.rng.random() < self._ranges[name])

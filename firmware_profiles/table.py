"""A TOML table that refuses what it does not know, each time in one sentence: file, device, key, what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from firmware_profiles.schema import ProfileError, nearest

T = TypeVar("T", bound=str)


class Table:
    """A TOML table with its place in the file. Each getter checks shape and range, and words its own refusal."""

    def __init__(self, raw: Mapping[str, object], where: str, known: Sequence[str] | None) -> None:
        self._raw = raw
        self.where = where
        for key in raw if known is not None else ():
            if key not in (known or ()):
                raise ProfileError(f"{where}: unknown key {key!r}: {nearest(key, known or ())}")

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def keys(self) -> tuple[str, ...]:
        return tuple(self._raw)

    def refuse(self, key: str, wanted: str) -> ProfileError:
        """The error for a key that is there but wrong, or not there at all."""
        if key not in self._raw:
            return ProfileError(f"{self.where}: {key!r} is missing: write {wanted}.")
        return ProfileError(f"{self.where}: {key} = {self._raw[key]!r} cannot be used: write {wanted}.")

    def text(self, key: str, wanted: str = "a text") -> str:
        value = self._raw.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(key, wanted)
        return value

    def texts(self, key: str, wanted: str = "a list of texts") -> tuple[str, ...]:
        value = self._raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.refuse(key, wanted)
        return tuple(value)

    def choice(self, key: str, options: Sequence[T]) -> T:
        text = self._raw.get(key)
        for option in options:
            if option == text:
                return option
        raise self.refuse(key, " or ".join(f'"{option}"' for option in options))

    def truth(self, key: str) -> bool:
        value = self._raw.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, "true or false")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        return _integer(self._raw.get(key), low, high, self.refuse(key, f"a whole number from {low} to {high}"))

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        value = self._raw.get(key, [])
        wanted = self.refuse(key, f"a list of whole numbers from {low} to {high}")
        if not isinstance(value, list):
            raise wanted
        return tuple(_integer(item, low, high, wanted) for item in value)

    def number(self, key: str) -> float:
        return _number(self._raw.get(key), self.refuse(key, "a number"))

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self._raw.get(key, [])
        wanted = self.refuse(key, "a list of numbers")
        if not isinstance(value, list):
            raise wanted
        return tuple(_number(item, wanted) for item in value)

    def table(self, key: str, known: Sequence[str] | None) -> Table:
        value = self._raw.get(key, {})
        if not isinstance(value, dict):
            raise self.refuse(key, f"a table [device.{key}]")
        return Table(value, f"{self.where}, {key}", known)

    def tables(self, key: str) -> tuple[Table, ...]:
        value = self._raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.refuse(key, f"tables, each under [[{key}]]")
        return tuple(Table(item, f"{self.where}, {key} {number}", None) for number, item in enumerate(value, start=1))

    def known(self, known: Sequence[str], where: str | None = None) -> Table:
        """The same table, its keys checked, perhaps with a better name for its place."""
        return Table(self._raw, where or self.where, known)

    def rows(self, key: str) -> tuple[tuple[int, int, int], ...]:
        value = self._raw.get(key)
        wanted = self.refuse(key, "a list of [x, y, z] in mg")
        if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == 3 for row in value):
            raise wanted
        x_y_z = [[_integer(axis, -(1 << 23), (1 << 23) - 1, wanted) for axis in row] for row in value]
        return tuple((x, y, z) for x, y, z in x_y_z)

    def places(self, key: str) -> tuple[tuple[float, ...], ...]:
        value = self._raw.get(key)
        wanted = self.refuse(key, "a list of [x, y, z] in m")
        if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == 3 for row in value):
            raise wanted
        return tuple(tuple(_number(axis, wanted) for axis in row) for row in value)


def _integer(value: object, low: int, high: int, wanted: ProfileError) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise wanted
    return value


def _number(value: object, wanted: ProfileError) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:  # nan and inf too
        raise wanted
    return float(value)

"""One line of what was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Grade(StrEnum):
    """How bad it is."""

    OK = "OK"
    WARN = "WARN"  # it works, but not for ever, or not for everybody
    FAIL = "FAIL"  # a person must act


_ORDER: Final = (Grade.OK, Grade.WARN, Grade.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what to do (empty when nothing is)."""

    about: str
    grade: Grade
    words: str
    advice: str = ""


def ok(about: str, words: str) -> Finding:
    """All is well."""
    return Finding(about=about, grade=Grade.OK, words=words)


def warn(about: str, words: str, advice: str) -> Finding:
    """Worth doing something about."""
    return Finding(about=about, grade=Grade.WARN, words=words, advice=advice)


def fail(about: str, words: str, advice: str) -> Finding:
    """Must be mended."""
    return Finding(about=about, grade=Grade.FAIL, words=words, advice=advice)


def worst(findings: Iterable[Finding]) -> Grade:
    """Of several; OK of none."""
    return max((one.grade for one in findings), key=_ORDER.index, default=Grade.OK)

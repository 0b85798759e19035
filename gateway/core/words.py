"""Words of sentences for people."""

from __future__ import annotations

import re
from typing import Final

_SPELLED: Final = re.compile(r"[A-Z0-9][A-Z0-9&]+\b")  # "UA-651BLE", "A&D": said letter by letter
_AN_LETTERS: Final = frozenset("AEFHILMNORSX")  # whose names begin with a vowel: "an M", "an X"
_AN_WORDS: Final = re.compile(r"(?!eu|one|uni|use)[aeiou]", re.IGNORECASE)


def with_article(name: str) -> str:
    """With a or an: "an A&D UA-651BLE", "a Polar H10", "a UA-651BLE", "an Omron"."""
    an = name[0] in _AN_LETTERS if _SPELLED.match(name) else _AN_WORDS.match(name)
    return f"{'an' if an else 'a'} {name}"

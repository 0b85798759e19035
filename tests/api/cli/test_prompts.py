"""Answers as people type them."""

from __future__ import annotations

import pytest

from api.cli.prompts import yes_or_no


@pytest.mark.parametrize("word", ["y", "Yes", "k", "Kyllä", "KYLLA\u0308", "kylla", "joo", "jo", "ja", "J", " y "])
def test_yes(word: str) -> None:
    assert yes_or_no(word) is True


@pytest.mark.parametrize("word", ["n", "No", "EI", "e", "nej"])
def test_no(word: str) -> None:
    assert yes_or_no(word) is False


@pytest.mark.parametrize("word", ["", "yy", "123456", "maybe"])
def test_neither(word: str) -> None:
    assert yes_or_no(word) is None

"""docs/alerts.md says what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from gateway.desk.announcer import Times
from gateway.desk.events import AlertKind, EventType, Priority, State, Verdict
from gateway.desk.machine import EPISODE_S
from gateway.desk.notice import NOTICE_SCHEMA
from gateway.desk.webhook import TIMEOUT_S, signature
from tests.gateway.desk.test_webhook import NOTICE, SECRET

TEXT: Final = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("word", [*AlertKind, *Priority, *State, *Verdict, *EventType])
def test_every_word_is_explained(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_the_recipe_knows_a_genuine_message_from_a_forged_one() -> None:
    recipe: dict[str, object] = {}
    exec(block("python"), recipe)
    genuine = recipe["genuine"]
    assert callable(genuine)
    body = json.dumps(NOTICE.document()).encode()
    header = signature(SECRET.encode(), body, 1767225600)
    assert genuine(header, body, SECRET)
    assert not genuine(header, body + b" ", SECRET)
    assert not genuine(header, body, "another secret of a test")
    assert not genuine(header.replace("t=1", "t=2"), body, SECRET)


def test_the_example_is_what_is_sent() -> None:
    example = json.loads(block("json"))
    assert example.keys() == NOTICE.document().keys()
    assert example["schema"] == NOTICE_SCHEMA


def test_the_times_are_the_defaults() -> None:
    times = Times()
    assert f"every `repeat_s` ({times.repeat_s:g} s)" in TEXT
    assert f"2, 4, 8, 16, then every {times.longest_backoff_s:g} s" in TEXT
    assert f"has taken nothing for {times.red_after_s:g} s" in TEXT
    assert f"no answer within {TIMEOUT_S:g} s" in TEXT
    assert EPISODE_S == 10 * 60
    assert "ten minutes or more after" in TEXT
    assert times.record_every_s == 5 * 60
    assert "one event per five minutes" in TEXT
    assert times.parallel == 4
    assert "At most four messages" in TEXT

"""docs/device-author.md explains every key there is, and its example is a profile that passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from device_drivers.profile_check import KINDS, check_files
from firmware_profiles import Profile, load
from firmware_profiles.payload_fields import FIELD_KEYS, TARGET_KEYS
from firmware_profiles.schema import (
    CALL_KEYS,
    CLOCKS,
    DEVICE_KEYS,
    FINISH_PAIRING,
    FRAME_KEYS,
    LANGUAGES,
    MOTION_KEYS,
    QUIRK_KEYS,
    RADAR_KEYS,
    READING_KEYS,
    RECORD_IDENTITIES,
)

PAGE = (Path(__file__).parents[2] / "docs" / "device-author.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", [*DEVICE_KEYS, *QUIRK_KEYS, *FRAME_KEYS, *READING_KEYS])
def test_every_key_has_a_row(key: str) -> None:
    assert re.search(rf"^\| [^|]*`{key}`", PAGE, re.MULTILINE), f"docs/device-author.md has no row for {key}"


@pytest.mark.parametrize(
    "word", [*RECORD_IDENTITIES, *LANGUAGES, *MOTION_KEYS, *CALL_KEYS, *RADAR_KEYS, *FIELD_KEYS, *TARGET_KEYS]
)
def test_every_word_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("word", [*CLOCKS, *FINISH_PAIRING])
def test_every_choice_is_explained(word: str) -> None:
    assert f'`"{word}"`' in PAGE


@pytest.mark.parametrize("profile", load().profiles, ids=lambda profile: profile.id)
def test_what_the_fleet_uses_is_explained(profile: Profile) -> None:
    assert f"`{profile.driver}`" in PAGE
    for kind in profile.kinds:
        assert kind in KINDS
        assert f"`{kind}`" in PAGE


def test_the_example_passes_the_checker(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "example.toml").write_text(example, encoding="utf-8")
    report = check_files([tmp_path], drivers={"sig"})
    assert [str(problem) for problem in report.problems] == []
    assert report.frames == 2

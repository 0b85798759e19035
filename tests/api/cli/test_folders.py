"""A folder that cannot be made is said before hours of work, not after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.folders import folder
from gateway.core.errors import Invalid


def test_a_folder_is_made(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    assert folder(wanted, "--plots") == wanted
    assert wanted.is_dir()
    assert folder(wanted, "--plots") == wanted
    assert folder(None, "--plots") is None


def test_a_file_of_that_name(tmp_path: Path) -> None:
    there = tmp_path / "plots"
    there.write_text("", encoding="utf-8")
    with pytest.raises(Invalid, match=r"--plots .*plots: no folder .*a file of that name is there.*name another one"):
        folder(there, "--plots")
    with pytest.raises(Invalid, match="no folder can be made there"):
        folder(there / "below", "--plots")

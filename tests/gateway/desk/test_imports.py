"""The hub runs the desk too: importing it loads no radio, no SQLite, no driver and no mathematics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import gateway.desk

FOLDER: Final = Path(gateway.desk.__file__).parent
MODULES: Final = sorted(f"gateway.desk.{path.stem}" for path in FOLDER.glob("[a-z]*.py"))
HEAVY: Final = {"bleak", "bumble", "apsw", "numpy", "scipy"}
ABOVE_OR_BESIDE: Final = {"device_drivers", "firmware_profiles", "analytics", "api"}
OURS: Final = {"gateway", "gateway.core", "gateway.desk", "gateway.consent", "gateway.delivery"}


@pytest.mark.slow
def test_importing_the_desk_loads_nothing_heavy() -> None:
    assert "gateway.desk.service" in MODULES
    code = f"import sys, {', '.join(MODULES)}; print(*sys.modules, sep='\\n')"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER.parents[1], check=True, capture_output=True, text=True
    ).stdout
    loaded = set(output.split())
    assert set(MODULES) <= loaded
    assert not {name.partition(".")[0] for name in loaded} & (HEAVY | ABOVE_OR_BESIDE)
    parts = {".".join(name.split(".")[:2]) for name in loaded if name.partition(".")[0] == "gateway"}
    assert parts <= OURS

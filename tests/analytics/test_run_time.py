"""What the gateway imports to find falls: no training library, and no scipy.signal (a second and 70 MB)."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import analytics.activity
import analytics.datasets
import analytics.falls
import gateway.detection

ROOT: Final = Path(__file__).parents[2]
FORBIDDEN: Final = ("sklearn", "scipy.signal", "joblib", "pandas", "torch")


def _modules() -> list[str]:
    packages = (analytics.falls, analytics.activity, analytics.datasets, gateway.detection)
    return [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("statement", [f"import {', '.join(_modules())}", "import api.composition, api.cli.run"])
def test_nothing_that_only_training_needs_is_loaded(statement: str) -> None:
    code = f"{statement}; import sys; print(*sys.modules, sep='\\n')"
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    loaded = set(output.split())
    assert "analytics.falls.detector" in loaded
    assert not [name for name in loaded if name in FORBIDDEN or name.startswith(tuple(f"{one}." for one in FORBIDDEN))]

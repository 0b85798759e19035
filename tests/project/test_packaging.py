"""What the project promises of itself as a distribution."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"gateway", "device_drivers", "analytics", "api", "firmware_profiles"}


def _locked(name: str) -> dict[str, str]:
    text = (ROOT / "packaging" / name).read_text()
    return {_normal(m[1]): m[2] for m in re.finditer(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_installed_distribution_brings_a_package_of_our_names() -> None:
    """The environment is what the lock file installs; a clash would shadow one of the two at random."""
    seen = 0
    for distribution in distributions():
        if distribution.metadata["Name"] == "huoma":
            continue
        seen += 1
        tops = {str(f).split("/", 1)[0] for f in distribution.files or [] if str(f).endswith(".py") and "/" in str(f)}
        tops |= {str(f).removesuffix(".py") for f in distribution.files or [] if "/" not in str(f)}
        assert not tops & OURS, f"{distribution.metadata['Name']} brings {tops & OURS}"
    assert seen > 50


def test_what_is_installed_is_what_is_locked() -> None:
    locked = _locked("requirements-dev.lock")
    installed = {_normal(d.metadata["Name"]): d.version for d in distributions()}
    strangers = set(installed) - set(locked) - {"huoma", "pip", "setuptools"}
    assert not strangers, f"installed but not locked: {strangers}"


def test_every_dependency_is_locked_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {_normal(re.split(r"[\[<>=~! ]", d, maxsplit=1)[0]) for d in project["dependencies"]}
    for name in ("requirements.lock", "requirements-dev.lock"):
        locked = _locked(name)
        assert wanted <= set(locked), f"{name} lacks {wanted - set(locked)}: run packaging/lock.sh"
        blocks = re.split(r"^(?=\S+==)", (ROOT / "packaging" / name).read_text(), flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in block for block in blocks)
    runtime = _locked("requirements.lock")
    shared = {k: v for k, v in _locked("requirements-dev.lock").items() if k in runtime}
    assert shared == runtime, "the two lock files differ: run packaging/lock.sh"


def test_only_the_agreed_folders_stand_at_the_top() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    folders = {line.split("/", 1)[0] for line in tracked if "/" in line}
    assert folders <= OURS | {"tests", "docs", "packaging", ".ci"}


@pytest.mark.slow
@pytest.mark.parametrize("package", sorted(OURS))
def test_importing_a_package_reads_no_clock_and_starts_nothing(package: str) -> None:
    code = f"import threading, {package}; assert threading.active_count() == 1"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.slow
def test_no_file_is_longer_than_the_ceiling() -> None:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    long = {f: n for f in tracked.split() if (n := len((ROOT / f).read_text().splitlines())) > 400}
    assert not long, f"over 400 lines: {long}"

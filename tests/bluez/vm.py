"""The virtual machine: builds its system (cached), boots it, and reads what the scenarios said."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
CACHE: Final = PROJECT / "build" / "bluez-vm"
CODE: Final = (
    "gateway",
    "device_drivers",
    "firmware_profiles",
    "tests/radio_scenarios",
    "tests/bluez",
    "tests/gateway/radio/room.py",
    "tests/virtual_time.py",
)
BUILD_S: Final = 420.0
PROBE_S: Final = 8.0
RUN_S: Final = 900.0  # five minutes on two idle cores; a busy machine takes its time
_BROKEN: Final = re.compile(r"kernel BUG|Oops|Kernel panic|general protection|list_(add|del) corruption|MODULE|SHARE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one scenario said."""

    seconds: float
    wrong: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the VM said.

    Attributes:
        broken: lines of the console that a healthy kernel does not write.
        folder: where console, bluetoothd's log and results are.
    """

    outcomes: dict[str, Outcome]
    broken: list[str]
    console: str
    folder: Path

    @property
    def last_words(self) -> str:
        """Of the console and of the scenarios."""
        log = self.folder / "scenarios.log"
        scenarios = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return f"{self.console[-2000:]}\n{scenarios[-3000:]}"


def build(suite: str) -> Path:
    """The folder of kernel and initramfs."""
    script = PROJECT / "packaging" / "bluez-vm" / "build.sh"
    done = subprocess.run([script, suite], stdout=subprocess.PIPE, text=True, timeout=BUILD_S, check=False)
    if done.returncode:
        raise RuntimeError("the BlueZ test system could not be built: its reason is above")
    return Path(done.stdout.strip())


def run(suite: str, scenarios: list[str]) -> Report:
    """Boot, play the scenarios, switch off."""
    system = build(suite)
    share = CACHE / "run"
    shutil.rmtree(share, ignore_errors=True)
    for part in CODE:
        source, target = PROJECT / part, share / "project" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    words = " ".join(["exec python3 -m tests.bluez.guest /host/results.jsonl", *scenarios])
    (share / "run").write_text(f"{words} > /host/scenarios.log 2>&1\n", encoding="utf-8")
    accelerator = "kvm" if _kvm_works(system, share) else "tcg,thread=multi"
    with (share / "console.log").open("wb") as console:
        try:
            subprocess.run(
                _qemu(system, share, accelerator),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                timeout=RUN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            console.write(b"\nthe VM was switched off after its time\n")
    text = (share / "console.log").read_text(encoding="utf-8", errors="replace")
    return Report(
        outcomes=_outcomes(share / "results.jsonl"),
        broken=[line for line in text.splitlines() if _BROKEN.search(line)],
        console=text,
        folder=share,
    )


def _outcomes(results: Path) -> dict[str, Outcome]:
    if not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {line["scenario"]: Outcome(seconds=line["seconds"], wrong=line["wrong"]) for line in lines}


def _kvm_works(system: Path, share: Path) -> bool:
    """/dev/kvm may be there and stop at the first instruction it cannot do: boot once, to the end of the probe."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = _qemu(system, share, "kvm", "huoma.probe")
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    return b"PROBED" in said.stdout


def _qemu(system: Path, share: Path, accelerator: str, *append: str) -> list[str]:
    kernel = ["console=ttyS0", "quiet", "panic=-1", "oops=panic", "mitigations=off", "nokaslr", "audit=0", *append]
    return [
        "qemu-system-x86_64",
        *("-M", "q35", "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", "1024"),
        *("-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-serial", "stdio"),
        *("-kernel", str(system / "vmlinuz"), "-initrd", str(system / "initrd"), "-append", " ".join(kernel)),
        *("-device", "virtio-rng-pci"),
        *("-virtfs", f"local,path={share},mount_tag=host,security_model=none,multidevs=remap"),
    ]

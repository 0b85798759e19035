"""A profile as people write it, and a place for it."""

from __future__ import annotations

from pathlib import Path

CUFF = """
[[device]]
vendor = "A&D"
model = "UA-651BLE"
kinds = ["blood-pressure"]
name = "A&D_UA-651BLE_*"
services = ["1810"]
driver = "sig"
record_identity = "device-time"
sources = ["the test"]

[device.quirks]
settle_ms = 40
clock = "2a08"

[device.pairing]
fi = ["Mittaa."]
sv = ["Mät."]
en = ["Measure."]

[[device.frame]]
characteristic = "2A35"
hex = "167d0050006600e10701100c273640000000"
reading = { systolic = 125, diastolic = 80, mean-arterial = 102, pulse-rate = 64, time = "2017-01-16T12:39:54" }
source = "HEADS-project/ThingML-BLE"

[[device.frame]]
characteristic = "00002A35-0000-1000-8000-00805F9B34FB"
hex = "16 ff07ff07ff07 e107010e162c04 ff07 0000"
failed = true
reading = { time = "2017-01-14T22:44:04" }
source = "same"
"""


def write(folder: Path, text: str, name: str = "vendor.toml") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file

"""The peer of `decode_blood_pressure`, run by the interpreter that has bluetooth-sig: a measurement per line of input.

Input: a line of frames in hex, then one line with a count for each round. Output: a JSON line per round.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import process_time

from bluetooth_sig.gatt.characteristics.blood_pressure_measurement import (  # type: ignore[import-not-found]
    BloodPressureMeasurementCharacteristic,
)


def main() -> None:
    """Answer until the input ends."""
    parse = BloodPressureMeasurementCharacteristic().parse_value
    frames = [bytes.fromhex(text) for text in sys.stdin.readline().split()]
    for line in sys.stdin:
        rounds = int(line)
        began = process_time()
        for _ in range(rounds):
            for frame in frames:
                parse(frame)
        rate = rounds * len(frames) / (process_time() - began)
        print(json.dumps({"frames_per_s": rate, "version": version("bluetooth-sig")}), flush=True)


main()

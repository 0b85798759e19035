"""`make bench`: every benchmark beside this file, a table for people, build/bench.json for programs.

A benchmark is a module with `run() -> list[dict]`; a row has name, value, unit, peer, peer_value, ratio and goal (text
such as ">= 3" or "<= 135"). `ratio` compares with the peer measured in the same run; where there is no peer the goal is
about `value`. Exit status 1 when a goal is missed.
"""

from __future__ import annotations

import importlib
import json
import operator
import sys
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

HERE: Final = Path(__file__).parent
OUT: Final = HERE.parents[1] / "build" / "bench.json"
COMPARE: Final = {">=": operator.ge, "<=": operator.le}


def met(row: dict[str, Any]) -> bool | None:
    """Whether the row's goal is reached; None where it has none."""
    if not row.get("goal"):
        return None
    sign, bound = row["goal"].split()
    measured = row["value"] if row.get("ratio") is None else row["ratio"]
    return bool(COMPARE[sign](measured, float(bound)))


def main() -> int:
    """Run all, or those whose name contains an argument."""
    wanted = sys.argv[1:]
    rows: list[dict[str, Any]] = []
    for file in sorted(HERE.glob("*.py")):
        if file.stem.startswith("_") or (wanted and not any(word in file.stem for word in wanted)):
            continue
        module = importlib.import_module(f"tests.benchmarks.{file.stem}")
        if hasattr(module, "run"):
            rows += module.run()
    table = Table("benchmark", "value", "unit", "peer", "peer's value", "ratio", "goal", "")
    for row in rows:
        reached = met(row)
        table.add_row(
            row["name"],
            f"{row['value']:,.4g}",
            row["unit"],
            row.get("peer") or "",
            "" if row.get("peer_value") is None else f"{row['peer_value']:,.4g}",
            "" if row.get("ratio") is None else f"{row['ratio']:.2f}",
            row.get("goal") or "",
            {True: "reached", False: "[bold red]MISSED[/]", None: ""}[reached],
        )
    Console(width=180).print(table)
    if not wanted:
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if any(met(row) is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

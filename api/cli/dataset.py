"""`huoma dataset export`: suspected falls with their verdicts, written as a data set that `huoma evaluate` reads."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.cli.home import Config
from gateway.core.errors import HuomaError, Invalid

if TYPE_CHECKING:
    import httpx

dataset = typer.Typer(no_args_is_help=True, help="What the home gives to those who improve its detectors.")

INDEX: Final = ("person", "trial", "verdict", "position", "model", "probability", "rate_hz", "impact_s")


@dataset.callback()
def _dataset() -> None:
    """What the home gives to those who improve its detectors."""


@dataset.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    config: Config = None,
) -> None:
    """Suspected falls of residents who agreed, with the nurses' verdicts: no names, no times, a pseudonym each."""
    from api.cli.gateway import perform

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Invalid(f"{folder} is there already: name a new folder, so that no two exports are mixed.")
    written, left_out = perform(config, lambda gateway: _export(gateway, folder))
    print(f"{written} suspected fall{'' if written == 1 else 's'} written to {folder}.")
    for words, count in (
        ("without a verdict that tells something", left_out["unlabelled"]),
        ("no consent at the time ('huoma consent grant NAME --recipient dataset')", left_out["without_consent"]),
        ("consent of a time when the clock was wrong: say since when, with --since", left_out["undated_consent"]),
        ("without samples", left_out["without_samples"]),
    ):
        if count:
            print(f"{count} left out: {words}.")


async def _export(gateway: httpx.AsyncClient, folder: Path) -> tuple[int, dict[str, int]]:
    from api.cli.gateway import refused

    rows: list[tuple[Any, ...]] = []
    left_out: dict[str, int] | None = None
    async with gateway.stream("GET", "/datasets/falls", timeout=None) as answer:
        if not answer.is_success:
            await answer.aread()
            raise refused(answer)
        try:
            folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing else goes on in this process
            async for line in answer.aiter_lines():
                one = json.loads(line)
                if "left_out" in one:
                    left_out = one["left_out"]
                else:
                    rows.append(_write(folder, one))
            with (folder / "trials.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([INDEX, *rows])
        except OSError as error:
            raise Invalid(f"{folder} cannot be written ({error.strerror}): name another folder.") from error
    if left_out is None:
        raise HuomaError(f"The gateway broke off: what is in {folder} is not everything; delete it and export again.")
    return len(rows), left_out


def _write(folder: Path, one: dict[str, Any]) -> tuple[Any, ...]:
    position = one["placement"] if one["placement"] in ("waist", "chest", "wrist", "ankle") else "unknown"
    name = f"{one['verdict']}_{one['number']:03}_{position}_{one['rate_hz']:.2f}hz"
    person = folder / one["person"]
    person.mkdir(exist_ok=True)
    lines = ["x_g,y_g,z_g"]
    lines += [",".join("nan" if value is None else f"{value:g}" for value in row) for row in one["samples"]]
    (person / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    probability, impact_s = one["probability"], round(one["impact_s"], 4)
    return one["person"], name, one["verdict"], position, one["model"], probability, one["rate_hz"], impact_s

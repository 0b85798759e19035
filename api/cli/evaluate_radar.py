"""`huoma evaluate radar`: falls of made-up rooms, by what the fall was and by class of module."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer

from analytics.radar import evaluation
from api.cli import radar_bytes
from gateway.core.errors import Invalid

SEED: Final = 7


def radar(
    rooms: Annotated[int, typer.Option("--rooms", min=1, help="made-up rooms")] = evaluation.ROOMS,
    days: Annotated[int, typer.Option("--days", min=1, help="of each")] = evaluation.DAYS,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="of everything; not one that the detector was taught with")
    ] = SEED,
    modules: Annotated[str, typer.Option("--modules", help=f"classes, of {', '.join(evaluation.CLASSES)}")] = ",".join(
        evaluation.CLASSES
    ),
    through_bytes: Annotated[
        bool, typer.Option("--bytes/--no-bytes", help="one day of one room through the parsers too")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Replay made-up rooms through the radar fall detectors, day after day."""
    wanted = [one.strip() for one in modules.split(",") if one.strip()]
    strangers = [one for one in wanted if one not in evaluation.CLASSES]
    if strangers or not wanted:
        raise Invalid(f"--modules takes {', '.join(evaluation.CLASSES)}, not {', '.join(strangers) or 'nothing'}.")
    if seed in evaluation.TAUGHT_WITH:
        raise Invalid(f"the detector was taught with seed {seed}: a figure of it says nothing; give another --seed.")
    if seed in evaluation.VALIDATED_WITH:
        raise Invalid(f"settings were chosen by seed {seed}: a figure of it says too much; give another --seed.")
    report = evaluation.report(
        seed=seed, rooms=rooms, days=days, modules=wanted, say=lambda line: typer.echo(line, err=True)
    )
    if through_bytes:
        report["bytes"] = radar_bytes.report(seed)
    print(json.dumps(report) if as_json else text(report))


def text(report: dict[str, Any]) -> str:
    """A table for people."""
    lines = [f"made-up rooms, seed {report['seed']}"]
    for name, one in report["modules"].items():
        low, high = (100 * bound for bound in one["sensitivity_ci95"])
        soon = f"{100 * one['told_within_20_s']:.1f} % within 20 s"
        late = f"95 of 100 after {one['delay_s_p95']:.1f} s, 99 after {one['delay_s_p99']:.1f} s"
        least, most = one["false_alerts_per_room_day_ci95"]
        lines += [
            "",
            f"{name}: {one['sees']}",
            f"  {one['room_days']} room-days, {one['falls']} falls",
            f"  {100 * one['sensitivity']:.1f} % found (95 %: {low:.1f}–{high:.1f}), {soon}",
            f"  {one['false_alerts_per_room_day']:.3f} false alerts a room and day (95 %: {least:.3f}–{most:.3f})",
            f"  after {one['delay_s']:.1f} s, {late}",
        ]
        for kind, part in one["by_kind"].items():
            low, high = (100 * bound for bound in part["sensitivity_ci95"])
            lines.append(f"    {kind:<16}{part['found']:>4} of {part['falls']:<4} (95 %: {low:.0f}–{high:.0f} %)")
        up = one["no_recovery"]
        lines.append(
            f"  no recovery told of {up['told']} of {up['lay_longer']} that lay on, "
            f"and of {up['told_all_the_same']} of {up['rose_before']} that had got up"
        )
        lines.append(f"  cannot see: {one['cannot_see']}")
    if "bytes" in report:
        part = report["bytes"]
        same = "the same findings" if part["same_as_arrays"] else "OTHER FINDINGS"
        lines += [
            "",
            f"a day through the parsers: {part['frames']} frames, {part['frames_lost']} lost, {same} as arrays",
        ]
    return "\n".join([*lines, "", report["note"]])

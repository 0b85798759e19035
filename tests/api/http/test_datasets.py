"""Falls with verdicts leave the home consented and under pseudonyms only, and load as a data set."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.datasets import huoma
from api.cli import dataset as command
from api.cli.main import main
from gateway.core.clock import SystemClock
from gateway.core.errors import Invalid
from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import Verdict
from gateway.desk.findings import fall_report, help_report
from gateway.store.users import Role
from tests.api.home import Home, client

PATH = "/api/v1/datasets/falls"
SERIAL = "serial:polar:C0FFEE"
NOTE = "Found her beside the bed, she is well"


async def resident(home: Home, name: str, *, agreed: bool = True, since: datetime | None = None) -> str:
    made = await home.services.acts.add_resident(name, actor="t")
    if agreed:
        since = since or datetime.now(UTC) - timedelta(seconds=1)
        await home.services.acts.grant(made.id, "dataset", actor="t", data_type="alert", since=since)
    return made.id


async def fell(
    home: Home, who: str, verdict: Verdict | None, *, placement: str | None = "chest", ago_s: float = 0.0
) -> str:
    samples = np.random.default_rng(3).normal(0, 0.3, (520, 3)).round(3)
    samples[7] = np.nan
    alert = await home.desk.report(
        fall_report(
            subject=Subject(type=SubjectType.RESIDENT, id=who), probability=0.9, placement=placement,
            at=datetime.now(UTC) - timedelta(seconds=ago_s), device_identity=SERIAL, rate_hz=52.08, samples=samples,
            impact_offset_s=7.5,
        )
    )  # fmt: skip
    await home.desk.acknowledge(alert.id, "a nurse")
    if verdict is not None:
        await home.desk.resolve(alert.id, "a nurse", verdict, note=NOTE)
    return alert.id


async def exported(home: Home) -> tuple[list[dict[str, Any]], dict[str, int], str]:
    async with client(home, Role.ADMIN) as admin:
        reply = await admin.get(PATH)
    assert reply.status_code == 200
    *falls, last = [json.loads(line) for line in reply.text.splitlines()]
    return falls, last["left_out"], reply.text


async def test_verdicts_with_their_samples_and_nothing_that_names_anybody(home: Home) -> None:
    aino, eino = await resident(home, "Aino Virtanen"), await resident(home, "Eino Testi")
    ids = [await fell(home, aino, Verdict.FALSE), await fell(home, aino, Verdict.REAL, placement=None)]
    await fell(home, eino, Verdict.NOT_CONFIRMED, placement="wrist")
    falls, left_out, text = await exported(home)
    assert [(one["verdict"], one["number"], one["placement"]) for one in falls] == [
        ("false", 1, "chest"), ("real", 2, None), ("not-confirmed", 1, "wrist"),
    ]  # fmt: skip
    assert falls[0]["person"] == falls[1]["person"] != falls[2]["person"]
    assert falls[0]["rate_hz"] == 52.08
    assert falls[0]["impact_s"] == pytest.approx(7.5, abs=0.02)
    assert [None, None, None] in falls[0]["samples"]
    assert left_out == {"unlabelled": 0, "without_consent": 0, "undated_consent": 0, "without_samples": 0}
    year = str(datetime.now(UTC).year)
    for told in (aino, eino, "Aino", *ids, SERIAL, "C0FFEE", NOTE, "nurse", f"{year}-"):
        assert told not in text, told
    again, _, _ = await exported(home)
    assert again[0]["person"] != falls[0]["person"], "two exports cannot be put together"
    rows = await home.services.acts.registry.audit()
    assert rows[0].action == "dataset.falls"


async def test_who_has_not_agreed_or_agreed_later_is_left_out(home: Home) -> None:
    never = await resident(home, "Never Asked", agreed=False)
    later = await resident(home, "Agreed Later", agreed=False)
    back = await resident(home, "Agreed Back", agreed=False)
    took_back = await resident(home, "Took Back")
    for who in (never, later, back, took_back):
        await fell(home, who, Verdict.REAL, ago_s=60)
    acts = home.services.acts
    await acts.grant(later, "dataset", actor="t")
    await acts.grant(back, "dataset", actor="t", since=datetime.now(UTC) - timedelta(days=1))
    await acts.withdraw(took_back, "dataset", actor="t")
    falls, left_out, _ = await exported(home)
    assert len(falls) == 1
    assert left_out["without_consent"] + left_out["undated_consent"] == 3
    assert left_out["undated_consent"] == int(not SystemClock().synchronised())


async def test_what_says_nothing_about_a_fall_is_left_out(home: Home) -> None:
    aino = await resident(home, "Aino Virtanen")
    await fell(home, aino, Verdict.TEST)
    await fell(home, aino, None)
    await home.desk.report(
        help_report(
            subject=Subject(type=SubjectType.RESIDENT, id=aino), at=datetime.now(UTC), device_identity="x",
            placement=None,
        )
    )  # fmt: skip
    falls, left_out, _ = await exported(home)
    assert (falls, left_out["unlabelled"]) == ([], 2)


@pytest.mark.parametrize("role", [None, Role.NURSE, Role.TECHNICIAN])
async def test_only_administrators_may(home: Home, role: Role | None) -> None:
    async with client(home, role) as caller:
        assert (await caller.get(PATH)).status_code == (401 if role is None else 403)


async def test_what_is_written_loads_as_a_data_set(home: Home, tmp_path: Path) -> None:
    aino = await resident(home, "Aino Virtanen")
    await fell(home, aino, Verdict.FALSE)
    await fell(home, aino, Verdict.REAL)
    await fell(home, aino, Verdict.NOT_CONFIRMED)
    folder = tmp_path / "export"
    async with client(home, Role.ADMIN) as admin:
        admin.base_url = "http://127.0.0.1/api/v1"
        assert (await command._export(admin, folder))[0] == 3
    trials = huoma.load(folder, position="chest")
    assert [(trial.name, trial.fall, trial.rate_hz) for trial in trials] == [
        ("false_001", False, 52.08), ("real_002", True, 52.08),
    ]  # fmt: skip
    assert np.isnan(trials[0].samples).any(axis=1).sum() == 1
    index = (folder / "trials.csv").read_text().splitlines()
    assert index[0] == "person,trial,verdict,position,model,probability,rate_hz,impact_s"
    assert len(index) == 4
    assert "Aino" not in "".join(path.read_text() for path in folder.rglob("*.csv"))


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old").write_text("something")
    with pytest.raises(SystemExit) as left:
        main(["dataset", "export", str(tmp_path)])
    assert left.value.code == Invalid.exit_status
    assert "is there already: name a new folder" in capsys.readouterr().err

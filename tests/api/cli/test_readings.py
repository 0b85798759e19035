"""`huoma readings`, over the store alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.cli.main import main
from api.settings import load
from gateway.core.clock import SystemClock
from gateway.core.subject import Origin
from gateway.ingest.ingest import Ingest
from gateway.store.database import Database
from gateway.store.stamp import Stamper
from tests.api.home import ZONE
from tests.api.http.test_unassigned import SCALE, weighed

SETTINGS = 'time_zone = "Europe/Helsinki"\ndata_dir = "data"\n'


def huoma(config: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([*words, "--config", str(config)])
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out.strip(), said.err.strip()


async def a_weighing(store: Path) -> None:
    clock = SystemClock()
    async with Database.open(store, clock=clock) as database:
        stamper = Stamper(Origin(organisation_id="o", home_id="h", gateway_id="g"), clock, boot_id="b")
        await Ingest(database, stamper, clock=clock, zone=ZONE).accept(weighed(90.0, clock))


@pytest.mark.slow
def test_a_shared_scale_at_the_prompt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "huoma.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    for name, weight in (("Aino", "70"), ("Bertta", "50")):
        assert huoma(config, capsys, "resident", "add", name)[0] == 0
        words = ("device", "assign", SCALE.address, "--resident", name, "--shared", "--weight", weight)
        assert huoma(config, capsys, *words)[0] == 0
    store = load(config).store_file
    asyncio.run(a_weighing(store))
    status, out, _ = huoma(config, capsys, "readings", "unassigned")
    reading, _, what, may_be, why = out.split("\t")
    assert (status, what, may_be) == (0, "weight: weight 90 kg", "Aino, Bertta")
    assert "a visitor, or a change" in why
    assert huoma(config, capsys, "readings", "assign", reading, "--resident", "Aino")[1] == (
        "1 reading(s) found their owner."
    )
    assert huoma(config, capsys, "readings", "unassigned")[1] == ""
    assert huoma(config, capsys, "readings", "reassign", reading)[2].endswith("--resident, or --nobody")
    assert huoma(config, capsys, "readings", "reassign", reading, "--nobody")[0] == 0
    assert "nobody's already" in huoma(config, capsys, "readings", "reassign", reading, "--nobody")[2]
    assert huoma(config, capsys, "readings", "dismiss", "nonsense")[0] == 1

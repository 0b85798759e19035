"""`huoma run --simulate` as a person starts it; with profiles taken away it knows less, because it has no side door."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.whole_path.processes import ROOT, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Story:
    """The lines on the terminal, with the second at which each came."""

    def __init__(self, process: subprocess.Popen[str], file: Path, ready: Path) -> None:
        self.process = process
        self._file = file
        self._ready = ready

    def text(self) -> str:
        return self._file.read_text()

    def tells(self, *words: str) -> bool:
        return any(all(word in line for word in words) for line in self.text().splitlines())

    def ready(self) -> dict[str, str]:
        ready: dict[str, str] = json.loads(self._ready.read_text())
        return ready


@contextmanager
def simulated(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Story]:
    """A simulated home on a copy of the profiles that lacks the files named."""
    profiles = folder / "program" / "firmware_profiles"
    shutil.copytree(ROOT / "firmware_profiles", profiles, ignore=shutil.ignore_patterns("__pycache__"))
    for name in without:
        (profiles / name).unlink()
    places = [str(folder / "program"), str(ROOT)]
    start = f"import sys; sys.path[:0] = {places!r}; from api.cli.main import main; main()"
    ready, story = folder / "ready.json", folder / "story.txt"
    with story.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", start, "run", "--simulate", "--ready-file", str(ready)],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "HUOMA_API__PORT": "0"},
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            until(lambda: ready.exists() or process.poll() is not None, within_s=30)
            assert process.poll() is None, story.read_text()
            yield Story(process, story, ready)
        finally:
            process.terminate()
            process.wait(20)


def test_a_day_in_a_minute(tmp_path: Path) -> None:
    began = time.monotonic()
    with simulated(tmp_path) as story:
        assert "SIMULATED" in story.text().splitlines()[0]
        until(lambda: story.tells("blood pressure: systolic"), within_s=30)
        print(f"first blood pressure {time.monotonic() - began:.1f} s after the start")
        until(lambda: story.tells("weight: weight"), within_s=30)
        ready = story.ready()
        assert Path(tmp_path / "ready.json").stat().st_mode & 0o077 == 0, "it holds a token"
        headers = {"Authorization": f"Bearer {ready['nurse_token']}"}
        with httpx.Client(base_url=f"{ready['url']}/api/v1", headers=headers, trust_env=False) as nurse:
            until(lambda: nurse.get("/alerts").json(), within_s=90)
            alert = nurse.get("/alerts").json()[0]
            assert (alert["kind"], alert["state"]) == ("fall", "raised")
            assert nurse.post(f"/alerts/{alert['id']}/acknowledge").status_code == 200
            until(lambda: story.tells("acknowledged by simulated nurse"), within_s=5)
            # The radar on the wall sees the same fall some seconds later: it joins, whoever has the alert by then.
            until(lambda: story.tells("the same alert: Fall suspected by the radar in the bedroom"), within_s=20)
            resolved = nurse.post(f"/alerts/{alert['id']}/resolve", json={"verdict": "test"})
            assert resolved.json()["verdict"] == "test"
            assert len(nurse.get("/alerts").json()) == 1, "one fall is one alert"
            (resident,) = nurse.get("/residents").json()
            until(lambda: nurse.get(f"/residents/{resident['id']}/days").json()["sensors"], within_s=65)
            days = nurse.get(f"/residents/{resident['id']}/days").json()
            assert [one["what"] for one in days["sensors"]] == ["the presence sensor in the bedroom"]  # the radar
            assert (days["days_learnt"], days["curve"]) == (0, [])
            assert nurse.get(f"/residents/{resident['id']}/week").json()["sudden"] == []
    assert story.process.returncode == 0, story.text()
    assert "Traceback" not in story.text()


@pytest.mark.parametrize(
    ("without", "seen"), [(("a_and_d.toml",), "generic"), (("a_and_d.toml", "generic.toml"), "unknown")]
)
def test_without_its_profile_the_cuff_is_generic_and_then_unknown(
    tmp_path: Path, without: tuple[str, ...], seen: str
) -> None:
    with simulated(tmp_path, without=without) as story:
        if seen == "generic":
            until(lambda: story.tells("A&D_UA-651BLE", "recognised as generic"), within_s=20)
            until(lambda: story.tells("blood pressure: systolic"), within_s=40)
            assert not story.tells("recognised as A&D")
        else:
            until(lambda: story.tells("unknown: A&D_UA-651BLE", "no profile"), within_s=20)
            until(lambda: story.tells("heart rate"), within_s=20)  # the strap has its profile still
            time.sleep(8)  # the cuff has measured and called for some seconds by now
            assert not story.tells("blood pressure:")

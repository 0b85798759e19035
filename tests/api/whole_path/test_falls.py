"""A strap's motion through radio, decoder, detector, desk and the API's event stream, at each rate the strap offers.

With recordings (HUOMA_DATA) a SisFall fall and a daily activity; without, made-up ones. Six straps in one home at once,
because this runs in real time.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from api.composition import Home, open_home
from api.settings import ApiSettings, ProfileSettings, RadioSettings, Settings
from device_drivers.virtual.hci_server import serve
from device_drivers.virtual.motion import Person
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from device_drivers.virtual.radio import virtual_radio
from gateway.core.clock import SystemClock
from gateway.ingest.intake import Listener
from gateway.store.users import Role

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

RATES = (200, 50, 25)
LEAD_S, TAIL_S = 4.0, 6.0
Array = NDArray[np.float64]


def recorded(folder: Path, trial: str) -> Array:
    """A SisFall trial in g at 200 Hz (ADXL345: 32/8192 g a step)."""
    subject = trial.split("_")[1]
    with np.load(folder / "sisfall" / f"{subject}.npz") as trials:
        return np.asarray(trials[trial], dtype=np.float64) * 32.0 / 8192.0


def made_up(*, falls: bool) -> Array:
    """15 s of the virtual home's person, who falls in the middle or walks on."""
    return Person(seed=11, fall_after_s=6.0 if falls else None).at(np.arange(15 * 200) / 200.0)


def worn(trial: Array, rate_hz: int) -> Array:
    """The trial between two stretches of standing or lying still, at the strap's rate."""
    rng = np.random.default_rng(3)
    still = [np.repeat(trial[i : i + 1], int(s * 200), axis=0) for i, s in ((0, LEAD_S), (-1, TAIL_S))]
    whole = np.concatenate([still[0], trial, still[1]])
    whole = whole + 0.004 * rng.standard_normal(whole.shape)
    return np.asarray(resample_poly(whole, 1, 200 // rate_hz, axis=0, padtype="line"))


def profiles(folder: Path) -> None:
    """The H10 as three models that stream at one rate each: told apart by their names."""
    text = (Path(__file__).parents[3] / "firmware_profiles" / "polar.toml").read_text()
    for rate in RATES:
        own = text.replace('model = "H10"', f'model = "H10 at {rate} Hz"')
        own = own.replace('name = "Polar H10 *"', f'name = "Polar H10 {rate:03d}*"')
        own = own.replace("rates_hz = [25, 50, 100, 200]", f"rates_hz = [{rate}]")
        assert own.count(str(rate)) >= 3
        (folder / f"polar-{rate}.toml").write_text(own)


class Alerts:
    """What a nurse's client hears on the event stream."""

    def __init__(self) -> None:
        self.raised: dict[str, tuple[dict[str, Any], float]] = {}

    async def listen(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        timeout = httpx.Timeout(30.0)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=timeout) as client,
            client.stream("GET", f"{url}/api/v1/alerts/stream", headers=headers) as response,
        ):
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    alert = json.loads(line.removeprefix("data:"))
                    if "resident_id" in alert and alert["resident_id"] not in self.raised:  # else "caught-up"
                        self.raised[alert["resident_id"]] = (alert, asyncio.get_running_loop().time())


@asynccontextmanager
async def home_with(
    folder: Path, straps: dict[str, ArraySource], started: Callable[[str], None]
) -> AsyncIterator[tuple[Home, dict[str, str], Alerts]]:
    """A home whose straps, by serial number, are each worn by a resident of their own: {serial: resident id}."""
    (folder / "profiles").mkdir()
    profiles(folder / "profiles")
    settings = Settings(
        data_dir=folder / "data",
        time_zone="Europe/Helsinki",
        api=ApiSettings(port=0),
        radio=RadioSettings(kind="bumble", transport=f"unix-client:{folder / 'hci'}"),
        profiles=ProfileSettings(folders=(folder / "profiles",)),
    )
    async with virtual_radio() as radio, serve(f"unix-server:{folder / 'hci'}", radio.dongle()):
        made = {
            serial: HeartRateStrap(radio, motion=source, serial=serial, address=f"A0:9E:1A:00:00:{i:02X}")
            for i, (serial, source) in enumerate(straps.items())
        }
        async with open_home(settings, clock=SystemClock(), listener=Listener(), rng=random.Random(1)) as home:
            residents: dict[str, str] = {}
            for serial, strap in made.items():
                resident = await home.acts.add_resident(f"wearer of {serial}", actor="test")
                await home.acts.assign(strap.address, resident.id, actor="test", placement="chest")
                residents[serial] = resident.id
            alerts = Alerts()
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(alerts.listen(home.url, home.tokens.temporary("a nurse", Role.NURSE)))
                for serial, strap in made.items():
                    await strap.power_on()
                    await strap.wear()
                    tasks.create_task(_told(strap, serial, started))
                yield home, residents, alerts
                listening.cancel()


async def _told(strap: HeartRateStrap, serial: str, started: Callable[[str], None]) -> None:
    await strap.first_stream.wait()
    started(serial)


async def test_fall_is_raised_and_activity_is_not_at_each_rate(tmp_path: Path, recordings: Path | None) -> None:
    if recordings is None:
        fall, activity = made_up(falls=True), made_up(falls=False)
    else:
        fall, activity = recorded(recordings, "F05_SA03_R01"), recorded(recordings, "D18_SA03_R01")
    sources = {}
    for rate in RATES:
        sources[f"{rate:03d}00FA11"] = ArraySource(worn(fall, rate))
        sources[f"{rate:03d}00AC11"] = ArraySource(worn(activity, rate))
    began: dict[str, float] = {}
    all_began = asyncio.Event()
    impact_s = LEAD_S + float(np.argmax(np.linalg.norm(fall, axis=1))) / 200.0
    longest = LEAD_S + max(len(fall), len(activity)) / 200.0 + TAIL_S

    def started(serial: str) -> None:
        began[serial] = asyncio.get_running_loop().time()
        if len(began) == len(sources):
            all_began.set()

    async with home_with(tmp_path, sources, started) as (home, residents, alerts):
        async with asyncio.timeout(20):
            await all_began.wait()
        await asyncio.sleep(longest)
        for rate in RATES:
            fallen = residents[f"{rate:03d}00FA11"]
            assert fallen in alerts.raised, f"no fall was raised at {rate} Hz"
            alert, at = alerts.raised[fallen]
            assert (alert["kind"], alert["state"], alert["priority"]) == ("fall", "raised", "high")
            delay = at - (began[f"{rate:03d}00FA11"] + impact_s)
            print(f"{rate} Hz: on the event stream {delay:.2f} s after the impact")
            assert delay <= 5.0
            assert residents[f"{rate:03d}00AC11"] not in alerts.raised, f"an activity raised an alert at {rate} Hz"
        found = await home.desk.store.evidence(alerts.raised[residents["20000FA11"]][0]["id"])
        evidence = json.loads(found[0].content)
        peak = np.linalg.norm(np.array(evidence["samples"], dtype=float), axis=1)
        assert len(peak) == pytest.approx(10 * evidence["rate_hz"], abs=2)
        at_s = evidence["start_s"] + float(np.argmax(peak)) / evidence["rate_hz"]
        assert abs(at_s) < 0.3, "the greatest blow is near the impact of which the evidence speaks"

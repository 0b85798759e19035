"""The data sets by name: who loads them, where their sensors were worn, and at which rate their trials are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from analytics.datasets import huoma, sisfall, umafall, weda
from analytics.datasets.recordings import Refused
from analytics.datasets.resampling import matched
from analytics.datasets.trials import DatasetError, Trial

SLOWEST_HZ: Final = 12.5  # two of UMAFall's trials lost so much that their mean rate is below


class Load(Protocol):
    """What every loader is."""

    def __call__(
        self, folder: Path, wanted: Iterable[str] | None, position: str, *, refused: Refused | None = None
    ) -> list[Trial]:
        """Trials of the wanted people (all when None) at one position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One published set of recordings.

    Attributes:
        name: as the commands call it.
        title: as its authors call it.
        source: where it was published.
        positions: where sensors were worn, the first is meant when nobody says.
        rate_hz: the rate at which its trials are compared and joined: one for all, whatever each trial has.
        load: its loader.
    """

    name: str
    title: str
    source: str
    positions: tuple[str, ...]
    rate_hz: float
    load: Load

    def trials(
        self,
        folder: Path,
        wanted: Iterable[str] | None = None,
        position: str | None = None,
        *,
        native: bool = False,
        refused: Callable[[str], None] | None = None,
    ) -> list[Trial]:
        """Trials at the set's one rate; when `native` each at its own, or at the slowest that the detector takes.

        Raises:
            DatasetError: unknown layout, person or position, or a damaged file when nobody is told of it (`refused`).
        """
        found = self.load(folder, wanted, position or self.positions[0], refused=refused)
        if not native:
            return matched(found, self.rate_hz)
        return [trial if trial.rate_hz >= SLOWEST_HZ else matched([trial], SLOWEST_HZ)[0] for trial in found]


def dataset(name: str) -> Dataset:
    """The set of that name.

    Raises:
        DatasetError: there is none.
    """
    try:
        return DATASETS[name]
    except KeyError:
        raise DatasetError(f"there is no dataset {name!r}; known are: {', '.join(DATASETS)}.") from None


# UMAFall's trials have 11.6–20.4 Hz. WEDA-FALL's falls have 39.5–40.8 Hz and its activities 48.2–50.9 Hz: at 39 Hz
# both keep what lies below 16 Hz.
DATASETS: Final[Mapping[str, Dataset]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Dataset(
                name="sisfall",
                title="SisFall",
                source="Sucerquia, López, Vargas-Bonilla, Sensors 2017, 17:198",
                positions=sisfall.POSITIONS,
                rate_hz=sisfall.RATE_HZ,
                load=sisfall.load,
            ),
            Dataset(
                name="umafall",
                title="UMAFall",
                source="Casilari, Santoyo-Ramón, Cano-García, Procedia Computer Science 2017, 110:32–39",
                positions=umafall.POSITIONS,
                rate_hz=umafall.SENSOR_HZ,
                load=umafall.load,
            ),
            Dataset(
                name="weda",
                title="WEDA-FALL",
                source="Marques, Moreno, Sensors 2023, 23:1146",
                positions=weda.POSITIONS,
                rate_hz=39.0,
                load=weda.load,
            ),
            Dataset(
                name="huoma",
                title="Huoma",
                source="falls and false alarms with a nurse's verdict, written by `huoma dataset export`",
                positions=huoma.POSITIONS,
                rate_hz=huoma.RATE_HZ,
                load=huoma.load,
            ),
        )
    }
)

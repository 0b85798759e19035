"""Which recordings teach the detector, and as which devices each set is heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from analytics.training.augmentation import AS_RECORDED, Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One position of one set.

    Attributes:
        dataset: its name.
        position: where the sensor was worn.
        before: other things happen before its falls than in the recordings, too.
        aid: it only helps to teach another position, as slow devices hear it; no threshold or calibration is of it.
        slow: it teaches to judge another set's device of few samples a second, and is heard as such ones hear it.
        to_bed: it is what its people would do going to bed, made of two recordings each; it only helps to teach.
    """

    dataset: str
    position: str
    aid: bool = False
    before: bool = False
    slow: bool = False
    to_bed: bool = False

    @property
    def counts(self) -> bool:
        """Whether thresholds and calibrations are of it."""
        return not (self.aid or self.to_bed)


# As which devices the sets are heard. Thresholds and figures are taken from the first, the recording itself.
CHAINS: Final[Mapping[str, tuple[Chain, ...]]] = MappingProxyType(
    {
        "sisfall": (
            AS_RECORDED,
            Chain(rate_hz=200.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.06, rotated=True),
            Chain(rate_hz=100.0, gain=0.08, bias_g=0.03, noise_g=0.01, stretch=0.08, rotated=True),
            Chain(rate_hz=50.0, filtered=False, gain=0.03, bias_g=0.03, noise_g=0.01, clip_g=8.0, stretch=0.04, lost=2),
            Chain(rate_hz=25.0, filtered=False, gain=0.03, bias_g=0.03, noise_g=0.01, clip_g=8.0, stretch=0.04),
            Chain(rate_hz=20.0, gain=0.05, bias_g=0.03, noise_g=0.01, clip_g=8.0, stretch=0.04),
            AS_RECORDED,  # in two more orders: what stands before and after a trial is no part of it
            AS_RECORDED,
        ),
        "umafall": (
            AS_RECORDED,
            Chain(gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05),
            Chain(gain=0.08, bias_g=0.04, noise_g=0.02, clip_g=8.0, stretch=0.08),
            Chain(gain=0.08, bias_g=0.04, noise_g=0.02, clip_g=4.0, stretch=0.08, lost=2),
        ),
        "weda": (
            AS_RECORDED,
            Chain(gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05),
            Chain(gain=0.08, bias_g=0.04, noise_g=0.02, stretch=0.08),
            Chain(rate_hz=25.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05, lost=2),
            Chain(rate_hz=20.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05),
        ),
    }
)
# As devices of 20 and 25 Hz hear what was recorded faster: nobody knows of a new one whether it filters.
_SLOW: Final = (
    Chain(rate_hz=25.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05, lost=2),
    Chain(rate_hz=20.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05),
    Chain(rate_hz=20.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.08),
    Chain(rate_hz=20.0, filtered=False, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05),
    Chain(rate_hz=25.0, filtered=False, gain=0.08, bias_g=0.03, noise_g=0.02, stretch=0.08),
    Chain(rate_hz=20.0, filtered=False, gain=0.1, bias_g=0.05, noise_g=0.03, clip_g=8.0, stretch=0.1),
    Chain(rate_hz=20.0, gain=0.1, bias_g=0.05, noise_g=0.03, stretch=0.1, sudden=True),
)
_SLOW_SUDDEN: Final = Chain(rate_hz=25.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05, sudden=True)
# What was before a fall says little in a small set: recordings without what led to the blow, and in other orders.
_SUDDEN: Final = Chain(gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.05, sudden=True)
_BEFORE: Final = (_SUDDEN, _SUDDEN, AS_RECORDED, AS_RECORDED)
# The wrist moves in more ways than the trunk, and fewer falls of it were recorded.
_MORE: Final[Mapping[str, tuple[Chain, ...]]] = MappingProxyType(
    {
        "umafall": (
            Chain(gain=0.03, bias_g=0.03, noise_g=0.01, stretch=0.1),
            Chain(gain=0.1, bias_g=0.03, noise_g=0.01, stretch=0.03),
            Chain(gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.08),
            Chain(bias_g=0.03, noise_g=0.01),
        ),
        "weda": (
            Chain(gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.1),
            Chain(rate_hz=20.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.08),
        ),
    }
)
_TRUNK: Final = (
    Source(dataset="sisfall", position="waist"),
    Source(dataset="umafall", position="waist", before=True),
    Source(dataset="umafall", position="chest", before=True),
)
_WRIST: Final = (
    Source(dataset="umafall", position="wrist", before=True),
    Source(dataset="weda", position="wrist", before=True),
)
# Left out of the wrist's teachers, SisFall is missed by UMAFall's wrist: one in a hundred judged otherwise.
_AID: Final = Source(dataset="sisfall", position="waist", aid=True)
_SLOW_HZ: Final = 25.0
# What each model is taught by. Where nobody says where a device is worn, it may be anywhere.
TEACHERS: Final[Mapping[str, tuple[Source, ...]]] = MappingProxyType(
    {
        "trunk": _TRUNK,
        "wrist": (*_WRIST, _AID),
        "any": (*_TRUNK, *_WRIST, Source(dataset="umafall", position="ankle")),
    }
)


def chains(source: Source) -> tuple[Chain, ...]:
    """As which devices a source is heard; the first is the recording itself, unless it is an aid or slow."""
    if source.aid:
        return tuple(chain for chain in CHAINS[source.dataset] if chain.rate_hz and chain.rate_hz <= _SLOW_HZ)
    if source.slow:
        return (*_SLOW, _SLOW_SUDDEN) if source.before else _SLOW
    more = _MORE.get(source.dataset, ()) if source.position == "wrist" else ()
    return (*CHAINS[source.dataset], *more, *(_BEFORE if source.before else ()))


def recorded(source: Source) -> tuple[int, ...]:
    """Which of a source's chains are the recording itself, each in another order."""
    return tuple(number for number, chain in enumerate(chains(source)) if chain == AS_RECORDED)


# Models that nobody is measured by: what their thresholds need is made, fold models of their own are not.
ALONE: Final = frozenset({"any"})
# Of four networks each. At the trunk one group alone misses or raises a few trials more or less with every fit.
GROUPS: Final[Mapping[str, int]] = MappingProxyType({"trunk": 2})
# Made by an earlier version, on features of phases too: what would be made now raises more of SisFall's near-falls.
KEPT: Final = frozenset({"trunk"})

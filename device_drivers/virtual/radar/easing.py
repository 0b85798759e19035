"""How a movement is spread over its time."""

from __future__ import annotations

from enum import StrEnum


class Ease(StrEnum):
    """Shapes of movements."""

    EVEN = "even"  # walking
    SMOOTH = "smooth"  # whoever sits down begins and ends gently
    FALLING = "falling"  # faster and faster until the floor


def eased(ease: Ease, share: float) -> float:
    """How much of the way is done after this share of the time."""
    if ease is Ease.EVEN:
        return share
    if ease is Ease.FALLING:
        return share * share
    return share * share * (3.0 - 2.0 * share)


def slope(ease: Ease, share: float) -> float:
    """How fast, as a multiple of the average speed."""
    if ease is Ease.EVEN:
        return 1.0
    if ease is Ease.FALLING:
        return 2.0 * share
    return 6.0 * share * (1.0 - share)

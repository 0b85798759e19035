"""Weeks that were not like the others: in them, and shortly after, less is known of what is usual."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import minutes as cut
from analytics.activity.habits import DAY

WEEK: Final = 7
DEAF_MIN: Final = 120  # of a day; a gateway that is started anew is back within minutes
GUEST_DAYS: Final = 2  # with company within a week: of made-up homes without a guest none had so many


def within_a_week(days: NDArray[np.bool_], least: int = 1) -> NDArray[np.bool_]:
    """Whether so many of the seven days before each were such ones, and before the one that is to come.

    Args:
        days: bool (…, days).
        least: how many.

    Returns:
        bool (…, days + 1).
    """
    total = np.cumsum(np.insert(days, 0, False, axis=-1), axis=-1)
    earlier = np.concatenate([np.zeros_like(total[..., :WEEK]), total[..., :-WEEK]], axis=-1)
    return np.asarray(total - earlier[..., : total.shape[-1]] >= least)


def unlike(
    place: NDArray[np.int8],
    listening: NDArray[np.bool_],
    company: NDArray[np.bool_],
    late: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Days within a week after one that was away or not listened to, lived by an old clock, or with a guest.

    Each, and the one that is to come, by the days before it only.

    Args:
        place: of the resident at each minute's end, int8 (days * 1440,).
        listening: minutes in which the home was heard, bool (days * 1440,).
        company: days with more people than usual, bool (days,).
        late: days on which the resident may live by the clock before a change, bool (days,); these count themselves,
            too, because it is known beforehand. None: there are none.

    Returns:
        bool (days + 1,).
    """
    deaf = (~listening).reshape(-1, DAY).sum(axis=1) >= DEAF_MIN
    away = cut.away(place).reshape(-1, DAY).any(axis=1)
    late = np.zeros_like(deaf) if late is None else late
    found = within_a_week(deaf | away | late) | within_a_week(company, GUEST_DAYS)
    return np.asarray(found | np.append(late, False))

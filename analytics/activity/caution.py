"""More patience while the gateway knows that it hears less than usual, or after days that were not like the others.

A sensor that failed must call nobody. Without it the others hear less, and what is usual of them alone was never told
apart from chance as well as what is usual of all. So while a sensor is out or on probation half as many false alerts
are promised, and what would call must go on for an hour more: most of what calls falsely then is over sooner. A sensor
less never makes a threshold lower than all of them together had it. In the weeks after clocks were changed, and in the
one after nobody listened, an absence or a guest, a third are promised; and of changes in all of these times.

A sensor fails without a word. Of one that says each hour that it lives that is known two hours later; of one that
speaks only when somebody moves, when it has been missed for long enough (`outages`). Until then its silence looks like
stillness. So a quiet calls only if it would call had any one sensor failed after its last word, too; or if it goes on
for two hours more. Of one that is missed more than ever it is asked what is asked while a sensor is doubted, or that it
goes on for a night. Who sits before such a sensor each evening is not called for when it fails, and whoever lies there
is noticed some minutes later on average: where hardly anything is heard without that sensor, nothing else would ever
call.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytics.activity.promise import threshold_h

LESS: Final = 0.3  # of a promise, in weeks that were not like the others and for changes
DOUBTED: Final = 0.5  # for quiets while a sensor is doubted: these must go on for `DOUBTED_MIN`, too
HELD_MIN: Final = 120  # a quiet that would call is held back for no longer, whatever sensor may have failed
HELD_SUSPECTED_MIN: Final = 8 * 60  # by one that is missed: a night, in which nothing more is learnt of it
# While a sensor is doubted. In 200 made-up homes with a dead battery, four weeks each, 10 of the 13 quiets that would
# have called falsely ended within 21 minutes of it, and one of 40 homes that were looked at later within an hour.
DOUBTED_MIN: Final = 60
_Past: TypeAlias = tuple[NDArray[np.float64], float]


def careful_h(per_month: float, known: _Past, whole: _Past | None = None, *, careful: bool = False) -> float:
    """The threshold of inactivity.

    Args:
        per_month: false alerts promised when everything is as usual.
        known: how high the statistic went in each quiet of the past as the sensors that are believed had it, hours,
            float64 (quiets,), and how long that past was listened to, hours.
        whole: likewise as all sensors had it until the first of those that are doubted failed; None: all are believed.
        careful: whether the week was not like the others, or clocks were changed in it.
    """
    if whole is None:
        return threshold_h(per_month * (LESS if careful else 1.0), *known)
    less = LESS if careful else DOUBTED
    return max(threshold_h(per_month * less, *one) for one in ((known, whole) if whole[1] else (known,)))

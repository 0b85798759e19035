"""HTTP statuses as rulings: the same for every receiver that speaks HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gateway.delivery.sink import Answer, Ruling


def judge_status(status: int, detail: str, retry_after_s: float | None = None, *, whole: bool = True) -> Answer:
    """What the worker is to do about a status; `detail` must hold no personal data."""
    words = f"{status} {detail}".strip()
    ruling = Ruling.REFUSED
    if 200 <= status < 300:
        ruling = Ruling.ACCEPTED
    elif status == 401:
        ruling = Ruling.UNAUTHORISED
        words = f"refuses our token ({words}): renew it in the settings"
    elif status == 403:
        ruling = Ruling.FORBIDDEN
        words = f"does not permit it ({words}): give the gateway the right, or withdraw the consent"
    elif status in (404, 410):
        ruling = Ruling.NO_PATIENT
        words = f"does not find it ({words}): is the address right, and does what it names exist there?"
    elif status in (409, 412):
        ruling = Ruling.CONFLICT
    elif 300 <= status < 400:
        ruling = Ruling.BUSY
        words = f"redirects us ({words}), which we do not follow: set its true address"
    elif status in (408, 423, 425, 429) or status >= 500:
        ruling = Ruling.BUSY
        words = f"is busy or broken ({words})"
    return Answer(ruling=ruling, words=words, retry_after_s=retry_after_s, whole=whole, spoke=True)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header in either of its forms; None when there is none or it cannot be read."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def unreachable(error: Exception) -> Answer:
    """No connection: nothing was sent."""
    mistrusted = "CERTIFICATE" in f"{type(error).__name__} {error}".upper()
    reason = "its certificate is not trusted" if mistrusted else "cannot be reached"
    mend = "check its certificate, or ca_file in the settings" if mistrusted else "check the address and the network"
    return Answer(ruling=Ruling.BUSY, words=f"{reason} ({type(error).__name__}): {mend}", whole=True)

"""What is said of a signal, a clock, a measurement: sentences that end with what to do."""

from __future__ import annotations

from typing import Final

from gateway.ingest.received import ClockMeasurement

# A packet error rate of 30 % begins near −90 dBm on common chips; a person or a closed door between costs 10–20 dB.
STRONG_DBM: Final = -70
WEAK_DBM: Final = -85
CLOCK_RIGHT_WITHIN_S: Final = 2.0


def signal_word(rssi: int | None) -> str:
    """strong, fair, weak; or unknown."""
    if rssi is None:
        return "unknown"
    return "strong" if rssi >= STRONG_DBM else "fair" if rssi > WEAK_DBM else "weak"


def signal(rssi: int | None) -> str:
    """Judged where it stands now."""
    match signal_word(rssi):
        case "unknown":
            return "Its signal is not known."
        case "strong":
            return f"Its signal is strong ({rssi} dBm)."
        case "fair":
            return f"Its signal is fair ({rssi} dBm): try it once where it is used."
        case _:
            return f"Its signal is weak ({rssi} dBm): move the gateway nearer to its place, or add an adapter there."


def span(seconds: float) -> str:
    """A length of time for people: "7 s", "5 min", "3 h", "12 days"."""
    whole = abs(seconds)
    if whole < 120:
        return f"{whole:.0f} s"
    if whole < 7200:
        return f"{whole / 60:.0f} min"
    if whole < 2 * 86400:
        return f"{whole / 3600:.0f} h"
    return f"{whole / 86400:.0f} days"


def clock_word(clock: ClockMeasurement | None) -> str:
    """none, right, set, wrong."""
    if clock is None:
        return "none"
    if clock.was_set:
        return "set"
    return "right" if abs(clock.offset_s) <= CLOCK_RIGHT_WITHIN_S + clock.uncertainty_s else "wrong"


def clock(measured: ClockMeasurement | None, *, synchronised: bool) -> str:
    """How its clock was, and what was done about it."""
    if measured is None:
        return "It has no clock that can be read: measurements count from when they arrive."
    aside = "ahead" if measured.offset_s > 0 else "behind"
    was = f"{span(measured.offset_s)} {aside}"
    right = abs(measured.offset_s) <= CLOCK_RIGHT_WITHIN_S + measured.uncertainty_s
    match clock_word(measured):
        case "set":
            before = "right" if right else was
            return f"Its clock was {before}; it was set and read back right."
        case "right":
            return "Its clock is right."
        case _ if not synchronised:
            return (
                f"Its clock is {was} and was not set, because the gateway's own clock is not synchronised: connect the "
                "gateway to the internet. Times are corrected by the measured difference."
            )
        case _:
            return (
                f"Its clock is {was} and did not let itself be set: set it on the device. Times are corrected by the "
                "measured difference."
            )


def kinds(names: tuple[str, ...]) -> str:
    """For people: "blood pressure", "heart rate and motion"."""
    spoken = [name.replace("-", " ") for name in names]
    return " and ".join([", ".join(spoken[:-1]), spoken[-1]] if len(spoken) > 1 else spoken) or "measurement"

"""How a pairing ended, in words: "Ready: …", or exactly what is missing and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from firmware_profiles import Profile
from gateway.core.words import with_article
from gateway.pairing import sentences
from gateway.pairing.model import Candidate, PairingRequest, Phase

LOW_BATTERY_PERCENT: Final = 20


def ready(model: str, found: Mapping[str, Any]) -> str:
    """A first measurement is there."""
    first = found.get("first", {})
    parts = [f"Ready: {model}."]
    if first:
        at = datetime.fromisoformat(first["at"])
        parts.append(f"{sentences.kinds(tuple(first['kinds'])).capitalize()} arrived ({at:%H:%M:%S} UTC).")
    clock = found.get("clock", {}).get("state")
    if clock == "wrong":
        parts.append("Its clock is wrong and was not set: times are corrected by the difference; set it by hand.")
    elif clock in ("set", "right"):
        parts.append("Its clock is right.")
    battery = found.get("battery_percent")
    if battery is not None:
        advice = ": change it soon" if battery <= LOW_BATTERY_PERCENT else ""
        parts.append(f"Battery {battery} %{advice}.")
    parts.append(sentences.signal(found.get("rssi")))
    return " ".join(parts)


def not_proven(model: str, missing: str, waited_s: float, arrived: Collection[str]) -> str:
    """Paired and given to the resident, but that is all."""
    came = f" ({sentences.kinds(tuple(arrived))} did)" if arrived else ""
    return (
        f"Not proven: the {model} is paired and given to the resident, but no {sentences.kinds((missing,))} came in "
        f"{sentences.span(waited_s)}{came}. Measure once: 'huoma devices' shows when it was read. If it never comes, "
        "run 'huoma unpair' and pair it anew nearer to the gateway."
    )


def another_model(address: str, found: Profile, asked: Profile) -> str:
    """It is heard under the name of another model."""
    heard = with_article(f"{found.vendor} {found.model}")
    return (
        f"{address} is {heard}, not the {asked.vendor} {asked.model} that was asked for: choose the "
        "other device, or the other model."
    )


NOTHING: Final = "Nothing was changed."


def cancelled(owned: bool | None) -> str:
    """The technician gave up."""
    if owned is None:
        return f"Cancelled. {NOTHING}"
    if owned:
        return "Cancelled: the device stays with whom it belonged to before."
    return "Cancelled: nothing was changed, the device belongs to nobody."


def user_stays(verdict: str) -> str:
    """Of a resident whose user was lost on the device, and whom it has made anew."""
    return f"{verdict} It did not know the resident's user any more and made a new one, who stays the resident's."


def taken_away(model: str, whose: str) -> str:
    """Somebody gave it to another, or took it away, while it was being paired."""
    if not whose:
        return f"The {model} was taken away from the resident while it was being paired: pair it anew."
    return f"The {model} was given to {whose} while it was being paired, and is theirs: see 'huoma devices'."


def lost_places(verdict: str, names: str) -> str:
    """The device made new users in the places of these."""
    return f"{verdict} {names} had a place on it that a new user has now: pair it again for each." if names else verdict


def readings_stop(verdict: str, address: str) -> str:
    """Of a device in use whose old bond was removed and which did not make a new one."""
    return (
        f"{verdict.replace(f' {NOTHING}', '')} It still belongs to whom it did, but its old bond is gone, so its "
        f"readings stop until it is paired again: clear its pairings, put it into pairing mode, and pair {address}."
    )


def calls_itself(said: str, asked: str) -> str:
    """Its own word against its name."""
    return (
        f"It calls itself {said}, which is another model than the {asked} that its name stands for: look at its label, "
        "and choose that model."
    )


def bind_key_needed(why: str) -> str:
    """The question for it."""
    wrong = "The bind key does not open it. " if why == "wrong-key" else ""
    return f"{wrong}Enter its bind key: 32 hexadecimal digits, which its maker's app shows."


def no_profile(one: Candidate) -> str:
    """Nothing tells what it is."""
    return (
        f"No profile knows {one.name or 'this device'} ({one.address}): record it with 'huoma capture {one.address} -o "
        "FILE' and make a profile of it (docs/device-author.md)."
    )


def not_believed(why: str, address: str | None) -> str:
    """A press that proves nothing."""
    return (
        f"The press could not be believed: {why}. Enter the bind key: 32 hexadecimal digits, which its maker's app "
        f"shows; or, if it is meant to send unencrypted, run 'huoma device key {address} --forget'. Then press again."
    )


def does_not_pair(why: str) -> str:
    """It was tried twice, without an old key the second time."""
    return (
        f"It does not pair: {why}. It is not in pairing mode, or it is bonded to a phone or another gateway and has no "
        "place for a second: clear its pairings as its manual says, switch Bluetooth off on phones nearby, and follow "
        "the steps from the first."
    )


def timed_out(
    phase: Phase,
    model: str | None,
    waited_s: float,
    candidates: Collection[Candidate],
    address: str | None,
    request: PairingRequest,
) -> str:
    """Nothing came of it."""
    waited, what, nothing = sentences.span(waited_s), model or "device", NOTHING
    if phase is Phase.LOOKING:
        mine = [one for one in candidates if request.profile_id in (None, one.profile_id) and one.profile_id]
        if mine:
            return f"Nobody chose among the devices that call within {waited}. {nothing} Begin again, and select one."
        return (
            f"No {what} was heard in {waited}. {nothing} Hold it within two metres of the gateway, put it into pairing "
            "mode as the steps say, and begin again; 'huoma doctor' tells whether the radio works."
        )
    heard = next((one for one in candidates if one.address == address), None)
    if phase is Phase.CALLING and heard is None:
        return (
            f"{address} was not heard in {waited}. {nothing} Look whether the address is right and the batteries are "
            "good, and put it into pairing mode beside the gateway."
        )
    if phase is Phase.CALLING:
        return (
            f"The {what} is heard but did not get through in {waited}. {nothing} {sentences.signal(heard.rssi)} "
            "Put it into pairing mode again as the steps say."
            if heard is not None
            else nothing
        )
    return f"The {what} answered, but pairing did not come to its end in {waited}. {nothing} Follow the steps anew."

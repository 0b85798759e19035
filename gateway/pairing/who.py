"""Who a device says it is, and whether that can be."""

from __future__ import annotations

from typing import Any

from firmware_profiles import Catalogue, Profile
from gateway.core.words import with_article
from gateway.ingest.received import ClockMeasurement, KnownDevice
from gateway.pairing import sentences


def other_model(catalogue: Catalogue, profile: Profile | None, said: str | None) -> str | None:
    """The model of another profile of this vendor, when the device says it is that one."""
    if said is None or profile is None or profile.generic or said.casefold() == profile.model.casefold():
        return None
    others = [one for one in catalogue.profiles if one.vendor == profile.vendor and one is not profile]
    return next((one.model for one in others if one.model.casefold() == said.strip().casefold()), None)


def learnt(device: KnownDevice) -> dict[str, Any]:
    """What is kept of it for the report."""
    said = device.information
    return {
        "identity": device.identity,
        "vendor": device.vendor,
        "model": device.model,
        "profile": device.profile_id,
        "firmware": said.firmware,
        "battery_percent": said.battery_percent,
        "adapter": device.adapter,
    }


def introduction(model: str, device: KnownDevice) -> str:
    """A sentence for people."""
    said = device.information
    parts = [f"It is {with_article(model)}"]
    parts += [f"firmware {said.firmware}"] if said.firmware else []
    parts += [f"battery {said.battery_percent} %"] if said.battery_percent is not None else []
    return f"{', '.join(parts)}."


def sentence(error: Exception) -> str:
    """An error's text as a sentence."""
    words = capital(str(error))
    return words if words.endswith(".") else f"{words}."


def capital(words: str) -> str:
    """The first letter large, the others as they are."""
    return words[:1].upper() + words[1:]


def model_of(profile: Profile | None, device: KnownDevice | None) -> str:
    """What sentences call it: by its profile; one that only the generic profile knows by its own word."""
    if device is not None and (profile is None or profile.generic):
        return f"{device.vendor} {device.model}".strip()
    return "device" if profile is None else f"{profile.vendor} {profile.model}"


def steps_of(profile: Profile | None, language: str) -> tuple[str, ...]:
    """What the technician does, in the language asked for where there is one."""
    told = {} if profile is None else profile.pairing
    return tuple(told.get(language) or told.get("en") or ())


def clock_found(offset: ClockMeasurement) -> dict[str, Any]:
    """What is noted of its clock."""
    return {
        "state": sentences.clock_word(offset),
        "offset_s": round(offset.offset_s, 1),
        "uncertainty_s": round(offset.uncertainty_s, 2),
    }

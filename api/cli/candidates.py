"""The devices that may be meant when the gateway asks which one, as `gateway.pairing.choice` sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def possible(pairing: Mapping[str, Any], profile: str | None) -> list[Mapping[str, Any]]:
    """Those of the asked model that call and are not another resident's; the strongest first.

    Args:
        pairing: as GET /pairings/{id} gives it.
        profile: the model that was asked for; None: whatever calls.
    """
    from gateway.pairing.choice import STALE_S

    def may_be_meant(one: Mapping[str, Any]) -> bool:
        if one["profile"] is None or one["pairing"] is False or one["seconds_ago"] > STALE_S:
            return False
        if profile is not None and one["profile"] != profile:
            return False
        many = pairing["shared"] or pairing["user_slot"] is not None
        return many or one["owner"] in (None, pairing["resident_id"])

    found = [one for one in pairing["candidates"] if may_be_meant(one)]
    calling = [
        one for one in found if one["pairing"]
    ]  # who says that it wants to be paired goes before who says nothing
    return sorted(calling or found, key=lambda one: (-one["rssi"], one["address"]))


def lines(devices: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A numbered line for each."""
    for number, one in enumerate(devices, start=1):
        mode = " · in pairing mode" if one["pairing"] else ""
        owner = f" · already belongs to {one['owner_name'] or one['owner']}" if one["owner"] else ""
        yield f"{number:3}  {one['model']}  {one['address']}  {one['signal']} ({one['rssi']} dBm){mode}{owner}"

"""How a device of somebody's is: read, heard, its battery, its signal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from gateway.core.clock import Clock
from gateway.doctor.findings import Finding, ok, warn
from gateway.pairing.sentences import signal_word, span
from gateway.pairing.verdict import LOW_BATTERY_PERCENT
from gateway.store.assignments import Assignment
from gateway.store.devices import DeviceRow

# People measure each few days; a strap or sensor that is silent this long is not worn. Being heard is no excuse: a
# device may call each morning and give nothing.
SILENT_S: Final = 3 * 86_400.0
_UNREAD: Final = "address:"
_BEHIND_BROKER: Final = ("eui64:", "serial:")  # has no address of the radio


class Seen(Protocol):
    """One device that the radio hears (`gateway.radio.seen.Seen`)."""

    @property
    def address(self) -> str: ...
    @property
    def rssi(self) -> int: ...
    @property
    def heard_monotonic(self) -> float: ...
    @property
    def last_useful_monotonic(self) -> float | None: ...
    @property
    def state(self) -> str: ...


def with_rows(assigned: Iterable[Assignment], rows: Iterable[DeviceRow]) -> dict[str, DeviceRow | None]:
    """The devices that belong to somebody, by address; None: never read.

    An assignment that was made before the first reading names the address, and goes on doing so; one made later names
    the identity.

    `rows` come with the latest read first: of several under one address the latest counts.
    """
    by_key: dict[str, DeviceRow] = {}
    for row in rows:
        by_key.setdefault(row.identity, row)
        by_key.setdefault(f"{_UNREAD}{row.address}", row)
    owned: dict[str, DeviceRow | None] = {}
    for one in assigned:
        found = by_key.get(one.device_identity)
        owned[one.device_identity.removeprefix(_UNREAD) if found is None else found.address] = found
    return owned


def never_read(address: str) -> Finding:
    """It was given to somebody, and that is all that is known of it."""
    advice = f"look whether its address is right, and pair it: 'huoma pair --address {address}'."
    if address.startswith(_BEHIND_BROKER):
        advice = (
            "look whether it is in 'huoma devices', and whether its broker is connected ('mqtt' in 'huoma doctor')."
        )
    return warn("device", f"{address} belongs to somebody, but was never read", advice)


def how_it_is(row: DeviceRow, heard: Seen | None, *, unstored: bool, clock: Clock) -> Finding:
    """One device in a line; what is worst in it comes first.

    `heard` is None when the radio did not hear it since it runs, or there is no radio. `unstored`: what it gives is not
    kept as readings (the presses of a button, motion), so that when it was read last says little.
    """
    read_s = (clock.wall() - row.last_seen_at).total_seconds()
    heard_s = None if heard is None else clock.monotonic() - heard.heard_monotonic
    parts = [f"read {span(read_s)} ago"]
    if heard is not None and heard_s is not None:
        parts.append(f"heard {span(heard_s)} ago at {heard.rssi} dBm")
    words = f"{row.vendor} {row.model} ({row.address}): {', '.join(parts)}"
    if row.battery_percent is not None and row.battery_percent <= LOW_BATTERY_PERCENT:
        return warn("device", f"{words}; battery {row.battery_percent} %", "change its batteries.")
    if read_s > SILENT_S and not _gives_all_the_same(heard, unstored=unstored, clock=clock):
        if row.adapter.startswith("mqtt:"):
            return warn(
                "device", words, "look at its battery, at its bridge and at the broker: 'huoma devices' lists it."
            )
        if heard_s is None or heard_s > SILENT_S:
            return warn("device", words, "is it used? Measure once; look at its batteries and its distance.")
        advice = (
            "measure once and look again. If it still gives nothing, the gateway's log says what it answers; "
            f"'huoma pair --address {row.address}' pairs it anew."
        )
        return warn("device", f"{words}: it is heard, and has given nothing for {span(read_s)}", advice)
    if heard is not None and signal_word(heard.rssi) == "weak":
        return warn("device", f"{words}; its signal is weak", "move the gateway nearer, or add an adapter.")
    return ok("device", f"{words}.")


def _gives_all_the_same(heard: Seen | None, *, unstored: bool, clock: Clock) -> bool:
    """A button that nobody presses still advertises, and a strap may stream motion for days."""
    if heard is None:
        return False
    useful = heard.last_useful_monotonic if unstored else None
    return heard.state == "in session" or (useful is not None and clock.monotonic() - useful <= SILENT_S)

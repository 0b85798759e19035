"""The two ways in which a pairing ends: what it made stays, or is taken back. Each is safe to do twice."""

from __future__ import annotations

from contextlib import nullcontext

from gateway.pairing.contracts import Office, PairingRadio
from gateway.pairing.model import Outcome
from gateway.store.pairings import PairingRow


async def settle(row: PairingRow, *, measured: int | None, office: Office, radio: PairingRadio) -> int | None:
    """What it made stays. The user of the device that the resident is, where it has users; `measured`: who has.

    Raises:
        HuomaError: not now (store): do it again later.
    """
    # A session that goes on would remember again who is wanted.
    users = row.address is not None and await office.has_users(row.address)
    async with radio.left(row.address) if users and row.address is not None else nullcontext():
        return await office.settle(row, measured=measured)


async def undo(row: PairingRow, *, office: Office, radio: PairingRadio) -> bool:
    """Take back what it made: its assignment, what was remembered, its bond. True: as `Office.take_back`.

    The code of a user that was made on the device stays: he is still there, and the next pairing finds him by it.

    Raises:
        HuomaError: not now (store, radio): do it again later.
    """
    # A session that goes on, or begins meanwhile, would tell the store again what is taken back.
    async with nullcontext() if row.address is None else radio.left(row.address):
        stands = await office.take_back(row)
    if row.address is not None and not row.owned_before:
        await radio.forget(row.address)
    return stands


def cut_off(row: PairingRow) -> Outcome:
    """How one that was cut off by a stop of the gateway ends: complete ones stand."""
    return Outcome.UNPROVEN if row.prepared else Outcome.CUT_OFF

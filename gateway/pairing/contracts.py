"""What a pairing needs of the radio and of the home."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from gateway.ingest.received import KnownDevice
from gateway.pairing.model import Candidate, PairingRequest
from gateway.radio.contracts import PairingWatch
from gateway.radio.host import PairingAgent
from gateway.store.assignments import Assignment
from gateway.store.pairings import PairingRow


class Adapter(Protocol):
    """One adapter (`gateway.radio.adapters.station.AdapterState`)."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def state(self) -> str: ...


class PairingRadio(Protocol):
    """The radio, as far as pairing goes (`gateway.radio.Radio`)."""

    def adapters(self) -> Sequence[Adapter]:
        """What adapters there are."""
        ...

    def pairing(
        self, address: str, *, agent: PairingAgent | None, watch: PairingWatch, profile_id: str | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Permission to connect to a device that nobody owns yet, and to bond with it, if it is of this profile."""
        ...

    def left(self, address: str) -> AbstractAsyncContextManager[None]:
        """In the block nothing is said to this device: its session is over, and none begins."""
        ...

    async def forget(self, address: str) -> None:
        """Remove the bond with a device, if there is one. Raises HuomaError when the radio does not run."""
        ...


class Office(Protocol):
    """Whose devices are, and the notes of pairings."""

    async def owned(self, address: str, request: PairingRequest) -> bool:
        """The device is the home's already: undoing leaves its bond alone.

        Raises:
            Conflict: it is somebody else's, or an earlier pairing of it is not taken back yet.
        """
        ...

    async def want(self, address: str, request: PairingRequest) -> None:
        """Tell the driver which user of the device the resident is to be, until it is settled or taken back."""
        ...

    async def unmade(self, address: str) -> bool:
        """The resident is to be a user of it who is not made so far; also one who had it before."""
        ...

    async def anothers(self, row: PairingRow, user: int | None) -> str | None:
        """Whose it is by now if not the resident's (as this user, if any): names, "" for nobody's. None: it is his."""
        ...

    async def waits(self, address: str) -> bool:
        """Whose it is cannot be said yet: the resident is to be one more user of it, who is not made so far."""
        ...

    async def has_users(self, address: str) -> bool:
        """A user of the device itself is known, or was."""
        ...

    async def assign(self, address: str, device: KnownDevice | None, row: PairingRow) -> Assignment | None:
        """It is the resident's from now on; as a new user since the pairing began. None: it was already.

        Raises HuomaError.
        """
        ...

    async def take_back(self, row: PairingRow) -> bool:
        """End the assignment that a pairing made, and forget what drivers remembered but for what the device holds too.

        Who had it before has it again. True: the resident had the device before, and is a new user of it now, since it
        knew him no more: that stands.

        Raises HuomaError.
        """
        ...

    async def lost(self, row: PairingRow) -> str:
        """Residents by name who were users of the device before it made new ones in their places; "" for none."""
        ...

    async def retire(self, address: str, actor: str, resident_id: str) -> None:
        """The replaced device is this resident's no longer; its bond goes when it is nobody's. Raises HuomaError."""
        ...

    async def give_key(self, address: str, bind_key: str, actor: str) -> None:
        """The key of its encrypted advertisements; `take_back` brings the old one back. Raises Invalid."""
        ...

    async def give_code(self, row: PairingRow, address: str, user: int, code: str) -> None:
        """The consent code of one of its users; `take_back` brings back what was before. Raises Invalid."""
        ...

    async def settle(self, row: PairingRow, *, measured: int | None = None) -> int | None:
        """What was kept of before, in order to take back, is not needed any more.

        Where the device has users the resident is one of them from now on: which. `measured`: who has, if anybody.
        Raises HuomaError.
        """
        ...

    async def note(self, row: PairingRow) -> None:
        """Durable when it returns. Raises StoreError."""
        ...

    async def candidates(self, request: PairingRequest, *, fresh: bool = False) -> tuple[Candidate, ...]:
        """Who is heard, without those that another pairing has chosen: now, or unless `fresh` a moment ago."""
        ...

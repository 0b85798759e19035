"""Residents, devices and whose they are. Every change is audited in its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import apsw

from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.ids import new_id
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.received import ClockMeasurement, KnownDevice
from gateway.store import assignment_ends, assignments, audit, devices, residents
from gateway.store.assignments import Assignment, Ended, Measured
from gateway.store.database import Database
from gateway.store.device_memory import keep_words
from gateway.store.devices import ClockOffset, DeviceRow, ensure_device
from gateway.store.residents import Resident
from gateway.store.stamp import Stamper


class Registry:
    """What a technician sets up."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper
        self._listeners: list[Callable[[], None]] = []

    def on_assignment(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each assignment that was made or ended. Returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _assignments_changed(self) -> None:
        for listener in list(self._listeners):
            listener()

    # ---- residents ----------------------------------------------------------------------------------------------

    async def add_resident(
        self,
        name: str,
        *,
        actor: str,
        room_id: str | None = None,
        resident_id: str | None = None,
        same_name: bool = True,
    ) -> Resident:
        """A new resident; the id is minted here unless one is given.

        Raises:
            Invalid: no name.
            Conflict: there is a resident of this id; or, unless `same_name`, one of this name who lives here.
        """
        stamp = self._stamper.now()
        if not name.strip():
            raise Invalid("A resident needs a name.")
        resident = Resident(id=resident_id or new_id(stamp.wall), name=name.strip(), room_id=room_id)

        return await self._database.write(
            lambda connection: residents.add(connection, stamp, resident, actor=actor, same_name=same_name)
        )

    async def residents(self) -> list[Resident]:
        """Everybody who lives here, in the order in which they came."""
        return await self._database.read(residents.everybody)

    async def resident(self, reference: str) -> Resident:
        """By id, or by a name that only one has.

        Raises:
            NotFound: nobody, or several; the text says which.
        """
        return residents.who_is_meant(await self.residents(), reference)

    # ---- devices ------------------------------------------------------------------------------------------------

    async def seen(self, device: KnownDevice, clock: ClockMeasurement | None = None) -> None:
        """Keep what is known of a device, and the measurement of its clock in the series."""
        stamp = self._stamper.now()
        await self._database.write(lambda connection: ensure_device(connection, stamp, device, clock))

    async def devices(self) -> list[DeviceRow]:
        """All devices ever seen, the latest first."""
        return await self._database.read(devices.every)

    async def clock_offsets(self, device_identity: str) -> list[ClockOffset]:
        """How a device's clock has run, oldest first."""
        return await self._database.read(lambda connection: devices.clock_offsets(connection, device_identity))

    async def assign(
        self,
        device: str,
        subject: Subject,
        *,
        actor: str,
        placement: str | None = None,
        user_slot: int | None = None,
        since: datetime | None = None,
        shared: bool = False,
        reference: Mapping[str, float] | None = None,
        review: bool = True,
        pairing_id: str | None = None,
    ) -> Assignment:
        """From now on (or from `since`) the device's readings are about `subject`. Ends the assignment before.

        Whose that was is in the answer (`Assignment.ended`). With `shared` it ends nobody else's: whose a reading is,
        is then decided one by one (`gateway.ingest.whose`).

        Args:
            device: identity, or address; it need not have been seen yet.
            subject: a resident, or a room or home whose person is unknown.
            actor: the user who says so.
            placement: where it is worn or stands ("chest", "kitchen").
            user_slot: only readings under this user button; None for all.
            since: the moment from which it holds, if not now. Readings since then go over to `subject` with the next
                `Ingest.take_up`.
            shared: several residents use it, and it cannot tell them apart.
            review: what somebody got since `since` goes over too; else only what is nobody's so far.
            reference: what was just measured of this resident, by quantity ("weight": 72.0): a shared scale knows them
                by it from the first morning on.
            pairing_id: of the pairing that makes it: `take_back` ends it, and brings back what it ended.

        Raises:
            NotFound: no such resident.
            Invalid: `since` has no zone, or lies in the future; a shared device with a slot.
            Conflict: to be shared, but somebody else has it alone.
        """
        stamp = self._stamper.now()
        if shared and user_slot is not None:
            raise Invalid("A device that tells its users apart by buttons is not shared: give the button, or --shared.")
        if since is not None and (since.tzinfo is None or since > stamp.wall):
            raise Invalid("An assignment must begin at a moment that has passed, with a time zone.")

        def work(connection: apsw.Connection) -> Assignment:
            if subject.type is SubjectType.RESIDENT:
                residents.must_live_here(connection, subject.id)
            keys = assignments.keys_of(connection, device)
            ended: list[Ended] = []
            if shared:
                _must_not_be_anothers(connection, keys, subject)
                ended = assignment_ends.close_of(connection, stamp, keys, subject, since)
            else:
                ended = assignment_ends.close_open(connection, stamp, keys, user_slot, since)
            made = assignments.add(
                connection,
                stamp,
                device_identity=devices.best_name(connection, keys),
                subject=subject,
                placement=placement,
                user_slot=user_slot,
                actor=actor,
                since=since,
                shared=shared,
                reference=reference,
                pairing_id=pairing_id,
            )
            assignment_ends.in_place_of(connection, ended, made.id)
            if since is not None and review:
                assignments.to_be_reviewed(connection, stamp, made.device_identity, since)
            detail = {"subject": f"{subject.type}/{subject.id}", "user_slot": user_slot, "placement": placement}
            if shared:
                detail["shared"] = True
            audit.note(
                connection, stamp, actor=actor, action="device.assign", target=made.device_identity, detail=detail
            )
            return replace(made, ended=tuple(dict.fromkeys(one for one in ended if one.subject != subject)))

        made = await self._database.write(work)
        self._assignments_changed()
        return made

    async def unassign(self, device: str, *, actor: str, since: datetime | None = None) -> int:
        """From now on (or since `since`) the device belongs to nobody. Returns how many assignments ended.

        Readings since then go to nobody with the next `Ingest.take_up`.

        Raises:
            NotFound: it belonged to nobody.
            Invalid: `since` has no zone, or lies in the future.
        """
        stamp = self._stamper.now()
        if since is not None and (since.tzinfo is None or since > stamp.wall):
            raise Invalid("An assignment must end at a moment that has passed, with a time zone.")

        def work(connection: apsw.Connection) -> int:
            keys = assignments.keys_of(connection, device)
            closed = len(assignment_ends.close_open(connection, stamp, keys, None, since))
            if not closed:
                raise NotFound(f"{device} belongs to nobody: 'huoma devices' lists whose each device is.")
            if since is not None:
                assignments.to_be_reviewed(connection, stamp, devices.best_name(connection, keys), since)
            audit.note(connection, stamp, actor=actor, action="device.unassign", target=device)
            return closed

        closed = await self._database.write(work)
        self._assignments_changed()
        return closed

    async def made_users(self, address: str, users: Sequence[int], kept: Mapping[str, str]) -> None:
        """The device has made these users anew: nobody who had one of them has it any more. And what is remembered.

        Raises StoreError.
        """
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> bool:
            keys = assignments.keys_of(connection, address)
            ended = False
            for user in users:
                if assignment_ends.close_slot(connection, stamp, keys, user):
                    ended = True
                    detail = {"user_slot": user, "why": "the device has made a new user there"}
                    audit.note(
                        connection, stamp, actor="gateway", action="device.unassign", target=address, detail=detail
                    )
            keep_words(connection, stamp, address, kept)
            return ended

        if await self._database.write(work):
            self._assignments_changed()

    async def take_back(self, pairing_id: str, *, actor: str) -> None:
        """What this pairing assigned ends, and who had it before has it again, from now on. Safe to do twice."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            ended, begun_again = assignment_ends.take_back(connection, stamp, pairing_id)
            for device in ended:
                audit.note(connection, stamp, actor=actor, action="device.unassign", target=device)
            for device, subject in begun_again:
                detail = {"subject": f"{subject.type}/{subject.id}", "why": "a pairing was taken back"}
                audit.note(connection, stamp, actor=actor, action="device.assign", target=device, detail=detail)

        await self._database.write(work)
        self._assignments_changed()

    async def end_assignment(self, assignment_id: int, *, actor: str) -> bool:
        """This one assignment ends now, the device's others go on. False: it had ended already."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> bool:
            device = assignment_ends.close_one(connection, stamp, assignment_id)
            if device is not None:
                audit.note(connection, stamp, actor=actor, action="device.unassign", target=device)
            return device is not None

        ended = await self._database.write(work)
        self._assignments_changed()
        return ended

    async def assigned(self, device: str | None = None, *, only_open: bool = True) -> list[Assignment]:
        """Assignments of a device (identity or address), or of all."""

        def work(connection: apsw.Connection) -> list[Assignment]:
            keys = None if device is None else sorted(assignments.keys_of(connection, device))
            return assignments.of_devices(connection, keys, only_open=only_open)

        return await self._database.read(work)

    async def lost_places(self, device: str | None = None, *, since: datetime) -> list[Assignment]:
        """Those that ended since then because the device made a new user in their place, and nothing came instead."""
        rows = await self.assigned(device, only_open=False)
        have = {(one.subject, one.device_identity) for one in rows if one.valid_to is None}
        lost = (one for one in rows if one.ended_anew and one.valid_to is not None and one.valid_to >= since)
        return [one for one in lost if (one.subject, one.device_identity) not in have]

    async def who_has(self, device: str, *, at: datetime | None = None, user_slot: int | None = None) -> Subject | None:
        """To whom the device is assigned (identity or address): now, or at a moment by the wall clock."""
        stamp = self._stamper.now()
        age = None if at is None else (stamp.wall - at).total_seconds()
        measured = Measured(received=stamp, age_s=age, uncertainty_s=0.0)
        return await self._database.read(
            lambda connection: assignments.who_had(
                connection, assignments.keys_of(connection, device), user_slot, measured
            )
        )

    async def audit(self, *, limit: int = 200) -> list[audit.AuditRow]:
        """The newest acts first."""
        return await self._database.read(lambda connection: audit.rows(connection, limit))


def _must_not_be_anothers(connection: apsw.Connection, keys: set[str], subject: Subject) -> None:
    for one in assignments.of_devices(connection, sorted(keys), only_open=True):
        if not one.shared and one.user_slot is None and one.subject != subject:
            who = residents.called(connection, one.subject)
            raise Conflict(
                f"The device belongs to {who} alone: assign it to them as shared first (--shared), or take it away."
            )

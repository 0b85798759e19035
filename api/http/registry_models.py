"""Residents, devices, readings, consents and users as they go over the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from api.http.models import SubjectView
from api.http.services import Heard
from device_drivers.nomenclature import QUANTITIES, Quantity
from gateway.core.subject import Subject
from gateway.pairing.sentences import signal_word
from gateway.store.assignments import Assignment
from gateway.store.devices import DeviceRow
from gateway.store.readings import ReadingRow
from gateway.store.users import Role

_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_FIRST_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)  # a `since` before this is a slip of the pen


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ResidentView(BaseModel):
    """A person who lives here."""

    id: str
    name: str
    room_id: str | None


class NewResident(_Body):
    """Who moves in."""

    name: str = Field(min_length=1, max_length=200)
    room_id: str | None = Field(default=None, max_length=64)
    same_name: bool = Field(default=False, description="it is somebody else than the resident of this name")


class AssignmentView(BaseModel):
    """Whose a device is, since when."""

    subject: SubjectView
    placement: str | None
    user_slot: int | None
    shared: bool
    since: str


class EndedView(BaseModel):
    """What somebody else had of a device, and has no longer."""

    subject: SubjectView
    name: str = Field(description='the resident\'s name; "room kitchen" for a room')
    user_slot: int | None


class MadeAssignment(AssignmentView):
    """An assignment just made."""

    name: str = Field(description="the resident's name")
    ended: list[EndedView] = Field(description="the assignments of others that this one ended")
    seen: bool = Field(description="the device was read at some time, or is heard now")


class HeardView(BaseModel):
    """What the radio, or a broker, hears of a device now."""

    model: str = Field(description='"generic": by its services only; "unknown": no profile claims it')
    profile: str | None
    state: str = Field(description='"heard", "in session" or "resting"; behind a broker "heard" or "offline"')
    rssi: int | None = Field(description="dBm; null behind a broker")
    signal: str = Field(description='"strong", "fair" or "weak"; "unknown" behind a broker')
    last_state: str | None = Field(default=None, description="what a sensor behind a broker said last")
    seconds_ago: float
    useful_seconds_ago: float | None = Field(description="since it last said or sent something; null: not so far")


class DeviceView(BaseModel):
    """A device as it was last read, and as it is heard now. One that was never read has its address only."""

    identity: str
    address: str | None
    name: str | None
    vendor: str | None
    model: str | None
    profile: str | None
    serial: str | None
    firmware: str | None
    battery_percent: int | None
    last_seen_at: str | None
    simulated: bool
    assignments: list[AssignmentView]
    heard: HeardView | None = None
    bonded: bool | None = Field(default=None, description="an adapter here has a bond with it; null: nobody can tell")


class NewAssignment(_Body):
    """To whom a device is given."""

    resident: str = Field(description="id, or a name that only one resident has")
    placement: str | None = Field(default=None, max_length=64, description='where it is worn, such as "chest"')
    user_slot: int | None = Field(default=None, ge=0, le=255, description="only readings under this user button")
    since: AwareDatetime | None = Field(default=None, ge=_FIRST_DAY)
    shared: bool = Field(default=False, description="other residents have it too; whose a reading is, is found out")
    weight_kg: float | None = Field(default=None, gt=1, lt=500, description="what the resident weighs now")


class End(_Body):
    """From when on a device is nobody's."""

    since: AwareDatetime | None = Field(default=None, ge=_FIRST_DAY)


class BindKey(_Body):
    """What opens a device's encrypted advertisements."""

    key: SecretStr = Field(max_length=128, description="32 hexadecimal digits; spaces, colons and hyphens are ignored")


class ConsentCode(_Body):
    """What opens the measurements of a user of a scale or a cuff."""

    user: int = Field(ge=0, le=255, description="the user's number, as the device displays it")
    code: SecretStr = Field(max_length=16, description="four digits")


class ValueView(BaseModel):
    """One number, in UCUM units, with the codes by which the world knows it."""

    value: float
    unit: str | None
    loinc: str | None
    mdc: int | None


class ReadingView(BaseModel):
    """One committed reading. `seq` is where a client goes on from."""

    seq: int
    id: str
    resident_id: str
    kind: str
    failed: bool = Field(description="the device measured and got no number: `missing` says why")
    values: dict[str, ValueView]
    missing: dict[str, str]
    flags: list[str] = Field(description="the device's own status words")
    doubtful: list[str] = Field(description="what to look at twice")
    series: dict[str, list[float]]
    effective_at: str | None = Field(description="when it was measured; null when that is not known")
    effective_source: str
    effective_uncertainty_s: float | None
    device_time: str | None = Field(description="what the device's clock said")
    received_at: str
    clock_synchronised: bool
    user_slot: int | None
    device_identity: str


class NewConsent(_Body):
    """What a resident agrees to, or takes back."""

    resident: str = Field(description="id, or a name that only one resident has")
    recipient: str = Field(description="name of a sink")
    data_type: str = Field(default="*", max_length=64, description='a kind of reading, "alert", or "*" for everything')
    since: AwareDatetime | None = Field(default=None, ge=_FIRST_DAY, description="what was withheld since goes too")


class Withdrawal(_Body):
    """What a resident takes back."""

    resident: str
    recipient: str
    data_type: str = Field(default="*", max_length=64)


class ConsentEffect(BaseModel):
    """What a consent, or its end, did to what waits."""

    resident_id: str
    recipient: str
    data_type: str
    items: int = Field(description="how many waiting items are sent now, or were dropped")


class UserView(BaseModel):
    """A user."""

    name: str
    role: Role
    revoked: bool


class NewUser(_Body):
    """Who is let in."""

    name: str = Field(min_length=1, max_length=200)
    role: Role


class OldUser(_Body):
    """Who is let in no longer."""

    name: str


class UserWithToken(UserView):
    """A new user. The token is shown this once."""

    token: str


def reading_view(row: ReadingRow, resident_id: str) -> ReadingView:
    """A stored reading for the wire."""
    return ReadingView(
        seq=row.seq,
        id=row.id,
        resident_id=resident_id,
        kind=row.kind,
        failed=row.failed,
        values=values_view(row),
        missing=dict(row.missing),
        flags=list(row.flags),
        doubtful=list(row.doubtful),
        series={name: list(numbers) for name, numbers in row.series.items()},
        effective_at=None if row.effective_at is None else row.effective_at.isoformat(),
        effective_source=row.effective_source,
        effective_uncertainty_s=row.effective_uncertainty_s,
        device_time=row.device_time,
        received_at=row.received_at.isoformat(),
        clock_synchronised=row.synchronised,
        user_slot=row.user_slot,
        device_identity=row.device_identity,
    )


def values_view(row: ReadingRow) -> dict[str, ValueView]:
    """The numbers of a reading with their codes."""
    codes = {name: QUANTITIES[Quantity(name)] for name in row.values}
    return {
        name: ValueView(value=value, unit=codes[name].ucum, loinc=codes[name].loinc, mdc=codes[name].mdc)
        for name, value in row.values.items()
    }


def assignment_view(assignment: Assignment) -> AssignmentView:
    """An assignment for the wire."""
    return AssignmentView(
        subject=SubjectView(type=assignment.subject.type, id=assignment.subject.id),
        placement=assignment.placement,
        user_slot=assignment.user_slot,
        shared=assignment.shared,
        since=assignment.valid_from.isoformat(),
    )


def made_view(made: Assignment, names: Mapping[str, str], *, seen: bool) -> MadeAssignment:
    """An assignment just made for the wire; `names`: of the residents, by id."""
    return MadeAssignment(
        **dict(assignment_view(made)),
        name=_called(made.subject, names),
        ended=[
            EndedView(
                subject=SubjectView(type=one.subject.type, id=one.subject.id),
                name=_called(one.subject, names),
                user_slot=one.user_slot,
            )
            for one in made.ended
        ],
        seen=seen,
    )


def _called(subject: Subject, names: Mapping[str, str]) -> str:
    return names.get(subject.id, "") or f"{subject.type} {subject.id}"


def heard_view(heard: Heard, now: float) -> HeardView:
    """What is heard of a device for the wire."""
    useful = heard.last_useful_monotonic
    return HeardView(
        model=heard.model,
        profile=heard.profile_id,
        state=heard.state,
        rssi=heard.rssi,
        signal=signal_word(heard.rssi),
        last_state=heard.last_state,
        seconds_ago=round(max(0.0, now - heard.heard_monotonic), 1),
        useful_seconds_ago=None if useful is None else round(max(0.0, now - useful), 1),
    )


def radio_address(text: str) -> str | None:
    """None of what has none: a sensor behind a broker is stored under its identity."""
    return text if _ADDRESS.fullmatch(text) else None


def unread_device(identity: str, name: str | None = None, assigned: Sequence[Assignment] = ()) -> DeviceView:
    """A device that was assigned or heard, but not read so far."""
    return DeviceView(
        identity=identity,
        address=identity.removeprefix("address:") if identity.startswith("address:") else None,
        name=name,
        vendor=None,
        model=None,
        profile=None,
        serial=None,
        firmware=None,
        battery_percent=None,
        last_seen_at=None,
        simulated=False,
        assignments=[assignment_view(one) for one in assigned],
    )


def device_view(device: DeviceRow, assigned: Sequence[Assignment]) -> DeviceView:
    """A device with its assignments for the wire."""
    return DeviceView(
        identity=device.identity,
        address=radio_address(device.address),
        name=device.name,
        vendor=device.vendor,
        model=device.model,
        profile=device.profile_id,
        serial=device.serial,
        firmware=device.firmware,
        battery_percent=device.battery_percent,
        last_seen_at=device.last_seen_at.isoformat(),
        simulated=device.simulated,
        assignments=[assignment_view(one) for one in assigned],
    )

"""Settings of sinks. Strict: unknown keys, a plain-text link beyond this machine and two tokens at once are refused."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def is_loopback(host: str | None) -> bool:
    """True when the host is this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http(s) address")
    if parts.username or parts.password:
        raise ValueError("credentials do not belong in the address: use token or token_file")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{url!r} would send health data in plain text: use https (http only to this machine)")
    return url.rstrip("/")


def _sink_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r}: a sink's name is 1–31 small letters, digits and '-', a letter first")
    return name


SafeUrl = Annotated[str, AfterValidator(_safe_url)]
SinkName = Annotated[str, AfterValidator(_sink_name)]


class SinkSettings(BaseModel):
    """What all sinks have.

    Attributes:
        name: of this sink: the recipient in consents, the key of its queue, shown on the status page.
        url: where it is; https, unless it is this machine.
        token: bearer token (Influx: API token). Better in `token_file`, which is read again when it is refused.
        ca_file: certificates to trust instead of the usual ones, for an organisation's own authority (PEM).
        timeout_s: for one request.
        batch_size: the most readings in one request.
        alerts: deliver alerts too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: SinkName
    url: SafeUrl
    token: SecretStr | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    timeout_s: float = Field(default=20.0, gt=0, le=50)
    batch_size: int = Field(default=50, ge=1, le=500)
    alerts: bool = False

    @model_validator(mode="after")
    def _one_token(self) -> SinkSettings:
        if self.token is not None and self.token_file is not None:
            raise ValueError("give token or token_file, not both")
        return self


class FhirSinkSettings(SinkSettings):
    """A FHIR R4 server, mapped by HL7 PHD.

    Attributes:
        url: base of the server, such as https://fhir.example.org/r4.
        patients: resident id → reference on the server, such as "Patient/17". Residents not named here are searched by
            identifier.
        patient_system: system of the identifier under which the server knows a resident by our resident id.
        create_patients: create a Patient that has nothing but that identifier when there is none.
        create_with: "conditional" asks the server to create unless the identifier exists (If-None-Exist); "put" chooses
            the id itself, for servers that allow it: then even racing gateways cannot make two.
        time_stamps: where the gateway corrected the device's clock, tell what that clock said in an Observation of its
            own (PHD's coincident time stamp), whose subject is the device; off for servers that refuse such subjects.
    """

    type: Literal["fhir"] = "fhir"
    name: SinkName = "fhir"
    patients: dict[str, str] = Field(default_factory=dict)
    patient_system: str = "urn:ietf:rfc:3986"
    create_patients: bool = False
    create_with: Literal["conditional", "put"] = "conditional"
    time_stamps: bool = True

    @model_validator(mode="after")
    def _sane_references(self) -> FhirSinkSettings:
        for reference in self.patients.values():
            if not re.fullmatch(r"Patient/[A-Za-z0-9\-.]{1,64}", reference):
                raise ValueError(f'patients: {reference!r} is no reference such as "Patient/17"')
        return self


class InfluxSinkSettings(SinkSettings):
    """An InfluxDB v2 API.

    Attributes:
        bucket: where the points go.
        org: organisation; empty for servers that have none.
    """

    type: Literal["influx"] = "influx"
    name: SinkName = "influx"
    bucket: str = Field(min_length=1)
    org: str = ""
    batch_size: int = Field(default=500, ge=1, le=5000)


AnySinkSettings = Annotated[FhirSinkSettings | InfluxSinkSettings, Field(discriminator="type")]

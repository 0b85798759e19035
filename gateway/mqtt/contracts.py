"""What a broker is, what comes from it, and which of its topics are ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Zigbee2Mqtt:
    """`base`: its base topic."""

    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistant:
    """`prefix`: of its state topics. `devices`: how the names of a device's entities begin → the id of its profile."""

    prefix: str
    devices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """`filter`: with one `+`, which stands for the device. `profile`: the id of the profile that reads its payloads."""

    filter: str
    profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where it is, and what is listened to.

    Attributes:
        client_id: by which it knows us, over restarts too: it keeps for us what comes while we are away.
        tls: verified always; `ca_file` alone, or the usual authorities.
    """

    name: str
    host: str
    port: int
    client_id: str
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    zigbee2mqtt: Zigbee2Mqtt | None = None
    home_assistant: HomeAssistant | None = None
    topics: tuple[Topics, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One message.

    Attributes:
        retained: the broker kept it: it was published some time ago.
        again: the broker has sent it before and does not know whether it came.
        number: the broker's, of one that waits for our word (QoS 1); it is sent again with the same.
        connection: which of our connections brought it.
        at: monotonic.
    """

    topic: str
    payload: bytes = field(repr=False)
    qos: int
    retained: bool
    again: bool
    number: int
    connection: int
    at: float
    received_at: datetime
    synchronised: bool

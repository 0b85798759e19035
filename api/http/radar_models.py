"""Radar modules as they go over the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from analytics.radar.places import Zone
from gateway.radar.installing import Installation
from gateway.radar.line import LineState
from gateway.radar.modules import Module, Mounting
from gateway.radar.service import Port


class ZoneBody(BaseModel):
    """Where people lie: a bed, a sofa. In the module's own axes on the floor."""

    model_config = ConfigDict(extra="forbid")

    low: tuple[float, float] = Field(description="the smaller x (to the module's right) and y (away from it), m")
    high: tuple[float, float] = Field(description="the greater x and y, m")
    height: float = Field(description="of the surface above the floor, m")


class NewInstallation(BaseModel):
    """A module that hangs somewhere from now on."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    port: str = Field(max_length=400, description="its path, as GET /radar/ports tells it")
    room: str = Field(max_length=64, description='"bedroom", "living-room", "kitchen", "bathroom", "toilet", "hall"')
    height_m: float = Field(description="of the module above the floor, m")
    mounting: Literal["wall", "ceiling"]
    tilt_deg: float = Field(default=0.0, description="how far a module on the wall looks down, degrees")
    sensitivity: int | None = Field(default=None, ge=1, le=3, description="1 (least) to 3; as the module has it if not")
    zones: list[ZoneBody] = Field(default_factory=list, max_length=8, description="beds and sofas in the room")


class PortView(BaseModel):
    """A serial port."""

    port: str
    there: bool
    module: str | None = Field(description="the identity of the module that was installed on it")


class ModuleView(BaseModel):
    """A module that hangs somewhere."""

    identity: str
    port: str
    model: str
    protocol: str
    room: str
    height_m: float
    mounting: str
    tilt_deg: float
    zones: list[ZoneBody]
    heard: bool
    words: str | None = Field(description="what is wrong with its line and what to do; null when it is heard")
    frames: int = Field(description="understood since the gateway started")
    dropped: int = Field(description="bytes that were of no frame")


class InstallationView(BaseModel):
    """An installation as it stands."""

    id: str
    port: str
    room: str
    model: str | None = Field(description="null until it is recognised")
    test: str | None = Field(description='"walk-test" or "fall-test" while one runs')
    outcome: str | None = Field(description='"ready", "unproven", "failed", "cancelled"; null while it is under way')


def wanted(body: NewInstallation) -> Module:
    """What is to be installed; its protocol is found out."""
    return Module(
        identity="", port=body.port, room=body.room, height_m=body.height_m, mounting=Mounting(body.mounting),
        tilt_deg=body.tilt_deg,
        zones=tuple(Zone(low=one.low, high=one.high, height=one.height) for one in body.zones),
    )  # fmt: skip


def port_view(one: Port) -> PortView:
    """For the wire."""
    return PortView(
        port=str(one.path), there=one.path.exists(), module=None if one.module is None else one.module.identity
    )


def module_view(module: Module, line: LineState | None) -> ModuleView:
    """For the wire."""
    return ModuleView(
        identity=module.identity, port=module.port, model=f"{module.vendor} {module.model}", protocol=module.protocol,
        room=module.room, height_m=module.height_m, mounting=module.mounting.value, tilt_deg=module.tilt_deg,
        zones=[ZoneBody(low=one.low, high=one.high, height=one.height) for one in module.zones],
        heard=line is not None and line.words is None,
        words="It is being installed." if line is None else line.words,
        frames=0 if line is None else line.frames, dropped=0 if line is None else line.dropped,
    )  # fmt: skip


def installation_view(one: Installation) -> InstallationView:
    """For the wire."""
    model = f"{one.module.vendor} {one.module.model}" if one.recognised else None
    return InstallationView(
        id=one.id, port=one.module.port, room=one.module.room, model=model, test=one.test,
        outcome=None if one.outcome is None else one.outcome.value,
    )  # fmt: skip

"""Radar modules: ports, what hangs where, installing one step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.http.auth import TECHNICIANS, Principal
from api.http.errors import ErrorView
from api.http.happenings import happenings
from api.http.radar_models import (
    InstallationView,
    ModuleView,
    NewInstallation,
    PortView,
    installation_view,
    module_view,
    port_view,
    wanted,
)
from api.http.services import Given
from gateway.core.errors import NotFound
from gateway.radar.installing import Installation
from gateway.radar.service import Radars

Technician = Annotated[Principal, Depends(TECHNICIANS)]
_NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "There is none"}}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ErrorView, "description": "Not now: the sentence says why, and what to do"}
}


def radars_of(services: Given) -> Radars:
    """The radar modules of a gateway that runs. Raises NotFound: it does not."""
    if services.radars is None:
        raise NotFound("Radar modules are installed while the gateway runs: start it first ('huoma run').")
    return services.radars


def installation_of(installation_id: str, radars: Annotated[Radars, Depends(radars_of)]) -> Installation:
    """Resolved before an answer begins: what does not exist is no empty stream."""
    return radars.installation(installation_id)


At = Annotated[Radars, Depends(radars_of)]
One = Annotated[Installation, Depends(installation_of)]


def radar_routes() -> APIRouter:
    """Routes under /radar."""
    router = APIRouter(prefix="/radar", tags=["radar"], responses=_NOT_FOUND)
    _modules(router)
    _installations(router)
    return router


def _modules(router: APIRouter) -> None:
    """What is there."""

    @router.get("/ports")
    async def ports(_: Technician, radars: At) -> list[PortView]:
        """Serial ports on which a module may be, and those of modules that are not there now."""
        return [port_view(one) for one in await radars.ports()]

    @router.get("/modules")
    async def modules(_: Technician, radars: At) -> list[ModuleView]:
        """Every module that hangs somewhere, and whether it is heard."""
        return [module_view(module, line) for module, line in await radars.modules()]

    @router.delete("/modules/{identity}", status_code=204)
    async def remove(identity: str, caller: Technician, radars: At) -> None:
        """The module was taken down: its port is closed, and no fall is noticed there."""
        await radars.remove(identity, actor=caller.name)


def _installations(router: APIRouter) -> None:
    """Installing one."""

    @router.get("/installations")
    async def installations(_: Technician, radars: At) -> list[InstallationView]:
        """Those of this run of the gateway, the latest first."""
        return [installation_view(one) for one in radars.open_installations()]

    @router.post("/installations", status_code=201, responses=_REFUSED)
    async def begin(body: NewInstallation, caller: Technician, radars: At) -> InstallationView:
        """Set out to install what is on a port: it is recognised, told how it hangs, and tested.

        It ends by itself; what happens is in its events, pictures of who is seen among them.
        """
        one = await radars.begin(wanted(body), actor=caller.name, sensitivity=body.sensitivity)
        return installation_view(one)

    @router.get("/installations/{installation_id}")
    async def installation(_: Technician, one: One) -> InstallationView:
        """One installation, under way or ended."""
        return installation_view(one)

    @router.get("/installations/{installation_id}/events", response_class=EventSourceResponse)
    async def events(
        caller: Technician,
        one: One,
        services: Given,
        last_event_id: Annotated[str | None, Header(description="resume after this one")] = None,
        resume: Annotated[str | None, Query(alias="last_event_id", description="as the header")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """What happens in this installation, as server-sent events; the stream ends with the event `ended`."""
        async for event in happenings(
            services, caller, one.log, ended=lambda: one.outcome is not None, after=last_event_id or resume,
            greeting="huoma radar",
        ):  # fmt: skip
            yield event

    @router.post("/installations/{installation_id}/skip", responses=_REFUSED)
    async def skip(_: Technician, one: One) -> InstallationView:
        """The test that runs now is not done: the module is then installed and not proven."""
        one.skip()
        return installation_view(one)

    @router.post("/installations/{installation_id}/cancel")
    async def cancel(_: Technician, one: One) -> InstallationView:
        """Give up. A module that is installed already stays so."""
        one.cancel()
        return installation_view(one)

"""The application: routes, the door, the guard."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http import errors, page
from api.http.alerts import alert_routes
from api.http.auth import EVERYBODY, PRINCIPAL, Allow, Door, Principal
from api.http.datasets import dataset_routes
from api.http.days import day_routes
from api.http.falls import fall_routes
from api.http.guard import Guard
from api.http.keys import key_routes
from api.http.pairings import pairing_routes
from api.http.radar import radar_routes
from api.http.registry import admin_routes, home_routes
from api.http.services import Services
from api.http.status import probe_routes, status_routes
from api.http.stream import stream_routes
from api.http.unassigned import unassigned_routes
from api.http.upkeep import upkeep_routes
from api.http.vitals import vital_routes
from gateway.store.users import LOCAL_ADMINISTRATOR, Role

API_ROOT: Final = "/api/v1"
LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ERRORS: Final = {
    401: "No token, or none that is known",
    403: "Not for this role",
    422: "What was sent cannot be meant so",
}
_ROUTES: Final = (
    stream_routes,
    alert_routes,
    dataset_routes,
    day_routes,
    fall_routes,
    home_routes,
    key_routes,
    pairing_routes,
    radar_routes,
    upkeep_routes,
    unassigned_routes,
    vital_routes,
    status_routes,
    admin_routes,
)
_DESCRIPTION: Final = """The alerts, readings and state of one home.

Send `Authorization: Bearer <token>` with every request. A list is a JSON list; an error is
`{"error": "<a sentence>", "code": "<a word for programs>"}`.
"""


def build_app(services: Services, *, host_names: frozenset[str] | None = LOOPBACK_NAMES) -> FastAPI:
    """The application over `services`.

    Args:
        services: what stands behind the routes.
        host_names: names accepted in the Host header; None accepts any, which only TLS makes safe.
    """
    app = FastAPI(
        title="Huoma",
        version=services.version,
        description=_DESCRIPTION,
        openapi_url=None,  # served below, behind the door
        docs_url=None,
        redoc_url=None,
        responses={status: {"model": errors.ErrorView, "description": words} for status, words in _ERRORS.items()},
        middleware=[
            Middleware(Guard, clock=services.clock, host_names=host_names),
            Middleware(Door, tokens=services.tokens, clock=services.clock, open_paths=page.OPEN_PATHS),
        ],
    )
    app.state.services = services
    errors.install(app)
    for routes in _ROUTES:
        app.include_router(routes(), prefix=API_ROOT)
    app.include_router(probe_routes())
    app.include_router(page.page_routes())

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(_: Annotated[Principal, Depends(EVERYBODY)]) -> JSONResponse:
        return JSONResponse(describe(app))

    return app


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the bearer token that every operation needs, and for which roles it is (`x-roles`)."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, summary=None
    )
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["bearer"] = {"type": "http", "scheme": "bearer"}
    document["security"] = [{"bearer": []}]
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            operation = document["paths"].get(context.path_format, {}).get(method.lower())
            if operation is not None and isinstance(context.original_route, APIRoute):
                operation["summary"] = operation.get("description", "").partition("\n")[0]
                for status in _ERRORS:  # a stream's errors are no stream
                    content = operation["responses"][str(status)]["content"]
                    operation["responses"][str(status)]["content"] = {"application/json": next(iter(content.values()))}
                operation["x-roles"] = sorted(_roles(context.original_route))
    return document


def _roles(route: APIRoute) -> frozenset[Role]:
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Allow):
            return dependency.call.roles
    return frozenset()


class Control:
    """ASGI wrapper for the control socket: whoever may open it (file permissions say so) is the administrator."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, PRINCIPAL: Principal(name=LOCAL_ADMINISTRATOR, role=Role.ADMIN)}, receive, send)

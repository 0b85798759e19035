"""The API page: a shell without data, served to anybody; what it shows it fetches with the token that is pasted in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import swagger_ui_bundle
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

_OWN: Final = files("api.http") / "static"
_SWAGGER: Final = files(swagger_ui_bundle) / "vendor" / "swagger-ui-4.15.5"
_ASSETS: Final[Mapping[str, tuple[bool, str]]] = MappingProxyType(
    {  # name: (ours, media type)
        "page.js": (True, "text/javascript"),
        "page.css": (True, "text/css"),
        "swagger-ui.css": (False, "text/css"),
        "swagger-ui-bundle.js": (False, "text/javascript"),
        "favicon-32x32.png": (False, "image/png"),
    }
)
OPEN_PATHS: Final = frozenset({"/"} | {f"/assets/{name}" for name in _ASSETS})
_DAY: Final = {"Cache-Control": "max-age=86400"}


def page_routes() -> APIRouter:
    """GET / and its assets: the only routes that need no token."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def shell() -> Response:
        return Response((_OWN / "index.html").read_bytes(), media_type="text/html; charset=utf-8")

    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in _ASSETS:
            raise HTTPException(404)
        ours, media_type = _ASSETS[name]
        folder = _OWN if ours else _SWAGGER
        return Response((folder / name).read_bytes(), media_type=media_type, headers=None if ours else _DAY)

    return router

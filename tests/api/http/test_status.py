"""Status, metrics and health."""

from __future__ import annotations

from gateway.store.users import Role
from tests.api.home import Home, client


async def test_status_gives_each_part_its_colour_and_reason(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        status = (await technician.get("/api/v1/status")).json()
    assert status["status"] == "red"
    assert status["parts"] == {
        "radio": {"colour": "green", "reason": "listening"},
        "webhook": {"colour": "red", "reason": "nobody answers: look whether the address is right"},
    }
    assert status["simulated"] is False


async def test_metrics_are_our_own_registry(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    assert 'huoma_part_health{part="webhook"} 2.0' in reply.text
    assert "python_gc" not in reply.text


async def test_healthz_answers(home: Home) -> None:
    async with client(home) as nurse:
        assert (await nurse.get("/healthz")).json() == {"status": "ok"}


async def test_openapi_names_every_route_and_the_token(home: Home) -> None:
    async with client(home) as nurse:
        document = (await nurse.get("/openapi.json")).json()
    assert document["security"] == [{"bearer": []}]
    assert {"/api/v1/alerts", "/api/v1/alerts/stream", "/api/v1/status", "/healthz", "/metrics"} <= set(
        document["paths"]
    )
    assert "text/event-stream" in str(document["paths"]["/api/v1/alerts/stream"])


async def test_openapi_shows_the_errors_as_they_are(home: Home) -> None:
    async with client(home) as nurse:
        document = (await nurse.get("/openapi.json")).json()
    for path, item in document["paths"].items():
        for operation in item.values():
            for status in ("401", "403", "422"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorView"}, path
            assert operation["x-roles"][0] == "admin"
            assert operation["summary"].endswith(".")
    assert "HTTPValidationError" not in document["components"]["schemas"]

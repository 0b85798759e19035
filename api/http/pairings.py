"""Pairing, step by step: begun, watched, answered, cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.http.auth import TECHNICIANS, Principal
from api.http.errors import ErrorView, Forbidden
from api.http.happenings import happenings
from api.http.pairing_models import (
    BindKey,
    CandidateView,
    Comparison,
    NewPairing,
    PairingView,
    Passkey,
    Selection,
    candidate_view,
    pairing_view,
)
from api.http.registry_models import ConsentCode
from api.http.services import Given
from gateway.core.errors import NotFound
from gateway.pairing import Candidate, PairingRequest, Pairings, PairingState
from gateway.pairing.sentences import signal_word
from gateway.pairing.session import PairingSession
from gateway.store.users import Role

Technician = Annotated[Principal, Depends(TECHNICIANS)]
_NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "No such pairing"}}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ErrorView, "description": "Not now: the sentence says why, and what to do"}
}


def pairings_of(services: Given) -> Pairings:
    """The pairings of a gateway with a radio.

    Raises:
        NotFound: it has none, or does not run.
    """
    if services.pairings is None:
        raise NotFound(
            "Nothing can be paired, because no radio runs: start the gateway ('huoma run'), and look at [radio] in its "
            "settings."
        )
    return services.pairings


def session_of(pairing_id: str, pairings: Annotated[Pairings, Depends(pairings_of)]) -> PairingSession:
    """Resolved before an answer begins: what does not exist is no empty stream."""
    return pairings.session(pairing_id)


At = Annotated[Pairings, Depends(pairings_of)]
One = Annotated[PairingSession, Depends(session_of)]


def pairing_routes() -> APIRouter:
    """Routes under /pairings."""
    router = APIRouter(prefix="/pairings", tags=["pairings"], responses=_NOT_FOUND)
    _overview(router)
    _one(router)
    _answers(router)
    return router


def _overview(router: APIRouter) -> None:
    """What is heard, what is under way, a new one, the report."""

    @router.get("/nearby")
    async def nearby(_: Technician, pairings: At) -> list[CandidateView]:
        """Devices that are heard now: what each is, how strong, in pairing mode or not, and whose it is already."""
        return _candidates(await pairings.nearby())

    @router.get("")
    async def list_pairings(_: Technician, pairings: At) -> list[PairingView]:
        """Pairings of this run of the gateway, the latest first."""
        return [_view(state) for state in pairings.states()]

    @router.post("", status_code=201, responses=_REFUSED)
    async def begin(body: NewPairing, services: Given, caller: Technician, pairings: At) -> PairingView:
        """Set out to pair a device. It ends by itself: ready, or with nothing left behind.

        With an address that device is waited for; else whichever of the profile calls, and which one is asked
        (`select`) unless a single one of that profile is in pairing mode.
        """
        resident = await services.acts.registry.resident(body.resident)
        request = PairingRequest(
            resident_id=resident.id,
            actor=caller.name,
            address=body.address,
            profile_id=body.profile,
            user_slot=body.user_slot,
            placement=services.acts.known_placement(body.placement),
            language=body.language,
            shared=body.shared,
            replaces=body.replaces,
            bind_key=body.bind_key,
        )
        return _view(await pairings.begin(request))

    @router.get("/report", response_class=Response, responses={200: {"content": {"text/markdown": {}}}})
    async def installation_report(
        services: Given,
        caller: Technician,
        pairings: At,
        language: Annotated[str, Query(pattern="^(fi|sv|en)$")] = "en",
        values: Annotated[bool, Query(description="with the first values; not for technicians")] = False,
    ) -> Response:
        """What was paired in this home, as a page of Markdown to print: kinds and times, no measured values."""
        if values and caller.role is Role.TECHNICIAN:
            raise Forbidden("Measured values are not for technicians: ask without them, or let the administrator ask.")
        await services.audit.note(caller.name, "pairing.report", "all", values=values)
        text = await pairings.report(language, values=values, simulated=services.simulated)
        return Response(text, media_type="text/markdown; charset=utf-8")


def _one(router: APIRouter) -> None:
    """One pairing, and what happens in it."""

    @router.get("/{pairing_id}")
    async def one_pairing(pairing_id: str, _: Technician, pairings: At) -> PairingView:
        """One pairing, under way or ended."""
        return _view(await pairings.state(pairing_id))

    @router.get("/{pairing_id}/events", response_class=EventSourceResponse)
    async def events(
        caller: Technician,
        session: One,
        services: Given,
        last_event_id: Annotated[str | None, Header(description="resume after this one")] = None,
        resume: Annotated[str | None, Query(alias="last_event_id", description="as the header")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """What happens in this pairing, as server-sent events; the stream ends with the event `ended`."""
        async for one in happenings(
            services, caller, session.log, ended=lambda: session.ended, after=last_event_id or resume,
            greeting="huoma pairing",
        ):  # fmt: skip
            yield one


def _answers(router: APIRouter) -> None:
    """What the technician says."""

    @router.post("/{pairing_id}/select", responses=_REFUSED)
    async def select(_: Technician, body: Selection, session: One) -> PairingView:
        """Which of the devices that call is meant."""
        session.select(body.address)
        return _view(session.state())

    @router.post("/{pairing_id}/passkey", responses=_REFUSED)
    async def passkey(_: Technician, body: Passkey, session: One) -> PairingView:
        """The six digits that the device displays. They are kept nowhere."""
        session.passkey(int(body.passkey))
        return _view(session.state())

    @router.post("/{pairing_id}/compare", responses=_REFUSED)
    async def compare(_: Technician, body: Comparison, session: One) -> PairingView:
        """Whether the device displays the digits that were shown."""
        session.compare(match=body.match)
        return _view(session.state())

    @router.post("/{pairing_id}/bind-key", responses=_REFUSED)
    async def bind_key(_: Technician, body: BindKey, session: One) -> PairingView:
        """The key of the device's encrypted advertisements."""
        await session.bind_key(body.bind_key)
        return _view(session.state())

    @router.post("/{pairing_id}/consent-code", responses=_REFUSED)
    async def consent_code(_: Technician, body: ConsentCode, session: One) -> PairingView:
        """Which of the device's users the resident is, and the code of that user. It is shown nowhere again."""
        await session.consent_code(body.user, body.code.get_secret_value())
        return _view(session.state())

    @router.post("/{pairing_id}/cancel")
    async def cancel(_: Technician, session: One) -> PairingView:
        """Give up: what was made so far is taken back. One that has ended stays as it ended."""
        session.cancel()
        return _view(session.state())


def _candidates(heard: Sequence[Candidate]) -> list[CandidateView]:
    return [candidate_view(one, signal_word(one.rssi)) for one in heard]


def _view(state: PairingState) -> PairingView:
    return pairing_view(state, _candidates(state.candidates) if state.address is None else [])

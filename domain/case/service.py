"""Papers are served on a parent who lives abroad: by a route the jurisdiction uses, attempted, proved."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.agency.events import Treaty
from domain.case.intake import OUR_ID, personal, require_adult
from domain.case.keys import Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.agency.state import Agency
    from domain.case.state import Case


class Route(StrEnum):
    CONSULATE = "consulate"
    HAGUE = "hague"
    NM_UNIT = "nm_unit"
    SDC_ILO = "sdc_ilo"
    INTER_AMERICAN = "inter_american"
    ISS = "iss"
    DOJ_OR_AAG = "doj_or_aag"
    DIF = "dif"
    PROCESS_SERVER = "process_server"
    ELECTRONIC = "electronic"


class AttemptResult(StrEnum):
    PENDING = "pending"
    FAILED = "failed"


class ServiceWarning(StrEnum):
    ROUTES_NOT_DESCRIBED = "routes_not_described"  # nothing is reported of this jurisdiction
    TREATY_PARTIES_NOT_LISTED = "treaty_parties_not_listed"


EVERYWHERE = frozenset({Route.CONSULATE, Route.HAGUE})  # US-SERVE-ABROAD
OFFERED: Mapping[str, frozenset[Route]] = {
    "NM": frozenset({Route.NM_UNIT}),  # NM-SERVE-UNIT
    "SDC": frozenset({Route.SDC_ILO, Route.INTER_AMERICAN, Route.DIF}),  # SDC-SERVE-UNIT, -IASC, -DIF
    "NJ": frozenset({Route.ISS}),  # NJ-SERVE-ISS
    "OR": frozenset({Route.DOJ_OR_AAG}),  # OR-SERVE-DOJ-AAG
    "NYC": frozenset({Route.PROCESS_SERVER, Route.ELECTRONIC}),  # NYC-SERVE-SERVER, -ELECTRONIC
}  # of LAC and SCC nothing is described: warned of, not refused
OWN_UNITS: Mapping[Route, str] = {Route.NM_UNIT: "NM", Route.SDC_ILO: "SDC"}


@event("casebridge.service.ServiceOfProcessRequested")
class ServiceOfProcessRequested(Event):
    """The agency sent papers on their way to be served on a person abroad."""

    request_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    route: Route = clear("which kind of body serves; says nothing of the papers")
    translation_ref: UUID | None = clear(OUR_ID)
    document: Personal[str] = boxed(Compartment.LEGAL, about="party_id", meaning="which papers")
    document_dated: Personal[date] = boxed(Compartment.LEGAL, about="party_id", meaning="date on the papers")
    country: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="country where they are served")
    warnings: tuple[str, ...] = clear("codes of what is odd about the request")


@event("casebridge.service.ServiceAttempted")
class ServiceAttempted(Event):
    """Somebody tried to serve the papers; it is pending, or it failed and may go another way."""

    attempt_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    route: Route = clear("which kind of body tried")
    result: AttemptResult = clear("pending or failed; says nothing of the person")
    next_route: Route | None = clear("which kind of body tries next")
    reason: Personal[str] = boxed(Compartment.LEGAL, about="party_id", meaning="why it failed")
    warnings: tuple[str, ...] = clear("codes of what is odd about the attempt")


@event("casebridge.service.ServiceCompleted")
class ServiceCompleted(Event):
    """The papers were served on the person whom they name."""

    request_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    proof_ref: Personal[str] = boxed(Compartment.LEGAL, about="party_id", meaning="reference of the proof")


class ServiceStage(StrEnum):
    NEEDED = "needed"
    SENT = "sent"
    ATTEMPTED = "attempted"
    FAILED = "failed"
    REROUTED = "rerouted"
    SERVED = "served"


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """One request: its attempts by when they occurred, and when the papers were served."""

    requested: ServiceOfProcessRequested
    attempts: tuple[tuple[datetime, int, ServiceAttempted], ...] = ()
    served_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    servings: Mapping[UUID, Serving] = field(default_factory=dict)

    def stage(self, request_id: UUID) -> ServiceStage:
        serving = self.servings.get(request_id)
        if serving is None:
            return ServiceStage.NEEDED
        if serving.served_at is not None:
            return ServiceStage.SERVED
        if not serving.attempts:
            return ServiceStage.SENT
        _, _, last = max(serving.attempts, key=lambda attempt: attempt[:2])
        if last.result is AttemptResult.PENDING:
            return ServiceStage.ATTEMPTED
        return ServiceStage.FAILED if last.next_route is None else ServiceStage.REROUTED

    def is_unserved(self, party_id: UUID, moment: datetime) -> bool:
        """Whether papers for this person are on their way, and none had reached them by `moment`."""
        mine = [s for s in self.servings.values() if s.requested.party_id == party_id]
        return bool(mine) and not any(s.served_at is not None and s.served_at <= moment for s in mine)


@command
class RequestServiceOfProcess(Command):
    """Send papers to be served abroad. `translation_ref` names their translation, unless `needs_translation` is false."""

    request_id: UUID
    party_id: UUID
    document: str
    document_dated: date | None = None
    country: str
    route: Route
    translation_ref: UUID | None = None
    needs_translation: bool = True


@command
class RecordServiceAttempt(Command):
    """Record an attempt to serve the papers, and where it failed the route that is tried next."""

    attempt_id: UUID
    request_id: UUID
    route: Route
    result: AttemptResult
    reason: str | None = None
    next_route: Route | None = None


@command
class ProveService(Command):
    """Record that the papers were served, when they were, on whom the proof names."""

    request_id: UUID
    served_party_id: UUID
    proof_ref: str | None = None


def permitted_routes(standing: Agency, moment: datetime, code: str | None) -> list[Route]:
    """The routes that the guide describes for this place, and no treaty rules out for papers to this country."""
    described = EVERYWHERE | OFFERED.get(standing.jurisdiction, frozenset())
    found = []
    for route in Route:
        if route not in described:
            continue
        try:
            check_route(standing, moment, route, code, "route")
        except Refused:
            continue
        found.append(route)
    return found


def check_route(standing: Agency, moment: datetime, route: Route, code: str | None, name: str) -> list[ServiceWarning]:
    """Refuse a route that the jurisdiction or the treaties rule out; say what nobody can tell."""
    place = standing.jurisdiction
    if OWN_UNITS.get(route, place) != place:
        raise Refused("this route is another agency's own unit", rule="P08", field=name)
    offered = OFFERED.get(place)
    if offered is not None and route not in EVERYWHERE | offered:
        raise Refused("this route is not offered in this jurisdiction", rule="P08", field=name)
    warnings = [] if offered is not None else [ServiceWarning.ROUTES_NOT_DESCRIBED]
    if route is Route.DIF and code not in (None, "MX"):
        raise Refused("DIF serves papers in Mexico", rule="SDC-SERVE-DIF", field=name)
    if route in {Route.HAGUE, Route.INTER_AMERICAN}:
        parties = standing.parties_at(Treaty.HAGUE_SERVICE, moment)
        if parties is None:
            warnings.append(ServiceWarning.TREATY_PARTIES_NOT_LISTED)
        elif route is Route.INTER_AMERICAN and code in parties:
            raise Refused("the Hague convention on service binds this country", rule="SDC-SERVE-IASC", field=name)
        elif route is Route.HAGUE and code is not None and code not in parties:
            raise Refused(
                "this country is no party to the Hague convention on service (that on adoption does not count)",
                rule="US-SERVE-ABROAD", field=name,
            )
    return warnings


def request_service(submission: Submission[RequestServiceOfProcess], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)
    country(wish.country, "country")
    if wish.needs_translation and wish.translation_ref is None:
        raise Refused("the translation is missing: name it, or say that none is needed", rule="P08", field="translation_ref")
    if wish.document_dated is not None and submission.occurred_at.date() < wish.document_dated:
        raise Refused("papers are not sent before the date that they bear", rule="P08", field="document_dated")
    is_new = wish.request_id not in case.recorded  # What was accepted once is not judged by later lists.
    warnings = check_route(submission.standing, submission.learned_at, wish.route, wish.country, "route") if is_new else []
    return case.once(wish.request_id, ServiceOfProcessRequested(
        request_id=wish.request_id, party_id=wish.party_id, route=wish.route, translation_ref=wish.translation_ref,
        document=Known(wish.document), document_dated=personal(wish.document_dated), country=Known(wish.country),
        warnings=tuple(warnings),
    ))


def _serving(case: Case, request_id: UUID) -> Serving:
    serving = case.service.servings.get(request_id)
    if serving is None:
        raise Refused("no such request for service: record it first", rule="P08", field="request_id")
    return serving


def record_attempt(submission: Submission[RecordServiceAttempt], case: Case) -> Sequence[Recording]:
    wish = submission.command
    serving = _serving(case, wish.request_id)
    if wish.next_route is not None and wish.result is not AttemptResult.FAILED:
        raise Refused("another route is taken after this one failed", rule="P08", field="next_route")
    if wish.attempt_id not in case.recorded:
        if serving.served_at is not None and submission.occurred_at > serving.served_at:
            raise Refused("the papers had been served by then", rule="P08", field="occurred_at")
        code = serving.requested.country.value if isinstance(serving.requested.country, Known) else None
        warnings = check_route(submission.standing, submission.learned_at, wish.route, code, "route")
        if wish.next_route is not None:
            warnings += check_route(submission.standing, submission.learned_at, wish.next_route, code, "next_route")
    else:
        warnings = []
    return case.once(wish.attempt_id, ServiceAttempted(
        attempt_id=wish.attempt_id, request_id=wish.request_id, party_id=serving.requested.party_id, route=wish.route,
        result=wish.result, next_route=wish.next_route, reason=personal(wish.reason),
        warnings=tuple(dict.fromkeys(warnings)),
    ))


def prove_service(submission: Submission[ProveService], case: Case) -> Sequence[Recording]:
    wish = submission.command
    requested = _serving(case, wish.request_id).requested
    if wish.served_party_id != requested.party_id:
        raise Refused("the proof names another person than the papers", rule="P08", field="served_party_id")
    dated = requested.document_dated
    if isinstance(dated, Known) and submission.occurred_at.date() < dated.value:
        raise Refused("papers are not served before the date that they bear", rule="P08", field="occurred_at")
    return case.once((wish.request_id, "served"), ServiceCompleted(
        request_id=wish.request_id, party_id=requested.party_id, proof_ref=personal(wish.proof_ref),
    ))


def _requested(state: Service, told: ServiceOfProcessRequested, _: Envelope) -> Service:
    return Service(servings={**state.servings, told.request_id: Serving(requested=told)})


def _attempted(state: Service, told: ServiceAttempted, envelope: Envelope) -> Service:
    serving = state.servings.get(told.request_id)
    if serving is None:
        return state  # A prefix or a filtered replay may lack the request; a fold never raises (I10).
    attempt = (envelope.circumstances.occurred_at, envelope.version, told)
    return Service(servings={
        **state.servings, told.request_id: replace(serving, attempts=(*serving.attempts, attempt)),
    })


def _served(state: Service, told: ServiceCompleted, envelope: Envelope) -> Service:
    serving = state.servings.get(told.request_id)
    if serving is None:
        return state
    served = replace(serving, served_at=envelope.circumstances.occurred_at)
    return Service(servings={**state.servings, told.request_id: served})


INITIAL = Service()
DECIDES = {
    RequestServiceOfProcess: request_service, RecordServiceAttempt: record_attempt, ProveService: prove_service,
}
EVOLVES = {ServiceOfProcessRequested: _requested, ServiceAttempted: _attempted, ServiceCompleted: _served}
KEYS: Keys = {
    ServiceOfProcessRequested: lambda e: e.request_id, ServiceAttempted: lambda e: e.attempt_id,
    ServiceCompleted: lambda e: (e.request_id, "served"),
}

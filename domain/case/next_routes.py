"""Which way may be tried when no reply comes: what the guide describes for the place, and nothing beyond it."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.agency.agreements import ConsularService
from domain.agency.state import Agency
from domain.case.documents import DocumentSource
from domain.case.requests import Request
from domain.case.service import Route, permitted_routes
from domain.case.state import Case
from domain.personal import UNKNOWN, known_or
from domain.requests import AskedFor

ISS = "US-ISS-FALLBACK"
CALLS_THE_FACILITY = {"OR": "OR-DETAIN-FACILITY", "NYC": "NYC-DETAIN-FACILITY"}
SERVED_BY = {
    Route.CONSULATE: ("the consulate", "US-SERVE-ABROAD"),
    Route.HAGUE: ("the Hague convention on service", "US-SERVE-ABROAD"),
    Route.NM_UNIT: ("the agency's immigration unit", "NM-SERVE-UNIT"),
    Route.SDC_ILO: ("the International Liaison Office", "SDC-SERVE-UNIT"),
    Route.INTER_AMERICAN: ("the Inter-American convention", "SDC-SERVE-IASC"), Route.ISS: ("ISS", "NJ-SERVE-ISS"),
    Route.DOJ_OR_AAG: ("the Department of Justice or the Assistant Attorney General", "OR-SERVE-DOJ-AAG"),
    Route.DIF: ("DIF", "SDC-SERVE-DIF"), Route.PROCESS_SERVER: ("a process server", "NYC-SERVE-SERVER"),
    Route.ELECTRONIC: ("e-mail, text or Facebook", "NYC-SERVE-ELECTRONIC"),
}


@dataclass(frozen=True, slots=True)
class NextRoute:
    """What may be tried, in words; the command that records it, and the rule that describes it, where there is one."""

    words: str
    command: str | None = None
    rule: str | None = None


AGAIN = NextRoute("ask again, and record what they say: the guide names no other way")


def next_routes(case: Case, standing: Agency, request: Request, now: datetime) -> list[NextRoute]:
    """What may be tried for a request without a reply, the likeliest first. Never empty."""
    found: list[NextRoute] = []
    match request.asking.kind:
        case AskedFor.CONSULAR_SERVICE:
            found = _after_consulate(case, request)
        case AskedFor.DIF_HOME_STUDY:
            found = [NextRoute("record that DIF did not reply, then ask ISS for the study", "RecordHomeStudyFailure", ISS)]
        case AskedFor.DOCUMENT:
            found = _after_document(case, request)
        case AskedFor.SERVICE_OF_PROCESS:
            found = _after_service(case, standing, request, now)
        case AskedFor.DETAINEE_SEARCH | AskedFor.DETAINEE_COORDINATOR:
            found = search_order(case, standing, request.asking.person_ids[0])
        case AskedFor.COURT_TRANSPORT:
            found = [NextRoute("arrange that the parent takes part by phone or video", "ArrangeRemoteParticipation")]
        case _:
            found = []
    return found or [AGAIN]


def _after_consulate(case: Case, request: Request) -> list[NextRoute]:
    """Consulate first, ISS where the consulate cannot or does not (domain.md 2.5)."""
    asked = case.consular_services.requests.get(request.request_id)
    service = None if asked is None else known_or(asked.requested.service, None)
    match service:
        case ConsularService.HOME_ASSESSMENT:
            return [NextRoute("ask ISS for the home study, and say why it goes there", "RequestHomeStudy", ISS)]
        case ConsularService.DOCUMENT | ConsularService.BIRTH_CERTIFICATE:
            return [NextRoute("ask ISS to trace the document", "RequestDocument", ISS)]
        case ConsularService.SERVE_SUMMONS:
            return [NextRoute("serve the papers by a route of this place", "RequestServiceOfProcess")]
        case ConsularService.REUNIFICATION:
            return [NextRoute("ask ISS to help with the reunification", rule="US-REUNIFY-ISS")]
        case ConsularService.IDENTITY_CHECK:
            return [NextRoute("ask the consulate again: until it answers, nobody's identity is verified")]
        case _:
            return []


def _after_document(case: Case, request: Request) -> list[NextRoute]:
    asked = case.documents.requests.get(request.request_id)
    source = None if asked is None else asked.source
    to_consulate = NextRoute("ask the consulate for it", "RequestDocument", "US-DOC-CONSULATE")
    to_iss = NextRoute("ask ISS to trace it", "RequestDocument", ISS)
    match source:
        case DocumentSource.FAMILY | DocumentSource.FOSTER_AGENCY | DocumentSource.OTHER:
            return [to_consulate, to_iss]
        case DocumentSource.CONSULATE:
            return [to_iss]
        case _:
            return []


def _after_service(case: Case, standing: Agency, request: Request, now: datetime) -> list[NextRoute]:
    """Every route of this place that was not tried for these papers."""
    serving = case.service.servings.get(request.request_id)
    if serving is None:
        return []
    tried = {serving.requested.route, *(attempt.route for _, _, attempt in serving.attempts)}
    left = [r for r in permitted_routes(standing, now, known_or(serving.requested.country, None)) if r not in tried]
    return [
        NextRoute(f"record the attempt, next by {SERVED_BY[route][0]}", "RecordServiceAttempt", SERVED_BY[route][1])
        for route in left
    ]


def search_order(case: Case, standing: Agency, party_id: UUID) -> list[NextRoute]:
    """How a detained parent is searched for: number, locator, facility (where it is done), coordinator, consulate.

    The order of domain.md 2.5; what was done stands at the end of it. No match is never "not detained".
    """
    detainee = case.detention.detainees.get(party_id)
    asked = {r.asking.kind for r in case.requests.asked.values() if party_id in r.asking.person_ids}
    found: list[NextRoute] = []
    if detainee is None or detainee.a_number.value is UNKNOWN:
        found.append(NextRoute("obtain the A-Number", "ObtainANumber", "US-DETAIN-ANUM"))
    elif AskedFor.DETAINEE_SEARCH not in asked:
        found.append(NextRoute("search the locator by the A-Number", "RecordLocatorSearch", "US-DETAIN-ANUM"))
    facility = CALLS_THE_FACILITY.get(standing.jurisdiction)
    if facility is not None:
        found.append(NextRoute("call the facility where the parent may be", "RecordFacilityContact", facility))
    if AskedFor.DETAINEE_COORDINATOR not in asked:
        found.append(NextRoute(
            "write to ICE's parental interest coordinator", "ContactParentalInterestCoordinator", "US-DETAIN-PIC"
        ))
    found.append(NextRoute("ask the consulate to help find the parent", rule="US-DETAIN-CONSULATE"))
    if AskedFor.DETAINEE_SEARCH in asked and detainee is not None and detainee.a_number.value is not UNKNOWN:
        found.append(NextRoute("search the locator again: no match is not `not detained`", "RecordLocatorSearch"))
    return found

"""What is awaited from others: what was asked, what has not come, by when it is needed, what may be tried next."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.reading.sentences_desks import ASKED_FOR
from adapters.reading.words import moment, people, personal, span
from domain.agency.state import Agency
from domain.case.expectations import Awaited, Expectation, expectations_of, open_requests
from domain.case.next_routes import SERVED_BY, NextRoute, next_routes
from domain.case.owners import Owner, owner_of_request
from domain.case.requests import NeededByDateSet, Request
from domain.case.state import Case
from domain.personal import Known, transform
from domain.requests import AskedFor

SILENCE = "No answer is not an answer: it agrees to nothing, identifies nobody, and is never `not detained`."


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One request without a reply. `is_overdue` by the agency's own interval or by its needed-by date, never by law."""

    request: Request
    expectations: tuple[Expectation, ...]
    owner: Owner
    title: str
    state: str
    next: tuple[NextRoute, ...]
    is_overdue: bool

    @property
    def urgency(self) -> tuple[bool, datetime]:
        """Overdue ones first, then who has waited longest."""
        return not self.is_overdue, self.request.asked_at

    @property
    def needed(self) -> NeededByDateSet | None:
        return self.expectations[-1].needed


def explain_waiting(case: Case, agency: Agency, now: datetime) -> list[Waiting]:
    """Every request of a case that awaits a reply, the most urgent first."""
    found = [
        Waiting(
            request=(request := expectations[0].request), expectations=tuple(expectations),
            owner=owner_of_request(agency, request, now), title=_title(case, agency, request),
            state=_state(case, expectations, agency, now), next=tuple(next_routes(case, agency, request, now)),
            is_overdue=any(expectation.is_overdue(now) for expectation in expectations),
        )
        for expectations in open_requests(expectations_of(case, agency, now))
    ]
    return sorted(found, key=lambda waiting: waiting.urgency)


def way(route: NextRoute) -> str:
    """A next way with the command that records it and its rule."""
    named = ", ".join(name for name in (route.command, route.rule) if name is not None)
    return f"{route.words} ({named})" if named else route.words


def _title(case: Case, agency: Agency, request: Request) -> str:
    return f"{_what(case, agency, request)}, about {people(case, request.asking.person_ids)}"


def _what(case: Case, agency: Agency, request: Request) -> str:
    """What was asked, and of whom, as far as this reader may see it."""
    id, kind = request.request_id, request.asking.kind
    notice, service = case.consular.notices.get(id), case.consular_services.requests.get(id)
    paper, serving = case.documents.requests.get(id), case.service.servings.get(id)
    if kind is AskedFor.CONSULAR_NOTICE and notice is not None:
        return f"notice to {_office(agency, notice.prepared.office)}"
    if kind is AskedFor.CONSULAR_SERVICE and service is not None:
        wanted = personal(transform(service.requested.service, lambda code: code.value.replace("_", " ")))
        return f"{wanted}, asked of {_office(agency, service.requested.office)}"
    if kind is AskedFor.DOCUMENT and paper is not None:
        return f"{paper.doc_type.value.replace('_', ' ')}, asked of {paper.source.value.replace('_', ' ')}"
    if kind is AskedFor.SERVICE_OF_PROCESS and serving is not None:
        return f"{ASKED_FOR[kind]} by {SERVED_BY[serving.requested.route][0]}"
    return ASKED_FOR[kind]


def _office(agency: Agency, office: str) -> str:
    known = agency.offices.get(office)
    return known.name if known is not None else office


def _state(case: Case, expectations: list[Expectation], agency: Agency, now: datetime) -> str:
    first = expectations[0]
    lacks = " and ".join(f"no {expectation.awaited.value}" for expectation in expectations)
    noted = "" if first.awaited is Awaited.ACKNOWLEDGEMENT or first.request.asking.kind is AskedFor.DETAINEE_SEARCH else (
        "acknowledged, "
    )
    said = [f"asked {span(now - first.request.asked_at)} ago: {noted}{lacks}"]
    said += [_interval(one, agency.zone, now) for one in expectations if one.ask_again_at is not None]
    needed = expectations[-1].needed
    if needed is not None:
        said.append(_needed(case, needed, now))
    return "; ".join(said)


def _interval(expectation: Expectation, zone: str, now: datetime) -> str:
    at = expectation.ask_again_at
    assert at is not None
    verb = "was to be asked for again" if at < now else "is asked for again"
    return f"the {expectation.awaited.value} {verb} {moment(at, zone)} (the agency's own interval)"


def _needed(case: Case, needed: NeededByDateSet, now: datetime) -> str:
    why = f", {needed.reason.value}" if isinstance(needed.reason, Known) else ""
    passed = ", which has passed" if needed.needed_by < now else ""
    moved = ""
    if any(hearing.replaces_hearing_id == needed.for_id for hearing in case.court.hearings.values() if needed.for_id):
        moved = "; that hearing was moved: set the day anew"
    day = moment(needed.needed_by, needed.needed_zone)
    return f"needed by {day} for {needed.needed_for.value.replace('_', ' ')}{why}{passed}{moved}"

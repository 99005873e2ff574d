"""What reaches the agency before there is a case: requests from abroad, and reports on a child whom nobody knows yet."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.agency.once import once
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.partners import partner
from domain.personal import UNKNOWN, Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.agency.state import Agency

OUR_ID = "our own id"
KEYS_OF = "our own id; there is no case yet, so the keys of its persons are kept under this matter"


class RequestKind(StrEnum):
    REPATRIATION = "repatriation"
    HOME_EVALUATION = "home_evaluation"
    FAMILY_TRACING = "family_tracing"
    OTHER = "other"


@event("casebridge.agency.RequestFromAbroadReceived")
class RequestFromAbroadReceived(Event):
    """A body abroad, or one that speaks for it, asked the agency for something, and no case is open."""

    request_id: UUID = clear(OUR_ID)
    case_id: UUID = clear(KEYS_OF)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    kind: RequestKind = clear("what kind of thing was asked for")
    partner: Personal[str] = boxed(
        Compartment.IDENTITY, about="person_ids", meaning="who asks, by code; a consulate's tells a nationality"
    )
    partner_ref: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the partner's reference")
    from_country: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="country it comes from")
    asked: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="what is asked, in words")


@event("casebridge.agency.PolarisReportReceived")
class PolarisReportReceived(Event):
    """The national hotline reported on a child whom the agency cannot yet tell from others."""

    report_id: UUID = clear(OUR_ID)
    case_id: UUID = clear(KEYS_OF)
    subject_id: UUID = clear("our own id of a child whom nobody knows yet")
    polaris_ref: Personal[str] = boxed(Compartment.TRAFFICKING, about="subject_id", meaning="the hotline's reference")
    told: Personal[str] = boxed(Compartment.TRAFFICKING, about="subject_id", meaning="what was reported, in words")


@event("casebridge.agency.TakenUpInCase")
class TakenUpInCase(Event):
    """A request or report that came before there was a case is gone into in a case of its own."""

    matter_id: UUID = clear(OUR_ID)
    case_id: UUID = clear("our own id of the case in which it is gone into")


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """A request or a report, since when it waits, and the case that took it up."""

    told: RequestFromAbroadReceived | PolarisReportReceived
    received_at: datetime
    taken_up_in: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BeforeACase:
    matters: Mapping[UUID, Matter] = field(default_factory=dict)
    recorded: Mapping[UUID, Event] = field(default_factory=dict)

    def waiting(self) -> list[Matter]:
        """What no case has taken up, oldest first."""
        open_matters = [matter for matter in self.matters.values() if matter.taken_up_in is None]
        return sorted(open_matters, key=lambda matter: matter.received_at)


@command
class ReceiveRequestFromAbroad(Command):
    """Record a request from abroad about persons of whom no case is open. `partner` is one code, such as ISS."""

    request_id: UUID
    person_ids: tuple[UUID, ...]
    kind: RequestKind
    partner: str
    partner_ref: str | None = None
    from_country: str | None = None
    asked: str | None = None


@command
class ReceiveReportOnUnknownChild(Command):
    """Record a report of the national hotline on a child whom the agency cannot identify; `subject_id` is a new id."""

    report_id: UUID
    subject_id: UUID
    polaris_ref: str | None = None
    told: str | None = None


@command
class TakeUpInCase(Command):
    """Record in which case a request or a report is gone into."""

    matter_id: UUID
    in_case_id: UUID


def _personal(value: str | None) -> Personal[str]:
    return UNKNOWN if value is None else Known(value)


def receive_request(submission: Submission[ReceiveRequestFromAbroad], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    if not wish.person_ids:
        raise Refused("name whom the request is about, by a new id each", rule="P13", field="person_ids")
    partner(wish.partner, "partner")
    if wish.from_country is not None and country(wish.from_country, "from_country") == "US":
        raise Refused("a request from abroad comes from another country", rule="P13", field="from_country")
    return once(agency.before_a_case.recorded, wish.request_id, RequestFromAbroadReceived(
        request_id=wish.request_id, case_id=wish.request_id, person_ids=wish.person_ids, kind=wish.kind,
        partner=Known(wish.partner), partner_ref=_personal(wish.partner_ref),
        from_country=_personal(wish.from_country), asked=_personal(wish.asked),
    ))


def receive_report(submission: Submission[ReceiveReportOnUnknownChild], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    return once(agency.before_a_case.recorded, wish.report_id, PolarisReportReceived(
        report_id=wish.report_id, case_id=wish.report_id, subject_id=wish.subject_id,
        polaris_ref=_personal(wish.polaris_ref), told=_personal(wish.told),
    ))


def take_up(submission: Submission[TakeUpInCase], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    matter = agency.before_a_case.matters.get(wish.matter_id)
    if matter is None:
        raise Refused("no such request or report came in", rule="P13", field="matter_id")
    if matter.taken_up_in == wish.in_case_id:
        return []
    if matter.taken_up_in is not None:
        raise Refused("another case has taken it up", rule="P13", field="in_case_id")
    return [Recording(event=TakenUpInCase(matter_id=wish.matter_id, case_id=wish.in_case_id))]


def _received(
    state: BeforeACase, told: RequestFromAbroadReceived | PolarisReportReceived, envelope: Envelope
) -> BeforeACase:
    matter_id = told.request_id if isinstance(told, RequestFromAbroadReceived) else told.report_id
    matter = Matter(told=told, received_at=envelope.circumstances.occurred_at)
    return BeforeACase(
        matters={**state.matters, matter_id: matter}, recorded={**state.recorded, matter_id: told},
    )


def _taken_up(state: BeforeACase, told: TakenUpInCase, _: Envelope) -> BeforeACase:
    matter = state.matters.get(told.matter_id)
    if matter is None:
        return state  # A filtered replay may lack the beginning; a fold never raises (I10).
    taken = replace(matter, taken_up_in=told.case_id)
    return replace(state, matters={**state.matters, told.matter_id: taken})


INITIAL = BeforeACase()
DECIDES: dict[type[Command], Callable[[Submission[Any], Agency], Sequence[Recording]]] = {
    ReceiveRequestFromAbroad: receive_request, ReceiveReportOnUnknownChild: receive_report, TakeUpInCase: take_up,
}
EVOLVES: dict[type[Event], Callable[[BeforeACase, Any, Envelope], BeforeACase]] = {
    RequestFromAbroadReceived: _received, PolarisReportReceived: _received, TakenUpInCase: _taken_up,
}

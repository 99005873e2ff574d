"""Which office may learn of a case, for what purpose and whom, on which basis, and until when."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.agency.agreements import Agreements
from domain.agency.events import OfficeStage
from domain.agency.state import Office
from domain.case.intake import OUR_ID
from domain.case.keys import Keys
from domain.disclosure.basis import BasisKind, EngagementBasis
from domain.disclosure.purposes import Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

OFFICE = "an office of the directory"
BASIS = "DECISION-12"


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonReference:
    """By what sign one office knows one person; no other office is given the same sign."""

    person_id: UUID
    reference: str


class EndedBecause(StrEnum):
    CORRECTED = "corrected"  # the fact that its basis rested on was never true
    POLICY = "policy"  # no rule in force since is a basis for it
    FULFILLED = "fulfilled"
    REROUTED = "rerouted"  # another office of the kind took its place
    SEALED = "sealed"  # a court closed the record
    EXPUNGED = "expunged"  # a court ordered that the record be destroyed
    CLOSED = "closed"  # a person ended it
    CONSENT_ENDED = "consent_ended"  # withdrawn, run out, too narrow now, or given by nobody who speaks for these persons
    ORDER_ENDED = "order_ended"  # stayed, amended or vacated
    APPROVAL_ENDED = "approval_ended"  # counsel's, withdrawn or run out
    RAN_OUT = "ran_out"  # its own end, or its agreement's, had come when another took its place
    NOT_FOR_THEM = "not_for_them"  # the office may not learn, for that, of somebody whom it names


class Side(StrEnum):
    """For whom counsel stands. Whoever is not the client is adverse until a ground says otherwise."""

    CHILD = "child"
    PARENT = "parent"
    RELATIVE = "relative"


@event("casebridge.engagement.OfficeRouted")
class OfficeRouted(Event):
    """It was decided which office of a kind is meant for this case, and why."""

    office: str = clear(OFFICE)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    reason: str = clear("`directory` where one office serves the place, else `person`")
    recipient_kind: Personal[str] = boxed(
        Compartment.IDENTITY, about="child_ids", meaning="the kind of partner; a consulate's tells a nationality"
    )


@event("casebridge.engagement.EngagementOpened")
class EngagementOpened(Event):
    """From now on an office may learn, for one purpose and on one basis, what its contract lets flow of these persons."""

    engagement_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    purpose: Purpose = clear("one of the purposes that contracts name")
    case_reference: str = clear("random sign by which this office alone knows the case")
    persons: tuple[PersonReference, ...] = clear("our own ids, with the random signs by which this office knows them")
    rule_ids: tuple[str, ...] = clear("the rules that are the basis")
    basis: EngagementBasis | None = clear(
        "law, policy or contract in public words, or our own id of the agreement, order, consent or approval", default=None
    )
    until: datetime | None = clear("when it ends by itself", default=None)
    client_ids: tuple[UUID, ...] = clear("our own ids of those for whom counsel stands", default=())
    side: Side | None = clear("on which side counsel stands; says nothing of the person", default=None)


@event("casebridge.engagement.EngagementWidened")
class EngagementWidened(Event):
    """The same basis now concerns more persons."""

    engagement_id: UUID = clear(OUR_ID)
    persons: tuple[PersonReference, ...] = clear("our own ids, with the random signs by which this office knows them")
    rule_ids: tuple[str, ...] = clear("the rules that are the basis")


@event("casebridge.engagement.EngagementEnded")
class EngagementEnded(Event):
    """The basis ended: no hand-over starts from here on."""

    engagement_id: UUID = clear(OUR_ID)
    reason: EndedBecause = clear("why, as a code")


@dataclass(frozen=True, kw_only=True, slots=True)
class Engagement:
    engagement_id: UUID
    office: str
    purpose: Purpose
    case_reference: str
    references: Mapping[UUID, str]
    rule_ids: tuple[str, ...]
    event_id: UUID
    is_open: bool = True
    ended: EndedBecause | None = None
    basis: EngagementBasis | None = None
    until: datetime | None = None
    client_ids: tuple[UUID, ...] = ()
    side: Side | None = None

    def holds_at(self, moment: datetime, agreements: Agreements) -> bool:
        """Whether something may leave on it: it is open, has not run out, and its agreement stands.

        A consent, an order and an approval are recorded in the case, and end the engagement by an event there; what the
        agency's own stream and the clock say is asked here.
        """
        return self.is_open and self._stands_at(moment, agreements)

    def may_correct_at(self, moment: datetime, agreements: Agreements) -> bool:
        """Whether what was told on it may be told anew where it proves untrue: also once its purpose is fulfilled, for
        whoever was told is told again (design decision 4)."""
        return (self.is_open or self.ended is EndedBecause.FULFILLED) and self._stands_at(moment, agreements)

    def _stands_at(self, moment: datetime, agreements: Agreements) -> bool:
        if self.until is not None and moment >= self.until:
            return False
        return not self.rests_on_agreement or (
            self.basis is not None and self.basis.rests_on is not None and agreements.stands(self.basis.rests_on, moment)
        )

    @property
    def rests_on_agreement(self) -> bool:
        return self.basis is not None and self.basis.kind is BasisKind.AGREEMENT


def require_office(submission: Submission[Any], office: str, *, field: str = "office") -> Office:
    """The office of the directory. Raises Refused where there is none, or it has ended and nothing leaves to it."""
    known = submission.standing.offices.get(office)
    if known is None:
        raise Refused("no such office in the directory", rule="DECISION-11", field=field)
    if known.stage is OfficeStage.ENDED:
        because = "this office has ended, and nothing leaves to it: route the case to another of its kind, and prepare anew"
        raise Refused(because, rule="DECISION-11", field=field)
    return known


def require_basis(submission: Submission[Any], engagement: Engagement | None, because: str, *, field: str) -> Engagement:
    """The engagement, where something may leave on it when this occurs. Raises Refused saying `because` of `field`."""
    if engagement is None or not engagement.holds_at(submission.occurred_at, submission.standing.agreements):
        raise Refused(because, rule=BASIS, field=field)
    return engagement


@dataclass(frozen=True, kw_only=True, slots=True)
class Engagements:
    """`routes` maps a recipient kind to its office; `signs` an office to its signs (None: the case's own)."""

    engagements: Mapping[UUID, Engagement] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, Mapping[UUID | None, str]] = field(default_factory=dict)

    def open_for(self, office: str, purpose: Purpose) -> Engagement | None:
        return next(
            (e for e in self.engagements.values() if e.is_open and e.office == office and e.purpose is purpose), None
        )


@command
class RouteToOffice(Command):
    """A person decides which office of a kind this case's acts go to."""

    recipient_kind: str
    office: str


def route_to_office(submission: Submission[RouteToOffice], case: Case) -> Sequence[Recording]:
    wish = submission.command
    office = submission.standing.offices.get(wish.office)
    if office is None or office.recipient_kind != wish.recipient_kind:
        raise Refused("the directory has no such office of this kind", rule="DECISION-11", field="office")
    if case.engagements.routes.get(wish.recipient_kind) == wish.office:
        return []
    require_office(submission, wish.office)
    former = case.engagements.open_for(case.engagements.routes.get(wish.recipient_kind, ""), Purpose.CONSULAR_NOTICE)
    ended = [] if former is None else [
        Recording(event=EngagementEnded(engagement_id=former.engagement_id, reason=EndedBecause.REROUTED))
    ]
    return [*ended, Recording(event=routed(case, wish.recipient_kind, wish.office, "person"))]


def routed(case: Case, recipient_kind: str, office: str, reason: str) -> OfficeRouted:
    children = case.taking([child.person_id for child in case.intake.children], Compartment.IDENTITY)
    return OfficeRouted(office=office, child_ids=children, reason=reason, recipient_kind=Known(recipient_kind))


class Signs:
    """Hands out an office's signs: those it has, and new random ones, numbered within one command."""

    def __init__(self, submission: Submission[Any], case: Case) -> None:
        self._submission, self._case, self._made = submission, case, 0
        self._new: dict[tuple[str, UUID | None], str] = {}

    def of(self, office: str, person_id: UUID | None) -> str:
        known = self._case.engagements.signs.get(office, {}).get(person_id)
        if known is not None:
            return known
        if (office, person_id) not in self._new:
            self._new[office, person_id] = self._submission.reference(self._made)
            self._made += 1
        return self._new[office, person_id]

    def of_all(self, office: str, persons: Iterable[UUID]) -> tuple[PersonReference, ...]:
        return tuple(PersonReference(person_id=person, reference=self.of(office, person)) for person in persons)


def _routed(state: Engagements, told: OfficeRouted, _: Envelope) -> Engagements:
    if not isinstance(told.recipient_kind, Known):
        return state
    return replace(state, routes={**state.routes, told.recipient_kind.value: told.office})


def _opened(state: Engagements, told: EngagementOpened, envelope: Envelope) -> Engagements:
    references: dict[UUID | None, str] = {person.person_id: person.reference for person in told.persons}
    engagement = Engagement(
        engagement_id=told.engagement_id, office=told.office, purpose=told.purpose, case_reference=told.case_reference,
        references={p.person_id: p.reference for p in told.persons}, rule_ids=told.rule_ids,
        event_id=envelope.circumstances.event_id, basis=told.basis, until=told.until, client_ids=told.client_ids,
        side=told.side,
    )
    signs: dict[UUID | None, str] = {**state.signs.get(told.office, {}), None: told.case_reference, **references}
    return replace(
        state, engagements={**state.engagements, told.engagement_id: engagement}, signs={**state.signs, told.office: signs}
    )


def _widened(state: Engagements, told: EngagementWidened, _: Envelope) -> Engagements:
    engagement = state.engagements.get(told.engagement_id)
    if engagement is None:
        return state
    more = {person.person_id: person.reference for person in told.persons}
    wider = replace(engagement, references={**engagement.references, **more}, rule_ids=told.rule_ids)
    signs: dict[UUID | None, str] = dict(state.signs.get(wider.office, {}))
    signs |= {person.person_id: person.reference for person in told.persons}
    return replace(
        state, engagements={**state.engagements, wider.engagement_id: wider}, signs={**state.signs, wider.office: signs}
    )


def _ended(state: Engagements, told: EngagementEnded, _: Envelope) -> Engagements:
    engagement = state.engagements.get(told.engagement_id)
    if engagement is None:
        return state
    ended = replace(engagement, is_open=False, ended=told.reason)
    return replace(state, engagements={**state.engagements, told.engagement_id: ended})


INITIAL = Engagements()
DECIDES = {RouteToOffice: route_to_office}
EVOLVES = {OfficeRouted: _routed, EngagementOpened: _opened, EngagementWidened: _widened, EngagementEnded: _ended}
KEYS: Keys = {}

"""A person opens and ends what an office may learn, on a basis that stands."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.agency.agreements import ConsularService
from domain.agency.state import Office
from domain.case.allowed import Allowed
from domain.case.consent import is_spoken_for
from domain.case.engagement import (
    BASIS,
    OFFICE,
    EndedBecause,
    EngagementEnded,
    EngagementOpened,
    Side,
    Signs,
    require_office,
)
from domain.case.intake import OUR_ID, require_open, require_person
from domain.case.keys import Keys
from domain.case.referable import require_referable
from domain.case.sealing import require_told_of
from domain.disclosure.basis import GROUNDS_FOR_ADVERSE, RECORDED, BasisKind, EngagementBasis
from domain.disclosure.kinds import COUNSEL
from domain.disclosure.purposes import BY_RULE, Purpose
from domain.events import Envelope, Event, clear, event
from domain.people import PARENTS, Role
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

CITATION_LENGTH_MAX = 300
NONE_WITH: Mapping[tuple[str, str], str] = {
    ("NYC", "MX"): "NYC-MOU-MX-NONE",
    **{(place, country): f"{place}-MOU-NONE-CA3" for place in ("LAC", "NJ") for country in ("GT", "HN", "SV")},
}
"""The rules that say of a place that it has no agreement with a country."""
SERVICE: Mapping[Purpose, frozenset[ConsularService]] = {
    Purpose.HOME_STUDY: frozenset({ConsularService.HOME_ASSESSMENT}),
    Purpose.REUNIFICATION: frozenset({ConsularService.REUNIFICATION}),
    Purpose.SERVICE_OF_PROCESS: frozenset({ConsularService.SERVE_SUMMONS}),
    Purpose.DOCUMENT_TRACING: frozenset({ConsularService.DOCUMENT, ConsularService.BIRTH_CERTIFICATE}),
    Purpose.IDENTITY_CHECK: frozenset({ConsularService.IDENTITY_CHECK}),
    Purpose.HEARING_LOGISTICS: frozenset({ConsularService.HEARING_PLACE, ConsularService.EQUIPMENT}),
    Purpose.ARRANGE_VISIT: frozenset({ConsularService.VISIT}),
    Purpose.BORDER_VISIT: frozenset({ConsularService.VISIT}),
}
"""Which services of an agreement a purpose needs one of."""


STANDS_FOR: Mapping[str, Side] = {"LAW-PARENT": Side.PARENT}
"""On which side a kind of counsel always stands; the others stand for whom an engagement says."""


class RecallBecause(StrEnum):
    CONSENT_ENDED = "consent_ended"
    ORDER_ENDED = "order_ended"
    APPROVAL_ENDED = "approval_ended"
    MISLINKED = "mislinked"  # it told of the wrong person
    NOT_FOR_THEM = "not_for_them"  # it told of somebody of whom the office may not learn for that
    NEVER_TRUE = "never_true"


@event("casebridge.engagement.RecallRaised")
class RecallRaised(Event):
    """What an office was given on a basis that has fallen is to be taken back, as far as that can be done."""

    recall_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    engagement_id: UUID = clear(OUR_ID)
    disclosure_ids: tuple[UUID, ...] = clear("our own ids of what was released to leave on that basis")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    reason: RecallBecause = clear("why, as a code")


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """Recalls that a fallen basis raised, by the engagement that it was."""

    recalls: Mapping[UUID, RecallRaised] = field(default_factory=dict)


@command
class OpenEngagement(Command):
    """Let an office learn, for one purpose, of these persons. `rests_on` names the agreement (its change), the order, the
    consent or counsel's approval; a treaty, statute, policy or service contract is cited. An order is a basis for those
    whom it names, for the purposes that it says. Counsel names its client and its side."""

    engagement_id: UUID
    office: str
    purpose: Purpose
    person_ids: tuple[UUID, ...]
    basis: BasisKind
    citation: str | None = None
    rests_on: UUID | None = None
    until: datetime | None = None
    client_ids: tuple[UUID, ...] = ()
    side: Side | None = None


@command
class CloseEngagement(Command):
    """End what an office may learn; nothing leaves on it from here on."""

    engagement_id: UUID


def open_engagement(submission: Submission[OpenEngagement], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    office = require_office(submission, wish.office)
    known = case.engagements.engagements.get(wish.engagement_id)
    signs = Signs(submission, case)
    opened = EngagementOpened(
        engagement_id=wish.engagement_id, office=wish.office, purpose=wish.purpose,
        case_reference=signs.of(wish.office, None), persons=signs.of_all(wish.office, wish.person_ids), rule_ids=(),
        basis=EngagementBasis(kind=wish.basis, citation=wish.citation, rests_on=wish.rests_on), until=_until(wish, case),
        client_ids=wish.client_ids, side=wish.side,
    )
    if known is not None:
        return case.once(wish.engagement_id, opened)
    if not wish.person_ids:
        raise Refused("say of whom the office may learn", rule=BASIS, field="person_ids")
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    require_told_of(case, wish.person_ids, wish.purpose, "person_ids")
    require_referable(case, wish.purpose, wish.person_ids, field="person_ids")
    _check_purpose(submission, office)
    _check_basis(submission, case, office)
    _check_side(wish, case, office)
    if opened.until is not None and opened.until <= submission.occurred_at:
        raise Refused("an engagement ends after it began", rule=BASIS, field="until")
    return [*_run_out(submission, case), Recording(event=opened)]


def _run_out(submission: Submission[OpenEngagement], case: Case) -> list[Recording]:
    """The end of the one before, on which nothing may leave any more. Raises Refused where something may."""
    before = case.engagements.open_for(submission.command.office, submission.command.purpose)
    if before is None:
        return []
    if before.holds_at(submission.occurred_at, submission.standing.agreements):
        raise Refused("one for this office and purpose is open: end it first", rule=BASIS, field="purpose")
    return [Recording(event=EngagementEnded(engagement_id=before.engagement_id, reason=EndedBecause.RAN_OUT))]


def _until(wish: OpenEngagement, case: Case) -> datetime | None:
    """No later than the consent or the approval that it rests on."""
    allowed = allowed_by(wish.basis, wish.rests_on, case)
    ends = (wish.until, None if allowed is None else allowed.until)
    return min((moment for moment in ends if moment is not None), default=None)


def _check_purpose(submission: Submission[OpenEngagement], office: Office) -> None:
    wish, standing = submission.command, submission.standing
    if wish.purpose in BY_RULE:
        raise Refused("a rule opens this engagement, not a person", rule=BASIS, field="purpose")
    contract = standing.contract_for(office.recipient_kind)
    if contract is None or contract.flow(wish.purpose, standing.jurisdiction) is None:
        because = "no contract of this agency lets anything flow to this kind of partner for that purpose"
        raise Refused(because, rule="DECISION-13", field="purpose")


def _check_basis(submission: Submission[OpenEngagement], case: Case, office: Office) -> None:
    wish = submission.command
    if (wish.basis in RECORDED) is (wish.rests_on is None):
        because = "name the agreement, order, consent or approval by its id, and nothing else so"
        raise Refused(because, rule=BASIS, field="rests_on")
    if wish.basis not in RECORDED and not (0 < len((wish.citation or "").strip()) <= CITATION_LENGTH_MAX):
        raise Refused("cite the law, policy or contract in a line", rule=BASIS, field="citation")
    if wish.basis is BasisKind.AGREEMENT:
        _check_agreement(submission, office)
    elif wish.rests_on is not None and not (
        stands(wish.basis, wish.rests_on, submission, case, wish, office.recipient_kind) and _says_so(wish, case)
    ):
        what = wish.basis.replace("_", " ")
        because = f"no {what} of this id stands in the case and covers this office, purpose and these persons"
        raise Refused(because, rule=BASIS, field="rests_on")


def _says_so(wish: OpenEngagement, case: Case) -> bool:
    """An order lets nobody learn anything by being an order: it says for which purposes it does."""
    order = None if wish.rests_on is None else case.court.orders.get(wish.rests_on)
    return wish.basis is not BasisKind.COURT_ORDER or (order is not None and wish.purpose in order.entered.purposes)


def _check_agreement(submission: Submission[OpenEngagement], office: Office) -> None:
    wish, standing = submission.command, submission.standing
    assert wish.rests_on is not None
    signed = standing.agreements.in_force(office.country or "", submission.occurred_at)
    if signed is None or signed.change_id != wish.rests_on:
        rule = NONE_WITH.get((standing.jurisdiction, office.country or ""), "P18")
        raise Refused("the agency has no such agreement with this office's country in force", rule=rule, field="rests_on")
    if not set(signed.services) & SERVICE.get(wish.purpose, frozenset()):
        raise Refused("the agreement does not hold a service for this purpose", rule="P18", field="purpose")


def stands(
    kind: BasisKind, rests_on: UUID, submission: Submission[Any], case: Case, wish: Wish, recipient_kind: str
) -> bool:
    """Whether a ground that is recorded in the case stands and covers what rests on it. A consent stands while whoever gave
    it speaks for these persons."""
    if kind is not BasisKind.COURT_ORDER:
        allowed = allowed_by(kind, rests_on, case)
        return (
            allowed is not None and is_spoken_for(submission, case, allowed, wish.person_ids)
            and allowed.covers(wish.office, recipient_kind, wish.purpose, wish.person_ids)
        )
    order = case.court.orders.get(rests_on)
    named = () if order is None else (*order.entered.child_ids, *order.entered.party_ids)
    return order is not None and case.court.is_binding(rests_on) and set(wish.person_ids) <= set(named)


def allowed_by(kind: BasisKind, rests_on: UUID | None, case: Case) -> Allowed | None:
    """The consent or the approval of this id."""
    if rests_on is None:
        return None
    match kind:
        case BasisKind.CONSENT:
            return case.consents.consents.get(rests_on)
        case BasisKind.COUNSEL_APPROVAL:
            return case.approvals.approvals.get(rests_on)
        case _:
            return None


class Wish(Protocol):
    """What an engagement asks of its basis."""

    @property
    def office(self) -> str: ...
    @property
    def purpose(self) -> Purpose: ...
    @property
    def person_ids(self) -> tuple[UUID, ...]: ...


def _check_side(wish: OpenEngagement, case: Case, office: Office) -> None:
    """Counsel stands for somebody. Of whoever else is in the case nothing is told by default: they are adverse."""
    if office.recipient_kind not in COUNSEL:
        if wish.side is not None or wish.client_ids:
            raise Refused("only counsel has a client and a side", rule=BASIS, field="side")
        return
    if wish.side is None or not wish.client_ids:
        raise Refused("say for whom counsel stands, and on which side", rule="COUNSEL-SIDE", field="client_ids")
    for client_id in wish.client_ids:
        role = require_person(case, client_id, "client_ids").role
        if _side_of(role) is not wish.side:
            raise Refused("this client stands on another side", rule="COUNSEL-SIDE", field="side")
    if STANDS_FOR.get(office.recipient_kind, wish.side) is not wish.side:
        raise Refused("this counsel stands for parents alone", rule="COUNSEL-SIDE", field="side")
    _check_former_side(wish, case)
    adverse = set(wish.person_ids) - set(wish.client_ids)
    if adverse and (wish.basis not in GROUNDS_FOR_ADVERSE or _is_the_clients_own(wish, case)):
        because = "whoever is not the client is adverse: their fields take their own consent or a court's order"
        raise Refused(because, rule="COUNSEL-SIDE", field="person_ids")


def _check_former_side(wish: OpenEngagement, case: Case) -> None:
    """What counsel learned as one side's it keeps: it stands for no other side after that, unless a court, the agency's
    counsel or the client whom it had allows it. What was released counts, as its receipt may come too late."""
    had = {
        client_id for engagement in case.engagements.engagements.values()
        if engagement.office == wish.office and engagement.side not in (None, wish.side)
        and case.disclosures.released_on(engagement.engagement_id)
        for client_id in engagement.client_ids
    }
    consent = None if wish.rests_on is None else case.consents.consents.get(wish.rests_on)
    is_theirs = consent is not None and had == {consent.granted.given_by}
    if had and not is_theirs and wish.basis not in (BasisKind.COURT_ORDER, BasisKind.COUNSEL_APPROVAL):
        raise Refused(
            "something was released to this office as counsel of another side: take another office, or name a court's "
            "order, counsel's approval or the consent of the client whom it had", rule="COUNSEL-SIDE", field="office",
        )


def _is_the_clients_own(wish: OpenEngagement, case: Case) -> bool:
    """Whether it rests on a consent that the client gave: a parent's counsel does not learn of the child on the parent's
    word."""
    consent = None if wish.rests_on is None else case.consents.consents.get(wish.rests_on)
    return consent is not None and consent.granted.given_by in wish.client_ids


def _side_of(role: Role | None) -> Side:
    if role is None:
        return Side.CHILD
    return Side.PARENT if role in PARENTS else Side.RELATIVE


def close_engagement(submission: Submission[CloseEngagement], case: Case) -> Sequence[Recording]:
    engagement = case.engagements.engagements.get(submission.command.engagement_id)
    if engagement is None:
        raise Refused("no such engagement in this case", rule=BASIS, field="engagement_id")
    if engagement.purpose in BY_RULE:
        raise Refused("a rule opened this engagement, and a correction ends it", rule=BASIS, field="engagement_id")
    if not engagement.is_open:
        return []
    return [Recording(event=EngagementEnded(engagement_id=engagement.engagement_id, reason=EndedBecause.CLOSED))]


def _raised(state: Permission, told: RecallRaised, _: Envelope) -> Permission:
    return Permission(recalls={**state.recalls, told.engagement_id: told})


INITIAL = Permission()
DECIDES = {OpenEngagement: open_engagement, CloseEngagement: close_engagement}
EVOLVES = {RecallRaised: _raised}
KEYS: Keys = {EngagementOpened: lambda e: e.engagement_id}

"""The agency's counsel approves that things are told which need a ground, and takes it back."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.allowed import KINDS, OFFICES, PURPOSES, UNTIL, Allowed, require_named
from domain.case.intake import OUR_ID, require_person
from domain.case.keys import Keys
from domain.disclosure.purposes import Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

APPROVAL = "COUNSEL-APPROVAL"


@event("casebridge.engagement.CounselApprovalGiven")
class CounselApprovalGiven(Event):
    """The agency's counsel approved that these persons are told of to these offices, for these purposes."""

    approval_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    purposes: tuple[Purpose, ...] = clear(PURPOSES)
    offices: tuple[str, ...] = clear(OFFICES)
    until: datetime | None = clear(UNTIL)
    kinds: Personal[tuple[str, ...]] = boxed(Compartment.IDENTITY, about="person_ids", meaning=KINDS)
    counsel: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="name of the counsel who approved it")
    paper: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="reference of the paper that says so")


@event("casebridge.engagement.CounselApprovalWithdrawn")
class CounselApprovalWithdrawn(Event):
    """An approval of counsel was taken back: nothing more is told on it."""

    approval_id: UUID = clear(OUR_ID)


@event("casebridge.engagement.CounselApprovalExpired")
class CounselApprovalExpired(Event):
    """An approval of counsel ended by itself, when it said that it would: nothing more is told on it."""

    approval_id: UUID = clear(OUR_ID)


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval(Allowed):
    """`given_at` is when counsel approved."""

    given_at: datetime
    counsel: Personal[str]
    paper: Personal[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Approvals:
    approvals: Mapping[UUID, Approval] = field(default_factory=dict)


@command
class GiveCounselApproval(Command):
    """Record that the agency's counsel approved: about whom, to which offices or kinds, for which purposes, by which paper.

    Whoever records it is not the counsel who is named. An approval is not narrowed: it is withdrawn, and another given.
    """

    approval_id: UUID
    person_ids: tuple[UUID, ...]
    purposes: tuple[Purpose, ...]
    offices: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    counsel: str
    paper: str
    until: datetime | None = None


@command
class WithdrawCounselApproval(Command):
    """Record that an approval of counsel was taken back."""

    approval_id: UUID


def give(submission: Submission[GiveCounselApproval], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_named(wish, submission, APPROVAL)
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    if wish.counsel.strip().casefold() in (submission.actor.user.casefold(), submission.principal.casefold()):
        raise Refused("counsel approves it and somebody else records it", rule=APPROVAL, field="counsel")
    if wish.until is not None and wish.until <= submission.occurred_at:
        raise Refused("an approval ends after it was given", rule=APPROVAL, field="until")
    return case.once(wish.approval_id, CounselApprovalGiven(
        approval_id=wish.approval_id, person_ids=wish.person_ids, purposes=wish.purposes, offices=wish.offices,
        until=wish.until, kinds=Known(wish.kinds), counsel=Known(wish.counsel), paper=Known(wish.paper),
    ))


def withdraw(submission: Submission[WithdrawCounselApproval], case: Case) -> Sequence[Recording]:
    approval_id = submission.command.approval_id
    approval = case.approvals.approvals.get(approval_id)
    if approval is None:
        raise Refused("no such approval of counsel in this case", rule=APPROVAL, field="approval_id")
    if approval.is_withdrawn:
        return []
    return [Recording(event=CounselApprovalWithdrawn(approval_id=approval_id))]


def _given(state: Approvals, told: CounselApprovalGiven, envelope: Envelope) -> Approvals:
    approval = Approval(
        given_at=envelope.circumstances.occurred_at, counsel=told.counsel, paper=told.paper, person_ids=told.person_ids,
        purposes=told.purposes, offices=told.offices, kinds=told.kinds, until=told.until,
    )
    return Approvals(approvals={**state.approvals, told.approval_id: approval})


def _changed(state: Approvals, approval_id: UUID, **changes: Any) -> Approvals:
    approval = state.approvals.get(approval_id)
    if approval is None:
        return state  # A prefix or a filtered replay may lack the approval; a fold never raises (I10).
    return Approvals(approvals={**state.approvals, approval_id: replace(approval, **changes)})


def _withdrawn(state: Approvals, told: CounselApprovalWithdrawn, _: Envelope) -> Approvals:
    return _changed(state, told.approval_id, is_withdrawn=True)


def _expired(state: Approvals, told: CounselApprovalExpired, _: Envelope) -> Approvals:
    return _changed(state, told.approval_id, has_run_out=True)


INITIAL = Approvals()
DECIDES = {GiveCounselApproval: give, WithdrawCounselApproval: withdraw}
EVOLVES = {
    CounselApprovalGiven: _given, CounselApprovalWithdrawn: _withdrawn, CounselApprovalExpired: _expired,
}
KEYS: Keys = {CounselApprovalGiven: lambda e: e.approval_id}

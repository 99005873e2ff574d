"""Who has an act or a question in hand: a person or another unit, where somebody was assigned to it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.agency.events import STAFF
from domain.case.intake import OUR_ID, require_open
from domain.case.keys import Keys
from domain.case.obligations import DutyStage
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

OWNER_LENGTH_MAX = 80
WHY = "why it was given to another"


class OwnerKind(StrEnum):
    UNIT = "unit"
    PERSON = "person"


@event("casebridge.obligations.ActReassigned")
class ActReassigned(Event):
    """An act owed was given to a person or to another unit of the agency."""

    reassignment_id: UUID = clear(OUR_ID)
    duty_ids: tuple[UUID, ...] = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    owner: str = clear(STAFF)
    owner_kind: OwnerKind = clear("a person of the staff or a unit")
    reason: Personal[str] = boxed(Compartment.IDENTITY, about="child_ids", meaning=WHY)


@event("casebridge.obligations.QuestionReassigned")
class QuestionReassigned(Event):
    """An open question was given to a person or to another unit of the agency."""

    reassignment_id: UUID = clear(OUR_ID)
    question_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    owner: str = clear(STAFF)
    owner_kind: OwnerKind = clear("a person of the staff or a unit")
    reason: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=WHY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Assigned:
    owner: str
    kind: OwnerKind
    at: datetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignments:
    """By id of the duty or the question: who was assigned last, as it occurred."""

    to: Mapping[UUID, Assigned] = field(default_factory=dict)


@command
class ReassignAct(Command):
    """Give an act owed to a person of the staff or to a unit: the ids of its duties, and why."""

    reassignment_id: UUID
    duty_ids: tuple[UUID, ...]
    owner: str
    owner_kind: OwnerKind
    reason: str


@command
class ReassignQuestion(Command):
    """Give an open question to a person of the staff or to a unit, and say why."""

    reassignment_id: UUID
    question_id: UUID
    owner: str
    owner_kind: OwnerKind
    reason: str


def _owner(name: str) -> str:
    owner = name.strip()
    if not owner or len(owner) > OWNER_LENGTH_MAX:
        raise Refused(f"name the new owner, in at most {OWNER_LENGTH_MAX} signs", rule="DECISION-9", field="owner")
    return owner


def reassign_act(submission: Submission[ReassignAct], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    if not wish.duty_ids:
        raise Refused("name the duties of the act", rule="DECISION-9", field="duty_ids")
    child_ids: dict[UUID, None] = {}
    for duty_id in wish.duty_ids:
        duty = case.obligations.duties.get(duty_id)
        if duty is None:
            raise Refused("no such duty in this case", rule="DECISION-9", field="duty_ids")
        if duty.stage is not DutyStage.OPEN and wish.reassignment_id not in case.recorded:
            raise Refused("this duty is no longer open", rule="DECISION-9", field="duty_ids")
        child_ids[duty.raised.child_id] = None
    return case.once(wish.reassignment_id, ActReassigned(
        reassignment_id=wish.reassignment_id, duty_ids=wish.duty_ids, child_ids=tuple(child_ids),
        owner=_owner(wish.owner), owner_kind=wish.owner_kind, reason=Known(wish.reason),
    ))


def reassign_question(submission: Submission[ReassignQuestion], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    known = case.recorded.get(wish.reassignment_id)
    asked = next((q for q in case.obligations.questions.values() if q.question_id == wish.question_id), None)
    if asked is not None:
        person_id = asked.person_id
    elif isinstance(known, QuestionReassigned):
        person_id = known.person_id  # It was answered since: only what the sender says is compared.
    else:
        raise Refused("no such question is open in this case", rule="DECISION-9", field="question_id")
    return case.once(wish.reassignment_id, QuestionReassigned(
        reassignment_id=wish.reassignment_id, question_id=wish.question_id, person_id=person_id,
        owner=_owner(wish.owner), owner_kind=wish.owner_kind, reason=Known(wish.reason),
    ))


def _given(
    state: Assignments, ids: Sequence[UUID], told: ActReassigned | QuestionReassigned, envelope: Envelope
) -> Assignments:
    assigned = Assigned(
        owner=told.owner, kind=told.owner_kind, at=envelope.circumstances.occurred_at, version=envelope.version
    )
    to = dict(state.to)
    for one in ids:
        before = to.get(one)
        if before is None or (before.at, before.version) < (assigned.at, assigned.version):
            to[one] = assigned
    return replace(state, to=to)


def _act(state: Assignments, told: ActReassigned, envelope: Envelope) -> Assignments:
    return _given(state, told.duty_ids, told, envelope)


def _question(state: Assignments, told: QuestionReassigned, envelope: Envelope) -> Assignments:
    return _given(state, (told.question_id,), told, envelope)


INITIAL = Assignments()
DECIDES = {ReassignAct: reassign_act, ReassignQuestion: reassign_question}
EVOLVES = {ActReassigned: _act, QuestionReassigned: _question}
KEYS: Keys = {ActReassigned: lambda e: e.reassignment_id, QuestionReassigned: lambda e: e.reassignment_id}

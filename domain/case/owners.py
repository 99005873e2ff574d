"""Who owns an act, a question or a request: whoever was assigned, else the pack's unit, else what the agency settled."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.agency.settings import QUESTIONS
from domain.agency.state import Agency
from domain.agency.targets import CORRECTIONS
from domain.case.assignments import OwnerKind
from domain.case.obligations import Duty, QuestionRaised
from domain.case.requests import Request
from domain.case.state import Case
from domain.requests import PROCESS_OF

CASEWORKER = "caseworker"
"""Who has it where neither the guide nor the agency names anybody."""


class OwnedBecause(StrEnum):
    ASSIGNED = "assigned"
    PACK = "named by the pack"
    AGENCY = "the agency's setting"
    NOBODY_NAMED = "nobody is named"


@dataclass(frozen=True, slots=True)
class Owner:
    name: str
    kind: OwnerKind
    because: OwnedBecause


def owner_of_duty(case: Case, standing: Agency, duty: Duty, now: datetime) -> Owner:
    """Whose a duty is at `now`. A pack that names an owner leaves the agency's setting nothing to say."""
    assigned = _assigned(case, duty.duty_id)
    if assigned is not None:
        return assigned
    rule = standing.rule_by_digest(duty.raised.pack_digest, duty.raised.rule_id)
    if rule is None:
        return Owner(duty.raised.owner, OwnerKind.UNIT, OwnedBecause.PACK)
    if rule.owner is not None:
        return Owner(rule.owner, OwnerKind.UNIT, OwnedBecause.PACK)
    return _settled(standing, (rule.id, rule.process), now)


def owner_of_question(case: Case, standing: Agency, question: QuestionRaised, now: datetime) -> Owner:
    return _assigned(case, question.question_id) or _settled(standing, (QUESTIONS,), now)


def owner_of_request(standing: Agency, request: Request, now: datetime) -> Owner:
    """Who asks again: the owner of the process in which it was asked."""
    return _settled(standing, (PROCESS_OF[request.asking.kind],), now)


def owner_of_correction(case: Case, standing: Agency, correction_id: UUID, now: datetime) -> Owner:
    """Who sees to it that an office has the correction or the recall that it is owed."""
    return _assigned(case, correction_id) or _settled(standing, (CORRECTIONS, "P19"), now)


def owner_of_review(standing: Agency, now: datetime) -> Owner:
    """Who looks again at what was opened and agreed to for a child who comes of age."""
    return _settled(standing, ("P19",), now)


def _assigned(case: Case, id: UUID) -> Owner | None:
    assigned = case.assignments.to.get(id)
    return None if assigned is None else Owner(assigned.owner, assigned.kind, OwnedBecause.ASSIGNED)


def _settled(standing: Agency, of: tuple[str, ...], now: datetime) -> Owner:
    for one in of:
        unit = standing.settings.owner_of(one, now)
        if unit is not None:
            return Owner(unit, OwnerKind.UNIT, OwnedBecause.AGENCY)
    return Owner(CASEWORKER, OwnerKind.UNIT, OwnedBecause.NOBODY_NAMED)

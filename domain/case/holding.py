"""What is on hold is not released: a person is told why, and what would have gone by itself waits."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.agency.state import Agency
from domain.case.consular import DisclosureReleased
from domain.case.engagement import Engagement
from domain.case.holds import RULE, Hold, holds_on
from domain.case.state import Case
from domain.disclosure.telling import sources
from domain.refusals import Refused
from domain.submission import Recording, Submission


def holds_of(case: Case, standing: Agency, told: DisclosureReleased) -> list[Hold]:
    """The holds that cover what would leave by a release, as the case stands."""
    if not case.holds.standing:
        return []
    engagement = case.engagements.engagements.get(told.engagement_id)
    if engagement is None:
        return holds_on(case, standing.offices, told.office, (), {})
    persons, about = whom(case, told.notice_id)
    return holds_over(case, standing, engagement, persons, about=about)


def holds_over(
    case: Case, standing: Agency, engagement: Engagement, persons: Sequence[UUID], *, about: UUID | None = None
) -> list[Hold]:
    """The holds that cover what would be told of these persons on an engagement, as the case stands."""
    office = standing.offices.get(engagement.office)
    contract = None if office is None else standing.contract_for(office.recipient_kind)
    flow = None if contract is None else contract.flow(engagement.purpose, standing.jurisdiction)
    fields = () if flow is None else sources(case, flow, engagement, persons, about=about)
    return holds_on(case, standing.offices, engagement.office, fields, engagement.references)


def whom(case: Case, disclosure_id: UUID) -> tuple[Sequence[UUID], UUID | None]:
    """Whom a notice, or another disclosure, is about, and which thing of the case."""
    notice = case.consular.notices.get(disclosure_id)
    if notice is not None:
        return (*notice.prepared.child_ids, *notice.prepared.person_ids), None
    disclosure = case.disclosures.disclosures.get(disclosure_id)
    return ((), None) if disclosure is None else (disclosure.prepared.person_ids, disclosure.prepared.about_id)


def is_let_go(submission: Submission[Any], case: Case, recording: Recording) -> bool:
    """Whether an event is recorded: False for a release that nobody asked for and that a hold covers.

    Raises Refused where a person asks for it.
    """
    told = recording.event
    if not isinstance(told, DisclosureReleased):
        return True
    holds = holds_of(case, submission.standing, told)
    if holds and told.by_person:
        because = f"on hold, to be looked at on {holds[0].placed.review_on}: lift the hold first"
        raise Refused(because, rule=RULE, field="notice_id")
    return not holds

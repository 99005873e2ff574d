"""What an office may learn no more, because what it rested on fell; and what it was given on that is to be taken back."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.case.consent import is_spoken_for
from domain.case.disclosures import concerned
from domain.case.engagement import EndedBecause, Engagement, EngagementEnded
from domain.case.permission import RecallBecause, RecallRaised, allowed_by, stands
from domain.case.referable import is_banned
from domain.case.state import Case
from domain.disclosure.basis import RECORDED_GROUNDS, BasisKind
from domain.disclosure.purposes import Purpose
from domain.submission import Recording, Submission

ENDED: Mapping[BasisKind, EndedBecause] = {
    BasisKind.CONSENT: EndedBecause.CONSENT_ENDED, BasisKind.COURT_ORDER: EndedBecause.ORDER_ENDED,
    BasisKind.COUNSEL_APPROVAL: EndedBecause.APPROVAL_ENDED,
}
"""Why an engagement ends whose ground has fallen; a recall has the same words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What an engagement that was opened asks of its basis."""

    office: str
    purpose: Purpose
    person_ids: tuple[UUID, ...]


def banned(submission: Submission[Any], case: Case) -> list[Recording]:
    """The end of each engagement that names somebody who proves not to be for its office, and the recall of what told of
    them. What told of others on it is not taken back."""
    recordings: list[Recording] = []
    for engagement in case.engagements.engagements.values():
        if is_banned(case, engagement.purpose, engagement.references):
            told = [
                one for one in case.disclosures.released_on(engagement.engagement_id)
                if is_banned(case, engagement.purpose, concerned(case, case.disclosures.disclosures[one].prepared))
            ]
            recordings += _taken_back(submission, case, engagement, EndedBecause.NOT_FOR_THEM, told)
    return recordings


def lapsed(submission: Submission[Any], case: Case) -> list[Recording]:
    """The end of each engagement whose consent, order or approval stands no more, and the recall of what left on it, also
    where the engagement had ended before.

    What this reader cannot see ends nothing.
    """
    recordings: list[Recording] = []
    for engagement in case.engagements.engagements.values():
        reason = _fell(submission, case, engagement)
        if reason is not None:
            told = case.disclosures.released_on(engagement.engagement_id)
            recordings += _taken_back(submission, case, engagement, reason, told)
    return recordings


def _taken_back(
    submission: Submission[Any], case: Case, engagement: Engagement, reason: EndedBecause, told: Sequence[UUID]
) -> list[Recording]:
    """Its end, where it is open, and one recall of what was told and is not recalled yet."""
    recordings: list[Recording] = []
    if engagement.is_open:
        recordings.append(Recording(event=EngagementEnded(engagement_id=engagement.engagement_id, reason=reason)))
    left = tuple(one for one in told if one not in case.corrections.recalls)
    if left:
        ordinal = tuple(case.engagements.engagements).index(engagement.engagement_id)
        recordings.append(Recording(event=RecallRaised(
            recall_id=submission.own_id(f"recall, {reason}", ordinal), office=engagement.office,
            engagement_id=engagement.engagement_id, disclosure_ids=left, person_ids=tuple(engagement.references),
            reason=RecallBecause(reason.value),
        )))
    return recordings


def _fell(submission: Submission[Any], case: Case, engagement: Engagement) -> EndedBecause | None:
    """Why nothing rests on the ground of an engagement any more; None where it stands, or is of another kind."""
    basis = engagement.basis
    if basis is None or basis.rests_on is None or basis.kind not in RECORDED_GROUNDS:
        return None
    office = submission.standing.offices.get(engagement.office)
    kind = "" if office is None else office.recipient_kind
    allowed = allowed_by(basis.kind, basis.rests_on, case)
    wish = _Wish(office=engagement.office, purpose=engagement.purpose, person_ids=tuple(engagement.references))
    if allowed is not None and allowed.has_unreadable_kinds and is_spoken_for(submission, case, allowed, wish.person_ids):
        return None
    return None if stands(basis.kind, basis.rests_on, submission, case, wish, kind) else ENDED[basis.kind]

"""What was opened and agreed to for a child who comes of age, and waits for a person to look at it again."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from adapters.reading.words import person, span
from domain.agency.state import Agency
from domain.case.moments import Review
from domain.case.owners import Owner, owner_of_review
from domain.case.state import Case


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenReview:
    """One of them. `lines` name what is up for review, one each."""

    child_id: UUID
    review: Review
    owner: Owner
    title: str
    state: str
    lines: tuple[str, ...]
    next: str


def explain_reviews(case: Case, agency: Agency, now: datetime) -> list[OpenReview]:
    """Every open review of a case, the oldest first."""
    found = [
        _explain(child_id, review, case, agency, now)
        for child_id in case.moments.reviews for review in case.moments.open_reviews(child_id)
    ]
    return sorted(found, key=lambda one: one.review.raised_at)


def _explain(child_id: UUID, review: Review, case: Case, agency: Agency, now: datetime) -> OpenReview:
    return OpenReview(
        child_id=child_id, review=review, owner=owner_of_review(agency, now),
        title=f"Review what was opened and agreed to for {person(case, child_id)}, who comes of age",
        state=f"open for {span(now - review.raised_at)}",
        lines=(
            *(_engagement(case, agency, one) for one in review.engagement_ids),
            *(_consent(case, one) for one in review.consent_ids),
        ),
        next="CloseEngagement or WithdrawConsent for what does not stand without the child's own word, then CompleteReview",
    )


def _engagement(case: Case, agency: Agency, engagement_id: UUID) -> str:
    engagement = case.engagements.engagements.get(engagement_id)
    if engagement is None:
        return f"engagement {engagement_id}"
    office = agency.offices.get(engagement.office)
    ended = "" if engagement.is_open else ", which has ended"
    name = office.name if office else engagement.office
    return f"engagement {engagement_id} with {name} for {_words(engagement.purpose)}{ended}"


def _consent(case: Case, consent_id: UUID) -> str:
    consent = case.consents.consents.get(consent_id)
    if consent is None:
        return f"consent {consent_id}"
    ended = ", which was withdrawn" if consent.is_withdrawn else ""
    return f"consent {consent_id} to {', '.join(map(_words, consent.purposes))}{ended}"


def _words(purpose: str) -> str:
    return str(purpose).replace("_", " ")

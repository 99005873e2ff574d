"""On what an engagement rests, as people read it: the law or paper that is cited, or what is recorded in the case."""
from __future__ import annotations

from datetime import datetime
from uuid import UUID

from adapters.reading.words import in_words, person, personal
from domain.case.state import Case
from domain.disclosure.basis import BasisKind


def ground(case: Case, engagement_id: UUID) -> str:
    """`approved by counsel Ana Ruiz on 13 Aug 2026, paper L-7`; total over what is withheld or not in this picture."""
    engagement = case.engagements.engagements.get(engagement_id)
    if engagement is None:
        return "an engagement that is not shown here"
    basis = engagement.basis
    if basis is None:
        return f"rules {', '.join(engagement.rule_ids)}"
    if basis.rests_on is None:
        return f"{in_words(basis.kind)}: {basis.citation}"
    return _recorded(case, basis.kind, basis.rests_on) or in_words(basis.kind)


def _recorded(case: Case, kind: BasisKind, rests_on: UUID) -> str | None:
    """What the case says of it; None where it says nothing, as of an agreement, which is the agency's."""
    match kind:
        case BasisKind.CONSENT if (consent := case.consents.consents.get(rests_on)) is not None:
            granted, at = consent.granted, case.moments.begun.get(rests_on)
            return f"consent of {person(case, granted.given_by)} ({granted.capacity}){_on(at)}, text {granted.text_version}"
        case BasisKind.COURT_ORDER if (order := case.court.orders.get(rests_on)) is not None:
            return f"court order {personal(order.entered.order_ref)}{_on(order.entered_at)}"
        case BasisKind.COUNSEL_APPROVAL if (approval := case.approvals.approvals.get(rests_on)) is not None:
            counsel, paper = personal(approval.counsel), personal(approval.paper)
            return f"approved by counsel {counsel}{_on(approval.given_at)}, paper {paper}"
        case _:
            return None


def _on(at: datetime | None) -> str:
    return "" if at is None else f" on {at:%d %b %Y}"

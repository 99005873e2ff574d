"""On what an engagement rests: a law, a paper, a person's word. Without one nothing may leave."""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class BasisKind(StrEnum):
    TREATY = "treaty"
    STATUTE = "statute"
    AGREEMENT = "agreement"  # with a country's consulates, in force in the agency's own stream
    COURT_ORDER = "court_order"  # recorded in this case and binding
    CONSENT = "consent"  # given in this case and not withdrawn
    COUNSEL_APPROVAL = "counsel_approval"  # of the agency's counsel, given in this case and not withdrawn
    SERVICE_CONTRACT = "service_contract"
    AGENCY_POLICY = "agency_policy"


RECORDED_GROUNDS = frozenset({BasisKind.CONSENT, BasisKind.COURT_ORDER, BasisKind.COUNSEL_APPROVAL})
"""What is recorded in the case; a cell `c` of domain.md 5.2 flows on one of these alone."""
GROUNDS_FOR_ADVERSE = RECORDED_GROUNDS - {BasisKind.COUNSEL_APPROVAL}
"""On which counsel may learn of whoever is adverse to its client: the agency's counsel cannot waive for them."""
RECORDED = RECORDED_GROUNDS | {BasisKind.AGREEMENT}
"""What is recorded is named by its id, and counts while the record says that it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngagementBasis:
    """`rests_on` is the id of the agreement, order, consent or approval; `citation` is public words: a law, a contract's
    number."""

    kind: BasisKind
    citation: str | None
    rests_on: UUID | None

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
    SERVICE_CONTRACT = "service_contract"
    AGENCY_POLICY = "agency_policy"


RECORDED = frozenset({BasisKind.AGREEMENT, BasisKind.COURT_ORDER, BasisKind.CONSENT})
"""What is recorded is named by its id, and counts while the record says that it stands."""
RECORDED_GROUNDS = frozenset({BasisKind.CONSENT, BasisKind.COURT_ORDER})
"""The recorded grounds on which domain.md 5.2 lets a cell `c` flow; counsel's approval has no record of its own yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngagementBasis:
    """`rests_on` is the id of the agreement, order or consent; `citation` is public words: a law, a contract's number."""

    kind: BasisKind
    citation: str | None
    rests_on: UUID | None

"""Whom no referral to OTIP may concern: a child who is a US citizen (domain.md 5.3, B10)."""
from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.trafficking import is_us_citizen
from domain.disclosure.purposes import Purpose
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.case.state import Case


def is_banned(case: Case, purpose: Purpose, persons: Collection[UUID]) -> bool:
    """Whether one of these is a child who is a US citizen by what is known now, and the purpose is a referral to OTIP."""
    return purpose is Purpose.TRAFFICKING_REPORT and any(
        is_us_citizen(case, child.person_id) for child in case.intake.children if child.person_id in persons
    )


def require_referable(case: Case, purpose: Purpose, persons: Collection[UUID], *, field: str) -> None:
    """Raises Refused where a referral to OTIP would concern a child who is a US citizen."""
    if is_banned(case, purpose, persons):
        raise Refused("a child who is a US citizen is not referred to OTIP", rule="US-OTIP-REFER", field=field)

"""Holds that stand on what would leave, in words, and whose day of review has passed."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.reading.words import people, person, personal
from domain.agency.state import Agency
from domain.case.acts import Act
from domain.case.holding import holds_over
from domain.case.holds import Hold
from domain.case.privacy import ConfidentialityAssuranceGiven
from domain.case.state import Case
from domain.disclosure.kinds import kind_of, reached_by
from domain.disclosure.purposes import Purpose
from domain.personal import Known


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One hold: what it covers, why, and when somebody looks at it again."""

    hold_id: UUID
    covers: str
    reason: str
    by: str
    review_on: date
    is_overdue: bool

    @property
    def text(self) -> str:
        day = f"to be looked at on {self.review_on:%a %d %b %Y}"
        return f"{self.covers}, on hold by {self.by} ({self.reason}); {day}{', which has passed' if self.is_overdue else ''}"


def explain_holds(case: Case, agency: Agency, now: datetime) -> list[Standing]:
    """Every hold of a case, the one to be looked at first before the others."""
    today = now.astimezone(ZoneInfo(agency.zone)).date()
    found = [
        Standing(
            hold_id=hold_id, covers=_covers(case, hold), reason=personal(hold.placed.reason), by=hold.by,
            review_on=hold.placed.review_on, is_overdue=hold.placed.review_on < today,
        )
        for hold_id, hold in case.holds.standing.items()
    ]
    return sorted(found, key=lambda standing: standing.review_on)


def held_words(case: Case, agency: Agency, act: Act) -> str:
    """`, ON HOLD until somebody looks at it on ...` where nothing may go there now, or not what this act tells; else
    nothing."""
    if not case.holds.standing:
        return ""
    hold = case.holds.toward(act.office or "", act.recipient_kind, agency.offices)
    engagement = case.engagements.open_for(act.office or "", Purpose.CONSULAR_NOTICE)
    if hold is None and engagement is not None and act.is_notice:
        prepared = None if act.notice is None else act.notice.prepared
        persons = engagement.references if prepared is None else (*prepared.child_ids, *prepared.person_ids)
        hold = next(iter(holds_over(case, agency, engagement, tuple(persons))), None)
    return "" if hold is None else f", ON HOLD (to be looked at on {hold.placed.review_on}); the clock runs on"


def assured(case: Case) -> list[str]:
    """What the family was told stays private: to whom, and in which version of the text."""
    return [
        f"{person(case, told.person_id)}, text {told.text_version}"
        for told in case.recorded.values() if isinstance(told, ConfidentialityAssuranceGiven)
    ]


def passed_on(recipient_kind: str) -> Sequence[str]:
    """Bodies that learn whatever this kind of partner is told."""
    kind = kind_of(recipient_kind)
    return [body for body in reached_by(kind) if body != kind]


def _covers(case: Case, hold: Hold) -> str:
    placed = hold.placed
    if placed.office is not None:
        return f"everything to {placed.office}"
    if isinstance(placed.country, Known):
        return f"everything to offices of {placed.country.value}, and what is to be done there"
    if placed.path is not None:
        return f"{placed.path} of {people(case, placed.person_ids)}"
    return f"everything to {personal(placed.recipient_kind)}"

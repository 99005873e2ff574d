"""Acts with a legal clock that wait for an office: what a stop toward it puts at risk."""
from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.reading.words import due, limit, span
from domain.case.acts import Act, ActStage, acts_of
from projections.deadline_board import open_duties

if TYPE_CHECKING:
    from adapters.composition import Casebridge

STILL_OWED = frozenset({ActStage.OWED, ActStage.PREPARED, ActStage.RELEASED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Endangered:
    """An act that could still be done in time, or is late already, toward an office: its strictest clock.

    `due_at` is None for a limit in words ("without delay"): it runs too, since `since`, and is nobody's to forget.
    """

    case_id: UUID
    office: str
    rule_id: str
    due_at: datetime | None
    limit: str
    since: datetime
    zone: str

    def when(self, now: datetime) -> str:
        """`Thu 13 Aug 2026 16:10 (America/Denver)`, or `without delay, open for 13 days`."""
        if self.due_at is not None:
            return f"{due(self.due_at, self.zone)} ({self.zone})"
        return f"{self.limit}, open for {span(now - self.since)}"


def endangered(casebridge: Casebridge, offices: Collection[str]) -> list[Endangered]:
    """Limits in words first, the oldest before the others, then by due moment. The deadline board must be up to date."""
    cases = {duty.case_id: duty.agency for duty in open_duties(casebridge.views)}
    found = (one for case_id, agency in cases.items() for one in _of(casebridge, case_id, agency, offices))
    return sorted(found, key=lambda one: (one.due_at is not None, one.due_at or one.since))


def _of(casebridge: Casebridge, case_id: UUID, agency: str, offices: Collection[str]) -> Iterator[Endangered]:
    case, standing = casebridge.backbone.case(case_id), casebridge.backbone.agency(agency)
    for act in acts_of(case, standing.latest_packs()):
        if act.office is not None and act.office in offices and act.stage in STILL_OWED:
            yield _clock(case_id, act.office, act)


def _clock(case_id: UUID, office: str, act: Act) -> Endangered:
    raised = [duty.raised for duty in act.duties]
    strictest = min(raised, key=lambda one: (one.due_at is None, one.due_at or one.clock_start))
    return Endangered(
        case_id=case_id, office=office, rule_id=strictest.rule_id, due_at=strictest.due_at,
        limit=limit(strictest.qualifier), since=strictest.clock_start, zone=strictest.due_zone,
    )

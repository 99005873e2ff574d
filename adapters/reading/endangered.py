"""Acts with a legal clock that wait for an office: what a stop toward it puts at risk."""
from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.acts import Act, ActStage, acts_of
from projections.deadline_board import open_duties

if TYPE_CHECKING:
    from adapters.composition import Casebridge

STILL_OWED = frozenset({ActStage.OWED, ActStage.PREPARED, ActStage.RELEASED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Endangered:
    """An act that could still be done in time, or is late already, toward an office. The strictest clock only."""

    case_id: UUID
    office: str
    rule_id: str
    due_at: datetime
    zone: str


def endangered(casebridge: Casebridge, offices: Collection[str]) -> list[Endangered]:
    """By due moment. The deadline board must be up to date."""
    cases = {duty.case_id: duty.agency for duty in open_duties(casebridge.views) if duty.due_at is not None}
    found = (one for case_id, agency in cases.items() for one in _of(casebridge, case_id, agency, offices))
    return sorted(found, key=lambda one: one.due_at)


def _of(casebridge: Casebridge, case_id: UUID, agency: str, offices: Collection[str]) -> Iterator[Endangered]:
    case, standing = casebridge.backbone.case(case_id), casebridge.backbone.agency(agency)
    for act in acts_of(case, standing.latest_packs()):
        if act.office in offices and act.stage in STILL_OWED:
            yield from _clock(case_id, act)


def _clock(case_id: UUID, act: Act) -> Iterator[Endangered]:
    moments = [(duty.raised.due_at, duty.raised) for duty in act.duties if duty.raised.due_at is not None]
    if moments and act.office is not None:
        due_at, raised = min(moments, key=lambda one: one[0])
        yield Endangered(
            case_id=case_id, office=act.office, rule_id=raised.rule_id, due_at=due_at, zone=raised.due_zone
        )

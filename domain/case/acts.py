"""Acts owed: what a person can do at once. An act is the duties that one notice to one office can meet."""
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.case.consular import Notice
from domain.case.obligations import Duty, DutyStage
from domain.case.sealing import may_leave
from domain.case.state import Case
from domain.personal import Known
from domain.policy.clock import LimitKind
from domain.policy.owed import NOBODY
from domain.policy.pack import Pack

WITHHELD_KIND = "(withheld)"
DONE_NOT_TOLD = frozenset({"CHILD", "FAMILY", "PARENT", "CARER", "COURT", "STAFF", "TRF-UNIT", NOBODY})
"""Kinds toward which something is done, and no notice sent: there each rule asks for an act of its own."""


class ActStage(StrEnum):
    OWED = "owed"
    PREPARED = "waits for release"
    RELEASED = "released"  # nobody has said yet that it arrived
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """`duties` come strictest limit first; `office` is None while nobody is routed to."""

    recipient_kind: str
    office: str | None
    stage: ActStage
    duties: tuple[Duty, ...]
    notice: Notice | None

    @property
    def is_notice(self) -> bool:
        """Whether a consulate is told by it; any other act a person does and records."""
        return self.recipient_kind.startswith("CONS-")

    @property
    def child_ids(self) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(duty.raised.child_id for duty in self.duties))

    @property
    def was_missed(self) -> bool:
        return any(duty.was_missed for duty in self.duties)


def acts_of(case: Case, packs: tuple[Pack, ...] = ()) -> list[Act]:
    """Every act of a case, in the order in which its first duty was raised.

    Duties toward one kind that were met by one event, or are open together, are one act; where something is done
    rather than told, those of one rule.
    """
    groups: dict[tuple[str, UUID | str], list[Duty]] = {}
    for duty in case.obligations.duties.values():
        kind = duty.raised.recipient_kind
        name = kind.value if isinstance(kind, Known) else WITHHELD_KIND
        name = duty.raised.rule_id if name in DONE_NOT_TOLD else name
        groups.setdefault((name, duty.met.met_by_event_id if duty.met else duty.stage), []).append(duty)
    joined: dict[tuple[str, UUID | str], list[Duty]] = {}
    for (name, met_by), duties in groups.items():
        notice = _notice_for(case, duties)
        joined.setdefault((name, notice.prepared.notice_id if notice else _round(duties, met_by)), []).extend(duties)
    return [_act(case, name, duties, packs) for (name, _), duties in joined.items()]


def _round(duties: list[Duty], met_by: UUID | str) -> UUID | str:
    return DutyStage.MET if duties[0].met else met_by


def _notice_for(case: Case, duties: list[Duty]) -> Notice | None:
    """The notice that met them, else the last that was prepared for them; of what is still owed, none that can leave no
    more."""
    ids, met_by = {duty.duty_id for duty in duties}, {duty.met.met_by_event_id for duty in duties if duty.met is not None}
    is_owed = any(duty.stage is DutyStage.OPEN for duty in duties)
    notices = [
        notice for notice in case.consular.notices.values() if ids & set(notice.prepared.duty_ids)
        and (not is_owed or notice.notified is not None or may_leave(case, notice))
    ]
    return next((notice for notice in notices if notice.notified_event_id in met_by), notices[-1] if notices else None)


def _act(case: Case, name: str, duties: list[Duty], packs: tuple[Pack, ...]) -> Act:
    notice = _notice_for(case, duties)
    if all(duty.stage is DutyStage.WITHDRAWN for duty in duties):
        stage = ActStage.WITHDRAWN
    elif all(duty.stage is not DutyStage.OPEN for duty in duties):
        stage = ActStage.DONE
    elif notice is None:
        stage = ActStage.OWED
    else:
        stage = ActStage.PREPARED if notice.released is None else ActStage.RELEASED
    kind = duties[0].raised.recipient_kind
    return Act(
        recipient_kind=kind.value if isinstance(kind, Known) else WITHHELD_KIND,
        office=notice.prepared.office if notice else case.engagements.routes.get(name),
        stage=stage, duties=tuple(sorted(duties, key=lambda duty: _strictness(duty, packs))), notice=notice,
    )


def _strictness(duty: Duty, packs: tuple[Pack, ...]) -> tuple[object, ...]:
    """Numbers before words before nothing stated; the earlier due moment first."""
    rule = next((rule for pack in packs if (rule := pack.rule(duty.raised.rule_id)) is not None), None)
    has_words = rule is None or rule.limit.kind is LimitKind.QUALITATIVE
    due_at = duty.raised.due_at
    if due_at is not None:
        return 0, due_at, duty.raised.rule_id
    return 1 if has_words else 2, duty.raised.clock_start, duty.raised.rule_id

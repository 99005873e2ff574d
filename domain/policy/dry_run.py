"""What a changed pack would have made of one case: its history decided again, beside what was really recorded.

Every event that somebody recorded stays as it is; only duties and questions, which rules make, are made anew, each under
the packs that would have been in force when its facts were learned. Nothing here is ever stored.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from domain.agency.state import Adoption, Agency
from domain.case import obligations
from domain.case.assessing import assessed
from domain.case.decide import decided_anew
from domain.case.obligations import Duty, DutyStage, DutyWithdrawn, WithdrawnBecause
from domain.case.state import Case, fold
from domain.events import Envelope, Event
from domain.personal import Known
from domain.policy.owed import DutyKey
from domain.policy.pack import parse_pack
from domain.submission import Command, Submission

BY_RULES = frozenset(obligations.EVOLVES)
NO_ENTROPY = bytes(32)
NO_NOTICE = UUID(int=0)
Standing = Sequence[tuple[int, Agency]]
"""An agency as each event of its stream left it, with that event's position in the log."""


class Fate(StrEnum):
    """What has become of a duty by a moment."""

    OPEN = "open"
    MET = "met"  # in time, or with no number to be late by
    MISSED = "missed"  # met late, or open after its due moment
    WITHDRAWN = "withdrawn"


class Change(StrEnum):
    """What a changed pack would do to duties of a rule."""

    RAISED = "raised"  # there was none
    MOVED = "moved"  # another clock, due moment or words
    WITHDRAWN = "withdrawn"  # there would be none
    MET = "met"  # and was not, or was not there
    MISSED = "missed"  # and was not, or was not there
    NO_LONGER_MISSED = "no longer missed"
    CANNOT_TELL = "cannot tell"  # a fact is not known, or is withheld
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One case: what would change, once for each duty and change, by rule; in order of rule."""

    jurisdiction: str
    changes: tuple[tuple[str, Change], ...]


@dataclass(frozen=True, slots=True)
class Replayed(Command):
    """Stands for a command whose events are there already."""


def with_pack(agency: Agency, text: str, digest: str, since: datetime) -> Agency:
    """The agency as if it had adopted this text at `since`, and no text of the same pack from then on."""
    pack = parse_pack(text, digest)
    kept = tuple(a for a in agency.packs if a.id != pack.id or a.effective_at < since)
    return replace(agency, packs=(*kept, Adoption(id=pack.id, digest=digest, text=text, effective_at=since)))


def compare(history: Sequence[Envelope], real: Standing, changed: Standing, *, now: datetime) -> Comparison:
    """One case's whole stream, with the agency as it was and as it would have been. Total: it raises for no history.

    `history` is in the order of the stream, positions filled in. An agency that had adopted nothing decides nothing.
    """
    was, would = _decided_anew(history, changed)
    agency, other = _at(real, None), _at(changed, None)
    assert agency is not None and other is not None, "an agency without any event decides no case"
    before, after = _duties(was), _duties(would)
    hidden = was.obligations.withheld
    changes = [
        change for key in {**before, **after} if (key.rule_id, key.child_id, key.episode_id) not in hidden
        for change in _changes(key, before.get(key), after.get(key), now)
    ]
    changes += [(rule_id, Change.CANNOT_TELL) for rule_id, _, _ in (*assessed(would, other, now).undecided, *hidden)]
    return Comparison(jurisdiction=agency.jurisdiction, changes=tuple(sorted(changes)))


def _duties(case: Case) -> dict[DutyKey, Duty]:
    """The last duty of each kind; earlier ones of the same key were withdrawn or met before it was raised again."""
    return {key: duty for duty in case.obligations.duties.values() if (key := duty.key) is not None}


def _changes(key: DutyKey, was: Duty | None, would: Duty | None, now: datetime) -> Iterator[tuple[str, Change]]:
    before, after = _fate(was, now), _fate(would, now)
    if after in (None, Fate.WITHDRAWN):
        if before in (None, Fate.WITHDRAWN):
            return
        yield key.rule_id, Change.WITHDRAWN
    elif before in (None, Fate.WITHDRAWN):
        yield key.rule_id, Change.RAISED
    elif was is not None and would is not None and _clock(was) != _clock(would):
        yield key.rule_id, Change.MOVED
    elif before == after:
        yield key.rule_id, Change.UNCHANGED
    if after == Fate.MET and before != Fate.MET:
        yield key.rule_id, Change.MET
    if after == Fate.MISSED and before != Fate.MISSED:
        yield key.rule_id, Change.MISSED
    if before == Fate.MISSED and after != Fate.MISSED:
        yield key.rule_id, Change.NO_LONGER_MISSED


def _clock(duty: Duty) -> tuple[datetime, datetime | None, str | None]:
    return duty.raised.clock_start, duty.raised.due_at, duty.raised.qualifier


def _fate(duty: Duty | None, now: datetime) -> Fate | None:
    if duty is None:
        return None
    due_at = duty.raised.due_at
    match duty.stage:
        case DutyStage.WITHDRAWN:
            return Fate.WITHDRAWN
        case DutyStage.MET:
            return Fate.MISSED if duty.met is not None and duty.met.late_by_seconds else Fate.MET
        case DutyStage.OPEN:
            return Fate.MISSED if due_at is not None and due_at < now else Fate.OPEN


# ------------------------------------------------------------------ deciding anew
def _decided_anew(history: Sequence[Envelope], standing: Standing) -> tuple[Case, Case]:
    """The case as it is, and as it would be: what people recorded as it was, what rules made of it anew."""
    was, would, known = Case(), Case(), None
    for _, group in groupby(history, key=lambda envelope: envelope.circumstances.command_id):
        told = list(group)
        after = fold(told, was)
        kept = [stayed for envelope in told for stayed in _kept(envelope, after, would)]
        agency = _at(standing, told[0].position)
        if kept and agency is not None:
            would, known = decided_anew(_submission(kept[0], agency), would, kept, known)
        was = after
    return was, would


def _kept(envelope: Envelope, was: Case, would: Case) -> Iterator[Envelope]:
    """What was recorded, as it would stand: duties that it names are those that would be there in their place.

    That there is no recipient is somebody's word, so it stays; every other end of a duty is made by rules.
    """
    event = envelope.event
    if isinstance(event, DutyWithdrawn) and event.reason is WithdrawnBecause.NO_RECIPIENT:
        for duty_id in _instead((event.duty_id,), was, would):
            yield envelope._replace(event=replace(event, duty_id=duty_id))
    elif type(event) not in BY_RULES:
        named = _named(event, was, would)
        yield envelope if named is None else envelope._replace(event=replace(cast(Any, event), duty_ids=named))


def _named(event: Event, was: Case, would: Case) -> tuple[UUID, ...] | None:
    """Which duties an event would name, where it names any: those of its notice, once that was prepared."""
    duty_ids = getattr(event, "duty_ids", None)
    if duty_ids is None:
        return None
    notice = would.consular.notices.get(getattr(event, "notice_id", None) or NO_NOTICE)
    return _instead(duty_ids, was, would) if notice is None else notice.prepared.duty_ids


def _instead(duty_ids: Iterable[UUID], was: Case, would: Case) -> tuple[UUID, ...]:
    """The open duties toward the same recipients for the same children: one letter meets whatever rule asks for it."""
    duties = was.obligations.duties
    toward = {(duties[d].raised.recipient_kind, duties[d].raised.child_id) for d in duty_ids if d in duties}
    return tuple(
        duty.duty_id for duty in would.obligations.open_duties()
        if isinstance(duty.raised.recipient_kind, Known) and (duty.raised.recipient_kind, duty.raised.child_id) in toward
    )


def _at(standing: Standing, position: int | None) -> Agency | None:
    """The agency as it was when the event at this position was decided; as it is now without one."""
    found: Agency | None = None
    for left_at, agency in standing:
        if position is not None and left_at >= position:
            break
        found = agency
    return found


def _submission(envelope: Envelope, standing: Agency) -> Submission[Replayed]:
    """The command behind a recorded event, as far as rules ask for it."""
    told = envelope.circumstances
    return Submission(
        command=Replayed(), command_id=told.command_id, case_id=None, actor=told.actor, principal=told.principal,
        occurred_at=told.occurred_at, learned_at=told.learned_at, received_at=envelope.recorded_at or told.learned_at,
        correlation_id=told.correlation_id, causation_id=told.causation_id, traceparent=None, entropy=NO_ENTROPY,
        standing=standing,
    )


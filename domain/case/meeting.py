"""Which duties an act meets: by the name of its event, as the rule's pack has it, and by whom and what it tells."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.agency.state import Agency
from domain.case.consular import ConsulateNotified
from domain.case.happenings import persons_of
from domain.case.language import InterpreterAssigned, LanguageWarning
from domain.case.obligations import Duty, DutyStage, meet
from domain.case.state import Case
from domain.case.trafficking_notices import HotlineNumber, TraffickingHotlineNotified
from domain.events import Envelope, Event
from domain.personal import Known, known_or
from domain.policy.owed import DutyKey, Owed
from domain.policy.pack import Rule
from domain.submission import Recording

HOTLINES = {HotlineNumber.POLARIS: "POLARIS", HotlineNumber.NJ_STATE: "HOTLINE-NJ"}
RECIPIENT_OF: Mapping[type[Event], Callable[[Any], str]] = {
    TraffickingHotlineNotified: lambda event: HOTLINES[event.line],
}  # of acts that may go to one of several; any other goes to whom the duty names


def met(
    case: Case, standing: Agency, events: Sequence[Envelope], owed: Mapping[DutyKey, Owed]
) -> list[Recording]:
    """The open duties that these events meet, and the said ones that they prove. `owed` is what the rules have now."""
    recordings: list[Recording] = []
    for envelope in events:
        event, circumstances = envelope.event, envelope.circumstances
        is_said = _is_said(event)
        for duty in case.obligations.duties.values():
            if not _may_meet(duty, circumstances.occurred_at, is_said=is_said):
                continue
            rule = standing.rule_by_digest(duty.raised.pack_digest, duty.raised.rule_id)
            now = None if duty.key is None else owed.get(duty.key)
            if rule is not None and meets(case, rule, duty, event, frozenset() if now is None else now.subject_ids):
                recordings += meet(
                    duty, met_by_event_id=circumstances.event_id, met_at=circumstances.occurred_at, is_said=is_said
                )
    return recordings


def met_before(case: Case, rule: Rule | None, duty: Duty, owed: Owed) -> list[Recording]:
    """An act done since the rule began to hang there, before the duty could be raised: it meets the duty at once."""
    if rule is None:
        return []
    for name in rule.met_by:
        for happening in case.happenings.named(family_of(case, duty.raised.child_id), name):
            is_since = happening.occurred_at >= owed.began_at
            if is_since and meets(case, rule, duty, happening.event, owed.subject_ids):
                return meet(
                    duty, met_by_event_id=happening.event_id, met_at=happening.occurred_at,
                    is_said=_is_said(happening.event),
                )
    return []


def meets(case: Case, rule: Rule, duty: Duty, event: Event, subjects: frozenset[UUID]) -> bool:
    """Whether an event is such as the rule asks for, about this duty's child, toward its recipient.

    An act about an adult meets what is owed through that adult, or through the child alone: what is done for a mother
    is not done for a father abroad.
    An act that names the duties which it meets meets no other, except what was raised anew for one of them. A value that
    is withheld meets nothing.
    """
    if type(event).__name__ not in rule.met_by:
        return False
    if any(_text(getattr(event, name, None)) not in wanted for name, wanted in rule.met_with) or not _serves(event):
        return False
    named = getattr(event, "duty_ids", None)
    if named is not None:
        return duty.duty_id in named or _is_raised_anew(case, duty, event, named)
    recipient_of = RECIPIENT_OF.get(type(event))
    if recipient_of is not None and duty.raised.recipient_kind != Known(recipient_of(event)):
        return False
    child_id = duty.raised.child_id
    adults = subjects - {child_id} or set(family_of(case, child_id))
    return bool(({child_id} | adults) & set(persons_of(event)))


def _is_raised_anew(case: Case, duty: Duty, event: Event, named: Sequence[UUID]) -> bool:
    """Whether a notice that stands names a duty which another notice met, and which was raised again while this one was on
    its way."""
    notice = case.consular.notices.get(event.notice_id) if isinstance(event, ConsulateNotified) else None
    if notice is None or notice.corrected is not None or duty.key is None:
        return False
    duties = (case.obligations.duties.get(duty_id) for duty_id in named)
    return any(one is not None and one.stage is DutyStage.MET and one.key == duty.key for one in duties)


def family_of(case: Case, child_id: UUID) -> Iterator[UUID]:
    """A child and whoever belongs to it: an act about a parent may be owed for the child."""
    yield child_id
    yield from (person.person_id for person in case.intake.people.values() if child_id in person.child_ids)


def _may_meet(duty: Duty, met_at: datetime, *, is_said: bool) -> bool:
    """An open duty, or one behind which only a person's word stands and which a receipt proves in time."""
    if duty.stage is DutyStage.OPEN:
        return True
    due_at = duty.raised.due_at
    is_in_time = due_at is None or met_at <= due_at
    return not is_said and duty.met is not None and duty.met.is_said and is_in_time


def _is_said(event: Event) -> bool:
    return isinstance(event, ConsulateNotified) and not isinstance(event.receipt, Known)


def _serves(event: Event) -> bool:
    """An interpreter of a language other than the preferred one gives no access in it."""
    return not (isinstance(event, InterpreterAssigned) and LanguageWarning.NOT_THE_PREFERRED_LANGUAGE in event.warnings)


def _text(value: object) -> str | None:
    plain = known_or(value, None) if isinstance(value, Known) else value
    return None if plain is None else str(plain)

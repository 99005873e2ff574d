"""What was met, or ran already, begins anew: its clock ran from a wrong time, or what met it counts no more."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from domain.case.consular import ConsularNotificationCorrected, ConsulateNotified, Notice, TextCode
from domain.case.erasure import ExpungeOrdered, ExpungeWithdrawn
from domain.case.mislinks import MislinkWithdrawn, TimeCorrected
from domain.case.obligations import Duty, DutyClockCorrected, DutyStage, late_by_seconds
from domain.case.sealing import RecordSealed, closed_to_partners, may_leave
from domain.case.state import Case
from domain.disclosure.purposes import Purpose
from domain.events import Envelope
from domain.policy.owed import Assessment, DutyKey, Owed, restarted
from domain.submission import Recording, Submission


def renewed(
    submission: Submission[Any], case: Case, events: Sequence[Envelope], before: Assessment, after: Assessment
) -> dict[DutyKey, Owed]:
    """What is owed still and begins anew, each as it is owed now: its clock ran from a wrong time, the notice that met it
    was recalled as another's, or its office is to keep the notice no longer because of somebody else in it."""
    keys = {*_from_a_wrong_time(case, events, before, after), *_recalled_as_anothers(case, events)}
    owed = {key: after.owed[key] for key in keys if key is not None and key in after.owed and not stands(case, key)}
    return {**_untold(submission, case, events, after), **owed}


def _from_a_wrong_time(
    case: Case, events: Sequence[Envelope], before: Assessment, after: Assessment
) -> Iterator[DutyKey | None]:
    if any(isinstance(envelope.event, TimeCorrected) for envelope in events):
        yield from (duty.key for duty in case.obligations.open_duties() if _has_moved(duty, before, after))


def _recalled_as_anothers(case: Case, events: Sequence[Envelope]) -> Iterator[DutyKey | None]:
    if mislinked(events):
        for envelope in events:
            notice = _corrected_by(case, envelope)
            yield from () if notice is None else (duty.key for duty in _duties_of(case, notice))


def _untold(
    submission: Submission[Any], case: Case, events: Sequence[Envelope], after: Assessment
) -> dict[DutyKey, Owed]:
    """What was met by a notice that its office is to erase, or that another's closed record keeps from being put right: of
    those in custody of whom the office may learn. Its clock starts with what took the notice back."""
    cause = next((envelope for envelope in events if _takes_back(case, envelope)), None)
    if cause is None or case.intake.is_closed:
        return {}
    closed = closed_to_partners(case, Purpose.CONSULAR_NOTICE)
    waiting = {duty.key for duty in case.obligations.open_duties()}
    keys = {
        duty.key for notice in case.consular.notices.values() if _is_lost(notice, closed)
        for duty in _duties_of(case, notice) if duty.raised.child_id not in closed and _lasts(case, duty)
    }
    return {
        key: _from(submission, after.owed[key], cause)
        for key in keys - waiting if key is not None and key in after.owed and not stands(case, key)
    }


def _takes_back(case: Case, envelope: Envelope) -> bool:
    """Whether an event ends what an office was told: an order, a request to erase, or the receipt of what it was asked to
    erase before that came."""
    match envelope.event:
        case ExpungeOrdered() | ExpungeWithdrawn() | RecordSealed():
            return True
        case ConsularNotificationCorrected(notice_id=notice_id) | ConsulateNotified(notice_id=notice_id):
            return _is_to_be_erased(case.consular.notices.get(notice_id))
        case _:
            return False


def _is_lost(notice: Notice, closed: frozenset[UUID]) -> bool:
    is_recalled = notice.corrected is not None
    return _is_to_be_erased(notice) or (is_recalled and bool(closed & set(notice.prepared.person_ids)))


def _is_to_be_erased(notice: Notice | None) -> bool:
    return notice is not None and notice.corrected is not None and notice.corrected.text_code is TextCode.ERASE


def _lasts(case: Case, duty: Duty) -> bool:
    episode_id = duty.raised.episode_id
    episode = None if episode_id is None else case.custody.episodes.get(episode_id)
    return episode is None or episode.ended_at is None


def _from(submission: Submission[Any], owed: Owed, cause: Envelope) -> Owed:
    rule = submission.standing.rule_by_digest(owed.pack_digest, owed.key.rule_id)
    at = cause.circumstances
    if rule is None or owed.clock_start >= at.learned_at:
        return owed
    calendar = submission.standing.calendar_at(at.learned_at)
    return restarted(owed, rule, start=at.learned_at, cause_event_id=at.event_id, calendar=calendar)


def stands(case: Case, key: DutyKey) -> bool:
    """Whether such a duty was met before, by an act that was not taken back since."""
    met = {duty.duty_id for duty in case.obligations.duties.values() if duty.key == key and duty.met is not None}
    notices = case.consular.notices.values()
    recalled = {d for n in notices if n.corrected is not None for d in n.prepared.duty_ids}
    in_its_place = {owed.prepared_as for owed in case.corrections.owed.values()}
    told = {
        d for n in notices if n.corrected is None
        and (n.notified is not None or (n.prepared.notice_id in in_its_place and may_leave(case, n)))
        for d in n.prepared.duty_ids
    }
    return bool(met - (recalled - told))


def mislinked(events: Sequence[Envelope]) -> frozenset[UUID]:
    """Of whom something was recorded that was another's: that nobody knows of them now keeps no duty of theirs."""
    return frozenset(
        person for envelope in events if isinstance(envelope.event, MislinkWithdrawn) for person in envelope.event.person_ids
    )


def recounted(events: Sequence[Envelope], case: Case, before: Assessment, after: Assessment) -> list[Recording]:
    """Duties that were met, and whose clock ran from a wrong time or whose act had one."""
    if not any(isinstance(envelope.event, TimeCorrected) for envelope in events):
        return []
    recordings: list[Recording] = []
    for duty in case.obligations.duties.values():
        if duty.stage is not DutyStage.MET or duty.met is None or duty.key is None:
            continue
        act = case.mislinks.of(duty.met.met_by_event_id)
        met_at = duty.met.met_at if act is None else act.circumstances.occurred_at
        has_moved = _has_moved(duty, before, after)
        if has_moved or met_at != duty.met.met_at:
            clock = after.owed[duty.key] if has_moved else duty.raised
            recordings.append(Recording(event=DutyClockCorrected(
                duty_id=duty.duty_id, cause_event_id=clock.cause_event_id, clock_start=clock.clock_start,
                due_at=clock.due_at, calendar_digest=clock.calendar_digest, met_at=met_at,
                late_by_seconds=late_by_seconds(clock.due_at, met_at),
            )))
    return recordings


def _has_moved(duty: Duty, before: Assessment, after: Assessment) -> bool:
    """Whether the clock of a duty ran from a time that proved wrong; one that had begun anew did not run from it."""
    was, owed = (None, None) if duty.key is None else (before.owed.get(duty.key), after.owed.get(duty.key))
    return was is not None and owed is not None and owed.clock_start != was.clock_start and (
        duty.raised.clock_start <= was.clock_start
    )


def _corrected_by(case: Case, envelope: Envelope) -> Notice | None:
    told = envelope.event
    return case.consular.notices.get(told.notice_id) if isinstance(told, ConsularNotificationCorrected) else None


def _duties_of(case: Case, notice: Notice) -> Iterator[Duty]:
    duties = case.obligations.duties
    return (duties[duty_id] for duty_id in notice.prepared.duty_ids if duty_id in duties)

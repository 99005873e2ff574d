"""What an office was given that was true until now: it is owed what is so from now on, and disregards nothing."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.agency.events import OfficeStage
from domain.agency.state import Agency
from domain.case.consular import ConsularNotificationCorrected, ConsulateNotified
from domain.case.corrections import Owed, OwedBecause, Owes
from domain.case.disclosures import DisclosureReceived
from domain.case.doubts import DisclosureDoubted
from domain.case.given import Cause, Given, engagement_of, fields_given, flow_of, given, let_go, owing
from domain.case.mislinks import MislinkWithdrawn, ReportWithdrawn, TimeCorrected
from domain.case.particulars import FactCorrected, FactSuperseded
from domain.case.recalls import DisclosureRecalled, is_recalled
from domain.case.state import Case
from domain.disclosure.events import FieldSource
from domain.disclosure.telling import sources
from domain.events import Envelope
from domain.submission import Recording, Submission

MAY_OWE = (
    FactSuperseded, ConsulateNotified, DisclosureReceived, DisclosureDoubted, FactCorrected, TimeCorrected, MislinkWithdrawn,
    ReportWithdrawn, ConsularNotificationCorrected, DisclosureRecalled,
)


def owed(submission: Submission[Any], case: Case, events: Sequence[Envelope]) -> list[Recording]:
    """What these events make owed to offices that were given what is so no longer: of one field one update, until it came.

    Nothing of what something already left in the place of: what that told is judged once it came.
    """
    recordings, state = list[Recording](), case.corrections
    if not state.superseding or not any(isinstance(envelope.event, MAY_OWE) for envelope in events):
        return []
    left = tuple(let_go(case))
    for one in given(case):
        raised = [owed for owed in state.owed.values() if owed.owed.disclosure_id == one.disclosure_id]
        standing = [_tells(case, owed.owed.cause_event_id) for owed in raised if owed.is_open]
        in_its_place = {owed.prepared_as for owed in raised}
        told_by = [other for other in left if other.is_disclosed or other.disclosure_id in in_its_place]
        for cause in superseded(case, submission.standing, one, submission.learned_at, told_by=told_by):
            if not state.is_owed(one.disclosure_id, cause.event_id) and _tells(case, cause.event_id) not in standing:
                update_id = submission.own_id("update", len(recordings))
                recordings.append(owing(submission, one, cause, Owes.UPDATE, correction_id=update_id))
    return recordings


def still_owed(case: Case, standing: Agency, at: datetime) -> list[Owed]:
    """What is owed to offices, in the order in which it was recorded: an update only while what it would tell has changed
    for the office, and may be told to it."""
    proven = [one for one in let_go(case) if one.is_proven]
    return [
        owed for owed in case.corrections.owed.values()
        if owed.is_open and (owed.owed.owes is not Owes.UPDATE or any(
            _tells(case, cause.event_id) == _tells(case, owed.owed.cause_event_id)
            for one in given(case) if one.disclosure_id == owed.owed.disclosure_id
            for cause in superseded(case, standing, one, at, told_by=proven)
        ))
    ]


def superseded(
    case: Case, standing: Agency, one: Given, at: datetime, *, told_by: Iterable[Given]
) -> Iterator[Cause]:
    """Every event by which something that an office was given, and may learn anew at `at`, is so no longer.

    None where its basis has ended, or the office itself, where it was asked to disregard what it has or is owed more than an
    update of it, where the contract in force does not carry the field, and where one of `told_by` told it of the same thing
    since.
    """
    roots = {told: root for told, root in case.corrections.superseding.items() if _version(case, root) > one.left.version}
    office = standing.offices.get(one.office)
    if not roots or office is None or office.stage is OfficeStage.ENDED or _is_owed_more(case, one.disclosure_id):
        return
    engagement, flow = engagement_of(case, one), flow_of(standing, one, at)
    if engagement is None or not engagement.holds_at(at, standing.agreements) or flow is None:
        return
    fields = [
        field for field in sources(case, flow, engagement, one.person_ids, about=one.about_id) if field.event_id in roots
    ]
    if not fields:
        return
    then = {_place(field): field for field in fields_given(case, standing, one)}
    since = {
        _place(field) for other in told_by
        if other.left.version > one.left.version and other.is_of_the_same(one) and not is_recalled(case, other.disclosure_id)
        for field in fields_given(case, standing, other)
    }
    changed = dict[UUID, list[FieldSource]]()
    for field in fields:
        place = _place(field)
        if place in then and place not in since and _value(case, then[place]) != _value(case, field):
            changed.setdefault(roots[field.event_id], []).append(field)
    for root, found in changed.items():
        yield Cause(event_id=root, because=OwedBecause.SUPERSEDED, fields=tuple(found))


def _is_owed_more(case: Case, disclosure_id: UUID) -> bool:
    """Whether it is recalled, or a correction, a recall or an erasure of it is owed."""
    return is_recalled(case, disclosure_id) or any(
        owed.owed.owes is not Owes.UPDATE and owed.owed.disclosure_id == disclosure_id
        for owed in case.corrections.open_for(disclosure_id)
    )


def _version(case: Case, event_id: UUID) -> int:
    return case.mislinks.history[event_id][1]


def _place(field: FieldSource) -> tuple[str, str]:
    return field.path, field.reference


def _value(case: Case, field: FieldSource) -> object:
    return getattr(case.mislinks.history[field.event_id][2], field.field)


def _tells(case: Case, event_id: UUID) -> tuple[UUID, str] | None:
    """Of whom an event says what is so from now on, and in which field."""
    report = case.mislinks.history.get(event_id)
    told = None if report is None else report[2]
    return (told.person_id, told.field) if isinstance(told, FactSuperseded) else None

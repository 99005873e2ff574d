"""What an office was given, refolded as it was then, and what of it does not stand any more."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.agency.state import Agency
from domain.case.citizenship import CitizenshipCorrected
from domain.case.consular import ConsularNotificationCorrected, ConsulateNotified, CorrectionReceived, TextCode
from domain.case.corrections import CorrectionOwed, CorrectionSettled, Left, OwedBecause, Owes, Untrue
from domain.case.disclosures import DisclosureReceived
from domain.case.doubts import DisclosureDoubted, shown_by
from domain.case.engagement import Engagement, EngagementEnded
from domain.case.erasure import ExpungeOrdered
from domain.case.mislinks import MislinkWithdrawn, ReportWithdrawn, TimeCorrected
from domain.case.particulars import FactCorrected
from domain.case.permission import RecallRaised
from domain.case.recalls import DisclosureRecalled, RecallReceived, asked_to, is_recalled
from domain.case.record_scope import WHOLE_RECORD, Scope, box_of
from domain.case.sealing import may_leave
from domain.case.state import Case, fold
from domain.disclosure.contract import Flow
from domain.disclosure.events import FieldSource
from domain.disclosure.purposes import Purpose
from domain.disclosure.telling import is_known, sources, was_known
from domain.events import Compartment, Envelope, Event
from domain.submission import Recording, Submission

MAY_OWE = (
    ConsulateNotified, DisclosureReceived, DisclosureDoubted, FactCorrected, CitizenshipCorrected, TimeCorrected,
    MislinkWithdrawn, ReportWithdrawn, EngagementEnded, RecallRaised, ExpungeOrdered, ConsularNotificationCorrected,
    DisclosureRecalled,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One notice, or other disclosure, that left for an office. `is_disclosed` by a receipt, a person's word, or a doubt
    whether it was handed over (design decision 16), `is_proven` without the last; what was let go without may be on its
    way still."""

    disclosure_id: UUID
    office: str
    purpose: Purpose
    person_ids: tuple[UUID, ...]
    about_id: UUID | None
    left: Left
    engagement: Engagement
    is_disclosed: bool
    is_proven: bool

    def is_of_the_same(self, other: Given) -> bool:
        """Whether both told one office, for one purpose, of one thing."""
        return (self.office, self.purpose, self.about_id) == (other.office, other.purpose, other.about_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Why an office should not go on believing what it was given, or should learn what is so from now on."""

    event_id: UUID
    because: OwedBecause
    fields: tuple[FieldSource, ...] = ()


def given(case: Case) -> Iterator[Given]:
    """Everything of a case that an office was handed, by a receipt or a person's word, or may have been, in the order of its
    preparing."""
    return (one for one in let_go(case) if one.is_disclosed)


def let_go(case: Case) -> Iterator[Given]:
    """The same, with what was let go and of which nothing came back yet."""
    for notice_id, notice in case.consular.notices.items():
        prepared = notice.prepared
        persons = tuple(dict.fromkeys((*prepared.child_ids, *prepared.person_ids)))
        is_proven = notice.notified is not None
        yield from _let_go(case, notice_id, prepared.office, Purpose.CONSULAR_NOTICE, persons, None, is_proven)
    for disclosure_id, disclosure in case.disclosures.disclosures.items():
        told, is_proven = disclosure.prepared, disclosure.received is not None
        yield from _let_go(case, disclosure_id, told.office, told.purpose, told.person_ids, told.about_id, is_proven)


def _let_go(
    case: Case, disclosure_id: UUID, office: str, purpose: Purpose, persons: tuple[UUID, ...], about_id: UUID | None,
    is_proven: bool,
) -> Iterator[Given]:
    left = case.corrections.left.get(disclosure_id)
    if left is None:
        return
    known = case.engagements.engagements
    engagement = known.get(left.engagement_id) if left.engagement_id is not None else next(
        (e for e in reversed(tuple(known.values())) if (e.office, e.purpose) == (office, purpose)), None
    )
    if engagement is not None:
        yield Given(
            disclosure_id=disclosure_id, office=office, purpose=purpose, person_ids=persons, about_id=about_id, left=left,
            engagement=engagement, is_disclosed=shown_by(case, disclosure_id) is not None, is_proven=is_proven,
        )


def fields_given(
    case: Case, standing: Agency, one: Given, *, counts: Callable[[Any], bool] = is_known
) -> tuple[FieldSource, ...]:
    """Which fields it told, each with its event: the reports of the case as they stood when it left, by the contract of
    then. That is what the office's feed says too; a decision cannot read feeds. `counts` says what was told."""
    flow = flow_of(standing, one, one.left.at)
    if flow is None:
        return ()
    was = as_it_was(case, lambda version, _: version <= one.left.version)
    return sources(was, flow, one.engagement, one.person_ids, about=one.about_id, counts=counts)


def flow_of(standing: Agency, one: Given, at: datetime) -> Flow | None:
    """What the contract in force at a moment lets flow to the office for the purpose of one disclosure."""
    office = standing.offices.get(one.office)
    contract = None if office is None else standing.contract_at(office.recipient_kind, at)
    return None if contract is None else contract.flow(one.purpose, standing.jurisdiction)


def as_it_was(case: Case, was_there: Callable[[int, datetime], bool]) -> Case:
    """The reports that were there, by version and by when they were learned, without those withdrawn by then."""
    gone = {
        untrue.event_id for untrue in case.corrections.untrue
        if was_there(untrue.version, untrue.learned_at) and untrue.event_id in case.mislinks.withdrawn
    }
    return fold(
        Envelope(stream=stream, version=version, event=event, circumstances=circumstances)
        for stream, version, event, circumstances in case.mislinks.history.values()
        if was_there(version, circumstances.learned_at) and circumstances.event_id not in gone
    )


def is_reached(case: Case, standing: Agency, one: Given, scope: Scope) -> bool:
    """Whether an order on `scope` is about what left: a field of it came from a box of the scope, or all that is known of
    one of its persons is meant. What a seal withholds now was told then."""
    if set(scope.compartments) >= WHOLE_RECORD and set(scope.person_ids) & set(one.person_ids):
        return True
    fields = fields_given(case, standing, one, counts=was_known)
    return any(scope.pairs & _came_from(case, one, field) for field in fields)


def _came_from(case: Case, one: Given, field: FieldSource) -> frozenset[tuple[UUID, Compartment]]:
    """The box of a field. What was recorded of several persons and told of one of them is that one's here."""
    box = box_of(case.mislinks.history[field.event_id][2], field.field)
    return frozenset(pair for pair in box if one.engagement.references.get(pair[0]) == field.reference) or box


def causes(case: Case, standing: Agency, one: Given) -> Iterator[Cause]:
    """Every event by which an office should not go on believing, or keep, what it was given."""
    state = case.corrections
    fallen = state.fallen.get(one.engagement.engagement_id)
    if fallen is not None:
        yield Cause(event_id=fallen, because=OwedBecause.NOT_FOR_THEM)
    recalled = state.recalls.get(one.disclosure_id)
    if recalled is not None:
        event_id, because = recalled
        yield Cause(event_id=event_id, because=because)
    for event_id, expunge in case.erasure.standing.items():
        if is_reached(case, standing, one, expunge.scope):
            yield Cause(event_id=event_id, because=OwedBecause.EXPUNGED)
    later = untrue_since(case, one.left.version)
    if later:
        told = fields_given(case, standing, one)
        for untrue in later:
            fields = tuple(field for field in told if untrue.touches(field.event_id, field.field))
            if fields:
                yield Cause(event_id=untrue.by_event_id, because=OwedBecause.UNTRUE, fields=fields)


def untrue_since(case: Case, version: int) -> list[Untrue]:
    """What proved untrue after a version of the case, by what has not itself been withdrawn."""
    return [u for u in case.corrections.untrue if u.version > version and u.by_event_id not in case.mislinks.withdrawn]


def owed(submission: Submission[Any], case: Case, events: Sequence[Envelope]) -> list[Recording]:
    """What these events make owed to offices: a correction where the office may know what is true, else a recall."""
    if not any(isinstance(envelope.event, MAY_OWE) for envelope in events):
        return []
    recordings: list[Recording] = []
    for one in given(case):
        if has_recall(case, one.disclosure_id):
            continue
        for cause in _new_causes(case, submission.standing, one, events):
            owes, correction_id = _owes(submission, case, one, cause), submission.own_id("correction", len(recordings))
            recordings.append(owing(submission, one, cause, owes, correction_id=correction_id))
    return recordings


def _new_causes(case: Case, standing: Agency, one: Given, events: Sequence[Envelope]) -> list[Cause]:
    """Those for which nothing is owed yet. A recall is one by itself where nothing else takes or took it back; what was
    recalled so is owed once, and besides only its erasure, which a court's order asks for."""
    state = case.corrections
    still = [
        owed.owed.because for owed in state.open_for(one.disclosure_id)
        if owed.owed.disclosure_id == one.disclosure_id and owed.owed.owes is not Owes.UPDATE
    ]
    is_covered = OwedBecause.RECALLED in still
    new = [
        cause for cause in causes(case, standing, one)
        if not state.is_owed(one.disclosure_id, cause.event_id)
        and (cause.because is OwedBecause.EXPUNGED or not is_covered)
    ]
    if still or new:
        return new
    return [
        Cause(event_id=envelope.circumstances.event_id, because=OwedBecause.RECALLED) for envelope in events
        if _recalled_by(envelope.event) == one.disclosure_id
    ]


def _recalled_by(told: Event) -> UUID | None:
    """The id of the notice, or other disclosure, that an event recalls."""
    match told:
        case ConsularNotificationCorrected():
            return told.notice_id
        case DisclosureRecalled():
            return told.disclosure_id
        case _:
            return None


def owing(
    submission: Submission[Any], one: Given, cause: Cause, owes: Owes, *, correction_id: UUID
) -> Recording:
    """What is owed for one disclosure because of one cause, from when the agency learned of it."""
    whose = {reference: person for person, reference in one.engagement.references.items()}
    persons = tuple(dict.fromkeys(whose[field.reference] for field in cause.fields if field.reference in whose))
    return Recording(event=CorrectionOwed(
        correction_id=correction_id, office=one.office, disclosure_id=one.disclosure_id, cause_event_id=cause.event_id,
        person_ids=persons or one.person_ids, paths=tuple(dict.fromkeys(field.path for field in cause.fields)), owes=owes,
        because=cause.because, clock_start=submission.learned_at, due_zone=submission.standing.zone,
    ), causation_id=cause.event_id)


def _owes(submission: Submission[Any], case: Case, one: Given, cause: Cause) -> Owes:
    is_to_erase = cause.because is OwedBecause.RECALLED and asked_to(case, one.disclosure_id) is TextCode.ERASE
    if cause.because is OwedBecause.EXPUNGED or is_to_erase:
        return Owes.ERASURE
    is_untrue = cause.because is OwedBecause.UNTRUE
    may_be_told = is_untrue and not is_recalled(case, one.disclosure_id) and not _was_renewed(case, one.disclosure_id)
    return Owes.CORRECTION if may_be_told and _may_learn(submission, case, one) else Owes.RECALL


def _was_renewed(case: Case, disclosure_id: UUID) -> bool:
    """Whether the office has an update that stands in its place: what is true is told, or owed, by that."""
    return any(
        one.settled is not None and one.prepared_as is not None and not is_recalled(case, one.prepared_as)
        for one in case.corrections.owed.values()
        if (one.owed.disclosure_id, one.owed.owes) == (disclosure_id, Owes.UPDATE)
    )


def _may_learn(submission: Submission[Any], case: Case, one: Given) -> bool:
    engagement = engagement_of(case, one)
    return engagement is not None and engagement.may_correct_at(submission.occurred_at, submission.standing.agreements)


def engagement_of(case: Case, one: Given) -> Engagement | None:
    """On what the office may learn what is true: on what it was told on, or, of those of a notice who stayed when another's
    record was closed, on what was opened for them."""
    if one.purpose is Purpose.CONSULAR_NOTICE and one.engagement.engagement_id not in case.corrections.fallen:
        return case.engagements.open_for(one.office, one.purpose)
    return one.engagement


def has_recall(case: Case, disclosure_id: UUID) -> bool:
    """Whether the office was asked to disregard it and has that letter: nothing more is owed for it."""
    notice, recall = case.consular.notices.get(disclosure_id), case.recalls.of.get(disclosure_id)
    return (notice is not None and notice.correction_received is not None) or (
        recall is not None and recall.received is not None
    )


def settled(submission: Submission[Any], case: Case, events: Sequence[Envelope]) -> list[Recording]:
    """What these receipts settle: a recall settles what nothing new was prepared for; else what was prepared does."""
    recordings: list[Recording] = []
    for envelope in events:
        told, at = envelope.event, envelope.circumstances
        match told:
            case CorrectionReceived() | ConsulateNotified():
                disclosure_id = told.notice_id
            case RecallReceived() | DisclosureReceived():
                disclosure_id = told.disclosure_id
            case _:
                continue
        is_recall = isinstance(told, CorrectionReceived | RecallReceived)
        for one in case.corrections.open_for(disclosure_id):
            of_the_old = one.owed.disclosure_id == disclosure_id
            if is_recall is of_the_old and not (of_the_old and _will_learn(case, one.prepared_as)):
                recordings.append(Recording(event=CorrectionSettled(
                    correction_id=one.owed.correction_id, settled_by_event_id=at.event_id, settled_at=at.occurred_at,
                ), causation_id=at.event_id))
    return recordings


def _will_learn(case: Case, disclosure_id: UUID | None) -> bool:
    """Whether what was prepared in the place of what was untrue may still leave."""
    if disclosure_id is None:
        return False
    notice, disclosure = case.consular.notices.get(disclosure_id), case.disclosures.disclosures.get(disclosure_id)
    if notice is not None:
        is_open = case.engagements.open_for(notice.prepared.office, Purpose.CONSULAR_NOTICE) is not None
        return is_open and (notice.notified is not None or may_leave(case, notice))
    engagement = None if disclosure is None else case.engagements.engagements.get(disclosure.prepared.engagement_id)
    return engagement is not None and engagement.is_open

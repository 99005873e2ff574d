"""The agency tells a consulate of its nationals: prepared, released by a person, notified, corrected where it was wrong."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.doubts import NOT_SHOWN, shown_by
from domain.case.engagement import OFFICE, EndedBecause, EngagementEnded, EngagementOpened, Signs, require_office
from domain.case.intake import OUR_ID, personal, require_child, require_open
from domain.case.keys import Keys
from domain.case.notice_items import missing_items, people_around
from domain.case.obligations import RULE, DutyStage
from domain.disclosure.contract import Purpose, Release
from domain.events import Circumstances, Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

ENTRY = "number of an entry in the office's feed"


class NoticeForm(StrEnum):
    NM_MEXICO = "nm_mexico"
    NM_PLAIN = "nm_plain"
    SDC_STANDARD = "sdc_standard"
    OTHER = "other"


class Way(StrEnum):
    """How a notice travelled. Only the first three give a receipt of their own."""

    WEBHOOK = "webhook"
    KAFKA = "kafka"
    PULL = "pull"
    MAIL = "mail"
    EMAIL = "email"
    PAPER = "paper"
    TELEPHONE = "telephone"
    IN_PERSON = "in_person"
    PORTAL = "portal"


class TextCode(StrEnum):
    DISREGARD = "disregard"  # please disregard the notice of this number; carries no new fact
    ERASE = "erase"  # please erase what came under this number, by a court's order, and say that you did


@event("casebridge.consular.ImmigrationUnitInformed")
class ImmigrationUnitInformed(Event):
    """The caseworker told the agency's own immigration unit of a child in custody."""

    child_id: UUID = clear(OUR_ID)
    unit: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="which unit was told")
    reason: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="why the unit was told")


@event("casebridge.consular.ConsularNotificationPrepared")
class ConsularNotificationPrepared(Event):
    """A notice to a consulate is ready to be looked at: for which children, meeting which duties, lacking what."""

    notice_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    duty_ids: tuple[UUID, ...] = clear(OUR_ID)
    missing_optional: tuple[str, ...] = clear("names of absent items that never block a notice, not their values")
    missing_required: tuple[str, ...] = clear("names of absent items that the rule asks for, not their values")
    form: Personal[NoticeForm] = boxed(
        Compartment.IDENTITY, about="child_ids", meaning="which form; the Mexican one tells a nationality"
    )


@event("casebridge.consular.DisclosureReleased")
class DisclosureReleased(Event):
    """What was prepared for an office may leave. A person decided so, or the contract lets it go by itself."""

    notice_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    engagement_id: UUID = clear(OUR_ID)
    by_person: bool = clear("whether a person decided")


@event("casebridge.consular.ConsulateNotified")
class ConsulateNotified(Event):
    """A consulate was notified: the hand-over of a feed entry is proven, or a person recorded the act.

    What it was given is the feed's entry of this number, not repeated here.
    """

    notice_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    duty_ids: tuple[UUID, ...] = clear(OUR_ID)
    rule_ids: tuple[str, ...] = clear(RULE)
    channel: Way = clear("how it travelled, as a code")
    entry: int | None = clear(ENTRY)
    country: Personal[str] = boxed(Compartment.IDENTITY, about="child_ids", meaning="the consulate's country")
    receipt: Personal[str] = boxed(Compartment.IDENTITY, about="child_ids", meaning="the receipt's own reference")


@event("casebridge.consular.ConsularNotificationCorrected")
class ConsularNotificationCorrected(Event):
    """A consulate that was told in error is asked to disregard the notice. It learns no new fact by it."""

    notice_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    replaces_event_id: UUID = clear(OUR_ID)
    engagement_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    text_code: TextCode = clear("which standing text goes out")


@event("casebridge.consular.CorrectionReceived")
class CorrectionReceived(Event):
    """The hand-over of a correction is proven."""

    notice_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    entry: int | None = clear(ENTRY)
    channel: Way = clear("how it travelled, as a code")
    receipt: Personal[str] = boxed(Compartment.IDENTITY, about="child_ids", meaning="the receipt's own reference")


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One notice to one office, through its stages."""

    prepared: ConsularNotificationPrepared
    prepared_event_id: UUID
    prepared_version: int
    released: DisclosureReleased | None = None
    notified: ConsulateNotified | None = None
    notified_event_id: UUID | None = None
    corrected: ConsularNotificationCorrected | None = None
    correction_received: CorrectionReceived | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Consular:
    notices: Mapping[UUID, Notice] = field(default_factory=dict)
    informed: Mapping[UUID, Circumstances] = field(default_factory=dict)  # by child: when the immigration unit was told


@command
class InformImmigrationUnit(Command):
    """Record that the caseworker told the immigration unit about children in custody."""

    child_ids: tuple[UUID, ...]
    unit: str
    reason: str | None = None


@command
class PrepareConsularNotification(Command):
    """Prepare the notice that meets every open duty of this case toward one consulate."""

    notice_id: UUID
    office: str
    form: NoticeForm


@command
class ReleaseDisclosure(Command):
    """A person lets a prepared notice, or another disclosure by its id, leave."""

    notice_id: UUID


@command
class RecordConsulateNotified(Command):
    """A receipt, or a person's word, that a prepared notice was handed over. Absent `receipt`: it is said to be so."""

    notice_id: UUID
    channel: Way
    entry: int | None = None
    receipt: str | None = None


@command
class CorrectConsularNotification(Command):
    """Ask a consulate that was told in error to disregard a notice."""

    notice_id: UUID
    text_code: TextCode


@command
class RecordCorrectionReceived(Command):
    """A receipt that a correction was handed over."""

    notice_id: UUID
    channel: Way
    entry: int | None = None
    receipt: str | None = None


def inform_immigration_unit(submission: Submission[InformImmigrationUnit], case: Case) -> Sequence[Recording]:
    wish = submission.command
    for child_id in wish.child_ids:
        require_child(case, child_id, "child_ids")
    waiting = {duty.raised.child_id for duty in case.obligations.open_duties("UNIT-IMM")}
    return [
        Recording(event=ImmigrationUnitInformed(child_id=child_id, unit=Known(wish.unit), reason=personal(wish.reason)))
        for child_id in wish.child_ids if child_id in waiting or child_id not in case.consular.informed
    ]


def prepare(submission: Submission[PrepareConsularNotification], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    known = case.consular.notices.get(wish.notice_id)
    if known is not None:
        return case.once(wish.notice_id, replace(known.prepared, office=wish.office, form=Known(wish.form)))
    office = require_office(submission, wish.office)
    engagement = case.engagements.open_for(wish.office, Purpose.CONSULAR_NOTICE)
    if engagement is None:
        because = "nothing of this case may go to this office: no engagement is open"
        raise Refused(because, rule="DECISION-12", field="office")
    whom = engagement.references
    duties = [duty for duty in case.obligations.open_duties(office.recipient_kind) if duty.raised.child_id in whom]
    if not duties:
        raise Refused("no duty toward this office is open", rule="P02", field="office")
    child_ids = tuple(dict.fromkeys(duty.raised.child_id for duty in duties))
    person_ids = (*child_ids, *(person for person in people_around(case, child_ids) if person in whom))
    optional, required = missing_items(submission, case, duties, person_ids)
    prepared = ConsularNotificationPrepared(
        notice_id=wish.notice_id, office=wish.office, child_ids=child_ids, person_ids=person_ids,
        duty_ids=tuple(duty.duty_id for duty in duties), missing_optional=optional, missing_required=required,
        form=Known(wish.form),
    )
    recordings = [Recording(event=prepared)]
    contract = submission.standing.contract_for(office.recipient_kind)
    flow = None if contract is None else contract.flow(Purpose.CONSULAR_NOTICE)
    went_before = any(n.notified is not None and n.prepared.office == wish.office for n in case.consular.notices.values())
    if flow is not None and flow.release is Release.FIRST_BY_PERSON and went_before:
        recordings.append(Recording(event=DisclosureReleased(
            notice_id=wish.notice_id, office=wish.office, engagement_id=engagement.engagement_id, by_person=False,
        )))
    return recordings


def release(submission: Submission[ReleaseDisclosure], case: Case) -> Sequence[Recording]:
    notice = _notice(case, submission.command.notice_id)
    if notice.released is not None:
        return []
    office = notice.prepared.office
    require_office(submission, office, field="notice_id")
    duties = (case.obligations.duties.get(duty_id) for duty_id in notice.prepared.duty_ids)
    if any(duty is not None and duty.stage is DutyStage.WITHDRAWN for duty in duties):
        because = "a duty that this notice was prepared for was withdrawn: prepare it anew"
        raise Refused(because, rule="DECISION-12", field="notice_id")
    engagement = case.engagements.open_for(office, Purpose.CONSULAR_NOTICE)
    if engagement is None:
        raise Refused("the basis of this notice has ended: nothing may leave", rule="DECISION-12", field="notice_id")
    if not set(notice.prepared.person_ids) <= engagement.references.keys():
        because = "this office may not learn of somebody whom this notice names: prepare it anew"
        raise Refused(because, rule="DECISION-12", field="notice_id")
    return [Recording(event=DisclosureReleased(
        notice_id=notice.prepared.notice_id, office=office, engagement_id=engagement.engagement_id, by_person=True,
    ))]


def record_notified(submission: Submission[RecordConsulateNotified], case: Case) -> Sequence[Recording]:
    wish = submission.command
    notice = _notice(case, wish.notice_id)
    prepared = notice.prepared
    duties = [case.obligations.duties[d] for d in prepared.duty_ids if d in case.obligations.duties]
    earliest = min((duty.raised.clock_start for duty in duties), default=submission.occurred_at)
    if submission.occurred_at < earliest:
        because = "a notice cannot have gone out before anything was owed"
        raise Refused(because, rule="P02", field="occurred_at")
    kinds = [duty.raised.recipient_kind for duty in duties if isinstance(duty.raised.recipient_kind, Known)]
    proof = "proven" if wish.receipt is not None else "said"  # A receipt may follow a person's word, and stands beside it.
    return case.once((wish.notice_id, proof), ConsulateNotified(
        notice_id=wish.notice_id, office=prepared.office, child_ids=prepared.child_ids, duty_ids=prepared.duty_ids,
        rule_ids=tuple(dict.fromkeys(r for d in duties for r in (d.raised.rule_id, *d.raised.cited_rule_ids))),
        channel=wish.channel, entry=wish.entry,
        country=Known(kinds[0].value.removeprefix("CONS-")) if kinds else personal(None),
        receipt=personal(wish.receipt),
    ))


def correct(submission: Submission[CorrectConsularNotification], case: Case) -> Sequence[Recording]:
    notice = _notice(case, submission.command.notice_id)
    if notice.corrected is not None:
        return []
    return recall(submission, case, notice, Signs(submission, case), submission.command.text_code, ordinal=0)


def recall(
    submission: Submission[Any], case: Case, notice: Notice, signs: Signs, text_code: TextCode, *, ordinal: int
) -> list[Recording]:
    """Ask the office of a notice to disregard or erase it, under an engagement of its own that tells no fact.

    `ordinal` tells the recalls of one command apart.
    """
    replaces_event_id = shown_by(case, notice.prepared.notice_id)
    if replaces_event_id is None:
        raise Refused(NOT_SHOWN, rule="P19", field="notice_id")
    office, engagement_id = notice.prepared.office, submission.own_id("engagement", ordinal)
    opened = EngagementOpened(
        engagement_id=engagement_id, office=office, purpose=Purpose.RECALL, case_reference=signs.of(office, None),
        persons=signs.of_all(office, notice.prepared.child_ids), rule_ids=("P19",),
    )
    corrected = ConsularNotificationCorrected(
        notice_id=notice.prepared.notice_id, office=office, replaces_event_id=replaces_event_id,
        engagement_id=engagement_id, child_ids=notice.prepared.child_ids, text_code=text_code,
    )
    return [Recording(event=opened), Recording(event=corrected)]


def record_correction_received(submission: Submission[RecordCorrectionReceived], case: Case) -> Sequence[Recording]:
    wish = submission.command
    notice = _notice(case, wish.notice_id)
    if notice.corrected is None:
        raise Refused("no correction of this notice went out", rule="P19", field="notice_id")
    if notice.correction_received is not None:
        return []
    received = CorrectionReceived(
        notice_id=wish.notice_id, office=notice.prepared.office, child_ids=notice.prepared.child_ids,
        entry=wish.entry, channel=wish.channel, receipt=personal(wish.receipt),
    )
    ended = EngagementEnded(engagement_id=notice.corrected.engagement_id, reason=EndedBecause.FULFILLED)
    return [Recording(event=received), Recording(event=ended)]


def _notice(case: Case, notice_id: UUID) -> Notice:
    notice = case.consular.notices.get(notice_id)
    if notice is None:
        raise Refused("no such notice in this case: prepare it first", rule="P02", field="notice_id")
    return notice


def _informed(state: Consular, told: ImmigrationUnitInformed, envelope: Envelope) -> Consular:
    return replace(state, informed={**state.informed, told.child_id: envelope.circumstances})


def _prepared(state: Consular, told: ConsularNotificationPrepared, envelope: Envelope) -> Consular:
    notice = Notice(
        prepared=told, prepared_event_id=envelope.circumstances.event_id, prepared_version=envelope.version
    )
    return replace(state, notices={**state.notices, told.notice_id: notice})


def _step(state: Consular, notice_id: UUID, **changes: object) -> Consular:
    notice = state.notices.get(notice_id)
    if notice is None:
        return state
    return replace(state, notices={**state.notices, notice_id: replace(notice, **changes)})  # type: ignore[arg-type]


def _released(state: Consular, told: DisclosureReleased, _: Envelope) -> Consular:
    return _step(state, told.notice_id, released=told)


def _notified(state: Consular, told: ConsulateNotified, envelope: Envelope) -> Consular:
    return _step(state, told.notice_id, notified=told, notified_event_id=envelope.circumstances.event_id)


def _corrected(state: Consular, told: ConsularNotificationCorrected, _: Envelope) -> Consular:
    return _step(state, told.notice_id, corrected=told)


def _received(state: Consular, told: CorrectionReceived, _: Envelope) -> Consular:
    return _step(state, told.notice_id, correction_received=told)


INITIAL = Consular()
DECIDES = {
    InformImmigrationUnit: inform_immigration_unit, PrepareConsularNotification: prepare,
    RecordConsulateNotified: record_notified, CorrectConsularNotification: correct,
}
EVOLVES = {
    ImmigrationUnitInformed: _informed, ConsularNotificationPrepared: _prepared, DisclosureReleased: _released,
    ConsulateNotified: _notified, ConsularNotificationCorrected: _corrected, CorrectionReceived: _received,
}
KEYS: Keys = {
    ConsularNotificationPrepared: lambda e: e.notice_id,
    ConsulateNotified: lambda e: (e.notice_id, "proven" if isinstance(e.receipt, Known) else "said"),
}

"""What was recorded of the wrong person, or was never true, is withdrawn; a time that was never right is put right."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from domain.case import consular
from domain.case.citizenship import CitizenshipCorrected, CitizenshipInformationObtained
from domain.case.citizenship_sources import CitizenshipDetermined
from domain.case.consular import Notice, TextCode
from domain.case.custody import CustodyTaken
from domain.case.disclosures import Disclosure
from domain.case.doubts import shown_by
from domain.case.engagement import Signs
from domain.case.happenings import persons_of
from domain.case.intake import (
    OUR_ID,
    CaseClosed,
    CaseOpened,
    ChildAddedToCase,
    PartyAddedToCase,
    PartyLinkedToChild,
    require_open,
)
from domain.case.keys import Keys
from domain.case.particulars import FactCorrected, FactSuperseded
from domain.case.permission import RecallBecause, RecallRaised
from domain.case.privacy import ConfidentialityAssuranceGiven, DisclosureBreachRecorded, DisclosureRefused
from domain.events import Circumstances, Compartment, Envelope, Event, boxed, clear, event
from domain.growing import Growing
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

NO_REPORTS = (
    *consular.EVOLVES, CaseOpened, CaseClosed, ConfidentialityAssuranceGiven, DisclosureRefused, DisclosureBreachRecorded,
)  # what the agency itself did: it happened, whomever it should have been about
GOES_OUT = (
    ChildAddedToCase, PartyAddedToCase, PartyLinkedToChild, CustodyTaken, CitizenshipInformationObtained,
    CitizenshipDetermined, CitizenshipCorrected, FactCorrected, FactSuperseded,
)  # what a notice may have told of a person
HOW = "something was recorded of the wrong person, and a notice told it"
CONTAINED = "the office is asked to disregard the notice"


@event("casebridge.mislinks.MislinkWithdrawn")
class MislinkWithdrawn(Event):
    """Something had been recorded of the wrong person. It counts no more for anyone; the past event stays readable."""

    withdrawal_id: UUID = clear(OUR_ID)
    withdrawn_event_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    evidence: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="what showed that it was another's")


@event("casebridge.mislinks.ReportWithdrawn")
class ReportWithdrawn(Event):
    """Something that had been recorded was never true. It counts no more; the past event stays readable."""

    withdrawal_id: UUID = clear(OUR_ID)
    replaces_event_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    evidence: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="what showed that it was not so")


@event("casebridge.mislinks.TimeCorrected")
class TimeCorrected(Event):
    """A recorded event happened, or was learned, at another time than was said. The past event stays readable."""

    correction_id: UUID = clear(OUR_ID)
    replaces_event_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    happened_at: datetime | None = clear("when it happened in truth; the clocks of rules run from it")
    known_at: datetime | None = clear("when the agency learned it in truth; the clocks of rules run from it")
    evidence: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="what showed the right time")


Report = tuple[str, int, Event, Circumstances]  # stream, version, event, circumstances


@dataclass(frozen=True, kw_only=True, slots=True)
class Mislinks:
    """`history` holds by its id every event that may be withdrawn or may have its time put right, to be folded anew.

    Where the store put an event is no part of it.
    """

    history: Growing[UUID, Report] = field(default_factory=Growing)
    withdrawn: frozenset[UUID] = frozenset()
    times: Mapping[UUID, TimeCorrected] = field(default_factory=dict)

    def of(self, event_id: UUID) -> Envelope | None:
        """The event as it counts now; None where it was withdrawn, or is none that could be."""
        found = self.history.get(event_id)
        if found is None or event_id in self.withdrawn or isinstance(found[2], NO_REPORTS):
            return None
        return self._timed(found)

    def occurred(self, told: Event) -> datetime | None:
        """When a report of this case occurred, as it counts now; None where it is none."""
        found = next((event_id for event_id, report in self.history.items() if report[2] is told), None)
        counted = None if found is None else self.of(found)
        return None if counted is None else counted.circumstances.occurred_at

    def with_report(self, envelope: Envelope) -> Mislinks:
        told_in = envelope.circumstances
        report = (envelope.stream, envelope.version, envelope.event, told_in)
        history = self.history.having(told_in.event_id, report)
        return Mislinks(history=history, withdrawn=self.withdrawn, times=self.times)

    def left(self) -> list[Envelope]:
        """What still counts, with its times as they were in truth."""
        return [self._timed(report) for event_id, report in self.history.items() if event_id not in self.withdrawn]

    def _timed(self, report: Report) -> Envelope:
        stream, version, told, circumstances = report
        right = self.times.get(circumstances.event_id)
        if right is not None:
            circumstances = circumstances._replace(
                occurred_at=right.happened_at or circumstances.occurred_at,
                learned_at=right.known_at or circumstances.learned_at,
            )
        return Envelope(stream=stream, version=version, event=told, circumstances=circumstances)


@command
class WithdrawMislink(Command):
    """Record that an event was recorded of the wrong person: it counts no more, what was owed only because of it ends,
    and each office that was told is asked to disregard. Record it of the right person by its own command."""

    withdrawal_id: UUID
    event_id: UUID
    evidence: str


@command
class WithdrawReport(Command):
    """Record that an event was never true: it counts no more, and what was owed only because of it ends. What is true
    instead is recorded by its own command, under an id of its own. A particular or a citizenship is corrected instead."""

    withdrawal_id: UUID
    event_id: UUID
    evidence: str


@command
class CorrectTime(Command):
    """Record that an event happened (`happened_at`), or was learned (`known_at`), at another time than was said."""

    correction_id: UUID
    replaces_event_id: UUID
    evidence: str
    happened_at: datetime | None = None
    known_at: datetime | None = None


def _standing(case: Case, event_id: UUID, name: str) -> Envelope:
    require_open(case)
    found = case.mislinks.of(event_id)
    if found is None:
        raise Refused("no such report stands in this case: acts and duties are not withdrawn so", rule="P19", field=name)
    return found


def withdraw(submission: Submission[WithdrawMislink], case: Case) -> Sequence[Recording]:
    wish = submission.command
    known: Any = case.recorded.get(wish.withdrawal_id)
    if isinstance(known, MislinkWithdrawn):
        return case.once(wish.withdrawal_id, replace(
            known, withdrawn_event_id=wish.event_id, evidence=Known(wish.evidence)
        ))
    told = _standing(case, wish.event_id, "event_id")
    persons = tuple(dict.fromkeys(persons_of(told.event)))
    recordings = case.once(wish.withdrawal_id, MislinkWithdrawn(
        withdrawal_id=wish.withdrawal_id, withdrawn_event_id=wish.event_id, person_ids=persons,
        evidence=Known(wish.evidence),
    ))
    if isinstance(told.event, GOES_OUT):
        recordings = [*recordings, *_recalls(submission, case, told, persons)]
    return [*recordings, *_taken_back(submission, case, told, persons, RecallBecause.MISLINKED)]


CORRECTED_OTHERWISE = (
    ChildAddedToCase, PartyAddedToCase, CitizenshipInformationObtained, CitizenshipCorrected, FactCorrected,
)


def withdraw_report(submission: Submission[WithdrawReport], case: Case) -> Sequence[Recording]:
    wish = submission.command
    known: Any = case.recorded.get(wish.withdrawal_id)
    if isinstance(known, ReportWithdrawn):
        return case.once(wish.withdrawal_id, replace(
            known, replaces_event_id=wish.event_id, evidence=Known(wish.evidence)
        ))
    told = _standing(case, wish.event_id, "event_id")
    if isinstance(told.event, CORRECTED_OTHERWISE):
        raise Refused("this is corrected by a command of its own, with what is true", rule="P19", field="event_id")
    persons = tuple(dict.fromkeys(persons_of(told.event)))
    recordings = case.once(wish.withdrawal_id, ReportWithdrawn(
        withdrawal_id=wish.withdrawal_id, replaces_event_id=wish.event_id, person_ids=persons, evidence=Known(wish.evidence),
    ))
    return [*recordings, *_taken_back(submission, case, told, persons, RecallBecause.NEVER_TRUE)]


def _taken_back(
    submission: Submission[Any], case: Case, told: Envelope, persons: tuple[UUID, ...], reason: RecallBecause
) -> list[Recording]:
    """For each engagement on which it left otherwise than by a notice: a recall, and the breach where it was another's."""
    recordings = list[Recording]()
    for ordinal, engagement in enumerate(case.engagements.engagements.values()):
        given = [
            d.prepared for id, d in case.disclosures.disclosures.items()
            if id in case.disclosures.released_on(engagement.engagement_id) and _tells(d, told, persons)
        ]
        if not given:
            continue
        recordings.append(Recording(event=RecallRaised(
            recall_id=submission.own_id("taken back", ordinal), office=engagement.office,
            engagement_id=engagement.engagement_id, disclosure_ids=tuple(prepared.disclosure_id for prepared in given),
            person_ids=tuple(p for p in engagement.references if p in persons), reason=reason,
        )))
        recordings += [
            Recording(event=DisclosureBreachRecorded(
                breach_id=submission.own_id(f"breach of {ordinal}", number), office=prepared.office,
                notice_id=prepared.disclosure_id, child_ids=prepared.person_ids, how=Known(HOW),
                containment=Known(CONTAINED),
            ))
            for number, prepared in enumerate(given) if reason is RecallBecause.MISLINKED
        ]
    return recordings


def _tells(disclosure: Disclosure, told: Envelope, persons: tuple[UUID, ...]) -> bool:
    """Whether what left may have held what an event told: particulars of a person, or the matter that it is about."""
    prepared = disclosure.prepared
    if disclosure.prepared_version < told.version or not set(persons) & set(prepared.person_ids):
        return False
    ids = {getattr(told.event, item.name) for item in fields(cast(Any, told.event)) if item.name.endswith("_id")}
    return isinstance(told.event, GOES_OUT) or prepared.about_id in ids - {None}


def _recalls(
    submission: Submission[Any], case: Case, told: Envelope, persons: tuple[UUID, ...]
) -> list[Recording]:
    """For each notice that told it: the office is asked to disregard, and the breach is recorded."""
    signs, recordings = Signs(submission, case), list[Recording]()
    for ordinal, notice in enumerate(_told_of(case, told, persons)):
        prepared = notice.prepared
        recordings += consular.recall(submission, case, notice, signs, TextCode.DISREGARD, ordinal=ordinal)
        recordings.append(Recording(event=DisclosureBreachRecorded(
            breach_id=submission.own_id("breach", ordinal), office=prepared.office, notice_id=prepared.notice_id,
            child_ids=prepared.child_ids, how=Known(HOW), containment=Known(CONTAINED),
        )))
    return recordings


def _told_of(case: Case, told: Envelope, persons: tuple[UUID, ...]) -> list[Notice]:
    return [
        notice for notice in case.consular.notices.values()
        if shown_by(case, notice.prepared.notice_id) is not None and notice.corrected is None
        and notice.prepared_version > told.version and set(persons) & set(notice.prepared.person_ids)
    ]


def correct_time(submission: Submission[CorrectTime], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if wish.happened_at is None and wish.known_at is None:
        raise Refused("say when it happened, or when it was learned", rule="P19", field="happened_at")
    told = _standing(case, wish.replaces_event_id, "replaces_event_id")
    happened = wish.happened_at or told.circumstances.occurred_at
    known = wish.known_at or told.circumstances.learned_at
    if known > submission.received_at:
        raise Refused("it cannot have been learned in the future", rule="THREE-TIMES", field="known_at")
    if happened > known:
        raise Refused("it cannot have been learned before it occurred", rule="THREE-TIMES", field="happened_at")
    return case.once(wish.correction_id, TimeCorrected(
        correction_id=wish.correction_id, replaces_event_id=wish.replaces_event_id,
        person_ids=tuple(dict.fromkeys(persons_of(told.event))), happened_at=wish.happened_at,
        known_at=wish.known_at, evidence=Known(wish.evidence),
    ))


def _withdrawn(state: Mislinks, told: MislinkWithdrawn, _: Envelope) -> Mislinks:
    return replace(state, withdrawn=state.withdrawn | {told.withdrawn_event_id})


def _never_true(state: Mislinks, told: ReportWithdrawn, _: Envelope) -> Mislinks:
    return replace(state, withdrawn=state.withdrawn | {told.replaces_event_id})


def _timed(state: Mislinks, told: TimeCorrected, _: Envelope) -> Mislinks:
    earlier = state.times.get(told.replaces_event_id)
    if earlier is not None:  # Of each time the last correction counts.
        told = replace(
            told, happened_at=told.happened_at or earlier.happened_at, known_at=told.known_at or earlier.known_at
        )
    return replace(state, times={**state.times, told.replaces_event_id: told})


INITIAL = Mislinks()
DECIDES = {WithdrawMislink: withdraw, WithdrawReport: withdraw_report, CorrectTime: correct_time}
EVOLVES = {MislinkWithdrawn: _withdrawn, ReportWithdrawn: _never_true, TimeCorrected: _timed}
PUTS_RIGHT = tuple(EVOLVES)  # after these the reports that count are folded anew
KEYS: Keys = {
    MislinkWithdrawn: lambda e: e.withdrawal_id, ReportWithdrawn: lambda e: e.withdrawal_id,
    TimeCorrected: lambda e: e.correction_id,
}

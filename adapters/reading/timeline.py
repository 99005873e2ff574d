"""The timeline of a case: each event as a sentence, with the three times at which it stands."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.reading.sentences_abroad import TEXTS as TEXTS_ABROAD
from adapters.reading.sentences_care import TEXTS as TEXTS_CARE
from adapters.reading.sentences_desks import TEXTS as TEXTS_DESKS
from adapters.reading.sentences_permission import TEXTS as TEXTS_PERMISSION
from adapters.reading.sentences_placement import TEXTS as TEXTS_PLACEMENT
from adapters.reading.sentences_record import TEXTS as TEXTS_RECORD
from adapters.reading.sentences_sources import TEXTS as TEXTS_SOURCES
from adapters.reading.sentences_time import TEXTS as TEXTS_TIME
from adapters.reading.words import countries, due, in_words, limit, missing, people, person, personal, span, withdrawn
from domain.case import (
    citizenship,
    consular,
    custody,
    engagement,
    erasure,
    intake,
    kin,
    obligations,
    policy,
    privacy,
    sources,
)
from domain.case.state import Case, evolve
from domain.events import Envelope, Event
from domain.personal import Known, transform
from domain.policy.facts import MissingFact


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One event for people. `is_consequence`: rules or workers brought it about, not a person's report."""

    envelope: Envelope
    event: str
    text: str
    is_consequence: bool

    @property
    def occurred_at(self) -> datetime:
        return self.envelope.circumstances.occurred_at


def lines(envelopes: Iterable[Envelope]) -> list[Line]:
    """The events of a case in words, in the order of the stream. Total over withheld and unknown fields."""
    case, found = Case(), list[Line]()
    for envelope in envelopes:
        before, case = case, evolve(case, envelope)
        closes = isinstance(envelope.event, obligations.QuestionClosed)
        found.append(Line(
            envelope=envelope, event=type(envelope.event).__name__, text=text_of(before if closes else case, envelope),
            is_consequence=type(envelope.event) in CONSEQUENCES,
        ))
    return found


def text_of(case: Case, envelope: Envelope) -> str:
    """One sentence about one event, with the case right after it (right before it, where it closes something)."""
    return TEXTS[type(envelope.event)](case, envelope.event)


Text = Callable[[Case, Any], str]


def _duty_raised(case: Case, e: obligations.DutyRaised) -> str:
    by = f"due {due(e.due_at, e.due_zone)}" if e.due_at else limit(e.qualifier)
    cited = f"; with {', '.join(e.cited_rule_ids)}" if e.cited_rule_ids else ""
    return f"{e.rule_id}: {person(case, e.child_id)} to {personal(e.recipient_kind)}, {by}{cited}"


def _duty(case: Case, duty_id: Any) -> str:
    duty = case.obligations.duties.get(duty_id)
    if duty is None:
        return "a duty"
    return f"{duty.raised.rule_id} for {person(case, duty.raised.child_id)}"


def _duty_met(case: Case, e: obligations.DutyMet) -> str:
    late = f", late by {span(timedelta(seconds=e.late_by_seconds))}" if e.late_by_seconds else ""
    recorded = ", recorded late" if e.recorded_late else ""
    return f"{_duty(case, e.duty_id)} {'said to be met' if e.is_said else 'met'}{late}{recorded}"


def _clock_corrected(case: Case, e: obligations.DutyClockCorrected) -> str:
    late = "in time" if e.late_by_seconds is None else f"late by {span(timedelta(seconds=e.late_by_seconds))}"
    return f"{_duty(case, e.duty_id)} was met {late}, by the times as they were put right"


def _missed(case: Case, e: obligations.DeadlineMissed) -> str:
    duty = case.obligations.duties.get(e.duty_id)
    return f"{_duty(case, e.duty_id)} was due {due(e.due_at, duty.raised.due_zone if duty else 'UTC')}"


def _question(case: Case, e: obligations.QuestionRaised) -> str:
    count = len(e.rule_ids)
    rules = f"; {'one rule waits' if count == 1 else f'{count} rules wait'} for it" if count else ""
    by_proxy = "; ask by proxy, never status" if e.missing is MissingFact.ORIGIN else ""
    return f"not known: {missing(case, e.person_id, e.missing)}{rules}{by_proxy}"


def _closed(case: Case, e: obligations.QuestionClosed) -> str:
    asked = next((q for q in case.obligations.questions.values() if q.question_id == e.question_id), None)
    if asked is None:
        return "a question was answered"
    about = missing(case, asked.person_id, asked.missing)
    if asked.missing is MissingFact.ORIGIN and case.citizenship.is_undeterminable(asked.person_id):
        return f"a named person decided that nobody can tell {about}"
    return f"asked no longer: {about}"


def _origin(case: Case, e: citizenship.CitizenshipInformationObtained | citizenship.CitizenshipCorrected) -> str:
    born = countries(transform(e.birth_country, lambda code: (code,)))
    return f"{person(case, e.person_id)}: born in {born}, national of {countries(e.nationalities)}"


def _count(items: tuple[object, ...], one: str, many: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else many}"


def _prepared(case: Case, e: consular.ConsularNotificationPrepared) -> str:
    missing = [f"{item} (required)" for item in e.missing_required]
    missing += [f"{item} (optional)" for item in e.missing_optional]
    lacks = f"; lacks {', '.join(missing).replace('_', ' ')}" if missing else ""
    duties = _count(e.duty_ids, "duty", "duties")
    return f"for {e.office} about {people(case, e.child_ids)}, for {duties}{lacks}"


def _notified(case: Case, e: consular.ConsulateNotified) -> str:
    proof = "by receipt" if isinstance(e.receipt, Known) else "as a person says"
    entry = f", entry {e.entry} of its feed" if e.entry else ""
    return f"{e.office} about {people(case, e.child_ids)}, {proof} ({e.channel}){entry}"


def _opened(_: Case, e: engagement.EngagementOpened) -> str:
    basis = in_words(e.basis.kind) if e.basis else ", ".join(e.rule_ids)
    until = f", until {e.until:%Y-%m-%d}" if e.until else ""
    return f"{e.office} may learn of {len(e.persons)} persons for {e.purpose.replace('_', ' ')} ({basis}){until}"


def _case_closed(case: Case, e: intake.CaseClosed) -> str:
    unfiled = e.unfiled_child_ids.value if isinstance(e.unfiled_child_ids, Known) else ()
    without = f"; found eligible, and no petition filed: {people(case, unfiled)}" if unfiled else ""
    corrections = _count(e.open_correction_ids, "correction, update or recall", "corrections, updates or recalls")
    return (f"closed with {len(e.open_duty_ids)} duties open{f' and {corrections} owed' if e.open_correction_ids else ''}: "
            f"{personal(e.outcome)}{without}")


_FIRST: dict[type[Event], Text] = {
    intake.CaseOpened: lambda c, e: f"a case about {_count(e.child_ids, 'child', 'children')} was opened",
    intake.ChildAddedToCase: lambda c, e: f"{person(c, e.child_id)}, a child",
    intake.PartyAddedToCase: lambda c, e: f"{person(c, e.party_id)}, {e.role.value}",
    intake.PartyLinkedToChild: lambda c, e: f"{person(c, e.party_id)} belongs to {person(c, e.child_id)} too",
    intake.CaseClosed: _case_closed,
    custody.CustodyTaken: lambda c, e: f"{person(c, e.child_id)}, {personal(e.circumstances)}",
    custody.CustodyEnded: lambda c, e: f"{person(c, e.child_id)}: {personal(e.reason)}",
    citizenship.ProxyQuestionAnswered: lambda c, e: f"{person(c, e.person_id)}, {e.code.value}: {personal(e.answer)}",
    citizenship.CitizenshipInformationObtained: _origin,
    citizenship.CitizenshipCorrected: lambda c, e: f"{_origin(c, e)}; what was recorded before was never true",
    obligations.DutyRaised: _duty_raised,
    obligations.DutyMet: _duty_met,
    obligations.DeadlineMissed: _missed,
    obligations.DutyClockCorrected: _clock_corrected,
    obligations.MissWithdrawn: lambda c, e: f"{_duty(c, e.duty_id)} had been met in time",
    policy.PolicyApplied: lambda c, e: f"from now on these packs count: {', '.join(d[:8] for d in e.pack_digests)}",
    obligations.DutyWithdrawn: lambda c, e: f"{_duty(c, e.duty_id)}: {withdrawn(e.reason)}",
    obligations.QuestionRaised: _question,
    obligations.QuestionClosed: _closed,
    engagement.OfficeRouted: lambda c, e: f"{personal(e.recipient_kind)} means {e.office} here ({e.reason})",
    engagement.EngagementOpened: _opened,
    engagement.EngagementWidened: lambda c, e: f"it now covers {len(e.persons)} more persons",
    engagement.EngagementEnded: lambda c, e: f"its basis ended: {in_words(e.reason)}",
    consular.ImmigrationUnitInformed: lambda c, e: f"{personal(e.unit)} told of {person(c, e.child_id)}",
    consular.ConsularNotificationPrepared: _prepared,
    consular.DisclosureReleased: lambda c, e: f"to {e.office}, {'by a person' if e.by_person else 'by contract'}",
    consular.ConsulateNotified: _notified,
    consular.ConsularNotificationCorrected: lambda c, e: f"{e.office} is asked to {e.text_code.value} the notice",
    consular.CorrectionReceived: lambda c, e: f"{e.office} has it ({e.channel})",
    kin.IssHomeStudyRequested: lambda c, e: f"home of {person(c, e.subject_id)}, attempt {e.attempt}",
    privacy.ConfidentialityAssuranceGiven: lambda c, e: f"to {person(c, e.person_id)}, text {e.text_version}",
    privacy.DisclosureBreachRecorded: lambda c, e: f"{e.office}: {personal(e.how)}",
}
TEXTS = {
    **_FIRST,
    **TEXTS_ABROAD,
    **TEXTS_CARE,
    **TEXTS_DESKS,
    **TEXTS_PERMISSION,
    **TEXTS_PLACEMENT,
    **TEXTS_RECORD,
    **TEXTS_SOURCES,
    **TEXTS_TIME,
}
CONSEQUENCES = frozenset({
    *obligations.EVOLVES,
    *engagement.EVOLVES,
    consular.ConsulateNotified,
    consular.CorrectionReceived,
    erasure.ExpungeBegun,
    erasure.RecordExpunged,
    sources.OutsideIdMapped,
})

"""Duties that rules raise on a case, and questions where a rule cannot tell."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.policy.facts import MissingFact
from domain.policy.owed import DutyKey
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

CLOCK = "clocks and due moments stay countable after every erasure"
RULE = "id of a rule"


class WithdrawnBecause(StrEnum):
    CORRECTED = "corrected"  # the fact that raised it was never true
    MISLINKED = "mislinked"  # it belonged to another person
    POLICY = "policy"  # a pack adopted since asks for it no more, or otherwise
    NO_RECIPIENT = "no_recipient"  # the country has no consulate here: a valid end, not an error to retry


@event("casebridge.obligations.DutyRaised")
class DutyRaised(Event):
    """A rule asks the agency to act for a child toward a recipient, and its clock runs.

    Without `due_at` the limit is one of words (`qualifier`), never zero and never infinity.
    """

    duty_id: UUID = clear(OUR_ID)
    rule_id: str = clear(RULE)
    cited_rule_ids: tuple[str, ...] = clear(RULE)
    child_id: UUID = clear(OUR_ID)
    episode_id: UUID | None = clear("our own id; absent where the duty does not rest on custody")
    cause_event_id: UUID = clear(OUR_ID)
    clock_start: datetime = clear(CLOCK)
    due_at: datetime | None = clear(CLOCK)
    due_zone: str = clear(CLOCK)
    qualifier: str | None = clear(CLOCK)
    calendar_digest: str | None = clear("digest of the calendar that counted the days")
    pack_digest: str = clear("digest of the pack that the rule stands in")
    owner: str = clear("the unit of the agency that the pack names")
    recipient_kind: Personal[str] = boxed(
        Compartment.IDENTITY, about="child_id", meaning="kind of partner owed to; a consulate's tells a nationality"
    )


@event("casebridge.obligations.DutyMet")
class DutyMet(Event):
    """A duty was met. `late_by_seconds` counts from its due moment; `recorded_late` where the agency met it in time
    but recorded so only afterwards; `is_said` where only a person's word stands behind it."""

    duty_id: UUID = clear(OUR_ID)
    met_by_event_id: UUID = clear(OUR_ID)
    met_at: datetime = clear(CLOCK)
    late_by_seconds: int | None = clear(CLOCK)
    recorded_late: bool = clear(CLOCK)
    is_said: bool = clear("whether a receipt stands behind it")


@event("casebridge.obligations.DeadlineMissed")
class DeadlineMissed(Event):
    """The due moment of an open duty passed. It occurred then, whenever it was detected; a later act does not erase it."""

    duty_id: UUID = clear(OUR_ID)
    due_at: datetime = clear(CLOCK)


@event("casebridge.obligations.MissWithdrawn")
class MissWithdrawn(Event):
    """A miss proved wrong: the duty had been met in time, and that was recorded only later."""

    duty_id: UUID = clear(OUR_ID)
    met_by_event_id: UUID = clear(OUR_ID)


@event("casebridge.obligations.DutyClockCorrected")
class DutyClockCorrected(Event):
    """A duty had been met, and a time under it was wrong: that of what started its clock, or of the act that met it.
    Whether it was met in time is said anew here."""

    duty_id: UUID = clear(OUR_ID)
    cause_event_id: UUID = clear(OUR_ID)
    clock_start: datetime = clear(CLOCK)
    due_at: datetime | None = clear(CLOCK)
    calendar_digest: str | None = clear("digest of the calendar that counted the days")
    met_at: datetime = clear(CLOCK)
    late_by_seconds: int | None = clear(CLOCK)


@event("casebridge.obligations.DutyWithdrawn")
class DutyWithdrawn(Event):
    """A duty ended unmet: what raised it was never true, or there is nobody to tell."""

    duty_id: UUID = clear(OUR_ID)
    reason: WithdrawnBecause = clear("why, as a code")


@event("casebridge.obligations.QuestionRaised")
class QuestionRaised(Event):
    """Rules cannot tell what is owed, because a fact about a person is missing. It stands until someone learns it."""

    question_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    missing: MissingFact = clear("which fact is missing; says nothing of its value")
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    rule_ids: tuple[str, ...] = clear(RULE)
    since: datetime = clear(CLOCK)


@event("casebridge.obligations.QuestionClosed")
class QuestionClosed(Event):
    """The missing fact was learned, or no rule waits for it any more."""

    question_id: UUID = clear(OUR_ID)


class DutyStage(StrEnum):
    OPEN = "open"
    MET = "met"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """A duty as it stands. `was_missed` stays true after a late act."""

    duty_id: UUID
    raised: DutyRaised
    stage: DutyStage = DutyStage.OPEN
    was_missed: bool = False
    met: DutyMet | None = None
    withdrawn: WithdrawnBecause | None = None

    @property
    def key(self) -> DutyKey | None:
        """None where the recipient is withheld: such a duty is counted, and never moved."""
        kind = self.raised.recipient_kind
        if not isinstance(kind, Known):
            return None
        return DutyKey(self.raised.rule_id, kind.value, self.raised.child_id, self.raised.episode_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Obligations:
    duties: Mapping[UUID, Duty] = field(default_factory=dict)
    questions: Mapping[tuple[UUID, MissingFact], QuestionRaised] = field(default_factory=dict)  # the open ones

    def asks(self, person_id: UUID, missing: MissingFact = MissingFact.ORIGIN) -> bool:
        """Whether this fact about this person is an open question."""
        return (person_id, missing) in self.questions

    @property
    def withheld(self) -> frozenset[tuple[str, UUID, UUID | None]]:
        """Rule, child and custody episode of every duty whose recipient this reader may not see."""
        return frozenset(
            (duty.raised.rule_id, duty.raised.child_id, duty.raised.episode_id)
            for duty in self.duties.values() if duty.key is None
        )

    def open_duties(self, recipient_kind: str | None = None) -> list[Duty]:
        return [
            duty for duty in self.duties.values()
            if duty.stage is DutyStage.OPEN
            and (recipient_kind is None or duty.raised.recipient_kind == Known(recipient_kind))
        ]


@command
class RecordMissedDeadline(Command):
    """The clock worker's finding that a due moment has passed with its duty open."""

    duty_id: UUID


def record_missed_deadline(submission: Submission[RecordMissedDeadline], case: Case) -> Sequence[Recording]:
    duty = case.obligations.duties.get(submission.command.duty_id)
    if duty is None:
        raise Refused("no such duty in this case", rule="P02", field="duty_id")
    due_at = duty.raised.due_at
    if due_at is None:
        raise Refused("a duty whose limit is in words has no deadline to miss", rule=duty.raised.rule_id, field="duty_id")
    if due_at >= submission.received_at:
        raise Refused("its due moment has not passed", rule=duty.raised.rule_id, field="duty_id")
    if duty.was_missed or duty.stage is not DutyStage.OPEN:
        return []
    return [Recording(event=DeadlineMissed(duty_id=duty.duty_id, due_at=due_at), occurred_at=due_at)]


def meet(duty: Duty, *, met_by_event_id: UUID, met_at: datetime, is_said: bool) -> list[Recording]:
    """What meets a duty: the act, and where it lay in time after all, the end of the miss."""
    late = late_by_seconds(duty.raised.due_at, met_at)
    met = DutyMet(
        duty_id=duty.duty_id, met_by_event_id=met_by_event_id, met_at=met_at, late_by_seconds=late,
        recorded_late=duty.was_missed and late is None, is_said=is_said,
    )
    recordings = [Recording(event=met, occurred_at=met_at, causation_id=met_by_event_id)]
    if met.recorded_late:
        withdrawn = MissWithdrawn(duty_id=duty.duty_id, met_by_event_id=met_by_event_id)
        recordings.append(Recording(event=withdrawn, causation_id=met_by_event_id))
    return recordings


def late_by_seconds(due_at: datetime | None, met_at: datetime) -> int | None:
    """By how much an act came after a due moment; None where it was in time, or no moment stands."""
    return None if due_at is None or met_at <= due_at else int((met_at - due_at).total_seconds())


def _duty(state: Obligations, duty_id: UUID, **changes: object) -> Obligations:
    duty = state.duties.get(duty_id)
    if duty is None:
        return state  # A filtered replay may lack the raising; a fold never raises (I10).
    return replace(state, duties={**state.duties, duty_id: replace(duty, **changes)})  # type: ignore[arg-type]


def _raised(state: Obligations, told: DutyRaised, _: Envelope) -> Obligations:
    return replace(state, duties={**state.duties, told.duty_id: Duty(duty_id=told.duty_id, raised=told)})


def _met(state: Obligations, told: DutyMet, _: Envelope) -> Obligations:
    return _duty(state, told.duty_id, stage=DutyStage.MET, met=told)


def _missed(state: Obligations, told: DeadlineMissed, _: Envelope) -> Obligations:
    return _duty(state, told.duty_id, was_missed=True)


def _miss_withdrawn(state: Obligations, told: MissWithdrawn, _: Envelope) -> Obligations:
    return _duty(state, told.duty_id, was_missed=False)


def _clock_corrected(state: Obligations, told: DutyClockCorrected, _: Envelope) -> Obligations:
    duty = state.duties.get(told.duty_id)
    if duty is None or duty.met is None:
        return state
    raised = replace(
        duty.raised, cause_event_id=told.cause_event_id, clock_start=told.clock_start, due_at=told.due_at,
        calendar_digest=told.calendar_digest,
    )
    met = replace(duty.met, met_at=told.met_at, late_by_seconds=told.late_by_seconds)
    return _duty(
        state, told.duty_id, raised=raised, met=met, was_missed=duty.was_missed and told.late_by_seconds is not None
    )


def _withdrawn(state: Obligations, told: DutyWithdrawn, _: Envelope) -> Obligations:
    return _duty(state, told.duty_id, stage=DutyStage.WITHDRAWN, withdrawn=told.reason)


def _question_raised(state: Obligations, told: QuestionRaised, _: Envelope) -> Obligations:
    return replace(state, questions={**state.questions, (told.person_id, told.missing): told})


def _question_closed(state: Obligations, told: QuestionClosed, _: Envelope) -> Obligations:
    left = {key: question for key, question in state.questions.items() if question.question_id != told.question_id}
    return replace(state, questions=left)


INITIAL = Obligations()
DECIDES = {RecordMissedDeadline: record_missed_deadline}
EVOLVES = {
    DutyRaised: _raised, DutyMet: _met, DeadlineMissed: _missed, MissWithdrawn: _miss_withdrawn,
    DutyClockCorrected: _clock_corrected, DutyWithdrawn: _withdrawn, QuestionRaised: _question_raised,
    QuestionClosed: _question_closed,
}
KEYS: Keys = {}

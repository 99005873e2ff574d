"""A child is screened for trafficking with the tool of the place; every screening is kept, and none outdoes another."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, require_child
from domain.case.keys import Keys
from domain.case.trafficking import LetterKind
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal, known_or
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class ScreeningTool(StrEnum):
    CSE_IT = "cse_it"
    RHTAT = "rhtat"
    NM_10 = "nm_10"
    OR_FAMILY = "or_family"
    HOTLINE = "hotline"
    INTERNAL = "internal"  # the agency's own first look, or its unit's assessment


# The tools that each place is reported to use (domain.md 4). A place that is not listed chooses its own.
TOOLS: Mapping[str, frozenset[ScreeningTool]] = {
    "LAC": frozenset({ScreeningTool.INTERNAL}),
    "SDC": frozenset({ScreeningTool.CSE_IT, ScreeningTool.INTERNAL}),
    "SCC": frozenset({ScreeningTool.INTERNAL}),
    "NJ": frozenset({ScreeningTool.HOTLINE, ScreeningTool.RHTAT, ScreeningTool.CSE_IT, ScreeningTool.INTERNAL}),
    "NM": frozenset({ScreeningTool.NM_10, ScreeningTool.INTERNAL}),
    "NYC": frozenset({ScreeningTool.INTERNAL}),
    "OR": frozenset({ScreeningTool.OR_FAMILY, ScreeningTool.INTERNAL}),
}


class ScreeningOutcome(StrEnum):
    CLEAR = "clear"
    CONCERN = "concern"
    INCONCLUSIVE = "inconclusive"


class Question(StrEnum):
    """The ten questions of New Mexico's unit."""

    WHO_ARRANGED_JOURNEY = "TQ1"
    JOURNEY_DEBT = "TQ2"
    MADE_TO_ACT_FOR_NEEDS = "TQ3"
    OTHER_WORK_THAN_PROMISED = "TQ4"
    PAY_HELD_BACK = "TQ5"
    HURT_AT_WORK = "TQ6"
    FREE_TO_EAT_CALL_WASH = "TQ7"
    UNWELCOME_PHOTOS = "TQ8"
    PRESSED_FOR_TOUCH = "TQ9"
    PAPERS_HELD_BACK = "TQ10"


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"


# Which answer is the worrying one; None where the question is open and only a person can judge the words.
WORRYING: Mapping[Question, YesNo | None] = {
    Question.WHO_ARRANGED_JOURNEY: None,
    Question.JOURNEY_DEBT: None,
    Question.MADE_TO_ACT_FOR_NEEDS: YesNo.YES,
    Question.OTHER_WORK_THAN_PROMISED: YesNo.YES,
    Question.PAY_HELD_BACK: YesNo.YES,
    Question.HURT_AT_WORK: YesNo.YES,
    Question.FREE_TO_EAT_CALL_WASH: YesNo.NO,  # Asked the other way round: here it is "no" that worries.
    Question.UNWELCOME_PHOTOS: YesNo.YES,
    Question.PRESSED_FOR_TOUCH: YesNo.YES,
    Question.PAPERS_HELD_BACK: YesNo.YES,
}


class ScreeningWarning(StrEnum):
    CLEAR_DESPITE_SIGNS = "clear_despite_signs"
    QUESTIONS_LEFT_OUT = "questions_left_out"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreeningAnswer:
    """An open question is answered in `words`; any other by yes or no, with words beside it or none."""

    question: Question
    answer: YesNo | None = None
    words: str | None = None


def is_sign(answer: ScreeningAnswer) -> bool:
    """Whether an answer is the worrying one of its question."""
    return answer.answer is not None and answer.answer is WORRYING[answer.question]


@event("casebridge.trafficking.TraffickingScreeningCompleted")
class TraffickingScreeningCompleted(Event):
    """A child was screened for trafficking with a tool of the place. A later screening leaves this one as it was."""

    child_id: UUID = clear(OUR_ID)
    screening_id: UUID = clear(OUR_ID)
    tool: ScreeningTool = clear("which of six tools was used; says nothing of what it showed")
    tool_version: str | None = clear("edition of the tool's form, nothing about a person")
    outcome: Personal[ScreeningOutcome] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="what it showed")
    answers: Personal[tuple[ScreeningAnswer, ...]] = boxed(
        Compartment.TRAFFICKING, about="child_id", meaning="answers to the ten questions, where those were asked"
    )
    warnings: Personal[tuple[ScreeningWarning, ...]] = boxed(
        Compartment.TRAFFICKING, about="child_id", meaning="codes of what looked odd"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Screened:
    screening_id: UUID
    event_id: UUID
    tool: ScreeningTool
    outcome: Personal[ScreeningOutcome]
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Screening:
    screened: Mapping[UUID, tuple[Screened, ...]] = field(default_factory=dict)

    def of(self, child_id: UUID) -> tuple[Screened, ...]:
        """Every screening of a child, whatever its tool."""
        return self.screened.get(child_id, ())


@command
class CompleteTraffickingScreening(Command):
    """Record a screening for trafficking; with New Mexico's ten questions, their answers."""

    screening_id: UUID
    child_id: UUID
    tool: ScreeningTool
    outcome: ScreeningOutcome
    tool_version: str | None = None
    answers: tuple[ScreeningAnswer, ...] = ()


def complete_screening(submission: Submission[CompleteTraffickingScreening], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    tools = TOOLS.get(submission.standing.jurisdiction)
    if tools is not None and wish.tool not in tools:
        raise Refused("this is a tool of another place", rule="P05", field="tool")
    _check_answers(wish)
    return case.once(wish.screening_id, TraffickingScreeningCompleted(
        child_id=wish.child_id, screening_id=wish.screening_id, tool=wish.tool, tool_version=wish.tool_version,
        outcome=Known(wish.outcome), answers=Known(wish.answers), warnings=Known(_odd(wish)),
    ))


def _check_answers(wish: CompleteTraffickingScreening) -> None:
    if wish.answers and wish.tool is not ScreeningTool.NM_10:
        raise Refused("these are the ten questions of another tool", rule="NM-TRAFFICK-10Q", field="answers")
    if len({answer.question for answer in wish.answers}) < len(wish.answers):
        raise Refused("a question is answered twice", rule="NM-TRAFFICK-10Q", field="answers")
    for answer in wish.answers:
        is_open = WORRYING[answer.question] is None
        if is_open and (answer.answer is not None or answer.words is None):
            raise Refused("an open question is answered in words", rule="NM-TRAFFICK-10Q", field="answers")
        if not is_open and answer.answer is None:
            raise Refused("this question is answered by yes or no", rule="NM-TRAFFICK-10Q", field="answers")


def _odd(wish: CompleteTraffickingScreening) -> tuple[ScreeningWarning, ...]:
    doubts = {
        ScreeningWarning.CLEAR_DESPITE_SIGNS:
            wish.outcome is ScreeningOutcome.CLEAR and any(is_sign(answer) for answer in wish.answers),
        ScreeningWarning.QUESTIONS_LEFT_OUT: wish.tool is ScreeningTool.NM_10 and len(wish.answers) < len(Question),
    }
    return tuple(warning for warning, applies in doubts.items() if applies)


class TraffickingStage(StrEnum):
    NOT_SCREENED = "not_screened"
    SCREENED = "screened"  # inconclusive, or what it showed is withheld from this reader
    CLEAR = "clear"
    FLAGGED = "flagged"
    REPORTED = "reported"
    INTERIM = "interim"
    EXPIRED = "expired"  # the interim period ended and no final letter came
    ELIGIBLE = "eligible"
    DENIED_ELIGIBILITY = "denied_eligibility"
    DENIED_ASSISTANCE = "denied_assistance"


LETTER_STAGES = {
    LetterKind.INTERIM_ASSISTANCE: TraffickingStage.INTERIM,
    LetterKind.ELIGIBILITY: TraffickingStage.ELIGIBLE,
    LetterKind.DENIAL_OF_ELIGIBILITY: TraffickingStage.DENIED_ELIGIBILITY,
    LetterKind.DENIAL_OF_ASSISTANCE: TraffickingStage.DENIED_ASSISTANCE,
}


def trafficking_stage(case: Case, child_id: UUID) -> TraffickingStage:
    """Where the process stands for a child: OTIP's current letter first, then the report, then what screening showed."""
    letter = case.trafficking.current_letter(child_id)
    if letter is not None and letter.kind is not None:
        if letter.kind is LetterKind.INTERIM_ASSISTANCE and letter.told.letter_id in case.trafficking.expired:
            return TraffickingStage.EXPIRED
        return LETTER_STAGES[letter.kind]
    if letter is not None or child_id in case.trafficking.referred:
        return TraffickingStage.REPORTED
    shown = [known_or(screened.outcome, None) for screened in case.screening.of(child_id)]
    if child_id in case.trafficking.flagged or ScreeningOutcome.CONCERN in shown:
        return TraffickingStage.FLAGGED
    if not shown:
        return TraffickingStage.NOT_SCREENED
    return TraffickingStage.CLEAR if set(shown) == {ScreeningOutcome.CLEAR} else TraffickingStage.SCREENED


def _screened(state: Screening, told: TraffickingScreeningCompleted, envelope: Envelope) -> Screening:
    screened = Screened(
        screening_id=told.screening_id, event_id=envelope.circumstances.event_id, tool=told.tool, outcome=told.outcome,
        occurred_at=envelope.circumstances.occurred_at,
    )
    return Screening(screened={**state.screened, told.child_id: (*state.of(told.child_id), screened)})


INITIAL = Screening()
DECIDES = {CompleteTraffickingScreening: complete_screening}
EVOLVES = {TraffickingScreeningCompleted: _screened}
KEYS: Keys = {TraffickingScreeningCompleted: lambda e: e.screening_id}

"""Other systems tell of the case by numbers of their own and by exports; what each last said is remembered."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.intake import OUR_ID, CaseOpened, require_open, require_person
from domain.case.keys import Keys
from domain.case.obligations import QuestionClosed, QuestionRaised
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.outside import is_source
from domain.personal import Known, Personal
from domain.policy.facts import MissingFact
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from datetime import datetime

    from domain.case.state import Case

SOURCE = "name of another system's export; says nothing of a person"
ROW = "our own id of a row of an export, a digest under a key"
PERSONS_MAX, SAID_MAX = 64, 400


@event("casebridge.sources.OutsideIdMapped")
class OutsideIdMapped(Event):
    """A number that another system gave was used for the first time in this case; from then on it means our id."""

    our_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    source: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="which system numbers it so")
    outside_id: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the number that the system gave")


@event("casebridge.sources.ExportRowTaken")
class ExportRowTaken(Event):
    """A row of another system's export was taken over into the case. It is what the source said last."""

    source: str = clear(SOURCE)
    row_id: UUID = clear(ROW)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    said: Personal[tuple[str, ...]] = boxed(
        Compartment.IDENTITY, about="person_ids", meaning="what the row said, field by field, as digests and not as values"
    )


@event("casebridge.sources.SourceFellSilent")
class SourceFellSilent(Event):
    """A row that a source used to tell is missing from its full export. Why is an open question; nothing is undone."""

    question_id: UUID = clear(OUR_ID)
    source: str = clear(SOURCE)
    row_id: UUID = clear(ROW)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)


@event("casebridge.sources.SilenceExplained")
class SilenceExplained(Event):
    """A person found out why a row is no longer in a source's export."""

    question_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    explanation: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="why the source tells it no longer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What a source last said in one row. `question` stands while nobody knows why the row is gone."""

    source: str
    person_ids: tuple[UUID, ...]
    said: Personal[tuple[str, ...]]
    is_gone: bool = False
    question: UUID | None = None
    silent_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    mapped: frozenset[UUID] = frozenset()  # our ids for which an outside id is on record
    rows: Mapping[UUID, Row] = field(default_factory=dict)

    def silences(self) -> list[Row]:
        """Rows that are gone from a full export, as long as nobody has explained why."""
        return [row for row in self.rows.values() if row.question is not None]


@command
class TakeExportRow(Command):
    """Record what a row of an export said, as digests, once everything it says is recorded. `casebridge import` sends it."""

    source: str
    row_id: UUID
    person_ids: tuple[UUID, ...]
    said: tuple[str, ...]


@command
class NoteSourceSilence(Command):
    """Record that a row is missing from a full export of its source. `casebridge import --snapshot` sends it."""

    row_id: UUID


@command
class ExplainSilence(Command):
    """Answer why a row is no longer in a source's export. What has to be recorded for it is a command of its own."""

    question_id: UUID
    explanation: str


def mapped(submission: Submission[Any], case: Case) -> list[Recording]:
    """The outside ids of an accepted command that this case has no record of yet, each about whom it names.

    What is no person (a case, an episode, a visit) is kept under the keys of the case's children.
    """
    opened = case.recorded.get("case")
    children = opened.child_ids[:PERSONS_MAX] if isinstance(opened, CaseOpened) else ()
    children = case.taking(children, Compartment.IDENTITY)
    persons = {*case.intake.people, *children}
    return [
        Recording(event=OutsideIdMapped(
            our_id=outside.our_id, person_ids=(outside.our_id,) if outside.our_id in persons else children,
            source=Known(outside.source), outside_id=Known(outside.id),
        ))
        for outside in submission.outside
        if outside.our_id not in case.sources.mapped and (children or outside.our_id in persons)
    ]


def take_row(submission: Submission[TakeExportRow], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    if not is_source(wish.source):
        raise Refused("name the source in small letters, digits, full stops and hyphens", rule="IMPORT", field="source")
    if not 0 < len(wish.person_ids) <= PERSONS_MAX:
        raise Refused(f"a row is about one to {PERSONS_MAX} persons", rule="IMPORT", field="person_ids")
    if len(wish.said) > SAID_MAX:
        raise Refused(f"a row says at most {SAID_MAX} things", rule="IMPORT", field="said")
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    known = case.sources.rows.get(wish.row_id)
    if known is not None and known.said == Known(wish.said) and not known.is_gone:
        return []
    taken = ExportRowTaken(
        source=wish.source, row_id=wish.row_id, person_ids=wish.person_ids, said=Known(wish.said),
    )
    others = [row for row_id, row in case.sources.rows.items() if row_id != wish.row_id]
    if known is None or known.question is None or any(row.question == known.question for row in others):
        return [Recording(event=taken)]
    return [Recording(event=taken), Recording(event=QuestionClosed(question_id=known.question))]


def note_silence(submission: Submission[NoteSourceSilence], case: Case) -> Sequence[Recording]:
    row = case.sources.rows.get(submission.command.row_id)
    if row is None:
        raise Refused("no such row was ever taken over into this case", rule="IMPORT", field="row_id")
    if row.is_gone:
        return []
    person_id = row.person_ids[0]
    asked = case.obligations.questions.get((person_id, MissingFact.SILENCE))
    silent = SourceFellSilent(
        question_id=asked.question_id if asked else submission.own_id("silence", 0), source=row.source,
        row_id=submission.command.row_id, person_ids=row.person_ids,
    )
    if asked is not None:
        return [Recording(event=silent)]  # One question stands, however many rows tell of the person no longer.
    return [Recording(event=silent), Recording(event=QuestionRaised(
        question_id=silent.question_id, person_id=person_id, missing=MissingFact.SILENCE, rule_ids=(),
        child_ids=tuple(child.person_id for child in case.intake.children if child.person_id in row.person_ids),
        since=submission.learned_at,
    ))]


def explain(submission: Submission[ExplainSilence], case: Case) -> Sequence[Recording]:
    wish = submission.command
    row = next((row for row in case.sources.rows.values() if row.question == wish.question_id), None)
    told = SilenceExplained(
        question_id=wish.question_id, person_ids=row.person_ids if row else (), explanation=Known(wish.explanation),
    )
    if row is not None:
        return [Recording(event=told), Recording(event=QuestionClosed(question_id=wish.question_id))]
    known = case.recorded.get((wish.question_id, "explained"))
    if not isinstance(known, SilenceExplained):
        raise Refused("no such question is open", rule="IMPORT", field="question_id")
    return case.once((wish.question_id, "explained"), replace(told, person_ids=known.person_ids))


def _mapped(state: Sources, told: OutsideIdMapped, _: Envelope) -> Sources:
    return replace(state, mapped=state.mapped | {told.our_id})


def _taken(state: Sources, told: ExportRowTaken, _: Envelope) -> Sources:
    row = Row(source=told.source, person_ids=told.person_ids, said=told.said)
    return replace(state, rows={**state.rows, told.row_id: row})


def _silent(state: Sources, told: SourceFellSilent, envelope: Envelope) -> Sources:
    row = state.rows.get(told.row_id)
    if row is None:
        return state  # A prefix or a filtered replay may lack the taking; a fold never raises (I10).
    silent = replace(row, is_gone=True, question=told.question_id, silent_since=envelope.circumstances.occurred_at)
    return replace(state, rows={**state.rows, told.row_id: silent})


def _explained(state: Sources, told: SilenceExplained, _: Envelope) -> Sources:
    rows = {
        row_id: replace(row, question=None) if row.question == told.question_id else row
        for row_id, row in state.rows.items()
    }
    return replace(state, rows=rows)


INITIAL = Sources()
DECIDES = {TakeExportRow: take_row, NoteSourceSilence: note_silence, ExplainSilence: explain}
EVOLVES = {
    OutsideIdMapped: _mapped, ExportRowTaken: _taken, SourceFellSilent: _silent, SilenceExplained: _explained,
}
KEYS: Keys = {SilenceExplained: lambda e: (e.question_id, "explained")}

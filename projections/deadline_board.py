"""The deadline board: every duty with its due moment and what became of it, and every open question."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    select,
)

from domain.case.obligations import (
    DeadlineMissed,
    DutyClockCorrected,
    DutyMet,
    DutyRaised,
    DutyStage,
    DutyWithdrawn,
    MissWithdrawn,
    QuestionClosed,
    QuestionRaised,
    WithdrawnBecause,
)
from domain.events import Envelope
from domain.policy.facts import MissingFact
from domain.ports import Recorded
from projections.projection import Change, ClearReader, Moment, Patch, Put, Row, Words, case_of

ROWS_MAX = 1_000

metadata = MetaData()
duties = Table(
    "deadline_board_duties",
    metadata,
    Column("duty_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("agency", String, nullable=False),
    Column("jurisdiction", String, nullable=False),
    Column("rule_id", String, nullable=False),
    Column("cited_rule_ids", Words, nullable=False),
    Column("child_id", Uuid, nullable=False),
    Column("episode_id", Uuid),
    Column("cause_event_id", Uuid, nullable=False),
    Column("raised_event_id", Uuid, nullable=False),
    Column("raised_version", Integer, nullable=False),  # where the boxed recipient is opened from
    Column("clock_start", Moment, nullable=False),
    Column("due_at", Moment),
    Column("due_zone", String, nullable=False),
    Column("qualifier", String),
    Column("calendar_digest", String),
    Column("pack_digest", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("was_missed", Boolean, nullable=False),
    Column("met_at", Moment),
    Column("met_by_event_id", Uuid),
    Column("late_by_seconds", BigInteger),
    Column("recorded_late", Boolean),
    Column("is_said", Boolean),
    Column("withdrawn_because", String),
    Index("ix_deadline_board_duties_due", "stage", "was_missed", "due_at"),
    Index("ix_deadline_board_duties_case", "case_id"),
)
questions = Table(
    "deadline_board_questions",
    metadata,
    Column("question_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("agency", String, nullable=False),
    Column("jurisdiction", String, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("missing", String, nullable=False),
    Column("child_ids", Words, nullable=False),
    Column("rule_ids", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("raised_event_id", Uuid, nullable=False),
    Column("closed_at", Moment),
    Index("ix_deadline_board_questions_since", "closed_at", "since"),
    Index("ix_deadline_board_questions_case", "case_id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardDuty:
    """A duty as it stands. `due_at` is absent where the limit is in words (`qualifier`); moments are in UTC.

    `was_missed` stays true after a late act. The kind of office it is owed to is boxed: open it from
    version `raised_version` of the case's stream.
    """

    duty_id: UUID
    case_id: UUID
    agency: str
    jurisdiction: str
    rule_id: str
    cited_rule_ids: tuple[str, ...]
    child_id: UUID
    episode_id: UUID | None
    cause_event_id: UUID
    raised_event_id: UUID
    raised_version: int
    clock_start: datetime
    due_at: datetime | None
    due_zone: str
    qualifier: str | None
    calendar_digest: str | None
    pack_digest: str
    owner: str
    stage: DutyStage
    was_missed: bool
    met_at: datetime | None
    met_by_event_id: UUID | None
    late_by_seconds: int | None
    recorded_late: bool | None
    is_said: bool | None
    withdrawn_because: WithdrawnBecause | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardQuestion:
    """A question that a missing fact raised, open until `closed_at`. Moments are in UTC."""

    question_id: UUID
    case_id: UUID
    agency: str
    jurisdiction: str
    person_id: UUID
    missing: MissingFact
    child_ids: tuple[UUID, ...]
    rule_ids: tuple[str, ...]
    since: datetime
    raised_event_id: UUID
    closed_at: datetime | None


_OBLIGATIONS = (
    DutyRaised, DutyMet, DeadlineMissed, MissWithdrawn, DutyClockCorrected, DutyWithdrawn, QuestionRaised,
    QuestionClosed,
)
_TOPICS = frozenset(declared.TOPIC for declared in _OBLIGATIONS)


class DeadlineBoard:
    """A row per duty and per question, each as its case's events left it."""

    name = "deadline_board"
    tables = (duties, questions)

    def concerns(self, recorded: Recorded) -> bool:
        return recorded.topic in _TOPICS

    def when(self, recorded: Recorded, reader: ClearReader) -> Iterable[Change]:
        envelope = reader.decode(recorded)
        match envelope.event:
            case DutyRaised() as told:
                yield Put(duties, _duty(told, recorded, envelope))
            case DutyMet() as met:
                yield Patch(duties, {
                    "duty_id": met.duty_id, "stage": DutyStage.MET.value, "met_at": met.met_at,
                    "met_by_event_id": met.met_by_event_id, "late_by_seconds": met.late_by_seconds,
                    "recorded_late": met.recorded_late, "is_said": met.is_said,
                })
            case DeadlineMissed(duty_id=duty_id):
                yield Patch(duties, {"duty_id": duty_id, "was_missed": True})
            case MissWithdrawn(duty_id=duty_id):
                yield Patch(duties, {"duty_id": duty_id, "was_missed": False})
            case DutyClockCorrected() as right:
                yield Patch(duties, {
                    "duty_id": right.duty_id, "cause_event_id": right.cause_event_id, "clock_start": right.clock_start,
                    "due_at": right.due_at, "calendar_digest": right.calendar_digest, "met_at": right.met_at,
                    "late_by_seconds": right.late_by_seconds,
                    **({"was_missed": False} if right.late_by_seconds is None else {}),
                })
            case DutyWithdrawn(duty_id=duty_id, reason=reason):
                yield Patch(duties, {
                    "duty_id": duty_id, "stage": DutyStage.WITHDRAWN.value, "withdrawn_because": reason.value,
                })
            case QuestionRaised() as told:
                yield Put(questions, _question(told, recorded, envelope))
            case QuestionClosed(question_id=question_id):
                closed_at = envelope.circumstances.occurred_at
                yield Patch(questions, {"question_id": question_id, "closed_at": closed_at})


def _place(recorded: Recorded, envelope: Envelope) -> Row:
    told = envelope.circumstances
    return {
        "case_id": case_of(recorded.stream), "agency": told.agency, "jurisdiction": told.jurisdiction,
        "raised_event_id": recorded.event_id,
    }


def _duty(told: DutyRaised, recorded: Recorded, envelope: Envelope) -> Row:
    return {
        "duty_id": told.duty_id, **_place(recorded, envelope), "raised_version": recorded.version,
        "rule_id": told.rule_id, "cited_rule_ids": told.cited_rule_ids, "child_id": told.child_id,
        "episode_id": told.episode_id, "cause_event_id": told.cause_event_id, "clock_start": told.clock_start,
        "due_at": told.due_at, "due_zone": told.due_zone, "qualifier": told.qualifier,
        "calendar_digest": told.calendar_digest, "pack_digest": told.pack_digest, "owner": told.owner,
        "stage": DutyStage.OPEN.value, "was_missed": False,
    }


def _question(told: QuestionRaised, recorded: Recorded, envelope: Envelope) -> Row:
    return {
        "question_id": told.question_id, **_place(recorded, envelope), "person_id": told.person_id,
        "missing": told.missing.value, "child_ids": tuple(map(str, told.child_ids)), "rule_ids": told.rule_ids,
        "since": told.since,
    }


# ------------------------------------------------------------------ reading
def overdue(engine: Engine, now: datetime, *, limit: int = ROWS_MAX) -> Sequence[BoardDuty]:
    """Open duties whose due moment lies before `now` and whose miss is not recorded; the earliest first."""
    return _duties(engine, _UNMISSED, duties.c.due_at < now, limit=limit)


def next_due(engine: Engine, after: datetime) -> datetime | None:
    """The earliest due moment at or after `after` of a duty that is open and not missed."""
    asked = select(duties.c.due_at).where(_UNMISSED, duties.c.due_at >= after).order_by(duties.c.due_at).limit(1)
    with engine.connect() as connection:
        return connection.scalar(asked)


def open_duties(
    engine: Engine, *, jurisdiction: str | None = None, owner: str | None = None, limit: int = ROWS_MAX
) -> Sequence[BoardDuty]:
    """What is owed still, missed or not: by due moment, then what is due without one, by age."""
    wanted: list[ColumnElement[bool]] = [duties.c.stage == DutyStage.OPEN.value]
    if jurisdiction is not None:
        wanted.append(duties.c.jurisdiction == jurisdiction)
    if owner is not None:
        wanted.append(duties.c.owner == owner)
    return _duties(engine, *wanted, limit=limit)


def duties_of(engine: Engine, case_id: UUID, *, limit: int = ROWS_MAX) -> Sequence[BoardDuty]:
    """Every duty of a case, open or not, in the order of `open_duties`."""
    return _duties(engine, duties.c.case_id == case_id, limit=limit)


def open_questions(engine: Engine, *, jurisdiction: str | None = None, limit: int = ROWS_MAX) -> Sequence[BoardQuestion]:
    """Questions that nobody has answered, the oldest first."""
    wanted: list[ColumnElement[bool]] = [questions.c.closed_at.is_(None)]
    if jurisdiction is not None:
        wanted.append(questions.c.jurisdiction == jurisdiction)
    return _questions(engine, *wanted, limit=limit)


def questions_of(engine: Engine, case_id: UUID, *, limit: int = ROWS_MAX) -> Sequence[BoardQuestion]:
    """Every question of a case, open or closed, the oldest first."""
    return _questions(engine, questions.c.case_id == case_id, limit=limit)


_UNMISSED = (duties.c.stage == DutyStage.OPEN.value) & duties.c.was_missed.is_(False)
T = TypeVar("T")


def _duties(engine: Engine, *wanted: ColumnElement[bool], limit: int) -> Sequence[BoardDuty]:
    order = (duties.c.due_at.is_(None), duties.c.due_at, duties.c.clock_start, duties.c.duty_id)
    with engine.connect() as connection:
        rows = connection.execute(select(duties).where(*wanted).order_by(*order).limit(min(limit, ROWS_MAX)))
        return [
            _row(
                BoardDuty, row, stage=DutyStage(row["stage"]),
                withdrawn_because=WithdrawnBecause(row["withdrawn_because"]) if row["withdrawn_because"] else None,
            )
            for row in rows.mappings()
        ]


def _questions(engine: Engine, *wanted: ColumnElement[bool], limit: int) -> Sequence[BoardQuestion]:
    order = (questions.c.since, questions.c.question_id)
    with engine.connect() as connection:
        rows = connection.execute(select(questions).where(*wanted).order_by(*order).limit(min(limit, ROWS_MAX)))
        return [
            _row(
                BoardQuestion, row, missing=MissingFact(row["missing"]),
                child_ids=tuple(map(UUID, row["child_ids"])),
            )
            for row in rows.mappings()
        ]


def _row(kind: type[T], row: Any, **read: object) -> T:
    return kind(**({field.name: row[field.name] for field in fields(kind)} | read))  # type: ignore[arg-type]

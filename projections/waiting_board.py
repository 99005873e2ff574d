"""The waiting board: cases in which a reply may still be awaited, and whose desk acts and questions were given to.

It finds cases, and the fold of a case says what is awaited: a row may stand here that awaits nothing any more.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Engine, Index, MetaData, Select, String, Table, Uuid, and_, func, or_, select

from domain.case.asking import ASKINGS, REPLIES, ReplyKey
from domain.case.assignments import ActReassigned, QuestionReassigned
from domain.case.consular_service import PartnerAcknowledged
from domain.case.intake import CaseClosed
from domain.events import Envelope, Event
from domain.ports import Recorded
from domain.requests import NO_ANSWER_ASKED
from projections.projection import Change, ClearReader, Moment, Put, Row, case_of

CASES_MAX = 1_000
ACKNOWLEDGED = "acknowledged/"

metadata = MetaData()
asked = Table(
    "waiting_board_asked",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    Column("agency", String, nullable=False),
    Column("jurisdiction", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("reply_key", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Index("ix_waiting_board_asked_at", "asked_at"),
)
replied = Table(
    "waiting_board_replied",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("reply_key", String, primary_key=True),
    Column("replied_at", Moment, nullable=False),
)
closed = Table(
    "waiting_board_closed",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("closed_at", Moment, nullable=False),
)
owners = Table(
    "waiting_board_owners",
    metadata,
    Column("given_id", Uuid, primary_key=True),  # a duty or a question
    Column("case_id", Uuid, nullable=False),
    Column("agency", String, nullable=False),
    Column("jurisdiction", String, nullable=False),
    Column("owner", String, primary_key=True),  # everybody who ever had it: a late word takes nobody away
    Index("ix_waiting_board_owner", "owner"),
)

_OTHERS: tuple[type[Event], ...] = (ActReassigned, QuestionReassigned, PartnerAcknowledged, CaseClosed)
_TOPICS = frozenset(declared.TOPIC for declared in (*ASKINGS, *REPLIES, *_OTHERS))


class WaitingBoard:
    """A row per request, per reply, per closed case, and per act or question that was given to somebody."""

    name = "waiting_board"
    tables = (asked, replied, closed, owners)

    def concerns(self, recorded: Recorded) -> bool:
        return recorded.topic in _TOPICS

    def when(self, recorded: Recorded, reader: ClearReader) -> Iterable[Change]:
        if not recorded.stream.startswith("case-"):
            return
        envelope = reader.decode(recorded)
        case_id, at = case_of(recorded.stream), envelope.circumstances.occurred_at
        match envelope.event:
            case ActReassigned() as told:
                yield from (Put(owners, _given(case_id, duty, told.owner, envelope)) for duty in told.duty_ids)
            case QuestionReassigned() as told:
                yield Put(owners, _given(case_id, told.question_id, told.owner, envelope))
            case PartnerAcknowledged() as told:
                yield Put(replied, {
                    "case_id": case_id, "reply_key": f"{ACKNOWLEDGED}{told.request_id}", "replied_at": at,
                })
            case CaseClosed():
                yield Put(closed, {"case_id": case_id, "closed_at": at})
            case _:
                yield from _asked_or_replied(case_id, envelope)


def _asked_or_replied(case_id: UUID, envelope: Envelope) -> Iterable[Change]:
    told, circumstances = envelope.event, envelope.circumstances
    asking = ASKINGS[type(told)](told) if type(told) in ASKINGS else None
    if asking is not None:
        is_notice = asking.kind in NO_ANSWER_ASKED
        yield Put(asked, {
            "case_id": case_id, "request_id": asking.request_id, **_place(envelope), "kind": asking.kind.value,
            "reply_key": f"{ACKNOWLEDGED}{asking.request_id}" if is_notice else _text(asking.key),
            "asked_at": circumstances.occurred_at,
        })
    key = REPLIES[type(told)](told) if type(told) in REPLIES else None
    if key is not None:
        for text in (_text(key), f"{ACKNOWLEDGED}{_text(key)}"):
            yield Put(replied, {"case_id": case_id, "reply_key": text, "replied_at": circumstances.occurred_at})


def _text(key: ReplyKey) -> str:
    return str(key) if isinstance(key, UUID) else f"{key[0].value}/{key[1]}"


def _place(envelope: Envelope) -> Row:
    return {"agency": envelope.circumstances.agency, "jurisdiction": envelope.circumstances.jurisdiction}


def _given(case_id: UUID, given_id: UUID, owner: str, envelope: Envelope) -> Row:
    return {"given_id": given_id, "case_id": case_id, **_place(envelope), "owner": owner}


# ------------------------------------------------------------------ reading
def waiting_cases(
    engine: Engine, *, jurisdiction: str | None = None, case_id: UUID | None = None, limit: int = CASES_MAX
) -> Mapping[UUID, str]:
    """Open cases in which a reply may be awaited, with their agencies; who has waited longest comes first."""
    same = and_(replied.c.case_id == asked.c.case_id, replied.c.reply_key == asked.c.reply_key)
    wanted = (
        select(asked.c.case_id, asked.c.agency)
        .outerjoin(replied, same).outerjoin(closed, closed.c.case_id == asked.c.case_id)
        .where(closed.c.case_id.is_(None), or_(replied.c.replied_at.is_(None), replied.c.replied_at < asked.c.asked_at))
    )
    if case_id is not None:
        wanted = wanted.where(asked.c.case_id == case_id)
    return _cases(engine, wanted, func.min(asked.c.asked_at), asked, jurisdiction, limit)


def asked_by(
    engine: Engine, moment: datetime, *, jurisdiction: str | None = None, limit: int = CASES_MAX
) -> Mapping[UUID, str]:
    """Cases in which something had been asked of others by `moment`, whatever came of it; the latest first."""
    wanted = select(asked.c.case_id, asked.c.agency).where(asked.c.asked_at <= moment)
    return _cases(engine, wanted, func.max(asked.c.asked_at).desc(), asked, jurisdiction, limit)


def given_to(engine: Engine, owner: str, *, jurisdiction: str | None = None, limit: int = CASES_MAX) -> Mapping[UUID, str]:
    """Cases in which somebody was given an act or a question at some time, with their agencies."""
    wanted = select(owners.c.case_id, owners.c.agency).where(owners.c.owner == owner)
    return _cases(engine, wanted, owners.c.case_id, owners, jurisdiction, limit)


def _cases(
    engine: Engine, wanted: Select[tuple[UUID, str]], by: ColumnElement[object], table: Table, jurisdiction: str | None,
    limit: int,
) -> Mapping[UUID, str]:
    if jurisdiction is not None:
        wanted = wanted.where(table.c.jurisdiction == jurisdiction)
    with engine.connect() as connection:
        rows = connection.execute(
            wanted.group_by(table.c.case_id, table.c.agency).order_by(by, table.c.case_id).limit(min(limit, CASES_MAX))
        )
        return {row.case_id: row.agency for row in rows}

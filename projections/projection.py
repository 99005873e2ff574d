"""What a read model is: tables, the events it concerns, and the rows that each of them writes.

A view holds no personal text in clear: ids, times, stages, rule ids and digests only. What is boxed is
opened from the log when it is read, so that it is gone from every view when its key is gone.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, String, Table
from sqlalchemy.types import TypeDecorator

from domain.events import Envelope
from domain.ports import Recorded

Value = str | int | bytes | bool | UUID | datetime | tuple[str, ...] | None
Row = Mapping[str, Value]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An instant as microseconds since 1970 in UTC: the same order and precision on every database.

    Takes aware datetimes only, and gives them back in UTC; the zone in which a moment was asserted
    stands in the event.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[tuple[str, ...]]):
    """Ids in their order, parted by spaces, which no id of ours has."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())


@dataclass(frozen=True, slots=True)
class Put:
    """Insert this row, or set these columns of the one that has its primary key."""

    table: Table
    row: Row


@dataclass(frozen=True, slots=True)
class Patch:
    """Set these columns of the row that has this primary key; nothing where there is none."""

    table: Table
    row: Row


Change = Put | Patch


class Projection(Protocol):
    """A fold of events into rows. It reads nothing but the event before it.

    Rows are named by primary key and every change sets values, so changes of one batch can be merged
    and changes applied twice are applied once. Order holds within a stream only (Kafka keeps no other),
    so events of two streams that touch one row must Put, each its own columns.
    """

    @property
    def name(self) -> str:
        """The view's name in the table of positions, for ever."""

    @property
    def tables(self) -> Sequence[Table]:
        """Every table the view owns; dropped and replaced by a rebuild."""

    def concerns(self, recorded: Recorded) -> bool:
        """Whether `when` has to see it. Judged by stream and topic: what is of no concern is never decoded."""

    def when(self, recorded: Recorded, envelope: Envelope) -> Iterable[Change]:
        """The changes that make the view true again after this event. Pure, and total over withheld fields."""


class ClearReader(Protocol):
    """Reads the clear part of an event without any key: every boxed field comes as WITHHELD."""

    def decode(self, recorded: Recorded) -> Envelope: ...


class History(Protocol):
    """A stream, read again from a version on: what EventLog gives."""

    def read_stream(self, stream: str, *, after: int = 0, limit: int = ...) -> Sequence[Recorded]: ...

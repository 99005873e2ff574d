"""What a read model is: tables, the events it concerns, and the rows that each of them writes.

A view holds no personal text in clear: ids, times, stages, rule ids and digests only. What is boxed is
opened from the log when it is read, so that it is gone from every view when its key is gone.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, String, Table
from sqlalchemy.types import TypeDecorator

from domain.events import Circumstances, Envelope
from domain.ports import Recorded

Value = str | int | bytes | bool | UUID | datetime | tuple[str, ...] | None
Row = Mapping[str, Value]

CASE = "case-"
CASES_CACHED_MAX = 10_000

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

    def when(self, recorded: Recorded, reader: ClearReader) -> Iterable[Change]:
        """The changes that make the view true again after this event, of which it reads what it needs and no more.

        Pure, and total over withheld fields. What `reader` raises makes the event unreadable to this view.
        """


class Reader(Protocol):
    """Reads an event as far as its keys go: a field whose key is missing comes as WITHHELD."""

    def decode(self, recorded: Recorded) -> Envelope: ...


@runtime_checkable
class ClearReader(Reader, Protocol):
    """Reads events without any key, and of an event only what is asked for."""

    def circumstances(self, recorded: Recorded) -> Circumstances:
        """Who recorded it and when it happened; what happened is not looked at, so its type may be unknown here."""


def clear_reader(reader: Reader) -> ClearReader:
    """`reader` where it reads circumstances alone, else one that reads the whole event for them."""
    return reader if isinstance(reader, ClearReader) else _WholeReader(reader)


class _WholeReader:
    def __init__(self, reader: Reader) -> None:
        self.decode = reader.decode

    def circumstances(self, recorded: Recorded) -> Circumstances:
        return self.decode(recorded).circumstances


@lru_cache(maxsize=CASES_CACHED_MAX)
def case_of(stream: str) -> UUID:
    """The case of a stream `case-<uuid>`; raises ValueError for any other name."""
    if not stream.startswith(CASE):
        raise ValueError("a stream of no case")
    return UUID(stream.removeprefix(CASE))


class History(Protocol):
    """A stream, read again from a version on: what EventLog gives."""

    def read_stream(self, stream: str, *, after: int = 0, limit: int = ...) -> Sequence[Recorded]: ...

"""Where a read model gets its events from: the log, or Kafka. The result is the same."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.ports import Recorded


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Events of one shard in order, and where the shard stands after them.

    A shard is `log` (positions of the log) or `kafka-<partition>` (offsets). `to` may lie beyond the last
    record: transaction markers take offsets too. `head_seen` is the end of the shard when it was read.
    `traceparents` are the W3C trace contexts that the records travelled with, each once.
    """

    shard: str
    records: tuple[Recorded, ...]
    to: int
    head_seen: int
    traceparents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lag:
    """How far a reader is behind: in events, and in seconds since the oldest unread one was recorded."""

    events: int
    oldest_unread_at: datetime | None


class Source(Protocol):
    """Bounded, restartable reading. A stream lies wholly in one shard, in order of version."""

    @property
    def lineage(self) -> UUID:
        """The log that these events come from."""

    def read(self, after: Mapping[str, int], *, limit: int, timeout_seconds: float) -> Sequence[Batch]:
        """What follows `after` (a shard that is not named starts at its beginning), at most `limit` records in
        all. Waits up to the time-out when there is nothing; then an empty sequence."""

    def has(self, shard: str, position: int, event_id: UUID) -> bool:
        """Whether this event stands where it was read."""

    def lag(self, after: Mapping[str, int]) -> Lag: ...

    def close(self) -> None: ...

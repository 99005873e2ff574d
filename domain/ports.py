"""What the domain asks of the outside world. Adapters answer; fakes pass the same contract suites."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.events.contract import Compartment

READ_LIMIT_MAX = 5_000
TOGETHER_MAX = 64
"""Appends of one `append_together`: for so long nobody else writes."""


# ------------------------------------------------------------------ time
class Clock(Protocol):
    """The only *now*. The composition root gives it; in the demo and in tests it follows the history."""

    def now(self) -> datetime:
        """An aware datetime that never runs backwards within one process."""


# ------------------------------------------------------------------ the log
@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place in the log that cannot be mistaken for one of a restored copy."""

    lineage: UUID
    position: int
    event_id: UUID | None  # None only for position 0, before the first event


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """What a log has been since it was made, or since it was brought back: every event with a position above `after`."""

    lineage: UUID
    after: int


class NewEvent(NamedTuple):
    """An event to append: encoded, numbered in its stream, not yet positioned."""

    event_id: UUID
    stream: str
    version: int
    topic: str
    state: bytes


class Recorded(NamedTuple):
    """A stored row of the log, exactly as it will stand for ever."""

    position: int
    event_id: UUID
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at: datetime


class Guard(NamedTuple):
    """The append holds only while `stream` still ends at `version` (0: does not exist)."""

    stream: str
    version: int


class CommandRecord(NamedTuple):
    """One accepted command. `first` and `last` are log positions, both 0 where it had no effect.

    `digest` is an HMAC-SHA-256 of the command's content under a key of the key store.
    """

    command_id: UUID
    stream: str
    first: int
    last: int
    digest: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class WriterSchema:
    """An Avro schema that stored bytes name: `fingerprint` is the 8-byte CRC-64-AVRO, as in the marker."""

    fingerprint: bytes
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerMove:
    """A worker's position moves with its effect: from exactly `after` to `to`, or the append fails."""

    worker: str
    after: int
    to: Position


class Append(NamedTuple):
    """Everything one transaction adds. `events` may belong to several streams, each contiguous from its guard.

    `command` carries stream and digest of an accepted command (its `first` and `last` are filled in by
    the store). An append without events is allowed: an accepted command without effect, or a worker
    that moves over events that do not concern it.
    """

    guards: tuple[Guard, ...] = ()
    events: tuple[NewEvent, ...] = ()
    command: CommandRecord | None = None
    schemas: tuple[WriterSchema, ...] = ()
    worker: WorkerMove | None = None


class Appended(NamedTuple):
    """`positions` has one entry per event, in their order; `recorded_at` is the same for all of one append."""

    positions: tuple[int, ...]
    recorded_at: datetime


class LogError(Exception):
    """The log could not do it; nothing of the append is stored, unless said otherwise."""


class Conflict(LogError):
    """Another writer was first: a guard did not hold, or an event id or version is taken."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream} ends at version {actual}, not {expected}: read it again and decide anew")
        self.stream, self.expected, self.actual = stream, expected, actual


class CommandSeen(LogError):
    """This command id was accepted before; `record` is the earlier acceptance."""

    def __init__(self, record: CommandRecord) -> None:
        super().__init__(f"command {record.command_id} was accepted before, into stream {record.stream}")
        self.record = record


class WorkerDisplaced(LogError):
    """Another instance of this worker has moved its position."""


class LineageChanged(LogError):
    """The log is not the one this position was read from: a restore or a promotion lies between. Stop."""


class LogForked(LineageChanged):
    """The log lacks what was read of it before, or has something else there, and nobody has said so. Stop."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: an older copy of the log was put back. Stop all workers, then `casebridge log restored`")


class LogUnavailable(LogError):
    """The log cannot be reached, or its lock was not given in time. What was asked may be tried again."""


class EventLog(Protocol):
    """The only truth. Positions rise in the order in which they become visible: `position > n` misses nothing."""

    @property
    def lineage(self) -> UUID: ...

    @property
    def lineages(self) -> Sequence[Lineage]:
        """From the log's own beginning, after 0, to what it is now: every restore and promotion adds one."""

    def append(self, append: Append) -> Appended:
        """Store all of it or nothing, numbered and stamped inside one transaction.

        `recorded_at` is never below the last one. A connection lost after COMMIT is resolved by reading
        back: an append that did happen is answered as such. Raises Conflict, CommandSeen,
        WorkerDisplaced, LogUnavailable.
        """

    def append_together(self, appends: Sequence[Append]) -> Sequence[Appended | LogError]:
        """Each as by `append` and in this order, at most TOGETHER_MAX, by one transaction where nothing is in the way.

        Each has an answer of its own: what is refused holds up none of the others, and those that are stored are stored.
        """

    def read_stream(self, stream: str, *, after: int = 0, limit: int = READ_LIMIT_MAX) -> Sequence[Recorded]:
        """Events of one stream with version > `after`, in order, at most `limit`."""

    def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        """Events with position > `after`, in order of position, at most `limit`."""

    def event(self, event_id: UUID) -> Recorded | None:
        """One event by its id."""

    def streams(self, prefix: str, *, after: str = "", limit: int = READ_LIMIT_MAX) -> Sequence[tuple[str, int]]:
        """Names of streams that begin with `prefix`, with their head versions, in order of name, after `after`."""

    def head(self) -> Position:
        """The last event, or position 0."""

    def position(self, number: int) -> Position | None:
        """The full position of one log number, or None where no event stands there."""

    def command(self, command_id: UUID) -> CommandRecord | None: ...

    def worker(self, name: str) -> Position | None:
        """Where a worker stands; raises LineageChanged where that was in another lineage."""

    def schemas(self) -> Sequence[WriterSchema]:
        """Every writer schema that stored bytes may name."""

    def wait(self, *, after: int, timeout_seconds: float) -> bool:
        """Wait until the head lies beyond `after`; False after the time-out. Polls at least once a second."""

    def close(self) -> None: ...


# ------------------------------------------------------------------ keys
@dataclass(frozen=True, kw_only=True, slots=True)
class KeyName:
    """Whose text a key opens."""

    case: UUID
    person: UUID
    compartment: Compartment


class KeysUnavailable(Exception):
    """The key store cannot be reached: nothing is known about any key. Try again; never store clear text."""


class KeyStore(Protocol):
    """Data keys of persons, wrapped at rest by a key-encryption key."""

    def current(self, name: KeyName) -> tuple[int, bytes]:
        """Generation and 32-byte key to encrypt with, made (random, durable before it is returned) at first use."""

    def open(self, name: KeyName, generation: int) -> bytes | None:
        """The key, or None where it is withheld or destroyed."""

    def command_key(self) -> bytes:
        """The 32-byte key of command digests."""


# ------------------------------------------------------------------ channels
@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """What goes to an office: the published bytes of one feed number, and what they travel with.

    `headers` are CloudEvents attributes (without prefix). Nothing here is also in another office's parcel.
    """

    office: str
    number: int
    reference: str
    content: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The hand-over is done, and this is its proof (an office's response id, an offset, a message id)."""

    reference: str
    at: datetime


class HandOverFailed(Exception):
    """Surely not handed over; `retry` says whether trying again can help."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.reason, self.retry = reason, retry


class HandOverDoubtful(Exception):
    """May have been handed over: not done for a duty, possibly disclosed for the ledger."""


class Channel(Protocol):
    """A way to an office. The same parcel may be handed over again after doubt, with the same id and bytes."""

    name: str

    def hand_over(self, parcel: Parcel, *, timeout_seconds: float) -> Receipt:
        """Hand over once; raises HandOverFailed or HandOverDoubtful."""

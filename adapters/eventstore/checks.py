"""What every store asks of an append and of a read before it touches the database."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from domain.ports import READ_LIMIT_MAX, TOGETHER_MAX, Append, Appended, LogError

APPEND_EVENTS_MAX = 5_000
"""Events of one append; more is a mistake, and would hold the log's lock for too long."""


class SystemClock:
    """The machine's clock, in UTC, never running backwards within one process."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        self._last = max(self._last, datetime.now(UTC))
        return self._last


def expected_heads(append: Append, *, first_version: int = 1) -> tuple[tuple[str, int], ...]:
    """Each stream that the append rests on, with the version at which it must end.

    An event's own number is a guard too: version n fits only where its stream ends at n - 1. Raises
    ValueError for a programmer's mistake: versions that do not follow one another or contradict a
    guard, an id twice, a worker that goes back, an append without anything.
    """
    heads: dict[str, int] = {}
    for guard in append.guards:
        if heads.setdefault(guard.stream, guard.version) != guard.version or guard.version < first_version - 1:
            raise ValueError(f"stream {guard.stream} cannot be guarded at version {guard.version}")
    ends = dict(heads)
    for event in append.events:
        if event.version < first_version:
            raise ValueError(f"stream {event.stream} has no version {event.version}")
        heads.setdefault(event.stream, event.version - 1)
        if event.version != ends.setdefault(event.stream, event.version - 1) + 1:
            raise ValueError(f"version {event.version} of stream {event.stream} does not follow its guard")
        ends[event.stream] = event.version
    if len(append.events) > APPEND_EVENTS_MAX:
        raise ValueError(f"an append has at most {APPEND_EVENTS_MAX} events, not {len(append.events)}")
    if len({event.event_id for event in append.events}) != len(append.events):
        raise ValueError("an event id comes twice")
    if append.worker is not None and append.worker.to.position < append.worker.after:
        raise ValueError(f"worker {append.worker.worker} cannot go back to {append.worker.to.position}")
    if not (append.events or append.command or append.worker or append.schemas):
        raise ValueError("an append adds an event, a command, a worker's move or a schema")
    return tuple(heads.items())


def checked_together(appends: Sequence[Append]) -> Sequence[Append]:
    """The appends, or ValueError where they are more than TOGETHER_MAX."""
    if len(appends) > TOGETHER_MAX:
        raise ValueError(f"at most {TOGETHER_MAX} appends go together, not {len(appends)}")
    return appends


def answers(given: Iterable[Appended | Exception]) -> list[Appended | LogError]:
    """What the log answered to each; raises what is no answer of a log."""
    found: list[Appended | LogError] = []
    for answer in given:
        if not isinstance(answer, Appended | LogError):
            raise answer
        found.append(answer)
    return found


def checked_limit(limit: int) -> int:
    """The limit, or ValueError where it is not in 1..READ_LIMIT_MAX."""
    if not 1 <= limit <= READ_LIMIT_MAX:
        raise ValueError(f"a read has a limit of 1 to {READ_LIMIT_MAX}, not {limit}")
    return limit


def checked_moment(moment: datetime) -> datetime:
    """The moment in UTC; a naive one is refused, for nobody knows when it is."""
    if moment.tzinfo is None:
        raise ValueError("the clock of a log gives aware datetimes")
    return moment.astimezone(UTC)

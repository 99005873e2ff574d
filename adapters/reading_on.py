"""Reading on in the log from where one stands, if that is still there."""
from __future__ import annotations

from collections.abc import Sequence

from domain.ports import READ_LIMIT_MAX, EventLog, LogForked, Position, Recorded


def read_on(log: EventLog, at: Position | None, *, limit: int, reader: str) -> Sequence[Recorded]:
    """At most `limit` rows after a place in this log, None for its beginning.

    The row that stands there is read again with them. Raises LogForked, which names the `reader`, where it is not
    the one that was read before, and LogUnavailable.
    """
    if at is None or at.position == 0:
        return log.read_log(after=0, limit=limit)
    rows = log.read_log(after=at.position - 1, limit=min(limit + 1, READ_LIMIT_MAX))
    if not rows or rows[0].event_id != at.event_id:
        raise LogForked(f"{reader} had read up to position {at.position}, where another event stands now, or none")
    return rows[1:]

"""What is said to a log that was brought back from a copy: another log now, whose workers go on."""
from __future__ import annotations

from uuid import UUID

from adapters.eventstore import POSTGRES, SQLITE


def restored(url: str, *, owner: str | None = None) -> UUID:
    """Give the log a new lineage, and take its own workers over into it: their positions came back with it.

    `owner` is a PostgreSQL log's migrator. Whoever reads the log from outside (views, Kafka) stops at the new lineage.
    Raises ValueError, LogUnavailable, LogError.
    """
    if url.startswith(SQLITE):
        from adapters.eventstore.sqlite import renew_lineage as renew

        return renew(url.removeprefix(SQLITE), with_workers=True)
    if url.startswith(POSTGRES):
        from adapters.eventstore.postgres_setup import renew_lineage

        return renew_lineage(owner or url, with_workers=True)
    raise ValueError("a log's url begins with sqlite:/// or postgresql://")

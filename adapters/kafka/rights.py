"""The worker that keeps the broker's rules those of the directory, by whichever way the directory was changed."""
from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from adapters.disclosure.tail import Tail
from adapters.kafka.access import Member, NoAuthorizer, reconcile
from adapters.kafka.settings import KafkaSettings
from domain.agency.events import (
    OfficeCredentialRotated,
    OfficeEnded,
    OfficeListed,
    OfficeRehearsed,
    OfficeSuspended,
    OfficeWentLive,
)
from domain.ports import EventLog, Recorded

logger = logging.getLogger(__name__)
WORKER = "rights"
CHANGES = frozenset(kind.TOPIC for kind in (
    OfficeListed, OfficeRehearsed, OfficeWentLive, OfficeSuspended, OfficeEnded, OfficeCredentialRotated,
))
"""Events after which an office may read, may not, or logs in by another secret."""


class Rights:
    """Tails the log. When it begins, and after every change of the directory, the broker's rules are made anew.

    Its position is stored after the broker has taken them: a crash between makes them once more, and the same.
    """

    def __init__(self, log: EventLog, settings: KafkaSettings, members: Callable[[], Sequence[Member]]) -> None:
        self._tail = Tail(log, WORKER)
        self._settings, self._members = settings, members
        self._is_current = False

    def step(self, limit: int = 500) -> int:
        """Read at most `limit` more rows of the log, and say how many: 0 is caught up.

        Raises AccessNotSet and KafkaError where the broker could not be changed: call it again; LineageChanged: stop.
        """
        return self._tail.step(limit, self._follow)

    def _follow(self, rows: Sequence[Recorded]) -> None:
        changed = [row for row in rows if row.topic in CHANGES]
        if self._is_current and not changed:
            return
        self._is_current = False
        members = self._members()
        try:
            if members:
                reconcile(self._settings, members)
        except NoAuthorizer as error:
            logger.warning("%s", error)
        self._is_current = True
        if changed:
            self._tail.save(changed[-1])

"""A projector that dies by SIGKILL before its n-th statement."""
from __future__ import annotations

import os
import signal
from typing import Any

from sqlalchemy import event

from adapters.eventstore.sqlite import SqliteLog
from adapters.views import LogSource, open_views
from projections.runner import Runner
from tests.views_model import JsonReader, StillClock, Things

STEPS_MAX = 10_000


def run(log_path: str, views_url: str, statement: int, limit: int) -> None:
    """Catch up in batches of `limit`; SIGKILL before statement number `statement` (commits count), if it comes to that."""
    engine = open_views(views_url)
    left = statement

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    log = SqliteLog(log_path)
    runner = Runner(Things(), LogSource(log), engine, reader=JsonReader(), clock=StillClock())
    for _ in range(STEPS_MAX):
        if not runner.step(limit):
            break
    log.close()
    engine.dispose()

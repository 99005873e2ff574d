"""A relay in a process of its own that kills itself at a given point of a given transaction."""
from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass

from adapters.eventstore.sqlite import SqliteLog
from adapters.kafka.publisher import Phase, Publisher
from adapters.kafka.relay import Relay
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import KafkaPythonTransport

BATCH = 10


@dataclass(frozen=True, slots=True)
class Death:
    """SIGKILL in the nth transaction of this process (from 0), `after_seconds` from the beginning of a phase."""

    transaction: int
    phase: Phase
    after_seconds: float


def relay_until_killed(settings: KafkaSettings, log_path: str, death: Death) -> None:
    """Relays until the log is done or the death comes; the caller gives it more than enough to relay."""
    begun = -1

    def at(phase: Phase) -> None:
        nonlocal begun
        begun += phase is Phase.BEGIN
        if begun == death.transaction and phase is death.phase:
            if death.after_seconds == 0.0:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Thread(target=_die, args=(death.after_seconds,), daemon=True).start()

    publisher = Publisher(
        KafkaPythonTransport(settings), target=settings.log_topic, positions=settings.positions_topic, at=at
    )
    relay = Relay(SqliteLog(log_path), publisher, batch_records_max=BATCH)
    while relay.step():
        pass


def _die(after_seconds: float) -> None:
    time.sleep(after_seconds)
    os.kill(os.getpid(), signal.SIGKILL)

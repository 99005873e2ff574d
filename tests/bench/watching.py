"""The office's consumer as the bench sees it: a process that notes when each record came."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from adapters.kafka.settings import KafkaSettings
from tests.bench.agency import MEXICO
from tests.faults.relay_world import wait_until

WATCHER_SECONDS_MAX = 60.0


class Watcher:
    """A read_committed consumer of an office's topic, in a process of its own, that notes when each record came."""

    def __init__(self, settings: KafkaSettings, notes: Path, expected: int) -> None:
        self._notes, self._ready = notes, notes.with_suffix(".ready")
        self._seen = notes.with_suffix(".seen")
        for path in (self._notes, self._ready, self._seen):
            path.unlink(missing_ok=True)
        self._process = subprocess.Popen([
            sys.executable, "-m", "tests.bench.watcher", settings.bootstrap, settings.feed_topic(MEXICO),
            settings.group(MEXICO), str(expected), str(notes), str(self._ready), str(self._seen),
        ])

    def wait_until_ready(self) -> None:
        wait_until(self._ready.exists, "the consumer's first fetch", limit_seconds=WATCHER_SECONDS_MAX)

    def wait_until_seen(self, records: int) -> None:
        """Only up to WARM_UP is told while it goes on."""
        wait_until(
            lambda: self._seen.exists() and self._seen.stat().st_size >= records, "the first records' arrival",
            limit_seconds=WATCHER_SECONDS_MAX,
        )

    def arrivals(self) -> list[float]:
        """On the machine's monotonic clock, in the order of the topic."""
        assert self._process.wait(WATCHER_SECONDS_MAX) == 0, "the consumer did not see every record"
        found: list[float] = json.loads(self._notes.read_text())
        return found

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(WATCHER_SECONDS_MAX)

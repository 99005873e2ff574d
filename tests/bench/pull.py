"""An office that reads its feed over HTTP, 100 entries a time, against an endpoint that only sends the same bytes.

Over loopback, by one reader on one connection. The server is a process of its own; after each reading of ours the
same bytes are had from `/bare`, so that every ratio is of one batch.
"""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from urllib3 import PoolManager

from adapters.disclosure.pull import ENTRIES_MAX
from tests.bench.disclosures import ISS
from tests.bench.figures import Figure, Measured, compared, measured
from tests.faults.relay_world import wait_until

UNIT = "entries/s"
PEER_IS = "a Starlette endpoint that sends the same bytes"
READY_SECONDS_MAX = 900.0
END_SECONDS_MAX = 30.0
ANSWER_SECONDS_MAX = 30.0


class Reader:
    """The office's side."""

    def __init__(self, port: int, credential: str) -> None:
        self._base, self._pool = f"http://127.0.0.1:{port}", PoolManager(retries=False, timeout=ANSWER_SECONDS_MAX)
        self._shown = {"authorization": f"Bearer {credential}"}

    def read(self, after: int) -> bytes:
        return self._get(f"/feeds/{ISS}/events?after={after}", self._shown)

    def bare(self) -> bytes:
        return self._get("/bare", {})

    def close(self) -> None:
        self._pool.clear()

    def _get(self, path: str, headers: dict[str, str]) -> bytes:
        answer = self._pool.request("GET", self._base + path, headers=headers)
        assert answer.status == 200, answer.data
        return answer.data


@contextmanager
def served(folder: Path, entries: int) -> Iterator[Reader]:
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.serving", str(folder / "home"), str(entries), str(ready)]
    )
    try:
        wait_until(
            lambda: ready.exists() or process.poll() is not None, "the server's first word",
            limit_seconds=READY_SECONDS_MAX,
        )
        assert process.poll() is None, "the server ended before it served"
        reader = Reader(**json.loads(ready.read_text(encoding="utf-8")))
        try:
            yield reader
        finally:
            reader.close()
    finally:
        process.terminate()
        process.wait(END_SECONDS_MAX)


def run(folder: Path, *, entries: int) -> list[Figure]:
    starts = range(0, entries, ENTRIES_MAX)
    with served(folder, entries) as reader:
        first = [_pair(reader, after) for after in starts]
        reader.read(entries)  # Past the last: the whole feed is handed over.
        again = [_pair(reader, after) for after in starts]
    batch = f"{ENTRIES_MAX} entries a reading"
    return [
        _figure(f"pull over HTTP: read on, {batch}, each begun and the last ones proven", first),
        _figure("  read again: each checked against its basis and recorded", again),
    ]


def _pair(reader: Reader, after: int) -> tuple[Measured, Measured]:
    given: list[bytes] = []

    def of(get: Callable[[], bytes]) -> Measured:
        return measured(ENTRIES_MAX, lambda: given.append(get()))

    ours, bare = of(lambda: reader.read(after)), of(reader.bare)
    assert given[0] == given[1], "the peer sends other bytes"
    assert len(json.loads(given[0])) == ENTRIES_MAX
    return ours, bare


def _figure(what: str, pairs: list[tuple[Measured, Measured]]) -> Figure:
    ours, bare = zip(*pairs[1:], strict=True)  # The first one connects.
    return compared(what, ours, bare, unit=UNIT, peer_is=PEER_IS, bar=None, readings=len(ours))

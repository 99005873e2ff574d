"""Files that nobody but their owner may read."""
from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_private(path: Path) -> None:
    """Make an empty file of mode 0600 where there is none; SQLite gives its -wal and -shm the same mode.

    One that is there keeps its mode, and is not opened: closing it would drop the locks that SQLite holds on it. What
    stands in the way is left for whoever opens the file to say.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

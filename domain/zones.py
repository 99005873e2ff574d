"""Time zones by their IANA names."""
from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1_024)
def is_zone(name: str) -> bool:
    """Whether this machine knows the zone. What is no zone of the database, such as `localtime`, is none here."""
    if not name[:1].isupper():
        return False  # The database's own files, and a machine's link to where it stands, begin in lower case.
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # A folder of zones and an endless name are errors of the file system.
        return False
    return True

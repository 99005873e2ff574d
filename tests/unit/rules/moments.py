"""When the agencies of these tests adopted their packs: before anything happens in a case."""
from __future__ import annotations

from datetime import timedelta

from tests.specification import NOON

ADOPTED = NOON - timedelta(days=30)

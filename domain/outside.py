"""An id that another system gave: it stands in a command wherever our own id stands (design decision 5)."""
from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

SOURCE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
SOURCE_LENGTH_MAX, ID_LENGTH_MAX = 60, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideId:
    """`source` names one numbering of one system (`cms.child`), `id` the number in it, `our_id` what it means here."""

    source: str
    id: str
    our_id: UUID


def is_source(source: str) -> bool:
    """Small letters, digits, full stops and hyphens: the name of a numbering, nothing about a person."""
    return len(source) <= SOURCE_LENGTH_MAX and SOURCE.fullmatch(source) is not None

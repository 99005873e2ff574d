"""A number of a feed whose content does not leave: its place, and nothing else. Kept for ever."""
from __future__ import annotations

from domain.disclosure.rendering import Facts, Record
from domain.events import Envelope


def render(entry: Envelope, facts: Facts) -> Record:
    return {}

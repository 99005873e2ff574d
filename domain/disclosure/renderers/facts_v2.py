"""The fields of an entry as in version 1, but an address goes without its landmarks unless the entry names them too, and
the basis without where our own source says so.

Kept for ever: a change is a new module beside it.
"""
from __future__ import annotations

from collections.abc import Mapping

from domain.disclosure.renderers import facts_v1
from domain.disclosure.rendering import Facts, Record, without_source_note
from domain.events import Envelope

LANDMARKS: Mapping[str, str] = {"landmarks": "address", "placement_landmarks": "placement_address"}
"""By the name of the field that tells what a dwelling is found by: the address in which that stands."""


def render(entry: Envelope, facts: Facts) -> Record:
    """Raises Unrenderable."""
    record = facts_v1.render(entry, facts)
    record["basis"] = without_source_note(record["basis"])
    for value in record.values():
        for place in value if isinstance(value, list) else [value]:
            if isinstance(place, dict):
                _part(place)
    return record


def _part(place: Record) -> None:
    """Version 1 lays a whole address out under the name of its landmarks: of that, these alone are told."""
    for name, of in LANDMARKS.items():
        named = place.pop(name, None)
        if of in place:
            place[of]["landmarks"] = None if named is None else named["landmarks"]

"""The agency's stream remembers what it recorded under a sender's id, as a case does."""
from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from domain.events import Event, fields_of
from domain.personal import Withheld
from domain.refusals import Contradiction
from domain.submission import Recording


def once(recorded: Mapping[UUID, Event], key: UUID, event: Event) -> list[Recording]:
    """Record `event` under its sender's id, once: the same again is nothing, other content a Contradiction.

    A field that is withheld from this reader is not compared.
    """
    known = recorded.get(key)
    if known is None:
        return [Recording(event=event)]
    if type(known) is not type(event):
        raise Contradiction("this id was recorded before, for something else")
    for name in fields_of(type(event)):
        before = getattr(known, name)
        if not isinstance(before, Withheld) and before != getattr(event, name):
            raise Contradiction("this id was recorded before, with other content", field=name)
    return []

"""Sentences on what other systems tell of a case: their numbers, their exports, and their silence."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import people, personal
from domain.case import sources
from domain.case.state import Case
from domain.events import Event

Text = Callable[[Case, Any], str]

TEXTS: dict[type[Event], Text] = {
    sources.OutsideIdMapped: lambda c, e: f"{personal(e.source)} numbers it {personal(e.outside_id)}; "
                                          f"about {people(c, e.person_ids)}",
    sources.ExportRowTaken: lambda c, e: f"{e.source} told of {people(c, e.person_ids)}",
    sources.SourceFellSilent: lambda c, e: f"{e.source} tells of {people(c, e.person_ids)} no longer: "
                                           "find out why; nothing was undone",
    sources.SilenceExplained: lambda c, e: f"why a source tells of {people(c, e.person_ids)} no longer: "
                                           f"{personal(e.explanation)}",
}

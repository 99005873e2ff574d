"""The four histories, each played whole through an embedded Casebridge of its own, its workers running to rest."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.backbone import Outcome
from domain.case.state import Case
from domain.events import Envelope, Event
from tests.e2e.embedded import HISTORIES, Embedded, embedded, read

FILES: Mapping[str, tuple[str, ...]] = {
    "h1": ("h1-new-mexico.jsonl", "h1-new-mexico-later.jsonl"),
    "h2": ("h2-new-jersey.jsonl",),
    "h3": ("h3-new-york-city.jsonl",),
    "h4": ("h4-san-diego.jsonl",),
}


def lines_of(history: str) -> list[dict[str, Any]]:
    return [line for file in FILES[history] for line in read(HISTORIES / file)]


def case_of(history: str) -> UUID:
    return UUID(next(line["case"] for line in lines_of(history) if "case" in line))


@dataclass
class Played:
    """A history after its last line, with the answer to each."""

    embedded: Embedded
    lines: list[dict[str, Any]]
    outcomes: list[Outcome]
    case_id: UUID

    @property
    def refused(self) -> list[tuple[str, str | None, str | None]]:
        return [
            (line["command"], outcome.rule, outcome.field)
            for line, outcome in zip(self.lines, self.outcomes, strict=True) if outcome.status == "refused"
        ]

    @property
    def case(self) -> Case:
        return self.embedded.case(self.case_id)

    def envelopes(self, *kinds: type[Event]) -> list[Envelope]:
        found = self.embedded.casebridge.backbone.envelopes(f"case-{self.case_id}")
        return [e for e in found if not kinds or isinstance(e.event, kinds)]

    def line(self, command: str, number: int = 0) -> dict[str, Any]:
        """The data of the `number`-th line of this command."""
        data: dict[str, Any] = [line["data"] for line in self.lines if line["command"] == command][number]
        return data

    def at(self, text: str) -> datetime:
        """A wall-clock time of the agency, such as 2026-08-15T10:00."""
        agency = self.embedded.casebridge.backbone.agency(self.lines[0]["agency"])
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(agency.zone))


@contextmanager
def played(history: str, folder: Path, lines: list[dict[str, Any]] | None = None) -> Iterator[Played]:
    told = lines_of(history) if lines is None else lines
    with embedded(folder) as made:
        yield Played(made, told, made.player.play(told), case_of(history))

"""given(...).when(...).then(...) for a case: commands in, events out, and the same command again is silent."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

import pytest

from adapters.commands import parse_line
from domain.agency import decide as agency_decide
from domain.agency.decide import AdoptPack
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.case.decide import decide
from domain.case.state import Case, fold
from domain.events import Actor, Envelope, Event
from domain.refusals import Refused
from domain.submission import Command, Submission, envelopes

ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2026, 8, 13, 12, tzinfo=UTC)
SPACE = UUID("5bec0000-0000-4000-8000-000000000000")
STREAM = "case-ca5e0000-0000-4000-8000-000000000000"
E = TypeVar("E", bound=Event)


def an_id(name: str) -> UUID:
    """The same id for the same name, in every test."""
    return uuid5(SPACE, name)


def submission(command: Command, *, at: datetime, standing: Agency, number: int, **changes: Any) -> Submission[Any]:
    """A command as it reaches a decider, told and received when it happened; `changes` name other circumstances."""
    command_id = an_id(f"command {number}")
    usual = Submission(
        command=command, command_id=command_id, case_id=an_id("case"),
        actor=Actor(agency="NM-CYFD", role="caseworker", user="caseworker-1"), principal="tester", occurred_at=at,
        learned_at=at, received_at=at, correlation_id=command_id, causation_id=None, traceparent=None,
        entropy=command_id.bytes * 2, standing=standing,
    )
    return replace(usual, **changes)


def notice_rules(text: str) -> str:
    """A shipped pack with its rules on consular notice alone: a test of another subject is not about screening."""
    head, *rules = text.split("\n[[rule]]\n")
    return "\n[[rule]]\n".join((head, *(rule for rule in rules if 'process = "P02"' in rule and "tracked = true" in rule)))


@cache
def new_mexico() -> Agency:
    """An agency that adopted New Mexico's rules on consular notice, with calendar and contracts and three consulates."""
    return _adopting(notice_rules)


@cache
def all_of_new_mexico() -> Agency:
    """The same agency, under every shipped rule."""
    return _adopting(str)


def _adopting(of_pack: Callable[[str], str]) -> Agency:
    agency = Agency(code="NM-CYFD")
    lines = (ROOT / "tests/histories/h1-new-mexico.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        parsed = parse_line(json.loads(line))
        if parsed.case_id is not None:
            return agency
        command = parsed.command
        if isinstance(command, AdoptPack):
            command = replace(command, text=of_pack(command.text))
        made = submission(command, at=parsed.occurred_at, standing=agency, number=-1 - number, case_id=None)
        recordings = agency_decide.DECIDES[type(command)](made, agency)
        for envelope in envelopes(made, recordings, stream="agency-NM-CYFD", after=agency.version):
            agency = evolve_agency(agency, envelope)
    raise AssertionError("the history has no case")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A case so far. Each command happens an hour after the one before, unless its time is given."""

    case: Case = field(default_factory=Case)
    envelopes: tuple[Envelope, ...] = ()
    standing: Agency = field(default_factory=new_mexico)
    at: datetime = NOON
    number: int = 0

    def given(self, *commands: Command | tuple[Command, datetime]) -> Scenario:
        scenario: Scenario = self
        for item in commands:
            command, at = item if isinstance(item, tuple) else (item, scenario.at + timedelta(hours=1))
            scenario = scenario.when(command, at=at).scenario()
        return scenario

    def when(self, command: Command, *, at: datetime | None = None, **changes: Any) -> Outcome:
        moment = at or self.at + timedelta(hours=1)
        made = submission(command, at=moment, standing=self.standing, number=self.number, **changes)
        return Outcome(self, made)


@dataclass(frozen=True)
class Outcome:
    """What one command brings about."""

    before: Scenario
    submission: Submission[Any]

    def events(self) -> list[Event]:
        return [envelope.event for envelope in self.envelopes()]

    def then(self, *kinds: type[Event]) -> Outcome:
        """Exactly these kinds of events, in order, and nothing when the command comes again."""
        decided = self.envelopes()
        assert [type(envelope.event) for envelope in decided] == list(kinds)
        after = fold(decided, self.before.case)
        again = replace(self.submission, command_id=an_id("again"))
        assert decide(again, after, STREAM) == [], "the same command again must change nothing"
        return self

    def then_nothing(self) -> None:
        assert self.events() == []

    def then_refused(self, *, rule: str, field: str | None = None) -> None:
        with pytest.raises(Refused) as refused:
            self.envelopes()
        assert (refused.value.rule, refused.value.field) == (rule, field)

    def the(self, kind: type[E]) -> list[E]:
        return [event for event in self.events() if isinstance(event, kind)]

    def scenario(self) -> Scenario:
        decided = self.envelopes()
        return replace(
            self.before, case=fold(decided, self.before.case), envelopes=(*self.before.envelopes, *decided),
            at=self.submission.learned_at, number=self.before.number + 1,
        )

    def envelopes(self) -> list[Envelope]:
        return decide(self.submission, self.before.case, STREAM)

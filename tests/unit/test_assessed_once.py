"""What an earlier decision assessed is used again, only while everything that it rests on is the same."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.commands import parse_line
from domain.case.assessing import Assessed, assessed_under, in_force
from domain.case.decide import decided
from domain.case.facts import READ, facts_of
from domain.case.state import Case
from domain.events import Envelope
from domain.policy import owed
from domain.submission import Submission
from tests.e2e.embedded import H1, H2, read
from tests.specification import NOON, STREAM, new_mexico, submission

BY_RECEIPTS = {"CorrectConsularNotification", "RecordDisclosureBreach"}
"""Commands of the histories that rest on a receipt, which nobody gives here."""


def played(*, carried: bool) -> tuple[list[Envelope], Case]:
    """The first history's case, decided command by command; with or without what was assessed before."""
    case, known, told = Case(), None, list[Envelope]()
    for number, raw in enumerate(read(H1)):
        line = parse_line(raw)
        if line.case_id is None or raw["command"] in BY_RECEIPTS:
            continue
        made = submission(
            line.command, at=line.learned_at, standing=new_mexico(), number=number, command_id=line.command_id,
            occurred_at=line.occurred_at,
        )
        envelopes, case, assessed = decided(made, case, STREAM, known)
        known = assessed if carried else None
        told += envelopes
    return told, case


def test_a_history_decided_with_earlier_assessments_is_the_same_history() -> None:
    told, case = played(carried=True)
    anew, same = played(carried=False)
    assert told == anew and case == same and len(told) > 40


def test_most_commands_assess_once_and_not_twice(monkeypatch: Any) -> None:
    counted = [0]

    def counting(*given: Any) -> Any:
        counted[0] += 1
        return owed.assess(*given)

    monkeypatch.setattr("domain.case.assessing.assess", counting)
    played(carried=False)
    twice, counted[0] = counted[0], 0
    played(carried=True)
    assert counted[0] < 0.6 * twice


def test_another_text_or_zone_is_assessed_anew() -> None:
    [line] = [parse_line(raw) for raw in read(H2)[:40] if raw["command"] == "OpenCase"][:1]
    made = submission(line.command, at=line.learned_at, standing=new_mexico(), number=1, occurred_at=line.occurred_at)
    known = decided(made, Case(), STREAM).assessed
    assert isinstance(known, Assessed)
    case = Case()
    kept = assess(made, case, assess(made, case, None))
    assert assess(made, case, kept) is kept
    fewer = replace(made, standing=replace(made.standing, packs=made.standing.packs[:1]))
    assert assess(fewer, case, kept) is not kept
    earlier = replace(made, learned_at=NOON - timedelta(days=9_000))
    assert assess(earlier, case, kept) is not kept


def test_what_comes_later_on_the_same_day_is_assessed_again_only_when_it_tells_a_fact() -> None:
    [line] = [parse_line(raw) for raw in read(H2)[:40] if raw["command"] == "OpenCase"][:1]
    made = submission(line.command, at=line.learned_at, standing=new_mexico(), number=1, occurred_at=line.occurred_at)
    noon = Case(as_of=NOON)
    kept = assess(made, noon, None)
    assert assess(made, noon._replace(version=9, as_of=NOON + timedelta(hours=1)), kept) is kept
    assert assess(made, noon._replace(as_of=NOON + timedelta(days=1)), kept) is not kept
    told = decided(made, noon, STREAM, kept)
    assert assess(made, told.case, kept) is not kept


def assess(made: Submission[Any], case: Case, known: Assessed | None) -> Assessed:
    return assessed_under(in_force(made.standing, made.learned_at), case, known)


class Watched:
    """A case that notes which of its parts are looked at."""

    def __init__(self, case: Case) -> None:
        self.case, self.seen = case, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.seen.add(name)
        return getattr(self.case, name)


def test_the_facts_are_read_from_nothing_else_than_they_are_said_to_be() -> None:
    watched = Watched(played(carried=False)[1])
    assert list(facts_of(watched, "America/Denver"))  # type: ignore[arg-type]
    assert watched.seen == {"as_of", *READ}

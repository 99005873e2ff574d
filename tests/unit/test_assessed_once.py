"""What an earlier decision assessed is used again, only while everything that it rests on is the same."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.commands import parse_line
from domain.case.assessing import Assessed, assessed_under, in_force
from domain.case.consular import ConsulateNotified, RecordConsulateNotified, Way
from domain.case.decide import decided
from domain.case.facts import READ, facts_of
from domain.case.obligations import DutyMet
from domain.case.state import Case
from domain.events import Envelope
from domain.policy import owed
from domain.submission import Submission
from tests.e2e.embedded import H1, H2, read
from tests.specification import NOON, STREAM, new_mexico, submission

BY_RECEIPTS = {"CorrectConsularNotification", "RecordDisclosureBreach"}
"""Commands of the histories that rest on a receipt, which nobody gives here."""


def played(*, carried: bool, until: str | None = None) -> tuple[list[Envelope], Case]:
    """The first history's case, decided command by command; with or without what was assessed before. `until` is the
    command before which it ends."""
    case, known, told = Case(), None, list[Envelope]()
    for number, raw in enumerate(read(H1)):
        line = parse_line(raw)
        if raw["command"] == until:
            break
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


def test_a_notice_that_is_received_the_same_day_is_judged_by_no_rule_again(monkeypatch: Any) -> None:
    told, case = played(carried=True, until="ReleaseDisclosure")
    notice_id, at = next(iter(case.consular.notices)), told[-1].circumstances.learned_at
    command = RecordConsulateNotified(notice_id=notice_id, channel=Way.EMAIL, receipt="m-1")
    made = submission(command, at=at, standing=new_mexico(), number=900)
    known = assess(made, case, None)
    monkeypatch.setattr("domain.case.assessing.assess", judging)
    received = decided(made, case, STREAM, known)
    assert {type(envelope.event) for envelope in received.envelopes} >= {ConsulateNotified, DutyMet}
    assert received.case.happenings != case.happenings, "it is known of the child, and is a fact to no rule"
    assert received.assessed and received.assessed.assessment is known.assessment
    assert assess(made, received.case, received.assessed) is received.assessed


def judging(*_: object) -> Any:
    raise AssertionError("the rules are asked again")


def test_another_text_or_zone_is_assessed_anew() -> None:
    [line] = [parse_line(raw) for raw in read(H2)[:40] if raw["command"] == "OpenCase"][:1]
    made = submission(line.command, at=line.learned_at, standing=new_mexico(), number=1, occurred_at=line.occurred_at)
    known = decided(made, Case(), STREAM).assessed
    assert isinstance(known, Assessed)
    case = Case()
    kept = assess(made, case, assess(made, case, None))
    assert assess(made, case, kept) is kept
    fewer = replace(made, standing=replace(made.standing, packs=made.standing.packs[:1]))
    assert assess(fewer, case, kept).assessment is not kept.assessment
    earlier = replace(made, learned_at=NOON - timedelta(days=9_000))
    assert assess(earlier, case, kept).assessment is not kept.assessment


def test_what_comes_later_on_the_same_day_is_assessed_again_only_when_it_tells_a_fact() -> None:
    told, noon = played(carried=True, until="ReleaseDisclosure")
    [line] = [parse_line(raw) for raw in read(H1) if raw["command"] == "ReleaseDisclosure"][:1]
    made = submission(line.command, at=told[-1].circumstances.learned_at, standing=new_mexico(), number=1)
    kept = assess(made, noon, None)
    assert assess(made, noon._replace(version=99), kept) is kept
    assert noon.as_of is not None
    assert assess(made, noon._replace(as_of=noon.as_of + timedelta(days=1)), kept).assessment is not kept.assessment
    assert assess(made, played(carried=True, until="CorrectCitizenship")[1], kept).assessment is not kept.assessment


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

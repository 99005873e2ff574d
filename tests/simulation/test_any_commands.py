"""No sequence of commands, whatever their arguments, breaks what is always true (I4, I8, I10)."""
from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from adapters.backbone import Backbone
from adapters.commands import parse_line
from domain.agency import decide as agency_decide
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.case.decide import decide
from domain.case.mislinks import CorrectTime, WithdrawMislink, WithdrawReport
from domain.case.particulars import SupersedeFact
from domain.case.state import fold
from domain.catalogue import AGENCY_COMMANDS, CASE_COMMANDS
from domain.events import Compartment
from domain.refusals import Refused
from domain.submission import Command, envelopes
from tests.e2e.histories import FILES, lines_of
from tests.generated import ADULTS, built, line_of, varied
from tests.simulation.test_fold_properties import read_all, withhold
from tests.specification import NOON, STREAM, Scenario, an_id, new_mexico, submission
from tests.unit.abroad import add_aunt
from tests.unit.people import CHILD, FAMILY, SIBLING, h1_information, take_child, take_sibling
from tests.unit.test_backbone import SETUP, Parts

LARGE = os.environ.get("CASEBRIDGE_FAULTS") == "large"
RUNS_MAX, STEPS_MAX, LINES_MAX = (2_000, 120, 200) if LARGE else (25, 40, 40)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # A sequence that fails is told as found: to shrink one takes long.
CASE = sorted(CASE_COMMANDS, key=lambda command: command.__name__)
AGENCY = sorted(AGENCY_COMMANDS, key=lambda command: command.__name__)
BEGUN: tuple[Command, ...] = (*FAMILY, add_aunt, take_child, take_sibling, h1_information)
OPENS = {"OpenCase", "AddChild", "AddParty", "LinkPartyToChild", "TakeIntoCustody", "CloseCase"}


@cache
def told_before() -> tuple[Command, ...]:
    """What the histories tell of their families, told of this one."""
    found: list[Command] = []
    for history in FILES:
        lines = [line for line in lines_of(history) if "case" in line]
        children = [line["data"]["child_id"] for line in lines if line["command"] == "AddChild"]
        adults = [line["data"]["party_id"] for line in lines if line["command"] == "AddParty"]
        text = json.dumps([line for line in lines if line["command"] not in OPENS])
        for theirs, ours in [*zip(children, (CHILD, SIBLING, CHILD), strict=False), *zip(adults, ADULTS, strict=False)]:
            text = text.replace(theirs, str(ours))
        found += [parse_line(line).command for line in json.loads(text)]
    return tuple(found)


@cache
def begun() -> Scenario:
    """A family in custody, of whom it is known where they are from: from here most commands mean something."""
    return Scenario().given(*BEGUN)


class AnyCommands(RuleBasedStateMachine):
    """A case that is told anything at all."""

    def __init__(self) -> None:
        super().__init__()
        self.scenario, self.next = begun(), -1

    def event_ids(self) -> list[UUID]:
        return [envelope.circumstances.event_id for envelope in self.scenario.envelopes]

    @rule(data=st.data(), kind=st.sampled_from(CASE), late=st.integers(0, 72), hours=st.integers(0, 400))
    def tell_anything(self, data: st.DataObject, kind: type[Command], late: int, hours: int) -> None:
        self.tell(data.draw(built(kind, self.event_ids()), label=kind.__name__), late, hours)

    @rule(data=st.data(), number=st.integers(0, 10_000), late=st.integers(0, 72), hours=st.integers(0, 400))
    def vary(self, data: st.DataObject, number: int, late: int, hours: int) -> None:
        known = told_before()[number % len(told_before())]
        self.tell(data.draw(varied(known, self.event_ids())), late, hours)

    @rule(number=st.integers(0, 10_000), lines=st.integers(1, 12))
    def go_on(self, number: int, lines: int) -> None:
        """Some lines of a history, from where the last ones ended, or first from anywhere."""
        self.next = number if self.next < 0 else self.next
        for _ in range(lines):
            self.tell(told_before()[self.next % len(told_before())], 0, 1)
            self.next += 1

    @rule(data=st.data(), number=st.integers(1, 10_000), hours=st.integers(0, 9))
    def take_back(self, data: st.DataObject, number: int, hours: int) -> None:
        """Something was another person's, or happened at another time, or is so no longer."""
        event_id = data.draw(st.sampled_from(self.event_ids()))
        id, person = an_id(f"taken back {number}"), data.draw(st.sampled_from(ADULTS))
        happened = NOON + timedelta(hours=data.draw(st.integers(-48, 48)))
        self.tell(data.draw(st.sampled_from((
            WithdrawMislink(withdrawal_id=id, event_id=event_id, evidence="another's"),
            WithdrawReport(withdrawal_id=id, event_id=event_id, evidence="a slip"),
            CorrectTime(correction_id=id, replaces_event_id=event_id, evidence="a log", happened_at=happened),
            SupersedeFact(change_id=id, person_id=person, phone="+1 505 555 0100"),
        ))), 0, hours)

    def tell(self, command: Command, late: int, hours: int) -> None:
        learned = self.scenario.at + timedelta(hours=hours)
        outcome = self.scenario.when(command, at=learned, occurred_at=learned - timedelta(hours=late))
        before = self.scenario.case
        try:
            decided = outcome.envelopes()
        except Refused as refused:
            assert refused.rule and refused.because
            assert self.scenario.case == before
            return
        after = fold(decided, before)
        again = replace(outcome.submission, command_id=an_id("again"))
        assert decide(again, after, STREAM) == [], "the same again has no effect"
        self.scenario = replace(
            self.scenario, case=after, envelopes=(*self.scenario.envelopes, *decided), at=learned,
            number=self.scenario.number + 1,
        )

    @invariant()
    def the_versions_are_gapless(self) -> None:
        assert self.scenario.case.version == len(self.scenario.envelopes)

    def teardown(self) -> None:
        told = self.scenario.envelopes
        assert fold(told) == self.scenario.case
        chosen = random.Random(len(told))
        for _ in range(3):
            upto, hidden = chosen.randrange(len(told) + 1), frozenset(chosen.sample(list(Compartment), k=2))
            read_all([withhold(envelope, hidden) if chosen.random() < 0.8 else envelope for envelope in told[:upto]])


def test_a_case_that_is_told_anything_at_all_refuses_or_records_once_and_can_always_be_read() -> None:
    run_state_machine_as_test(
        AnyCommands, settings=settings(
            max_examples=RUNS_MAX, stateful_step_count=STEPS_MAX, deadline=None, suppress_health_check=list(HealthCheck),
            phases=PHASES,
        ),
    )


@settings(max_examples=RUNS_MAX, deadline=None, phases=PHASES)
@given(data=st.data())
def test_an_agency_that_is_told_anything_at_all_refuses_or_records_once(data: st.DataObject) -> None:
    agency: Agency = new_mexico()
    for number in range(STEPS_MAX):
        kind = data.draw(st.sampled_from(AGENCY))
        command = data.draw(built(kind, [an_id("event")]), label=kind.__name__)
        made = submission(command, at=NOON + timedelta(hours=number), standing=agency, number=1_000 + number, case_id=None)
        try:
            recordings = agency_decide.DECIDES[kind](made, agency)
        except Refused as refused:
            assert refused.rule and refused.because
            continue
        for envelope in envelopes(made, recordings, stream="agency-NM-CYFD", after=agency.version):
            agency = evolve_agency(agency, envelope)
        again = replace(made, command_id=an_id(f"again {number}"), standing=agency)
        assert list(agency_decide.DECIDES[kind](again, agency)) == [], kind.__name__


@contextmanager
def backbone() -> Iterator[tuple[Parts, Backbone]]:
    with TemporaryDirectory() as folder:
        parts = Parts(Path(folder))
        try:
            yield parts, parts.backbone()
        finally:
            parts.log.close()


@settings(max_examples=RUNS_MAX // 5, deadline=None, phases=PHASES)
@given(data=st.data())
def test_through_the_door_a_refusal_leaves_nothing_and_a_repeated_line_has_the_same_answer(data: st.DataObject) -> None:
    case_id = an_id("case")
    with backbone() as (parts, door):
        lines: list[Any] = [*SETUP, *(
            line_of(command, command_id=uuid5(case_id, str(number)), case_id=case_id, occurred_at=NOON, learned_at=NOON)
            for number, command in enumerate(BEGUN)
        )]
        assert {door.submit(line, principal="tester").status for line in lines} == {"accepted"}
        for number in range(LINES_MAX):
            event_ids = [envelope.circumstances.event_id for envelope in door.envelopes(f"case-{case_id}")]
            kind = data.draw(st.sampled_from(CASE))
            command = data.draw(built(kind, event_ids), label=kind.__name__)
            at = NOON + timedelta(hours=1 + number)
            line = line_of(
                command, command_id=UUID(int=number + 1), case_id=case_id, occurred_at=at, learned_at=at
            )
            head = parts.log.head()
            first = door.submit(line, principal="tester")
            if first.status == "refused":
                assert parts.log.head() == head and first.rule and parts.log.command(UUID(int=number + 1)) is None
                continue
            after, again = parts.log.head(), door.submit(line, principal="tester")
            assert (again.status, again.first, again.last) == ("repeated", first.first, first.last)
            other = door.submit({**line, "learned_at": (at + timedelta(minutes=1)).isoformat()}, principal="tester")
            assert (other.status, other.rule) == ("refused", "IDEMPOTENCE") and parts.log.head() == after

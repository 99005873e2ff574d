"""The door of the backbone: once is once, a refusal leaves nothing, and a stale state is found out."""
from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid5

import pytest

from adapters.avro import EventCodec, SchemaRegistry
from adapters.backbone import Backbone, Sent
from adapters.clocks import HistoryClock
from adapters.composition import SCHEMAS
from adapters.eventstore.sqlite import SqliteLog
from adapters.keys import MemoryKeyStore
from domain.case.custody import CustodyTaken
from domain.events import Envelope
from domain.personal import Known, Withheld
from domain.ports import Append, Appended, EventLog, LogError, LogUnavailable
from tests.e2e.embedded import H1, H1_CASE, START, read

LINES = read(H1)
SETUP = [line for line in LINES if "case" not in line]
CASE = [line for line in LINES if "case" in line]


class Parts:
    """One log and key store, and as many backbones on them as a test needs."""

    def __init__(self, folder: Path) -> None:
        self.clock = HistoryClock(START)
        self.clock.move_to(START.replace(month=12))
        self.log = SqliteLog(folder / "log.sqlite", clock=self.clock)
        self.keys = MemoryKeyStore()

    def backbone(self) -> Backbone:
        codec = EventCodec(SchemaRegistry.load(SCHEMAS, more=self.log.schemas), self.keys)
        return Backbone(log=self.log, codec=codec, keys=self.keys, clock=self.clock, entropy=lambda n: bytes(n))


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.log.close()


def submit(backbone: Backbone, lines: list[dict[str, Any]]) -> list[str]:
    return [backbone.submit(line, principal="tester").status for line in lines]


def test_the_same_command_twice_has_one_effect_and_one_answer(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, CASE[0]])
    first, again = (backbone.submit(CASE[1], principal="tester") for _ in range(2))
    assert (first.status, again.status) == ("accepted", "repeated")
    assert (first.first, first.last) == (again.first, again.last)


def test_the_same_id_in_another_case_is_refused(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, CASE[0]])
    head = parts.log.head()
    other = backbone.submit({**CASE[0], "case": str(uuid5(H1_CASE, "other"))}, principal="tester")
    assert (other.status, other.rule, other.field) == ("refused", "IDEMPOTENCE", "command_id")
    assert parts.log.head() == head


def test_the_same_id_with_other_content_is_refused(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, *CASE[:2]])
    changed = {**CASE[1], "data": {**CASE[1]["data"], "birth_date": "2016-03-09"}}
    outcome = backbone.submit(changed, principal="tester")
    assert (outcome.status, outcome.rule) == ("refused", "IDEMPOTENCE")


def test_a_refused_command_leaves_nothing_and_is_judged_anew(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, SETUP)
    head = parts.log.head()
    early = backbone.submit(CASE[1], principal="tester")
    assert (early.status, early.rule, early.field) == ("refused", "P01", "case")
    assert parts.log.head() == head and parts.log.command(UUID(CASE[1]["command_id"])) is None
    assert submit(backbone, CASE[:2]) == ["accepted", "accepted"]


def test_a_command_without_effect_is_remembered_all_the_same(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, *CASE[:2]])
    same_thing = {**CASE[1], "command_id": "0c0de001-0000-4000-8000-00000000ffff"}
    outcomes = [backbone.submit(same_thing, principal="tester") for _ in range(2)]
    assert [(o.status, o.first, o.events) for o in outcomes] == [("accepted", 0, ()), ("repeated", 0, ())]


def test_a_backbone_whose_cached_states_are_stale_finds_out_and_decides_anew(parts: Parts) -> None:
    first, second = parts.backbone(), parts.backbone()
    submit(first, [*SETUP, *CASE[:3]])
    submit(second, [CASE[3]])  # reads what there is, then ...
    assert submit(first, CASE[4:6]) == ["accepted", "accepted"]
    assert submit(second, CASE[6:8]) == ["accepted", "accepted"], "... goes on from a state that has moved"
    versions = [row.version for row in parts.log.read_stream(f"case-{H1_CASE}")]
    assert versions == list(range(1, len(versions) + 1))


def opening(*names: str) -> list[Sent]:
    """The first line of the history, each for a case of its own."""
    return [
        Sent({**CASE[0], "case": str(uuid5(H1_CASE, name)), "command_id": str(uuid5(H1_CASE, f"command {name}"))})
        for name in names
    ]


def test_lines_that_go_together_are_one_append_and_each_has_its_own_answer(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, SETUP)
    first, second, third = opening("first", "second", "third")
    before_its_case = Sent({**CASE[1], "case": str(uuid5(H1_CASE, "none"))})
    asked = Asked(parts.log)
    backbone.log = cast(EventLog, asked)
    outcomes = backbone.submit_together([first, before_its_case, second, third], principal="tester")
    assert [outcome.status for outcome in outcomes] == ["accepted", "refused", "accepted", "accepted"]
    assert (outcomes[1].rule, outcomes[1].field) == ("P01", "case")
    assert asked.sizes == [3]
    alone = parts.backbone().submit(third.raw, principal="tester")
    assert (alone.status, alone.first, alone.last) == ("repeated", outcomes[3].first, outcomes[3].last)


def test_a_line_that_comes_twice_among_those_that_go_together_has_one_effect(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, SETUP)
    [one] = opening("one")
    outcomes = backbone.submit_together([one, one], principal="tester")
    assert [outcome.status for outcome in outcomes] == ["accepted", "repeated"]
    assert [outcome.status for outcome in backbone.submit_together([one], principal="tester")] == ["repeated"]


def test_lines_of_one_case_that_go_together_come_one_after_the_other(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, *CASE[:2]])
    outcomes = backbone.submit_together([Sent(raw) for raw in CASE[2:6]], principal="tester")
    assert [outcome.status for outcome in outcomes] == ["accepted"] * 4
    assert [outcome.first for outcome in outcomes] == sorted(outcome.first for outcome in outcomes)


def test_where_another_writer_was_first_a_line_is_judged_anew_and_holds_up_none(parts: Parts) -> None:
    backbone, other = parts.backbone(), parts.backbone()
    submit(backbone, [*SETUP, *CASE[:3]])
    submit(other, [CASE[3]])
    [opened] = opening("other")
    outcomes = backbone.submit_together([Sent(CASE[4]), opened], principal="tester")
    assert [outcome.status for outcome in outcomes] == ["accepted", "accepted"]
    assert outcomes[1].last < outcomes[0].first, "what nothing was in the way of did not wait"


def test_a_log_that_cannot_be_reached_answers_no_line(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, SETUP)
    log = Asked(parts.log, unavailable=True)
    backbone.log = cast(EventLog, log)
    with pytest.raises(LogUnavailable):
        backbone.submit_together(opening("first", "second"), principal="tester")
    log.unavailable = False
    outcomes = backbone.submit_together(opening("first", "second"), principal="tester")
    assert [outcome.status for outcome in outcomes] == ["accepted", "accepted"]


class Asked:
    """A log that notes how many appends came together, and may be out of reach."""

    def __init__(self, log: EventLog, *, unavailable: bool = False) -> None:
        self._log, self.unavailable, self.sizes = log, unavailable, list[int]()

    def append_together(self, appends: Sequence[Append]) -> Sequence[Appended | LogError]:
        self.sizes.append(len(appends))
        if self.unavailable:
            return [LogUnavailable("its lock was not given in time") for _ in appends]
        return self._log.append_together(appends)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def test_a_rule_adopted_by_another_process_counts_at_once(parts: Parts) -> None:
    first, second = parts.backbone(), parts.backbone()
    federal, state = (line for line in SETUP if line["command"] == "AdoptPack")
    submit(first, [federal, *CASE[:6]])
    submit(second, [state])
    first.submit(CASE[6], principal="tester")
    asked = first.case(H1_CASE).obligations.questions.values()
    assert any("NM-CONSULATE-INFORM" in question.rule_ids for question in asked)


def test_nothing_is_decided_for_an_agency_without_a_pack(parts: Parts) -> None:
    outcome = parts.backbone().submit(CASE[0], principal="tester")
    assert (outcome.status, outcome.rule, outcome.field) == ("refused", "DECISION-7", "agency")


def test_eight_writers_of_one_case_lose_nothing(parts: Parts) -> None:
    backbones = [parts.backbone() for _ in range(4)]
    submit(backbones[0], [*SETUP, CASE[0]])
    child = CASE[1]["data"]["child_id"]
    lines = [
        {**CASE[1], "command_id": str(uuid5(H1_CASE, f"c{n}")), "data": {"child_id": str(uuid5(H1_CASE, f"child {n}"))}}
        for n in range(40)
    ]
    statuses: list[str] = []

    def write(number: int) -> None:
        statuses.extend(submit(backbones[number % 4], lines[number * 5:number * 5 + 5]))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == ["accepted"] * 40 and child
    assert len(parts.backbone().case(H1_CASE).intake.people) == 40


def test_without_its_keys_a_case_still_folds_and_counts(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, *CASE[:15]])
    withheld = Parts.__new__(Parts)
    withheld.clock, withheld.log, withheld.keys = parts.clock, parts.log, MemoryKeyStore()
    case = withheld.backbone().case(H1_CASE)
    assert sum("-CONSULATE-" in duty.raised.rule_id for duty in case.obligations.duties.values()) == 6
    assert all(isinstance(duty.raised.recipient_kind, Withheld) for duty in case.obligations.duties.values())


def test_the_asserted_times_and_the_principal_stand_in_the_envelope(parts: Parts) -> None:
    backbone = parts.backbone()
    submit(backbone, [*SETUP, *CASE[:7]])
    [taken] = [e for e in backbone.envelopes(f"case-{H1_CASE}") if isinstance(e.event, CustodyTaken)]
    assert isinstance(taken, Envelope) and isinstance(taken.event, CustodyTaken)
    assert taken.event.place == Known("home of the family")
    told = taken.circumstances
    assert (told.principal, told.actor.user, told.jurisdiction) == ("tester", "caseworker-1", "NM")
    assert told.occurred_at.isoformat() == "2026-08-13T16:10:00-06:00" and len(told.packs) == 2
    assert taken.recorded_at == parts.clock.now()

"""Once an expungement is reported complete, no mark of that record opens anywhere, and nothing else has changed."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from domain.case.sealing import closed_to_partners
from domain.disclosure.purposes import Purpose
from domain.people import Role
from domain.personal import Known, Withheld
from tests.e2e.canaries import ROWS_MAX, Canaries, every_line, keys_of, texts
from tests.e2e.cli_world import Program
from tests.e2e.embedded import H1_CASE, embedded

WITH_THE_SAME_FAMILY = UUID("ca5e0009-0000-4000-8000-000000000009")
INTAKE = ("OpenCase", "AddChild", "AddParty", "LinkPartyToChild", "TakeIntoCustody", "ObtainCitizenshipInformation")
OFFICE = "cons-mx.el-paso"
WAIT = timedelta(days=8)


@dataclass
class Expunged:
    """A home before and after, by the program; `case` is the expunged one."""

    program: Program
    canaries: Canaries
    keys: list[bytes]
    duties: int
    stored: list[bytes]
    before: str
    office_before: str

    def texts(self) -> str:
        """Everything that the keys still open."""
        with self.program.casebridge() as casebridge:
            return texts(casebridge)


def again(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The intake of the first case once more, as another case of the same persons."""
    other = json.loads(json.dumps(
        [line for line in lines if line.get("case") == str(H1_CASE) and line["command"] in INTAKE]
    ).replace(str(H1_CASE), str(WITH_THE_SAME_FAMILY)))
    return [{**line, "command_id": str(uuid5(NAMESPACE_OID, line["command_id"]))} for line in other]


@pytest.fixture(scope="module")
def expunged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Expunged]:
    home, canaries = tmp_path_factory.mktemp("expunged"), Canaries()
    lines = every_line()
    with embedded(home) as made:
        outcomes = made.player.play([canaries.marked(line) for line in [*lines, *again(lines)]])
        assert [o.because for o in outcomes if o.status == "refused" and o.rule != "NYC-LEGAL-ATTORNEY"] == []
        duties, before = len(made.case().obligations.duties), texts(made.casebridge)
        stored = [row.state for row in made.casebridge.log.read_log(after=0, limit=ROWS_MAX)]
        clock, keys = HistoryClock(made.clock.now()), keys_of(home, made.casebridge.keys, H1_CASE)
    program = Program(home, opening=lambda settings: Casebridge(settings, clock=clock))
    office_before = program.ok("feed", OFFICE)
    order = canaries.mark("order", H1_CASE)
    expunge_id = json.loads(program.ok(
        "record", "expunge", str(H1_CASE), "--order", order, "--second-person", "counsel-1", "--yes", "--json",
    ))["expunge_id"]
    clock.move_to(clock.now() + WAIT)
    program.ok("work", "--once")
    with program.casebridge() as casebridge:
        case = casebridge.backbone.case(H1_CASE)
        assert case.erasure.expunges[UUID(expunge_id)].expunged is not None, "it is reported complete"
    yield Expunged(program, canaries, keys, duties, stored, before, office_before)


def test_no_mark_of_the_record_opens_any_more_and_every_other_does(expunged: Expunged) -> None:
    canaries, after = expunged.canaries, expunged.canaries.found(expunged.texts())
    gone = canaries.of(H1_CASE)
    assert len(gone) > 60
    assert {canaries.fields[mark] for mark in gone - canaries.found(expunged.before)} == {"order"}, "it came afterwards"
    assert after == canaries.fields.keys() - gone


def test_neither_a_mark_nor_a_byte_of_a_destroyed_key_is_in_any_file(expunged: Expunged) -> None:
    assert expunged.canaries.found_below(expunged.program.home) == {}
    assert len(expunged.keys) > 40
    for path in expunged.program.home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(key in content for key in expunged.keys), path.name


def test_no_command_that_reads_tells_a_mark_of_it(expunged: Expunged) -> None:
    case, gone = str(H1_CASE), expunged.canaries.of(H1_CASE)
    commands: list[tuple[str, ...]] = [
        ("case", "show", case), ("case", "show", case, "--as-of", "2026-09-01T00:00:00Z", "--json"),
        ("case", "show", case, "--known-by", OFFICE, "--as-of", "2027-01-01T00:00:00Z"), ("case", "timeline", case),
        ("due", "--case", case, "--json"), ("ledger", "outside", case), ("record", "show", case), ("feed", OFFICE, "--json"),
        ("release",),
    ]
    for words in commands:
        assert expunged.canaries.found(expunged.program.ok(*words)) & gone == set(), words
    assert expunged.canaries.found(expunged.office_before) & gone, "this office had been given its marks"


def test_old_bytes_stand_and_verify_and_the_feed_lists_its_entries(expunged: Expunged) -> None:
    with expunged.program.casebridge() as casebridge:
        rows = casebridge.log.read_log(after=0, limit=len(expunged.stored))
    assert [row.state for row in rows] == expunged.stored
    expunged.program.ok("fsck")  # It renders every entry that still can be, and ends with 1 where a digest does not hold.
    told = expunged.program.json_lines("feed", OFFICE)
    assert [entry["number"] for entry in told][:1] == [1]


def test_deadlines_can_be_counted(expunged: Expunged) -> None:
    with expunged.program.casebridge() as casebridge:
        assert len(casebridge.backbone.case(H1_CASE).obligations.duties) == expunged.duties > 10


def test_the_same_mother_stays_readable_in_another_case(expunged: Expunged) -> None:
    with expunged.program.casebridge() as casebridge:
        here = casebridge.backbone.case(H1_CASE).intake.people
        there = casebridge.backbone.case(WITH_THE_SAME_FAMILY).intake.people
        mothers = [person for person in there.values() if person.role is Role.MOTHER]
        assert mothers and all(isinstance(person.name.value, Known) for person in there.values())
        assert all(isinstance(here[mother.person_id].name.value, Withheld) for mother in mothers)


def test_no_office_may_learn_of_anybody_in_it(expunged: Expunged) -> None:
    with expunged.program.casebridge() as casebridge:
        case = casebridge.backbone.case(H1_CASE)
        assert closed_to_partners(case, Purpose.CONSULAR_NOTICE) == case.intake.people.keys()
        still = {one.purpose for one in case.engagements.engagements.values() if one.is_open}
    assert {purpose.value for purpose in still} <= {"recall"}

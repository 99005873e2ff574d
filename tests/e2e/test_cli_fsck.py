"""`casebridge fsck` finds what was damaged, names where, and says nothing of what is there."""
from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.e2e.cli_world import CASE, Program, play

FIRST_OF_CASE = f"stream = 'case-{CASE}' AND version = 3"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    home = tmp_path_factory.mktemp("played") / "home"
    play(home)
    return Program(home)


@pytest.fixture
def copied(played: Program, tmp_path: Path) -> Iterator[Program]:
    shutil.copytree(played.home, tmp_path / "home")
    yield Program(tmp_path / "home")


def damage(database: Path, *statements: str, of: Callable[[sqlite3.Connection], None] = lambda connection: None) -> None:
    """Change what nobody may change: the triggers are dropped first."""
    with closing(sqlite3.connect(database)) as connection, connection:
        triggers = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for trigger in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        of(connection)


def problems(program: Program) -> dict[str, list[str]]:
    ran = program("fsck", "--json")
    assert ran.exit_code in (0, 1), ran.output
    found: Any = json.loads(ran.stdout)
    assert found["ok"] is (ran.exit_code == 0)
    return {check["check"]: check["problems"] for check in found["checks"] if check["problems"]}


def flip(where: str, byte: int) -> Callable[[sqlite3.Connection], None]:
    """Turn every bit of one byte of an event's state; counted from the end where negative."""
    def of(connection: sqlite3.Connection) -> None:
        state = bytearray(connection.execute(f"SELECT state FROM events WHERE {where}").fetchone()[0])
        state[byte] ^= 0xFF
        assert connection.execute(f"UPDATE events SET state = ? WHERE {where}", (bytes(state),)).rowcount == 1

    return of


def test_a_home_that_is_whole_has_no_problem(played: Program) -> None:
    assert problems(played) == {}
    checks = {check["check"]: check for check in played.json("fsck")["checks"]}
    assert all(check["checked"] > 0 for check in checks.values())
    assert len(checks) == 7 + len(played.json("views", "list"))
    assert "none" in played.ok("fsck")


@pytest.mark.parametrize("byte", [0, 5, 20, -1, -40])
def test_a_byte_that_was_turned_is_found_wherever_it_is(copied: Program, byte: int) -> None:
    damage(copied.home / "log.sqlite", of=flip(FIRST_OF_CASE, byte))
    found = [problem for of_check in problems(copied).values() for problem in of_check]
    assert any(f"case-{CASE} version 3, position" in problem for problem in found)
    assert "Belén" not in copied("fsck").output


def test_an_event_that_was_removed_is_found_as_a_gap(copied: Program) -> None:
    damage(copied.home / "log.sqlite", f"DELETE FROM events WHERE {FIRST_OF_CASE}")
    found = problems(copied)
    assert any("version 3 was to follow" in problem for problem in found["streams are gapless from version 1"])


def test_an_event_moved_to_another_stream_is_found(copied: Program) -> None:
    other = f"case-{UUID(int=5)}"
    damage(copied.home / "log.sqlite", f"UPDATE events SET stream = '{other}', version = 1 WHERE {FIRST_OF_CASE}")
    assert set(problems(copied)) >= {"streams are gapless from version 1", "accepted commands stand where their answers say"}


def test_a_recorded_time_that_falls_is_found(copied: Program) -> None:
    damage(copied.home / "log.sqlite", f"UPDATE events SET recorded_at = 0 WHERE {FIRST_OF_CASE}")
    assert "positions rise, recorded times never fall" in problems(copied)


def test_another_event_id_than_that_of_the_bytes_is_found(copied: Program) -> None:
    damage(copied.home / "log.sqlite", f"UPDATE events SET event_id = x'{'07' * 16}' WHERE {FIRST_OF_CASE}")
    assert any("another event id" in problem for problem in problems(copied)["bytes are what their rows say, and decode"])


def test_a_schema_that_is_gone_or_another_is_found(copied: Program) -> None:
    name = "schemas that bytes name are stored, under their own fingerprint"
    damage(copied.home / "log.sqlite", "DELETE FROM schemas WHERE name = 'casebridge.custody.CustodyTaken'")
    assert name in problems(copied)
    damage(copied.home / "log.sqlite", "UPDATE schemas SET text = '\"string\"' WHERE name = 'casebridge.intake.CaseOpened'")
    assert len(problems(copied)[name]) >= 1


def test_a_command_that_is_gone_or_answers_with_other_positions_is_found(copied: Program) -> None:
    taken = "command_id = (SELECT command_id FROM commands WHERE first_position > 20 LIMIT 1)"
    damage(copied.home / "log.sqlite", f"UPDATE commands SET last_position = last_position + 1 WHERE {taken}")
    assert len(problems(copied)["accepted commands stand where their answers say"]) == 1
    damage(copied.home / "log.sqlite", f"DELETE FROM commands WHERE {taken}")
    assert len(problems(copied)["accepted commands stand where their answers say"]) == 1


def test_a_row_of_a_view_that_was_changed_added_or_removed_is_found(copied: Program) -> None:
    views = copied.home / "views.sqlite"
    name = "view deadline_board is the fold of the log"
    damage(views, "UPDATE deadline_board_duties SET stage = 'open' WHERE rowid = 1")
    assert ["differs" in problem for problem in problems(copied)[name]] == [True]
    damage(views, "DELETE FROM deadline_board_questions WHERE rowid = 1")
    assert len(problems(copied)[name]) == 2
    damage(views, f"UPDATE deadline_board_questions SET question_id = '{'f' * 32}' WHERE rowid = 2")
    assert len(problems(copied)[name]) == 4
    copied.ok("views", "rebuild", "deadline_board")
    assert problems(copied) == {}


def test_a_view_that_is_behind_is_compared_as_far_as_it_is(copied: Program) -> None:
    copied.ok("partner", "rehearse", "cons-mx.el-paso")
    assert {lag["events"] for lag in copied.json("views", "lag")} == {1}
    assert problems(copied) == {}


def test_an_entry_that_renders_to_other_bytes_than_it_proves_is_found(copied: Program) -> None:
    digest = str(copied.json_lines("feed", "cons-mx.el-paso")[0]["digest"]).encode()

    def swap(connection: sqlite3.Connection) -> None:
        entry = "stream = 'feed-cons-mx.el-paso' AND version = 1"
        state = connection.execute(f"SELECT state FROM events WHERE {entry}").fetchone()[0]
        assert digest in state
        connection.execute(f"UPDATE events SET state = ? WHERE {entry}", (state.replace(digest, digest[::-1]),))

    damage(copied.home / "log.sqlite", of=swap)
    found = problems(copied)["feed numbers are gapless, entries render to their digests"]
    assert any("renders to other bytes" in problem for problem in found)


@pytest.mark.parametrize("byte", [-1, 0], ids=["a box", "all of it"])
def test_one_damaged_event_keeps_its_place_in_the_timeline_and_hides_no_other(copied: Program, byte: int) -> None:
    before = copied.json_lines("case", "timeline", CASE)
    damage(copied.home / "log.sqlite", of=flip(FIRST_OF_CASE, byte))
    ran = copied("case", "timeline", CASE)
    assert ran.exit_code == 1 and "1 of" in ran.stderr and "casebridge fsck" in ran.stderr
    assert ran.stdout.count("(damaged: see fsck)") == 1 and "ConsulateNotified" in ran.stdout
    lines = [json.loads(line) for line in copied("case", "timeline", CASE, "--json").stdout.splitlines()]
    assert [line["version"] for line in lines] == [line["version"] for line in before]
    assert [line["version"] for line in lines if line["is_damaged"]] == [3]

"""What an office may have been given is shown as such, and recalled like what it was given."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.ports import Parcel
from tests.e2e.cli_world import CASE, H1, Program, commands
from tests.e2e.test_cli_held import MEXICO, turn
from tests.webhook_receiver import Mood


@pytest.fixture(scope="module")
def hung_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A home in which a consulate took the first notice and did not answer."""
    program = Program(tmp_path_factory.mktemp("hung-up") / "home")
    lines = commands(H1)
    until = next(n for n, line in enumerate(lines) if line["command"] == "ReleaseDisclosure")
    assert {answer["status"] for answer in program.submitted(lines[:until + 1])} == {"accepted"}
    turn(program, Mood.ACCEPT_AND_HANG_UP)
    program.ok("work", "--only", "receipts", "--once")
    yield program


def test_the_view_and_the_ledger_say_possibly(hung_up: Program) -> None:
    assert "possibly: a hand-over began" in hung_up.ok("case", "show", CASE, "--known-by", MEXICO)
    assert f"{MEXICO}, entry 1: may have been given; doubted" in hung_up.ok("ledger", "who", CASE)
    assert {line["may_have_been_given"] for line in hung_up.json("ledger", "who", CASE)["lines"]} == {True}
    assert "may have entry 1 of its feed" in " ".join(hung_up.ok("case", "timeline", CASE).split())


def test_it_is_recalled_with_a_letter_and_owed_until_the_office_has_that(hung_up: Program) -> None:
    notice = next(line["data"]["notice_id"] for line in commands(H1) if line["command"] == "ReleaseDisclosure")
    hung_up.ok("partner", "suspend", MEXICO, "--reason", "a breach there")
    assert "nobody is owed" in hung_up.ok("recall")
    for _ in range(2):
        letter = hung_up.ok("recall", CASE, notice, "--yes")
        assert "number 1" in letter
    turn(hung_up, Mood.ACCEPT)
    [owed] = hung_up.json("recall")
    assert (owed["disclosure_id"], owed["owes"], owed["because"]) == (notice, "recall", "recalled")
    for told in (hung_up.ok("recall"), hung_up.ok("due"), hung_up.ok("due", "--case", CASE)):
        assert "its receipt is awaited" in " ".join(told.split()) and "it is suspended" in " ".join(told.split())
    hung_up.ok("partner", "live", MEXICO, "--second-person", "counsel-1")
    turn(hung_up, Mood.ACCEPT)
    assert "Withdrawn" in hung_up.ok("feed", MEXICO)
    assert "it is suspended" not in hung_up.ok("recall")
    hung_up.ok("recall", CASE, notice, "--told", "paper", "--yes")
    assert "nobody is owed" in hung_up.ok("recall") and "Owed to offices" not in hung_up.ok("due")


def test_what_began_to_leave_a_moment_ago_is_recalled_without_waiting_for_a_doubt(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    lines = commands(H1)
    until = next(n for n, line in enumerate(lines) if line["command"] == "ReleaseDisclosure")
    program.submitted(lines[:until + 1])
    with pytest.raises(RuntimeError, match="the power went"):
        turn(program, power_goes)
    assert program.json_lines("feed", MEXICO)[0]["stage"] == "started"
    notice = lines[until]["data"]["notice_id"]
    assert "number 1" in program.ok("recall", CASE, notice, "--yes")
    [owed] = program.json("recall")
    assert (owed["disclosure_id"], owed["owes"]) == (notice, "recall")


def power_goes(_: int, parcel: Parcel) -> Mood:
    raise RuntimeError("the power went")

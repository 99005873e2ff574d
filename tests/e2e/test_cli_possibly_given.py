"""What an office may have been given is shown as such, and recalled like what it was given."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

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


def test_it_is_recalled_with_a_letter(hung_up: Program) -> None:
    notice = next(line["data"]["notice_id"] for line in commands(H1) if line["command"] == "ReleaseDisclosure")
    letter = hung_up.ok("recall", CASE, notice, "--yes")
    assert "number 1" in letter
    turn(hung_up, Mood.ACCEPT)
    assert "Withdrawn" in hung_up.ok("feed", MEXICO)

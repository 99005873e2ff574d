"""What an operator does in the worst hour: stop everything, and bring a log back from a copy."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e.cli_world import H1, Program, commands, opened, play

RELEASED_IN_H1 = 25


def test_a_stop_lists_the_legal_clocks_that_run_on(tmp_path: Path) -> None:
    """Before the first notice left: Mexico's 24 hours are over, Guatemala's five working days run."""
    program = Program(tmp_path / "home")
    before = [line for line in commands(H1)[:RELEASED_IN_H1] if line["command"] != "ReleaseDisclosure"]
    program.submitted(before)
    program.ok("work", "--once")
    told = program.ok("partner", "suspend", "--all", "--reason", "a drill", "--json").splitlines()
    listed = {(one["office"], one["rule"]) for one in json.loads(told[-1])["endangered"]}
    assert ("cons-gt.denver", "NM-CONSULATE-OTHER-5WD") in listed
    assert ("cons-mx.el-paso", "NM-CONSULATE-MX-24H") in listed
    program.ok("partner", "live", "cons-gt.denver", "--second-person", "counsel-1")
    text = program.ok("partner", "suspend", "cons-gt.denver", "--reason", "a drill")
    assert "Legal clocks that run on meanwhile" in text and "NM-CONSULATE-OTHER-5WD" in text


def test_a_log_that_was_brought_back_sends_nothing_until_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    play(home)
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    program = Program(copy, opened)
    told = program.json("log", "restored")
    assert set(told["rehearsing"]) == {"cons-mx.el-paso", "cons-gt.denver", "cons-hn.houston"}
    assert {office["stage"] for office in program.json("partner", "show")["offices"]} == {"rehearsal"}
    workers = program.ok("work", "--once", "--only", "discloser", "--only", "receipts", "--only", "courier")
    assert "idle" in workers
    stale = program("due")
    assert stale.exit_code == 3 and "rebuild the view" in stale.output
    for view in ("timeline", "deadline_board", "waiting_board", "deliveries"):
        program.ok("views", "rebuild", view)
    assert program.ok("due")
    program.ok("partner", "live", "cons-mx.el-paso", "--second-person", "counsel-1")
    assert program.json("partner", "show", "cons-mx.el-paso")["offices"][0]["stage"] == "live"

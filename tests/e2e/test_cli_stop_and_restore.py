"""What an operator does in the worst hour: stop everything, and bring a log back from a copy."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.cli_world import H1, HISTORIES, Program, commands, opened, play

H3 = HISTORIES / "h3-new-york-city.jsonl"
RELEASED_IN_H1, NOTICE_OWED_IN_H3 = 25, 18


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


def test_a_duty_without_a_number_is_a_clock_that_runs_on_too(tmp_path: Path) -> None:
    """New York City: "without delay", to be told to whoever stops the consulate."""
    program = Program(tmp_path / "home")
    program.submitted(commands(H3)[:NOTICE_OWED_IN_H3])
    program.ok("work", "--once")
    told = program.ok("partner", "suspend", "--all", "--reason", "a drill", "--agency", "NYC-ACS", "--json").splitlines()
    endangered = json.loads(told[-1])["endangered"]
    assert {(one["due_at"], one["limit"]) for one in endangered} == {(None, "without delay")}
    program.ok("partner", "live", "--suspended-for", "a drill", "--second-person", "counsel-1", "--agency", "NYC-ACS")
    text = program.ok("partner", "suspend", "--all", "--reason", "a drill", "--agency", "NYC-ACS")
    assert "without delay, open for" in text


def test_a_stop_of_all_stops_what_was_live_and_what_it_stopped_comes_back_by_its_reason(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    program.submitted(commands(H1)[:RELEASED_IN_H1])

    def stages() -> dict[str, tuple[str, str | None]]:
        return {one["office"]: (one["stage"], one["suspended_for"]) for one in program.json("partner", "show")["offices"]}

    program.ok("partner", "rehearse", "cons-hn.houston")
    program.ok("partner", "suspend", "cons-gt.denver", "--reason", "it moved")
    program.ok("partner", "suspend", "--all", "--reason", "addresses are being checked")
    assert stages() == {
        "cons-mx.el-paso": ("suspended", "addresses are being checked"), "cons-gt.denver": ("suspended", "it moved"),
        "cons-hn.houston": ("rehearsal", None),
    }
    wrong = program("partner", "live", "--suspended-for", "no such reason", "--second-person", "counsel-1")
    assert wrong.exit_code == 1 and '"it moved"' in wrong.output
    program.ok("partner", "live", "--suspended-for", "addresses are being checked", "--second-person", "counsel-1")
    assert {office: stage for office, (stage, _) in stages().items()} == {
        "cons-mx.el-paso": "live", "cons-gt.denver": "suspended", "cons-hn.houston": "rehearsal",
    }
    assert "it moved" in program.ok("partner", "show", "cons-gt.denver")


def test_a_stop_that_the_broker_has_not_heard_of_is_no_stop_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kafka.errors import KafkaConnectionError

    def away(*_: object) -> None:
        raise KafkaConnectionError

    program = Program(tmp_path / "home")
    program.submitted(commands(H1)[:RELEASED_IN_H1])
    program.ok(
        "partner", "add", "iss.usa", "--agency", "NM-CYFD", "--kind", "ISS", "--name", "ISS-USA", "--zone",
        "America/New_York", "--serves", "NM", "--channel", "kafka", "--address", "its engineer",
    )
    monkeypatch.setattr("adapters.kafka.access.reconcile", away)
    brokers = {"CASEBRIDGE_KAFKA": "127.0.0.1:9"}
    for words in (
        ("partner", "suspend", "iss.usa", "--reason", "a drill"), ("partner", "suspend", "--all", "--reason", "a drill"),
        ("partner", "new-credential", "iss.usa"), ("partner", "rehearse", "iss.usa"),
    ):
        ran = program(*words, environment=brokers)
        assert ran.exit_code == 3 and "rights in Kafka are as before (KafkaConnectionError)" in ran.output, words
    assert program.json("partner", "show", "iss.usa")["offices"][0]["credential"] == 2, "the directory has changed"


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

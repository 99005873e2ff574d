"""The program as people and other programs meet it, on a home where both bundled histories were played."""
from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.composition import Casebridge
from adapters.settings import Settings
from domain.events import Compartment
from domain.ports import Append, Appended, EventLog, KeyName, LogUnavailable
from tests.e2e.cli_world import CASE, H1, H2, Program, commands, opened, play

ROOT = Path(__file__).parents[2]
CHILD, MOTHER = "Nahomy Belén Zúñiga Ochoa", "Xiomara Zúñiga Ochoa"
MOTHER_ID = "03100000-0000-4000-8000-000000000001"
CHILD_ID = "0c100000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """To be read only."""
    home = tmp_path_factory.mktemp("played") / "home"
    play(home)
    return Program(home)


@pytest.fixture
def copied(played: Program, tmp_path: Path) -> Program:
    """A copy, to be changed."""
    shutil.copytree(played.home, tmp_path / "home")
    return Program(tmp_path / "home")


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


# ------------------------------------------------------------------ submit
def test_every_line_of_a_file_is_answered_and_a_second_time_as_repeated(fresh: Program) -> None:
    first = fresh.submitted(commands(H1)[:27])
    assert [answer["line"] for answer in first] == list(range(1, 28))
    assert {answer["status"] for answer in first} == {"accepted"}
    assert set(first[0]) == {
        "line", "status", "command_id", "stream", "first", "last", "events", "because", "rule", "field"
    }
    again = fresh.submitted(commands(H1)[:27])
    assert {answer["status"] for answer in again} == {"repeated"}
    assert [(a["first"], a["last"]) for a in again] == [(a["first"], a["last"]) for a in first]


def test_a_bad_line_is_reported_stops_nothing_and_leaves_nothing_behind(fresh: Program, tmp_path: Path) -> None:
    good = [json.dumps(line) for line in commands(H1)[:13]]
    unknown = json.dumps({**commands(H1)[0], "command": "AdoptPuck"})
    bad = [*good[:3], "not json", *good[3:11], '{"a": 1, "a": 2}', unknown, *good[11:]]
    file = tmp_path / "commands.jsonl"
    file.write_text("\n".join(bad), encoding="utf-8")
    ran = fresh("submit", str(file), "--json")
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.exit_code == 1
    assert [(a["line"], a["rule"], a["field"]) for a in answers if a["status"] == "refused"] == [
        (4, "COMMAND-FORM", None), (13, "COMMAND-FORM", "a"), (14, "COMMAND-FORM", "command"),
    ]
    assert ran.stderr.strip() == "13 accepted, 0 repeated, 3 refused"
    with fresh.casebridge() as casebridge:
        assert casebridge.log.head().position == max(answer["last"] for answer in answers)
        assert casebridge.log.head().position == sum(len(answer["events"]) for answer in answers)


def test_a_person_reads_the_line_the_field_and_the_rule(fresh: Program) -> None:
    ran = fresh("submit", "-", stdin=json.dumps({**commands(H1)[11], "case": "no uuid"}))
    assert "line 1: refused: OpenCase: a uuid is wanted (field case) [COMMAND-FORM]" in ran.stdout
    assert "0 accepted, 0 repeated, 1 refused" in ran.stdout
    assert ran.exit_code == 1


class FailingLog:
    """A log that cannot be reached after so many commands."""

    def __init__(self, log: EventLog, commands_max: int) -> None:
        self._log, self._commands_max = log, commands_max
        self._seen: set[UUID] = set()

    def append(self, append: Append) -> Appended:
        assert append.command is not None, "only commands are appended here"
        self._seen.add(append.command.command_id)
        if len(self._seen) > self._commands_max:
            raise LogUnavailable("the log's lock was not given in time")
        return self._log.append(append)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def test_when_the_log_goes_away_the_program_says_where_to_go_on(tmp_path: Path) -> None:
    def failing(settings: Settings) -> Casebridge:
        casebridge = opened(settings)
        casebridge.backbone.log = FailingLog(casebridge.log, 5)
        return casebridge

    ran = Program(tmp_path / "home", failing)("submit", str(H1))
    assert ran.exit_code == 3
    assert "Nothing is known of line 6: go on from there" in ran.stderr
    assert ran.stdout.count("accepted") == 5
    assert "Traceback" not in ran.output
    again = Program(tmp_path / "home").submitted(commands(H1)[:8])
    assert [answer["status"] for answer in again] == ["repeated"] * 5 + ["accepted"] * 3


def test_a_database_that_is_not_there_is_said_in_one_sentence(fresh: Program) -> None:
    nowhere = {"CASEBRIDGE_LOG": "postgresql://casebridge@127.0.0.1:1/none"}
    ran = subprocess.run(  # A process of its own: what a library logs goes to its stderr.
        [sys.executable, "-m", "adapters.cli.main", "due"], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**os.environ, **nowhere, "CASEBRIDGE_HOME": str(fresh.home)},
    )
    assert ran.returncode == 3 and not ran.stdout
    [sentence] = ran.stderr.splitlines()
    assert sentence.startswith("casebridge: ") and "CASEBRIDGE_LOG" in sentence


def test_nobody_but_their_owner_may_read_the_databases(fresh: Program) -> None:
    before = os.umask(0o022)
    try:
        fresh.submitted(commands(H1)[:13])
        with fresh.casebridge() as casebridge, casebridge.views.connect():
            casebridge.runners()["timeline"].step()
            files = [file for file in fresh.home.iterdir() if ".sqlite" in file.name]
            assert {file.name for file in files} >= {
                "log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "views.sqlite", "views.sqlite-wal", "views.sqlite-shm",
            }
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)


def test_a_url_of_another_kind_is_wrong_usage(fresh: Program) -> None:
    ran = fresh("due", environment={"CASEBRIDGE_LOG": "mysql://127.0.0.1/log"})
    assert ran.exit_code == 2 and "sqlite:///" in ran.stderr


def test_a_home_with_nothing_in_it_is_said_and_not_made(fresh: Program) -> None:
    for words in (["due"], ["case", "show", CASE], ["feed", "cons-mx.el-paso"], ["fsck"], ["views", "lag"], ["release"]):
        ran = fresh(*words)
        assert ran.exit_code == 3 and "casebridge submit FILE" in ran.stderr
    assert not fresh.home.exists()


def test_a_file_that_is_not_there_is_wrong_usage(fresh: Program) -> None:
    ran = fresh("submit", "no-such-file.jsonl")
    assert ran.exit_code == 2 and "no-such-file.jsonl" in ran.output


# ------------------------------------------------------------------ commands
def test_every_command_has_its_json_schema(fresh: Program) -> None:
    schemas = fresh.json("commands")
    assert {line["command"] for history in (H1, H2) for line in commands(history)} <= set(schemas)
    assert schemas["AddChild"]["required"] == ["child_id"]
    assert fresh.json("commands", "AddChild") == schemas["AddChild"]
    assert "TakeIntoCustody" in fresh.ok("commands")
    assert "episode_id" in fresh.ok("commands", "TakeIntoCustody")
    assert fresh("commands", "NoSuchCommand").exit_code == 2


# ------------------------------------------------------------------ case
def test_the_timeline_tells_every_event_in_words(played: Program) -> None:
    lines = played.json_lines("case", "timeline", CASE)
    assert [line["version"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["text"] for line in lines)
    text = played.ok("case", "timeline", CASE)
    assert CHILD in text and "ConsulateNotified" in text and "DeadlineMissed" in text


def test_a_case_is_shown_as_it_was_in_the_world_in_the_agencys_mind_and_in_the_record(played: Program) -> None:
    def shown(*more: str) -> Any:
        return played.json("case", "show", CASE, *more)

    before_any = "2026-08-13T16:00:00-06:00"
    assert shown("--as-of", before_any)["custody"]["episodes"] == {}
    assert len(shown("--as-of", "2026-08-13T16:10:00-06:00")["custody"]["episodes"]) == 2
    wrong, right = (
        shown("--believed-at", f"2026-09-0{day}T00:00:00-06:00")["citizenship"]["origins"][CHILD_ID]["nationalities"]
        for day in (1, 2)
    )
    assert (wrong, right) == (["GT"], ["HN"])
    everything = shown()
    assert shown("--recorded-by", "13")["events"] == 2
    assert shown("--recorded-by", "2026-08-13T15:27:00-06:00")["events"] == 5, "two children, each to be screened"
    assert shown("--recorded-by", "100000") == everything
    text = played.ok("case", "show", CASE)
    assert CHILD in text and "(not known)" in text


def test_a_correction_is_true_of_the_world_from_the_start_and_believed_from_when_it_was_learned(played: Program) -> None:
    def nationalities(*more: str) -> list[Any]:
        origins = played.json("case", "show", CASE, *more)["citizenship"]["origins"]
        return [origins[person]["nationalities"] for person in (CHILD_ID, MOTHER_ID)]

    august = "2026-08-20T00:00:00-06:00"
    assert nationalities("--as-of", august) == [["HN"], ["HN"]]
    assert nationalities("--believed-at", august) == [["GT"], ["GT"]]
    assert nationalities("--as-of", august, "--believed-at", august) == [["GT"], ["GT"]]
    before_anybody_asked = played.json("case", "show", CASE, "--as-of", "2026-08-14T09:00:00-06:00")
    assert before_anybody_asked["citizenship"]["origins"] == {}


def test_what_was_learned_late_had_occurred_and_was_not_yet_believed(fresh: Program) -> None:
    obtained = {**commands(H1)[24], "occurred_at": "2026-08-13T18:00:00-06:00", "learned_at": "2026-08-14T10:00:00-06:00"}
    fresh.submitted([*commands(H1)[:19], obtained])

    def origins(time: str) -> int:
        return len(fresh.json("case", "show", CASE, time, "2026-08-13T20:00:00-06:00")["citizenship"]["origins"])

    assert (origins("--as-of"), origins("--believed-at")) == (4, 0)


def test_what_a_reader_may_not_see_is_withheld(copied: Program) -> None:
    with copied.casebridge() as casebridge:
        casebridge.keys.withhold([KeyName(case=UUID(CASE), person=UUID(CHILD_ID), compartment=Compartment.IDENTITY)])
    shown = copied.json("case", "show", CASE)["intake"]["people"]
    assert shown[CHILD_ID]["name"] == {"withheld": True}
    text = copied.ok("case", "show", CASE)
    assert "(withheld)" in text and CHILD not in text and MOTHER in text
    assert CHILD not in copied.ok("case", "timeline", CASE)
    entry = copied.json_lines("feed", "cons-gt.denver")[0]
    assert entry["letter"] is None
    assert "(withheld)" in copied.ok("feed", "cons-gt.denver")
    assert copied.ok("due", "--case", CASE)
    assert copied.json("fsck")["ok"] is True


def test_a_case_that_nobody_opened_is_refused(played: Program) -> None:
    for words in (["case", "timeline"], ["case", "show"], ["due", "--case"]):
        ran = played(*words, "11111111-0000-4000-8000-000000000001")
        assert ran.exit_code == 1 and "there is no case 1111" in ran.stderr
        assert played(*words, "1111").exit_code == 2


def test_a_time_without_a_zone_is_wrong_usage(played: Program) -> None:
    assert played("case", "show", CASE, "--as-of", "2026-08-13").exit_code == 2
    assert played("case", "show", CASE, "--recorded-by", "yesterday").exit_code == 2


# ------------------------------------------------------------------ due
@pytest.fixture
def in_august(tmp_path: Path) -> Program:
    """The first 26 lines of H1: custody, citizenship, the unit informed; no notice yet."""
    program = Program(tmp_path / "home")
    assert {a["status"] for a in program.submitted(commands(H1)[:26])} == {"accepted"}
    return program


def test_acts_owed_explain_themselves(in_august: Program) -> None:
    found = in_august.json("due", "--at", "2026-08-14T12:00:00-06:00")
    assert [case["case"] for case in found["cases"]] == [CASE]
    acts = {act["recipient_kind"]: act for act in found["cases"][0]["acts"]}
    assert set(acts) == {"CONS-MX", "CONS-GT", "CHILD"}
    mexico = acts["CONS-MX"]["duties"][0]
    assert (mexico["rule"], mexico["force"], mexico["stage"]) == ("NM-CONSULATE-MX-24H", "DUTY", "open")
    assert mexico["as_reported"] == "as reported in December 2023"
    assert mexico["age_seconds"] == 2 * 3600 and not mexico["has_passed"]
    text = in_august.ok("due", "--at", "2026-08-16T12:00:00-06:00")
    assert "NM-CONSULATE-MX-24H" in text and "Sat 15 Aug 2026 10:00" in text and "records the miss" in text
    assert "counsel has not confirmed it" in text


def test_questions_come_before_acts(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    program.submitted(commands(H1)[:19])
    found = program.json("due", "--at", "2026-08-13T17:10:00-06:00")["cases"][0]
    assert Counter(q["missing"] for q in found["questions"]) == {"origin": 4, "language": 2, "residence": 1}
    assert {act["recipient_kind"] for act in found["acts"]} == {"CHILD"}, "only screening is owed before anybody knows"
    assert {question["age_seconds"] for question in found["questions"]} == {3600}
    assert program.ok("due").index("Questions") >= 0
    assert program.json("due", "--untold-for", "2h", "--at", "2026-08-13T17:10:00-06:00")["cases"] == []
    assert program.json("due", "--owner", "investigator")["cases"] == []


def test_due_is_narrowed_by_jurisdiction_owner_age_and_case(in_august: Program) -> None:
    at = ("--at", "2026-08-16T12:00:00-06:00")
    assert in_august.json("due", "--jurisdiction", "TX", *at)["cases"] == []
    assert in_august.json("due", "--jurisdiction", "NM", *at)["cases"]
    assert in_august.json("due", "--untold-for", "3d", *at)["cases"] == []
    assert in_august.json("due", "--untold-for", "2d", *at)["cases"]
    unit = in_august.json("due", "--owner", "Immigration Affairs Unit", *at)["cases"][0]["acts"]
    assert {act["recipient_kind"] for act in unit} == {"CONS-MX", "CONS-GT"}
    of_case = in_august.json("due", "--case", CASE, *at)["cases"][0]["acts"]
    assert "done" in {act["stage"] for act in of_case}


MISSED_AT, DUE_AT = "2026-08-15T10:05:00-06:00", "Sat 15 Aug 2026 10:00"


def mexico_at(program: Program, at: str, *more: str) -> Any:
    [case] = [case for case in program.json("due", "--at", at, *more)["cases"] if case["case"] == CASE]
    return next(act for act in case["acts"] if act["recipient_kind"] == "CONS-MX")


def test_a_deadline_in_the_future_is_not_missed_whatever_was_recorded_afterwards(played: Program) -> None:
    before, after = mexico_at(played, "2026-08-14T12:00:00-06:00"), mexico_at(played, MISSED_AT)
    assert before["stage"] == "owed" and not before["was_missed"] and before["state"] == f"due {DUE_AT}"
    assert [duty["has_passed"] for duty in before["duties"]] == [False]
    assert after["was_missed"] and after["state"] == f"MISSED {DUE_AT}"
    assert [duty["has_passed"] for duty in after["duties"]] == [True]
    text = played.ok("due", "--at", "2026-08-14T12:00:00-06:00", "--case", CASE)
    assert "MISSED" not in text and "withdrawn" not in text and f"due {DUE_AT}" in text


def test_a_picture_of_the_past_has_its_questions_and_nothing_that_came_later(played: Program) -> None:
    def case_at(at: str) -> Any:
        return next((case for case in played.json("due", "--at", at)["cases"] if case["case"] == CASE), None)

    asked = case_at("2026-08-13T17:10:00-06:00")
    assert len(asked["questions"]) == 7 and {act["recipient_kind"] for act in asked["acts"]} == {"CHILD"}
    assert case_at("2026-08-13T15:00:00-06:00") is None
    later = case_at("2026-10-01T00:00:00Z")
    assert "origin" not in {question["missing"] for question in later["questions"]}
    assert not [act for act in later["acts"] if act["recipient_kind"].startswith("CONS-")]
    assert played.json("due", "--at", MISSED_AT, "--jurisdiction", "TX")["cases"] == []
    assert mexico_at(played, MISSED_AT, "--owner", "Immigration Affairs Unit")["was_missed"]
    done = mexico_at(played, "2026-10-01T00:00:00Z", "--case", CASE)
    assert [duty["has_passed"] for duty in done["duties"]] == [True] and done["stage"] == "done"


def test_a_missed_act_stays_missed_after_it_was_done(played: Program) -> None:
    acts = played.json("due", "--case", CASE)["cases"][0]["acts"]
    mexico = next(act for act in acts if act["recipient_kind"] == "CONS-MX" and act["stage"] == "done")
    assert mexico["was_missed"] and mexico["duties"][0]["met"]["late_by_seconds"] > 0


# ------------------------------------------------------------------ feed and release
def test_a_feed_shows_number_fields_and_the_letter_as_the_office_has_it(played: Program) -> None:
    first, second = played.json_lines("feed", "cons-gt.denver")
    assert (first["number"], second["number"]) == (1, 2)
    assert first["purpose"] == "consular_notice" and "child.name" in first["fields"] and CHILD in first["letter"]
    assert len(first["digest"]) == 64 and first["stage"] == "handed over"
    assert second["purpose"] == "recall" and second["refers_to"] == 1 and CHILD not in second["letter"]
    assert played.json_lines("feed", "cons-gt.denver", "--after", "1") == [second]
    assert "Please disregard" in played.ok("feed", "cons-gt.denver")
    assert played("feed", "no-such.office").exit_code == 1


def test_a_feed_tells_in_the_offices_time_what_was_given_and_what_proved_untrue(played: Program) -> None:
    text = played.ok("feed", "cons-mx.el-paso")
    assert "Mon 17 Aug 2026 09:20 (America/Denver)" in text and "T15:20" not in text
    assert "delivery handed over Mon 17 Aug 2026 09:20" in text and "fields given: child.custody" in text
    assert "untrue since a correction: parent.birth_place" in text
    [entry] = played.json_lines("feed", "cons-mx.el-paso")
    assert entry["corrected_since"] == ["parent.birth_place"]
    assert [one["corrected_since"] for one in played.json_lines("feed", "cons-gt.denver")] == [[], []]


def test_a_feed_is_followed_until_told_to_stop(played: Program) -> None:
    words = [sys.executable, "-m", "adapters.cli.main", "feed", "cons-mx.el-paso", "--follow", "--json"]
    environment = {**os.environ, "CASEBRIDGE_HOME": str(played.home)}
    # A shell starts its background jobs with SIGINT ignored, and their children inherit that.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, inherited)
    with process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["number"] == 1
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")


@pytest.fixture
def waiting(in_august: Program) -> Program:
    assert in_august.submitted(commands(H1)[26:27])[0]["status"] == "accepted"
    return in_august


def test_what_waits_is_listed_shown_as_it_will_leave_and_released_by_a_yes(waiting: Program) -> None:
    [listed] = waiting.json("release")
    notice = listed["notice_id"]
    assert listed["office"] == "cons-mx.el-paso" and listed["case"] == CASE
    assert waiting.json("release", "--case", CASE) == [listed]
    assert notice in waiting.ok("release")
    refused = waiting("release", CASE, notice, "--as", "liaison-1", stdin="n\n")
    assert refused.exit_code == 1 and "nothing was released" in refused.stderr
    assert "Ángel Iván Beltrán Zúñiga" in refused.stdout and "CitizenshipInformationObtained" in refused.stdout
    assured = "The family was assured what stays private: Xiomara Zúñiga Ochoa, text assurance-2026-1"
    assert assured in " ".join(refused.stdout.split())
    assert waiting.json("release") == [listed]
    assert waiting("release", CASE, notice, "--json").exit_code == 1
    assert waiting("release", CASE, notice, stdin="y\n").exit_code == 0
    assert waiting.json("release") == []
    assert waiting("release", CASE, notice, "--yes").exit_code == 1


def test_what_waits_says_of_each_hold_whether_it_stops_this(waiting: Program) -> None:
    [listed] = waiting.json("release")
    for country in ("GT", "MX"):
        waiting.ok("hold", "place", CASE, "--country", country, "--reason", "asylum claim", "--review-on", "2027-01-01")
    shown = waiting("release", CASE, listed["notice_id"], stdin="y\n")
    text = " ".join(shown.stdout.split())
    assert "A hold stands, and does not cover this: everything to offices of GT" in text
    assert "A hold stands, and covers this, which will not leave: everything to offices of MX" in text
    assert shown.exit_code == 1 and waiting.json("release") == [{**listed, "stopped_by": "on hold"}]
    assert "on hold" in waiting.ok("release")


def test_what_waits_for_a_suspended_office_says_so_before_and_after_it_is_released(waiting: Program) -> None:
    [listed] = waiting.json("release")
    waiting.ok("partner", "suspend", "cons-mx.el-paso", "--reason", "a breach there")
    shown = " ".join(waiting.ok("release", CASE, listed["notice_id"], "--yes").split())
    assert "WARNING: nothing leaves now: its office is suspended" in shown and "once that is put live" in shown
    waiting.ok("work", "--only", "discloser", "--once")
    assert "its office is suspended: it leaves when the office is put live" in " ".join(waiting.ok("release").split())
    assert "THIS OFFICE IS SUSPENDED" in waiting.ok("due", "--case", CASE)


def test_the_letter_that_was_shown_is_the_letter_that_leaves(waiting: Program) -> None:
    [listed] = waiting.json("release")
    shown = waiting("release", CASE, listed["notice_id"], stdin="y\n").stdout
    waiting.ok("work", "--only", "discloser", "--once")
    [entry] = waiting.json_lines("feed", "cons-mx.el-paso")
    assert entry["letter"] in shown and entry["stage"] == "waiting"
    text = waiting.ok("feed", "cons-mx.el-paso")
    assert "fields to be given: child.custody" in text and "fields given" not in text


def test_half_a_release_is_wrong_usage(waiting: Program) -> None:
    assert waiting("release", CASE).exit_code == 2


# ------------------------------------------------------------------ policy and partner
def test_adopted_texts_are_listed_and_printed_as_people_read_them(played: Program) -> None:
    adopted = played.json("policy", "list")["adopted"]
    assert {(row["kind"], row["id"]) for row in adopted} == {
        ("pack", "US"), ("pack", "NM"), ("calendar", "NM"), ("contract", "CONS-MX"), ("contract", "CONS-xx"),
    }
    text = played.ok("policy", "show", "NM")
    assert "Limit: 24 hours elapsed." in text and "Labor Day" in text
    assert "What is not named here does not flow." in played.ok("policy", "show", "CONS-MX")
    assert played.json("policy", "show", "US")[0]["content"]["pack"]["layer"] == "federal"
    assert played.ok("policy", "show", "US", "--text") == (ROOT / "domain/packs/US.toml").read_text(encoding="utf-8")
    assert played("policy", "show", "XX").exit_code == 1


@pytest.mark.parametrize(("file", "kind"), [
    ("domain/packs/NM.toml", "pack"), ("domain/calendars/NM.toml", "calendar"),
    ("domain/contracts/cons-mx.v3.toml", "contract"),
])
def test_a_file_is_adopted_as_what_it_is_once_and_by_two_persons(fresh: Program, file: str, kind: str) -> None:
    words = ("policy", "adopt", str(ROOT / file), "--agency", "NM-CYFD", "--as", "policy-1", "--second-person")
    alone = fresh(*words, "policy-1")
    assert alone.exit_code == 1 and "DECISION-7" in alone.stderr
    assert fresh.json(*words, "counsel-1")["kind"] == kind
    assert fresh.json(*words, "counsel-1")["adopted"] is False
    assert [row["kind"] for row in fresh.json("policy", "list")["adopted"]] == [kind]


def test_a_file_that_is_no_policy_is_refused(fresh: Program, tmp_path: Path) -> None:
    for text, because in (
        ("[rules]\n", "[pack]"), ("not = = toml", "no TOML"), ("[pack]\n[contract]\n", "one of"), ("[pack]", "PACK"),
    ):
        file = tmp_path / "file.toml"
        file.write_text(text, encoding="utf-8")
        ran = fresh("policy", "adopt", str(file), "--agency", "NM-CYFD", "--second-person", "counsel-1")
        assert ran.exit_code == 1 and because in ran.stderr


OFFICE = (
    "partner", "add", "cons-mx.denver", "--agency", "NM-CYFD", "--kind", "CONS-MX", "--name", "Consulate in Denver",
    "--zone", "America/Denver", "--serves", "NM", "--channel", "kafka", "--address", "consulate", "--country", "MX",
)


def test_an_office_is_added_rehearsed_put_live_and_suspended(copied: Program) -> None:
    def stage() -> str:
        return str(copied.json("partner", "show", "cons-mx.denver")["offices"][0]["stage"])

    copied.ok(*OFFICE)
    assert stage() == "draft"
    copied.ok("partner", "rehearse", "cons-mx.denver")
    assert stage() == "rehearsal"
    copied.ok("partner", "live", "cons-mx.denver", "--second-person", "counsel-1")
    assert stage() == "live"
    copied.ok("partner", "suspend", "cons-mx.denver", "--reason", "address is being checked")
    assert stage() == "suspended"
    copied.ok("partner", "suspend", "--all", "--reason", "a drill")
    assert {office["stage"] for office in copied.json("partner", "show")["offices"]} == {"suspended"}


def test_a_directory_refuses_and_asks(copied: Program) -> None:
    assert copied(*OFFICE[:-6], "--channel", "pigeon", "--address", "loft").exit_code == 1
    assert copied("partner", "rehearse", "no-such.office").exit_code == 1
    assert copied("partner", "show", "no-such.office").exit_code == 1
    assert copied("partner", "suspend", "--reason", "none named").exit_code == 2
    assert copied("partner", "show", "--secret").exit_code == 2


def test_a_signing_secret_is_shown_only_where_it_is_asked_for(played: Program) -> None:
    assert "whsec_" not in played.ok("partner", "show", "cons-mx.el-paso")
    shown = played.json("partner", "show", "cons-mx.el-paso", "--secret")["offices"][0]["secret"]
    with played.casebridge() as casebridge:
        assert shown == casebridge.secrets("cons-mx.el-paso")


# ------------------------------------------------------------------ views, work, schemas, topics
def test_views_are_listed_measured_and_rebuilt(copied: Program) -> None:
    assert {view["view"] for view in copied.json("views", "list")} == {
        "timeline", "deadline_board", "waiting_board", "deliveries",
    }
    copied.submitted([{**commands(H1)[11], "case": "ca5e0009-0000-4000-8000-000000000009",
                       "command_id": "0c0de009-0000-4000-8000-000000000009"}])
    assert {lag["events"] for lag in copied.json("views", "lag")} == {1}
    assert copied.json("views", "rebuild", "timeline")["events"] > 0
    assert {lag["view"]: lag["events"] for lag in copied.json("views", "lag")}["timeline"] == 0
    assert copied("views", "rebuild", "no_such_view").exit_code == 2


def test_the_workers_work_until_nothing_is_left(in_august: Program) -> None:
    done = in_august.json("work", "--once", "--only", "view:timeline", "--only", "clock")
    assert set(done["workers"]) == {"view:timeline", "clock"}
    assert in_august("work", "--only", "no-such-worker").exit_code == 2


@pytest.fixture
def working(in_august: Program) -> Iterator[subprocess.Popen[str]]:
    """`casebridge work` as a process of its own, started and at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "adapters.cli.main", "work", "--only", "view:timeline", "--only", "view:deadline_board"],
        cwd=ROOT, env={**os.environ, "CASEBRIDGE_HOME": str(in_august.home)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None and "working: view:timeline" in process.stderr.readline()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_workers_stop_when_told(working: subprocess.Popen[str], number: signal.Signals) -> None:
    working.send_signal(number)
    out, err = working.communicate(timeout=60)
    assert working.returncode == 0, err
    assert "view:timeline: stopped after its step" in out and "Traceback" not in err


def test_a_worker_that_cannot_go_on_ends_the_program_with_3(in_august: Program) -> None:
    def broken(settings: Settings) -> Casebridge:
        casebridge = opened(settings)
        workers = casebridge.workers()

        def fail() -> int:
            raise ValueError("broken")

        object.__setattr__(workers[0], "step", fail)
        casebridge.workers = lambda: workers[:1]  # type: ignore[method-assign]
        return casebridge

    ran = Program(in_august.home, broken)("work")
    assert ran.exit_code == 3 and "view:timeline could not go on" in ran.stderr


def test_schemas_are_checked_compared_and_built(fresh: Program, tmp_path: Path) -> None:
    directory = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", directory)
    there = ("--directory", str(directory))
    assert fresh.json("schemas", "build", *there) == {"written": [], "problems": []}
    (directory / "custody" / "CustodyTaken.v1.avsc").unlink()
    checked = fresh("schemas", "check", *there)
    assert checked.exit_code == 1 and "custody/CustodyTaken.v1.avsc" in checked.stdout
    assert "casebridge.custody.CustodyTaken version 1 (new)" in fresh.ok("schemas", "diff", *there)
    assert fresh.json("schemas", "build", *there)["written"] == ["custody/CustodyTaken.v1.avsc"]
    assert fresh("schemas", "check", *there).exit_code == 0


def test_topics_need_brokers(fresh: Program) -> None:
    ran = fresh("topics", "apply", environment={"CASEBRIDGE_KAFKA": None})
    assert ran.exit_code == 2 and "CASEBRIDGE_KAFKA" in ran.stderr


def test_brokers_that_do_not_answer_are_said_in_one_sentence(fresh: Program) -> None:
    ran = fresh("topics", "apply", environment={"CASEBRIDGE_KAFKA": "127.0.0.1:1"})
    assert ran.exit_code == 3 and "Kafka does not answer" in ran.stderr and "Traceback" not in ran.output


# ------------------------------------------------------------------ personal values
def test_nothing_personal_is_in_what_a_refusal_says(copied: Program) -> None:
    line = {**commands(H1)[12], "command_id": "0c0de009-0000-4000-8000-000000000013"}
    line["data"] = {**line["data"], "name": {"given_names": "Canario", "surnames": "Amarillo"}}
    ran = copied("submit", "-", stdin=json.dumps(line))
    assert ran.exit_code == 1 and "Canario" not in ran.output and "IDEMPOTENCE" in ran.output

"""`release --delivery` lets go what an office refused; `hold` stops, shows and lets go what would leave."""
from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from adapters.disclosure.courier import Courier
from adapters.disclosure.discloser import Discloser
from tests.e2e.cli_world import CASE, H1, Program, commands
from tests.recording_channel import Moods, RecordingChannel
from tests.webhook_receiver import Mood

MEXICO = "cons-mx.el-paso"
CANARY = "fears the consulate of her own state"


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A home in which a consulate refused the first notice for good."""
    program = Program(tmp_path_factory.mktemp("held") / "home")
    lines = commands(H1)
    until = next(n for n, line in enumerate(lines) if line["command"] == "ReleaseDisclosure")
    answers = program.submitted(lines[:until + 1])
    assert {answer["status"] for answer in answers} == {"accepted"}
    turn(program, 410)
    yield program


def turn(program: Program, mood: Mood | int | Moods) -> RecordingChannel:
    """The workers run once, and the partner is of this mood."""
    with program.casebridge() as casebridge:
        channel = RecordingChannel(casebridge.clock, mood if callable(mood) else lambda _, parcel: mood)
        discloser = Discloser(casebridge.backbone, casebridge.rendering())
        courier = Courier(casebridge.backbone, casebridge.rendering(), {"webhook": channel}, entropy=os.urandom)
        for _ in range(3):
            while discloser.step():
                pass
            courier.step()
        return channel


def test_what_an_office_refused_is_let_go_by_a_person_and_comes_once(refused: Program) -> None:
    assert "held back" in refused.ok("feed", MEXICO)
    assert refused("release", "--delivery", MEXICO).exit_code == 2
    assert refused("release", "--delivery", f"{MEXICO}:99").exit_code == 1
    assert "let go: 1" in refused.ok("release", "--delivery", f"{MEXICO}:1")
    assert refused("release", "--delivery", f"{MEXICO}:1").exit_code == 1
    channel = turn(refused, Mood.ACCEPT)
    assert [dict(parcel.headers).get("releases") for parcel in channel.taken].count("1") == 1
    shown = refused.ok("feed", MEXICO)
    assert "Released, about number 1" in shown and "Held, about number 1" in shown
    assert refused("fsck").exit_code == 0


def test_a_hold_names_what_it_came_too_late_for(refused: Program) -> None:
    turn(refused, Mood.ACCEPT)
    place = ("hold", "place", CASE, "--reason", CANARY, "--review-on", "2027-01-01")
    gone = refused.json(*place, "--country", "MX")["too_late_for"]
    assert {(one["office"], one["stage"]) for one in gone} == {(MEXICO, "handed_over")}
    said = " ".join(refused.ok(*place, "--kind", "CONS-MX").split())
    assert "It came too late for this" in said and "taken back by `casebridge recall`" in said
    assert "too late" not in refused.ok(*place, "--country", "GT")
    for hold in refused.json("hold", "list"):
        refused.ok("hold", "lift", CASE, hold["hold_id"], "--reason", "counsel agrees")


def test_a_hold_is_placed_shown_and_lifted(refused: Program) -> None:
    placed = refused.json("hold", "place", CASE, "--kind", "CONS-GT", "--reason", CANARY, "--review-on", "2027-01-01")
    [one] = refused.json("hold", "list")
    assert (one["hold_id"], one["reason"], one["is_overdue"]) == (placed["hold_id"], CANARY, False)
    shown = refused.ok("due", "--case", CASE)
    assert "On hold" in shown and "CONS-GT" in shown
    files = [path for path in refused.home.rglob("*") if path.is_file()]
    assert not [path.name for path in files if CANARY.encode() in path.read_bytes()]
    assert "lifted" in refused.ok("hold", "lift", CASE, placed["hold_id"], "--reason", "counsel agrees")
    assert "nothing is on hold" in refused.ok("hold", "list")
    assert refused("hold", "place", CASE, "--reason", "r", "--review-on", "2027-01-01").exit_code == 2


def test_a_country_and_a_persons_address_are_held_by_name(refused: Program) -> None:
    common = ("--reason", CANARY, "--review-on", "2027-01-01", "--json")
    mother = next(line["data"]["party_id"] for line in commands(H1) if line["command"] == "AddParty")
    refused.ok("hold", "place", CASE, "--country", "GT", *common)
    refused.ok("hold", "place", CASE, "--person", mother, "--field", "address", *common)
    covered = [one["covers"] for one in refused.json("hold", "list")]
    assert covered == ["everything to offices of GT, and what is to be done there", "address of Xiomara Zúñiga Ochoa"]
    wrong = refused("hold", "place", CASE, "--person", mother, "--field", "home_study.address", *common)
    assert wrong.exit_code == 1 and "hold `address` of this person" in " ".join(wrong.stderr.split())
    assert refused("hold", "place", CASE, "--country", "GT", "--kind", "CONS-GT", *common).exit_code == 2
    for hold in refused.json("hold", "list"):
        refused.ok("hold", "lift", CASE, hold["hold_id"], "--reason", "counsel agrees")

"""A court orders one child of two expunged: the consulate is asked to erase the notice of both, and told of the other."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.partners.receiver import Received, Receiver
from adapters.settings import Settings
from tests.e2e.cli_world import H1, Program, commands, settings

SPACE = UUID("51b11000-0000-4000-8000-000000000000")
CASE, ELDER, YOUNGER, MOTHER = (str(uuid5(SPACE, name)) for name in ("case", "elder", "younger", "mother"))
NOTICE, ANEW = str(uuid5(SPACE, "notice of both")), str(uuid5(SPACE, "notice of the younger"))
MEXICO = "cons-mx.el-paso"
BY_ORDER = ("--order", "JQ-2026-41", "--second-person", "counsel-1")


@dataclass
class Desk:
    """The program in a person's hand, with the consulate's own system on loopback."""

    program: Program
    clock: HistoryClock
    receiver: Receiver

    def submit(self, command: str, data: dict[str, Any]) -> None:
        self.clock.move_to(self.clock.now() + timedelta(minutes=1))
        [answer] = self.program.submitted([{
            "command": command, "command_id": str(uuid5(SPACE, f"{command} at {self.clock.now()}")), "agency": "NM-CYFD",
            "case": CASE, "actor": {"agency": "NM-CYFD", "role": "liaison", "user": "liaison-1"},
            "occurred_at": self.clock.now().isoformat(), "data": data,
        }])
        assert answer["status"] == "accepted", answer

    def work(self) -> list[Received]:
        """What reached the consulate by this round of all workers."""
        before = len(self.receiver.received)
        self.clock.move_to(self.clock.now() + timedelta(minutes=1))
        self.program.ok("work", "--once")
        return self.receiver.received[before:]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    home, clock = tmp_path / "home", HistoryClock(datetime(2026, 8, 13, 16, tzinfo=UTC))
    home.mkdir(mode=0o700)
    running: list[Casebridge] = []

    def opened(_: Settings) -> Casebridge:
        running[:] = [Casebridge(settings(home), clock=clock, address_of=receiver.address_of)]
        return running[0]

    with Receiver(secret_of=lambda office: running[0].secrets(office)) as receiver:
        program = Program(home, opening=opened)
        founding = [line for line in commands(H1) if "case" not in line]
        assert {answer["status"] for answer in program.submitted(founding)} == {"accepted"}
        desk = Desk(program, clock, receiver)
        for command, data in FAMILY:
            desk.submit(command, data)
        desk.submit("PrepareConsularNotification", {"notice_id": NOTICE, "office": MEXICO, "form": "nm_mexico"})
        program.ok("release", CASE, NOTICE, "--yes")
        yield desk


FAMILY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("OpenCase", {"child_ids": [ELDER, YOUNGER], "allegation_class": "neglect"}),
    *(("AddChild", {"child_id": child, "name": {"given_names": name, "surnames": "Peña Ibáñez"}, "birth_date": "2017-03-09"})
      for child, name in ((ELDER, "Xóchitl"), (YOUNGER, "Ulises"))),
    ("AddParty", {
        "party_id": MOTHER, "role": "mother", "child_ids": [ELDER, YOUNGER],
        "name": {"given_names": "Begoña", "surnames": "Ibáñez Núñez"},
    }),
    *(("TakeIntoCustody", {"child_id": one, "episode_id": str(uuid5(UUID(one), "episode"))}) for one in (ELDER, YOUNGER)),
    ("ObtainCitizenshipInformation", {
        "information_id": str(uuid5(SPACE, "information")), "basis": "interview",
        "persons": [{"person_id": one, "nationalities": ["MX"], "birth_country": "MX"} for one in (ELDER, YOUNGER, MOTHER)],
    }),
)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("days", [0, 8], ids=["while the order waits", "after the keys are destroyed"])
def test_the_consulate_erases_the_notice_of_both_and_gets_one_of_the_sibling_alone(desk: Desk, days: int) -> None:
    [both] = desk.work()
    assert "Xóchitl".encode() in both.content and b"Ulises" in both.content
    desk.program.ok("record", "expunge", CASE, *BY_ORDER, "--person", ELDER, "--yes")
    [erase] = desk.work()
    assert not any(name in erase.content for name in ("Xóchitl".encode(), b"Ulises"))
    act = "Due Fri 14 Aug 2026 10:09: Notify Consulate of Mexico in El Paso about Ulises Peña Ibáñez"
    due = flat(desk.program.ok("due", "--case", CASE))
    assert act in due and "10:09, when the notice that had met it counted no more; 24 hours elapsed" in due
    desk.clock.move_to(desk.clock.now() + timedelta(days=days))
    assert desk.work() == []
    assert ("expunged on" in flat(desk.program.ok("record", "show", CASE))) is bool(days)
    desk.submit("PrepareConsularNotification", {"notice_id": ANEW, "office": MEXICO, "form": "nm_mexico"})
    shown = desk.program.ok("release", CASE, ANEW, "--yes")
    assert "Subject: A child in the custody of this agency" in shown and "Xóchitl" not in shown
    [alone] = desk.work()
    assert b"Ulises" in alone.content and "Xóchitl".encode() not in alone.content
    assert [one.number for one in (both, erase, alone)] == [1, 2, 3]
    feed = flat(desk.program.ok("feed", MEXICO))
    assert "number 2: Withdrawn, about number 1" in feed and "Please erase our information number 1" in feed
    assert f"{act[4:]}" not in flat(desk.program.ok("due", "--case", CASE)).partition("No longer owed")[0]
    with desk.program.casebridge() as casebridge:
        duties = casebridge.backbone.case(UUID(CASE)).obligations.duties.values()
        toward = [duty for duty in duties if duty.raised.rule_id == "NM-CONSULATE-MX-24H"]
        assert [duty.met is not None for duty in toward] == [True] * 3
    desk.program.ok("fsck")

"""An agency with its adopted texts and prepared cases, on whatever log a row wants to measure."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from adapters.avro import EventCodec, SchemaRegistry
from adapters.backbone import Backbone, Outcome
from adapters.composition import SCHEMAS
from adapters.keys import FileKek, FileKeyStore
from domain.ports import EventLog
from tests.disclosure_world import ROOT

CODE = "NM-CYFD"
START = datetime(2026, 9, 1, 16, tzinfo=UTC)
ADOPTED = START - timedelta(days=30)
ACTOR = {"agency": CODE, "role": "investigator", "user": "worker-1"}
MEXICO = "cons-mx.el-paso"
Line = dict[str, Any]
T = TypeVar("T")


class RunningClock:
    """Goes as the machine's does, from a date that the shipped calendar covers."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=time.monotonic() - self._begun)


def line(command: str, data: Line, *, case: UUID | None = None, at: datetime = START) -> Line:
    made: Line = {
        "command": command, "command_id": str(uuid4()), "agency": CODE, "actor": ACTOR, "occurred_at": at.isoformat(),
        "data": data,
    }
    return made if case is None else {**made, "case": str(case)}


def adopt(office_channel: str = "webhook", *, contract: Callable[[str], str] = lambda text: text) -> list[Line]:
    """What New Mexico has adopted, as shipped, with one live office; `contract` may change the contract's text."""
    def text(name: str) -> str:
        return (ROOT / "domain" / name).read_text(encoding="utf-8")

    second = {"second_person": "counsel-1"}
    return [
        *(line("AdoptPack", {"text": text(f"packs/{name}.toml"), **second}, at=ADOPTED) for name in ("US", "NM")),
        line("AdoptCalendar", {"text": text("calendars/NM.toml"), **second}, at=ADOPTED),
        line("AdoptContract", {"text": contract(text("contracts/cons-mx.v3.toml")), **second}, at=ADOPTED),
        line("ListOffice", {
            "office": MEXICO, "recipient_kind": "CONS-MX", "name": "Consulate of Mexico", "country": "MX",
            "zone": "America/Denver", "serves": ["NM"], "channel": office_channel,
            "address": "https://consulate.example/casebridge",
        }, at=ADOPTED),
        line("PutOfficeLive", {"office": MEXICO, **second}, at=ADOPTED),
    ]


def backbone_on(log: EventLog, folder: Path) -> Backbone:
    """A backbone as deployed on one machine: the committed schemas, keys in a file, each durable before its use."""
    keys = FileKeyStore(folder / "keys.sqlite", FileKek(folder / "kek"))
    codec = EventCodec(SchemaRegistry.load(SCHEMAS, more=log.schemas), keys)
    return Backbone(log=log, codec=codec, keys=keys, clock=RunningClock())


def submit_all(backbone: Backbone, lines: Iterable[Line]) -> list[Outcome]:
    """Submit in order; anything but acceptance is a mistake of the bench."""
    outcomes = []
    for one in lines:
        outcome = backbone.submit(one, principal="bench")
        assert outcome.status == "accepted", f"{one['command']}: {outcome.because} [{outcome.rule}] {outcome.field}"
        outcomes.append(outcome)
    return outcomes


def by_threads(backbone: Backbone, shares: Sequence[Sequence[Line]]) -> None:
    """Each share by a thread of its own; the first error of any is raised."""
    if len(shares) == 1:
        submit_all(backbone, shares[0])
        return
    with ThreadPoolExecutor(len(shares)) as threads:
        for done in [threads.submit(submit_all, backbone, share) for share in shares]:
            done.result()


def take_into_custody(cases: int) -> tuple[list[list[Line]], list[Line]]:
    """The commands that prepare each case (opened, its child added), and one TakeIntoCustody for each of them."""
    before, after = list[list[Line]](), list[Line]()
    for _ in range(cases):
        case, child = uuid4(), str(uuid4())
        before.append([
            line("OpenCase", {"child_ids": [child], "referral_id": "R-2026-118", "allegation_class": "neglect"}, case=case),
            line("AddChild", {
                "child_id": child, "name": {"given_names": "Nahomy", "surnames": "Zúñiga Ochoa"},
                "birth_date": "2017-03-09",
            }, case=case),
        ])
        after.append(line("TakeIntoCustody", {
            "child_id": child, "episode_id": str(uuid4()), "authority": "law enforcement, 48 hour hold",
            "place": "school, Albuquerque", "circumstances": "no parent could be reached",
        }, case=case))
    return before, after


def prepared_notice(notices: int = 1) -> tuple[list[Line], list[str]]:
    """The commands that bring one case to notices that wait for their release, and the notices' ids."""
    case, child, mother, aunt = uuid4(), *(str(uuid4()) for _ in range(3))
    ids = [str(uuid4()) for _ in range(notices)]
    told = {"nationalities": ["MX"], "birth_country": "MX", "birth_city": "Chihuahua"}
    lines = [
        line("OpenCase", {"child_ids": [child], "referral_id": "R-2026-118"}, case=case),
        line("AddChild", {
            "child_id": child, "name": {"given_names": "Nahomy", "surnames": "Zúñiga Ochoa"}, "birth_date": "2017-03-09",
        }, case=case),
        line("AddParty", {
            "party_id": mother, "role": "mother", "child_ids": [child], "birth_date": "1990-01-02",
            "name": {"given_names": "Begoña", "surnames": "Ochoa Núñez"},
        }, case=case),
        line("AddParty", {
            "party_id": aunt, "role": "relative", "child_ids": [child], "phone": "+1 505 555 0100",
            "name": {"given_names": "Ximena", "surnames": "Ochoa"},
        }, case=case),
        line("TakeIntoCustody", {"child_id": child, "episode_id": str(uuid4()), "place": "school"}, case=case),
        line("ObtainCitizenshipInformation", {
            "information_id": str(uuid4()), "basis": "interview",
            "persons": [{"person_id": person, **told} for person in (child, mother)],
        }, case=case),
        *(line("PrepareConsularNotification", {"notice_id": id, "office": MEXICO, "form": "nm_mexico"}, case=case)
          for id in ids),
    ]
    return lines, ids


def at_present(lines: Iterable[Line]) -> list[Line]:
    """The same as if they happened now by the machine's clock, which workers in other processes go by."""
    later = datetime.now(UTC) - START
    return [
        {**one, "occurred_at": (datetime.fromisoformat(one["occurred_at"]) + later).isoformat()} for one in lines
    ]


def shares(things: Sequence[T], threads: int) -> list[Sequence[T]]:
    return [things[number::threads] for number in range(threads)]

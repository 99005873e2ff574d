"""An agency with offices and cases, in a log of its own: what the tests of disclosure stand on."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from adapters.avro import EventCodec, registry_of
from adapters.backbone import Backbone, Outcome
from adapters.channels.webhook import Webhook
from adapters.clocks import HistoryClock, SystemClock
from adapters.disclosure.courier import Courier
from adapters.disclosure.discloser import Discloser
from adapters.disclosure.receipts import Receipts
from adapters.disclosure.render import Rendering
from adapters.disclosure.streams import delivery_stream, feed_stream
from adapters.eventstore.sqlite import SqliteLog
from adapters.keys import FileKek, FileKeyStore
from domain.case.consular import TextCode
from domain.catalogue import EVENTS
from domain.events import Envelope
from domain.ports import Channel
from tests.webhook_receiver import SECRET

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "schemas" / "published"
AGENCY = "NM-CYFD"
START = datetime(2026, 8, 13, 16, tzinfo=UTC)
SPACE = UUID("d15c0000-0000-4000-8000-000000000000")
MEXICO, DENVER, GUATEMALA = "cons-mx.el-paso", "cons-mx.denver", "cons-gt.denver"
KINDS = {MEXICO: ("CONS-MX", "MX"), DENVER: ("CONS-MX", "MX"), GUATEMALA: ("CONS-GT", "GT")}


@dataclass(frozen=True, slots=True)
class Family:
    """One case: a child of a parent from abroad."""

    case_id: UUID
    child_id: UUID
    mother_id: UUID
    aunt_id: UUID
    notice_id: UUID


class World:
    """Everything of one agency in a folder; a second World on the same folder is a second process."""

    def __init__(
        self, folder: Path, *, clock: HistoryClock | None = None, addresses: Mapping[str, str] | None = None,
        channels: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = clock or HistoryClock(START)
        self.log = SqliteLog(folder / "log.sqlite", clock=self.clock)
        self.keys = FileKeyStore(folder / "keys.sqlite", FileKek(folder / "kek"))
        codec = EventCodec(registry_of(EVENTS.values(), more=self.log.schemas), self.keys)
        self.backbone = Backbone(log=self.log, codec=codec, keys=self.keys, clock=self.clock)
        self.rendering = Rendering(self.log, codec, PUBLISHED)
        self.discloser = Discloser(self.backbone, self.rendering)
        self.receipts = Receipts(self.backbone)
        self.addresses = dict(addresses or {})
        self._channels = dict(channels or {})
        self._commands = 0

    def webhook(self) -> Webhook:
        return Webhook(
            lambda office: self.addresses[office], lambda _: SECRET, clock=self.clock, wall=SystemClock(),
            allow_loopback=True,
        )

    def courier(self, channel: Channel | None = None, *, timeout_seconds: float = 5.0) -> Courier:
        return Courier(
            self.backbone, self.rendering, {"webhook": channel or self.webhook()}, timeout_seconds=timeout_seconds
        )

    def tick(self, **step: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(**step))

    def close(self) -> None:
        self.log.close()
        self.keys.close()

    # -- commands

    def submit(
        self, command: str, data: Mapping[str, object], *, case_id: UUID | None = None, agency: str = AGENCY
    ) -> Outcome:
        outcome = self.offer(command, data, case_id=case_id, agency=agency)
        assert outcome.status == "accepted", f"{command}: {outcome.because} [{outcome.rule}] {outcome.field}"
        return outcome

    def offer(
        self, command: str, data: Mapping[str, object], *, case_id: UUID | None = None, agency: str = AGENCY
    ) -> Outcome:
        """A command that may be refused."""
        self._commands += 1
        now = self.clock.now()
        line: dict[str, Any] = {
            "command": command, "command_id": str(uuid5(SPACE, f"{self.log.head().position}/{self._commands}")),
            "agency": agency, "actor": {"agency": agency, "role": "liaison", "user": "liaison-1"},
            "occurred_at": now.isoformat(), "learned_at": now.isoformat(), "data": _json(data),
        }
        if case_id is not None:
            line["case"] = str(case_id)
        return self.backbone.submit(self.written(line), principal="tests")

    def written(self, line: dict[str, Any]) -> dict[str, Any]:
        """A line as it is sent."""
        return line

    def found(self, *offices: str) -> None:
        """Adopt what New Mexico has adopted, and put offices live."""
        for text in ("packs/US.toml", "packs/NM.toml"):
            self.submit("AdoptPack", _adopted(text))
        self.submit("AdoptCalendar", _adopted("calendars/NM.toml"))
        for text in ("contracts/cons-mx.v3.toml", "contracts/cons-xx.v3.toml"):
            self.submit("AdoptContract", _adopted(text))
        for office in offices or (MEXICO,):
            kind, country = KINDS[office]
            self.submit("ListOffice", {
                "office": office, "recipient_kind": kind, "name": f"Consulate {office}", "country": country,
                "zone": "America/Denver", "serves": ["NM"], "channel": self._channels.get(office, "webhook"),
                "address": self.addresses.get(office, "https://consulate.example/casebridge"),
            })
            self.submit("PutOfficeLive", {"office": office, "second_person": "counsel-1"})

    def family(self, number: int | str, *, country: str = "MX") -> Family:
        """A case with a child in custody, a mother from `country`, and an aunt; nothing prepared yet."""
        ids = [uuid5(SPACE, f"family/{number}/{name}") for name in ("case", "child", "mother", "aunt", "notice")]
        family = Family(*ids)
        case_id = family.case_id
        self.submit("OpenCase", {"child_ids": [family.child_id]}, case_id=case_id)
        self.submit("AddChild", {
            "child_id": family.child_id, "name": {"given_names": f"Íñigo {number}", "surnames": "Peña Ibáñez"},
            "birth_date": "2017-03-09",
        }, case_id=case_id)
        self.submit("AddParty", {
            "party_id": family.mother_id, "role": "mother", "child_ids": [family.child_id],
            "name": {"given_names": "Begoña", "surnames": "Ibáñez Núñez"}, "birth_date": "1990-01-02",
            "birth_date_is_estimate": True,
        }, case_id=case_id)
        self.submit("AddParty", {
            "party_id": family.aunt_id, "role": "relative", "child_ids": [family.child_id],
            "name": {"given_names": "Ximena", "surnames": "Ibáñez"}, "phone": "+1 505 555 0100",
        }, case_id=case_id)
        self.submit("TakeIntoCustody", {
            "child_id": family.child_id, "episode_id": uuid5(case_id, "episode"),
        }, case_id=case_id)
        self.submit("ObtainCitizenshipInformation", {
            "information_id": uuid5(case_id, "information"), "basis": "interview",
            "persons": [
                {"person_id": person, "nationalities": [country], "birth_country": country, "birth_city": "San José"}
                for person in (family.child_id, family.mother_id)
            ],
        }, case_id=case_id)
        return family

    def route(self, family: Family, *, office: str) -> None:
        """A person says which of several offices of a kind it is."""
        self.submit("RouteToOffice", {"recipient_kind": KINDS[office][0], "office": office}, case_id=family.case_id)

    def release(self, family: Family, *, office: str = MEXICO, notices: int = 1) -> None:
        """Prepare and release; more than one notice makes several entries of one case."""
        for number in range(notices):
            notice_id = family.notice_id if number == 0 else uuid5(family.notice_id, str(number))
            self.submit("PrepareConsularNotification", {
                "notice_id": notice_id, "office": office, "form": "nm_mexico" if KINDS[office][1] == "MX" else "nm_plain",
            }, case_id=family.case_id)
            self.submit("ReleaseDisclosure", {"notice_id": notice_id}, case_id=family.case_id)

    def correct_country(self, family: Family, *, country: str = "HN") -> None:
        """The country proved wrong: the engagement ends by itself."""
        origin = self.backbone.case(family.case_id).citizenship
        for person in (family.child_id, family.mother_id):
            fact = origin.of(person).nationalities.current
            assert fact is not None
            self.submit("CorrectCitizenship", {
                "correction_id": uuid5(person, "correction"), "person_id": person, "replaces_event_id": fact.event_id,
                "nationalities": [country], "birth_country": country, "evidence": "birth certificate",
            }, case_id=family.case_id)

    def recall(self, family: Family) -> None:
        self.submit("CorrectConsularNotification", {
            "notice_id": family.notice_id, "text_code": TextCode.DISREGARD.value,
        }, case_id=family.case_id)

    # -- reading

    def disclose(self) -> None:
        while self.discloser.step():
            pass

    def receive(self) -> None:
        while self.receipts.step():
            pass

    def feed(self, office: str = MEXICO) -> list[Envelope]:
        return self.backbone.envelopes(feed_stream(office))

    def delivery(self, number: int, office: str = MEXICO) -> Sequence[str]:
        """The stages of one delivery, by the names of their events."""
        return [type(e.event).__name__ for e in self.backbone.envelopes(delivery_stream(office, number))]


def _adopted(name: str) -> dict[str, object]:
    return {"text": (ROOT / "domain" / name).read_text(encoding="utf-8"), "second_person": "counsel-1"}


def _json(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case Mapping():
            return {name: _json(part) for name, part in value.items()}
        case list() | tuple():
            return [_json(part) for part in value]
        case _:
            return value

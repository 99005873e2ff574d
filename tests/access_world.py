"""An office of every kind to which something is sent, each really given what its contract lets flow, for every purpose."""
from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from adapters.cli.plain import plain
from adapters.clocks import HistoryClock
from adapters.disclosure.courier import Courier
from adapters.disclosure.pull import CHANNEL, PullFeed
from domain.agency.agreements import RecordMouStatus
from domain.case.citizenship import ObtainCitizenshipInformation, PersonOrigin
from domain.case.consent import Capacity, GrantConsent
from domain.case.consular_service import RequestConsularService
from domain.case.engagement import Side
from domain.case.permission import STANDS_FOR, OpenEngagement
from domain.case.visits import CoordinateBorderVisit
from domain.disclosure.basis import BasisKind
from domain.disclosure.kinds import COUNSEL
from domain.disclosure.purposes import Purpose
from domain.ports import Parcel
from domain.submission import Command
from tests.disclosure_world import AGENCY, ROOT, SPACE, START, World
from tests.unit.partners import latest, signed
from tests.unit.whole_case import ABOUT, CHILD, EVERYBODY, MOTHER, ORDER, STORY

PACKS: Mapping[str, Sequence[str]] = {"LAC": ("US", "CA", "LAC"), "SDC": ("US", "CA", "SDC")}
CONSULATES = {
    "cons-mx.el-paso": ("CONS-MX", "MX"), "cons-mx.denver": ("CONS-MX", "MX"), "cons-gt.denver": ("CONS-GT", "GT"),
}
"""Two of one country, and one of another. They need a case each: a child has one consulate of a country."""
OF_ITS_OWN = {Purpose.CONSULAR_NOTICE, Purpose.RECALL}
"""Purposes with commands of their own."""
TURNS = 6
AFTER_THE_PAPERS_ARE_DATED = timedelta(days=2)


@cache
def contract(kind: str) -> Mapping[str, Any]:
    """The last contract for a kind as its text has it, read by nothing of ours."""
    return tomllib.loads(latest("CONS-xx" if kind.startswith("CONS-") and kind != "CONS-MX" else kind))


@dataclass(frozen=True, slots=True)
class Listed:
    """An office of the directory, in the one jurisdiction where all of its flows hold."""

    office: str
    kind: str
    country: str | None

    @property
    def flows(self) -> Sequence[Mapping[str, Any]]:
        flows: Sequence[Mapping[str, Any]] = contract(self.kind).get("flow", ())
        return flows

    @property
    def place(self) -> str:
        [place] = {str(place) for flow in self.flows for place in flow.get("places", ())} or {"NM"}
        return place

    @property
    def agency(self) -> str:
        return AGENCY if self.place == "NM" else f"{self.place}-AGENCY"

    @property
    def case_id(self) -> UUID:
        return uuid5(SPACE, f"access/{self.office if self.kind in ('CONS-MX', 'CONS-GT') else self.place}")

    def fields(self, purpose: str) -> set[str]:
        """What its contract names for a purpose."""
        [flow] = [flow for flow in self.flows if flow["purpose"] == purpose]
        return {field["path"] for field in flow.get("field", ())}


@cache
def offices() -> tuple[Listed, ...]:
    """Every kind with a flow in a contract that is shipped."""
    folder = ROOT / "domain" / "contracts"
    kinds = {tomllib.loads(path.read_text(encoding="utf-8"))["contract"]["recipient_kind"] for path in folder.iterdir()}
    others = [Listed(f"{kind.lower()}.office", kind, None) for kind in sorted(kinds) if not kind.startswith("CONS-")]
    consulates = [Listed(office, kind, country) for office, (kind, country) in CONSULATES.items()]
    return tuple(office for office in (*consulates, *others) if office.flows)


class AccessWorld(World):
    """All of it in one log: an agency for each jurisdiction, a whole case for each, one more for each consulate."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, clock=HistoryClock(START + AFTER_THE_PAPERS_ARE_DATED))
        self._found_all()
        for case_id, first in {office.case_id: office for office in offices()}.items():
            self._tell(case_id, first)
        for office in offices():
            for flow in office.flows:
                self._give(office, Purpose(flow["purpose"]))
        self.disclose()

    def hand_over_and_recall(self) -> dict[Listed, tuple[Parcel, ...]]:
        """Each office reads what it was given and past it; then it is asked to disregard the first of it. What it read."""
        read = self.hand_over()
        self.ask_to_disregard()
        return read

    def hand_over(self) -> dict[Listed, tuple[Parcel, ...]]:
        """Each office reads what it was given, which is returned, and past it."""
        feed = PullFeed(self.backbone, self.rendering)
        read = dict[Listed, tuple[Parcel, ...]]()
        for office in offices():
            reading = feed.read(office.office, office.agency, after=0, credential=1)
            feed.read(office.office, office.agency, after=reading.last, credential=1)
            read[office] = reading.parcels
        self.receive()
        return read

    def ask_to_disregard(self) -> None:
        """Of each office that may be asked, the first that it was given; a reader from the start has it no more."""
        for office in offices():
            if any(flow["purpose"] == Purpose.RECALL for flow in office.flows):
                recalled = {"disclosure_id": _given(office, Purpose(office.flows[0]["purpose"])), "text_code": "disregard"}
                self.submit("RecallDisclosure", recalled, case_id=office.case_id, agency=office.agency)
        self.disclose()

    def hold_and_let_go(self) -> None:
        """Each office that is given facts is given them once more: held back before they left, then let go."""
        feed, courier = PullFeed(self.backbone, self.rendering), Courier(self.backbone, self.rendering, {})
        given = list[tuple[Listed, UUID]]()
        for office in offices():
            purpose = next((Purpose(flow["purpose"]) for flow in office.flows if flow["purpose"] not in OF_ITS_OWN), None)
            if purpose is not None:
                hold_id = uuid5(office.case_id, f"{office.office}/hold")
                self._prepare_and_release(office, purpose, uuid5(hold_id, "held back"))
                self.submit("HoldDisclosure", {
                    "hold_id": hold_id, "office": office.office, "review_on": "2027-01-01", "reason": "asylum claim",
                }, case_id=office.case_id, agency=office.agency)
                given.append((office, hold_id))
        self.disclose()
        for office, _ in given:
            feed.read(office.office, office.agency, after=0, credential=1)
        self._turn(courier)
        for office, hold_id in given:
            lifted = {"hold_id": hold_id, "reason": "counsel agrees"}
            self.submit("LiftDisclosureHold", lifted, case_id=office.case_id, agency=office.agency)
        self._turn(courier)

    def _turn(self, courier: Courier) -> None:
        """What the courier finds the discloser writes, and what that writes the courier finds."""
        for _ in range(TURNS):
            courier.step()
            self.disclose()

    def _found_all(self) -> None:
        for agency, place in {office.agency: office.place for office in offices()}.items():
            for pack in PACKS.get(place, ("US", place)):
                self._adopt("AdoptPack", f"packs/{pack}.toml", agency)
            self._adopt("AdoptCalendar", f"calendars/{place}.toml", agency)
        for contracted in {(office.agency, latest_name(office.kind)) for office in offices()}:
            self._adopt("AdoptContract", f"contracts/{contracted[1]}", contracted[0])
        for office in offices():
            self.submit("ListOffice", {
                "office": office.office, "recipient_kind": office.kind, "name": f"Office {office.office}",
                **({"country": office.country} if office.country else {}), "zone": "America/Denver",
                "serves": [office.place], "channel": CHANNEL, "address": "engineer@office.example",
            }, agency=office.agency)
            self.submit("PutOfficeLive", {"office": office.office, "second_person": "counsel-1"}, agency=office.agency)
        for country in sorted({office.country for office in offices() if office.country}):
            agreement = signed(uuid5(SPACE, f"agreement with {country}"))
            assert isinstance(agreement, RecordMouStatus)
            self._command(replace(agreement, country=country), None, AGENCY)

    def _adopt(self, command: str, name: str, agency: str) -> None:
        text = (ROOT / "domain" / name).read_text(encoding="utf-8")
        self.submit(command, {"text": text, "second_person": "counsel-1"}, agency=agency)

    def _tell(self, case_id: UUID, first: Listed) -> None:
        """Everything that anybody can tell of a case."""
        consulate = first if first.country else offices()[0]
        for command in _story(consulate, with_service=first.agency == AGENCY):
            self._command(command, case_id, first.agency)
            self.tick(minutes=1)
        if first.kind == "CONS-MX":
            self.submit("RouteToOffice", {"recipient_kind": first.kind, "office": first.office}, case_id=case_id)

    def _give(self, office: Listed, purpose: Purpose) -> None:
        given = _given(office, purpose)
        if purpose is Purpose.RECALL:
            return
        if purpose is Purpose.CONSULAR_NOTICE:
            form = "nm_mexico" if office.kind == "CONS-MX" else "nm_plain"
            notice = {"notice_id": given, "office": office.office, "form": form}
            self.submit("PrepareConsularNotification", notice, case_id=office.case_id, agency=office.agency)
        else:
            for command in _permission(office, purpose):
                self._command(command, office.case_id, office.agency)
            self._prepare_and_release(office, purpose, given)
            return
        self.submit("ReleaseDisclosure", {"notice_id": given}, case_id=office.case_id, agency=office.agency)

    def _prepare_and_release(self, office: Listed, purpose: Purpose, given: UUID) -> None:
        self.submit("PrepareDisclosure", {
            "disclosure_id": given, "office": office.office, "purpose": purpose.value,
            "person_ids": list(_persons(office)), "about": ABOUT[purpose],
        }, case_id=office.case_id, agency=office.agency)
        self.submit("ReleaseDisclosure", {"notice_id": given}, case_id=office.case_id, agency=office.agency)

    def _command(self, command: Command, case_id: UUID | None, agency: str) -> None:
        data = {name: value for name, value in plain(command).items() if value is not None}
        self.submit(type(command).__name__, data, case_id=case_id, agency=agency)


def latest_name(kind: str) -> str:
    head = contract(kind)["contract"]
    return f"{head['recipient_kind'].lower()}.v{head['version']}.toml"


def _story(consulate: Listed, *, with_service: bool) -> Iterator[Command]:
    """The whole case, of a family from the consulate's country. Its services belong to an agreement of New Mexico."""
    country = consulate.country or ""
    for command in STORY:
        match command:
            case ObtainCitizenshipInformation():
                yield replace(command, persons=tuple(_from(country, person) for person in command.persons))
            case CoordinateBorderVisit():
                yield replace(command, consulate=consulate.office)
            case RequestConsularService():
                if with_service:
                    yield replace(command, office=consulate.office)
            case _:
                yield command


def _from(country: str, person: PersonOrigin) -> PersonOrigin:
    return replace(person, nationalities=(country,), birth_country=country)


def _given(office: Listed, purpose: Purpose) -> UUID:
    return uuid5(office.case_id, f"{office.office}/{purpose}")


def _on_consent(office: Listed) -> bool:
    """Some is told on the consent of whom it is about and on nothing else."""
    return any(field.get("needs") == [BasisKind.CONSENT] for flow in office.flows for field in flow.get("field", ()))


def _persons(office: Listed) -> tuple[UUID, ...]:
    return (MOTHER, CHILD) if _on_consent(office) else EVERYBODY


def _permission(office: Listed, purpose: Purpose) -> Iterator[Command]:
    """An engagement on the court's order that names everybody, or on the mother's consent."""
    consent, persons = uuid5(office.case_id, f"{office.office}/consent"), _persons(office)
    if _on_consent(office):
        yield GrantConsent(
            consent_id=consent, given_by=MOTHER, capacity=Capacity.PARENT, person_ids=persons, purposes=(purpose,),
            offices=(office.office,), language="es", text_version="consent-2026-1",
        )
    side = STANDS_FOR.get(office.kind, Side.CHILD) if office.kind in COUNSEL else None
    clients = () if side is None else (CHILD,) if side is Side.CHILD else (MOTHER,)
    yield OpenEngagement(
        engagement_id=uuid5(office.case_id, f"{office.office}/{purpose}/engagement"), office=office.office, purpose=purpose,
        person_ids=persons, basis=BasisKind.CONSENT if _on_consent(office) else BasisKind.COURT_ORDER,
        rests_on=consent if _on_consent(office) else ORDER, client_ids=clients, side=side,
    )

"""Consents are withdrawn and an agreement ends while the courier hands over: nothing starts on what has fallen (I6)."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, cast
from uuid import UUID, uuid5

import pytest

from adapters.disclosure.discloser import NotDisclosed
from domain.agency.agreements import MouStatus, MouStatusChanged
from domain.case.engagement import EngagementEnded
from domain.disclosure.events import DeliveryStopped, HandedOver, HandOverStarted
from domain.ports import Append, Appended, EventLog
from tests.disclosure_world import AGENCY, MEXICO, ROOT, SPACE, Family, World
from tests.racing_courier import handing_over
from tests.recording_channel import RecordingChannel

FAMILIES, SEEDS = 12, (1, 2, 3)
ISS, AGREEMENT = "iss.usa", uuid5(SPACE, "agreement")
pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


def founded(folder: Path, contract: str = "iss.v2") -> World:
    """New Mexico with its agreement with Mexico, and ISS under a contract."""
    world = World(folder)
    world.found(MEXICO)
    text = (ROOT / "domain" / "contracts" / f"{contract}.toml").read_text(encoding="utf-8")
    world.submit("AdoptContract", {"text": text, "second_person": "counsel-1"})
    world.submit("ListOffice", {
        "office": ISS, "recipient_kind": "ISS", "name": "ISS-USA", "zone": "America/New_York", "serves": ["NM"],
        "channel": "webhook", "address": "https://iss.example/casebridge",
    })
    world.submit("PutOfficeLive", {"office": ISS, "second_person": "counsel-1"})
    agreement(world, AGREEMENT, MouStatus.SIGNED, ["document"])
    return world


def agreement(world: World, change_id: UUID, status: MouStatus, services: list[str]) -> None:
    world.submit("RecordMouStatus", {
        "change_id": change_id, "jurisdiction": "NM", "country": "MX", "status": status.value, "services": services,
    })


def asked(world: World, family: Family, office: str, basis: dict[str, object]) -> None:
    """A document is asked of an office, on a basis, and let go."""
    def own(what: str) -> UUID:
        return uuid5(family.case_id, f"{what} {office}")

    case_id, persons = family.case_id, [family.child_id, family.mother_id]
    world.submit("OpenEngagement", {
        "engagement_id": own("engagement"), "office": office, "purpose": "document_tracing", "person_ids": persons, **basis,
    }, case_id=case_id)
    world.submit("RequestDocument", {
        "request_id": own("request"), "person_id": family.child_id, "doc_type": "birth_certificate", "source": "other",
    }, case_id=case_id)
    world.submit("PrepareDisclosure", {
        "disclosure_id": own("disclosure"), "office": office, "purpose": "document_tracing", "person_ids": persons,
        "about": own("request"),
    }, case_id=case_id)
    world.submit("ReleaseDisclosure", {"notice_id": own("disclosure")}, case_id=case_id)


def consent(world: World, family: Family) -> UUID:
    consent_id = uuid5(family.case_id, "consent")
    world.submit("GrantConsent", {
        "consent_id": consent_id, "given_by": family.mother_id, "capacity": "parent",
        "person_ids": [family.child_id, family.mother_id], "purposes": ["document_tracing"], "offices": [ISS],
        "language": "es", "text_version": "consent-2026-1",
    }, case_id=family.case_id)
    return consent_id


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_starts_after_a_consent_was_withdrawn_or_an_agreement_ended_whoever_is_quicker(
    tmp_path: Path, seed: int
) -> None:
    random, world = Random(seed), founded(tmp_path)
    families = [world.family(number) for number in range(FAMILIES)]
    for family in families:
        asked(world, family, ISS, {"basis": "consent", "rests_on": consent(world, family)})
        asked(world, family, MEXICO, {"basis": "agreement", "rests_on": AGREEMENT})
    world.disclose()
    assert len(world.feed(ISS)) == len(world.feed(MEXICO)) == FAMILIES
    random.shuffle(families)
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    with handing_over(courier):
        for place, family in enumerate(families):
            if place == FAMILIES // 2:
                agreement(world, uuid5(SPACE, "ended"), MouStatus.ENDED, [])
            world.submit("WithdrawConsent", {
                "consent_id": uuid5(family.case_id, "consent"), "withdrawn_by": family.mother_id,
            }, case_id=family.case_id)

    ended, stopped, started, agreement_ended = set[UUID](), 0, 0, False
    for row in world.log.read_log(after=0, limit=5_000):
        event = world.backbone.codec.decode(row).event
        match event:
            case EngagementEnded():
                ended.add(event.engagement_id)
            case MouStatusChanged(status=MouStatus.ENDED):
                agreement_ended = True
            case HandOverStarted():
                assert event.engagement_id not in ended, f"{row.position} starts after its consent was withdrawn"
                assert event.office != MEXICO or not agreement_ended, f"{row.position} starts after the agreement ended"
                started += 1
            case DeliveryStopped():
                stopped += 1
    assert started + stopped == 2 * FAMILIES and started == len(channel.calls)
    assert agreement_ended and AGENCY
    world.close()


class Interrupted:
    """A log before whose first append of a hand-over something else happens."""

    def __init__(self, log: EventLog, before: Callable[[], None]) -> None:
        self._log, self._before = log, [before]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, append: Append) -> Appended:
        if self._before and any(event.topic == HandOverStarted.TOPIC for event in append.events):
            self._before.pop()()
        return self._log.append(append)


def test_an_agreement_that_ends_between_the_look_and_the_append_stops_the_hand_over(tmp_path: Path) -> None:
    world = founded(tmp_path)
    asked(world, world.family(1), MEXICO, {"basis": "agreement", "rests_on": AGREEMENT})
    world.disclose()
    log = world.backbone.log

    def ends() -> None:
        world.backbone.log = log
        agreement(world, uuid5(SPACE, "ended"), MouStatus.ENDED, [])

    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    world.backbone.log = cast(EventLog, Interrupted(log, ends))
    while courier.step():
        pass
    assert channel.calls == [] and world.delivery(1, MEXICO) == [DeliveryStopped.__name__]
    world.close()


def test_what_a_receipt_of_an_office_brings_about_is_not_told_back_to_it(tmp_path: Path) -> None:
    world = founded(tmp_path)
    family = world.family(1)
    asked(world, family, ISS, {"basis": "service_contract", "citation": "contract 2026-17"})
    world.disclose()
    while world.courier(RecordingChannel(world.clock)).step():
        pass
    [*_, handed_over] = world.backbone.envelopes(f"delivery-{ISS}-1")
    prepared = uuid5(family.case_id, "second")
    world.submit("PrepareDisclosure", {
        "disclosure_id": prepared, "office": ISS, "purpose": "document_tracing",
        "person_ids": [family.child_id, family.mother_id], "about": uuid5(family.case_id, f"request {ISS}"),
    }, case_id=family.case_id)
    now = world.clock.now().isoformat()
    world.backbone.submit({
        "command": "ReleaseDisclosure", "command_id": str(uuid5(prepared, "release")), "agency": AGENCY,
        "case": str(family.case_id), "actor": {"agency": AGENCY, "role": "worker", "user": "a robot"}, "occurred_at": now,
        "data": {"notice_id": str(prepared)},
    }, principal="tests", causation_id=handed_over.circumstances.event_id)
    world.disclose()
    assert len(world.feed(ISS)) == 1 and world.discloser.not_disclosed == {NotDisclosed.CYCLE: 1}
    world.close()


def test_what_is_handed_over_comes_back_into_its_case_as_received(tmp_path: Path) -> None:
    world = founded(tmp_path)
    family = world.family(1)
    asked(world, family, ISS, {"basis": "service_contract", "citation": "contract 2026-17"})
    world.disclose()
    channel = RecordingChannel(world.clock)
    while world.courier(channel).step():
        pass
    world.receive()
    [disclosure] = world.backbone.case(family.case_id).disclosures.disclosures.values()
    assert disclosure.received is not None and disclosure.received.entry == 1
    assert world.delivery(1, ISS) == [HandOverStarted.__name__, HandedOver.__name__]
    world.close()

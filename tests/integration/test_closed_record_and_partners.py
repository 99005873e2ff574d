"""Whatever stage a disclosure is at when its record is closed, nothing more of it leaves."""
from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest

from domain.disclosure.events import DeliveryStopped
from tests.disclosure_world import AGENCY, Family, World
from tests.recording_channel import RecordingChannel
from tests.simulation.test_basis_races import ISS, asked, founded

ON_A_CONTRACT: dict[str, object] = {"basis": "service_contract", "citation": "contract 2026-17"}
BY_ORDER = {"order_ref": "JQ-9", "second_person": "counsel-1"}
CLOSINGS = {"SealRecord": "seal_id", "OrderExpunge": "expunge_id"}


def close(world: World, family: Family, command: str, **scope: Any) -> None:
    data = {CLOSINGS[command]: uuid5(family.case_id, command), **BY_ORDER, **scope}
    world.submit(command, data, case_id=family.case_id)


def refused(world: World, family: Family, command: str, data: dict[str, Any]) -> tuple[str, str | None]:
    now = world.clock.now().isoformat()
    outcome = world.backbone.submit({
        "command": command, "command_id": str(uuid5(family.case_id, f"tried {command}")), "agency": AGENCY,
        "case": str(family.case_id), "actor": {"agency": AGENCY, "role": "worker", "user": "caseworker-1"},
        "occurred_at": now, "data": data,
    }, principal="tests")
    return outcome.status, outcome.rule


@pytest.mark.parametrize("command", CLOSINGS)
@pytest.mark.parametrize("named", [False, True], ids=["everybody", "the mother alone"])
@pytest.mark.parametrize("stage", ["released", "in the feed", "handed over"])
def test_what_was_let_go_stays_where_it_is_when_the_record_is_closed(
    tmp_path: Path, command: str, named: bool, stage: str
) -> None:
    world = founded(tmp_path)
    family, other = world.family(1), world.family(2)
    for one in (family, other):
        asked(world, one, ISS, ON_A_CONTRACT)
    channel = RecordingChannel(world.clock)
    if stage != "released":
        world.disclose()
    courier = world.courier(channel)
    if stage == "handed over":
        while courier.step():
            pass
        world.receive()
        assert len(channel.calls) == 2
    close(world, family, command, **({"person_ids": [family.mother_id]} if named else {}))
    before = len(channel.calls)
    world.disclose()
    for _ in range(3):
        world.tick(hours=12)
        while courier.step():
            pass
        world.disclose()
    given = [call.content for call in channel.calls[before:]]
    assert not any("Íñigo 1".encode() in content for content in given)
    if stage == "handed over":
        asks_to_erase = command == "OrderExpunge"
        assert len(given) == asks_to_erase, "of what it has, the office is asked to erase it, and told nothing"
    else:
        assert any("Íñigo 2".encode() in content for content in given), "the other family's went"
    if stage == "in the feed":
        assert world.delivery(1, ISS) == [DeliveryStopped.__name__]
    world.close()


@pytest.mark.parametrize("command", CLOSINGS)
def test_of_a_closed_record_nothing_is_prepared_or_let_go_and_no_office_is_let_in(tmp_path: Path, command: str) -> None:
    world = founded(tmp_path)
    family = world.family(1)
    case_id, persons = family.case_id, [str(family.child_id), str(family.mother_id)]
    engagement = {
        "engagement_id": str(uuid5(case_id, "first")), "office": ISS, "purpose": "document_tracing", "person_ids": persons,
        **ON_A_CONTRACT,
    }
    world.submit("OpenEngagement", engagement, case_id=case_id)
    request = str(uuid5(case_id, "request"))
    world.submit("RequestDocument", {
        "request_id": request, "person_id": family.child_id, "doc_type": "birth_certificate", "source": "other",
    }, case_id=case_id)
    disclosure = {
        "disclosure_id": str(uuid5(case_id, "one")), "office": ISS, "purpose": "document_tracing", "person_ids": persons,
        "about": request,
    }
    world.submit("PrepareDisclosure", disclosure, case_id=case_id)
    close(world, family, command)
    tried: list[tuple[str, dict[str, Any]]] = [
        ("ReleaseDisclosure", {"notice_id": disclosure["disclosure_id"]}),
        ("PrepareDisclosure", {**disclosure, "disclosure_id": str(uuid5(case_id, "two"))}),
        ("OpenEngagement", {**engagement, "engagement_id": str(uuid5(case_id, "second"))}),
        ("PrepareConsularNotification", {
            "notice_id": str(uuid5(case_id, "notice")), "office": "cons-mx.el-paso", "form": "nm_mexico",
        }),
    ]
    answers = {name: refused(world, family, name, data) for name, data in tried}
    assert {name for name, (status, _) in answers.items() if status != "refused"} == set(), answers
    world.disclose()
    assert world.feed(ISS) == []
    world.close()

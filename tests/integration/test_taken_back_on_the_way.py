"""What was taken back after an entry was written does not leave: on no channel, and not to whoever reads it again."""
from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid5

import pytest

from adapters.disclosure import discloser
from adapters.reading.not_left import UNREAD, not_left
from domain.disclosure.events import Disclosed
from tests.disclosure_world import MEXICO, ROOT, Family, World
from tests.integration.test_pull_feed import served
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood

NEWEST = (ROOT / "domain" / "contracts" / "cons-mx.v3.toml").read_text(encoding="utf-8")


def written(world: World) -> Family:
    """A notice that is in the feed, and that nobody has handed over."""
    family = world.family(1)
    world.release(family)
    world.disclose()
    assert len(world.feed()) == 1 and world.delivery(1) == []
    return family


def of_the_wrong_aunt(world: World, family: Family) -> None:
    added = world.backbone.case(family.case_id).intake.people[family.aunt_id].event_id
    world.submit("WithdrawMislink", {
        "withdrawal_id": uuid5(family.case_id, "withdrawal"), "event_id": added, "evidence": "another woman of that name",
    }, case_id=family.case_id)


def narrower(path: str = "relative.name", *, version: int = 4) -> str:
    """The contract without one field of the notice."""
    field = NEWEST.rindex("  [[flow.field]]", 0, NEWEST.index(f'path = "{path}"'))
    text = NEWEST[:field] + NEWEST[NEWEST.index("  [[flow.field]]", field + 5):]
    return text.replace("version = 3", f"version = {version}", 1)


def why(world: World, family: Family) -> list[str]:
    opened = SimpleNamespace(
        log=world.log, codec=world.backbone.codec, backbone=world.backbone, rendering=lambda: world.rendering,
        clock=world.clock,
    )
    return [one.because for one in not_left(cast(Any, opened), family.case_id)]


def test_what_was_recorded_of_the_wrong_person_does_not_leave_though_its_entry_was_written(world: World) -> None:
    family, channel = written(world), RecordingChannel(world.clock)
    of_the_wrong_aunt(world, family)
    world.courier(channel).step()
    assert channel.calls == [] and world.delivery(1) == ["DeliveryStopped"]
    assert world.backbone.case(family.case_id).obligations.open_duties("CONS-MX"), "what is owed stays owed"


def test_what_did_not_leave_so_is_prepared_again_without_it(world: World) -> None:
    family, channel = written(world), RecordingChannel(world.clock)
    adopt(world, narrower())
    courier = world.courier(channel)
    courier.step()
    assert channel.calls == [] and "a narrower contract was adopted: prepare it again" in why(world, family)[0]
    again = uuid5(family.notice_id, "again")
    world.submit("PrepareConsularNotification", {
        "notice_id": again, "office": MEXICO, "form": "nm_mexico",
    }, case_id=family.case_id)
    world.submit("ReleaseDisclosure", {"notice_id": again}, case_id=family.case_id)
    world.disclose()
    courier.step()
    [parcel], told = channel.calls, world.feed()[-1].event
    assert parcel.number == 2 and isinstance(told, Disclosed)
    assert "relative.name" not in {field.path for field in told.fields} and why(world, family) == []


def test_a_text_that_names_as_much_stops_nothing_and_one_without_the_flow_stops_all(world: World) -> None:
    written(world)
    channel = RecordingChannel(world.clock, lambda count, _: Mood.ACCEPT if count > 1 else 500)
    courier = world.courier(channel)
    adopt(world, NEWEST.replace("version = 3", "version = 4", 1))
    courier.step()
    assert world.delivery(1) == ["HandOverStarted", "HandOverFailed"]
    flow = NEWEST.index("[[flow]]")
    adopt(world, (NEWEST[:flow] + NEWEST[NEWEST.index("[[flow]]", flow + 5):]).replace("version = 3", "version = 5", 1))
    world.tick(minutes=10)
    courier.step()
    assert world.delivery(1)[-1] == "DeliveryStopped" and channel.taken == []


def test_a_reader_gets_no_content_of_what_was_taken_back_and_gets_its_disregard_again(tmp_path: Any) -> None:
    world = World(tmp_path, channels={MEXICO: "pull"})
    world.found(MEXICO)
    family = written(world)

    def types(after: int = 0) -> list[str]:
        with served(world) as office:
            return [e["type"].rpartition(".")[2] for e in json.loads(office.get(f"?after={after}").data)]

    assert types() == ["ConsularNotice"] and types(1) == []
    world.receive()
    of_the_wrong_aunt(world, family)
    world.recall(family)
    world.disclose()
    assert types(1) == ["Disregard"] and types(2) == []
    world.receive()
    assert types() == ["Placeholder", "Disregard"], "whoever reads from the start learns what to disregard, and no more"
    world.close()


@pytest.mark.parametrize(("landmarks", "stages"), [
    ("junto al molino", ["DeliveryStopped"]), (None, ["HandOverStarted", "HandedOver"]),
])
def test_an_entry_of_an_earlier_version_does_not_leave_with_landmarks_that_no_contract_names(
    world: World, monkeypatch: pytest.MonkeyPatch, landmarks: str | None, stages: list[str]
) -> None:
    """Its renderer tells them with the address, unnamed."""
    family, channel = world.family(1), RecordingChannel(world.clock)
    home = {"country": "MX", "street": "Calle Sur", "colonia": "El Molino", "landmarks": landmarks}
    world.submit("AddParty", {
        "party_id": uuid5(family.case_id, "father"), "role": "father", "child_ids": [family.child_id], "address": home,
        "name": {"given_names": "Anselmo", "surnames": "Peña"},
    }, case_id=family.case_id)
    world.release(family)
    with monkeypatch.context() as earlier:
        earlier.setattr(discloser, "laid_out_by", lambda _: "notice.v1")
        world.disclose()
    told = world.feed()[0].event
    assert isinstance(told, Disclosed) and told.renderer == "notice.v1" and "parent.address" in {f.path for f in told.fields}
    world.courier(channel).step()
    assert world.delivery(1) == stages and not any("molino" in str(parcel) for parcel in channel.calls)


def test_what_nobody_has_shown_to_have_read_for_a_week_is_told_another_way(world: World) -> None:
    family = written(world)
    channel = RecordingChannel(world.clock, lambda *_: Mood.ACCEPT_AND_HANG_UP)
    world.courier(channel).step()
    world.tick(days=6)
    assert why(world, family) == []
    world.tick(days=2)
    assert why(world, family) == [UNREAD]


def adopt(world: World, text: str) -> None:
    world.submit("AdoptContract", {"text": text, "second_person": "counsel-1"})

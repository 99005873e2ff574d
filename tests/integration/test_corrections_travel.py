"""A correction on its way: what the case says was given is what the feed names, and the recall goes out by itself."""
from __future__ import annotations

from uuid import UUID, uuid5

from domain.case.corrections import Owed, OwedBecause, Owes
from domain.case.given import fields_given, given
from domain.case.particulars import FactSuperseded
from domain.case.recalls import is_recalled
from domain.disclosure.events import Disclosed, Withdrawn
from domain.personal import Known
from tests.disclosure_world import AGENCY, MEXICO, Family, World
from tests.recording_channel import RecordingChannel


def deliver(world: World, channel: RecordingChannel) -> None:
    world.disclose()
    world.tick(minutes=1)
    world.courier(channel).step()
    world.receive()


def correct_birth_date(world: World, family: Family) -> UUID:
    case = world.backbone.case(family.case_id)
    world.submit("CorrectFact", {
        "correction_id": uuid5(family.case_id, "birth date"), "person_id": family.child_id,
        "replaces_event_id": case.intake.people[family.child_id].event_id, "birth_date": "2016-03-09",
        "evidence": "birth certificate",
    }, case_id=family.case_id)
    [owed] = world.backbone.case(family.case_id).corrections.owed.values()
    return owed.owed.correction_id


def test_what_the_case_says_was_given_is_what_the_entry_names(world: World) -> None:
    family = world.family(1)
    world.release(family)
    deliver(world, RecordingChannel(world.clock))
    case, agency = world.backbone.case(family.case_id), world.backbone.agency(AGENCY)
    [one] = given(case)
    entry = world.feed()[0].event
    assert isinstance(entry, Disclosed) and entry.fields
    assert fields_given(case, agency, one) == entry.fields


def test_a_corrected_notice_goes_out_under_a_number_of_its_own_after_the_recall_of_the_first(world: World) -> None:
    family, channel = world.family(1), RecordingChannel(world.clock)
    world.release(family)
    deliver(world, channel)
    correction_id, again = correct_birth_date(world, family), uuid5(family.notice_id, "again")
    world.submit("PrepareCorrection", {"correction_id": correction_id, "disclosure_id": again}, case_id=family.case_id)
    deliver(world, channel)
    [owed] = world.backbone.case(family.case_id).corrections.owed.values()
    assert owed.is_open, "the office knows that it was wrong, and not yet what is right"
    world.submit("ReleaseDisclosure", {"notice_id": again}, case_id=family.case_id)
    deliver(world, channel)

    first, recall, second = (envelope.event for envelope in world.feed())
    assert isinstance(first, Disclosed) and isinstance(second, Disclosed)
    assert isinstance(recall, Withdrawn) and recall.withdraws == first.number
    wrong, right = (
        {field.event_id for field in entry.fields if field.path == "child.birth_date"} for entry in (first, second)
    )
    assert wrong and right and not wrong & right
    assert channel.numbers == [1, 2, 3]
    [owed] = world.backbone.case(family.case_id).corrections.owed.values()
    assert not owed.is_open


def test_a_recall_that_a_person_asked_for_is_owed_for_as_long_as_its_office_is_suspended(world: World) -> None:
    family, channel = world.family(1), RecordingChannel(world.clock)
    world.release(family)
    deliver(world, channel)

    def owed() -> Owed:
        [one] = world.backbone.case(family.case_id).corrections.owed.values()
        return one

    world.submit("SuspendOffice", {"office": MEXICO, "reason": "a breach there"})
    world.recall(family)
    deliver(world, channel)
    assert channel.numbers == [1], "the recall waits like everything else"
    one = owed().owed
    assert owed().is_open and (one.office, one.owes, one.because) == (MEXICO, Owes.RECALL, OwedBecause.RECALLED)
    world.recall(family)
    assert owed().owed == one
    world.submit("PutOfficeLive", {"office": MEXICO, "second_person": "counsel-1"})
    deliver(world, channel)
    assert channel.numbers == [1, 2] and not owed().is_open


def test_a_move_is_told_under_a_number_of_its_own_and_nothing_is_withdrawn(world: World) -> None:
    family, channel = world.family(1), RecordingChannel(world.clock)

    def move(street: str) -> None:
        world.submit("SupersedeFact", {
            "change_id": uuid5(family.case_id, street), "person_id": family.mother_id,
            "address": {"country": "MX", "street": street, **dict.fromkeys(
                ("number", "colonia", "municipality", "city", "region", "postal_code", "landmarks")
            )},
        }, case_id=family.case_id)

    move("Calle Una")
    world.release(family)
    deliver(world, channel)
    move("Calle Dos")
    [owed] = world.backbone.case(family.case_id).corrections.owed.values()
    again = uuid5(family.notice_id, "again")
    wish = {"correction_id": owed.owed.correction_id, "disclosure_id": again}
    world.submit("PrepareCorrection", wish, case_id=family.case_id)
    deliver(world, channel)
    assert channel.numbers == [1], "it waits for a person"
    move("Calle Tres")
    world.submit("ReleaseDisclosure", {"notice_id": again}, case_id=family.case_id)
    deliver(world, channel)

    first, second = (envelope.event for envelope in world.feed())
    assert isinstance(first, Disclosed) and isinstance(second, Disclosed) and channel.numbers == [1, 2]
    case = world.backbone.case(family.case_id)
    homes = [field.event_id for entry in (first, second) for field in entry.fields if field.path == "parent.address"]
    told = [case.mislinks.history[event_id][2] for event_id in homes]
    assert [each.address.value.street for each in told if isinstance(each, FactSuperseded)
            and isinstance(each.address, Known)] == ["Calle Una", "Calle Tres"]
    [owed] = case.corrections.owed.values()
    assert not owed.is_open and not is_recalled(case, family.notice_id)

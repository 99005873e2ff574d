"""A detained parent is searched for, located, moved and released; a search that finds nobody is no release."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.reading.timeline import lines
from domain.case.detainee import Detainee, DetentionStage
from domain.case.detention import (
    ANumberObtained,
    DesignateDetentionContact,
    DetaineeLocatorSearched,
    DetaineeTransferred,
    DetentionContactDesignated,
    DetentionEnd,
    DetentionEnded,
    DetentionFacilityContacted,
    DetentionWarning,
    EndDetention,
    IceDetaineeLocated,
    LocatedBy,
    LocateDetainee,
    LocatorResult,
    ObtainANumber,
    ParentReportedDetained,
    RecordDetaineeTransfer,
    RecordFacilityContact,
    RecordLocatorSearch,
    ReportParentDetained,
)
from domain.personal import UNKNOWN, Known
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER
from tests.unit.places import case_in

report = ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="a neighbour")
number = ObtainANumber(party_id=MOTHER, a_number="A1234567", source="the mother's papers")
search = RecordLocatorSearch(search_id=an_id("search"), party_id=MOTHER, result=LocatorResult.NO_MATCH)
locate = LocateDetainee(
    location_id=an_id("location"), party_id=MOTHER, facility="Otero", facility_id="OTERO-1", method=LocatedBy.ODLS
)
transfer = RecordDetaineeTransfer(transfer_id=an_id("transfer"), party_id=MOTHER, from_facility="Otero")
ended = EndDetention(end_id=an_id("end"), party_id=MOTHER, outcome=DetentionEnd.RELEASED)
contact = RecordFacilityContact(contact_id=an_id("contact"), party_id=MOTHER, facility="Otero", purpose="is she there")
person_there = DesignateDetentionContact(
    designation_id=an_id("designation"), party_id=MOTHER, facility="Otero", contact_ref="the chaplain"
)
family = case_in("NYC").given(*FAMILY)
reported = family.given(report)
searching = reported.given(number, search)
located = searching.given(locate)


def mother(scenario: Scenario) -> Detainee:
    return scenario.case.detention.detainees[MOTHER]


def test_every_command_is_recorded_once() -> None:
    family.when(report).then(ParentReportedDetained)
    reported.when(number).then(ANumberObtained)
    reported.given(number).when(search).then(DetaineeLocatorSearched)
    searching.when(locate).then(IceDetaineeLocated)
    located.when(transfer).then(DetaineeTransferred)
    reported.when(contact).then(DetentionFacilityContacted)
    located.when(person_there).then(DetentionContactDesignated)
    located.when(ended).then(DetentionEnded)


def test_the_stages_follow_each_other() -> None:
    stages = [mother(reported).stage, mother(searching).stage, mother(located).stage]
    in_contact = located.given(person_there)
    moved = in_contact.given(transfer)
    again = moved.given(replace(search, search_id=an_id("search again")))
    stages += [mother(s).stage for s in (in_contact, moved, again, again.given(ended))]
    assert stages == [
        DetentionStage.REPORTED, DetentionStage.SEARCHING, DetentionStage.LOCATED, DetentionStage.IN_CONTACT,
        DetentionStage.TRANSFERRED, DetentionStage.SEARCHING, DetentionStage.RELEASED,
    ]


@pytest.mark.parametrize(("outcome", "stage"), [
    (DetentionEnd.RELEASED, DetentionStage.RELEASED), (DetentionEnd.REMOVED, DetentionStage.REMOVED),
    (DetentionEnd.UNKNOWN, DetentionStage.ENDED),
])
def test_how_it_ended_may_be_unknown(outcome: DetentionEnd, stage: DetentionStage) -> None:
    assert mother(located.given(replace(ended, outcome=outcome))).stage is stage


def test_a_parent_may_be_detained_a_second_time() -> None:
    again = located.given(ended, replace(report, report_id=an_id("report again")))
    assert mother(again).stage is DetentionStage.REPORTED


def test_not_found_is_not_not_detained() -> None:
    assert mother(searching).stage is DetentionStage.SEARCHING
    recheck = replace(search, search_id=an_id("re-check"))
    after = located.given(recheck)
    assert mother(after).stage is DetentionStage.LOCATED and mother(after).whereabouts == Known("Otero")


def test_after_a_move_to_an_unknown_place_nobody_knows_where_the_parent_is() -> None:
    assert mother(located.given(transfer)).whereabouts is UNKNOWN
    assert mother(located.given(replace(transfer, to_facility="Torrance"))).whereabouts == Known("Torrance")
    assert mother(located.given(ended)).whereabouts is UNKNOWN


def test_a_place_older_than_a_later_transfer_is_recorded_with_a_warning_and_moves_nothing() -> None:
    moved = located.given(replace(transfer, to_facility="Torrance"))
    late = replace(locate, location_id=an_id("late location"), facility="Cibola", facility_id="CIBOLA-1")
    outcome = moved.when(late, at=moved.at, occurred_at=moved.at - timedelta(hours=1))
    assert outcome.the(IceDetaineeLocated)[0].warnings == (DetentionWarning.MOVED_SINCE,)
    assert mother(outcome.scenario()).whereabouts == Known("Torrance")
    assert mother(outcome.scenario()).stage is DetentionStage.TRANSFERRED


def test_a_release_while_a_later_locate_exists_is_recorded_with_a_warning_and_ends_nothing() -> None:
    outcome = located.when(ended, at=located.at, occurred_at=located.at - timedelta(hours=1))
    outcome.then(DetentionEnded)
    assert outcome.the(DetentionEnded)[0].warnings == (DetentionWarning.LOCATED_SINCE,)
    assert mother(outcome.scenario()).stage is DetentionStage.LOCATED
    assert located.when(ended).the(DetentionEnded)[0].warnings == ()


def test_the_order_of_arrival_does_not_matter() -> None:
    day = timedelta(days=1)
    facts = [(locate, NOON + day), (transfer, NOON + 2 * day), (ended, NOON + 3 * day)]
    now = NOON + 9 * day
    found = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        scenario = reported
        for index in order:
            command, occurred = facts[index]
            scenario = scenario.when(command, at=now, occurred_at=occurred).scenario()
        found.add((mother(scenario).stage, mother(scenario).whereabouts))
    assert found == {(DetentionStage.RELEASED, UNKNOWN)}


def test_a_facility_name_without_its_id_is_recorded_with_a_warning() -> None:
    [told] = searching.when(replace(locate, facility_id=None)).the(IceDetaineeLocated)
    assert told.warnings == (DetentionWarning.FACILITY_WITHOUT_ID,)
    assert searching.when(locate).the(IceDetaineeLocated)[0].warnings == ()


def test_a_transfer_to_where_the_parent_was_is_refused() -> None:
    located.when(replace(transfer, to_facility="Otero")).then_refused(rule="P04", field="to_facility")


def test_a_number_of_another_family_member_is_refused() -> None:
    both = reported.given(number, replace(report, report_id=an_id("father's report"), party_id=FATHER))
    both.when(replace(number, party_id=FATHER)).then_refused(rule="US-DETAIN-ANUM", field="a_number")


@pytest.mark.parametrize("digits", ["123456", "A1234567890", "B1234567", "A12 345 67", ""])
def test_a_number_with_a_wrong_count_of_digits_is_refused(digits: str) -> None:
    reported.when(replace(number, a_number=digits)).then_refused(rule="US-DETAIN-ANUM", field="a_number")


def test_a_number_is_padded_to_nine_digits() -> None:
    assert mother(reported.given(number)).a_number.value == Known("001234567")


def test_a_child_is_neither_searched_for_nor_located() -> None:
    for command in (replace(search, party_id=CHILD), replace(locate, party_id=CHILD), replace(report, party_id=CHILD)):
        reported.when(command).then_refused(rule="P04", field="party_id")


def test_nobody_is_located_moved_or_released_who_was_not_reported() -> None:
    for command in (locate, transfer, ended, contact, person_there, search):
        family.when(command).then_refused(rule="P04", field="party_id")


def test_a_search_without_a_number_is_refused() -> None:
    reported.when(search).then_refused(rule="US-DETAIN-ANUM", field="party_id")


def test_the_same_id_with_another_place_is_a_contradiction() -> None:
    located.when(replace(locate, facility="Torrance")).then_refused(rule="IDEMPOTENCE", field="facility")


def test_it_reads_as_sentences() -> None:
    all_of_it = located.given(contact, person_there, transfer, ended)
    said = [line.text for line in lines(all_of_it.envelopes)][-5:]
    assert said == [
        "X Zúñiga Ochoa in Otero", "Otero about X Zúñiga Ochoa, is she there: (not known)",
        "the chaplain in Otero for X Zúñiga Ochoa", "X Zúñiga Ochoa from Otero to (not known)",
        "X Zúñiga Ochoa: released",
    ]

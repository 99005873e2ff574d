"""An unaccompanied minor is received, talked over, verified by a consulate that answered, placed or sent to a sponsor."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.agency.agreements import ConsularService
from domain.case.consular import InformImmigrationUnit
from domain.case.consular_service import AnswerConsularService, RequestConsularService, ServiceOutcome
from domain.case.custody import EndCustody
from domain.case.intake import AddChild, AddParty
from domain.case.placement import ArrangeTravel, PlaceChild, TravelArranged, TravelPurpose
from domain.case.unaccompanied import (
    IdentityResult,
    IdentityVerifiedByConsulate,
    MinorStage,
    ReceivedBecause,
    ReceivedFrom,
    ReceiveUnaccompaniedMinor,
    ReceptionWarning,
    RecordIdentityVerification,
    StaffUnaccompaniedMinor,
    UnaccompaniedMinorReceived,
    UnaccompaniedMinorStaffed,
    stage_of,
    years_on,
)
from domain.people import Role
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import (
    AUNT,
    CHILD,
    EPISODE,
    MOTHER,
    add_child,
    add_mother,
    add_sibling,
    from_country,
    obtain,
    open_case,
    take_child,
)
from tests.unit.places import case_in

SPONSOR = an_id("sponsor")
RECEPTION = an_id("reception")
add_sponsor = AddParty(party_id=SPONSOR, role=Role.SPONSOR, child_ids=(CHILD,))
receive = ReceiveUnaccompaniedMinor(
    reception_id=RECEPTION, child_id=CHILD, received_from=ReceivedFrom.ORR, reason=ReceivedBecause.SPONSOR_BREAKDOWN
)
family = Scenario().given(open_case, add_child, add_sibling, add_mother, add_sponsor)
foreign = family.given(obtain(from_country(CHILD, "GT")))
received = foreign.given(receive)
staffing = StaffUnaccompaniedMinor(staffing_id=an_id("staffing"), child_id=CHILD, in_proceedings=True, has_attorney=False)
ask = RequestConsularService(
    request_id=an_id("identity"), office="cons-gt.denver", child_ids=(CHILD,), service=ConsularService.IDENTITY_CHECK
)
answer = AnswerConsularService(answer_id=an_id("answer"), request_id=ask.request_id, outcome=ServiceOutcome.DONE)
verify = RecordIdentityVerification(
    verification_id=an_id("verification"), subject_id=CHILD, request_id=ask.request_id, result=IdentityResult.CONFIRMED
)
travel = ArrangeTravel(
    travel_id=an_id("travel"), child_id=CHILD, purpose=TravelPurpose.SPONSOR, serves_id=RECEPTION,
    travels_on=date(2026, 9, 1), to_party_id=SPONSOR,
)


def test_a_minor_without_a_parent_in_custody_is_received() -> None:
    outcome = foreign.when(receive).then(UnaccompaniedMinorReceived)
    assert outcome.the(UnaccompaniedMinorReceived)[0].warnings == ()


def test_the_minor_goes_through_the_stages() -> None:
    informed = received.given(InformImmigrationUnit(child_ids=(CHILD,), unit="Unit"))
    staffed = informed.when(staffing).then(UnaccompaniedMinorStaffed).scenario()
    verified = staffed.given(ask, answer).when(verify).then(IdentityVerifiedByConsulate).scenario()
    sent = verified.when(travel).then(TravelArranged).scenario()
    assert [stage_of(s.case, RECEPTION) for s in (received, informed, staffed, verified, sent)] == [
        MinorStage.RECEIVED, MinorStage.NOTIFIED, MinorStage.STAFFED, MinorStage.VERIFIED, MinorStage.SENT_TO_SPONSOR
    ]
    placed = staffed.given(PlaceChild(placement_id=an_id("p"), child_id=CHILD, carer_id=SPONSOR))
    assert stage_of(placed.case, RECEPTION) is MinorStage.PLACED


def born(day: date, *, is_estimate: bool = False) -> Scenario:
    child = AddChild(child_id=CHILD, birth_date=day, birth_date_is_estimate=is_estimate)
    return Scenario().given(open_case, child, obtain(from_country(CHILD, "GT")))


def test_who_is_of_age_on_that_day_is_no_minor() -> None:
    born(date(2008, 8, 13)).when(receive).then_refused(rule="P15", field="child_id")
    born(date(2008, 8, 14)).when(receive).then(UnaccompaniedMinorReceived)


def test_the_day_is_that_of_the_agency_and_not_of_greenwich() -> None:
    evening = NOON + timedelta(hours=16)  # 22:00 in New Mexico, the next day in UTC
    born(date(2008, 8, 14)).when(receive, at=evening).then(UnaccompaniedMinorReceived)


def test_an_estimated_or_unknown_birth_date_warns_and_does_not_refuse() -> None:
    [event] = born(date(2005, 1, 1), is_estimate=True).when(receive).then(UnaccompaniedMinorReceived).the(
        UnaccompaniedMinorReceived
    )
    assert event.warnings == (ReceptionWarning.MAY_BE_OF_AGE,)
    unknown = Scenario().given(open_case, AddChild(child_id=CHILD))
    [event] = unknown.when(receive).the(UnaccompaniedMinorReceived)
    assert event.warnings == (ReceptionWarning.AGE_UNKNOWN, ReceptionWarning.CITIZENSHIP_UNKNOWN)


@pytest.mark.parametrize(("birth", "day", "years"), [
    (date(2008, 2, 29), date(2026, 2, 28), 17), (date(2008, 2, 29), date(2026, 3, 1), 18),
    (date(2008, 8, 13), date(2026, 8, 12), 17),
])
def test_years_are_whole_years(birth: date, day: date, years: int) -> None:
    assert years_on(birth, day) == years


def test_a_child_whose_parent_has_custody_is_not_unaccompanied() -> None:
    placed = foreign.given(PlaceChild(placement_id=an_id("p"), child_id=CHILD, carer_id=MOTHER))
    placed.when(receive).then_refused(rule="P15", field="child_id")
    given_back = foreign.given(take_child, EndCustody(child_id=CHILD, episode_id=EPISODE, to_party_id=MOTHER))
    given_back.when(receive).then_refused(rule="P15", field="child_id")


def test_a_parent_who_is_only_in_the_case_has_not_custody() -> None:
    foreign.given(take_child).when(receive).then(UnaccompaniedMinorReceived)


def test_a_us_citizen_is_not_received_so() -> None:
    family.given(obtain(from_country(CHILD, "US"))).when(receive).then_refused(rule="P15", field="child_id")


def test_where_the_source_is_silent_it_is_recorded_with_a_warning() -> None:
    here = case_in("SCC").given(open_case, add_child, obtain(from_country(CHILD, "GT")))
    assert here.when(receive).the(UnaccompaniedMinorReceived)[0].warnings == (ReceptionWarning.NO_RULE_HERE,)


def test_whoever_is_alleged_to_have_harmed_the_minor_is_no_sponsor() -> None:
    harmed = foreign.given(replace(receive, alleged_abuser_id=SPONSOR))
    harmed.when(travel).then_refused(rule="P15", field="to_party_id")


def test_a_journey_to_a_sponsor_names_sponsor_and_reception() -> None:
    received.when(replace(travel, to_party_id=None)).then_refused(rule="P15", field="to_party_id")
    foreign.when(travel).then_refused(rule="P15", field="serves_id")
    received.when(replace(travel, to_party_id=AUNT)).then_refused(rule="P01", field="to_party_id")


def test_a_consulates_silence_verifies_nobody() -> None:
    received.when(verify).then_refused(rule="NM-UC-VERIFY", field="request_id")
    received.given(ask).when(verify).then_refused(rule="P15", field="request_id")
    unable = received.given(ask, replace(answer, outcome=ServiceOutcome.UNABLE))
    unable.when(verify).then_refused(rule="P15", field="request_id")
    other = replace(ask, service=ConsularService.BIRTH_CERTIFICATE)
    received.given(other, answer).when(verify).then_refused(rule="NM-UC-VERIFY", field="request_id")


def test_a_parent_and_a_sponsor_may_be_verified_too() -> None:
    answered = received.given(ask, answer)
    for subject in (MOTHER, SPONSOR):
        answered.when(replace(verify, subject_id=subject)).then(IdentityVerifiedByConsulate)


def test_a_staffing_is_about_a_received_minor() -> None:
    foreign.when(staffing).then_refused(rule="OR-UC-STAFFING", field="child_id")

"""What is hoped for from others: an acknowledgement and an answer to each request; no answer is not an answer."""
from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.reading.sentences_desks import ASKED_FOR
from adapters.reading.timeline import lines
from domain.agency.agreements import ConsularService
from domain.agency.settings import SetWaitingTime
from domain.case.asking import ASKINGS
from domain.case.consular_service import AnswerConsularService, RecordAcknowledgement, RequestConsularService, ServiceOutcome
from domain.case.court import ScheduleHearing
from domain.case.detainee import OVER
from domain.case.detention import (
    LocatedBy,
    LocateDetainee,
    LocatorResult,
    ObtainANumber,
    RecordLocatorSearch,
    ReportParentDetained,
)
from domain.case.documents import (
    DocumentKind,
    DocumentSource,
    RecordDocumentUnobtainable,
    RequestDocument,
)
from domain.case.expectations import Awaited, Expectation, expectations_of, open_requests
from domain.case.intake import CloseCase, Outcome
from domain.case.kin import RecordHomeStudyFailure, RequestDifHomeStudy, RequestHomeStudy, StudyFailure
from domain.case.next_routes import next_routes
from domain.case.participation import ContactParentalInterestCoordinator, CoordinatorField, CoordinatorPurpose
from domain.case.requests import NeededByDateSet, NeededFor, SetNeededByDate
from domain.case.service import AttemptResult, ProveService, RecordServiceAttempt, RequestServiceOfProcess, Route
from domain.case.state import EVOLVES, fold
from domain.case.trafficking import LetterKind, ReceiveOtipLetter, SubmitOtipReferral
from domain.case.unaccompanied import IdentityResult, RecordIdentityVerification
from domain.requests import PROCESS_OF, AskedFor
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import address, family, family_in
from tests.unit.desks import with_settings
from tests.unit.people import AUNT, CHILD, FAMILY, FATHER, MOTHER, from_country, obtain, take_child
from tests.unit.places import case_in

DAY = timedelta(days=1)
NOT_REQUESTS = {
    "CourtesyHomeEvaluationRequestedByDif": "it came from DIF: others wait for the agency",
    "RequestFromAbroadReceived": "it came from abroad: others wait for the agency",
    "RepatriationToUsRequested": "it came from abroad: others wait for the agency",
    "DetentionFacilityContacted": "what came of the contact stands in the event itself",
}
ask = RequestConsularService(
    request_id=an_id("service"), office="cons-mx.el-paso", child_ids=(CHILD,), service=ConsularService.BIRTH_CERTIFICATE
)
acknowledge = RecordAcknowledgement(
    acknowledgement_id=an_id("ack"), request_id=ask.request_id, partner="cons-mx.el-paso"
)
answer = AnswerConsularService(answer_id=an_id("answer"), request_id=ask.request_id, outcome=ServiceOutcome.DONE)
hearing = ScheduleHearing(
    hearing_id=an_id("hearing"), child_ids=(CHILD,), scheduled_for=datetime(2026, 9, 1, 9, tzinfo=UTC), kind="review"
)
needed = SetNeededByDate(
    setting_id=an_id("setting"), request_id=ask.request_id, needed_by=hearing.scheduled_for, needed_for=NeededFor.HEARING,
    for_id=hearing.hearing_id,
)
asked = family.given(ask)


def of(scenario: Scenario, now: datetime | None = None) -> list[Expectation]:
    return expectations_of(scenario.case, scenario.standing, now or scenario.at)


def waiting(scenario: Scenario) -> list[Awaited]:
    return [item.awaited for item in of(scenario) if item.is_open]


def routes(scenario: Scenario) -> list[str]:
    [open_one] = open_requests(of(scenario))
    return [route.words for route in next_routes(scenario.case, scenario.standing, open_one[0].request, scenario.at)]


def test_a_request_awaits_an_acknowledgement_and_an_answer() -> None:
    assert waiting(asked) == [Awaited.ACKNOWLEDGEMENT, Awaited.ANSWER]
    assert waiting(asked.given(acknowledge)) == [Awaited.ANSWER]
    assert waiting(asked.given(answer)) == [], "who answers has taken note"
    assert [item.came_at for item in of(asked.given(answer))] == [NOON + timedelta(hours=8)] * 2


def test_without_an_interval_of_the_agency_nothing_is_ever_overdue() -> None:
    assert not any(item.is_overdue(NOON + 900 * DAY) for item in of(asked))
    assert {item.ask_again_at for item in of(asked)} == {None}


def test_with_an_interval_it_is_overdue_after_it_and_not_at_it() -> None:
    set_ = SetWaitingTime(asked_for=AskedFor.CONSULAR_SERVICE, acknowledgement_hours=48, answer_hours=240)
    note, reply = of(with_settings(asked, set_))
    assert note.ask_again_at == asked.at + 2 * DAY and reply.ask_again_at == asked.at + 10 * DAY
    assert (note.is_overdue(asked.at + 2 * DAY), note.is_overdue(asked.at + 3 * DAY)) == (False, True)
    assert not reply.is_overdue(asked.at + 3 * DAY)
    taken_back = with_settings(asked, set_, SetWaitingTime(asked_for=AskedFor.CONSULAR_SERVICE))
    assert {item.ask_again_at for item in of(taken_back)} == {None}


def test_a_reply_may_be_needed_by_a_hearing() -> None:
    ready = asked.given(hearing)
    ready.when(needed).then(NeededByDateSet)
    note, reply = of(ready.given(needed))
    assert (note.needed_by, reply.needed_by) == (None, hearing.scheduled_for)
    assert reply.is_overdue(hearing.scheduled_for + timedelta(minutes=1)) and not reply.is_overdue(hearing.scheduled_for)
    assert lines(ready.given(needed).envelopes)[-1].text == (
        "the reply to the service of a consulate is needed by Tue 01 Sep 2026 03:00, hearing"
    )


def test_the_last_settled_day_counts_however_late_it_is_recorded() -> None:
    later = replace(needed, setting_id=an_id("later"), needed_by=needed.needed_by + DAY)
    ready = asked.given(hearing, (later, NOON + 2 * DAY))
    late = ready.when(needed, at=NOON + 3 * DAY, occurred_at=NOON + DAY).scenario()
    assert of(late)[1].needed_by == later.needed_by


@pytest.mark.parametrize(("wish", "field"), [
    (replace(needed, request_id=an_id("nothing")), "request_id"),
    (replace(needed, needed_by=NOON - DAY), "needed_by"),
    (replace(needed, needed_by=NOON.replace(tzinfo=None)), "needed_by"),
    (replace(needed, for_id=an_id("no hearing")), "for_id"),
    (replace(needed, needed_for=NeededFor.TRAVEL), "for_id"),
    (replace(needed, needed_for=NeededFor.OTHER, for_id=None), "reason"),
])
def test_a_day_without_a_request_or_a_reason_is_refused(wish: SetNeededByDate, field: str) -> None:
    asked.given(hearing).when(wish).then_refused(rule="DECISION-9", field=field)


def test_a_closed_case_awaits_nothing() -> None:
    assert of(asked.given(CloseCase(outcome=Outcome.OTHER))) == []


# ------------------------------------------------------------------ silence
def test_a_silent_consulate_has_agreed_to_nothing_and_verified_nobody() -> None:
    check = replace(ask, service=ConsularService.IDENTITY_CHECK)
    silent = family.given(check)
    silent = replace(silent, at=silent.at + 400 * DAY)
    assert waiting(silent) == [Awaited.ACKNOWLEDGEMENT, Awaited.ANSWER]
    assert silent.case.consular_services.requests[check.request_id].outcome is None
    assert silent.case.unaccompanied.verified == {}
    assert routes(silent) == ["ask the consulate again: until it answers, nobody's identity is verified"]
    guessed = RecordIdentityVerification(
        verification_id=an_id("who"), subject_id=CHILD, request_id=check.request_id, result=IdentityResult.CONFIRMED
    )
    silent.when(guessed).then_refused(rule="P15", field="request_id")


def test_a_locator_that_shows_nobody_leaves_the_parent_detained_as_far_as_anyone_knows() -> None:
    search = RecordLocatorSearch(search_id=an_id("search"), party_id=MOTHER, result=LocatorResult.NO_MATCH)
    silent = family.given(
        ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="a neighbour"),
        ObtainANumber(party_id=MOTHER, a_number="A1234567", source="papers"), search,
    )
    assert silent.case.detention.detainees[MOTHER].stage not in OVER
    assert waiting(silent) == [Awaited.ANSWER]
    assert routes(silent) == [
        "write to ICE's parental interest coordinator", "ask the consulate to help find the parent",
        "search the locator again: no match is not `not detained`",
    ]
    again = silent.given(replace(search, search_id=an_id("again")))
    assert [item.request.request_id for item in of(again)] == [an_id("again")], "the last search is the one that counts"
    located = again.given(LocateDetainee(
        location_id=an_id("location"), party_id=MOTHER, facility="Otero", method=LocatedBy.ODLS
    ))
    assert of(located) == []


def test_a_facility_is_called_only_where_that_is_done() -> None:
    reported = ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="a neighbour")
    write = ContactParentalInterestCoordinator(
        request_id=an_id("pic"), party_id=MOTHER, purpose=CoordinatorPurpose.LOCATE_PARENT,
        disclosed_fields=(CoordinatorField.PARENT_NAME,),
    )
    for place, calls in (("NYC", True), ("OR", True), ("NJ", False)):
        scenario = family_in(place).given(reported, write)
        assert any("call the facility" in words for words in routes(scenario)) is calls, place


# ------------------------------------------------------------------ the next way
def test_consulate_first_and_then_iss() -> None:
    assert routes(asked) == ["ask ISS to trace the document"]
    [item] = open_requests(of(asked))
    assert next_routes(asked.case, asked.standing, item[0].request, asked.at)[0].rule == "US-ISS-FALLBACK"


def test_a_home_study_that_dif_does_not_answer_goes_to_iss() -> None:
    study = RequestDifHomeStudy(
        request_id=an_id("study"), subject_id=AUNT, child_ids=(CHILD,), attempt=1,
        address=address(street="Calle Sol", colonia="Centro", municipality="Saltillo", region="COA"),
    )
    silent = family.given(study)
    assert routes(silent) == ["record that DIF did not reply, then ask ISS for the study"]
    failed = silent.given(RecordHomeStudyFailure(request_id=an_id("study"), reason=StudyFailure.NO_REPLY))
    assert waiting(failed) == []
    iss = RequestHomeStudy(
        request_id=an_id("by iss"), subject_id=AUNT, child_ids=(CHILD,), attempt=1, address=study.address,
        reason_for_iss="DIF did not reply",
    )
    assert waiting(failed.given(iss)) == [Awaited.ACKNOWLEDGEMENT, Awaited.ANSWER], "the proposed way is accepted"


@pytest.mark.parametrize(("place", "ways"), [
    ("NM", {"the consulate", "the Hague convention on service", "the agency's immigration unit"}),
    ("SDC", {"the consulate", "the Hague convention on service", "the International Liaison Office", "DIF",
             "the Inter-American convention"}),
    ("NJ", {"the consulate", "the Hague convention on service", "ISS"}),
    ("LAC", {"the consulate", "the Hague convention on service"}),  # nothing is reported of it: US rules alone
    ("SCC", {"the consulate", "the Hague convention on service"}),
])
def test_papers_go_by_the_routes_of_the_place_that_were_not_tried(place: str, ways: set[str]) -> None:
    serve = RequestServiceOfProcess(
        request_id=an_id("serve"), party_id=FATHER, document="summons", country="MX", route=Route.CONSULATE,
        translation_ref=an_id("translation"),
    )
    sent = family_in(place).given(serve)
    found = {words.removeprefix("record the attempt, next by ") for words in routes(sent)}
    assert found == ways - {"the consulate"}
    failed = sent.given(RecordServiceAttempt(
        attempt_id=an_id("attempt"), request_id=serve.request_id, route=Route.CONSULATE, result=AttemptResult.FAILED,
        reason="nobody there",
    ))
    assert of(failed) == [], "the turn is ours: somebody chooses another route"
    served = sent.given(ProveService(request_id=serve.request_id, served_party_id=FATHER, proof_ref="P-1"))
    assert waiting(served) == []


def test_a_document_that_the_family_lacks_is_asked_of_the_consulate() -> None:
    wish = RequestDocument(
        request_id=an_id("paper"), person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE, source=DocumentSource.FAMILY
    )
    assert routes(family.given(wish)) == ["ask the consulate for it", "ask ISS to trace it"]
    by_iss = family.given(replace(wish, source=DocumentSource.ISS))
    assert routes(by_iss) == ["ask again, and record what they say: the guide names no other way"]
    gone = by_iss.given(RecordDocumentUnobtainable(request_id=wish.request_id, reason="the archive burned down"))
    assert waiting(gone) == []


def test_a_letter_answers_the_referral_before_it_and_none_that_came_later() -> None:
    refer = SubmitOtipReferral(referral_id=an_id("otip"), child_id=CHILD, shepherd_ref="S-1")
    letter = ReceiveOtipLetter(
        letter_id=an_id("letter"), child_id=CHILD, letter_kind=LetterKind.DENIAL_OF_ASSISTANCE, issued_on=NOON.date()
    )
    referred = case_in("NM").given(*FAMILY, take_child, obtain(from_country(CHILD, "HN")), refer)
    assert waiting(referred) == [Awaited.ACKNOWLEDGEMENT, Awaited.ANSWER]
    noted = RecordAcknowledgement(acknowledgement_id=an_id("otip ack"), request_id=refer.referral_id, partner="OTIP")
    assert waiting(referred.given(noted)) == [Awaited.ANSWER]
    answered = referred.given(letter)
    assert waiting(answered) == []
    assert waiting(answered.given(replace(refer, referral_id=an_id("second")))) == [Awaited.ACKNOWLEDGEMENT, Awaited.ANSWER]


# ------------------------------------------------------------------ completeness
def test_every_event_that_asks_others_for_something_opens_expectations() -> None:
    named = {
        kind.__name__ for kind in EVOLVES
        if re.search(r"(Requested|Submitted|Contacted|ReferredTo|ReferralMade|Filed|Searched)", kind.__name__)
    }
    assert named - set(NOT_REQUESTS) <= {kind.__name__ for kind in ASKINGS}


def test_every_kind_of_request_has_its_process_and_its_words() -> None:
    assert set(PROCESS_OF) == set(AskedFor) == set(ASKED_FOR)


def test_replies_before_their_requests_and_prefixes_are_folded() -> None:
    envelopes = asked.given(hearing, needed, acknowledge, answer).envelopes
    for first in range(len(envelopes)):
        case = fold(envelopes[first:])
        expectations_of(case, asked.standing, NOON)
    shuffled = fold(reversed(envelopes))
    assert [item.came_at is None for item in expectations_of(shuffled, asked.standing, NOON)] == [False, False]

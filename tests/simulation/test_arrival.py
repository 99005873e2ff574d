"""In whatever order facts of different times arrive, and a correction after what it names, the world comes out the same."""
from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agency.agreements import ConsularService
from domain.case.citizenship import CorrectCitizenship
from domain.case.consular_service import AnswerConsularService, RequestConsularService, ServiceOutcome
from domain.case.court import EnterCourtOrder, OrderEffect, OrderKind
from domain.case.custody import EndCustody
from domain.case.detention import (
    DetentionEnd,
    EndDetention,
    LocatedBy,
    LocateDetainee,
    RecordDetaineeTransfer,
    ReportParentDetained,
)
from domain.case.kin import RecordHomeStudy, RecordHomeStudyFailure, StudyFailure, StudyMode, StudyOutcome, StudyProvider
from domain.case.language import DeterminePreferredLanguage, LanguageMethod
from domain.case.mislinks import CorrectTime, WithdrawMislink
from domain.case.particulars import CorrectFact, SupersedeFact
from domain.case.petitions import DecideReliefPetition, FileSijsPetition, PetitionDecision, relief_stage
from domain.case.placement import PlaceChild
from domain.case.relatives import AssessRelativePlacement, IdentifyRelative, PlacementAssessment
from domain.case.reunification import may_have_favourable_study
from domain.case.service import AttemptResult, ProveService, RecordServiceAttempt, RequestServiceOfProcess, Route
from domain.case.state import Case
from domain.case.trafficking import LetterKind, ReceiveOtipLetter, SubmitOtipReferral
from domain.personal import Known
from domain.submission import Command
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import add_aunt, address
from tests.unit.people import AUNT, CHILD, EPISODE, FAMILY, FATHER, MOTHER, from_country, obtain, take_child
from tests.unit.test_kin import iss

LARGE = os.environ.get("CASEBRIDGE_FAULTS") == "large"
ORDERS_MAX = 2_000 if LARGE else 60
NOW = NOON + timedelta(days=60)


@cache
def base() -> Scenario:
    """What all the facts are about: a family, a child in custody, and requests that wait for answers."""
    ask = RequestServiceOfProcess(
        request_id=an_id("papers"), party_id=FATHER, document="petition", country="MX", route=Route.NM_UNIT,
        needs_translation=False,
    )
    return Scenario().given(
        *FAMILY, add_aunt, take_child, ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="a friend"),
        FileSijsPetition(petition_id=an_id("sijs"), child_id=CHILD), ask, iss(an_id("study")),
        SubmitOtipReferral(referral_id=an_id("otip"), child_id=CHILD),
        EnterCourtOrder(
            order_id=an_id("order"), child_ids=(CHILD,), kind=OrderKind.OTHER, supervised_visits_only=True
        ),
    )


def service(number: int, outcome: ServiceOutcome) -> Command:
    return AnswerConsularService(answer_id=an_id(f"answer {number}"), request_id=an_id("service"), outcome=outcome)


def order(id: str, effect: OrderEffect, of: str = "order") -> Command:
    return EnterCourtOrder(
        order_id=an_id(id), child_ids=(CHILD,), kind=OrderKind.OTHER, earlier_order_id=an_id(of), effect=effect
    )


def located(facility: str) -> Command:
    return LocateDetainee(
        location_id=an_id(facility), party_id=MOTHER, facility=facility, method=LocatedBy.ODLS, facility_id=facility
    )


def study(number: int, outcome: StudyOutcome) -> Command:
    return RecordHomeStudy(
        request_id=an_id(f"home {number}"), subject_id=AUNT, provider=StudyProvider.CONSULATE, mode=StudyMode.IN_PERSON,
        outcome=outcome,
    )


FACTS: tuple[Command, ...] = (
    obtain(from_country(MOTHER, "GT"), id="1"), obtain(from_country(MOTHER, "HN"), id="2"),
    obtain(from_country(CHILD, "GT"), id="3"), obtain(from_country(CHILD, "SV"), id="4"),
    SupersedeFact(change_id=an_id("move 1"), person_id=MOTHER, address=address(country="US", street="First Street")),
    SupersedeFact(change_id=an_id("move 2"), person_id=MOTHER, address=address(country="US", street="Second Street")),
    SupersedeFact(change_id=an_id("number"), person_id=MOTHER, phone="+1 505 555 0100"),
    DeterminePreferredLanguage(determination_id=an_id("l1"), person_id=MOTHER, language="es", method=LanguageMethod.ASKED),
    DeterminePreferredLanguage(determination_id=an_id("l2"), person_id=MOTHER, language="quc", method=LanguageMethod.FORM),
    located("Otero"), located("Torrance"),
    RecordDetaineeTransfer(transfer_id=an_id("transfer"), party_id=MOTHER, from_facility="Otero", to_facility="Cibola"),
    EndDetention(end_id=an_id("end"), party_id=MOTHER, outcome=DetentionEnd.RELEASED),
    PlaceChild(placement_id=an_id("p1"), child_id=CHILD, carer_id=AUNT),
    PlaceChild(placement_id=an_id("p2"), child_id=CHILD, carer_id=FATHER),
    IdentifyRelative(identification_id=an_id("i1"), party_id=AUNT, country="MX"),
    IdentifyRelative(identification_id=an_id("i2"), party_id=AUNT, country="US"),
    AssessRelativePlacement(
        assessment_id=an_id("a1"), party_id=AUNT, child_ids=(CHILD,), result=PlacementAssessment.UNDECIDED
    ),
    AssessRelativePlacement(
        assessment_id=an_id("a2"), party_id=AUNT, child_ids=(CHILD,), result=PlacementAssessment.SUITABLE
    ),
    DecideReliefPetition(decision_id=an_id("d1"), petition_id=an_id("sijs"), decision=PetitionDecision.DENIED),
    DecideReliefPetition(decision_id=an_id("d2"), petition_id=an_id("sijs"), decision=PetitionDecision.GRANTED),
    RecordServiceAttempt(
        attempt_id=an_id("try 1"), request_id=an_id("papers"), route=Route.NM_UNIT, result=AttemptResult.FAILED,
        next_route=Route.CONSULATE,
    ),
    RecordServiceAttempt(
        attempt_id=an_id("try 2"), request_id=an_id("papers"), route=Route.CONSULATE, result=AttemptResult.PENDING
    ),
    ProveService(request_id=an_id("papers"), served_party_id=FATHER),
    RecordHomeStudyFailure(request_id=an_id("study"), reason=StudyFailure.NO_REPLY),
    RecordHomeStudy(
        request_id=an_id("study"), subject_id=FATHER, provider=StudyProvider.ISS, mode=StudyMode.IN_PERSON,
        outcome=StudyOutcome.FAVOURABLE,
    ),
    study(1, StudyOutcome.FAVOURABLE), study(2, StudyOutcome.UNFAVOURABLE), study(3, StudyOutcome.INCONCLUSIVE),
    order("amends", OrderEffect.AMENDS), order("stays", OrderEffect.STAYS),
    ReceiveOtipLetter(
        letter_id=an_id("letter 1"), child_id=CHILD, letter_kind=LetterKind.INTERIM_ASSISTANCE,
        issued_on=NOON.date(),
    ),
    ReceiveOtipLetter(
        letter_id=an_id("letter 2"), child_id=CHILD, letter_kind=LetterKind.ELIGIBILITY,
        issued_on=(NOON + timedelta(days=9)).date(),
    ),
    EndCustody(child_id=CHILD, episode_id=EPISODE, to_party_id=AUNT),
)
TOLD_BY = {  # corrections, each with the number of the fact that it names
    len(FACTS): 0, len(FACTS) + 1: 3, len(FACTS) + 2: 9, len(FACTS) + 3: 4,
}


def occurred(number: int) -> datetime:
    return NOON + timedelta(days=2, hours=number)


def event_of(number: int) -> UUID:
    """The id of the event that fact `number` records."""
    return uuid5(an_id(f"fact {number}"), "0")


def correction(number: int) -> Command:
    event_id = event_of(TOLD_BY[number])
    return (
        CorrectCitizenship(
            correction_id=an_id("c0"), person_id=MOTHER, replaces_event_id=event_id, nationalities=("NI",),
            birth_country="NI", evidence="a paper",
        ),
        WithdrawMislink(withdrawal_id=an_id("c1"), event_id=event_id, evidence="another child"),
        CorrectTime(
            correction_id=an_id("c2"), replaces_event_id=event_id, evidence="the log", happened_at=NOON + timedelta(days=30)
        ),
        CorrectFact(
            correction_id=an_id("c3"), person_id=MOTHER, replaces_event_id=event_id, evidence="a bill",
            address=address(country="US", street="First Avenue"),
        ),
    )[number - len(FACTS)]


def world(case: Case) -> dict[str, Any]:
    """What is so in the world, by every area whose fields are won by what occurred last."""
    mother, aunt = case.intake.people[MOTHER], case.relatives.of(AUNT)
    detainee = case.detention.detainees[MOTHER]
    letter = case.trafficking.current_letter(CHILD)
    return {
        "origins": {
            person: (case.citizenship.of(person).nationalities.value, case.citizenship.of(person).birth_country.value)
            for person in (MOTHER, CHILD)
        },
        "stages": [case.citizenship.stage(person) for person in (MOTHER, CHILD)],
        "mother": (mother.address.value, mother.phone.value, mother.name.value),
        "language": case.language.of(MOTHER).language.value,
        "detained": (detainee.stage, detainee.whereabouts),
        "carer": case.placement.carer_of(CHILD), "custody": case.custody.stage(CHILD),
        "aunt": (aunt.country.value, aunt.assessment.value, may_have_favourable_study(case, AUNT)),
        "relief": relief_stage(case, CHILD), "served": case.service.stage(an_id("papers")),
        "study": case.kin.stage(an_id("study")),
        "orders": [case.court.standing(an_id(name)) for name in ("order", "amends", "stays")],
        "letter": None if letter is None else letter.kind,
    }


def arrived(order: tuple[int, ...]) -> Case:
    scenario = base()
    for number in order:
        command = FACTS[number] if number < len(FACTS) else correction(number)
        scenario = scenario.when(
            command, at=NOW, occurred_at=occurred(number), command_id=an_id(f"fact {number}")
        ).scenario()
    return scenario.case


@cache
def in_order() -> dict[str, Any]:
    return world(arrived(tuple(range(len(FACTS) + len(TOLD_BY)))))


@st.composite
def orders(draw: st.DrawFn) -> tuple[int, ...]:
    """Any order in which no correction comes before what it names."""
    order = list(draw(st.permutations(range(len(FACTS) + len(TOLD_BY)))))
    for late, named in TOLD_BY.items():
        here, there = order.index(late), order.index(named)
        if here < there:
            order[here], order[there] = order[there], order[here]
    return tuple(order)


@settings(max_examples=ORDERS_MAX, deadline=None)
@given(order=orders())
def test_any_order_of_arrival_gives_the_same_state_of_the_world(order: tuple[int, ...]) -> None:
    assert world(arrived(order)) == in_order()


def test_the_world_so_told_is_the_one_that_was_meant() -> None:
    told = in_order()
    assert told["origins"] == {MOTHER: (Known(("HN",)), Known("HN")), CHILD: (Known(("GT",)), Known("GT"))}
    assert told["detained"][1] == Known("Otero"), "its time was corrected to after the end"
    assert told["carer"] == FATHER and told["letter"] is LetterKind.ELIGIBILITY


def test_answers_of_a_consulate_stand_side_by_side_in_any_order() -> None:
    ask = RequestConsularService(
        request_id=an_id("service"), office="cons-gt.denver", child_ids=(CHILD,), service=ConsularService.DOCUMENT
    )
    asked = base().given(ask)
    both = [service(1, ServiceOutcome.DONE), service(2, ServiceOutcome.UNABLE)]
    stages = {asked.given(*told).case.consular_services.stage(an_id("service")) for told in (both, both[::-1])}
    assert len(stages) == 1

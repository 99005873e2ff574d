"""An engagement ends when what was asked on it is answered (design decision 12), and stays open while anything is left."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.case.consular import ReleaseDisclosure, Way
from domain.case.corrections import CorrectionOwed, CorrectionPrepared, Owes, PrepareCorrection
from domain.case.disclosures import DisclosurePrepared, PrepareDisclosure, RecordDisclosureReceived
from domain.case.documents import DocumentKind, DocumentReceived, ReceiveDocument
from domain.case.engagement import EndedBecause, EngagementEnded, EngagementOpened
from domain.case.fulfilled import ASKS, ENDS
from domain.case.kin import (
    HomeStudyCompleted,
    HomeStudyFailed,
    RecordHomeStudy,
    RecordHomeStudyFailure,
    RequestHomeStudy,
    StudyFailure,
    StudyMode,
    StudyOutcome,
    StudyProvider,
)
from domain.case.language import CompleteTranslation, TranslationCompleted
from domain.case.particulars import CorrectFact
from domain.case.permission import CloseEngagement
from domain.case.recalls import DisclosureRecalled
from domain.case.service import ProveService, ServiceCompleted
from domain.case.subjects import ABOUT
from domain.disclosure.purposes import Purpose
from domain.events import fields_of
from domain.people import PersonName
from tests.specification import Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.test_permission import opening, release, study
from tests.unit.whole_case import AUNT, CARER, CHILD, EVERYBODY, MOTHER, home, whole_case

report = RecordHomeStudy(
    request_id=an_id("study"), subject_id=AUNT, provider=StudyProvider.ISS, mode=StudyMode.IN_PERSON,
    outcome=StudyOutcome.FAVOURABLE,
)
failure = RecordHomeStudyFailure(request_id=an_id("study"), reason=StudyFailure.ADDRESS_NOT_FOUND)
second = RequestHomeStudy(
    request_id=an_id("second study"), subject_id=CARER, child_ids=(CHILD,), address=home("Calle Segunda"), attempt=1
)
of_the_second = replace(report, request_id=an_id("second study"), subject_id=CARER)
DAY = timedelta(days=1)
received = RecordDisclosureReceived(disclosure_id=an_id("disclosure"), channel=Way.WEBHOOK, entry=1, receipt="r-1")
asked = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study, release)


def open_correction(scenario: Scenario) -> UUID:
    [one] = [owed.owed.correction_id for owed in scenario.case.corrections.owed.values() if owed.is_open]
    return one


def ended(scenario: Scenario, command: Any) -> bool:
    """Whether a command ends the engagement, as fulfilled."""
    told = scenario.when(command).the(EngagementEnded)
    assert all(one.reason is EndedBecause.FULFILLED and one.engagement_id == an_id("engagement") for one in told)
    return bool(told)


def test_an_engagement_ends_when_what_was_asked_on_it_is_answered() -> None:
    asked.when(report).then(HomeStudyCompleted, EngagementEnded)
    assert ended(asked, report)
    after = asked.given(report)
    after.when(replace(study, disclosure_id=an_id("another"))).then_refused(rule="DECISION-12", field="office")
    again = after.given(opening(engagement_id=an_id("next"), person_ids=(CHILD, MOTHER, AUNT)))
    again.when(replace(study, disclosure_id=an_id("another"))).then(DisclosurePrepared)


def test_what_was_asked_of_nobody_through_it_ends_nothing() -> None:
    assert not ended(whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT))), report)
    assert not ended(whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study), report), "it was not released"


def test_what_a_person_ended_does_not_end_again() -> None:
    asked.given(CloseEngagement(engagement_id=an_id("engagement"))).when(report).then(HomeStudyCompleted)


def test_it_stays_open_while_another_request_about_its_persons_is() -> None:
    wide = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT, CARER)), study, release, second)
    assert not ended(wide, report)
    assert ended(wide.given(report), of_the_second)
    assert ended(wide.given(report), replace(failure, request_id=an_id("second study"))), "nothing more will come"
    assert ended(asked.given(second), report), "the other is of somebody of whom this office may not learn"


def test_what_failed_is_tried_again_on_the_same_engagement() -> None:
    asked.when(failure).then(HomeStudyFailed)


def test_it_stays_open_while_a_disclosure_waits_for_a_person() -> None:
    more = replace(study, disclosure_id=an_id("more"))
    assert not ended(asked.given(more), report)


def test_a_correction_that_is_owed_keeps_it_open_until_it_is_settled() -> None:
    had = asked.given(received)
    wrong = CorrectFact(
        correction_id=an_id("name"), person_id=AUNT, replaces_event_id=had.case.intake.people[AUNT].event_id,
        name=PersonName(given_names="Ximena", surnames="Núñez Ibáñez"), evidence="birth certificate",
    )
    corrected = had.given(wrong)
    assert not ended(corrected, report)
    prepared = PrepareCorrection(correction_id=open_correction(corrected), disclosure_id=an_id("true"))
    true = corrected.given(report, prepared, ReleaseDisclosure(notice_id=an_id("true")))
    assert ended(true, replace(received, disclosure_id=an_id("true"), entry=3, receipt="r-3"))


def test_what_proves_untrue_afterwards_is_told_again_on_an_engagement_like_the_first_which_ends_with_it() -> None:
    """Everyone who was told is told again (design decision 4), and nothing else leaves on it."""
    had = asked.given(received, report)
    wrong = CorrectFact(
        correction_id=an_id("name"), person_id=AUNT, replaces_event_id=had.case.intake.people[AUNT].event_id,
        name=PersonName(given_names="Ximena", surnames="Núñez Ibáñez"), evidence="birth certificate",
    )
    assert [one.owes for one in had.when(wrong).the(CorrectionOwed)] == [Owes.CORRECTION]
    corrected = had.given(wrong)
    prepared = PrepareCorrection(correction_id=open_correction(corrected), disclosure_id=an_id("true"))
    outcome = corrected.when(prepared)
    outcome.then(CorrectionPrepared, EngagementOpened, DisclosureRecalled, EngagementOpened, DisclosurePrepared)
    [_, again] = outcome.the(EngagementOpened)
    first = corrected.case.engagements.engagements[an_id("engagement")]
    assert (again.office, again.purpose, again.basis) == (first.office, first.purpose, first.basis)
    assert {one.person_id: one.reference for one in again.persons} == first.references
    told = outcome.scenario().given(ReleaseDisclosure(notice_id=an_id("true")))
    last = told.when(replace(received, disclosure_id=an_id("true"), entry=3, receipt="r-3"))
    assert [(one.engagement_id, one.reason) for one in last.the(EngagementEnded)] == [
        (again.engagement_id, EndedBecause.FULFILLED)
    ]


def test_nothing_is_told_again_where_what_a_fulfilled_engagement_rested_on_fell_or_a_person_ended_it() -> None:
    had = asked.given(received)
    closed = had.given(CloseEngagement(engagement_id=an_id("engagement")), report)
    out = whole_case().given(
        opening(person_ids=(CHILD, MOTHER, AUNT), until=had.at + DAY), study, release, received, report,
    )
    for scenario, at in ((closed, closed.at + timedelta(hours=1)), (out, had.at + 2 * DAY)):
        wrong = CorrectFact(
            correction_id=an_id("name"), person_id=AUNT, replaces_event_id=scenario.case.intake.people[AUNT].event_id,
            name=PersonName(given_names="Ximena", surnames="Núñez Ibáñez"), evidence="birth certificate",
        )
        assert [one.owes for one in scenario.when(wrong, at=at).the(CorrectionOwed)] == [Owes.RECALL]


@pytest.mark.parametrize(("purpose", "about", "answer", "kind"), [
    (Purpose.SERVICE_OF_PROCESS, "papers", ProveService(
        request_id=an_id("papers"), served_party_id=MOTHER,
    ), ServiceCompleted),
    (Purpose.DOCUMENT_TRACING, "document", ReceiveDocument(
        document_id=an_id("certificate"), person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE,
        request_id=an_id("document"),
    ), DocumentReceived),
    (Purpose.TRANSLATION, "translation", CompleteTranslation(
        translation_id=an_id("translated"), document_id=an_id("paper"), request_id=an_id("translation"),
    ), TranslationCompleted),
])
def test_each_purpose_whose_asking_has_an_end(purpose: Purpose, about: str, answer: Any, kind: type[Any]) -> None:
    office = office_of({Purpose.TRANSLATION: "LANG", Purpose.SERVICE_OF_PROCESS: "CONS-MX"}.get(purpose, "ISS"))
    told = PrepareDisclosure(
        disclosure_id=an_id("disclosure"), office=office, purpose=purpose, person_ids=(CHILD,), about=an_id(about)
    )
    scenario = whole_case().given(opening(office=office, purpose=purpose, person_ids=EVERYBODY), told, release)
    scenario.when(answer).then(kind, EngagementEnded)


def test_only_purposes_about_requests_end_by_an_answer() -> None:
    assert set(ASKS) == set(ENDS.values())
    for kind in (*ENDS, *(kind for kinds in ASKS.values() for kind in kinds)):
        assert "request_id" in fields_of(kind)
    for purpose, kinds in ASKS.items():
        assert set(kinds) <= set(ABOUT[purpose])

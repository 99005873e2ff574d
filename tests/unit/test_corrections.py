"""Whoever was given what proved untrue, or was not theirs, is owed a correction or a recall until they have it."""
from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from domain.agency.targets import CORRECTIONS, SetTarget, TargetUnit
from domain.case.citizenship import CitizenshipCorrected, CorrectCitizenship
from domain.case.consular import (
    ConsularNotificationCorrected,
    ConsularNotificationPrepared,
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    RecordCorrectionReceived,
    ReleaseDisclosure,
    TextCode,
    Way,
)
from domain.case.corrections import (
    CorrectionOwed,
    CorrectionPrepared,
    CorrectionSettled,
    OwedBecause,
    Owes,
    PrepareCorrection,
)
from domain.case.disclosures import DisclosurePrepared, RecordDisclosureReceived
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.erasure import ExpungeOrdered, OrderExpunge
from domain.case.mislinks import WithdrawMislink
from domain.case.obligations import DutyRaised, DutyWithdrawn
from domain.case.particulars import CorrectFact, FactCorrected, SupersedeFact
from domain.case.permission import CloseEngagement, RecallRaised
from domain.case.recalls import DisclosureRecalled, RecallDisclosure, RecallReceived
from domain.disclosure.kinds import COUNSEL, SENT_TO
from domain.disclosure.purposes import Purpose
from domain.people import PersonName
from domain.submission import Command
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import having, office_of
from tests.unit.people import CHILD, FAMILY, MOTHER, h1_information, take_child, take_sibling
from tests.unit.test_consent import withdraw
from tests.unit.test_permission import on_consent, opening, release, study
from tests.unit.whole_case import parents_consent, whole_case

GUATEMALA = "cons-gt.denver"
NOTICE, AGAIN = an_id("notice"), an_id("corrected notice")
in_custody = Scenario().given(*FAMILY, take_child, take_sibling, h1_information)
prepare = PrepareConsularNotification(notice_id=NOTICE, office=GUATEMALA, form=NoticeForm.NM_PLAIN)
released = in_custody.given(prepare, ReleaseDisclosure(notice_id=NOTICE))
handed_over = RecordConsulateNotified(notice_id=NOTICE, channel=Way.WEBHOOK, entry=1, receipt="r-1")
told = released.given(handed_over)
recalled = RecordCorrectionReceived(notice_id=NOTICE, channel=Way.WEBHOOK, entry=2, receipt="r-2")


def added(scenario: Scenario, person: UUID) -> UUID:
    """The event that added a person."""
    return scenario.case.intake.people[person].event_id


def birth_date(scenario: Scenario, **changes: Any) -> CorrectFact:
    return CorrectFact(**{
        "correction_id": an_id("birth date"), "person_id": CHILD, "replaces_event_id": added(scenario, CHILD),
        "birth_date": date(2016, 3, 9), "evidence": "birth certificate", **changes,
    })


def owed(scenario: Scenario) -> list[CorrectionOwed]:
    return [one.owed for one in scenario.case.corrections.owed.values() if one.is_open]


# -- what is owed

def test_a_fact_that_was_never_true_is_owed_to_who_was_handed_it() -> None:
    outcome = told.when(birth_date(told)).then(FactCorrected, CorrectionOwed)
    [correction] = outcome.the(CorrectionOwed)
    assert (correction.office, correction.disclosure_id, correction.person_ids) == (GUATEMALA, NOTICE, (CHILD,))
    assert (correction.owes, correction.because) == (Owes.CORRECTION, OwedBecause.UNTRUE)
    assert correction.paths == ("child.birth_date",)
    assert correction.cause_event_id == outcome.envelopes()[0].circumstances.event_id


def test_what_no_contract_carries_is_owed_to_nobody() -> None:
    told.when(CorrectFact(
        correction_id=an_id("phone"), person_id=MOTHER, replaces_event_id=added(told, MOTHER), phone="+52 614 000 0000",
        evidence="her own word",
    )).then(FactCorrected)


def test_what_was_corrected_before_it_left_is_owed_to_nobody() -> None:
    right = in_custody.given(birth_date(in_custody), prepare, ReleaseDisclosure(notice_id=NOTICE), handed_over)
    assert owed(right) == []


def test_what_was_on_its_way_when_it_proved_untrue_is_owed_once_it_is_handed_over() -> None:
    corrected = released.given(birth_date(released))
    assert owed(corrected) == []
    [correction] = corrected.when(handed_over).the(CorrectionOwed)
    assert correction.paths == ("child.birth_date",)


def test_a_correction_of_the_correction_is_owed_to_who_was_given_the_correction() -> None:
    right = in_custody.given(birth_date(in_custody), prepare, ReleaseDisclosure(notice_id=NOTICE), handed_over)
    [first] = [e.circumstances.event_id for e in right.envelopes if isinstance(e.event, FactCorrected)]
    again = birth_date(right, correction_id=an_id("again"), replaces_event_id=first, birth_date=date(2015, 3, 9))
    right.when(again).then(FactCorrected, CorrectionOwed)


def test_who_should_never_have_been_told_is_to_learn_nothing_new() -> None:
    wrong = told.case.citizenship.of(MOTHER).nationalities.current
    assert wrong is not None
    outcome = told.when(CorrectCitizenship(
        correction_id=an_id("honduras"), person_id=MOTHER, replaces_event_id=wrong.event_id, nationalities=("HN",),
        birth_country="HN", evidence="birth certificate",
    ))
    assert outcome.the(CitizenshipCorrected)
    if not outcome.the(EngagementEnded):
        pytest.fail("the wrong country's engagement has to end")
    corrections = outcome.the(CorrectionOwed)
    assert corrections and {one.office for one in corrections} == {GUATEMALA}
    assert {one.owes for one in corrections} == {Owes.RECALL}
    after = outcome.scenario()
    after.when(PrepareCorrection(correction_id=corrections[0].correction_id, disclosure_id=AGAIN)).then_refused(
        rule="P19", field="correction_id")


def test_a_recall_settles_it_when_the_office_has_it_and_not_before() -> None:
    corrected = told.given(birth_date(told))
    asked = corrected.when(RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.DISREGARD)).then(
        EngagementOpened, ConsularNotificationCorrected
    ).scenario()
    assert owed(asked)
    after = asked.when(recalled).scenario()
    assert owed(after) == [] and [e for e in after.envelopes if isinstance(e.event, CorrectionSettled)]


def test_who_has_disregarded_all_of_it_is_owed_nothing_more() -> None:
    gone = told.given(RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.DISREGARD), recalled)
    gone.when(birth_date(gone)).then(FactCorrected)


# -- what is told in its place

def test_what_is_true_is_prepared_anew_and_the_office_is_asked_to_disregard_the_rest() -> None:
    corrected = told.given(birth_date(told))
    [correction] = owed(corrected)
    wish = PrepareCorrection(correction_id=correction.correction_id, disclosure_id=AGAIN)
    outcome = corrected.when(wish).then(
        CorrectionPrepared, EngagementOpened, ConsularNotificationCorrected, ConsularNotificationPrepared
    )
    [again] = outcome.the(ConsularNotificationPrepared)
    assert again.notice_id == AGAIN and again.child_ids == told.case.consular.notices[NOTICE].prepared.child_ids
    prepared = outcome.scenario()
    without = prepared.when(recalled).scenario()
    assert owed(without), "that it disregards the wrong date tells it no right one"
    done = without.given(ReleaseDisclosure(notice_id=AGAIN), replace(handed_over, notice_id=AGAIN, entry=3, receipt="r-3"))
    assert owed(done) == []
    assert not [e for e in done.envelopes[len(told.envelopes):] if isinstance(e.event, DutyRaised | DutyWithdrawn)]


def test_a_correction_is_prepared_once() -> None:
    corrected = told.given(birth_date(told))
    [correction] = owed(corrected)
    wish = PrepareCorrection(correction_id=correction.correction_id, disclosure_id=AGAIN)
    corrected.given(wish).when(replace(wish, disclosure_id=an_id("third"))).then_refused(rule="P19", field="correction_id")
    corrected.when(replace(wish, correction_id=an_id("none"))).then_refused(rule="P19", field="correction_id")


# -- disclosures that are no notices, and paper

CHILD_OF_ALL, MOTHER_OF_ALL = an_id("child"), an_id("mother")
PERSONS = (CHILD_OF_ALL, MOTHER_OF_ALL, an_id("aunt"))
received = RecordDisclosureReceived(disclosure_id=an_id("disclosure"), channel=Way.WEBHOOK, entry=1, receipt="r-1")


def home_study() -> Scenario:
    return whole_case().given(opening(person_ids=PERSONS), study, release, received)


def aunts_name(scenario: Scenario) -> CorrectFact:
    return CorrectFact(
        correction_id=an_id("aunt's name"), person_id=an_id("aunt"), replaces_event_id=added(scenario, an_id("aunt")),
        name=PersonName(given_names="Jimena", surnames="Ibáñez Núñez"), evidence="her passport",
    )


def test_a_disclosure_of_any_purpose_is_corrected() -> None:
    asked = home_study()
    outcome = asked.when(aunts_name(asked)).then(FactCorrected, CorrectionOwed)
    [correction] = outcome.the(CorrectionOwed)
    assert correction.office == office_of("ISS") and correction.paths == ("relative.name",)
    wish = PrepareCorrection(correction_id=correction.correction_id, disclosure_id=AGAIN)
    prepared = outcome.scenario().when(wish).then(
        CorrectionPrepared, EngagementOpened, DisclosureRecalled, DisclosurePrepared
    ).scenario()
    done = prepared.given(
        replace(recalled, notice_id=an_id("disclosure")), ReleaseDisclosure(notice_id=AGAIN),
        replace(received, disclosure_id=AGAIN, entry=3),
    )
    assert owed(done) == []


def test_what_has_no_basis_any_more_is_recalled_and_not_told_anew() -> None:
    asked = home_study()
    ended = asked.given(CloseEngagement(engagement_id=an_id("engagement")))
    [correction] = ended.when(aunts_name(ended)).the(CorrectionOwed)
    assert correction.owes is Owes.RECALL


def test_a_correction_that_was_owed_is_not_prepared_once_its_basis_has_ended() -> None:
    asked = home_study()
    corrected = asked.given(aunts_name(asked), CloseEngagement(engagement_id=an_id("engagement")))
    [correction] = owed(corrected)
    assert correction.owes is Owes.CORRECTION
    wish = PrepareCorrection(correction_id=correction.correction_id, disclosure_id=AGAIN)
    corrected.when(wish).then_refused(rule="DECISION-12", field="correction_id")


def on_consent_for_a_document(*then: Command) -> Scenario:
    return whole_case().given(
        parents_consent(CHILD_OF_ALL, MOTHER_OF_ALL, purposes=(Purpose.DOCUMENT_TRACING,)),
        on_consent(purpose=Purpose.DOCUMENT_TRACING),
        replace(
            study, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD_OF_ALL, MOTHER_OF_ALL), about=an_id("document")
        ),
        release, *then,
    )


def test_what_was_told_on_a_consent_is_owed_back_with_it() -> None:
    given = on_consent_for_a_document(received)
    outcome = given.when(withdraw)
    [recall] = outcome.the(RecallRaised)
    [correction] = outcome.the(CorrectionOwed)
    assert correction.disclosure_id in recall.disclosure_ids
    assert (correction.owes, correction.because) == (Owes.RECALL, OwedBecause.BASIS_FELL)
    asked = outcome.scenario().when(RecallDisclosure(
        disclosure_id=correction.disclosure_id, text_code=TextCode.DISREGARD,
    )).then(EngagementOpened, DisclosureRecalled).scenario()
    assert owed(asked)
    done = asked.when(replace(recalled, notice_id=correction.disclosure_id)).then(
        RecallReceived, EngagementEnded, CorrectionSettled
    ).scenario()
    assert owed(done) == []


def test_an_order_to_expunge_recalls_disclosures_too() -> None:
    outcome = home_study().when(OrderExpunge(expunge_id=an_id("expunge"), order_ref="JQ-1", second_person="counsel-1"))
    [order], [recall] = outcome.the(ExpungeOrdered), outcome.the(DisclosureRecalled)
    assert order.offices == (office_of("ISS"),) and recall.text_code is TextCode.ERASE
    assert [one.owes for one in outcome.the(CorrectionOwed)] == [Owes.ERASURE]
    done = outcome.scenario().given(replace(recalled, notice_id=an_id("disclosure")))
    assert owed(done) == []


def test_what_a_person_told_on_paper_is_owed_and_closed_by_a_persons_word() -> None:
    on_paper = released.given(RecordConsulateNotified(notice_id=NOTICE, channel=Way.PAPER))
    corrected = on_paper.given(birth_date(on_paper))
    assert [one.office for one in owed(corrected)] == [GUATEMALA]
    done = corrected.given(
        RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.DISREGARD),
        RecordCorrectionReceived(notice_id=NOTICE, channel=Way.PAPER),
    )
    assert owed(done) == []


def test_nothing_is_recalled_that_nobody_was_handed() -> None:
    wish = RecallDisclosure(disclosure_id=an_id("disclosure"), text_code=TextCode.DISREGARD)
    whole_case().when(wish).then_refused(rule="P19", field="disclosure_id")


def test_a_mislink_is_owed_until_the_receipt_of_the_recall_that_goes_out_by_itself() -> None:
    information = told.case.citizenship.of(CHILD).birth_country.current
    assert information is not None
    wish = WithdrawMislink(withdrawal_id=an_id("mislink"), event_id=information.event_id, evidence="another child")
    after = told.when(wish).scenario()
    assert owed(after) and {one.owes for one in owed(after)} == {Owes.RECALL}
    assert owed(after.given(recalled)) == []


def test_the_agency_may_set_itself_a_target_for_corrections() -> None:
    agency = having(told.standing, SetTarget(rule_id=CORRECTIONS, amount=2, unit=TargetUnit.WORKING_DAYS))
    limit = agency.targets.in_force(CORRECTIONS, NOON)
    assert limit is not None and limit.amount == 2 and told.standing.targets.in_force(CORRECTIONS, NOON) is None


# -- every office that was handed it, and no other

def able() -> list[str]:
    """Offices that a contract lets be asked for a home study in New Mexico."""
    agency = whole_case().standing
    return [
        office_of(kind) for kind in sorted(SENT_TO)
        if (contract := agency.contract_for(kind)) is not None and contract.flow(Purpose.HOME_STUDY, "NM") is not None
        and kind not in COUNSEL and office_of(kind) in agency.offices
    ]


@for_any(
    way=st.lists(st.sampled_from(("nothing", "released", "handed over", "recalled")), min_size=8, max_size=8),
    is_untrue=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_every_office_that_was_handed_it_is_owed_until_its_receipt_and_no_other_is(way: list[str], is_untrue: bool) -> None:
    scenario, expected = whole_case(), set[str]()
    offices = able()
    assert 2 <= len(offices) <= len(way)
    for office, far in zip(offices, way, strict=False):
        disclosure_id = an_id(f"for {office}")
        steps = [
            opening(engagement_id=an_id(f"with {office}"), office=office, person_ids=PERSONS),
            replace(study, disclosure_id=disclosure_id, office=office), replace(release, notice_id=disclosure_id),
            replace(received, disclosure_id=disclosure_id),
        ]
        scenario = scenario.given(*steps[:{"nothing": 2, "released": 3}.get(far, 4)])
        contract = scenario.standing.contract_for(scenario.standing.offices[office].recipient_kind)
        flow = None if contract is None else contract.flow(Purpose.HOME_STUDY, "NM")
        if far in ("handed over", "recalled") and flow is not None and flow.has("relative.name"):
            expected.add(office)
    wish = aunts_name(scenario)
    now = SupersedeFact(change_id=an_id("married"), person_id=wish.person_id, name=wish.name)
    scenario = scenario.given(wish if is_untrue else now)
    assert {one.office for one in owed(scenario)} == expected
    assert {one.owes for one in owed(scenario)} <= {Owes.CORRECTION if is_untrue else Owes.UPDATE}
    for office, far in zip(offices, way, strict=False):
        if far == "recalled" and is_untrue:
            scenario = scenario.given(
                RecallDisclosure(disclosure_id=an_id(f"for {office}"), text_code=TextCode.DISREGARD),
                replace(recalled, notice_id=an_id(f"for {office}")),
            )
        elif far == "recalled" and office in expected:
            [one] = [one for one in owed(scenario) if one.office == office]
            again = an_id(f"again for {office}")
            scenario = scenario.given(
                PrepareCorrection(correction_id=one.correction_id, disclosure_id=again),
                replace(release, notice_id=again), replace(received, disclosure_id=again, entry=2),
            )
        expected -= {office} if far == "recalled" else set()
    assert {one.office for one in owed(scenario)} == expected

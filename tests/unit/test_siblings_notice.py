"""One notice told of several, and the record of one is closed: the others are owed a notice anew, and it can leave."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.case.acts import Act, ActStage, acts_of
from domain.case.citizenship import CitizenshipInformationObtained, ObtainCitizenshipInformation, PersonOrigin
from domain.case.consular import (
    ConsularNotificationCorrected,
    ConsularNotificationPrepared,
    DisclosureReleased,
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    RecordCorrectionReceived,
    ReleaseDisclosure,
    TextCode,
    Way,
)
from domain.case.corrections import CorrectionOwed, CorrectionSettled, Owes, PrepareCorrection
from domain.case.custody import EndCustody, TakeIntoCustody
from domain.case.disclosures import DisclosurePrepared
from domain.case.doubts import RecordDisclosureDoubted
from domain.case.engagement import EndedBecause, Engagement, EngagementEnded, EngagementOpened
from domain.case.erasure import ExpungeOrdered, ExpungeWithdrawn, OrderExpunge, WithdrawExpungeOrder
from domain.case.intake import AddChild, AddParty, CloseCase, OpenCase, Outcome
from domain.case.kin import RecordHomeStudyFailure, RequestHomeStudy, StudyFailure
from domain.case.mislinks import CorrectTime
from domain.case.obligations import Duty, DutyRaised, DutyStage
from domain.case.particulars import CorrectFact
from domain.case.recalls import RecallDisclosure
from domain.case.sealing import RecordSealed, SealRecord
from domain.disclosure.purposes import Purpose
from domain.events import Compartment
from domain.people import PersonName, Role
from domain.submission import Command
from tests.specification import Scenario, an_id
from tests.unit.partners import everybody
from tests.unit.test_expunge_reach import without
from tests.unit.test_permission import opening, study
from tests.unit.whole_case import home

MEXICO = "cons-mx.el-paso"
ELDER, YOUNGER, THIRD = KIDS = tuple(an_id(name) for name in ("elder", "younger", "third"))
MOTHER, FATHER = an_id("their mother"), an_id("the elder's father")
NOTICE, ANEW = an_id("notice of all"), an_id("notice of those who stay")
prepare = PrepareConsularNotification(notice_id=NOTICE, office=MEXICO, form=NoticeForm.NM_MEXICO)
again = replace(prepare, notice_id=ANEW)
handed_over = RecordConsulateNotified(notice_id=NOTICE, channel=Way.WEBHOOK, entry=1, receipt="r-1")
handed_over_anew = replace(handed_over, notice_id=ANEW, entry=3, receipt="r-3")
erase = RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.ERASE)


def family(*children: UUID, nationalities: tuple[str, ...] = ("MX",)) -> tuple[Command, ...]:
    """Children in custody who were born in Mexico, with their mother, and the father of the elder alone."""
    persons = (*children, MOTHER)
    return (
        OpenCase(child_ids=children, allegation_class="neglect"),
        *(AddChild(child_id=child, birth_date=date(2017, 3, 9)) for child in children),
        AddParty(party_id=MOTHER, role=Role.MOTHER, child_ids=children, name=PersonName(given_names="X", surnames="Peña")),
        AddParty(party_id=FATHER, role=Role.FATHER, child_ids=(ELDER,)),
        *(TakeIntoCustody(child_id=child, episode_id=an_id(f"episode of {child}")) for child in children),
        ObtainCitizenshipInformation(information_id=an_id("information"), basis="interview", persons=tuple(
            PersonOrigin(person_id=person, nationalities=nationalities, birth_country="MX") for person in persons
        )),
    )


owed = Scenario().given(*family(*KIDS))
released = owed.given(prepare, ReleaseDisclosure(notice_id=NOTICE))
told = released.given(handed_over)


def order(*persons: UUID, **changes: Any) -> OrderExpunge:
    return OrderExpunge(**{
        "expunge_id": an_id(f"expunge {persons}"), "person_ids": persons or None, "order_ref": "JQ-9",
        "second_person": "counsel-1", **changes,
    })


def seal(*persons: UUID, **changes: Any) -> SealRecord:
    return SealRecord(**{
        "seal_id": an_id(f"seal {persons}"), "person_ids": persons, "order_ref": "JQ-1", "second_person": "counsel-1",
        **changes,
    })


def duties(scenario: Scenario, child: UUID) -> list[Duty]:
    """What is open of a child toward Mexico."""
    return [duty for duty in scenario.case.obligations.open_duties("CONS-MX") if duty.raised.child_id == child]


def open_engagement(scenario: Scenario) -> Engagement | None:
    return scenario.case.engagements.open_for(MEXICO, Purpose.CONSULAR_NOTICE)


def acts(scenario: Scenario) -> list[Act]:
    """Notices to Mexico that are still to be done."""
    return [act for act in acts_of(scenario.case) if act.is_notice and act.stage not in (ActStage.DONE, ActStage.WITHDRAWN)]


# -- what an order leaves behind

@pytest.mark.parametrize("gone", KIDS)
def test_who_stays_is_owed_a_notice_anew_from_the_order_on_and_an_engagement_opens_for_them_alone(gone: UUID) -> None:
    outcome, stay = told.when(order(gone)), tuple(child for child in KIDS if child != gone)
    envelopes = outcome.envelopes()
    [cause] = [e.circumstances for e in envelopes if isinstance(e.event, ExpungeOrdered)]
    before = {(duty.raised.rule_id, duty.raised.child_id) for duty in told.case.obligations.duties.values() if duty.met}
    raised = outcome.the(DutyRaised)
    assert {(one.rule_id, one.child_id) for one in raised} == {pair for pair in before if pair[1] != gone}
    assert {(one.cause_event_id, one.clock_start) for one in raised} == {(cause.event_id, cause.learned_at)}
    within = {one.due_at for one in raised if one.rule_id == "NM-CONSULATE-MX-24H"}
    assert within == {cause.learned_at + timedelta(hours=24)}
    [opened] = [one for one in outcome.the(EngagementOpened) if one.purpose is Purpose.CONSULAR_NOTICE]
    around = (MOTHER, FATHER) if ELDER in stay else (MOTHER,)
    assert tuple(person.person_id for person in opened.persons) == (*stay, *around)
    known = told.case.engagements.signs[MEXICO]
    assert {p.person_id: p.reference for p in opened.persons}.items() <= known.items()
    assert opened.case_reference == known[None]
    outcome.then(*(type(envelope.event) for envelope in envelopes))
    [act] = acts(outcome.scenario())
    assert (act.stage, act.office, act.child_ids) == (ActStage.OWED, MEXICO, stay)


def test_the_new_notice_names_who_stays_and_leaves_and_meets_what_is_owed() -> None:
    ordered = told.given(order(ELDER))
    outcome = ordered.when(again).then(ConsularNotificationPrepared)
    [prepared] = outcome.the(ConsularNotificationPrepared)
    letting = outcome.scenario().when(ReleaseDisclosure(notice_id=ANEW)).then(DisclosureReleased)
    [leaves] = letting.the(DisclosureReleased)
    assert prepared.child_ids == (YOUNGER, THIRD) and prepared.person_ids == (YOUNGER, THIRD, MOTHER)
    engagement = open_engagement(ordered)
    assert engagement is not None and leaves.engagement_id == engagement.engagement_id
    notified = letting.scenario().given(handed_over_anew)
    assert not duties(notified, YOUNGER) and not duties(notified, THIRD) and not acts(notified)
    assert [one.owed.disclosure_id for one in notified.case.corrections.owed.values()] == [NOTICE]
    notified.when(order(ELDER)).then_nothing()
    notified.when(again).then_nothing()


def test_of_a_parent_whose_record_is_to_be_expunged_the_new_notice_says_nothing() -> None:
    outcome = told.given(order(MOTHER)).when(again)
    [prepared] = outcome.the(ConsularNotificationPrepared)
    assert prepared.person_ids == (*KIDS, FATHER)
    assert "parent_full_surnames" in (*prepared.missing_optional, *prepared.missing_required)
    assert not outcome.scenario().when(handed_over_anew).the(CorrectionOwed)


def test_an_order_on_each_in_turn_leaves_nothing_open() -> None:
    scenario, stay = told.given(order(ELDER), again, handed_over_anew), [YOUNGER, THIRD]
    scenario = scenario.given(order(YOUNGER))
    assert open_engagement(scenario) is not None and duties(scenario, THIRD) and not duties(scenario, YOUNGER)
    assert [r.prepared.notice_id for r in scenario.case.consular.notices.values() if r.corrected] == [NOTICE, ANEW]
    last = scenario.when(order(THIRD))
    assert not last.the(DutyRaised) and not last.the(EngagementOpened)
    assert open_engagement(last.scenario()) is None, stay
    last.scenario().when(replace(again, notice_id=an_id("one more"))).then_refused(rule="DECISION-12", field="office")


def test_of_a_case_with_one_child_nothing_is_opened() -> None:
    alone = Scenario().given(*family(ELDER), prepare, ReleaseDisclosure(notice_id=NOTICE), handed_over)
    outcome = alone.when(order(ELDER))
    assert outcome.the(EngagementEnded) and not outcome.the(DutyRaised)
    assert [one.purpose for one in outcome.the(EngagementOpened)] == [Purpose.RECALL]


def test_an_order_on_what_the_notice_does_not_hold_ends_nothing() -> None:
    told.when(order(ELDER, compartments=(Compartment.TRAFFICKING,))).then(ExpungeOrdered)
    told.when(seal(ELDER, compartments=(Compartment.TRAFFICKING,))).then(RecordSealed)


def test_of_who_left_custody_and_in_a_closed_case_nothing_is_owed_anew() -> None:
    home_again = told.given(EndCustody(child_id=YOUNGER, episode_id=an_id(f"episode of {YOUNGER}")))
    assert {one.child_id for one in home_again.when(order(ELDER)).the(DutyRaised)} == {THIRD}
    closed = told.given(CloseCase(outcome=Outcome.REUNIFIED)).when(order(ELDER))
    assert not closed.the(DutyRaised) and [one.purpose for one in closed.the(EngagementOpened)] == [Purpose.RECALL]


def test_an_order_that_is_taken_back_owes_a_notice_of_the_child_too() -> None:
    outcome = told.given(order(ELDER)).when(WithdrawExpungeOrder(expunge_id=order(ELDER).expunge_id))
    assert {type(event) for event in outcome.events()} >= {ExpungeWithdrawn, DutyRaised}
    assert {one.child_id for one in outcome.the(DutyRaised)} == {ELDER}
    [prepared] = outcome.scenario().when(again).the(ConsularNotificationPrepared)
    assert prepared.child_ids == KIDS[1:] + KIDS[:1]


def test_of_two_consulates_each_is_asked_to_erase_and_each_has_an_engagement_of_its_own_again() -> None:
    """Four engagements open by one command, and each has its own id."""
    to_guatemala = replace(prepare, notice_id=ANEW, office="cons-gt.denver", form=NoticeForm.NM_PLAIN)
    both = Scenario().given(
        *family(ELDER, YOUNGER, nationalities=("MX", "GT")), prepare, ReleaseDisclosure(notice_id=NOTICE), handed_over,
        to_guatemala, ReleaseDisclosure(notice_id=ANEW), handed_over_anew,
    )
    outcome = both.when(order(ELDER))
    opened = {one.engagement_id: (one.office, one.purpose) for one in outcome.the(EngagementOpened)}
    assert set(opened.values()) == {
        (office, purpose) for office in (MEXICO, "cons-gt.denver") for purpose in (Purpose.CONSULAR_NOTICE, Purpose.RECALL)
    }
    assert {one.child_id for one in outcome.the(DutyRaised)} == {YOUNGER}


# -- what was on its way

def test_what_was_prepared_of_all_is_not_released_and_is_prepared_anew() -> None:
    ordered = owed.given(prepare).given(order(ELDER))
    ordered.when(ReleaseDisclosure(notice_id=NOTICE)).then_refused(rule="DECISION-12", field="notice_id")
    [prepared] = ordered.when(again).the(ConsularNotificationPrepared)
    assert prepared.child_ids == (YOUNGER, THIRD)
    assert not {duties(ordered, ELDER)[0].duty_id} & set(prepared.duty_ids)


def test_what_was_released_and_can_leave_no_more_is_owed_still() -> None:
    ordered = released.given(order(ELDER))
    [act] = acts(ordered)
    assert act.stage is ActStage.OWED
    [after] = [act for act in acts(ordered.given(again)) if act.notice is not None]
    assert after.notice is not None and after.notice.prepared.notice_id == ANEW


def test_a_receipt_that_comes_after_the_order_owes_it_anew_once_the_office_is_asked_to_erase() -> None:
    late = released.given(order(ELDER), handed_over)
    assert not duties(late, YOUNGER)
    outcome = late.when(erase)
    [asked] = [e.circumstances for e in outcome.envelopes() if isinstance(e.event, ConsularNotificationCorrected)]
    assert {(one.child_id, one.cause_event_id) for one in outcome.the(DutyRaised)} == {
        (YOUNGER, asked.event_id), (THIRD, asked.event_id)
    }
    told_anew = released.given(order(ELDER), again, ReleaseDisclosure(notice_id=ANEW), handed_over_anew, handed_over)
    assert not told_anew.when(erase).the(DutyRaised), "they have a notice that stands"


def test_a_receipt_of_what_the_office_was_asked_to_erase_on_a_doubt_meets_nothing_for_who_stays() -> None:
    doubted = released.given(RecordDisclosureDoubted(disclosure_id=NOTICE, entry=1))
    ordered = doubted.given(order(ELDER))
    assert ordered.case.consular.notices[NOTICE].corrected is not None and duties(ordered, YOUNGER)
    outcome = ordered.when(handed_over)
    assert {one.child_id for one in outcome.the(DutyRaised)} == {YOUNGER, THIRD}
    after, first = outcome.scenario().case, released.case.consular.notices[NOTICE].prepared.duty_ids
    assert {after.obligations.duties[duty_id].stage for duty_id in first} == {DutyStage.MET}, "as it was: it had come"
    assert [act.child_ids for act in acts(outcome.scenario())] == [(YOUNGER, THIRD)]
    on_its_way = ordered.given(again, ReleaseDisclosure(notice_id=ANEW), handed_over)
    assert duties(on_its_way, YOUNGER)
    assert not acts(on_its_way.given(handed_over_anew)), "nobody is asked for a third"


def test_what_was_to_stand_in_the_place_of_an_untrue_notice_and_cannot_leave_is_owed_anew() -> None:
    """The consulate disregards the first notice, and the second, about all of them, never left."""
    event_id = told.case.intake.people[ELDER].event_id
    untrue = told.given(CorrectFact(
        correction_id=an_id("born"), person_id=ELDER, replaces_event_id=event_id, birth_date=date(2016, 3, 9), evidence="-",
    ))
    [correction] = untrue.case.corrections.owed.values()
    assert correction.owed.owes is Owes.CORRECTION
    right = PrepareCorrection(correction_id=correction.owed.correction_id, disclosure_id=an_id("right"))
    waits = untrue.given(right)
    recalled = RecordCorrectionReceived(notice_id=NOTICE, channel=Way.WEBHOOK, entry=2, receipt="r-2")
    for closing in (order(ELDER), seal(ELDER)):
        outcome = waits.when(closing)
        assert {one.child_id for one in outcome.the(DutyRaised)} == {YOUNGER, THIRD}
        assert outcome.scenario().when(recalled).the(CorrectionSettled), "nothing else will come"
    assert not waits.when(recalled).the(CorrectionSettled)


# -- a seal

@pytest.mark.parametrize(("closed", "children", "around"), [
    (ELDER, (YOUNGER, THIRD), (MOTHER,)), (MOTHER, KIDS, (FATHER,)),
])
def test_after_a_seal_the_notice_stands_and_what_proves_untrue_of_who_stays_can_be_put_right(
    closed: UUID, children: tuple[UUID, ...], around: tuple[UUID, ...]
) -> None:
    outcome = told.when(seal(closed)).then(RecordSealed, EngagementEnded, EngagementOpened)
    assert outcome.the(EngagementEnded)[0].reason is EndedBecause.SEALED
    sealed = outcome.scenario()
    assert tuple(person.person_id for person in outcome.the(EngagementOpened)[0].persons) == (*children, *around)
    untrue = sealed.given(CorrectFact(
        correction_id=an_id("born"), person_id=THIRD, replaces_event_id=sealed.case.intake.people[THIRD].event_id,
        birth_date=date(2016, 3, 9), evidence="-",
    ))
    [correction] = untrue.case.corrections.owed.values()
    right = PrepareCorrection(correction_id=correction.owed.correction_id, disclosure_id=an_id("right"))
    [prepared] = untrue.when(right).the(ConsularNotificationPrepared)
    assert prepared.child_ids == children and prepared.person_ids == (*children, *around)
    kept = {untrue.case.obligations.duties[duty_id].raised.child_id for duty_id in prepared.duty_ids}
    assert kept == set(children)


def test_one_sealed_before_stays_outside_when_another_is_expunged() -> None:
    """Also where the keys are withheld, and with them the route that was recorded of all of them."""
    sealed = without(told.given(seal(YOUNGER)), *Compartment, of=YOUNGER)
    assert sealed.case.engagements.routes == {}
    outcome = sealed.when(order(ELDER))
    assert {one.child_id for one in outcome.the(DutyRaised)} == {THIRD}
    [opened] = [one for one in outcome.the(EngagementOpened) if one.purpose is Purpose.CONSULAR_NOTICE]
    assert [person.person_id for person in opened.persons] == [THIRD, MOTHER]


# -- its clock

def test_a_wrong_time_of_what_raised_the_first_duty_does_not_move_the_clock_that_began_with_the_order() -> None:
    ordered = told.given(order(ELDER))
    learned = [
        e.circumstances for e in ordered.envelopes
        if isinstance(e.event, CitizenshipInformationObtained) and e.event.person_id in (YOUNGER, MOTHER)
    ]
    earlier = [
        CorrectTime(
            correction_id=an_id(f"time {at.event_id}"), replaces_event_id=at.event_id, evidence="log",
            happened_at=at.occurred_at - timedelta(minutes=40), known_at=at.learned_at - timedelta(minutes=30),
        ) for at in learned
    ]
    clocks = {duty.duty_id: duty.raised.clock_start for duty in duties(ordered, YOUNGER)}
    after = ordered.given(*earlier)
    assert {duty.duty_id: duty.raised.clock_start for duty in duties(after, YOUNGER)} == clocks
    notified = ordered.given(again, handed_over_anew, *earlier).case.obligations.duties
    assert {duty_id: notified[duty_id].raised.clock_start for duty_id in clocks} == clocks
    assert all(notified[duty_id].stage is DutyStage.MET for duty_id in clocks)
    [first] = {
        duty.raised.clock_start for duty in notified.values()
        if duty.duty_id not in clocks and duty.raised.child_id == YOUNGER and duty.raised.rule_id == "NM-CONSULATE-MX-24H"
    }
    assert first == learned[0].learned_at - timedelta(minutes=30), "and what had begun there is counted anew"


# -- other disclosures

AUNT, AFRESH = an_id("their aunt"), an_id("study of the younger alone")
request = RequestHomeStudy(
    request_id=an_id("study"), subject_id=AUNT, child_ids=(ELDER, YOUNGER), address=home("Álamo"), attempt=1
)
asked = Scenario(standing=everybody()).given(
    *family(ELDER, YOUNGER), AddParty(party_id=AUNT, role=Role.RELATIVE, child_ids=(ELDER, YOUNGER)), request,
    opening(person_ids=(ELDER, YOUNGER, AUNT)), replace(study, person_ids=(ELDER, YOUNGER, AUNT)),
)


@pytest.mark.parametrize("closing", [order(ELDER), seal(ELDER)], ids=["expunged", "sealed"])
def test_of_who_stays_another_office_is_let_learn_anew_by_a_person_about_what_concerns_them_alone(
    closing: OrderExpunge | SealRecord,
) -> None:
    after = asked.when(closing)
    assert [one.purpose for one in after.the(EngagementOpened) if one.office != MEXICO] == []
    withheld = without(after.scenario(), *Compartment, of=ELDER)
    reopened = withheld.given(opening(engagement_id=an_id("anew"), person_ids=(YOUNGER, AUNT)))
    alone = replace(study, disclosure_id=an_id("of the younger"), person_ids=(YOUNGER, AUNT))
    reopened.when(alone).then_refused(rule="DECISION-12", field="about")
    asked_anew = reopened.given(
        RecordHomeStudyFailure(request_id=request.request_id, reason=StudyFailure.WITHDRAWN),
        replace(request, request_id=AFRESH, child_ids=(YOUNGER,), attempt=2, prior_request_id=request.request_id),
    )
    asked_anew.when(replace(alone, about=AFRESH)).then(DisclosurePrepared)

"""An order to expunge reaches whoever was given something of what it names, by compartment, and nobody else hears of it."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.reading.reach import Place, places
from domain.case.consular import (
    ConsularNotificationCorrected,
    NoticeForm,
    PrepareConsularNotification,
    ReleaseDisclosure,
    TextCode,
    Way,
)
from domain.case.corrections import CorrectionOwed, Owes
from domain.case.court import ScheduleHearing
from domain.case.disclosures import DisclosurePrepared, RecordDisclosureReceived
from domain.case.doubts import RecordDisclosureDoubted
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.erasure import (
    Asked,
    BeginExpunge,
    CompleteExpunge,
    ConfirmErasure,
    ErasureConfirmed,
    ExpungeOrdered,
    ExpungeWithdrawn,
    OrderExpunge,
    WithdrawExpungeOrder,
    asked,
)
from domain.case.given import fields_given, given
from domain.case.intake import AddParty, CaseClosed, CloseCase, Outcome
from domain.case.outside_corrections import OutsideCorrectionOwed
from domain.case.recalls import DisclosureRecalled, RecallDisclosure
from domain.case.record_scope import Scope, box_of
from domain.case.sealing import RecordSealed, SealRecord
from domain.case.state import fold
from domain.case.told import Outside, RecordToldOutside
from domain.disclosure.basis import BasisKind
from domain.disclosure.items import AskedItem
from domain.disclosure.purposes import Purpose
from domain.events import Boxed, Compartment, Event, fields_of
from domain.people import Role
from domain.personal import WITHHELD, Known
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import everybody, office_of
from tests.unit.people import CHILD as ONE
from tests.unit.people import FAMILY, SIBLING, take_child, take_sibling
from tests.unit.test_corrections import GUATEMALA, handed_over, recalled, released, told
from tests.unit.test_permission import opening, release, study
from tests.unit.whole_case import AUNT, CARER, CHILD, MOTHER, whole_case

ISS, OTIP, MEXICO = office_of("ISS"), office_of("OTIP"), office_of("CONS-MX")
EXPUNGE, REPORT = an_id("expunge"), an_id("trafficking report")


def an_order(**changes: Any) -> OrderExpunge:
    return OrderExpunge(**{"expunge_id": EXPUNGE, "order_ref": "JQ-2027-9", "second_person": "counsel-1", **changes})


TRAFFICKING = an_order(compartments=(Compartment.TRAFFICKING,))
received = RecordDisclosureReceived(disclosure_id=an_id("disclosure"), channel=Way.WEBHOOK, entry=1, receipt="r-1")
reported = replace(received, disclosure_id=REPORT, receipt="r-2")
two_offices = whole_case().given(
    opening(person_ids=(CHILD, MOTHER, AUNT)), study, release, received,
    opening(
        engagement_id=an_id("engagement of OTIP"), office=OTIP, purpose=Purpose.TRAFFICKING_REPORT, person_ids=(CHILD,),
        basis=BasisKind.STATUTE, citation="TVPRA 2008",
    ),
    replace(
        study, disclosure_id=REPORT, office=OTIP, purpose=Purpose.TRAFFICKING_REPORT, person_ids=(CHILD,),
        about=an_id("concern"),
    ),
    ReleaseDisclosure(notice_id=REPORT), reported,
)


def without(scenario: Scenario, *compartments: Compartment, of: UUID | None = None) -> Scenario:
    """The same case to a reader from whom these keys are withheld: everybody's, or one person's."""
    envelopes = [envelope._replace(event=_without(envelope.event, compartments, of)) for envelope in scenario.envelopes]
    return replace(scenario, case=fold(envelopes), envelopes=tuple(envelopes))


def _without(event: Event, compartments: tuple[Compartment, ...], of: UUID | None) -> Event:
    closed = {
        name: WITHHELD for name, declaration in fields_of(type(event)).items()
        if isinstance(declaration, Boxed) and declaration.compartment in compartments
        and isinstance(getattr(event, name), Known)
        and (of is None or of in {person for person, _ in box_of(event, name)})
    }
    return replace(event, **closed) if closed else event  # type: ignore[type-var]


def ended(scenario: Scenario, command: OrderExpunge | SealRecord) -> set[str]:
    engagements = scenario.case.engagements.engagements
    return {engagements[event.engagement_id].office for event in scenario.when(command).the(EngagementEnded)}


def test_an_order_on_one_compartment_asks_only_who_was_given_something_of_it() -> None:
    outcome = two_offices.when(TRAFFICKING)
    [order], [recall] = outcome.the(ExpungeOrdered), outcome.the(DisclosureRecalled)
    assert order.offices == (OTIP,)
    assert (recall.office, recall.disclosure_id, recall.text_code) == (OTIP, REPORT, TextCode.ERASE)
    assert [(one.office, one.owes) for one in outcome.the(CorrectionOwed)] == [(OTIP, Owes.ERASURE)]
    assert ended(two_offices, TRAFFICKING) == {OTIP}


def test_what_a_seal_withholds_is_reached_as_if_it_could_be_read() -> None:
    for compartments in ((Compartment.TRAFFICKING,), tuple(Compartment)):
        assert without(two_offices, *compartments).when(TRAFFICKING).the(ExpungeOrdered)[0].offices == (OTIP,)
    health = an_order(compartments=(Compartment.HEALTH,))
    assert without(two_offices, *Compartment).when(health).the(ExpungeOrdered)[0].offices == ()


def test_a_consulate_hears_nothing_of_an_order_on_what_its_notice_does_not_hold() -> None:
    outcome = told.when(TRAFFICKING).then(ExpungeOrdered)
    assert outcome.the(ExpungeOrdered)[0].offices == ()
    assert not outcome.the(ConsularNotificationCorrected) and not outcome.the(EngagementOpened)
    assert told.given(TRAFFICKING).when(an_order(expunge_id=an_id("all"))).the(ExpungeOrdered)[0].offices == (GUATEMALA,)


def test_an_order_on_one_person_reaches_what_was_taken_from_that_persons_boxes() -> None:
    def offices(**scope: Any) -> tuple[str, ...]:
        return two_offices.when(an_order(**scope)).the(ExpungeOrdered)[0].offices

    identity = (Compartment.IDENTITY,)
    assert offices(person_ids=(AUNT,), compartments=identity) == (ISS,)
    assert offices(person_ids=(CARER,), compartments=identity) == ()
    assert offices(person_ids=(CHILD,), compartments=identity) == (ISS, OTIP)
    assert offices(person_ids=(MOTHER,), compartments=(Compartment.TRAFFICKING,)) == ()
    assert offices(person_ids=(AUNT,)) == (ISS,)


def test_what_was_recorded_of_both_children_and_told_of_one_is_that_ones() -> None:
    """The class of the allegation stands under the keys of both; the court was told it of the sibling alone."""
    court, hearing = office_of("COURT"), an_id("hearing")
    reported = Scenario(standing=everybody()).given(
        *FAMILY, take_child, take_sibling,
        ScheduleHearing(hearing_id=hearing, child_ids=(SIBLING,), scheduled_for=NOON + timedelta(days=60), kind="review"),
        opening(
            office=court, purpose=Purpose.COURT_REPORT, person_ids=(SIBLING,), basis=BasisKind.STATUTE, citation="32A-4-18"
        ),
        replace(study, office=court, purpose=Purpose.COURT_REPORT, person_ids=(SIBLING,), about=hearing), release, received,
    )
    told_of = fields_given(reported.case, reported.standing, next(given(reported.case)))
    assert "child.allegation" in {field.path for field in told_of}
    for child, offices in ((ONE, ()), (SIBLING, (court,))):
        wish = an_order(person_ids=(child,), compartments=(Compartment.LEGAL,))
        assert reported.when(wish).the(ExpungeOrdered)[0].offices == offices


def test_an_engagement_ends_only_where_it_rests_on_what_is_closed() -> None:
    seal = SealRecord(seal_id=an_id("seal"), order_ref="JQ-1", second_person="counsel-1")
    for partly, offices in (
        ((Compartment.TRAFFICKING,), {OTIP}), ((Compartment.HEALTH,), set[str]()),
        ((Compartment.IDENTITY,), {ISS, OTIP, MEXICO}),
    ):
        assert ended(two_offices, replace(seal, compartments=partly)) == offices
    two_offices.when(replace(seal, compartments=(Compartment.HEALTH,))).then(RecordSealed)


def test_while_an_order_waits_nobody_is_let_learn_what_it_is_on() -> None:
    waits = two_offices.given(TRAFFICKING)
    again = opening(
        engagement_id=an_id("again"), office=OTIP, purpose=Purpose.TRAFFICKING_REPORT, person_ids=(CHILD,),
        basis=BasisKind.STATUTE, citation="TVPRA 2008",
    )
    waits.when(again).then_refused(rule="P19", field="person_ids")
    waits.when(replace(study, disclosure_id=an_id("second study"))).the(DisclosurePrepared)


# -- hand-overs that are not proven

unproven = released.given(an_order())


def test_what_may_have_been_handed_over_is_in_the_order_and_asked_of_nobody_before_it_is_proven() -> None:
    outcome = released.when(an_order())
    assert outcome.the(ExpungeOrdered)[0].offices == (GUATEMALA,)
    assert not outcome.the(ConsularNotificationCorrected) and not outcome.the(CorrectionOwed)
    assert asked(unproven.case, unproven.case.erasure.expunges[EXPUNGE]) == {GUATEMALA: Asked.NOT_YET}


def test_a_receipt_after_the_order_makes_it_owed_and_the_office_confirms() -> None:
    began = unproven.given(
        (BeginExpunge(expunge_id=EXPUNGE), unproven.at.replace(year=2027)), CompleteExpunge(expunge_id=EXPUNGE)
    )
    for before in (unproven, without(began, *Compartment)):
        late = before.when(handed_over)
        assert [one.owes for one in late.the(CorrectionOwed)] == [Owes.ERASURE]
        after = late.scenario()
        assert asked(after.case, after.case.erasure.expunges[EXPUNGE]) == {GUATEMALA: Asked.NOW}
        after.when(ConfirmErasure(expunge_id=EXPUNGE, office=GUATEMALA, second_person="liaison-2")).then(ErasureConfirmed)


def test_an_office_that_is_owed_it_confirms_although_the_order_did_not_name_it() -> None:
    """As where the order was recorded by a program that did not look at what may have been handed over."""
    [order] = [one for one in unproven.envelopes if isinstance(one.event, ExpungeOrdered)]
    assert isinstance(order.event, ExpungeOrdered)
    unnamed = order._replace(event=replace(order.event, offices=()))
    case = fold([unnamed if one is order else one for one in unproven.envelopes])
    late = replace(unproven, case=case).given(handed_over)
    late.when(ConfirmErasure(expunge_id=EXPUNGE, office=GUATEMALA, second_person="liaison-2")).then(ErasureConfirmed)


def test_who_was_asked_to_disregard_it_before_is_not_asked_twice_and_is_still_to_confirm() -> None:
    disregards = told.given(RecallDisclosure(disclosure_id=an_id("notice"), text_code=TextCode.DISREGARD), recalled)
    [office] = [place for place in scope_shown(disregards) if place.where == GUATEMALA]
    assert office.until_then.startswith("was asked already to disregard it")
    waits = disregards.given(an_order())
    assert asked(waits.case, waits.case.erasure.expunges[EXPUNGE]) == {GUATEMALA: Asked.BEFORE}
    waits.when(ConfirmErasure(expunge_id=EXPUNGE, office=GUATEMALA, second_person="liaison-2")).then(ErasureConfirmed)


@pytest.mark.parametrize(("way", "topics"), [(Way.KAFKA, [f"topic of {GUATEMALA}"]), (Way.WEBHOOK, []), (Way.PAPER, [])])
def test_a_topic_holds_what_was_handed_over_by_it_and_no_other_channel_keeps_anything_with_us(
    way: Way, topics: list[str]
) -> None:
    by_it = released.given(replace(handed_over, channel=way))
    found = scope_shown(by_it)
    assert [place.where for place in found if place.where.startswith("topic")] == topics
    assert [place.by for place in found if place.where == GUATEMALA] == [None]


def test_the_scope_marks_what_was_possibly_given() -> None:
    [office] = [place for place in scope_shown(released) if place.where == GUATEMALA]
    assert "possibly given: no hand-over is proven" in office.what
    assert office.until_then == "it is asked to erase once the hand-over is proven"


def test_whoever_may_have_it_by_a_doubt_is_named_with_its_number_and_asked_at_once() -> None:
    doubted = RecordDisclosureDoubted(disclosure_id=handed_over.notice_id, entry=1)
    [office] = [place for place in scope_shown(released.given(doubted)) if place.where == GUATEMALA]
    assert "entry 1 (consular notice), possibly given: no hand-over is proven" in office.what
    assert office.until_then.startswith("no date can be promised: it is asked to erase")
    assert [one.owes for one in unproven.when(doubted).the(CorrectionOwed)] == [Owes.ERASURE]


def scope_shown(scenario: Scenario) -> list[Place]:
    scope = Scope(tuple(scenario.case.intake.people), tuple(Compartment))
    return list(places(
        scenario.case, scenario.standing, scenario.envelopes, scope, now=scenario.at, at=scenario.at, is_for_ever=True
    ))


# -- several orders

def test_a_second_order_on_what_an_order_covers_already_is_refused_and_a_wider_one_is_not() -> None:
    waits = told.given(TRAFFICKING)
    second = replace(TRAFFICKING, expunge_id=an_id("second"), order_ref="JQ-10")
    waits.when(second).then_refused(rule="DECISION-20", field="expunge_id")
    waits.when(replace(second, compartments=None)).the(ExpungeOrdered)
    withdrawn = waits.given(WithdrawExpungeOrder(expunge_id=EXPUNGE))
    withdrawn.when(second).then(ExpungeOrdered)


def test_an_order_that_was_taken_back_asks_nobody_any_more() -> None:
    withdrawn = unproven.given(WithdrawExpungeOrder(expunge_id=EXPUNGE))
    assert [event for event in withdrawn.envelopes if isinstance(event.event, ExpungeWithdrawn)]
    assert not withdrawn.when(handed_over).the(CorrectionOwed)


# -- the others in the case

of_one_child = told.given(an_order(person_ids=(ONE,)))
gone = without(of_one_child.given(
    (BeginExpunge(expunge_id=EXPUNGE), of_one_child.at.replace(year=2027)), CompleteExpunge(expunge_id=EXPUNGE)
), *Compartment, of=ONE)
sealed = without(told.given(
    SealRecord(seal_id=an_id("seal"), person_ids=(ONE,), order_ref="JQ-1", second_person="counsel-1")
), *Compartment, of=ONE)


@pytest.mark.parametrize(("closed", "anew"), [(gone, {"CONS-GT": GUATEMALA}), (sealed, {})])
def test_where_one_childs_record_is_closed_the_siblings_goes_on(closed: Scenario, anew: dict[str, str]) -> None:
    """What was recorded of both together is withheld; what comes is recorded of the sibling alone. `anew` is whom the
    sibling is owed to again, because it was asked to erase the notice of both."""
    assert closed.case.engagements.routes == {}
    later = closed.given(AddParty(party_id=an_id("uncle"), role=Role.RELATIVE, child_ids=(SIBLING,)))
    assert later.case.engagements.routes == {"CONS-MX": MEXICO, **anew}
    notice = an_id("the sibling's notice")
    notified = later.given(
        PrepareConsularNotification(notice_id=notice, office=MEXICO, form=NoticeForm.NM_MEXICO),
        ReleaseDisclosure(notice_id=notice), replace(handed_over, notice_id=notice),
    )
    told_now = notified.case.consular.notices[notice]
    assert told_now.notified is not None and told_now.notified.child_ids == (SIBLING,)
    [ended] = notified.when(CloseCase(outcome=Outcome.REUNIFIED)).the(CaseClosed)
    assert ended.child_ids == (SIBLING,)


@pytest.mark.parametrize("compartment", Compartment)
def test_the_reach_of_the_parts_is_the_reach_of_the_whole(compartment: Compartment) -> None:
    whole = two_offices.when(an_order()).the(ExpungeOrdered)[0].offices
    part = two_offices.when(an_order(compartments=(compartment,))).the(ExpungeOrdered)[0].offices
    assert set(part) <= set(whole) == {ISS, OTIP}


# -- what was told outside of the feeds

@pytest.mark.parametrize(("items", "compartments", "is_owed"), [
    ((AskedItem.CHILD_NAME,), (Compartment.TRAFFICKING,), False),
    ((AskedItem.CHILD_NAME,), (Compartment.IDENTITY,), True),
    ((AskedItem.CHILD_NAME,), tuple(Compartment), True),
    ((AskedItem.HEALTH_RECORDS,), (Compartment.TRAFFICKING,), True),  # The case has no word for it: nobody can say.
])
def test_what_was_told_outside_is_reached_unless_all_of_it_came_from_other_boxes(
    items: tuple[AskedItem, ...], compartments: tuple[Compartment, ...], is_owed: bool
) -> None:
    outside = told.given(RecordToldOutside(
        telling_id=an_id("telling"), person_ids=(ONE,), partner=GUATEMALA, items=items, why=Outside.PERSON,
        authority="by telephone",
    ))
    assert bool(outside.when(an_order(compartments=compartments)).the(OutsideCorrectionOwed)) is is_owed

"""An office learns on a basis that stands, and no longer: engagements by command, and consent."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.agency.agreements import ConsularService, Jurisdiction, MouStatus, RecordMouStatus
from domain.case.approval import GiveCounselApproval
from domain.case.consent import Capacity
from domain.case.consular import DisclosureReleased, ReleaseDisclosure
from domain.case.court import EnterCourtOrder, OrderEffect, OrderKind
from domain.case.disclosures import DisclosurePrepared, PrepareDisclosure
from domain.case.engagement import EngagementEnded, EngagementOpened, Side
from domain.case.permission import CloseEngagement, OpenEngagement
from domain.case.sealing import SealRecord
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import MEXICO, everybody, having, office_of
from tests.unit.people import from_country, obtain
from tests.unit.whole_case import AUNT, CARER, CHILD, CONSENT, MOTHER, ORDER, parents_consent, whole_case

ISS = office_of("ISS")


def opening(**changes: Any) -> OpenEngagement:
    wish: dict[str, Any] = {
        "engagement_id": an_id("engagement"), "office": ISS, "purpose": Purpose.HOME_STUDY, "person_ids": (CHILD, MOTHER),
        "basis": BasisKind.SERVICE_CONTRACT, "citation": "contract 2026-17 with ISS-USA", **changes,
    }
    return OpenEngagement(**wish)


def on_consent(**changes: Any) -> OpenEngagement:
    return opening(basis=BasisKind.CONSENT, citation=None, rests_on=CONSENT, **changes)


study = PrepareDisclosure(
    disclosure_id=an_id("disclosure"), office=ISS, purpose=Purpose.HOME_STUDY, person_ids=(CHILD, MOTHER, AUNT),
    about=an_id("study"),
)
release = ReleaseDisclosure(notice_id=an_id("disclosure"))


# -- engagements

def test_a_person_opens_what_an_office_may_learn_and_ends_it() -> None:
    opened = whole_case().when(opening()).then(EngagementOpened)
    [event] = opened.the(EngagementOpened)
    assert event.basis is not None and (event.basis.kind, event.basis.citation) == (
        BasisKind.SERVICE_CONTRACT, "contract 2026-17 with ISS-USA"
    )
    opened.scenario().when(CloseEngagement(engagement_id=an_id("engagement"))).then(EngagementEnded)


@pytest.mark.parametrize("basis", [
    BasisKind.TREATY, BasisKind.STATUTE, BasisKind.AGENCY_POLICY, BasisKind.SERVICE_CONTRACT,
])
def test_a_law_a_policy_or_a_contract_is_a_basis_by_its_citation(basis: BasisKind) -> None:
    [event] = whole_case().when(opening(basis=basis, citation="article 5")).then(EngagementOpened).the(EngagementOpened)
    assert event.basis is not None and (event.basis.kind, event.basis.citation) == (basis, "article 5")
    whole_case().when(opening(basis=basis, citation=" ")).then_refused(rule="DECISION-12", field="citation")
    whole_case().when(opening(basis=basis, citation="x" * 301)).then_refused(rule="DECISION-12", field="citation")


@pytest.mark.parametrize(("changes", "rule", "field"), [
    ({"citation": None}, "DECISION-12", "citation"),
    ({"rests_on": an_id("paper")}, "DECISION-12", "rests_on"),
    ({"basis": BasisKind.COURT_ORDER, "citation": None}, "DECISION-12", "rests_on"),
    ({"basis": BasisKind.COURT_ORDER, "citation": None, "rests_on": an_id("no such order")}, "DECISION-12", "rests_on"),
    ({"basis": BasisKind.CONSENT, "citation": None, "rests_on": an_id("no consent")}, "DECISION-12", "rests_on"),
    ({"person_ids": ()}, "DECISION-12", "person_ids"),
    ({"person_ids": (an_id("nobody"),)}, "P01", "person_ids"),
    ({"office": "iss.nowhere"}, "DECISION-11", "office"),
    ({"purpose": Purpose.TRAFFICKING_REPORT}, "DECISION-13", "purpose"),
    ({"purpose": Purpose.CONSULAR_NOTICE}, "DECISION-12", "purpose"),
    ({"until": NOON}, "DECISION-12", "until"),
    ({"side": Side.CHILD}, "DECISION-12", "side"),
])
def test_what_has_no_basis_that_stands_is_not_opened(changes: dict[str, Any], rule: str, field: str) -> None:
    whole_case().when(opening(**changes)).then_refused(rule=rule, field=field)


def test_one_office_has_one_engagement_for_one_purpose() -> None:
    open_already = whole_case().given(opening())
    open_already.when(opening(engagement_id=an_id("second"))).then_refused(rule="DECISION-12", field="purpose")


def with_mexico(**changes: Any) -> OpenEngagement:
    return opening(
        office="cons-mx.el-paso", basis=BasisKind.AGREEMENT, citation=None, rests_on=MEXICO, **changes
    )


def test_an_agreement_is_a_basis_while_it_is_in_force_and_holds_the_service() -> None:
    whole_case().when(with_mexico()).then(EngagementOpened)
    narrow = having(everybody(), RecordMouStatus(
        change_id=an_id("narrower"), jurisdiction=Jurisdiction.NM, country="MX", status=MouStatus.SIGNED,
        services=(ConsularService.TRAINING,),
    ))
    scenario = replace(whole_case(), standing=narrow)
    scenario.when(with_mexico()).then_refused(rule="P18", field="rests_on")
    scenario.when(replace(with_mexico(), rests_on=an_id("narrower"))).then_refused(rule="P18", field="purpose")


def test_a_new_york_engagement_cannot_rest_on_an_agreement_with_mexico() -> None:
    """NYC has signed none: its stream has no such agreement, whatever another agency's has."""
    without = replace(everybody(), agreements=replace(everybody().agreements, changes=()))
    texts = {pack: pack.text.replace('jurisdiction = "NM"', 'jurisdiction = "NYC"') for pack in without.packs}
    packs = tuple(pack._replace(text=text) for pack, text in texts.items())
    scenario = replace(whole_case(), standing=replace(without, packs=packs))
    assert scenario.standing.jurisdiction == "NYC"
    scenario.when(with_mexico()).then_refused(rule="NYC-MOU-MX-NONE", field="rests_on")


def test_nothing_is_prepared_once_an_agreement_has_ended() -> None:
    opened = whole_case().given(with_mexico(person_ids=(CHILD, MOTHER, AUNT)))
    asking = replace(study, office="cons-mx.el-paso")
    opened.when(asking).then(DisclosurePrepared)
    ended = RecordMouStatus(
        change_id=an_id("ended"), jurisdiction=Jurisdiction.NM, country="MX", status=MouStatus.ENDED,
    )
    after = replace(opened, standing=having(everybody(), ended))
    after.when(asking).then_refused(rule="DECISION-12", field="office")


def test_an_engagement_runs_out_by_itself() -> None:
    until = NOON + timedelta(days=3)
    opened = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT), until=until), study)
    opened.when(release, at=until - timedelta(seconds=1)).then(DisclosureReleased)
    opened.when(release, at=until).then_refused(rule="DECISION-12", field="notice_id")


def test_of_somebody_whose_record_is_closed_no_office_learns_anything_more() -> None:
    closing = SealRecord(seal_id=an_id("seal"), order_ref="S-1", second_person="counsel-1", person_ids=(AUNT,))
    sealed = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), closing)
    assert not sealed.case.engagements.engagements[an_id("engagement")].is_open
    sealed.when(opening(engagement_id=an_id("another"), person_ids=(CHILD, AUNT))).then_refused(
        rule="P19", field="person_ids"
    )
    without_her = sealed.given(opening(engagement_id=an_id("without her")))
    without_her.when(study).then_refused(rule="P19", field="person_ids")


# -- counsel

def counsel(**changes: Any) -> OpenEngagement:
    return opening(**{
        "office": office_of("LAW-CONTRACT"), "purpose": Purpose.RELIEF_SCREENING, "person_ids": (CHILD,),
        "client_ids": (CHILD,), "side": Side.CHILD, **changes,
    })


def test_counsel_names_its_client_and_its_side() -> None:
    whole_case().when(counsel()).then(EngagementOpened)
    whole_case().when(counsel(client_ids=())).then_refused(rule="COUNSEL-SIDE", field="client_ids")
    whole_case().when(counsel(side=None)).then_refused(rule="COUNSEL-SIDE", field="client_ids")
    whole_case().when(counsel(side=Side.PARENT)).then_refused(rule="COUNSEL-SIDE", field="side")


def test_an_adverse_persons_fields_are_refused_until_that_person_consents() -> None:
    both = counsel(person_ids=(CHILD, MOTHER))
    whole_case().when(both).then_refused(rule="COUNSEL-SIDE", field="person_ids")
    consented = whole_case().given(parents_consent(offices=(office_of("LAW-CONTRACT"),)))
    consented.when(replace(both, basis=BasisKind.CONSENT, citation=None, rests_on=CONSENT)).then(EngagementOpened)
    whole_case().when(replace(both, basis=BasisKind.COURT_ORDER, citation=None, rests_on=ORDER)).then(EngagementOpened)


def test_a_parents_counsel_learns_of_the_child_on_no_consent_of_that_parent() -> None:
    lawyers = office_of("LAW-PARENT")
    consented = whole_case().given(parents_consent(offices=(lawyers,)))
    own = counsel(
        office=lawyers, person_ids=(MOTHER,), client_ids=(MOTHER,), side=Side.PARENT, basis=BasisKind.CONSENT, citation=None,
        rests_on=CONSENT,
    )
    consented.when(own).then(EngagementOpened)
    of_both = replace(own, person_ids=(MOTHER, CHILD))
    consented.when(of_both).then_refused(rule="COUNSEL-SIDE", field="person_ids")
    on_order = replace(of_both, basis=BasisKind.COURT_ORDER, rests_on=ORDER)
    consented.when(on_order).then(EngagementOpened)
    appointing = EnterCourtOrder(
        order_id=an_id("appointing"), child_ids=(CHILD,), party_ids=(CARER,), kind=OrderKind.OTHER,
    )
    for_the_child = parents_consent(
        CHILD, given_by=CARER, capacity=Capacity.APPOINTED, order_id=an_id("appointing"), offices=(lawyers,),
    )
    whole_case().given(appointing, for_the_child).when(replace(own, person_ids=(CHILD,))).then(EngagementOpened)


def test_of_a_thing_counsel_learns_what_it_may_learn_of_everybody_whom_it_concerns() -> None:
    own = counsel(office=office_of("LAW-PARENT"), person_ids=(MOTHER,), client_ids=(MOTHER,), side=Side.PARENT)
    about_the_child = replace(
        study, office=own.office, purpose=Purpose.RELIEF_SCREENING, person_ids=(MOTHER,), about=an_id("relief")
    )
    whole_case().given(own).when(about_the_child).then_refused(rule="DECISION-12", field="about")


def test_a_parents_counsel_stands_for_no_child() -> None:
    whole_case().when(counsel(office=office_of("LAW-PARENT"))).then_refused(rule="COUNSEL-SIDE", field="side")


def given_the_childs_record() -> Scenario:
    """Counsel stood for the child and was given something; then that was ended."""
    about = replace(
        study, office=office_of("LAW-CONTRACT"), purpose=Purpose.RELIEF_SCREENING, person_ids=(CHILD,), about=an_id("relief")
    )
    return whole_case().given(counsel(), about, release, CloseEngagement(engagement_id=an_id("engagement")))


def for_the_mother(**changes: Any) -> OpenEngagement:
    return counsel(**{
        "engagement_id": an_id("adverse"), "person_ids": (MOTHER,), "client_ids": (MOTHER,), "side": Side.PARENT, **changes,
    })


@pytest.mark.parametrize("basis", [
    BasisKind.TREATY, BasisKind.STATUTE, BasisKind.AGENCY_POLICY, BasisKind.SERVICE_CONTRACT,
])
def test_counsel_that_was_given_one_sides_record_stands_for_no_other_side(basis: BasisKind) -> None:
    given_it = given_the_childs_record()
    given_it.when(for_the_mother(basis=basis)).then_refused(rule="COUNSEL-SIDE", field="office")
    relative = for_the_mother(person_ids=(AUNT,), client_ids=(AUNT,), side=Side.RELATIVE)
    given_it.when(relative).then_refused(rule="COUNSEL-SIDE", field="office")
    given_it.when(counsel(engagement_id=an_id("again"))).then(EngagementOpened)
    given_it.when(for_the_mother(office=office_of("LAW-PARENT"))).then(EngagementOpened)


def test_counsel_that_was_given_nothing_may_stand_for_another_side() -> None:
    nothing = whole_case().given(counsel(), CloseEngagement(engagement_id=an_id("engagement")))
    nothing.when(for_the_mother()).then(EngagementOpened)


def test_counsel_changes_sides_on_an_order_or_on_the_approval_of_the_agencys_counsel() -> None:
    law = office_of("LAW-CONTRACT")
    approval = GiveCounselApproval(
        approval_id=an_id("approval"), person_ids=(MOTHER,), purposes=(Purpose.RELIEF_SCREENING,), offices=(law,),
        counsel="Alma Ruiz", paper="L-7",
    )
    given_it = given_the_childs_record().given(approval)
    for basis, rests_on in ((BasisKind.COURT_ORDER, ORDER), (BasisKind.COUNSEL_APPROVAL, an_id("approval"))):
        given_it.when(for_the_mother(basis=basis, citation=None, rests_on=rests_on)).then(EngagementOpened)


def test_counsel_changes_sides_on_the_consent_of_the_client_it_had_and_of_nobody_else() -> None:
    law = office_of("LAW-CONTRACT")
    on_it: dict[str, Any] = {"basis": BasisKind.CONSENT, "citation": None, "rests_on": CONSENT}
    mothers = parents_consent(offices=(law,))
    childs = given_the_childs_record().given(mothers)
    childs.when(for_the_mother(**on_it)).then_refused(rule="COUNSEL-SIDE", field="office")
    about = replace(
        study, office=law, purpose=Purpose.RELIEF_SCREENING, person_ids=(MOTHER, CHILD), about=an_id("relief")
    )
    of_both = for_the_mother(person_ids=(MOTHER, CHILD), basis=BasisKind.COURT_ORDER, citation=None, rests_on=ORDER)
    had_her = whole_case().given(mothers, of_both, about, release, CloseEngagement(engagement_id=an_id("adverse")))
    had_her.when(counsel()).then_refused(rule="COUNSEL-SIDE", field="office")
    had_her.when(counsel(**on_it)).then(EngagementOpened)


# -- orders

def ordering(**changes: Any) -> EnterCourtOrder:
    wish: dict[str, Any] = {
        "order_id": an_id("new order"), "child_ids": (CHILD,), "party_ids": (MOTHER,), "kind": OrderKind.OTHER,
        "purposes": (Purpose.HOME_STUDY,), **changes,
    }
    return EnterCourtOrder(**wish)


on_order = opening(basis=BasisKind.COURT_ORDER, citation=None, rests_on=an_id("new order"))


def test_an_order_is_a_basis_for_what_it_says_and_those_whom_it_names() -> None:
    whole_case().given(ordering()).when(on_order).then(EngagementOpened)
    whole_case().given(ordering(kind=OrderKind.REMOTE_PARTICIPATION)).when(on_order).then(EngagementOpened)


@pytest.mark.parametrize("changes", [
    {"purposes": ()}, {"purposes": (Purpose.DOCUMENT_TRACING,)}, {"party_ids": ()},
    {"kind": OrderKind.SEAL, "purposes": ()}, {"kind": OrderKind.REMOTE_PARTICIPATION, "purposes": ()},
])
def test_an_order_that_does_not_say_so_is_no_basis(changes: dict[str, Any]) -> None:
    whole_case().given(ordering(**changes)).when(on_order).then_refused(rule="DECISION-12", field="rests_on")


@pytest.mark.parametrize("effect", [OrderEffect.STAYS, OrderEffect.VACATES])
def test_an_order_that_binds_no_more_is_no_basis(effect: OrderEffect) -> None:
    end = ordering(order_id=an_id("end"), earlier_order_id=an_id("new order"), effect=effect, purposes=())
    whole_case().given(ordering(), end).when(on_order).then_refused(rule="DECISION-12", field="rests_on")


@pytest.mark.parametrize("changes", [{"kind": OrderKind.SEAL}, {"purposes": (Purpose.CONSULAR_NOTICE,)}])
def test_an_order_to_seal_lets_nobody_learn_anything(changes: dict[str, Any]) -> None:
    whole_case().when(ordering(**changes)).then_refused(rule="P10", field="purposes")


# -- preparing

def test_a_child_who_is_a_us_citizen_is_not_reported_to_otip() -> None:
    """B10, whatever the contract lets flow and whoever opened the engagement."""
    otip = opening(
        office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT, person_ids=(CHILD,), basis=BasisKind.STATUTE,
        citation="TVPRA 2008",
    )
    report = replace(
        study, office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT, person_ids=(CHILD,), about=an_id("concern")
    )
    whole_case().given(otip).when(report).then(DisclosurePrepared)
    born_here = obtain(from_country(CHILD, "US"), id="the birth certificate")
    whole_case().given(otip, born_here).when(report).then_refused(rule="US-OTIP-REFER", field="person_ids")


def test_a_disclosure_is_prepared_released_and_about_something_that_was_asked() -> None:
    opened = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)))
    prepared = opened.when(study).then(DisclosurePrepared).scenario()
    prepared.when(release).then(DisclosureReleased)
    opened.when(replace(study, about=an_id("visit"))).then_refused(rule="P17", field="about")
    opened.when(replace(study, about=None)).then_refused(rule="P17", field="about")
    opened.when(replace(study, purpose=Purpose.RECALL)).then_refused(rule="P17", field="purpose")


def test_a_thing_is_told_only_where_the_engagement_covers_everybody_whom_it_concerns() -> None:
    narrow = whole_case().given(opening(person_ids=(CHILD, MOTHER)))
    narrow.when(replace(study, person_ids=(CHILD,))).then_refused(rule="DECISION-12", field="about")
    narrow.when(study).then_refused(rule="DECISION-12", field="person_ids")


def test_without_an_engagement_nothing_is_prepared_and_after_its_end_nothing_is_released() -> None:
    whole_case().when(study).then_refused(rule="DECISION-12", field="office")
    prepared = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study)
    closed = prepared.given(CloseEngagement(engagement_id=an_id("engagement")))
    closed.when(release).then_refused(rule="DECISION-12", field="notice_id")

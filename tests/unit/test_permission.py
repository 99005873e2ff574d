"""An office learns on a basis that stands, and no longer: engagements by command, and consent."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.agency.agreements import ConsularService, Jurisdiction, MouStatus, RecordMouStatus
from domain.case.consent import Capacity, ConsentGranted, ConsentNarrowed, ConsentWithdrawn, NarrowConsent, WithdrawConsent
from domain.case.consular import DisclosureReleased, ReleaseDisclosure
from domain.case.court import CourtOrderEntered, EnterCourtOrder, OrderEffect, OrderKind
from domain.case.disclosures import DisclosurePrepared, PrepareDisclosure
from domain.case.engagement import EndedBecause, EngagementEnded, EngagementOpened, Side
from domain.case.permission import CloseEngagement, OpenEngagement, RecallRaised
from domain.case.sealing import SealRecord
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.people import Role
from domain.personal import WITHHELD
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import MEXICO, everybody, having, office_of
from tests.unit.people import from_country, obtain
from tests.unit.whole_case import AUNT, CHILD, CONSENT, MOTHER, ORDER, parents_consent, party, whole_case

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
    return opening(office=office_of("LAW-CONTRACT"), purpose=Purpose.RELIEF_SCREENING, **{
        "person_ids": (CHILD,), "client_ids": (CHILD,), "side": Side.CHILD, **changes,
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


# -- consent

def test_a_consent_says_who_gave_it_for_whom_in_which_language_and_what_was_explained() -> None:
    [granted] = whole_case().when(parents_consent()).then(ConsentGranted).the(ConsentGranted)
    assert (granted.given_by, granted.capacity, granted.text_version) == (MOTHER, Capacity.PARENT, "consent-2026-1")


@pytest.mark.parametrize(("changes", "field"), [
    ({"given_by": AUNT}, "capacity"),
    ({"capacity": Capacity.SELF}, "capacity"),
    ({"capacity": Capacity.GUARDIAN}, "order_id"),
    ({"capacity": Capacity.APPOINTED, "order_id": an_id("no such order")}, "order_id"),
    ({"offices": ()}, "offices"),
    ({"purposes": (Purpose.CONSULAR_NOTICE,)}, "purposes"),
    ({"text_version": "the new text"}, "text_version"),
    ({"interpreter_id": an_id("nobody")}, "interpreter_id"),
    ({"until": NOON}, "until"),
])
def test_a_consent_that_nobody_could_give_is_refused(changes: dict[str, Any], field: str) -> None:
    whole_case().when(parents_consent(**changes)).then_refused(rule="CONSENT", field=field)


@pytest.mark.parametrize("changes", [
    {"office": office_of("DIF")}, {"purpose": Purpose.DOCUMENT_TRACING}, {"person_ids": (CHILD, AUNT)},
])
def test_a_consent_covers_the_office_purpose_and_persons_that_it_names_and_no_other(changes: dict[str, Any]) -> None:
    consented = whole_case().given(parents_consent(purposes=(Purpose.HOME_STUDY,)))
    consented.when(on_consent()).then(EngagementOpened)
    consented.when(on_consent(**changes)).then_refused(rule="DECISION-12", field="rests_on")


def test_a_consent_may_name_a_kind_of_partner() -> None:
    whole_case().given(parents_consent(offices=(), kinds=("ISS",))).when(on_consent()).then(EngagementOpened)


def test_an_engagement_never_outlasts_its_consent() -> None:
    until = NOON + timedelta(days=30)
    [opened] = whole_case().given(parents_consent(until=until)).when(on_consent()).the(EngagementOpened)
    assert opened.until == until


def consented() -> Scenario:
    wide = parents_consent(CHILD, MOTHER, purposes=(Purpose.HOME_STUDY, Purpose.REUNIFICATION))
    return whole_case().given(wide, on_consent())


withdraw = WithdrawConsent(consent_id=CONSENT, withdrawn_by=MOTHER)


def test_a_withdrawn_consent_ends_every_engagement_that_rests_on_it() -> None:
    out = consented().when(withdraw).then(ConsentWithdrawn, EngagementEnded)
    assert out.the(EngagementEnded)[0].reason is EndedBecause.CONSENT_ENDED
    out.scenario().when(on_consent(engagement_id=an_id("again"))).then_refused(rule="DECISION-12", field="rests_on")


def narrowing(**changes: Any) -> NarrowConsent:
    wish: dict[str, Any] = {
        "narrowing_id": an_id("narrowing"), "consent_id": CONSENT, "narrowed_by": MOTHER, "person_ids": (CHILD, MOTHER),
        "purposes": (Purpose.HOME_STUDY, Purpose.REUNIFICATION), "offices": (ISS,), **changes,
    }
    return NarrowConsent(**wish)


def test_a_narrowed_consent_ends_only_what_it_no_longer_covers() -> None:
    consented().when(narrowing(purposes=(Purpose.HOME_STUDY,))).then(ConsentNarrowed)
    consented().when(narrowing(purposes=(Purpose.REUNIFICATION,))).then(ConsentNarrowed, EngagementEnded)
    consented().when(narrowing(person_ids=(CHILD,))).then(ConsentNarrowed, EngagementEnded)
    consented().when(narrowing(offices=(ISS, office_of("DIF")))).then_refused(rule="CONSENT", field="offices")


def test_only_who_gave_a_consent_or_whom_it_is_about_takes_it_back() -> None:
    consented().when(replace(withdraw, withdrawn_by=AUNT)).then_refused(rule="CONSENT", field="withdrawn_by")
    consented().when(replace(withdraw, withdrawn_by=CHILD)).then(ConsentWithdrawn, EngagementEnded)


def test_what_was_let_go_on_a_consent_is_to_be_taken_back_with_it() -> None:
    with_aunt = whole_case().given(
        parents_consent(CHILD, MOTHER, purposes=(Purpose.DOCUMENT_TRACING,)), on_consent(purpose=Purpose.DOCUMENT_TRACING),
        replace(study, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, MOTHER), about=an_id("document")), release,
    )
    [recall] = with_aunt.when(withdraw).then(ConsentWithdrawn, EngagementEnded, RecallRaised).the(RecallRaised)
    assert recall.office == ISS and recall.disclosure_ids == (an_id("disclosure"),)


def test_an_order_that_is_stayed_ends_what_rests_on_it() -> None:
    on_order = whole_case().given(opening(basis=BasisKind.COURT_ORDER, citation=None, rests_on=ORDER))
    stay = EnterCourtOrder(
        order_id=an_id("stay"), child_ids=(CHILD,), kind=OrderKind.OTHER, earlier_order_id=ORDER, effect=OrderEffect.STAYS,
    )
    out = on_order.when(stay).then(CourtOrderEntered, EngagementEnded)
    assert out.the(EngagementEnded)[0].reason is EndedBecause.ORDER_ENDED


def test_what_this_reader_cannot_see_ends_no_engagement() -> None:
    by_kind = whole_case().given(parents_consent(offices=(), kinds=("ISS",)), on_consent())
    consent = by_kind.case.consents.consents[CONSENT]
    blind = by_kind.case._replace(consents=replace(
        by_kind.case.consents, consents={CONSENT: replace(consent, kinds=WITHHELD)}
    ))
    events = replace(by_kind, case=blind).when(party(an_id("uncle"), Role.RELATIVE, "Fermín")).events()
    assert events and not [event for event in events if isinstance(event, EngagementEnded)]


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

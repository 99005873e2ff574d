"""What an office was given on a basis that fell is taken back, however it fell; and B10, whenever citizenship is learned."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.reading.timeline import lines
from domain.case.approval import CounselApprovalExpired, WithdrawCounselApproval
from domain.case.consent import Capacity, ConsentExpired, ConsentWithdrawn, GrantConsent
from domain.case.consular import DisclosureReleased, ReleaseDisclosure, Way
from domain.case.corrections import CorrectionOwed, OwedBecause, Owes
from domain.case.court import CourtOrderEntered, EnterCourtOrder, OrderEffect, OrderKind
from domain.case.disclosures import DisclosurePrepared, PrepareDisclosure, RecordDisclosureReceived
from domain.case.engagement import EndedBecause, EngagementEnded, EngagementOpened
from domain.case.intake import AddChild, PartyAddedToCase
from domain.case.mislinks import WithdrawMislink
from domain.case.moments import CHANGED_BY, RecordMoments, moments
from domain.case.permission import CloseEngagement, RecallBecause, RecallRaised
from domain.case.state import Case, evolve, fold
from domain.case.trafficking import Exploitation, FlagTraffickingConcern
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.people import Role
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.people import from_country, obtain
from tests.unit.test_consent import withdraw
from tests.unit.test_counsel_approval import APPROVAL, approving
from tests.unit.test_permission import ISS, on_consent, opening, release, study
from tests.unit.whole_case import CARER, CHILD, CONSENT, MOTHER, parents_consent, party, whole_case

UNTIL = NOON + timedelta(days=30)
TRACING = Purpose.DOCUMENT_TRACING
close = CloseEngagement(engagement_id=an_id("engagement"))
look = RecordMoments()
ask = replace(study, purpose=TRACING, person_ids=(CHILD, MOTHER), about=an_id("document"))
receipt = RecordDisclosureReceived(disclosure_id=an_id("disclosure"), channel=Way.WEBHOOK, entry=1, receipt="r-1")


def given(**consent: Any) -> Scenario:
    """ISS has what it was asked on the mother's consent."""
    granted = parents_consent(CHILD, MOTHER, purposes=(TRACING,), **consent)
    return whole_case().given(granted, on_consent(purpose=TRACING), ask, release, receipt)


# -- consent

def test_a_consent_withdrawn_after_the_engagement_was_closed_recalls_what_it_had_let_out() -> None:
    out = given().given(close).when(withdraw).then(ConsentWithdrawn, RecallRaised, CorrectionOwed)
    assert out.the(RecallRaised)[0].disclosure_ids == (an_id("disclosure"),)
    assert (out.the(CorrectionOwed)[0].owes, out.the(CorrectionOwed)[0].because) == (Owes.RECALL, OwedBecause.BASIS_FELL)


def test_what_was_recalled_once_is_not_recalled_again() -> None:
    after = given().when(withdraw).scenario()
    assert not after.when(party(an_id("uncle"), Role.RELATIVE, "Fermín")).the(RecallRaised)


def test_a_consent_that_ran_out_ends_what_rests_on_it_and_recalls_what_it_had_let_out() -> None:
    until = given(until=UNTIL)
    until.when(look, at=UNTIL - timedelta(microseconds=1)).then_nothing()
    out = until.when(look, at=UNTIL).then(ConsentExpired, EngagementEnded, RecallRaised, CorrectionOwed)
    assert [e.circumstances.occurred_at for e in out.envelopes() if isinstance(e.event, ConsentExpired)] == [UNTIL]
    assert out.the(EngagementEnded)[0].reason is EndedBecause.CONSENT_ENDED
    closed = until.given(close).when(look, at=UNTIL)
    closed.then(ConsentExpired, RecallRaised, CorrectionOwed)
    out.scenario().when(withdraw).then(ConsentWithdrawn)


def test_an_engagement_that_ends_before_its_consent_takes_nothing_back_yet() -> None:
    early = UNTIL - timedelta(days=20)
    granted = parents_consent(CHILD, MOTHER, purposes=(TRACING,), until=UNTIL)
    shorter = whole_case().given(granted, on_consent(purpose=TRACING, until=early), ask, release, receipt)
    shorter.when(look, at=early).then_nothing()
    assert shorter.when(look, at=UNTIL).the(RecallRaised)


def test_an_approval_of_counsel_runs_out_too() -> None:
    approved = whole_case().given(
        approving(until=UNTIL),
        opening(basis=BasisKind.COUNSEL_APPROVAL, citation=None, rests_on=APPROVAL),
    )
    out = approved.when(look, at=UNTIL).then(CounselApprovalExpired, EngagementEnded)
    assert out.the(EngagementEnded)[0].reason is EndedBecause.APPROVAL_ENDED


def test_the_schedule_is_told_of_every_end_that_comes_by_itself() -> None:
    both = given(until=UNTIL).given(approving(until=UNTIL), WithdrawCounselApproval(approval_id=APPROVAL), withdraw)
    case = Case()
    for envelope in both.envelopes:
        after = evolve(case, envelope)
        if type(envelope.event) not in CHANGED_BY:
            assert moments(after, "America/Denver") == moments(case, "America/Denver"), type(envelope.event).__name__
        case = after


def test_an_end_that_came_by_itself_reads_as_a_sentence() -> None:
    told = [line.text for line in lines(given(until=UNTIL).given((look, UNTIL)).envelopes)]
    assert told[-4:-1] == [
        "it ended when it said that it would: nothing more is told on it", "its basis ended: consent ended",
        "iss.office was given 1 things that are to be taken back (consent ended)",
    ]


APPOINTING = EnterCourtOrder(
    order_id=an_id("appointing"), child_ids=(CHILD,), party_ids=(CARER,), kind=OrderKind.OTHER, order_ref="G-1"
)
guardians = GrantConsent(
    consent_id=CONSENT, given_by=CARER, capacity=Capacity.GUARDIAN, person_ids=(CHILD,), purposes=(TRACING,),
    offices=(ISS,), language="es", text_version="consent-2026-1", order_id=an_id("appointing"),
)


@pytest.mark.parametrize("effect", [OrderEffect.STAYS, OrderEffect.VACATES])
def test_a_guardians_consent_ends_with_the_order_by_which_they_speak(effect: OrderEffect) -> None:
    end = EnterCourtOrder(
        order_id=an_id("end"), child_ids=(CHILD,), kind=OrderKind.OTHER, earlier_order_id=an_id("appointing"), effect=effect,
    )
    opened = whole_case().given(APPOINTING, guardians, on_consent(purpose=TRACING, person_ids=(CHILD,)))
    told = opened.given(replace(ask, person_ids=(CHILD,)), release)
    out = told.when(end).then(CourtOrderEntered, EngagementEnded, RecallRaised)
    assert out.the(EngagementEnded)[0].reason is EndedBecause.CONSENT_ENDED
    again = on_consent(engagement_id=an_id("again"), purpose=TRACING, person_ids=(CHILD,))
    out.scenario().when(again).then_refused(rule="DECISION-12", field="rests_on")


def test_what_was_given_on_the_word_of_who_proves_to_be_somebody_else_is_owed_a_recall_once() -> None:
    for told in (given(), given().given(close)):
        [added] = (e for e in told.envelopes if isinstance(e.event, PartyAddedToCase) and e.event.party_id == MOTHER)
        out = told.when(WithdrawMislink(
            withdrawal_id=an_id("mislink"), event_id=added.circumstances.event_id, evidence="another woman of that name",
        ))
        owed = {owed.because: owed.owes for owed in out.the(CorrectionOwed)}
        assert owed[OwedBecause.BASIS_FELL] is Owes.RECALL
        assert len(out.the(EngagementEnded)) == told.case.engagements.engagements[an_id("engagement")].is_open
        once = out.scenario().when(party(an_id("uncle"), Role.RELATIVE, "Fermín"))
        assert not once.the(RecallRaised) and not once.the(CorrectionOwed)


# -- an engagement that has run out

def test_an_engagement_that_has_run_out_gives_way_to_a_new_one() -> None:
    until = NOON + timedelta(days=3)
    old = whole_case().given(opening(until=until))
    new = opening(engagement_id=an_id("second"), person_ids=study.person_ids)
    old.when(new, at=until - timedelta(seconds=1)).then_refused(rule="DECISION-12", field="purpose")
    out = old.when(new, at=until).then(EngagementEnded, EngagementOpened)
    assert out.the(EngagementEnded)[0].reason is EndedBecause.RAN_OUT
    out.scenario().when(study).then(DisclosurePrepared)


# -- B10

SIBLING = an_id("sibling")
born_here = obtain(from_country(CHILD, "US"), id="the birth certificate")


def referral(*persons: Any, children: tuple[Any, ...] = (CHILD, MOTHER)) -> Scenario:
    """A referral to OTIP of the child's concern, which names these persons, is ready."""
    otip = opening(
        office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT, person_ids=children, basis=BasisKind.STATUTE,
        citation="TVPRA 2008",
    )
    return whole_case().given(AddChild(child_id=SIBLING), otip, PrepareDisclosure(
        disclosure_id=an_id("disclosure"), office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT,
        person_ids=persons, about=an_id("concern"),
    ))


@pytest.mark.parametrize("persons", [(CHILD,), (MOTHER,)])
def test_a_citizenship_learned_after_preparing_stops_the_release(persons: tuple[Any, ...]) -> None:
    out = referral(*persons).when(born_here)
    assert [e.reason for e in out.the(EngagementEnded)] == [EndedBecause.NOT_FOR_THEM] and not out.the(RecallRaised)
    out.scenario().when(release).then_refused(rule="US-OTIP-REFER", field="notice_id")


@pytest.mark.parametrize("persons", [(CHILD,), (MOTHER,)])
def test_a_citizenship_learned_after_the_release_recalls_what_otip_was_given(persons: tuple[Any, ...]) -> None:
    told = referral(*persons).given(release, receipt)
    out = told.when(born_here)
    [recall], [owed] = out.the(RecallRaised), out.the(CorrectionOwed)
    assert (recall.reason, recall.disclosure_ids) == (RecallBecause.NOT_FOR_THEM, (an_id("disclosure"),))
    assert (owed.owes, owed.because) == (Owes.RECALL, OwedBecause.NOT_FOR_THEM)
    closed = told.given(close).when(born_here)
    assert closed.the(RecallRaised) and not closed.the(EngagementEnded)


def test_what_otip_was_given_of_another_child_is_not_taken_back() -> None:
    siblings = FlagTraffickingConcern(concern_id=an_id("another"), child_id=SIBLING, kinds=(Exploitation.LABOUR,))
    both = referral(CHILD, children=(CHILD, SIBLING, MOTHER)).given(release, receipt, siblings, PrepareDisclosure(
        disclosure_id=an_id("of the sibling"), office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT,
        person_ids=(SIBLING,), about=an_id("another"),
    ), ReleaseDisclosure(notice_id=an_id("of the sibling")))
    assert both.case.disclosures.disclosures[an_id("of the sibling")].released is not None
    [recall] = both.when(born_here).the(RecallRaised)
    assert recall.disclosure_ids == (an_id("disclosure"),)


def test_no_referral_is_opened_or_prepared_about_a_child_who_is_a_us_citizen() -> None:
    here = whole_case().given(born_here)
    otip = opening(
        office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT, person_ids=(CHILD,), basis=BasisKind.STATUTE,
        citation="TVPRA 2008",
    )
    here.when(otip).then_refused(rule="US-OTIP-REFER", field="person_ids")
    hidden = here.given(replace(otip, person_ids=(MOTHER,)))
    about = PrepareDisclosure(
        disclosure_id=an_id("disclosure"), office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT,
        person_ids=(MOTHER,), about=an_id("concern"),
    )
    hidden.when(replace(about, person_ids=(CHILD, MOTHER))).then_refused(rule="US-OTIP-REFER", field="person_ids")
    hidden.when(about).then_refused(rule="DECISION-12", field="about")


def test_an_engagement_from_before_the_ban_was_asked_of_everybody_lets_nothing_be_prepared() -> None:
    prepared = referral(MOTHER)
    stored = [e for e in prepared.when(born_here).envelopes() if not isinstance(e.event, EngagementEnded)]
    old = replace(prepared, case=fold(stored, prepared.case))
    assert old.case.engagements.engagements[an_id("engagement")].is_open
    old.when(PrepareDisclosure(
        disclosure_id=an_id("second"), office=office_of("OTIP"), purpose=Purpose.TRAFFICKING_REPORT, person_ids=(MOTHER,),
        about=an_id("concern"),
    )).then_refused(rule="US-OTIP-REFER", field="about")


def test_a_parent_who_is_a_us_citizen_keeps_no_child_from_being_referred() -> None:
    told = referral(CHILD, MOTHER).given(obtain(from_country(MOTHER, "US"), id="her passport"))
    assert told.case.engagements.engagements[an_id("engagement")].is_open
    told.when(release).then(DisclosureReleased)

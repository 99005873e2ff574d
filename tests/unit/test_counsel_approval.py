"""The agency's counsel approves what needs a ground: for whom, to whom, for what, and as long as it stands."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.reading.grounds import ground
from adapters.reading.timeline import lines
from domain.case.approval import (
    CounselApprovalGiven,
    CounselApprovalWithdrawn,
    GiveCounselApproval,
    WithdrawCounselApproval,
)
from domain.case.consular import ReleaseDisclosure
from domain.case.engagement import EndedBecause, EngagementEnded, EngagementOpened, Side
from domain.case.mislinks import WithdrawReport
from domain.case.permission import OpenEngagement, RecallBecause, RecallRaised
from domain.case.sealing import SealRecord
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.people import Role
from domain.personal import WITHHELD, Known
from domain.refusals import Contradiction
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.test_permission import counsel, opening, study
from tests.unit.whole_case import AUNT, CHILD, CONSENT, MOTHER, ORDER, parents_consent, party, whole_case

ISS, APPROVAL = office_of("ISS"), an_id("approval")
withdraw = WithdrawCounselApproval(approval_id=APPROVAL)
tracing = replace(study, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, MOTHER), about=an_id("document"))
release = ReleaseDisclosure(notice_id=tracing.disclosure_id)


def approving(**changes: Any) -> GiveCounselApproval:
    wish: dict[str, Any] = {
        "approval_id": APPROVAL, "person_ids": (CHILD, MOTHER), "offices": (ISS,), "counsel": "Alma Ruiz", "paper": "L-7",
        "purposes": (Purpose.HOME_STUDY, Purpose.DOCUMENT_TRACING), **changes,
    }
    return GiveCounselApproval(**wish)


def on_approval(**changes: Any) -> OpenEngagement:
    return opening(basis=BasisKind.COUNSEL_APPROVAL, citation=None, rests_on=APPROVAL, **changes)


def approved(**changes: Any) -> Scenario:
    return whole_case().given(approving(**changes))


def test_an_approval_says_who_approved_by_which_paper_of_whom_to_whom_and_for_what() -> None:
    [given] = whole_case().when(approving()).then(CounselApprovalGiven).the(CounselApprovalGiven)
    assert (given.counsel, given.paper, given.offices) == (Known("Alma Ruiz"), Known("L-7"), (ISS,))
    with pytest.raises(Contradiction):
        approved().when(approving(paper="L-8")).events()


@pytest.mark.parametrize(("changes", "rule", "field"), [
    ({"person_ids": ()}, "COUNSEL-APPROVAL", "person_ids"),
    ({"person_ids": (an_id("nobody"),)}, "P01", "person_ids"),
    ({"purposes": ()}, "COUNSEL-APPROVAL", "purposes"),
    ({"purposes": (Purpose.CONSULAR_NOTICE,)}, "COUNSEL-APPROVAL", "purposes"),
    ({"offices": ()}, "COUNSEL-APPROVAL", "offices"),
    ({"offices": ("iss.nowhere",)}, "DECISION-11", "offices"),
    ({"kinds": ("PRESS",)}, "P17", "kinds"),
    ({"until": NOON}, "COUNSEL-APPROVAL", "until"),
    ({"counsel": " Caseworker-1"}, "COUNSEL-APPROVAL", "counsel"),
])
def test_an_approval_of_everything_or_by_whoever_records_it_is_none(changes: dict[str, Any], rule: str, field: str) -> None:
    whole_case().when(approving(**changes)).then_refused(rule=rule, field=field)


def test_an_office_learns_on_an_approval_what_it_covers_and_nothing_else() -> None:
    narrow = approved(purposes=(Purpose.HOME_STUDY,))
    narrow.when(on_approval()).then(EngagementOpened)
    for changes in ({"office": office_of("DIF")}, {"purpose": Purpose.DOCUMENT_TRACING}, {"person_ids": (CHILD, AUNT)}):
        narrow.when(on_approval(**changes)).then_refused(rule="DECISION-12", field="rests_on")
    approved(offices=(), kinds=("ISS",)).when(on_approval()).then(EngagementOpened)


def test_an_approval_a_consent_and_an_order_do_not_stand_for_each_other() -> None:
    both, approval = approved().given(parents_consent()), BasisKind.COUNSEL_APPROVAL
    for kind, named in ((BasisKind.CONSENT, APPROVAL), (approval, CONSENT), (approval, ORDER)):
        both.when(replace(on_approval(), basis=kind, rests_on=named)).then_refused(rule="DECISION-12", field="rests_on")


def test_an_engagement_ends_with_its_approval_at_the_latest_and_none_begins_after_it() -> None:
    until = NOON + timedelta(days=90)
    ending = approved(until=until)
    [opened] = ending.when(on_approval(), at=until - timedelta(seconds=1)).the(EngagementOpened)
    assert opened.until == until
    ending.when(on_approval(), at=until).then_refused(rule="DECISION-12", field="until")


def test_what_was_let_go_on_an_approval_is_to_be_taken_back_with_it() -> None:
    left = approved().given(on_approval(purpose=Purpose.DOCUMENT_TRACING), tracing, release)
    out = left.when(withdraw).then(CounselApprovalWithdrawn, EngagementEnded, RecallRaised)
    [ended], [recall] = out.the(EngagementEnded), out.the(RecallRaised)
    assert (ended.reason, recall.reason) == (EndedBecause.APPROVAL_ENDED, RecallBecause.APPROVAL_ENDED)
    assert recall.disclosure_ids == (tracing.disclosure_id,)
    out.scenario().when(on_approval(engagement_id=an_id("again"))).then_refused(rule="DECISION-12", field="rests_on")
    prepared = approved().given(on_approval(purpose=Purpose.DOCUMENT_TRACING), tracing, withdraw)
    prepared.when(release).then_refused(rule="DECISION-12", field="notice_id")


def test_an_approval_that_nobody_gave_is_not_withdrawn_and_one_recorded_in_error_ends_what_rests_on_it() -> None:
    whole_case().when(withdraw).then_refused(rule="COUNSEL-APPROVAL", field="approval_id")
    mistaken = approved().given(on_approval())
    [given] = [each for each in mistaken.envelopes if isinstance(each.event, CounselApprovalGiven)]
    out = mistaken.when(WithdrawReport(
        withdrawal_id=an_id("never"), event_id=given.circumstances.event_id, evidence="counsel approved another case",
    ))
    assert out.the(EngagementEnded)[0].reason is EndedBecause.APPROVAL_ENDED


def test_an_approval_is_withdrawn_also_from_a_closed_record() -> None:
    sealing = SealRecord(seal_id=an_id("seal"), order_ref="S-1", second_person="counsel-1")
    approved().given(sealing).when(withdraw).then(CounselApprovalWithdrawn)


def test_the_agencys_counsel_cannot_waive_for_whoever_is_adverse_to_a_client() -> None:
    law = office_of("LAW-CONTRACT")
    waived = approved(offices=(law,), purposes=(Purpose.RELIEF_SCREENING,))
    on_it = {"basis": BasisKind.COUNSEL_APPROVAL, "citation": None, "rests_on": APPROVAL}
    waived.when(counsel(person_ids=(CHILD, MOTHER), **on_it)).then_refused(rule="COUNSEL-SIDE", field="person_ids")
    waived.when(counsel(**on_it)).then(EngagementOpened)
    waived.when(counsel(person_ids=(MOTHER,), client_ids=(MOTHER,), side=Side.PARENT, **on_it)).then(EngagementOpened)


def test_what_this_reader_cannot_see_of_an_approval_ends_nothing() -> None:
    by_kind = approved(offices=(), kinds=("ISS",)).given(on_approval())
    blinded = replace(by_kind.case.approvals.approvals[APPROVAL], kinds=WITHHELD)
    case = by_kind.case._replace(approvals=replace(by_kind.case.approvals, approvals={APPROVAL: blinded}))
    events = replace(by_kind, case=case).when(party(an_id("uncle"), Role.RELATIVE, "Fermín")).events()
    assert events and not [event for event in events if isinstance(event, EngagementEnded)]


def test_people_read_who_approved_on_which_day_and_by_which_paper() -> None:
    scenario = approved().given(on_approval(), parents_consent())
    assert ground(scenario.case, an_id("engagement")) == "approved by counsel Alma Ruiz on 14 Aug 2026, paper L-7"
    text = next(line.text for line in lines(scenario.envelopes) if line.event == "CounselApprovalGiven")
    assert text.startswith("by counsel Alma Ruiz, paper L-7, about Íñiga Peña Ibáñez, ")
    ended = lines(scenario.given(withdraw).envelopes)[-1]
    assert (ended.event, ended.text) == ("EngagementEnded", "its basis ended: approval ended")


@pytest.mark.parametrize(("wish", "words"), [
    (opening(), "service contract: contract 2026-17 with ISS-USA"),
    (opening(basis=BasisKind.COURT_ORDER, citation=None, rests_on=ORDER), "court order D-1 on "),
    (opening(basis=BasisKind.CONSENT, citation=None, rests_on=CONSENT), "consent of Begoña Ibáñez Núñez (parent) on "),
])
def test_every_other_ground_is_read_likewise(wish: OpenEngagement, words: str) -> None:
    scenario = whole_case().given(parents_consent(), wish)
    assert ground(scenario.case, an_id("engagement")).startswith(words)
    [notice] = [e for e in scenario.case.engagements.engagements.values() if e.basis is None]
    assert ground(scenario.case, notice.engagement_id).startswith("rules ")

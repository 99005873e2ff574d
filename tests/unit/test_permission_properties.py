"""Whatever is granted, narrowed, withdrawn, ordered, stayed, opened and closed, in any order: nothing rests on nothing."""
from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case.approval import GiveCounselApproval, WithdrawCounselApproval
from domain.case.consent import GrantConsent, NarrowConsent, WithdrawConsent
from domain.case.consular import DisclosureReleased, ReleaseDisclosure
from domain.case.court import EnterCourtOrder, OrderEffect, OrderKind
from domain.case.disclosures import DisclosurePrepared, PrepareDisclosure
from domain.case.engagement import Engagement
from domain.case.permission import CloseEngagement, OpenEngagement
from domain.case.state import Case
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.refusals import Refused
from domain.submission import Command
from tests.specification import Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.whole_case import AUNT, CHILD, CONSENT, MOTHER, ORDER, parents_consent, whole_case

ISS, PURPOSES = office_of("ISS"), (Purpose.HOME_STUDY, Purpose.DOCUMENT_TRACING)
ABOUT = {Purpose.HOME_STUDY: an_id("study"), Purpose.DOCUMENT_TRACING: an_id("document")}
purposes = st.sampled_from(PURPOSES)
persons = st.sampled_from([(CHILD,), (CHILD, MOTHER), (CHILD, MOTHER, AUNT)])
number = st.integers(0, 1)
APPROVALS = tuple(
    GiveCounselApproval(
        approval_id=an_id(f"approval {n}"), person_ids=(CHILD, MOTHER), purposes=PURPOSES[: n + 1], offices=(ISS,),
        counsel="Alma Ruiz", paper="L-7",
    )
    for n in range(2)
)


@st.composite
def actions(draw: st.DrawFn) -> Command:
    purpose, n, who = draw(purposes), draw(number), draw(persons)
    consent_id, approval_id = an_id(f"consent {n}"), an_id(f"approval {n}")
    rests_on = draw(st.sampled_from([
        (BasisKind.CONSENT, consent_id), (BasisKind.COURT_ORDER, ORDER), (BasisKind.COURT_ORDER, an_id(f"order {n}")),
        (BasisKind.COUNSEL_APPROVAL, approval_id),
    ]))
    commands: list[Command] = [
        replace(parents_consent(*(p for p in who if p != AUNT), purposes=PURPOSES[: n + 1]), consent_id=consent_id),
        NarrowConsent(
            narrowing_id=an_id(f"narrowing {n} {purpose}"), consent_id=consent_id, narrowed_by=MOTHER,
            person_ids=(CHILD,), purposes=(purpose,), offices=(ISS,),
        ),
        WithdrawConsent(consent_id=consent_id, withdrawn_by=MOTHER),
        WithdrawCounselApproval(approval_id=approval_id),
        OpenEngagement(
            engagement_id=an_id(f"engagement {n} {purpose} {len(who)}"), office=ISS, purpose=purpose, person_ids=who,
            basis=rests_on[0], rests_on=rests_on[1],
        ),
        CloseEngagement(engagement_id=an_id(f"engagement {n} {purpose} {len(who)}")),
        PrepareDisclosure(
            disclosure_id=an_id(f"disclosure {n} {purpose}"), office=ISS, purpose=purpose, person_ids=who,
            about=ABOUT[purpose],
        ),
        ReleaseDisclosure(notice_id=an_id(f"disclosure {n} {purpose}")),
        EnterCourtOrder(
            order_id=an_id(f"order {n}"), child_ids=(CHILD,), party_ids=(MOTHER, AUNT), kind=OrderKind.OTHER,
        ),
        EnterCourtOrder(
            order_id=an_id(f"stay {n}"), child_ids=(CHILD,), kind=OrderKind.OTHER,
            earlier_order_id=draw(st.sampled_from([ORDER, an_id(f"order {n}")])), effect=OrderEffect.STAYS,
        ),
    ]
    return draw(st.sampled_from(commands))


def rests(engagement: Engagement, case: Case) -> bool:
    """Whether what an engagement rests on stands, said without the code under test."""
    assert engagement.basis is not None and engagement.basis.rests_on is not None
    if engagement.basis.kind is not BasisKind.COURT_ORDER:
        is_consent, id = engagement.basis.kind is BasisKind.CONSENT, engagement.basis.rests_on
        allowed = case.consents.consents[id] if is_consent else case.approvals.approvals[id]
        return (
            not allowed.is_withdrawn and engagement.office in allowed.offices and engagement.purpose in allowed.purposes
            and set(engagement.references) <= set(allowed.person_ids)
        )
    stayed = {order.entered.earlier_order_id for order in case.court.orders.values()}
    return engagement.basis.rests_on in case.court.orders and engagement.basis.rests_on not in stayed


@settings(max_examples=120, deadline=None)
@given(st.lists(actions(), min_size=4, max_size=14))
def test_no_engagement_is_open_and_nothing_is_let_go_without_a_basis_that_stands(wishes: list[Command]) -> None:
    scenario: Scenario = whole_case().given(*APPROVALS)
    ended: set[object] = set()
    for wish in wishes:
        try:
            out = scenario.when(wish)
            events = out.events()
        except Refused:
            continue
        before, scenario = scenario.case, out.scenario()
        case = scenario.case
        for engagement in case.engagements.engagements.values():
            if engagement.basis is None:
                continue
            if engagement.is_open:
                assert rests(engagement, case) and engagement.engagement_id not in ended
            else:
                ended.add(engagement.engagement_id)
        for event in events:
            if isinstance(event, DisclosurePrepared | DisclosureReleased):
                engagement = before.engagements.engagements[event.engagement_id]
                assert engagement.is_open and rests(engagement, before)
        released = {d.released.engagement_id for d in case.disclosures.disclosures.values() if d.released is not None}
        fallen = {
            e.engagement_id for e in case.engagements.engagements.values()
            if e.basis is not None and not e.is_open and e.engagement_id in released and not rests(e, case)
        }
        closed_by_hand = {
            wish.engagement_id for wish in wishes if isinstance(wish, CloseEngagement)
        }
        assert fallen - closed_by_hand <= set(case.permission.recalls), "what left on a fallen basis is to be taken back"


def test_the_story_above_can_be_told_to_its_end() -> None:
    """Each kind of action is accepted somewhere, or the property would hold for nothing."""
    grant = replace(parents_consent(CHILD, MOTHER), consent_id=CONSENT)
    assert isinstance(grant, GrantConsent)
    whole = whole_case().given(
        grant,
        OpenEngagement(
            engagement_id=an_id("e"), office=ISS, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, MOTHER),
            basis=BasisKind.CONSENT, rests_on=CONSENT,
        ),
        PrepareDisclosure(
            disclosure_id=an_id("d"), office=ISS, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, MOTHER),
            about=an_id("document"),
        ),
        ReleaseDisclosure(notice_id=an_id("d")), WithdrawConsent(consent_id=CONSENT, withdrawn_by=MOTHER),
        APPROVALS[1],
        OpenEngagement(
            engagement_id=an_id("e2"), office=ISS, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, MOTHER),
            basis=BasisKind.COUNSEL_APPROVAL, rests_on=an_id("approval 1"),
        ),
        PrepareDisclosure(
            disclosure_id=an_id("d2"), office=ISS, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, MOTHER),
            about=an_id("document"),
        ),
        ReleaseDisclosure(notice_id=an_id("d2")), WithdrawCounselApproval(approval_id=an_id("approval 1")),
    )
    assert set(whole.case.permission.recalls) == {an_id("e"), an_id("e2")}

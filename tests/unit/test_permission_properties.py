"""Whatever is granted, narrowed, withdrawn, ordered, stayed, opened and closed, in any order: nothing rests on nothing."""
from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case.approval import GiveCounselApproval, WithdrawCounselApproval
from domain.case.consent import Capacity, GrantConsent, NarrowConsent, WithdrawConsent
from domain.case.consular import DisclosureReleased, ReleaseDisclosure
from domain.case.court import EnterCourtOrder, OrderEffect, OrderKind
from domain.case.disclosures import DisclosurePrepared, PrepareDisclosure
from domain.case.engagement import Engagement
from domain.case.intake import PartyAddedToCase
from domain.case.mislinks import WithdrawMislink
from domain.case.moments import RecordMoments
from domain.case.permission import CloseEngagement, OpenEngagement, RecallBecause, RecallRaised
from domain.case.state import Case
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.refusals import Refused
from domain.submission import Command
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.whole_case import AUNT, CARER, CHILD, MOTHER, ORDER, parents_consent, whole_case

OFFICES, PURPOSES = (office_of("ISS"), office_of("DIF")), (Purpose.HOME_STUDY, Purpose.DOCUMENT_TRACING)
ABOUT = {Purpose.HOME_STUDY: an_id("study"), Purpose.DOCUMENT_TRACING: an_id("document")}
APPOINTING, GUARDIANS = an_id("appointing"), an_id("guardian's consent")
UNTIL = (None, NOON + timedelta(days=4), NOON + timedelta(days=9))
offices, purposes, number = st.sampled_from(OFFICES), st.sampled_from(PURPOSES), st.integers(0, 1)
persons = st.sampled_from([(CHILD,), (CHILD, MOTHER), (CHILD, MOTHER, AUNT)])
APPROVALS = tuple(
    GiveCounselApproval(
        approval_id=an_id(f"approval {n}"), person_ids=(CHILD, MOTHER), purposes=PURPOSES[: n + 1], offices=OFFICES[: n + 1],
        counsel="Alma Ruiz", paper="L-7", until=UNTIL[n],
    )
    for n in range(2)
)
GUARDIAN: tuple[Command, ...] = (
    EnterCourtOrder(order_id=APPOINTING, child_ids=(CHILD,), party_ids=(CARER,), kind=OrderKind.OTHER),
    replace(
        parents_consent(CHILD, purposes=PURPOSES, offices=OFFICES), consent_id=GUARDIANS, given_by=CARER,
        capacity=Capacity.GUARDIAN, order_id=APPOINTING,
    ),
)
GIVERS = tuple(
    WithdrawMislink(
        withdrawal_id=an_id(f"{envelope.event.party_id} is somebody else"), event_id=envelope.circumstances.event_id,
        evidence="another of that name",
    )
    for envelope in whole_case().envelopes
    if isinstance(envelope.event, PartyAddedToCase) and envelope.event.party_id in (MOTHER, CARER)
)
Action = tuple[Command, int]


@st.composite
def actions(draw: st.DrawFn) -> Action:
    """A command, and how many hours after the one before."""
    office, purpose, n, who = draw(offices), draw(purposes), draw(number), draw(persons)
    consent_id, approval_id = an_id(f"consent {n}"), an_id(f"approval {n}")
    engagement_id, disclosure_id = an_id(f"{office} {purpose} {n}"), an_id(f"disclosure {n} {office} {purpose}")
    basis, rests_on = draw(st.sampled_from([
        (BasisKind.CONSENT, consent_id), (BasisKind.CONSENT, GUARDIANS), (BasisKind.COURT_ORDER, ORDER),
        (BasisKind.COURT_ORDER, an_id(f"order {n}")), (BasisKind.COUNSEL_APPROVAL, approval_id),
    ]))
    commands: list[Command] = [
        replace(
            parents_consent(*(p for p in who if p != AUNT), purposes=PURPOSES[: n + 1], offices=OFFICES),
            consent_id=consent_id, until=draw(st.sampled_from(UNTIL)),
        ),
        NarrowConsent(
            narrowing_id=an_id(f"narrowing {n} {purpose}"), consent_id=consent_id, narrowed_by=MOTHER,
            person_ids=(CHILD,), purposes=(purpose,), offices=(office,),
        ),
        WithdrawConsent(consent_id=consent_id, withdrawn_by=MOTHER), WithdrawCounselApproval(approval_id=approval_id),
        OpenEngagement(
            engagement_id=engagement_id, office=office, purpose=purpose, person_ids=who, basis=basis, rests_on=rests_on,
        ),
        CloseEngagement(engagement_id=engagement_id), RecordMoments(),
        PrepareDisclosure(
            disclosure_id=disclosure_id, office=office, purpose=purpose, person_ids=who, about=ABOUT[purpose],
        ),
        ReleaseDisclosure(notice_id=disclosure_id), GIVERS[n],
        EnterCourtOrder(
            order_id=an_id(f"order {n}"), child_ids=(CHILD,), party_ids=(MOTHER, AUNT), kind=OrderKind.OTHER,
            purposes=PURPOSES[n:],
        ),
        EnterCourtOrder(
            order_id=an_id(f"stay {n}"), child_ids=(CHILD,), kind=OrderKind.OTHER, effect=OrderEffect.STAYS,
            earlier_order_id=draw(st.sampled_from([ORDER, APPOINTING, an_id(f"order {n}")])),
        ),
    ]
    return draw(st.sampled_from(commands)), draw(st.sampled_from([1, 1, 30, 120]))


@st.composite
def stories(draw: st.DrawFn) -> list[Action]:
    """Something was let go on each kind of ground, and then whatever may happen."""
    granted = replace(
        parents_consent(CHILD, MOTHER, purposes=PURPOSES, offices=OFFICES), consent_id=an_id("consent 0"),
        until=draw(st.sampled_from(UNTIL)),
    )
    commands: list[Command] = [granted]
    for office, purpose, rests_on in (
        (OFFICES[0], Purpose.DOCUMENT_TRACING, (BasisKind.CONSENT, granted.consent_id)),
        (OFFICES[1], Purpose.DOCUMENT_TRACING, draw(st.sampled_from([
            (BasisKind.CONSENT, GUARDIANS), (BasisKind.COUNSEL_APPROVAL, an_id("approval 1")),
            (BasisKind.COURT_ORDER, ORDER),
        ]))),
    ):
        engagement_id, disclosure_id = an_id(f"{office} {purpose} 0"), an_id(f"disclosure 0 {office} {purpose}")
        who = (CHILD,) if rests_on[1] == GUARDIANS else (CHILD, MOTHER)
        commands += [
            OpenEngagement(
                engagement_id=engagement_id, office=office, purpose=purpose, person_ids=who, basis=rests_on[0],
                rests_on=rests_on[1],
            ),
            PrepareDisclosure(
                disclosure_id=disclosure_id, office=office, purpose=purpose, person_ids=who, about=ABOUT[purpose],
            ),
            ReleaseDisclosure(notice_id=disclosure_id),
        ]
        commands += [CloseEngagement(engagement_id=engagement_id)] * draw(number)
    return [*((command, 1) for command in commands), *draw(st.lists(actions(), min_size=4, max_size=12))]


def rests(engagement: Engagement, case: Case, at: datetime | None = None) -> bool:
    """Whether what an engagement rests on stands (at a moment, where given), said without the code under test."""
    assert engagement.basis is not None and engagement.basis.rests_on is not None
    id, stayed = engagement.basis.rests_on, {order.entered.earlier_order_id for order in case.court.orders.values()}
    if engagement.basis.kind is BasisKind.COURT_ORDER:
        return engagement.purpose in case.court.orders[id].entered.purposes and id not in stayed
    is_consent = engagement.basis.kind is BasisKind.CONSENT
    allowed = case.consents.consents[id] if is_consent else case.approvals.approvals[id]
    giver = (CARER if id == GUARDIANS else MOTHER) if is_consent else None
    return (
        (giver is None or giver in case.intake.people) and not allowed.is_withdrawn
        and engagement.office in allowed.offices and engagement.purpose in allowed.purposes
        and set(engagement.references) <= set(allowed.person_ids) and (id != GUARDIANS or APPOINTING not in stayed)
        and (at is None or allowed.until is None or at < allowed.until)
    )


@settings(max_examples=150, deadline=None)
@given(stories())
def test_no_engagement_is_open_and_nothing_is_let_go_without_a_basis_that_stands(story: list[Action]) -> None:
    scenario: Scenario = whole_case().given(*APPROVALS, *GUARDIAN)
    ended, recalled, clock = set[UUID](), list[UUID](), NOON
    for wish, hours in story:
        now = scenario.at + timedelta(hours=hours)
        try:
            out = scenario.when(wish, at=now)
            events = out.events()
        except Refused:
            continue
        before, scenario = scenario.case, out.scenario()
        case = scenario.case
        clock = now if isinstance(wish, RecordMoments) else clock
        rested = {e.engagement_id: e for e in case.engagements.engagements.values() if e.basis is not None}
        for engagement in rested.values():
            if engagement.is_open:
                assert rests(engagement, case, clock) and engagement.engagement_id not in ended
            else:
                ended.add(engagement.engagement_id)
        for event in events:
            if isinstance(event, DisclosurePrepared | DisclosureReleased):
                engagement = before.engagements.engagements[event.engagement_id]
                assert engagement.is_open and rests(engagement, before, now)
            if isinstance(event, RecallRaised) and event.reason is not RecallBecause.MISLINKED:
                recalled += event.disclosure_ids
        fallen = {
            disclosure_id for disclosure_id, disclosure in case.disclosures.disclosures.items()
            if disclosure.released is not None and not rests(rested[disclosure.released.engagement_id], case, clock)
        }
        assert fallen <= set(recalled), "what left on a fallen basis is to be taken back, whoever had closed the engagement"
        assert len(recalled) == len(set(recalled)), "once"


def test_the_story_above_can_be_told_to_its_end() -> None:
    """Each kind of action is accepted somewhere, or the property would hold for nothing."""
    granted = replace(parents_consent(CHILD, MOTHER, offices=OFFICES), until=UNTIL[1])
    assert isinstance(granted, GrantConsent)
    grounds = (
        (BasisKind.CONSENT, granted.consent_id), (BasisKind.COUNSEL_APPROVAL, an_id("approval 1")),
        (BasisKind.CONSENT, GUARDIANS),
    )
    whole = whole_case().given(granted, *APPROVALS, *GUARDIAN)
    for kind, rests_on in grounds:
        who = (CHILD,) if rests_on == GUARDIANS else (CHILD, MOTHER)
        engagement_id, disclosure_id = an_id(f"engagement on {rests_on}"), an_id(f"disclosure on {rests_on}")
        whole = whole.given(
            OpenEngagement(
                engagement_id=engagement_id, office=OFFICES[1], purpose=Purpose.DOCUMENT_TRACING, person_ids=who,
                basis=kind, rests_on=rests_on,
            ),
            PrepareDisclosure(
                disclosure_id=disclosure_id, office=OFFICES[1], purpose=Purpose.DOCUMENT_TRACING, person_ids=who,
                about=an_id("document"),
            ),
            ReleaseDisclosure(notice_id=disclosure_id), CloseEngagement(engagement_id=engagement_id),
        )
    stay = EnterCourtOrder(
        order_id=an_id("stay"), child_ids=(CHILD,), kind=OrderKind.OTHER, earlier_order_id=APPOINTING,
        effect=OrderEffect.STAYS,
    )
    ended = whole.given(stay, WithdrawCounselApproval(approval_id=an_id("approval 1")), (RecordMoments(), UNTIL[1] or NOON))
    assert set(ended.case.corrections.recalls) == {an_id(f"disclosure on {rests_on}") for _, rests_on in grounds}

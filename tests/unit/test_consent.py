"""Who may consent for whom, to what, and what ends with it."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.case.consent import Capacity, ConsentGranted, ConsentNarrowed, ConsentWithdrawn, NarrowConsent, WithdrawConsent
from domain.case.court import CourtOrderEntered, EnterCourtOrder, OrderEffect, OrderKind
from domain.case.engagement import EndedBecause, EngagementEnded, EngagementOpened
from domain.case.intake import AddChild, ChildAddedToCase, LinkPartyToChild, PartyAddedToCase, PartyLinkedToChild
from domain.case.language import AssignInterpreter, InterpreterKind, InterpretingMode
from domain.case.mislinks import WithdrawMislink, WithdrawReport
from domain.case.particulars import CorrectFact
from domain.case.permission import RecallBecause, RecallRaised
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.events import Event
from domain.facts import Register
from domain.people import Role
from domain.personal import WITHHELD
from tests.specification import NOON, Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.test_permission import ISS, on_consent, opening, release, study
from tests.unit.whole_case import AUNT, CARER, CHILD, CONSENT, MOTHER, ORDER, SPONSOR, parents_consent, party, whole_case


def test_a_consent_says_who_gave_it_for_whom_in_which_language_and_what_was_explained() -> None:
    [granted] = whole_case().when(parents_consent()).then(ConsentGranted).the(ConsentGranted)
    assert (granted.given_by, granted.capacity, granted.text_version) == (MOTHER, Capacity.PARENT, "consent-2026-1")


@pytest.mark.parametrize(("changes", "field"), [
    ({"given_by": AUNT}, "capacity"),
    ({"order_id": ORDER}, "order_id"),
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


REMOTE = EnterCourtOrder(
    order_id=an_id("remote"), child_ids=(CHILD,), party_ids=(CARER,), kind=OrderKind.REMOTE_PARTICIPATION
)


@pytest.mark.parametrize("changes", [
    {"order_id": ORDER, "given_by": SPONSOR}, {"order_id": an_id("remote"), "given_by": CARER},
    {"order_id": an_id("silent"), "given_by": CARER},
])
def test_who_speaks_by_an_order_is_appointed_by_it(changes: dict[str, Any]) -> None:
    silent = replace(REMOTE, order_id=an_id("silent"), kind=OrderKind.OTHER, party_ids=(MOTHER,))
    guardians = parents_consent(CHILD, capacity=Capacity.GUARDIAN, **changes)
    outcome = whole_case().given(REMOTE, silent).when(guardians)
    if changes["order_id"] == ORDER:
        outcome.then(ConsentGranted)
    else:
        outcome.then_refused(rule="CONSENT", field="order_id")


@pytest.mark.parametrize(("person", "language"), [(AUNT, "es"), (MOTHER, "mam")])
def test_an_interpreter_explained_it_to_who_gave_it_and_in_that_language(person: UUID, language: str) -> None:
    def assigned(to: UUID, code: str) -> AssignInterpreter:
        return AssignInterpreter(
            assignment_id=an_id("assignment"), person_id=to, language=code, mode=InterpretingMode.PHONE,
            interpreter_kind=InterpreterKind.CONTRACTOR,
        )

    explained = parents_consent(interpreter_id=an_id("assignment"))
    whole_case().given(assigned(MOTHER, "es")).when(explained).then(ConsentGranted)
    whole_case().given(assigned(person, language)).when(explained).then_refused(rule="CONSENT", field="interpreter_id")


BIRTHDAY = datetime(2026, 10, 23, 6, tzinfo=UTC)  # its first instant in Denver


@pytest.mark.parametrize(("born", "is_estimate", "at", "may"), [
    (date(2008, 10, 23), False, BIRTHDAY, False), (date(2008, 10, 23), False, BIRTHDAY - timedelta(seconds=1), True),
    (date(2008, 3, 9), True, BIRTHDAY, True), (date(2007, 3, 9), True, BIRTHDAY, False), (None, False, BIRTHDAY, True),
])
def test_no_parent_consents_for_who_is_of_age(born: date | None, is_estimate: bool, at: datetime, may: bool) -> None:
    youth = AddChild(child_id=an_id("youth"), birth_date=born, birth_date_is_estimate=is_estimate)
    linked = LinkPartyToChild(party_id=MOTHER, child_id=an_id("youth"))
    outcome = whole_case().given(youth, linked).when(parents_consent(an_id("youth")), at=at)
    if may:
        outcome.then(ConsentGranted)
    else:
        outcome.then_refused(rule="CONSENT", field="person_ids")


@pytest.mark.parametrize(("born", "is_estimate", "at", "may"), [
    (date(2014, 10, 23), False, BIRTHDAY, True), (date(2014, 10, 23), False, BIRTHDAY - timedelta(seconds=1), False),
    (date(2014, 3, 9), True, BIRTHDAY, False), (date(2013, 3, 9), True, BIRTHDAY, True), (None, False, BIRTHDAY, False),
])
def test_a_child_consents_for_itself_from_twelve_years_on(
    born: date | None, is_estimate: bool, at: datetime, may: bool
) -> None:
    youth = AddChild(child_id=an_id("youth"), birth_date=born, birth_date_is_estimate=is_estimate)
    own = parents_consent(an_id("youth"), given_by=an_id("youth"), capacity=Capacity.SELF)
    outcome = whole_case().given(youth).when(own, at=at)
    if may:
        outcome.then(ConsentGranted)
    else:
        outcome.then_refused(rule="CONSENT", field="capacity")


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


# -- who gave it proves to be somebody else

def event_id(scenario: Scenario, kind: type[Event], person: UUID) -> UUID:
    return next(
        e.circumstances.event_id for e in scenario.envelopes if isinstance(e.event, kind)
        and person in (getattr(e.event, "party_id", None), getattr(e.event, "child_id", None))
    )


def mislinked(scenario: Scenario, kind: type[Event], person: UUID) -> WithdrawMislink:
    return WithdrawMislink(
        withdrawal_id=an_id("mislink"), event_id=event_id(scenario, kind, person), evidence="another of that name"
    )


def ended(out: Any) -> list[tuple[EndedBecause, UUID]]:
    return [(event.reason, event.engagement_id) for event in out.the(EngagementEnded)]


CONSENT_ENDED = [(EndedBecause.CONSENT_ENDED, an_id("engagement"))]


def test_a_consent_stands_no_more_once_who_gave_it_proves_not_to_be_the_mother() -> None:
    let_go = whole_case().given(
        parents_consent(CHILD, MOTHER, purposes=(Purpose.DOCUMENT_TRACING,)),
        on_consent(purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD,)),
        replace(study, purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD,), about=an_id("document")), release,
    )
    out = let_go.when(mislinked(let_go, PartyAddedToCase, MOTHER))
    assert ended(out) == CONSENT_ENDED
    [recall] = (recall for recall in out.the(RecallRaised) if recall.reason is RecallBecause.CONSENT_ENDED)
    assert recall.disclosure_ids == (an_id("disclosure"),)
    again = on_consent(engagement_id=an_id("again"), purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD,))
    out.scenario().when(again).then_refused(rule="DECISION-12", field="rests_on")


def test_of_a_mislink_of_anybody_else_a_consent_takes_no_harm() -> None:
    assert ended(consented().when(mislinked(consented(), PartyAddedToCase, SPONSOR))) == []


def test_a_parent_speaks_no_more_for_a_child_who_was_linked_to_them_by_mistake() -> None:
    second = an_id("second child")
    linked = whole_case().given(
        AddChild(child_id=second), LinkPartyToChild(party_id=MOTHER, child_id=second),
        parents_consent(CHILD, MOTHER, second), on_consent(),
        on_consent(engagement_id=an_id("of both"), purpose=Purpose.DOCUMENT_TRACING, person_ids=(CHILD, second)),
    )
    of_both = [(EndedBecause.CONSENT_ENDED, an_id("of both"))]
    never_true = WithdrawReport(
        withdrawal_id=an_id("never"), event_id=event_id(linked, PartyLinkedToChild, second), evidence="a neighbour's child"
    )
    for wish in (
        mislinked(linked, PartyLinkedToChild, second), mislinked(linked, ChildAddedToCase, second), never_true,
    ):
        assert ended(linked.when(wish)) == of_both, "what it says of her own child still stands"


def test_a_guardian_and_a_relative_speak_no_more_once_they_prove_to_be_somebody_else() -> None:
    appointing = replace(REMOTE, order_id=an_id("appointing"), kind=OrderKind.OTHER)
    guardians = parents_consent(CHILD, capacity=Capacity.GUARDIAN, given_by=CARER, order_id=an_id("appointing"))
    own = parents_consent(AUNT, capacity=Capacity.SELF, given_by=AUNT)
    for consent, giver in ((guardians, CARER), (own, AUNT)):
        opened = whole_case().given(appointing, consent, on_consent(person_ids=consent.person_ids))
        assert ended(opened.when(mislinked(opened, PartyAddedToCase, giver))) == CONSENT_ENDED


@pytest.mark.parametrize(("born", "still"), [(date(2014, 1, 5), True), (date(2015, 1, 5), False)])
def test_a_child_who_proves_to_have_been_too_young_had_not_consented(born: date, still: bool) -> None:
    youth = an_id("youth")
    of_age = whole_case().given(
        AddChild(child_id=youth, birth_date=date(2013, 5, 6)),
        parents_consent(youth, given_by=youth, capacity=Capacity.SELF), on_consent(person_ids=(youth,)),
    )
    corrected = CorrectFact(
        correction_id=an_id("birth"), person_id=youth, replaces_event_id=event_id(of_age, ChildAddedToCase, youth),
        evidence="the certificate", birth_date=born,
    )
    # The last day on which the child was too young is past by then: what counts is the age when it consented.
    assert ended(of_age.when(corrected, at=NOON + timedelta(days=900))) == ([] if still else CONSENT_ENDED)


def test_a_birth_date_that_this_reader_cannot_see_ends_nothing() -> None:
    youth = an_id("youth")
    of_age = whole_case().given(
        AddChild(child_id=youth, birth_date=date(2013, 5, 6)),
        parents_consent(youth, given_by=youth, capacity=Capacity.SELF), on_consent(person_ids=(youth,)),
    )
    intake = of_age.case.intake
    [told] = intake.people[youth].birth_date.told
    hidden = replace(intake.people[youth], birth_date=Register((replace(told, value=WITHHELD),)))
    blind = of_age.case._replace(intake=replace(intake, people={**intake.people, youth: hidden}))
    assert ended(replace(of_age, case=blind).when(party(an_id("uncle"), Role.RELATIVE, "Fermín"))) == []


def test_that_the_giver_is_gone_is_seen_by_whoever_cannot_read_the_kinds() -> None:
    by_kind = whole_case().given(parents_consent(offices=(), kinds=("ISS",)), on_consent())
    consents = by_kind.case.consents
    hidden = replace(consents, consents={CONSENT: replace(consents.consents[CONSENT], kinds=WITHHELD)})
    people = {person: known for person, known in by_kind.case.intake.people.items() if person != MOTHER}
    blind = by_kind.case._replace(consents=hidden, intake=replace(by_kind.case.intake, people=people))
    assert ended(replace(by_kind, case=blind).when(party(an_id("uncle"), Role.RELATIVE, "Fermín"))) == CONSENT_ENDED

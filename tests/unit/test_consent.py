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
from domain.case.intake import AddChild
from domain.case.language import AssignInterpreter, InterpreterKind, InterpretingMode
from domain.case.permission import RecallRaised
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
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

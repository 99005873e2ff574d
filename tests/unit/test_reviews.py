"""A review of what was opened for a minor: named one by one, with an owner, until a person has looked at it."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from adapters.reading.reviews import explain_reviews
from domain.case.consent import Capacity, GrantConsent, WithdrawConsent
from domain.case.moments import CompleteReview
from domain.case.owners import OwnedBecause
from domain.disclosure.purposes import Purpose
from tests.specification import an_id
from tests.unit.people import CHILD, MOTHER
from tests.unit.test_moments import engaged, look, midnight

CONSENT = GrantConsent(
    consent_id=an_id("consent"), given_by=MOTHER, capacity=Capacity.PARENT, person_ids=(CHILD,),
    purposes=(Purpose.ARRANGE_VISIT,), offices=("cons-mx.el-paso",), language="es", text_version="3",
)
FOUND = midnight(2026, 10, 1)
raised = engaged(date(2008, 10, 23)).given(CONSENT, (look, FOUND))


def test_a_review_names_what_is_up_for_it_how_long_it_waits_and_whose_it_is() -> None:
    [one] = explain_reviews(raised.case, raised.standing, FOUND + timedelta(days=9))
    assert "Nahomy Zúñiga Ochoa, who comes of age" in one.title and one.state == "open for 9 days"
    assert (one.owner.name, one.owner.because) == ("caseworker", OwnedBecause.NOBODY_NAMED)
    [engagement] = raised.case.engagements.engagements
    name = raised.standing.offices["cons-mx.el-paso"].name
    assert one.lines == (
        f"engagement {engagement} with {name} for consular notice", f"consent {CONSENT.consent_id} to arrange visit"
    )
    assert "CompleteReview" in one.next


def test_what_was_ended_meanwhile_says_so() -> None:
    withdraw = WithdrawConsent(consent_id=CONSENT.consent_id, withdrawn_by=CHILD)
    withdrawn = raised.given((withdraw, FOUND + timedelta(days=30)))
    [one] = explain_reviews(withdrawn.case, withdrawn.standing, withdrawn.at)
    assert one.lines[-1].endswith("which was withdrawn")


def test_nothing_is_left_once_a_person_has_looked() -> None:
    done = raised.given((CompleteReview(child_id=CHILD, reviewed_by="supervisor-1"), FOUND + timedelta(days=1)))
    assert explain_reviews(done.case, done.standing, done.at) == []


def test_two_reviews_of_one_child_stand_the_older_first() -> None:
    second = replace(CONSENT, consent_id=an_id("second"))
    later = raised.given((second, FOUND + timedelta(days=2)), (look, FOUND + timedelta(days=3)))
    first, then = explain_reviews(later.case, later.standing, later.at)
    assert first.review.raised_at < then.review.raised_at and then.review.consent_ids == (second.consent_id,)

"""Sentences on what time alone brought about."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import person, personal
from domain.case import moments, trafficking
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known

Text = Callable[[Case, Any], str]


def _birthday(case: Case, e: moments.BirthdayForeseen) -> str:
    earliest = " at the earliest: the birth date is an estimate" if e.is_estimate == Known(True) else ""
    return f"{person(case, e.child_id)} turns {personal(e.age)} on {personal(e.on)}{earliest}"


def _review(case: Case, e: moments.ReviewRaised) -> str:
    counted = ((len(e.engagement_ids), "engagement"), (len(e.consent_ids), "consent"))
    what = " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted if count)
    return f"{person(case, e.child_id)} comes of age: review {what}"


TEXTS: dict[type[Event], Text] = {
    moments.BirthdayForeseen: _birthday,
    moments.ReviewRaised: _review,
    moments.ReviewCompleted: lambda c, e: f"what was opened for {person(c, e.child_id)}, by {e.reviewed_by}",
    moments.ReviewWithdrawn: lambda c, e: f"{person(c, e.child_id)} does not come of age yet",
    moments.ReunificationEndNeared: lambda c, e:
        f"{e.months} months to reunify {person(c, e.child_id)} end with {e.ends_on}, unless a court extends them",
    moments.ReunificationPeriodEnded: lambda c, e:
        f"{e.months} months to reunify {person(c, e.child_id)} ended with {e.ends_on}",
    trafficking.OtipExpiryWithdrawn:
        lambda c, e: f"for {person(c, e.child_id)} the next letter had come in time, and was recorded late",
}

"""Sentences on sealing, keeping and expunging a record."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import parts, people, personal
from domain.case import erasure, sealing
from domain.case.state import Case
from domain.events import Event

Text = Callable[[Case, Any], str]


def _ordered(case: Case, e: erasure.ExpungeOrdered) -> str:
    asked = f"; given, or possibly given, to {', '.join(e.offices)}" if e.offices else ""
    return f"of {people(case, e.person_ids)} ({parts(e.compartments)}), not before {e.not_before:%d %b %Y %H:%M %Z}{asked}"


TEXTS: dict[type[Event], Text] = {
    sealing.RecordSealed: lambda c, e: f"of {people(c, e.person_ids)} ({parts(e.compartments)}), "
                                       f"by order {personal(e.order_ref)}",
    sealing.RecordUnsealed: lambda c, e: f"of {people(c, e.person_ids)}, by order {personal(e.order_ref)}",
    erasure.LitigationHoldPlaced: lambda c, e: f"on {people(c, e.person_ids)}: {personal(e.reason)}; "
                                               f"to be looked at on {e.review_on:%d %b %Y}",
    erasure.LitigationHoldLifted: lambda c, e: "the record need not be kept for a lawsuit any more",
    erasure.ExpungeOrdered: _ordered,
    erasure.ExpungeWithdrawn: lambda c, e: "the order to expunge was taken back before it destroyed anything",
    erasure.ExpungeBegun: lambda c, e: f"of {people(c, e.person_ids)} ({parts(e.compartments)})",
    erasure.RecordExpunged: lambda c, e: "the keys are destroyed; ids, rules, clocks and counts remain",
    erasure.ErasureConfirmed: lambda c, e: f"{e.office} holds nothing of it any more"
                                           f"{', by its own word' if e.second_person is None else ''}",
}

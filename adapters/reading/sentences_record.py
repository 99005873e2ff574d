"""Sentences on sealing, keeping and expunging a record."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import people, personal
from domain.case import erasure, sealing
from domain.case.state import Case
from domain.events import Compartment, Event

Text = Callable[[Case, Any], str]


def _part(compartments: tuple[Compartment, ...]) -> str:
    return "everything" if set(compartments) == set(Compartment) else ", ".join(one.value for one in compartments)


def _ordered(case: Case, e: erasure.ExpungeOrdered) -> str:
    asked = f"; asked to erase: {', '.join(e.offices)}" if e.offices else ""
    return f"of {people(case, e.person_ids)} ({_part(e.compartments)}), not before {e.not_before:%d %b %Y %H:%M}{asked}"


TEXTS: dict[type[Event], Text] = {
    sealing.RecordSealed: lambda c, e: f"of {people(c, e.person_ids)} ({_part(e.compartments)}), "
                                       f"by order {personal(e.order_ref)}",
    sealing.RecordUnsealed: lambda c, e: f"of {people(c, e.person_ids)}, by order {personal(e.order_ref)}",
    erasure.LitigationHoldPlaced: lambda c, e: f"on {people(c, e.person_ids)}: {personal(e.reason)}; "
                                               f"to be looked at on {e.review_on:%d %b %Y}",
    erasure.LitigationHoldLifted: lambda c, e: "the record need not be kept for a lawsuit any more",
    erasure.ExpungeOrdered: _ordered,
    erasure.ExpungeWithdrawn: lambda c, e: "the order to expunge was taken back; nothing is destroyed",
    erasure.ExpungeBegun: lambda c, e: f"of {people(c, e.person_ids)} ({_part(e.compartments)})",
    erasure.RecordExpunged: lambda c, e: "the keys are destroyed; ids, rules, clocks and counts remain",
    erasure.ErasureConfirmed: lambda c, e: f"{e.office} holds nothing of it any more"
                                           f"{', by its own word' if e.second_person is None else ''}",
}

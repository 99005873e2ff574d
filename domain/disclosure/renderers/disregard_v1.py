"""Please disregard the entry of this number. It tells nothing new. Kept for ever: a change is a new module."""
from __future__ import annotations

from domain.disclosure.events import Withdrawn
from domain.disclosure.rendering import Facts, Record
from domain.events import Envelope


def render(entry: Envelope, facts: Facts) -> Record:
    withdrawn = entry.event
    assert isinstance(withdrawn, Withdrawn), "this renderer is for Withdrawn"
    return {
        "case_reference": withdrawn.case_reference,
        "withdraws": withdrawn.withdraws,
        "text_code": withdrawn.text_code,
    }

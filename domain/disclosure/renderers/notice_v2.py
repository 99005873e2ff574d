"""A notice to a consulate as in version 1, but an address goes without its landmarks, and the basis without where our
own source says so. Kept for ever: a change is a new module beside it."""
from __future__ import annotations

from domain.disclosure.renderers import notice_v1
from domain.disclosure.rendering import Facts, Record, without_source_note
from domain.events import Envelope


def render(entry: Envelope, facts: Facts) -> Record:
    """The record of `casebridge.published.ConsularNotice`. Raises Unrenderable."""
    record = notice_v1.render(entry, facts)
    record["basis"] = without_source_note(record["basis"])
    for parent in record["parents"]:
        if parent["address"] is not None:
            parent["address"]["landmarks"] = None
    return record

"""A notice to a consulate as in version 1, but an address goes without its landmarks. Kept for ever."""
from __future__ import annotations

from domain.disclosure.renderers import notice_v1
from domain.disclosure.rendering import Facts, Record
from domain.events import Envelope


def render(entry: Envelope, facts: Facts) -> Record:
    """The record of `casebridge.published.ConsularNotice`. Raises Unrenderable."""
    record = notice_v1.render(entry, facts)
    for parent in record["parents"]:
        if parent["address"] is not None:
            parent["address"]["landmarks"] = None
    return record

"""Which recorded event a correction stands in the place of."""
from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from domain.case.citizenship import CitizenshipCorrected
from domain.case.mislinks import MislinkWithdrawn, ReportWithdrawn, TimeCorrected
from domain.case.particulars import FactCorrected
from domain.events import Envelope, Event

REPLACING = CitizenshipCorrected | FactCorrected | ReportWithdrawn | TimeCorrected


def replaced(event: Event) -> UUID | None:
    """The event that was never true, where `event` says so. A notice that is called back was an act, and stays one."""
    if isinstance(event, MislinkWithdrawn):
        return event.withdrawn_event_id
    return event.replaces_event_id if isinstance(event, REPLACING) else None


def happened(envelopes: Iterable[Envelope]) -> dict[UUID, datetime]:
    """When events happened in truth, by their ids, of those whose time was corrected; of each the last correction counts."""
    times = [envelope.event for envelope in envelopes if isinstance(envelope.event, TimeCorrected)]
    return {told.replaces_event_id: told.happened_at for told in times if told.happened_at is not None}


def proves_untrue(event: Event, event_id: UUID, path: str) -> bool:
    """Whether `event` corrects what an entry took from `event_id` for the field at `path`, such as `child.name`."""
    if replaced(event) != event_id:
        return False
    field = path.rpartition(".")[2]
    match event:
        case FactCorrected():
            return field == event.field.value
        case TimeCorrected():
            return field == "custody"  # The one thing of a notice that holds a time of an event.
        case _:
            return True

"""Which recorded event a correction stands in the place of."""
from __future__ import annotations

from uuid import UUID

from domain.case.citizenship import CitizenshipCorrected
from domain.case.particulars import FactCorrected
from domain.events import Event


def replaced(event: Event) -> UUID | None:
    """The event that was never true, where `event` says so. A notice that is called back was an act, and stays one."""
    return event.replaces_event_id if isinstance(event, CitizenshipCorrected | FactCorrected) else None


def proves_untrue(event: Event, event_id: UUID, path: str) -> bool:
    """Whether `event` corrects what an entry took from `event_id` for the field at `path`, such as `child.name`."""
    if replaced(event) != event_id:
        return False
    return not isinstance(event, FactCorrected) or path.rpartition(".")[2] == event.field.value

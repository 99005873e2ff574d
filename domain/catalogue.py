"""Every event that Casebridge stores, and every command that it takes. Importing this fills both registries."""
from __future__ import annotations

from domain.agency import decide as agency_decide
from domain.agency import state as agency_state
from domain.case import decide as case_decide
from domain.case import state as case_state
from domain.disclosure import events as disclosure_events
from domain.events import REGISTRY, Event
from domain.submission import COMMANDS, Command

EVENTS: dict[str, type[Event]] = REGISTRY
EVENT_NAMES = frozenset(declared.__name__ for declared in EVENTS.values())
CASE_EVENTS = frozenset(case_state.EVOLVES)
AGENCY_COMMANDS = frozenset(agency_decide.DECIDES)
CASE_COMMANDS = frozenset(case_decide.DECIDES)


def _undecided() -> set[type[Command]]:
    return set(COMMANDS.values()) - AGENCY_COMMANDS - CASE_COMMANDS


assert not _undecided(), f"nobody decides {_undecided()}"
assert not AGENCY_COMMANDS & CASE_COMMANDS, "a command belongs to the case or to the agency"

_STORED = {topic: declared for topic, declared in EVENTS.items() if declared.__module__.startswith("domain.")}
_FOLDED = CASE_EVENTS | frozenset(agency_state.EVOLVES) | frozenset(
    declared for declared in vars(disclosure_events).values() if isinstance(declared, type) and issubclass(declared, Event)
)
assert not set(_STORED.values()) - _FOLDED, f"no fold knows {set(_STORED.values()) - _FOLDED}"

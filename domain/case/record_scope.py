"""What a seal, a hold or an expungement is about: persons of one case, and compartments of what is known of them."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import require_person
from domain.events import Compartment, fields_of
from domain.events.contract import Boxed, Event
from domain.personal import Known
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.case.state import Case

SCOPE = "the key store replays it after a restore, when no key may open anything: ids and names of compartments only"
WHOLE_RECORD = frozenset(Compartment)


@dataclass(frozen=True, slots=True)
class Scope:
    """Every pair of one of `person_ids` and one of `compartments`."""

    person_ids: tuple[UUID, ...]
    compartments: tuple[Compartment, ...]

    @property
    def pairs(self) -> frozenset[tuple[UUID, Compartment]]:
        return frozenset((person, compartment) for person in self.person_ids for compartment in self.compartments)


def scope_of(case: Case, person_ids: tuple[UUID, ...] | None, compartments: tuple[Compartment, ...] | None) -> Scope:
    """The scope that a command means: everybody, and everything, where it names nobody and nothing.

    Refuses a person who is not in the case (domain.md 3.19), and a case without persons.
    """
    persons = tuple(case.intake.people) if person_ids is None else tuple(dict.fromkeys(person_ids))
    for person_id in persons:
        require_person(case, person_id, "person_ids")
    wanted = tuple(Compartment) if compartments is None else tuple(dict.fromkeys(compartments))
    if not persons or not wanted:
        raise Refused(
            "say whose record, and which part of it", rule="P19", field="compartments" if persons else "person_ids"
        )
    return Scope(persons, wanted)


def covers_everybody(case: Case, pairs: Iterable[tuple[UUID, Compartment]]) -> bool:
    """Whether nothing of anybody in the case lies outside of these pairs."""
    told = set(pairs)
    return bool(case.intake.people) and all((p, c) in told for p in case.intake.people for c in WHOLE_RECORD)


def written_about(event: Event) -> frozenset[tuple[UUID, Compartment]]:
    """The persons and compartments of which an event tells something that is known."""
    told = (name for name in fields_of(type(event)) if isinstance(getattr(event, name), Known))
    return frozenset(pair for name in told for pair in box_of(event, name))


def box_of(event: Event, name: str) -> frozenset[tuple[UUID, Compartment]]:
    """The persons, with the compartment, under whose keys a field of an event stands; none where it stands in clear."""
    declaration = fields_of(type(event)).get(name)
    if not isinstance(declaration, Boxed):
        return frozenset()
    values = (getattr(event, about) for about in declaration.about)
    persons = (person for value in values for person in (value if isinstance(value, tuple) else (value,)))
    return frozenset((person, declaration.compartment) for person in persons if isinstance(person, UUID))

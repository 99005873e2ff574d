"""Which facts of a case a notice carries, and which event told each of them."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from domain.case.consular import ConsularNotificationPrepared
from domain.case.custody import Episode
from domain.case.engagement import Engagement
from domain.case.intake import Person
from domain.case.state import Case
from domain.disclosure.contract import Flow
from domain.disclosure.events import FieldSource
from domain.facts import Register
from domain.people import PARENTS, Role
from domain.personal import Known


def sources(
    case: Case, flow: Flow, engagement: Engagement, notice: ConsularNotificationPrepared
) -> tuple[FieldSource, ...]:
    """Every field that the contract lets flow of the notice's persons and that the agency knows, with its event.

    Only persons of the engagement, each under the sign that its office knows. What is unknown, or withheld
    from this reader, is left out. Persons in the notice's order, fields in the contract's.
    """
    return tuple(
        FieldSource(path=path, reference=engagement.references[person.person_id], event_id=event_id, field=field)
        for kind, person in _persons(case, engagement, notice)
        for path, _ in flow.fields
        if path.partition(".")[0] == kind
        for event_id, field in _told(case, person, path)
    )


def _persons(
    case: Case, engagement: Engagement, notice: ConsularNotificationPrepared
) -> Iterator[tuple[str, Person]]:
    for person_id in dict.fromkeys((*notice.child_ids, *notice.person_ids)):
        person = case.intake.people.get(person_id)
        if person is None or person_id not in engagement.references:
            continue
        if person.role is None and person_id in notice.child_ids:
            yield "child", person
        elif person.role in PARENTS:
            yield "parent", person
        elif person.role is Role.RELATIVE:
            yield "relative", person


def _told(case: Case, person: Person, path: str) -> Iterator[tuple[UUID, str]]:
    """Event and field of what stands now; several for a place, which is told in parts."""
    origin = case.citizenship.of(person.person_id)
    match path.partition(".")[2]:
        case "custody":
            episode = _episode(case, person.person_id)
            if episode is not None:
                yield episode.event_id, "occurred_at"
        case "relation":
            yield person.event_id, "role"
        case "name":
            yield from _current(person.name)
        case "birth_date":
            yield from _current(person.birth_date)
        case "birth_place":
            for part in (origin.birth_city, origin.birth_region, origin.birth_country):
                yield from _current(part)
        case "address":
            yield from _current(person.address)
        case "phone":
            yield from _current(person.phone)
        case _:
            raise AssertionError(f"a contract was parsed with the path {path}, which no notice has")


def _current(register: Register[Any]) -> Iterator[tuple[UUID, str]]:
    fact = register.current
    if fact is not None and isinstance(fact.value, Known):
        yield fact.event_id, fact.field


def _episode(case: Case, child_id: UUID) -> Episode | None:
    """The custody that lasts, else the latest."""
    episodes = [episode for episode in case.custody.episodes.values() if episode.child_id == child_id]
    return case.custody.current(child_id) or max(episodes, key=lambda episode: episode.taken_at, default=None)

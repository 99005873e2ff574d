"""Which facts of a case a disclosure carries, and which event told each of them."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from domain.case.clearance import InternationalHomeClearanceRequested
from domain.case.court import HearingScheduled, RemoteParticipationArranged
from domain.case.custody import Episode
from domain.case.documents import DocumentRequested
from domain.case.engagement import Engagement
from domain.case.happenings import persons_of
from domain.case.intake import CaseOpened, Person
from domain.case.kin import (
    DifHomeStudyRequested,
    HomeStudyCompleted,
    IssHomeStudyRequested,
)
from domain.case.language import TranslationRequested
from domain.case.relief import ReliefScreeningCompleted
from domain.case.reunification import ReunificationPlanAbroadApproved
from domain.case.service import ServiceOfProcessRequested
from domain.case.state import Case
from domain.case.told import EntryReached, ToldOutside
from domain.case.trafficking import TraffickingConcernFlagged
from domain.case.unaccompanied import UnaccompaniedMinorStaffed
from domain.case.visits import BorderVisitCoordinated, VisitPlanned
from domain.disclosure.contract import Flow, FlowField
from domain.disclosure.events import Disclosed, FieldSource
from domain.disclosure.items import AskedItem
from domain.disclosure.renderers import INSTEAD
from domain.disclosure.vocabulary import GROUP_OF, GROUPS, WORDS
from domain.events import Envelope, Event, fields_of
from domain.facts import Fact, Register
from domain.people import PARENTS
from domain.personal import Known, Unknown, Withheld
from domain.phones import is_phone

Told = tuple[UUID, str]
Reports = Callable[[], Sequence[Envelope]]
Counts = Callable[[Any], bool]

THINGS: Mapping[str, Mapping[type[Event], tuple[str, Mapping[str, tuple[str, ...]]]]] = {
    "hearing": {
        HearingScheduled: ("hearing_id", {"time": ("scheduled_for", "scheduled_zone"), "purpose": ("kind",)}),
        RemoteParticipationArranged: ("hearing_id", {"channel": ("channel",), "place": ("place",)}),
    },
    "visit": {
        VisitPlanned: ("visit_id", {
            "time": ("planned_for", "planned_zone"), "mode": ("mode",), "platform": ("platform",), "place": ("place",),
            "parent": ("party_id",),
        }),
        BorderVisitCoordinated: ("visit_id", {"port": ("port",), "attendees": ("attendees",)}),
    },
    "home_study": {
        **dict.fromkeys((IssHomeStudyRequested, DifHomeStudyRequested, InternationalHomeClearanceRequested), ("request_id", {
            "person": ("subject_id",), "address": ("address",), "landmarks": ("address",), "country": ("country",),
            "attempt": ("attempt",),
        })),
        HomeStudyCompleted: ("request_id", {"outcome": ("outcome",), "report_number": ("report_ref",)}),
    },
    "papers": {ServiceOfProcessRequested: ("request_id", {
        "person": ("party_id",), "document": ("document",), "dated": ("document_dated",), "country": ("country",),
    })},
    "document": {
        DocumentRequested: ("request_id", {
            "person": ("person_id",), "kind": ("doc_type",), "described": ("described",),
        }),
        TranslationRequested: ("request_id", {"from_language": ("from_language",), "to_language": ("to_language",)}),
    },
    "trafficking": {TraffickingConcernFlagged: ("concern_id", {"indicators": ("kinds",)})},
    "plan": {ReunificationPlanAbroadApproved: ("plan_id", {"country": ("country",), "carer": ("carer_id",)})},
}
"""By group: the events that tell of a thing, the name of its id there, and which of their fields tells what."""
OF_PERSONS: Mapping[str, tuple[type[Event], str, str]] = {
    "child.allegation": (CaseOpened, "child_ids", "allegation_class"),
    "child.in_proceedings": (UnaccompaniedMinorStaffed, "child_id", "in_proceedings"),
    "child.relief_candidates": (ReliefScreeningCompleted, "person_id", "candidates"),
}
"""What no register of the case holds: the last event that names the person tells it."""
KIN = frozenset({"relative", "carer", "sponsor"})
"""One of them may be told of under another's name: who is kin, and cares or sponsors."""
OWN_ACTS = (ToldOutside, EntryReached)
IDENTITY = (
    "child.name", "child.birth_date", "parent.name", "parent.birth_date", "relative.name", "sponsor.name",
    "sponsor.birth_date",
)  # of whoever is told of, not of sponsors alone (domain.md 5.1, D17)
PATHS: Mapping[AskedItem, tuple[str, ...]] = {
    **{
        item: tuple(w.path for w in WORDS.values() if w.item is item and w.is_told and w.part_of is None)
        for item in AskedItem
    },
    AskedItem.IDENTITY_OF_FAMILY: IDENTITY,
}
"""Which fields of the vocabulary an item of domain.md 5.2 names. What is part of another is told by the same report."""
PARTS: Mapping[str, str] = {word.part_of: word.path for word in WORDS.values() if word.part_of is not None}
"""By the field of an address: the field that tells what the dwelling is found by."""
LETTER = ("letter_kind", "issued_on", "benefits_from", "benefits_until", "indefinite")


def is_known(value: Any) -> bool:
    return value is not None and not isinstance(value, Unknown | Withheld)


def was_known(value: Any) -> bool:
    """Also where a key is withheld from this reader now: what stands in a box was known to whoever recorded it."""
    return value is not None and not isinstance(value, Unknown)


def sources(
    case: Case, flow: Flow, engagement: Engagement, persons: Sequence[UUID], *, about: UUID | None = None,
    counts: Counts = is_known,
) -> tuple[FieldSource, ...]:
    """Every field that the contract lets flow of these persons, and of the thing that it is about, with its event.

    Only persons of the engagement, each under the sign that its office knows; a field that needs a ground only where
    the engagement rests on it. What is unknown, or withheld from this reader, is left out, unless `counts` says otherwise.
    Persons in their own order, fields in the contract's.
    """
    reports = _reports(case)
    fields = [field for field in flow.fields if _has_ground(field, engagement)]
    of_persons = [
        FieldSource(path=field.path, reference=engagement.references[person.person_id], event_id=event_id, field=name)
        for group, person in _persons(case, engagement, persons)
        for field in fields
        if WORDS[field.path].group == group
        for event_id, name in _told(case, person, field.path, reports, counts)
    ]
    of_things = [
        FieldSource(path=field.path, reference=reference, event_id=event_id, field=name)
        for field in fields
        if about is not None and GROUPS[WORDS[field.path].group].plural is None
        for event_id, name, reference in _signed(_of_thing(field.path, about, reports, counts), engagement)
    ]
    return (*of_persons, *of_things)


def told_of(case: Case, item: AskedItem, persons: Sequence[UUID], counts: Counts = is_known) -> Iterator[Told]:
    """Event and field of everything that the case knows of an item about these persons: what no contract names.

    An item that fits none of them, as a parent's address told of a child, is meant of whomever in the case it fits; a
    hearing, a visit or a request is any that names one of them, else any. The case file is every report about them. Of
    what the case has no word for, or tells nobody (a status, health, answers to a screening, what passed with counsel),
    it cannot be known what was told: nothing.
    """
    reports = _reports(case)
    if item is AskedItem.CASE_FILE:
        yield from _of_file(persons, reports)
        return
    for path in PATHS.get(item, ()):
        if GROUPS[WORDS[path].group].plural is None:
            for about in _things(WORDS[path].group, persons, reports):
                yield from ((event_id, name) for event_id, name, _ in _of_thing(path, about, reports, counts))
        else:
            for person in _fitting(case, WORDS[path].group, persons):
                yield from _told(case, person, path, reports, counts)


def paths_of(case: Case, entry: Disclosed) -> Iterator[str]:
    """Every field that an entry tells: those that it names, and the landmarks that the first renderers told unnamed."""
    for source in entry.fields:
        yield source.path
        if source.path in PARTS and entry.renderer in INSTEAD:
            report = case.mislinks.history.get(source.event_id)
            if report is None or _has_landmarks(getattr(report[2], source.field, None)):
                yield PARTS[source.path]


def _of_file(persons: Sequence[UUID], reports: Reports) -> Iterator[Told]:
    for envelope in reports():
        named = set(persons_of(envelope.event))
        if not isinstance(envelope.event, OWN_ACTS) and (not named or named & set(persons)):
            names = (*fields_of(type(envelope.event)), "occurred_at")
            yield from ((envelope.circumstances.event_id, name) for name in names)


def _fitting(case: Case, group: str, persons: Sequence[UUID]) -> list[Person]:
    groups = KIN if group in KIN else {group}
    fitting = [person for person in case.intake.people.values() if GROUP_OF[person.role] in groups]
    return [person for person in fitting if person.person_id in persons] or fitting


def _things(group: str, persons: Sequence[UUID], reports: Reports) -> list[UUID]:
    named: dict[UUID, set[UUID]] = {}
    for envelope in reports():
        id_name, _ = THINGS[group].get(type(envelope.event), ("", {}))
        if id_name:
            named.setdefault(getattr(envelope.event, id_name), set()).update(persons_of(envelope.event))
    return [about for about, who in named.items() if who & set(persons)] or list(named)


def _reports(case: Case) -> Reports:
    """What was recorded and still counts, gone through only where a field asks for it."""
    return cache(lambda: tuple(case.mislinks.left()))


def _has_ground(field: FlowField, engagement: Engagement) -> bool:
    return not field.needs or (engagement.basis is not None and engagement.basis.kind in field.needs)


def _persons(case: Case, engagement: Engagement, persons: Sequence[UUID]) -> Iterator[tuple[str, Person]]:
    for person_id in dict.fromkeys(persons):
        person = case.intake.people.get(person_id)
        if person is not None and person_id in engagement.references:
            yield GROUP_OF[person.role], person


def _told(case: Case, person: Person, path: str, reports: Reports, counts: Counts) -> Iterator[Told]:
    """Event and field of what stands now; several for what is told in parts."""
    if path in OF_PERSONS:
        yield from _last(reports(), *OF_PERSONS[path], person.person_id, counts)
        return
    origin = case.citizenship.of(person.person_id)
    match path.partition(".")[2]:
        case "custody":
            episode = _episode(case, person.person_id)
            if episode is not None:
                yield episode.event_id, "occurred_at"
        case "relation" if person.role in PARENTS:
            yield person.event_id, "role"
        case "name" | "birth_date" | "address" | "relation" as field:
            yield from _current(getattr(person, field), counts)
        case "phone":
            number = person.phone.value
            if not isinstance(number, Known) or is_phone(number.value):  # Not all was a number that stands there.
                yield from _current(person.phone, counts)
        case "birth_place":
            for part in (origin.birth_city, origin.birth_region, origin.birth_country):
                yield from _current(part, counts)
        case "nationalities":
            yield from _current(origin.nationalities, counts)
        case "landmarks":
            yield from _landmarks(person.address, counts)
        case "a_number" | "detention_place" as field:
            yield from _detained(case, person.person_id, field, counts)
        case "placement_address" | "placement_landmarks" as field:
            carer_id = case.placement.carer_of(person.person_id)
            carer = None if carer_id is None else case.intake.people.get(carer_id)
            if carer is not None:
                yield from (_current if field == "placement_address" else _landmarks)(carer.address, counts)
        case "otip_letter":
            letter = case.trafficking.current_letter(person.person_id)
            if letter is not None:
                yield from ((letter.event_id, field) for field in LETTER if counts(getattr(letter.told, field)))
        case _:
            assert not WORDS[path].is_told, f"the vocabulary says that {path} is told, and nobody tells it"


def _current(register: Register[Any], counts: Counts) -> Iterator[Told]:
    fact: Fact[Any] | None = register.current
    if fact is not None and counts(fact.value):
        yield fact.event_id, fact.field


def _landmarks(address: Register[Any], counts: Counts) -> Iterator[Told]:
    if address.current is not None and _has_landmarks(address.current.value):
        yield from _current(address, counts)


def _has_landmarks(address: Any) -> bool:
    """Whether an address says what the dwelling is found by, or cannot be read now."""
    return not isinstance(address, Known) or address.value.landmarks is not None


def _detained(case: Case, person_id: UUID, field: str, counts: Counts) -> Iterator[Told]:
    detainee = case.detention.detainees.get(person_id)
    if detainee is None:
        return
    if field == "a_number":
        yield from _current(detainee.a_number, counts)
    elif counts(detainee.whereabouts):  # A place that was left is not where the parent is.
        yield from _current(detainee.facility, counts)


def _last(
    reports: Sequence[Envelope], kind: type[Event], whose: str, field: str, person_id: UUID, counts: Counts
) -> Iterator[Told]:
    for envelope in reversed(reports):
        event = envelope.event
        if isinstance(event, kind):
            named: Any = getattr(event, whose)
            if (person_id in named if isinstance(named, tuple) else person_id == named) and counts(getattr(event, field)):
                yield envelope.circumstances.event_id, field
                return


def _of_thing(path: str, about: UUID, reports: Reports, counts: Counts) -> tuple[tuple[UUID, str, Any], ...]:
    """Event, field and value of what the last event about a thing tells."""
    word = WORDS[path]
    for envelope in reversed(reports()):
        id_name, names = THINGS.get(word.group, {}).get(type(envelope.event), ("", {}))
        fields = names.get(word.name, ())
        if not fields or getattr(envelope.event, id_name) != about:
            continue
        values = [getattr(envelope.event, field, None) for field in fields]
        if word.part_of is not None and not all(map(_has_landmarks, values)):
            return ()
        if all(map(counts, values)):
            return tuple((envelope.circumstances.event_id, *pair) for pair in zip(fields, values, strict=True))
    return ()


def _signed(told: Sequence[tuple[UUID, str, Any]], engagement: Engagement) -> Iterator[tuple[UUID, str, str]]:
    """A person by the office's sign, or not at all."""
    for event_id, name, value in told:
        reference = engagement.references.get(value, "") if isinstance(value, UUID) else ""
        if reference or not isinstance(value, UUID):
            yield event_id, name, reference


def _episode(case: Case, child_id: UUID) -> Episode | None:
    """The custody that lasts, else the latest."""
    episodes = [episode for episode in case.custody.episodes.values() if episode.child_id == child_id]
    return case.custody.current(child_id) or max(episodes, key=lambda episode: episode.taken_at, default=None)

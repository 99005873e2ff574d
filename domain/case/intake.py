"""A case is opened, its children and the people around them are recorded, and it is closed again."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.keys import Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register, first
from domain.people import Address, BirthDate, DatePart, PersonName, Role, birth_date
from domain.personal import UNKNOWN, Known, Personal
from domain.phones import phone
from domain.refusals import Refused
from domain.spelling import is_broken
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

OUR_ID = "our own id"
EARLIEST_BIRTH = date(1900, 1, 2)  # 1900-01-01 is what systems write for "we do not know"


@event("casebridge.intake.CaseOpened")
class CaseOpened(Event):
    """The agency opened a case on a referral about one or more children."""

    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    referral_id: Personal[str] = boxed(
        Compartment.IDENTITY, about="child_ids", meaning="the referral's number in the hotline's system"
    )
    allegation_class: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="class of the allegation")


@event("casebridge.intake.ChildAddedToCase")
class ChildAddedToCase(Event):
    """A child became part of the case."""

    child_id: UUID = clear(OUR_ID)
    name: Personal[PersonName] = boxed(Compartment.IDENTITY, about="child_id", meaning="names as the family writes them")
    birth_date: Personal[BirthDate] = boxed(
        Compartment.IDENTITY, about="child_id", meaning="date of birth, and whether it is an estimate"
    )
    sibling_group: Personal[str] = boxed(
        Compartment.IDENTITY, about="child_id", default=UNKNOWN,
        meaning="mark that the agency gives to children who are brothers and sisters, also over several cases",
    )


@event("casebridge.intake.PartyAddedToCase")
class PartyAddedToCase(Event):
    """A parent, relative or carer became part of the case."""

    party_id: UUID = clear(OUR_ID)
    role: Role = clear("role in the case, without which duties could not be counted")
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    relation: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="relation to the children, in words")
    name: Personal[PersonName] = boxed(Compartment.IDENTITY, about="party_id", meaning="full surnames, both where two exist")
    birth_date: Personal[BirthDate] = boxed(Compartment.IDENTITY, about="party_id", meaning="date of birth")
    address: Personal[Address] = boxed(Compartment.IDENTITY, about="party_id", meaning="where the person lives now")
    phone: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="how to reach the person")
    is_alleged_to_have_harmed: Personal[bool] = boxed(
        Compartment.LEGAL, about="party_id", default=UNKNOWN,
        meaning="whether the allegation names this person, who is then nobody's contact",
    )


@event("casebridge.intake.PartyLinkedToChild")
class PartyLinkedToChild(Event):
    """A party who was in the case already belongs to one more of its children."""

    party_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)


class Outcome(StrEnum):
    REUNIFIED = "reunified"
    ADOPTED = "adopted"
    GUARDIANSHIP = "guardianship"
    AGED_OUT = "aged_out"
    OTHER = "other"


@event("casebridge.intake.CaseClosed")
class CaseClosed(Event):
    """The agency closed the case; acts, corrections and recalls still open are named by it, not forgotten."""

    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    open_duty_ids: tuple[UUID, ...] = clear(OUR_ID)
    outcome: Personal[Outcome] = boxed(Compartment.LEGAL, about="child_ids", meaning="how the case ended")
    unfiled_child_ids: Personal[tuple[UUID, ...]] = boxed(
        Compartment.IMMIGRATION, about="child_ids", default=UNKNOWN,
        meaning="children found eligible as special immigrant juveniles for whom no petition was filed",
    )
    open_correction_ids: tuple[UUID, ...] = clear("our own ids of corrections and recalls owed", default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A child (`role` is None) or a party, each field a register of its tellings."""

    person_id: UUID
    role: Role | None
    child_ids: tuple[UUID, ...]
    event_id: UUID
    relation: Register[str] = Register()
    name: Register[PersonName] = Register()
    birth_date: Register[BirthDate] = Register()
    address: Register[Address] = Register()
    phone: Register[str] = Register()
    is_alleged_to_have_harmed: Personal[bool] = UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    agency: str | None = None  # which agency opened it, and so decides
    is_open: bool = False
    is_closed: bool = False
    opened_at: datetime | None = None
    people: Mapping[UUID, Person] = field(default_factory=dict)

    @property
    def children(self) -> list[Person]:
        return [person for person in self.people.values() if person.role is None]


@command
class OpenCase(Command):
    """Open a case on a referral. One referral may concern several children."""

    child_ids: tuple[UUID, ...]
    referral_id: str | None = None
    allegation_class: str | None = None


@command
class AddChild(Command):
    """Add a child to the case, with names and birth date as far as they are known. Where only the month or the year of
    birth is known, any day of it stands for it (`birth_date_known_to`)."""

    child_id: UUID
    name: PersonName | None = None
    birth_date: date | None = None
    birth_date_is_estimate: bool = False
    birth_date_known_to: DatePart = DatePart.DAY
    sibling_group: str | None = None


@command
class LinkPartyToChild(Command):
    """Say that a party belongs to one more child: a brother or sister who came into the case later."""

    party_id: UUID
    child_id: UUID


@command
class AddParty(Command):
    """Add a parent, relative or carer to the case."""

    party_id: UUID
    role: Role
    child_ids: tuple[UUID, ...]
    relation: str | None = None
    name: PersonName | None = None
    birth_date: date | None = None
    birth_date_is_estimate: bool = False
    birth_date_known_to: DatePart = DatePart.DAY
    address: Address | None = None
    phone: str | None = None
    is_alleged_to_have_harmed: bool | None = None


@command
class CloseCase(Command):
    """Close the case. Open acts do not prevent it; they are named."""

    outcome: Outcome


def personal(value: Any) -> Personal[Any]:
    """What a sender left out is unknown to the agency."""
    return UNKNOWN if value is None else Known(value)


def require_open(case: Case) -> None:
    if not case.intake.is_open:
        raise Refused("no such case: open it first", rule="P01", field="case")


def require_person(case: Case, person_id: UUID, name: str) -> Person:
    require_open(case)
    person = case.intake.people.get(person_id)
    if person is None:
        raise Refused("this person is not in the case: add them first", rule="P01", field=name)
    return person


def require_child(case: Case, child_id: UUID, name: str = "child_id") -> Person:
    person = require_person(case, child_id, name)
    if person.role is not None:
        raise Refused("this person is in the case, but not as a child", rule="P01", field=name)
    return person


def require_adult(case: Case, person_id: UUID, name: str = "party_id") -> Person:
    """A parent, relative or carer of the case: whoever is in it, but not as a child."""
    person = require_person(case, person_id, name)
    if person.role is None:
        raise Refused("this person is in the case as a child", rule="P01", field=name)
    return person


def require_children(case: Case, child_ids: tuple[UUID, ...]) -> None:
    if not child_ids:
        raise Refused("name at least one child", rule="P01", field="child_ids")
    for child_id in child_ids:
        require_child(case, child_id, "child_ids")


def checked_birth_date(submission: Submission[Any]) -> Personal[BirthDate]:
    day = submission.command.birth_date
    if day is None:
        return UNKNOWN
    if day > submission.learned_at.date():
        raise Refused("a birth date cannot lie in the future", rule="P01", field="birth_date")
    if day < EARLIEST_BIRTH:
        raise Refused("1900-01-01 means that nobody knows: leave the birth date out", rule="P01", field="birth_date")
    wish = submission.command
    return Known(birth_date(day, wish.birth_date_known_to, is_estimate=wish.birth_date_is_estimate))


def checked_name(name: PersonName | None) -> Personal[PersonName]:
    if name is not None and (is_broken(name.given_names) or is_broken(name.surnames)):
        raise Refused("signs of this name were lost on the way: write it with its accents", rule="P01", field="name")
    return personal(name)


def open_case(submission: Submission[OpenCase], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if not wish.child_ids:
        raise Refused("a case is about at least one child", rule="P01", field="child_ids")
    opened = CaseOpened(
        child_ids=wish.child_ids, referral_id=personal(wish.referral_id), allegation_class=personal(wish.allegation_class)
    )
    return case.once("case", opened)


def add_child(submission: Submission[AddChild], case: Case) -> Sequence[Recording]:
    require_open(case)
    wish = submission.command
    return case.once(wish.child_id, ChildAddedToCase(
        child_id=wish.child_id, name=checked_name(wish.name), birth_date=checked_birth_date(submission),
        sibling_group=personal(wish.sibling_group),
    ))


def add_party(submission: Submission[AddParty], case: Case) -> Sequence[Recording]:
    wish = submission.command
    for child_id in wish.child_ids:
        require_child(case, child_id, "child_ids")
    if wish.address is not None:
        country(wish.address.country, "address.country")
    return case.once(wish.party_id, PartyAddedToCase(
        party_id=wish.party_id, role=wish.role, child_ids=wish.child_ids, relation=personal(wish.relation),
        name=checked_name(wish.name), birth_date=checked_birth_date(submission), address=personal(wish.address),
        phone=personal(phone(wish.phone, "phone")), is_alleged_to_have_harmed=personal(wish.is_alleged_to_have_harmed),
    ))


def link_party(submission: Submission[LinkPartyToChild], case: Case) -> Sequence[Recording]:
    wish = submission.command
    party = require_adult(case, wish.party_id, "party_id")
    require_child(case, wish.child_id)
    if wish.child_id in party.child_ids:
        return []
    return [Recording(event=PartyLinkedToChild(party_id=wish.party_id, child_id=wish.child_id))]


def _opened(intake: Intake, _: CaseOpened, envelope: Envelope) -> Intake:
    circumstances = envelope.circumstances
    return replace(intake, is_open=True, opened_at=circumstances.occurred_at, agency=circumstances.agency)


def _child_added(intake: Intake, told: ChildAddedToCase, envelope: Envelope) -> Intake:
    child = Person(
        person_id=told.child_id, role=None, child_ids=(), event_id=envelope.circumstances.event_id,
        name=first(envelope, "name", told.name),
        birth_date=first(envelope, "birth_date", told.birth_date),
    )
    return replace(intake, people={**intake.people, told.child_id: child})


def _party_added(intake: Intake, told: PartyAddedToCase, envelope: Envelope) -> Intake:
    party = Person(
        person_id=told.party_id, role=told.role, child_ids=told.child_ids, event_id=envelope.circumstances.event_id,
        relation=first(envelope, "relation", told.relation),
        name=first(envelope, "name", told.name),
        birth_date=first(envelope, "birth_date", told.birth_date),
        address=first(envelope, "address", told.address),
        phone=first(envelope, "phone", told.phone), is_alleged_to_have_harmed=told.is_alleged_to_have_harmed,
    )
    return replace(intake, people={**intake.people, told.party_id: party})


def _closed(intake: Intake, _: CaseClosed, __: Envelope) -> Intake:
    return replace(intake, is_closed=True)


def _linked(intake: Intake, told: PartyLinkedToChild, _: Envelope) -> Intake:
    party = intake.people.get(told.party_id)
    if party is None:
        return intake
    linked = replace(party, child_ids=(*party.child_ids, told.child_id))
    return replace(intake, people={**intake.people, told.party_id: linked})


INITIAL = Intake()
DECIDES = {
    OpenCase: open_case, AddChild: add_child, AddParty: add_party, LinkPartyToChild: link_party,
}
EVOLVES = {
    CaseOpened: _opened, ChildAddedToCase: _child_added, PartyAddedToCase: _party_added,
    CaseClosed: _closed, PartyLinkedToChild: _linked,
}
KEYS: Keys = {
    CaseOpened: lambda e: "case", ChildAddedToCase: lambda e: e.child_id, PartyAddedToCase: lambda e: e.party_id,
}

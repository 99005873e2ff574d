"""A person stops what would leave toward an office, a kind of partner or a country, or of one field of a person."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.agency.state import Office
from domain.case.engagement import OFFICE
from domain.case.happenings import persons_of
from domain.case.intake import OUR_ID, Person, personal, require_person
from domain.case.keys import Keys
from domain.countries import country
from domain.disclosure.events import FieldSource
from domain.disclosure.kinds import kind_of, reached_by
from domain.disclosure.vocabulary import DWELLINGS, GROUP_OF, item_of, items_told
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.partners import CONSULATE, partner
from domain.people import Address
from domain.personal import UNKNOWN, Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

RULE = "DECISION-14"
HOME = "US"
DONE_IN = frozenset({"home_study.address", "home_study.country", "papers.country", "plan.country"})
"""Fields that tell where what is asked for is to be done."""


@event("casebridge.disclosure.DisclosureHeld")
class DisclosureHeld(Event):
    """Nothing that this covers leaves until it is lifted: toward an office, a kind of partner or a country, or of one field
    of a person, wherever it is told.

    What is owed stays owed, and its clock runs on.
    """

    hold_id: UUID = clear(OUR_ID)
    office: str | None = clear(OFFICE)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    path: str | None = clear("name of a field that contracts may let flow, not its value")
    review_on: date = clear("when somebody looks whether the hold is still needed")
    recipient_kind: Personal[str] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="the kind of partner; a consulate's tells a nationality"
    )
    reason: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="why nothing may leave, as it was said")
    country: Personal[str] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="the country whose offices learn nothing, ISO 3166-1 alpha-2",
        default=UNKNOWN,
    )


@event("casebridge.disclosure.DisclosureHoldLifted")
class DisclosureHoldLifted(Event):
    """A person decided that what was on hold may leave again, on whatever basis it has."""

    hold_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    reason: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="why it may leave again, as it was said")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """One that stands, and who placed it."""

    placed: DisclosureHeld
    by: str

    def covers_office(self, office: str, recipient_kind: str, offices: Mapping[str, Office]) -> bool:
        """Whoever is told onward by it is covered with an office. A kind or country that is withheld from this reader covers
        every office abroad: a hold that cannot be read still holds."""
        placed = self.placed
        if placed.office is not None:
            return placed.office == office
        if placed.path is not None:
            return False
        kinds = {recipient_kind, *reached_by(kind_of(recipient_kind))}
        if isinstance(placed.recipient_kind, Known):
            return placed.recipient_kind.value in kinds
        countries = _countries(office, recipient_kind, kinds, offices)
        if isinstance(placed.country, Known):
            return placed.country.value in countries
        return bool(countries - {HOME})

    def covers_place(self, told: Personal[str]) -> bool:
        """Whether it holds what is asked for in a country, by whomever: who does it there learns of the family. Neither a
        hold nor a country that this reader cannot see lets anything through."""
        placed = self.placed
        if placed.office is not None or placed.path is not None or isinstance(placed.recipient_kind, Known):
            return False
        held = placed.country
        if isinstance(held, Known):
            return not isinstance(told, Known) or told.value == held.value
        return not isinstance(told, Known) or told.value != HOME

    def covers_field(self, item: str, persons: Collection[UUID]) -> bool:
        """Whether it holds what a field tells, by its item, of one of these persons."""
        path = self.placed.path
        return path is not None and item_of(path) == item and not set(self.placed.person_ids).isdisjoint(persons)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holds:
    standing: Mapping[UUID, Hold] = field(default_factory=dict)

    def toward(self, office: str, recipient_kind: str, offices: Mapping[str, Office]) -> Hold | None:
        """A hold that stops everything toward an office."""
        standing = self.standing.values()
        return next((hold for hold in standing if hold.covers_office(office, recipient_kind, offices)), None)


@command
class HoldDisclosure(Command):
    """Stop what would leave until somebody decides: toward one `office`, toward a `recipient_kind` such as CONS-GT, toward
    every office of a `country` (a family that fears its own state), or of one field of a person (`person_id` and `path`,
    such as address), under whatever name and of whatever thing it is told."""

    hold_id: UUID
    office: str | None = None
    recipient_kind: str | None = None
    country: str | None = None
    person_id: UUID | None = None
    path: str | None = None
    review_on: date
    reason: str


@command
class LiftDisclosureHold(Command):
    """Let what was on hold leave again, and say why."""

    hold_id: UUID
    reason: str


def hold(submission: Submission[HoldDisclosure], case: Case) -> Sequence[Recording]:
    wish = submission.command
    scopes = (wish.office, wish.recipient_kind, wish.country, wish.path)
    if sum(scope is not None for scope in scopes) != 1 or (wish.path is None) is not (wish.person_id is None):
        raise Refused("name an office, or a kind, or a country, or a person with a field", rule=RULE, field="office")
    if wish.office is not None and wish.office not in submission.standing.offices:
        raise Refused("no such office in the directory", rule="DECISION-11", field="office")
    if wish.recipient_kind is not None:
        partner(wish.recipient_kind, "recipient_kind")
    if wish.country is not None:
        country(wish.country, "country")
    persons = case.taking([child.person_id for child in case.intake.children], Compartment.LEGAL)
    if wish.person_id is not None and wish.path is not None:
        _check_path(wish.path, require_person(case, wish.person_id, "person_id"))
        persons = (wish.person_id,)
    if not persons:
        raise Refused("this case has nobody in it yet", rule=RULE, field="hold_id")
    known = case.recorded.get((wish.hold_id, "held"))
    if isinstance(known, DisclosureHeld):
        persons = known.person_ids  # Children may have come since; the sender named none.
    placed = case.once((wish.hold_id, "held"), DisclosureHeld(
        hold_id=wish.hold_id, office=wish.office, person_ids=persons, path=wish.path, review_on=wish.review_on,
        recipient_kind=personal(wish.recipient_kind), country=personal(wish.country), reason=Known(wish.reason),
    ))
    if placed and wish.review_on < submission.occurred_at.date():
        raise Refused("a hold is looked at again on a day to come", rule=RULE, field="review_on")
    return placed


def _check_path(path: str, person: Person) -> None:
    """An item, such as address, or the field of the person's own group that tells it, such as parent.address."""
    own = GROUP_OF[person.role]
    item, told = item_of(path), items_told(own)
    if item not in told:
        because = f"no contract lets a field of this name flow of this person: hold one of {', '.join(sorted(told))}"
        raise Refused(because, rule="DECISION-13", field="path")
    if path != item and not path.startswith(f"{own}."):
        because = f"hold `{item}` of this person: that holds it wherever it is told, of a thing of theirs too"
        raise Refused(because, rule="DECISION-13", field="path")


def lift(submission: Submission[LiftDisclosureHold], case: Case) -> Sequence[Recording]:
    wish = submission.command
    known = case.recorded.get((wish.hold_id, "held"))
    if not isinstance(known, DisclosureHeld):
        raise Refused("no such hold stands on this case", rule=RULE, field="hold_id")
    return case.once((wish.hold_id, "hold lifted"), DisclosureHoldLifted(
        hold_id=wish.hold_id, person_ids=known.person_ids, reason=Known(wish.reason),
    ))


def holds_on(
    case: Case, offices: Mapping[str, Office], office: str, fields: Iterable[FieldSource], references: Mapping[UUID, str]
) -> list[Hold]:
    """The holds that stand and cover these fields on their way to an office, or one of them."""
    if not case.holds.standing:
        return []
    known, told = offices.get(office), tuple(fields)
    kind = "" if known is None else known.recipient_kind
    countries, items = tuple(_asked_for_in(case, told)), tuple(_told(case, told, references))
    return [
        hold for hold in case.holds.standing.values()
        if hold.covers_office(office, kind, offices) or any(hold.covers_place(one) for one in countries)
        or any(hold.covers_field(item, persons) for item, persons in items)
    ]


def _asked_for_in(case: Case, fields: Iterable[FieldSource]) -> Iterator[Personal[str]]:
    """The countries in which something is to be done by what these fields tell."""
    for one in fields:
        report = case.mislinks.history.get(one.event_id) if one.path in DONE_IN else None
        if report is not None:
            told: Personal[Any] = getattr(report[2], one.field)
            is_home = isinstance(told, Known) and isinstance(told.value, Address)
            yield Known(told.value.country) if is_home else told


def _told(
    case: Case, fields: Iterable[FieldSource], references: Mapping[UUID, str]
) -> Iterator[tuple[str, Collection[UUID]]]:
    """What each field tells, and whose it is: the person's by whose sign it is told, and whoever's home it is."""
    whose = {reference: person for person, reference in references.items()}
    for one in fields:
        persons = {whose[one.reference]} if one.reference in whose else set[UUID]()
        report = case.mislinks.history.get(one.event_id) if one.path in DWELLINGS else None
        if report is not None:
            subject: UUID | None = getattr(report[2], "subject_id", None)
            persons.update(persons_of(report[2]) if subject is None else (subject,))
        yield item_of(one.path), persons


def _countries(office: str, recipient_kind: str, kinds: Collection[str], offices: Mapping[str, Office]) -> set[str]:
    """The countries that learn what an office is told: its own, by the directory or as a consulate's kind says, and those
    of whoever it passes things on to."""
    onward = {kind for kind in kinds if kind not in (recipient_kind, kind_of(recipient_kind))}
    found = {known.country for name, known in offices.items() if name == office or known.recipient_kind in onward}
    if recipient_kind.startswith(CONSULATE):
        found.add(recipient_kind.removeprefix(CONSULATE))
    return {one for one in found if one is not None}


def _held(state: Holds, told: DisclosureHeld, envelope: Envelope) -> Holds:
    placed = Hold(placed=told, by=envelope.circumstances.actor.user)
    return Holds(standing={**state.standing, told.hold_id: placed})


def _lifted(state: Holds, told: DisclosureHoldLifted, _: Envelope) -> Holds:
    return Holds(standing={hold_id: hold for hold_id, hold in state.standing.items() if hold_id != told.hold_id})


INITIAL = Holds()
DECIDES = {HoldDisclosure: hold, LiftDisclosureHold: lift}
EVOLVES = {DisclosureHeld: _held, DisclosureHoldLifted: _lifted}
KEYS: Keys = {
    DisclosureHeld: lambda e: (e.hold_id, "held"), DisclosureHoldLifted: lambda e: (e.hold_id, "hold lifted"),
}

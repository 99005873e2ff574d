"""A person stops what would leave toward an office, toward a country's consulates, or of one field of a person."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from domain.agency.state import Office
from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID, personal, require_person
from domain.case.keys import Keys
from domain.disclosure.events import FieldSource
from domain.disclosure.vocabulary import GROUPS, WORDS
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.partners import partner
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

RULE = "DECISION-14"


@event("casebridge.disclosure.DisclosureHeld")
class DisclosureHeld(Event):
    """Nothing that this covers leaves until it is lifted: toward an office, a kind of partner, or of one field of a person.

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

    def covers_office(self, office: str, recipient_kind: str) -> bool:
        """A kind that is withheld from this reader covers every consulate: a hold that cannot be read still holds."""
        placed = self.placed
        if placed.office is not None:
            return placed.office == office
        if placed.path is not None:
            return False
        if isinstance(placed.recipient_kind, Known):
            return placed.recipient_kind.value == recipient_kind
        return recipient_kind.startswith("CONS-")

    def covers_field(self, path: str, person_id: UUID | None) -> bool:
        return self.placed.path == path and person_id in self.placed.person_ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Holds:
    standing: Mapping[UUID, Hold] = field(default_factory=dict)

    def toward(self, office: str, recipient_kind: str) -> Hold | None:
        """A hold that stops everything toward an office."""
        return next((hold for hold in self.standing.values() if hold.covers_office(office, recipient_kind)), None)

    def over(self, fields: Iterable[FieldSource], references: Mapping[UUID, str]) -> Hold | None:
        """A hold on one of these fields, whose persons are known by `references`."""
        whose = {reference: person for person, reference in references.items()}
        return next((
            hold for one in fields for hold in self.standing.values()
            if hold.covers_field(one.path, whose.get(one.reference))
        ), None)


@command
class HoldDisclosure(Command):
    """Stop what would leave until somebody decides: toward one `office`, toward a `recipient_kind` such as CONS-GT (a
    family that fears its own state), or of one field of a person (`person_id` and `path`, such as parent.address)."""

    hold_id: UUID
    office: str | None = None
    recipient_kind: str | None = None
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
    scopes = (wish.office, wish.recipient_kind, wish.path)
    if sum(scope is not None for scope in scopes) != 1 or (wish.path is None) is not (wish.person_id is None):
        raise Refused("name an office, or a kind, or a person with a field", rule=RULE, field="office")
    if wish.office is not None and wish.office not in submission.standing.offices:
        raise Refused("no such office in the directory", rule="DECISION-11", field="office")
    if wish.recipient_kind is not None:
        partner(wish.recipient_kind, "recipient_kind")
    persons = case.taking([child.person_id for child in case.intake.children], Compartment.LEGAL)
    if wish.person_id is not None:
        require_person(case, wish.person_id, "person_id")
        persons = (wish.person_id,)
        word = WORDS.get(wish.path or "")
        if word is None or GROUPS[word.group].plural is None:
            raise Refused("no contract can let a field of this name flow", rule="DECISION-13", field="path")
    if not persons:
        raise Refused("this case has nobody in it yet", rule=RULE, field="hold_id")
    known = case.recorded.get((wish.hold_id, "held"))
    if isinstance(known, DisclosureHeld):
        persons = known.person_ids  # Children may have come since; the sender named none.
    placed = case.once((wish.hold_id, "held"), DisclosureHeld(
        hold_id=wish.hold_id, office=wish.office, person_ids=persons, path=wish.path, review_on=wish.review_on,
        recipient_kind=personal(wish.recipient_kind), reason=Known(wish.reason),
    ))
    if placed and wish.review_on < submission.occurred_at.date():
        raise Refused("a hold is looked at again on a day to come", rule=RULE, field="review_on")
    return placed


def lift(submission: Submission[LiftDisclosureHold], case: Case) -> Sequence[Recording]:
    wish = submission.command
    known = case.recorded.get((wish.hold_id, "held"))
    if not isinstance(known, DisclosureHeld):
        raise Refused("no such hold stands on this case", rule=RULE, field="hold_id")
    return case.once((wish.hold_id, "hold lifted"), DisclosureHoldLifted(
        hold_id=wish.hold_id, person_ids=known.person_ids, reason=Known(wish.reason),
    ))


def hold_on(
    case: Case, offices: Mapping[str, Office], office: str, fields: Iterable[FieldSource], references: Mapping[UUID, str]
) -> Hold | None:
    """A hold that stands and covers these fields on their way to an office."""
    if not case.holds.standing:
        return None
    known = offices.get(office)
    toward = case.holds.toward(office, "" if known is None else known.recipient_kind)
    return toward or case.holds.over(fields, references)


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

"""A child is placed with a carer, and journeys are arranged: to a family abroad, back to the US, to a sponsor."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, require_adult, require_child
from domain.case.keys import Keys
from domain.case.reunification import may_have_favourable_study
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.people import PARENTS
from domain.personal import Known, Personal, known_or
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class TravelPurpose(StrEnum):
    REUNIFY = "reunify"  # outward: to a family abroad
    RETURN = "return"  # inward: back to the US
    SPONSOR = "sponsor"  # within the US: an unaccompanied minor to a sponsor


@event("casebridge.placement.PlacementMade")
class PlacementMade(Event):
    """A child was placed with a carer."""

    placement_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    carer_id: UUID = clear(OUR_ID)


@event("casebridge.placement.TravelArranged")
class TravelArranged(Event):
    """A journey of a child was arranged. The outward and the inward way are never one: each names what it serves."""

    travel_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    purpose: TravelPurpose = clear("one of three purposes")
    serves_id: UUID = clear("our own id of the plan, the request or the reception that the journey serves")
    to_party_id: UUID | None = clear(OUR_ID)
    escort_id: UUID | None = clear("our own id of the staff member or party who goes along")
    travels_on: Personal[date] = boxed(Compartment.IDENTITY, about="child_id", meaning="day of the journey")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Who cares for each child, won by what occurred last; and every journey."""

    carers: Mapping[UUID, Register[UUID]] = field(default_factory=dict)
    travels: Mapping[UUID, TravelArranged] = field(default_factory=dict)

    def carer_of(self, child_id: UUID) -> UUID | None:
        register = self.carers.get(child_id)
        return None if register is None else known_or(register.value, None)

    def travel_for(self, serves_id: UUID) -> TravelArranged | None:
        return next((travel for travel in self.travels.values() if travel.serves_id == serves_id), None)


@command
class PlaceChild(Command):
    """Record that a child was placed with a carer, whatever the carer's status."""

    placement_id: UUID
    child_id: UUID
    carer_id: UUID


@command
class ArrangeTravel(Command):
    """Record that a child's journey was arranged.

    `serves_id` is the plan abroad that it carries out (reunify), the request for return (return) or the reception
    of the minor (sponsor; `to_party_id` is then the sponsor).
    """

    travel_id: UUID
    child_id: UUID
    purpose: TravelPurpose
    serves_id: UUID
    travels_on: date
    escort_id: UUID | None = None
    to_party_id: UUID | None = None


def parent_in_custody_of(case: Case, child_id: UUID) -> UUID | None:
    """The parent with whom the case has the child now: placed there, or given there when custody ended."""
    carer_id = case.placement.carer_of(child_id)
    if carer_id is None and case.custody.current(child_id) is None:
        episodes = case.custody.episodes_of(child_id)
        carer_id = episodes[-1].ended_to if episodes else None
    carer = None if carer_id is None else case.intake.people.get(carer_id)
    return carer_id if carer is not None and carer.role in PARENTS else None


def place_child(submission: Submission[PlaceChild], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    require_adult(case, wish.carer_id, "carer_id")
    return case.once(wish.placement_id, PlacementMade(
        placement_id=wish.placement_id, child_id=wish.child_id, carer_id=wish.carer_id,
    ))


def arrange_travel(submission: Submission[ArrangeTravel], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if wish.to_party_id is not None:
        require_adult(case, wish.to_party_id, "to_party_id")
    recordings = case.once(wish.travel_id, TravelArranged(
        travel_id=wish.travel_id, child_id=wish.child_id, purpose=wish.purpose, serves_id=wish.serves_id,
        to_party_id=wish.to_party_id, escort_id=wish.escort_id, travels_on=Known(wish.travels_on),
    ))
    if recordings:
        match wish.purpose:
            case TravelPurpose.REUNIFY:
                _check_outward(wish, case)
            case TravelPurpose.RETURN:
                _check_inward(wish, case)
            case TravelPurpose.SPONSOR:
                _check_sponsor(wish, case)
    return recordings


def _check_outward(wish: ArrangeTravel, case: Case) -> None:
    plan = case.reunification.plans.get(wish.serves_id)
    if plan is None or plan.approved.child_id != wish.child_id:
        raise Refused("no plan abroad of this child is approved under this id", rule="P12", field="serves_id")
    if not may_have_favourable_study(case, plan.approved.carer_id):
        raise Refused("no study found the carer's home favourable yet", rule="P12", field="serves_id")
    if wish.escort_id is None:
        raise Refused("name who goes along with the child", rule="P12", field="escort_id")


def _check_inward(wish: ArrangeTravel, case: Case) -> None:
    request = case.repatriation.requests.get(wish.serves_id)
    if request is None or request.requested.child_id != wish.child_id:
        raise Refused("no return of this child was asked for under this id", rule="P13", field="serves_id")


def _check_sponsor(wish: ArrangeTravel, case: Case) -> None:
    reception = case.unaccompanied.receptions.get(wish.serves_id)
    if reception is None or reception.received.child_id != wish.child_id:
        raise Refused("no reception of this minor is recorded under this id", rule="P15", field="serves_id")
    if wish.to_party_id is None:
        raise Refused("name the sponsor to whom the minor travels", rule="P15", field="to_party_id")
    if reception.received.alleged_abuser_id == Known(wish.to_party_id):
        raise Refused("this person cannot be the sponsor of this minor", rule="P15", field="to_party_id")


def _placed(state: Placement, told: PlacementMade, envelope: Envelope) -> Placement:
    known: Register[UUID] = state.carers.get(told.child_id, Register())
    told_carer = known.tell(envelope, "carer_id", Known(told.carer_id))
    return replace(state, carers={**state.carers, told.child_id: told_carer})


def _travel(state: Placement, told: TravelArranged, _: Envelope) -> Placement:
    return replace(state, travels={**state.travels, told.travel_id: told})


INITIAL = Placement()
DECIDES = {PlaceChild: place_child, ArrangeTravel: arrange_travel}
EVOLVES = {PlacementMade: _placed, TravelArranged: _travel}
KEYS: Keys = {PlacementMade: lambda e: e.placement_id, TravelArranged: lambda e: e.travel_id}

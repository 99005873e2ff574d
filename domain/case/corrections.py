"""What an office was given and should not go on believing, or is so no longer, and what is owed to it until it has it."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.agency.targets import CORRECTIONS
from domain.case.citizenship import CitizenshipCorrected
from domain.case.consular import ConsulateNotified, DisclosureReleased
from domain.case.disclosures import DisclosureReceived
from domain.case.engagement import OFFICE, EndedBecause, EngagementEnded
from domain.case.intake import OUR_ID
from domain.case.keys import Keys
from domain.case.mislinks import MislinkWithdrawn, ReportWithdrawn, TimeCorrected
from domain.case.obligations import CLOCK
from domain.case.particulars import FactCorrected, FactSuperseded
from domain.case.permission import RecallBecause, RecallRaised
from domain.events import Envelope, Event, clear, event
from domain.submission import Command, command

RULE = "P19"
FOUND_BY_FIELD = frozenset({RecallBecause.MISLINKED, RecallBecause.NEVER_TRUE})
"""Recalls that are raised of whatever may have told it; what is owed is found by what did tell it, field by field."""


class Owes(StrEnum):
    """What the office is to get."""

    CORRECTION = "correction"  # to disregard what it has, and to learn what is true
    UPDATE = "update"  # to learn what is true from now on; what it has was true, and stands
    RECALL = "recall"  # to disregard what it has, and to learn nothing by that
    ERASURE = "erasure"  # to erase what it has, by a court's order


class OwedBecause(StrEnum):
    UNTRUE = "untrue"  # something in it was never true
    NOT_FOR_THEM = "not_for_them"  # this office should never have been told
    BASIS_FELL = "basis_fell"  # the consent, order or approval under it ended
    EXPUNGED = "expunged"  # a court ordered that the record be destroyed
    SUPERSEDED = "superseded"  # something in it was true until now
    RECALLED = "recalled"  # it was recalled, and nothing that the case knows of said that it had to be


@event("casebridge.disclosure.CorrectionOwed")
class CorrectionOwed(Event):
    """An office was given something that it should not go on believing, or keep: it is owed a correction or a recall. Or it
    was given what is true no longer: it is owed what is so now."""

    correction_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    disclosure_id: UUID = clear("our own id of the notice, or other disclosure, that the office was given")
    cause_event_id: UUID = clear("our own id of the event that showed it")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    paths: tuple[str, ...] = clear(
        "names of the fields that proved untrue, or are so no longer, not their values; none where all is recalled"
    )
    owes: Owes = clear("what the office is to get, as a code")
    because: OwedBecause = clear("why, as a code")
    clock_start: datetime = clear(CLOCK)
    due_zone: str = clear(CLOCK)


@event("casebridge.disclosure.CorrectionPrepared")
class CorrectionPrepared(Event):
    """What an office is to learn in the place of what was untrue, or is so no longer, is ready to be looked at."""

    disclosure_id: UUID = clear("our own id of what was prepared")
    corrects_id: UUID = clear("our own id of what it stands in the place of")
    office: str = clear(OFFICE)


@event("casebridge.disclosure.CorrectionSettled")
class CorrectionSettled(Event):
    """The office has the correction, the update or the recall that it was owed: by a receipt, or by a person's word."""

    correction_id: UUID = clear(OUR_ID)
    settled_by_event_id: UUID = clear(OUR_ID)
    settled_at: datetime = clear(CLOCK)


class Clocked(Protocol):
    """An event by which something began to be owed."""

    @property
    def clock_start(self) -> datetime: ...

    @property
    def due_zone(self) -> str: ...


class OnTheAgencysClock:
    """What is owed until it is settled: by the agency's own target, and no law's."""

    __slots__ = ()
    if TYPE_CHECKING:
        @property
        def owed(self) -> Clocked: ...

        @property
        def settled(self) -> object | None: ...

    @property
    def is_open(self) -> bool:
        return self.settled is None

    @property
    def rule_id(self) -> str:
        """Under what name the agency sets a target for it."""
        return CORRECTIONS

    @property
    def clock_start(self) -> datetime:
        return self.owed.clock_start

    @property
    def due_at(self) -> datetime | None:
        return None

    @property
    def due_zone(self) -> str:
        return self.owed.due_zone


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed(OnTheAgencysClock):
    """`prepared_as` is what was prepared in its place."""

    owed: CorrectionOwed
    prepared_as: UUID | None = None
    settled: CorrectionSettled | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Untrue:
    """`event_id` told something untrue: in one field, or in all where none is named. Since `version` of the case.

    `leaves` is what it leaves to owe at the most: where it was another person's, nothing true stands in its place.
    """

    event_id: UUID
    field: str | None
    by_event_id: UUID
    version: int
    learned_at: datetime
    leaves: Owes

    def touches(self, event_id: UUID, field: str) -> bool:
        return event_id == self.event_id and self.field in (None, field)


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """When something left for an office: the case as it was then says what it told."""

    version: int
    at: datetime
    engagement_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrections:
    """`left` is by disclosure, `fallen` by engagement, `recalls` by disclosure: the events that take them back.

    `superseding` are the events that tell what is true from now on, each with the one that first said so: itself, or what
    it corrects.
    """

    owed: Mapping[UUID, Owed] = field(default_factory=dict)
    untrue: tuple[Untrue, ...] = ()
    left: Mapping[UUID, Left] = field(default_factory=dict)
    fallen: Mapping[UUID, UUID] = field(default_factory=dict)
    recalls: Mapping[UUID, tuple[UUID, OwedBecause]] = field(default_factory=dict)
    superseding: Mapping[UUID, UUID] = field(default_factory=dict)

    def open_for(self, disclosure_id: UUID) -> Iterator[Owed]:
        """What is owed for one disclosure, or for what it was prepared in the place of."""
        for owed in self.owed.values():
            if owed.is_open and disclosure_id in (owed.owed.disclosure_id, owed.prepared_as):
                yield owed

    def is_owed(self, disclosure_id: UUID, cause_event_id: UUID) -> bool:
        return any(
            (owed.owed.disclosure_id, owed.owed.cause_event_id) == (disclosure_id, cause_event_id)
            for owed in self.owed.values()
        )


@command
class PrepareCorrection(Command):
    """Prepare under a new id what an office is to learn in the place of what proved untrue, which it is asked to disregard,
    or of what is so no longer, which was true and stands."""

    correction_id: UUID
    disclosure_id: UUID


def _changed(state: Corrections, correction_id: UUID, **changes: Any) -> Corrections:
    known = state.owed.get(correction_id)
    if known is None:
        return state  # A history cut short; a fold never raises (I10).
    return replace(state, owed={**state.owed, correction_id: replace(known, **changes)})


def _owed(state: Corrections, told: CorrectionOwed, _: Envelope) -> Corrections:
    """What was prepared as an update, and has not left, tells whatever has changed by then."""
    waiting = next((
        one.prepared_as for one in state.owed.values()
        if one.is_open and (one.owed.disclosure_id, one.owed.owes) == (told.disclosure_id, Owes.UPDATE)
        and one.prepared_as not in state.left
    ), None)
    owed = Owed(owed=told, prepared_as=waiting if told.owes is Owes.UPDATE else None)
    return replace(state, owed={**state.owed, told.correction_id: owed})


def _prepared(state: Corrections, told: CorrectionPrepared, _: Envelope) -> Corrections:
    for owed in tuple(state.owed.values()):
        if owed.is_open and owed.owed.disclosure_id == told.corrects_id:
            state = _changed(state, owed.owed.correction_id, prepared_as=told.disclosure_id)
    return state


def _settled(state: Corrections, told: CorrectionSettled, _: Envelope) -> Corrections:
    return _changed(state, told.correction_id, settled=told)


def _left(
    state: Corrections, told: DisclosureReleased | ConsulateNotified | DisclosureReceived, envelope: Envelope
) -> Corrections:
    """By its release; what a person told without one, by when that was recorded."""
    disclosure_id = told.disclosure_id if isinstance(told, DisclosureReceived) else told.notice_id
    if disclosure_id in state.left:
        return state
    left = Left(
        version=envelope.version, at=envelope.circumstances.occurred_at,
        engagement_id=told.engagement_id if isinstance(told, DisclosureReleased) else None,
    )
    return replace(state, left={**state.left, disclosure_id: left})


def _untrue(
    state: Corrections, told: FactCorrected | CitizenshipCorrected | TimeCorrected | MislinkWithdrawn | ReportWithdrawn,
    envelope: Envelope,
) -> Corrections:
    event_id: UUID
    name: str | None
    superseding, own_id = dict(state.superseding), envelope.circumstances.event_id
    match told:
        case FactCorrected():
            event_id, name = told.replaces_event_id, told.field.value
            if event_id in superseding:
                superseding[own_id] = superseding[event_id]
        case CitizenshipCorrected() | ReportWithdrawn():
            event_id, name = told.replaces_event_id, None
        case TimeCorrected():
            if told.happened_at is None:
                return state  # When the agency learned it is told to nobody.
            event_id, name = told.replaces_event_id, "occurred_at"
        case MislinkWithdrawn():
            event_id, name = told.withdrawn_event_id, None
    untrue = Untrue(
        event_id=event_id, field=name, by_event_id=own_id, version=envelope.version,
        learned_at=envelope.circumstances.learned_at,
        leaves=Owes.RECALL if isinstance(told, MislinkWithdrawn) else Owes.CORRECTION,
    )
    return replace(state, untrue=(*state.untrue, untrue), superseding=superseding)


def _superseded(state: Corrections, _: FactSuperseded, envelope: Envelope) -> Corrections:
    own_id = envelope.circumstances.event_id
    return replace(state, superseding={**state.superseding, own_id: own_id})


def _fallen(state: Corrections, told: EngagementEnded, envelope: Envelope) -> Corrections:
    if told.reason is not EndedBecause.CORRECTED:
        return state
    return replace(state, fallen={**state.fallen, told.engagement_id: envelope.circumstances.event_id})


def _raised(state: Corrections, told: RecallRaised, envelope: Envelope) -> Corrections:
    if told.reason in FOUND_BY_FIELD:
        return state
    is_for_them = told.reason is not RecallBecause.NOT_FOR_THEM
    because = OwedBecause.BASIS_FELL if is_for_them else OwedBecause.NOT_FOR_THEM
    new = dict.fromkeys(told.disclosure_ids, (envelope.circumstances.event_id, because))
    return replace(state, recalls={**state.recalls, **new})


INITIAL = Corrections()
DECIDES: Mapping[type[Command], object] = {}  # What still is owed is found beside it: `correcting` decides.
EVOLVES = {
    CorrectionOwed: _owed, CorrectionPrepared: _prepared, CorrectionSettled: _settled, DisclosureReleased: _left,
    ConsulateNotified: _left, DisclosureReceived: _left, FactCorrected: _untrue, CitizenshipCorrected: _untrue,
    FactSuperseded: _superseded, TimeCorrected: _untrue, MislinkWithdrawn: _untrue, ReportWithdrawn: _untrue,
    EngagementEnded: _fallen, RecallRaised: _raised,
}
KEYS: Keys = {CorrectionPrepared: lambda e: (e.disclosure_id, "correction")}

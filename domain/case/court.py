"""Hearings, the ways in which a parent abroad or detained takes part in them, and the court's orders."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_adult, require_children
from domain.case.keys import Keys
from domain.disclosure.purposes import BY_RULE, Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.growing import Growing
from domain.people import PARENTS
from domain.personal import Known, Personal
from domain.plans import require_zone, zone_name
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class Channel(StrEnum):
    IN_PERSON = "in_person"
    PHONE = "phone"
    ZOOM = "zoom"
    WHATSAPP = "whatsapp"
    OTHER = "other"


class OrderKind(StrEnum):
    REMOTE_PARTICIPATION = "remote_participation"
    EXTENSION = "extension"
    TEMPORARY_RELEASE = "temporary_release"
    SEAL = "seal"
    OTHER = "other"


class OrderEffect(StrEnum):
    """What a later order does to the one that it names."""

    AMENDS = "amends"
    STAYS = "stays"
    VACATES = "vacates"


class CourtWarning(StrEnum):
    CHANNEL_NOT_REPORTED = "channel_not_reported"  # others are reported of this jurisdiction
    CHANNELS_NOT_DESCRIBED = "channels_not_described"  # none is
    NOT_ARRANGED = "not_arranged"
    NOT_SERVED = "not_served"  # papers for this person were on their way and had not reached them


REPORTED: Mapping[str, frozenset[Channel]] = {
    "OR": frozenset({Channel.PHONE}), "SDC": frozenset({Channel.PHONE}), "NJ": frozenset({Channel.PHONE}),
    "NM": frozenset({Channel.PHONE, Channel.ZOOM, Channel.WHATSAPP}), "NYC": frozenset({Channel.ZOOM}),
}  # domain.md L503-505; of LAC and SCC nothing is described


@event("casebridge.court.HearingScheduled")
class HearingScheduled(Event):
    """The court set a hearing about children of the case, or moved one."""

    hearing_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    replaces_hearing_id: UUID | None = clear(OUR_ID)
    scheduled_for: datetime = clear("when the hearing is to be: without it nobody could be reminded")
    scheduled_zone: str = clear("zone in which the court reads its clock")
    kind: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="what the hearing is for")


@event("casebridge.court.RemoteParticipationArranged")
class RemoteParticipationArranged(Event):
    """It was arranged how somebody who cannot come takes part in a hearing."""

    arrangement_id: UUID = clear(OUR_ID)
    hearing_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    channel: Channel = clear("by which technical means")
    place: Personal[str] = boxed(
        Compartment.IMMIGRATION, about="party_id", meaning="the room, which a consulate or a detention facility may lend"
    )
    warnings: tuple[str, ...] = clear("codes of what is odd about the arrangement")


@event("casebridge.court.ParentParticipatedInHearing")
class ParentParticipatedInHearing(Event):
    """A parent took part in a hearing."""

    hearing_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    channel: Channel = clear("by which technical means")
    warnings: tuple[str, ...] = clear("codes of what is odd about it")


@event("casebridge.court.CourtOrderEntered")
class CourtOrderEntered(Event):
    """The court entered an order; a later one may amend, stay or vacate it."""

    order_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    party_ids: tuple[UUID, ...] = clear(OUR_ID)
    hearing_id: UUID | None = clear(OUR_ID)
    earlier_order_id: UUID | None = clear(OUR_ID)
    effect: OrderEffect | None = clear("what it does to the earlier order; says nothing of either's content")
    kind: Personal[OrderKind] = boxed(Compartment.LEGAL, about="child_ids", meaning="kind of order")
    order_ref: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="the court's number")
    supervised_visits_only: Personal[bool] = boxed(
        Compartment.LEGAL, about="child_ids", meaning="whether visits with the parties that it names are supervised"
    )
    purposes: tuple[Purpose, ...] = clear("purposes for which it lets offices learn of those whom it names", default=())


class HearingStage(StrEnum):
    SCHEDULED = "scheduled"
    ARRANGED = "arranged"
    ATTENDED = "attended"
    MISSED = "missed"
    REPLACED = "replaced"


class OrderStage(StrEnum):
    IN_FORCE = "in_force"
    AMENDED = "amended"
    STAYED = "stayed"
    VACATED = "vacated"


BINDING = frozenset({OrderStage.IN_FORCE, OrderStage.AMENDED})  # an amended order does what it did, as amended
STAGE_AFTER = {
    OrderEffect.AMENDS: OrderStage.AMENDED, OrderEffect.STAYS: OrderStage.STAYED, OrderEffect.VACATES: OrderStage.VACATED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    entered: CourtOrderEntered
    entered_at: datetime
    event_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Court:
    hearings: Growing[UUID, HearingScheduled] = field(default_factory=Growing)
    arranged: frozenset[tuple[UUID, UUID]] = frozenset()
    attended: frozenset[tuple[UUID, UUID]] = frozenset()
    orders: Mapping[UUID, Order] = field(default_factory=dict)

    def stage(self, hearing_id: UUID, party_id: UUID, now: datetime) -> HearingStage:
        """How one person's part in a hearing stands; a hearing that is over without them is missed."""
        if (hearing_id, party_id) in self.attended:
            return HearingStage.ATTENDED
        if any(hearing.replaces_hearing_id == hearing_id for hearing in self.hearings.values()):
            return HearingStage.REPLACED
        hearing = self.hearings.get(hearing_id)
        if hearing is not None and hearing.scheduled_for < now:
            return HearingStage.MISSED
        return HearingStage.ARRANGED if (hearing_id, party_id) in self.arranged else HearingStage.SCHEDULED

    def standing(self, order_id: UUID, at: datetime | None = None) -> OrderStage:
        """What later orders that themselves stand (by `at`, where given) made of this one; the last entered decides."""
        last = self.changed_by(order_id, at)
        effect = None if last is None else last.entered.effect
        return OrderStage.IN_FORCE if effect is None else STAGE_AFTER[effect]

    def changed_by(self, order_id: UUID, at: datetime | None = None) -> Order | None:
        """The order that itself stands (by `at`, where given) and was entered last about this one."""
        later = [
            order for order in self.orders.values()
            if order.entered.earlier_order_id == order_id and (at is None or order.entered_at <= at)
            and self.standing(order.entered.order_id, at) in BINDING
        ]
        return max(later, key=lambda order: (order.entered_at, order.version), default=None)

    def is_binding(self, order_id: UUID) -> bool:
        return self.standing(order_id) is OrderStage.IN_FORCE

    def _asks_for_supervision(self, order: Order) -> bool:
        """Whether an order says so and still does: one that amends it and is silent on this leaves it as it was."""
        if order.entered.supervised_visits_only != Known(True):
            return False
        match self.standing(order.entered.order_id):
            case OrderStage.IN_FORCE:
                return True
            case OrderStage.AMENDED:
                amending = self.changed_by(order.entered.order_id)
                return amending is not None and not isinstance(amending.entered.supervised_visits_only, Known)
            case OrderStage.STAYED | OrderStage.VACATED:
                return False

    def needs_supervision(self, child_ids: Iterable[UUID], party_id: UUID) -> bool:
        """Whether an order in force allows visits of these children with this person under supervision only."""
        wanted = set(child_ids)
        return any(
            wanted & set(order.entered.child_ids) and party_id in (order.entered.party_ids or (party_id,))
            and self._asks_for_supervision(order) for order in self.orders.values()
        )


@command
class ScheduleHearing(Command):
    """Record when a hearing is to be, with its zone; one that was moved names the hearing that it replaces."""

    hearing_id: UUID
    child_ids: tuple[UUID, ...]
    scheduled_for: datetime
    kind: str | None = None
    replaces_hearing_id: UUID | None = None


@command
class ArrangeRemoteParticipation(Command):
    """Record how somebody who cannot come will take part in a hearing."""

    arrangement_id: UUID
    hearing_id: UUID
    party_id: UUID
    channel: Channel
    place: str | None = None


@command
class RecordParticipation(Command):
    """Record that a parent took part in a hearing, and by which channel."""

    hearing_id: UUID
    party_id: UUID
    channel: Channel | None = None


@command
class EnterCourtOrder(Command):
    """Record an order of the court, and what it does to an earlier one. `party_ids` are those whom it names.

    `purposes` are those for which it says that offices may learn of the children and parties whom it names: an order
    that says nothing of it, or seals, lets nobody learn anything.
    """

    order_id: UUID
    child_ids: tuple[UUID, ...]
    kind: OrderKind
    order_ref: str | None = None
    party_ids: tuple[UUID, ...] = ()
    hearing_id: UUID | None = None
    earlier_order_id: UUID | None = None
    effect: OrderEffect | None = None
    supervised_visits_only: bool | None = None
    purposes: tuple[Purpose, ...] = ()


def _hearing(case: Case, hearing_id: UUID, name: str = "hearing_id") -> HearingScheduled:
    hearing = case.court.hearings.get(hearing_id)
    if hearing is None:
        raise Refused("no such hearing: schedule it first", rule="P10", field=name)
    return hearing


def schedule(submission: Submission[ScheduleHearing], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_children(case, wish.child_ids)
    require_zone(wish.scheduled_for, rule="P10", name="scheduled_for")
    if wish.replaces_hearing_id is not None:
        _hearing(case, wish.replaces_hearing_id, "replaces_hearing_id")
        if wish.replaces_hearing_id == wish.hearing_id:
            raise Refused("a hearing that was moved is a new one", rule="P10", field="replaces_hearing_id")
    return case.once(wish.hearing_id, HearingScheduled(
        hearing_id=wish.hearing_id, child_ids=wish.child_ids, replaces_hearing_id=wish.replaces_hearing_id,
        scheduled_for=wish.scheduled_for, scheduled_zone=zone_name(wish.scheduled_for, submission.standing.zone),
        kind=personal(wish.kind),
    ))


def channel_warnings(jurisdiction: str, channel: Channel) -> tuple[CourtWarning, ...]:
    reported = REPORTED.get(jurisdiction)
    if channel is Channel.IN_PERSON or (reported is not None and channel in reported):
        return ()
    return (CourtWarning.CHANNELS_NOT_DESCRIBED if reported is None else CourtWarning.CHANNEL_NOT_REPORTED,)


def arrange(submission: Submission[ArrangeRemoteParticipation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    hearing = _hearing(case, wish.hearing_id)
    require_adult(case, wish.party_id)
    if wish.channel is Channel.IN_PERSON:
        raise Refused("who comes in person needs no channel", rule="P10", field="channel")
    warnings = channel_warnings(submission.standing.jurisdiction, wish.channel)
    if case.service.is_unserved(wish.party_id, hearing.scheduled_for):
        warnings += (CourtWarning.NOT_SERVED,)
    return case.once(wish.arrangement_id, RemoteParticipationArranged(
        arrangement_id=wish.arrangement_id, hearing_id=wish.hearing_id, party_id=wish.party_id, channel=wish.channel,
        place=personal(wish.place), warnings=warnings,
    ))


def participate(submission: Submission[RecordParticipation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _hearing(case, wish.hearing_id)
    if require_adult(case, wish.party_id).role not in PARENTS:
        raise Refused("only a parent's part is recorded here", rule="US-COURT-ABROAD", field="party_id")
    if wish.channel is None:
        raise Refused("say by which channel the parent took part", rule="P10", field="channel")
    warnings = channel_warnings(submission.standing.jurisdiction, wish.channel)
    if wish.channel is not Channel.IN_PERSON and (wish.hearing_id, wish.party_id) not in case.court.arranged:
        warnings += (CourtWarning.NOT_ARRANGED,)
    if case.service.is_unserved(wish.party_id, submission.occurred_at):
        warnings += (CourtWarning.NOT_SERVED,)
    return case.once((wish.hearing_id, wish.party_id), ParentParticipatedInHearing(
        hearing_id=wish.hearing_id, party_id=wish.party_id, channel=wish.channel, warnings=warnings,
    ))


def _check_earlier(submission: Submission[EnterCourtOrder], case: Case) -> None:
    wish = submission.command
    if (wish.earlier_order_id is None) is not (wish.effect is None):
        raise Refused("an order that changes another names it and says how", rule="P10", field="effect")
    if wish.earlier_order_id is None:
        return
    earlier = case.court.orders.get(wish.earlier_order_id)
    if earlier is None or wish.earlier_order_id == wish.order_id:
        raise Refused("the order that this one changes is not recorded", rule="P10", field="earlier_order_id")
    if submission.occurred_at < earlier.entered_at:
        raise Refused("an order changes an earlier one, not a later one", rule="P10", field="occurred_at")
    if wish.order_id not in case.recorded and _was_vacated(submission, case):
        raise Refused("the order that this one changes was vacated", rule="P10", field="earlier_order_id")


def _was_vacated(submission: Submission[EnterCourtOrder], case: Case) -> bool:
    """Whether the earlier order stood no more when this one was entered; it may have been vacated since."""
    earlier = submission.command.earlier_order_id
    return earlier is not None and case.court.standing(earlier, submission.occurred_at) is OrderStage.VACATED


def enter_order(submission: Submission[EnterCourtOrder], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_children(case, wish.child_ids)
    for party_id in wish.party_ids:
        require_adult(case, party_id, "party_ids")
    if wish.hearing_id is not None:
        _hearing(case, wish.hearing_id)
    _check_earlier(submission, case)
    if wish.purposes and wish.kind is OrderKind.SEAL:
        raise Refused("an order to seal lets nobody learn anything", rule="P10", field="purposes")
    if set(wish.purposes) & BY_RULE:
        raise Refused("what the law asks for rests on no order", rule="P10", field="purposes")
    return case.once(wish.order_id, CourtOrderEntered(
        order_id=wish.order_id, child_ids=wish.child_ids, party_ids=wish.party_ids, hearing_id=wish.hearing_id,
        earlier_order_id=wish.earlier_order_id, effect=wish.effect, kind=Known(wish.kind),
        order_ref=personal(wish.order_ref), supervised_visits_only=personal(wish.supervised_visits_only),
        purposes=wish.purposes,
    ))


def _scheduled(state: Court, told: HearingScheduled, _: Envelope) -> Court:
    return replace(state, hearings=state.hearings.having(told.hearing_id, told))


def _arranged(state: Court, told: RemoteParticipationArranged, _: Envelope) -> Court:
    return replace(state, arranged=state.arranged | {(told.hearing_id, told.party_id)})


def _attended(state: Court, told: ParentParticipatedInHearing, _: Envelope) -> Court:
    return replace(state, attended=state.attended | {(told.hearing_id, told.party_id)})


def _entered(state: Court, told: CourtOrderEntered, envelope: Envelope) -> Court:
    circumstances = envelope.circumstances
    order = Order(
        entered=told, entered_at=circumstances.occurred_at, event_id=circumstances.event_id, version=envelope.version
    )
    return replace(state, orders={**state.orders, told.order_id: order})


INITIAL = Court()
DECIDES = {
    ScheduleHearing: schedule, ArrangeRemoteParticipation: arrange, RecordParticipation: participate,
    EnterCourtOrder: enter_order,
}
EVOLVES = {
    HearingScheduled: _scheduled, RemoteParticipationArranged: _arranged, ParentParticipatedInHearing: _attended,
    CourtOrderEntered: _entered,
}
KEYS: Keys = {
    HearingScheduled: lambda e: e.hearing_id, RemoteParticipationArranged: lambda e: e.arrangement_id,
    ParentParticipatedInHearing: lambda e: (e.hearing_id, e.party_id), CourtOrderEntered: lambda e: e.order_id,
}

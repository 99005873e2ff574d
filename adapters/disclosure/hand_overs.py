"""Hand-overs: how one begins while its basis stands, how it ends, and what is recorded of each, on every channel."""
from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from adapters.avro import AvroError
from adapters.backbone import Backbone
from adapters.disclosure.outstanding import WITHOUT_CONTENT, Delivery, Outstanding, Queue, Stage
from adapters.disclosure.parcel import parcel_of, placeholder_of
from adapters.disclosure.render import DigestMismatch, Rendering
from adapters.disclosure.stages import StageRecorder, Stages, proven
from adapters.disclosure.streams import DELIVERY, agency_stream, case_stream
from domain.agency.agreements import INITIAL as NO_AGREEMENTS
from domain.case.holds import Hold, holds_on
from domain.case.recalls import is_recalled
from domain.case.state import Case
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryLetGo,
    DeliveryStopped,
    Disclosed,
    Failure,
    HandOverDoubted,
    HandOverFailed,
    HandOverStarted,
    Withdrawn,
)
from domain.disclosure.renderers import INSTEAD
from domain.disclosure.rendering import Unrenderable
from domain.disclosure.telling import paths_of
from domain.events import Actor, Event
from domain.ports import Conflict, Guard, Parcel, Receipt
from domain.ports import HandOverFailed as Failed

logger = logging.getLogger(__name__)
RETRY_SECONDS_MIN = 5.0
RETRY_SECONDS_MAX = 2 * 3_600.0
TRY_FOR = timedelta(days=5)
LET_GO_MAX = DOUBTS_MAX = 100
DOUBT_AFTER = timedelta(minutes=5)
"""A start that stands for so long without an outcome is in doubt. Who takes and goes on has come back by then: an office
that reads waits 30 s for news, or a minute where it is told to come again, and a courier has its answer within 15 s.
Longer, and what proves untrue meanwhile is owed so much later to an office that has it and fell silent."""
STARTS_MAX = 8
"""How often another writer may be first with a case, or a delivery, before this step gives a start or a proof up."""
UNRENDERABLE = (Unrenderable, DigestMismatch, AvroError)


class _Order:
    """What of a case is still to come before its other entries: held back, or let go and to leave under a later number."""

    def __init__(self) -> None:
        self._held: dict[UUID, int] = {}
        self._released: dict[UUID, list[Delivery]] = {}

    def see(self, delivery: Delivery) -> None:
        case_id = delivery.told.case_id
        if delivery.stage in (Stage.HELD_BACK, Stage.LET_GO):
            self._held[case_id] = min(self._held.get(case_id, delivery.place), delivery.place)
        elif delivery.releases is not None:
            self._released.setdefault(case_id, []).append(delivery)

    def is_behind(self, delivery: Delivery) -> bool:
        """Whether it would leave before what comes before it in its case."""
        case_id, place = delivery.told.case_id, delivery.place
        return delivery.holds is None and (self._held.get(case_id, place) < place or any(
            one.place < place and one.told.number > delivery.told.number for one in self._released.get(case_id, ())
        ))


class HandOvers:
    """What is outstanding, and the stages of each: one that was started and has no outcome may have happened."""

    def __init__(self, backbone: Backbone, rendering: Rendering, entropy: Callable[[int], bytes]) -> None:
        self._backbone, self._rendering = backbone, rendering
        self.outstanding = Outstanding(backbone.log, backbone.codec)
        self.stages = StageRecorder(backbone, self.outstanding, entropy)

    def parcel(self, delivery: Delivery) -> Parcel:
        """What leaves under a number: the entry as it renders, or the word that another is held back.

        Raises one of UNRENDERABLE.
        """
        if delivery.holds is not None:
            return placeholder_of(delivery, self._rendering.held(delivery.told, delivery.holds))
        return parcel_of(delivery, self._rendering.proven(delivery.entry))

    def contents(
        self, deliveries: Sequence[Delivery], channel: str, *, surely_failed: bool = False
    ) -> dict[int, Parcel]:
        """Parcels by number. What cannot be rendered, or is on hold, is held back, for a topic cannot wait for one
        number, and with it what follows in its case, until that has left under its new number."""
        contents: dict[int, Parcel] = {}
        order = self._order(deliveries)
        for delivery in deliveries:
            if delivery.stage in WITHOUT_CONTENT:
                continue
            try:
                parcel = self.parcel(delivery)
            except UNRENDERABLE as error:
                self.unrenderable(delivery, channel, error, retry=False, surely_failed=surely_failed)
            else:
                case = self._backbone.known_case(delivery.told.case_id)
                if order.is_behind(delivery) or self.on_hold(delivery, case) is not None:
                    outcome = self._outcome_of_last(delivery, surely_failed)
                    self._record(delivery, *outcome, self._held_back(delivery, delivery.attempts))
                else:
                    contents[delivery.told.number] = parcel
            order.see(delivery)
        return contents

    def _order(self, deliveries: Sequence[Delivery]) -> _Order:
        order = _Order()
        for office in {delivery.told.office for delivery in deliveries}:
            for delivery in self.outstanding.offices[office].deliveries.values():
                order.see(delivery)
        return order

    def mend(self, queue: Queue) -> int:
        """Let go what was held back for no failure of its own, once no hold stands and what stood before it in its case
        was let go; how many. What failed for as long as it may be tried waits for a person. What was recalled meanwhile
        leaves no more, so that its recall does not wait behind it."""
        held = sorted(
            (d for d in queue.deliveries.values() if d.stage is Stage.HELD_BACK), key=lambda delivery: delivery.place
        )
        recalled = {d.told.notice_id for d in queue.deliveries.values() if isinstance(d.told, Withdrawn)}
        for delivery in held:
            if isinstance(delivery.told, Disclosed) and delivery.told.notice_id in recalled:
                self._record(delivery, _stopped(delivery, self._backbone.case(delivery.told.case_id)))
        held = [delivery for delivery in held if delivery.stage is Stage.HELD_BACK]
        blocked, free = set[UUID](), list[Delivery]()
        for delivery in held:
            case_id = delivery.told.case_id
            if case_id in blocked:
                continue
            if delivery.was_tried or self.on_hold(delivery, self._backbone.case(case_id)) is not None:
                blocked.add(case_id)
            else:
                free.append(delivery)
        return self.let_go(free[:LET_GO_MAX], by=None)

    def let_go(self, deliveries: Sequence[Delivery], *, by: Actor | None) -> int:
        """Record that these leave after all, in this order, each under a number of its own; how many. `by` is the person
        who decided so. None where another was quicker."""
        return self._all_or_none([
            Stages(delivery, (DeliveryLetGo(
                office=delivery.told.office, number=delivery.told.number, case_id=delivery.told.case_id,
                by_person=by is not None,
            ),), by=by)
            for delivery in deliveries
        ])

    def doubt_silent(self, queue: Queue) -> int:
        """Record that what began DOUBT_AFTER ago and has no outcome may have happened, whatever its channel is and
        whatever became of its office; how many. Not of the word that a number is held back, which tells no fact. None
        where another was quicker."""
        since = self._backbone.clock.now() - DOUBT_AFTER
        silent = [
            d for d in queue.deliveries.values()
            if d.stage is Stage.STARTED and d.holds is None and d.last_at is not None and d.last_at <= since
        ]
        return self._all_or_none([
            Stages(delivery, self._outcome_of_last(delivery, surely_failed=False)) for delivery in silent[:DOUBTS_MAX]
        ])

    def _all_or_none(self, stages: Sequence[Stages]) -> int:
        """Record them in one append; how many. None where another was quicker with one of them: it is looked at anew."""
        try:
            self.stages.record(*stages)
        except Conflict:
            self.outstanding.tail()
            return 0
        return len(stages)

    def start(self, delivery: Delivery, channel: str, *, surely_failed: bool = False) -> bool:
        """Record that a hand-over begins, while its engagement is open; or that it ended, and nothing leaves.

        False: it does not begin now. `surely_failed` says what a start without outcome means for this channel.
        """
        for _ in range(STARTS_MAX):
            case = self._backbone.case(delivery.told.case_id)
            try:
                self.stages.record(self.beginning(delivery, case, channel, surely_failed=surely_failed))
                return delivery.stage is Stage.STARTED
            except Conflict as conflict:
                if conflict.stream.startswith(DELIVERY):
                    self.outstanding.tail()  # Another courier is at this delivery: look again in the next step.
                    return False
        return False

    def start_all(self, deliveries: Sequence[Delivery], channel: str, *, surely_failed: bool) -> set[int]:
        """The numbers of those that begin: all by one append, or each by itself where another writer was first."""
        cases = {case_id: self._backbone.known_case(case_id) for case_id in {d.told.case_id for d in deliveries}}
        try:
            self.stages.record(*(
                self.beginning(delivery, cases[delivery.told.case_id], channel, surely_failed=surely_failed)
                for delivery in deliveries
            ))
        except Conflict:
            return {d.told.number for d in deliveries if self.start(d, channel, surely_failed=surely_failed)}
        return {d.told.number for d in deliveries if d.stage is Stage.STARTED}

    def beginning(self, delivery: Delivery, case: Case, channel: str, *, surely_failed: bool) -> Stages:
        """The start, or the end where its basis ended; what is on hold is held back. Under the guards of what tells so."""
        entry = delivery.told
        is_open, guards = self.basis(delivery, case)
        is_open = is_open and self.may_be_told(delivery, case)
        step: Event
        if is_open and self.on_hold(delivery, case) is not None:
            step = self._held_back(delivery, delivery.attempts)
        elif is_open:
            step = HandOverStarted(
                office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts + 1,
                channel=channel, engagement_id=entry.engagement_id, case_version=case.version, digest=entry.digest,
            )
        else:
            step = _stopped(delivery, case)
        return Stages(delivery, (*self._outcome_of_last(delivery, surely_failed), step), guards=guards)

    def basis(self, delivery: Delivery, case: Case) -> tuple[bool, tuple[Guard, ...]]:
        """Whether an entry may leave now, and what that rests on: the case at that version, and the agency where the
        basis is an agreement of its own."""
        entry = delivery.told
        engagement = case.engagements.engagements.get(entry.engagement_id)
        guards = [Guard(stream=case_stream(entry.case_id), version=case.version)]
        agreements = NO_AGREEMENTS
        if engagement is not None and engagement.rests_on_agreement:
            agency = self._backbone.agency(delivery.entry.circumstances.agency)
            agreements = agency.agreements
            guards.append(Guard(stream=agency_stream(agency.code), version=agency.version))
        is_open = engagement is not None and engagement.holds_at(self._backbone.clock.now(), agreements)
        return is_open, tuple(guards)

    def may_be_told(self, delivery: Delivery, case: Case) -> bool:
        """Whether nothing of what an entry tells was taken back since it was written: by its recall, by the withdrawal of a
        report that it rests on (recorded of the wrong person, or never true), or by a contract that names less."""
        entry = delivery.told
        if delivery.holds is not None or not isinstance(entry, Disclosed):
            return True
        if is_recalled(case, entry.notice_id) or any(f.event_id in case.mislinks.withdrawn for f in entry.fields):
            return False
        agency = self._backbone.known_agency(delivery.entry.circumstances.agency)
        office = agency.offices.get(entry.office)
        contract = office and agency.contract_at(office.recipient_kind, self._backbone.clock.now())
        if not contract or (contract.digest == entry.contract_digest and entry.renderer not in INSTEAD):
            return contract is not None
        flow = contract.flow(entry.purpose, agency.jurisdiction)
        return flow is not None and all(map(flow.has, paths_of(case, entry)))

    def on_hold(self, delivery: Delivery, case: Case) -> Hold | None:
        """A hold that covers what an entry tells. A recall tells nothing, and is never held."""
        entry = delivery.told
        if delivery.holds is not None or not isinstance(entry, Disclosed) or not case.holds.standing:
            return None
        engagement = case.engagements.engagements.get(entry.engagement_id)
        offices = self._backbone.agency(delivery.entry.circumstances.agency).offices
        references = {} if engagement is None else engagement.references
        return next(iter(holds_on(case, offices, entry.office, entry.fields, references)), None)

    def _outcome_of_last(self, delivery: Delivery, surely_failed: bool) -> tuple[Event, ...]:
        """What is to be said of a start without outcome, before anything else is."""
        entry, now = delivery.told, self._backbone.clock.now()
        if delivery.stage is not Stage.STARTED:
            return ()
        if surely_failed:
            return (HandOverFailed(
                office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts,
                channel=delivery.channel, failure=Failure.UNREACHABLE, retry_at=now,
            ),)
        return (HandOverDoubted(
            office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts,
            channel=delivery.channel, retry_at=now + timedelta(seconds=retry_seconds(delivery.attempts)),
        ),)

    def handed_over(self, delivery: Delivery, channel: str, receipt: Receipt) -> None:
        """Record the proof; where another courier writes first each time, say so, for it may leave once more."""
        for _ in range(STARTS_MAX):
            try:
                self.stages.record(proven(delivery, channel, receipt))
                return
            except Conflict:  # Another courier took over meanwhile; the proof is ours all the same.
                self.outstanding.tail()
                if delivery.stage is Stage.HANDED_OVER:
                    return
        logger.warning(
            "hand-over %s:%d is done and its proof is not recorded: another courier wrote first %d times",
            delivery.told.office, delivery.told.number, STARTS_MAX,
        )

    def all_handed_over(self, deliveries: Sequence[Delivery], channel: str, receipt: Receipt) -> None:
        """In one append; each by itself where another courier took one over."""
        try:
            self.stages.record(*(proven(delivery, channel, receipt) for delivery in deliveries))
        except Conflict:
            for delivery in deliveries:
                self.handed_over(delivery, channel, receipt)

    def unrenderable(
        self, delivery: Delivery, channel: str, error: Exception, *, retry: bool, surely_failed: bool = False
    ) -> None:
        """The next attempt fails before it begins; one that has no outcome is given its own first."""
        entry, attempt = delivery.told, delivery.attempts + 1
        logger.error("entry %s:%d cannot be rendered: %s", entry.office, entry.number, error)
        failure = self._failure(delivery, channel, Failure.UNRENDERABLE, attempt=attempt, retry=retry)
        self._record(delivery, *self._outcome_of_last(delivery, surely_failed), *failure)

    def failed(self, delivery: Delivery, channel: str, failure: Failure, *, retry: bool) -> None:
        """Record of the attempt that was begun that it surely did not happen."""
        self._record(delivery, *self._failure(delivery, channel, failure, attempt=delivery.attempts, retry=retry))

    def _failure(
        self, delivery: Delivery, channel: str, failure: Failure, *, attempt: int, retry: bool
    ) -> tuple[Event, ...]:
        entry = delivery.told
        retry_at = self._retry_at(delivery, attempt) if retry or delivery.holds is not None else None
        failed = HandOverFailed(
            office=entry.office, number=entry.number, case_id=entry.case_id, attempt=attempt, channel=channel,
            failure=failure, retry_at=retry_at,
        )
        return failed, *(() if retry_at else (self._held_back(delivery, attempt),))

    def doubted(self, delivery: Delivery, channel: str) -> None:
        entry, retry_at = delivery.told, self._retry_at(delivery, delivery.attempts)
        doubted = HandOverDoubted(
            office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts, channel=channel,
            retry_at=retry_at or self._backbone.clock.now(),
        )
        self._record(delivery, doubted, *(() if retry_at else (self._held_back(delivery, delivery.attempts),)))

    def _record(self, delivery: Delivery, *events: Event) -> None:
        """Record what is no proof; where another courier took over, it has said what became of ours."""
        self._all_or_none([Stages(delivery, events)])

    def _held_back(self, delivery: Delivery, attempts: int) -> DeliveryHeldBack:
        entry = delivery.told
        return DeliveryHeldBack(office=entry.office, number=entry.number, case_id=entry.case_id, attempts=attempts)

    def _retry_at(self, delivery: Delivery, attempt: int) -> datetime | None:
        """When to try again; None after TRY_FOR, for a person to decide."""
        now = self._backbone.clock.now()
        is_word = delivery.holds is not None  # That another is held back is never held back itself.
        if not is_word and delivery.first_at is not None and now - delivery.first_at >= TRY_FOR:
            return None
        return now + timedelta(seconds=retry_seconds(attempt))


def _stopped(delivery: Delivery, case: Case) -> DeliveryStopped:
    entry = delivery.told
    return DeliveryStopped(
        office=entry.office, number=entry.number, case_id=entry.case_id, engagement_id=entry.engagement_id,
        case_version=case.version,
    )


def retry_seconds(attempt: int) -> float:
    """From RETRY_SECONDS_MIN after the first attempt, doubled by each, to RETRY_SECONDS_MAX."""
    return min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2.0 ** min(attempt - 1, 30))


def failure_of(failed: Failed) -> Failure:
    """Channels that know why give the code as their reason."""
    return Failure(failed.reason) if failed.reason in tuple(Failure) else Failure.ERROR

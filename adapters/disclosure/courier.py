"""The courier: from the feeds to the offices. Every stage of every hand-over is recorded before and after it."""
from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from adapters.avro import AvroError
from adapters.backbone import Backbone
from adapters.disclosure.outstanding import WITHOUT_CONTENT, Delivery, Outstanding, Queue, Stage
from adapters.disclosure.parcel import parcel_of, placeholder_of
from adapters.disclosure.render import DigestMismatch, Rendering
from adapters.disclosure.stages import StageRecorder, Stages, proven
from adapters.disclosure.streams import DELIVERY, agency_stream, case_stream
from adapters.telemetry import telemetry
from domain.agency.agreements import INITIAL as NO_AGREEMENTS
from domain.agency.events import OfficeStage
from domain.agency.state import Office
from domain.case.state import Case
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryStopped,
    Failure,
    HandOverDoubted,
    HandOverFailed,
    HandOverStarted,
)
from domain.disclosure.rendering import Unrenderable
from domain.events import Event
from domain.ports import Channel, Conflict, Guard, HandOverDoubtful, Parcel, Receipt
from domain.ports import HandOverFailed as Failed

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 15.0
RETRY_SECONDS_MIN = 5.0
RETRY_SECONDS_MAX = 2 * 3_600.0
TRY_FOR = timedelta(days=5)
STARTS_MAX = 8
"""How often a case may change under a hand-over that is about to start before the next step tries again."""
HAND_OVERS_MAX = 100
FETCHED_EVERY_SECONDS = 0.5
EARLIEST = datetime.min.replace(tzinfo=UTC)
FAILURES_IN_A_ROW_MAX = 3
PAUSE_SECONDS = 60.0
"""For so long an office is left alone that failed so often in a row: other offices need not wait for its time-outs."""

UNRENDERABLE = (Unrenderable, DigestMismatch, AvroError)


class FeedTopics(Protocol):
    """Offices' topics: what is published there is handed over once the office has fetched past it."""

    name: str

    def publish(self, office: str, parcels: list[Parcel]) -> None: ...

    def published(self, office: str) -> int: ...

    def fetched(self, office: str) -> tuple[int, Receipt] | None: ...


class Courier:
    """Hands over what the feeds hold, to live offices only, each case's entries in order.

    A hand-over starts by an append that holds only while its engagement is open (I6). One that was started
    and has no outcome, here or in a process that died, may have happened: it is doubted, and made again with
    the same id and bytes. A failing entry keeps later ones of its case waiting, and no other case's.
    `interruptions` are the errors of `topics` after which they may be asked again.
    """

    def __init__(
        self, backbone: Backbone, rendering: Rendering, channels: Mapping[str, Channel], *,
        topics: FeedTopics | None = None, interruptions: tuple[type[Exception], ...] = (),
        timeout_seconds: float = TIMEOUT_SECONDS, entropy: Callable[[int], bytes] = os.urandom,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backbone, self._rendering, self._channels = backbone, rendering, channels
        self._topics, self._interruptions = topics, interruptions
        self._timeout_seconds = timeout_seconds
        self._monotonic, self._asked_at = monotonic, dict[str, float]()
        self._paused_until: dict[str, datetime] = {}
        self.outstanding = Outstanding(backbone.log, backbone.codec)
        self._stages = StageRecorder(backbone, self.outstanding, entropy)

    def step(self) -> int:
        """Hand over what is due, at most HAND_OVERS_MAX to each office; how many deliveries moved on.

        Raises LogUnavailable and KeysUnavailable: call it again.
        """
        self.outstanding.tail()
        moved = 0
        for name, queue in list(self.outstanding.offices.items()):
            office = self._live(name, queue)
            if office is None:
                continue
            if office.channel in self._channels:
                moved += self._to_channel(office, queue, self._channels[office.channel])
            elif self._topics is not None and office.channel == self._topics.name:
                moved += self._to_topic(office, queue, self._topics)
        return moved

    def next_retry_at(self) -> datetime | None:
        """When the next delivery that waits for a retry is due; None where none waits."""
        waiting = (d.retry_at for queue in self.outstanding.offices.values() for d in queue.deliveries.values())
        return min((at for at in waiting if at is not None), default=None)

    def _live(self, name: str, queue: Queue) -> Office | None:
        """The office, where something is to go there and it is live now."""
        delivery = next(iter(queue.deliveries.values()), None)
        if delivery is None:
            return None
        office = self._backbone.agency(delivery.entry.circumstances.agency).offices.get(name)
        return office if office is not None and office.stage is OfficeStage.LIVE else None

    # -- a channel that answers

    def _to_channel(self, office: Office, queue: Queue, channel: Channel) -> int:
        if self._backbone.clock.now() < self._paused_until.get(office.office, EARLIEST):
            return 0
        moved, failures, waiting = 0, 0, set[UUID]()
        for delivery in list(queue.deliveries.values()):
            if failures >= FAILURES_IN_A_ROW_MAX:
                self._paused_until[office.office] = self._backbone.clock.now() + timedelta(seconds=PAUSE_SECONDS)
                break
            if moved >= HAND_OVERS_MAX:
                break
            case_id = delivery.told.case_id
            if delivery.stage is Stage.STOPPED or case_id in waiting:
                continue
            if delivery.stage is not Stage.HELD_BACK and self._is_due(delivery):
                if self._live(office.office, queue) is None:
                    break  # It was suspended a moment ago.
                self._hand_over(delivery, channel)
                moved += 1
                failures = 0 if delivery.stage in (Stage.HANDED_OVER, Stage.STOPPED) else failures + 1
            if delivery.stage not in (Stage.HANDED_OVER, Stage.STOPPED):
                waiting.add(case_id)
        return moved

    def _is_due(self, delivery: Delivery) -> bool:
        now = self._backbone.clock.now()
        if delivery.stage is Stage.STARTED:  # Another courier may be at it for so long.
            assert delivery.last_at is not None
            return now >= delivery.last_at + timedelta(seconds=self._timeout_seconds)
        return delivery.retry_at is None or now >= delivery.retry_at

    def _hand_over(self, delivery: Delivery, channel: Channel) -> None:
        try:
            parcel = parcel_of(delivery, self._rendering.proven(delivery.entry))
        except UNRENDERABLE as error:
            self._unrenderable(delivery, channel.name, error, retry=not isinstance(error, DigestMismatch))
            return
        if not self._start(delivery, channel.name):
            return
        with telemetry.hand_over(channel.name, delivery.entry.circumstances.traceparent) as span:
            try:
                receipt = channel.hand_over(parcel, timeout_seconds=self._timeout_seconds)
            except Failed as failed:
                span.outcome("failed")
                logger.warning("hand-over %s:%d failed: %s", parcel.office, parcel.number, failed)
                self._failed(delivery, channel.name, _failure(failed), attempt=delivery.attempts, retry=failed.retry)
            except HandOverDoubtful as doubt:
                span.outcome("doubted")
                logger.warning("hand-over %s:%d is in doubt: %s", parcel.office, parcel.number, doubt)
                self._doubted(delivery, channel.name)
            else:
                span.outcome("handed_over")
                self._handed_over(delivery, channel.name, receipt)

    # -- a topic that the office fetches from

    def _to_topic(self, office: Office, queue: Queue, topics: FeedTopics) -> int:
        moved, fetched, unproven = 0, None, list[Delivery]()
        try:
            published = topics.published(office.office)
            moved = self._publish(office, queue, topics, published)
            published += moved
            unproven = [
                d for d in queue.deliveries.values() if d.told.number <= published and d.stage not in WITHOUT_CONTENT
            ]
            if unproven and self._may_ask(office.office):
                fetched = topics.fetched(office.office)
        except self._interruptions as error:
            logger.warning("the topic of %s cannot be reached now: %s", office.office, error)
        if fetched is not None:
            number, receipt = fetched
            passed = [delivery for delivery in unproven if delivery.told.number <= number]
            self._all_handed_over(passed, topics.name, receipt)
            moved += len(passed)
        return moved

    def _may_ask(self, office: str) -> bool:
        """What an office has fetched is asked of Kafka: not oftener than FETCHED_EVERY_SECONDS."""
        now = self._monotonic()
        if now - self._asked_at.get(office, -FETCHED_EVERY_SECONDS) < FETCHED_EVERY_SECONDS:
            return False
        self._asked_at[office] = now
        return True

    def _publish(self, office: Office, queue: Queue, topics: FeedTopics, published: int) -> int:
        """Everything after the last number published, in order; a number without content as a placeholder."""
        held = {d.told.case_id for d in queue.deliveries.values() if d.stage is Stage.HELD_BACK}
        unpublished = [d for d in queue.deliveries.values() if d.told.number > published][:HAND_OVERS_MAX]
        if not unpublished:
            return 0
        parcels: list[Parcel] = []
        with telemetry.hand_over(topics.name, None) as span:
            contents = self._contents(unpublished, topics.name, held)
            begun = self._start_all([d for d in unpublished if d.told.number in contents], topics.name)
            for delivery in unpublished:
                number = delivery.told.number
                if delivery.stage in WITHOUT_CONTENT:
                    parcels.append(placeholder_of(delivery, self._rendering.placeholder()))
                elif number in begun:
                    parcels.append(contents[number])
                else:
                    break  # Its case keeps changing, or another courier is at it.
                span.link(delivery.entry.circumstances.traceparent)
            if parcels:
                topics.publish(office.office, parcels)
        return len(parcels)

    def _contents(self, deliveries: Iterable[Delivery], channel: str, held: set[UUID]) -> dict[int, Parcel]:
        """Parcels by number. What cannot be rendered is held back, for a topic cannot wait for one number, and
        with it what follows in its case."""
        contents: dict[int, Parcel] = {}
        for delivery in deliveries:
            if delivery.stage not in WITHOUT_CONTENT:
                try:
                    parcel = parcel_of(delivery, self._rendering.proven(delivery.entry))
                except UNRENDERABLE as error:
                    self._unrenderable(delivery, channel, error, retry=False)
                else:
                    if delivery.told.case_id in held:
                        self._stages.record(Stages(delivery, (self._held_back(delivery, delivery.attempts),)))
                    else:
                        contents[delivery.told.number] = parcel
            if delivery.stage is Stage.HELD_BACK:
                held.add(delivery.told.case_id)
        return contents

    # -- stages

    def _start(self, delivery: Delivery, channel: str, *, surely_failed: bool = False) -> bool:
        """Record that a hand-over begins, while its engagement is open; or that it ended, and nothing leaves.

        False: it does not begin now. `surely_failed` says what a start without outcome means for this channel.
        """
        for _ in range(STARTS_MAX):
            case = self._backbone.case(delivery.told.case_id)
            try:
                self._stages.record(self._beginning(delivery, case, channel, surely_failed=surely_failed))
                return delivery.stage is Stage.STARTED
            except Conflict as conflict:
                if conflict.stream.startswith(DELIVERY):
                    self.outstanding.tail()  # Another courier is at this delivery: look again in the next step.
                    return False
        return False

    def _start_all(self, deliveries: Sequence[Delivery], channel: str) -> set[int]:
        """The numbers of those that begin: all by one append, or each by itself where another writer was first."""
        cases = {case_id: self._backbone.known_case(case_id) for case_id in {d.told.case_id for d in deliveries}}
        try:
            self._stages.record(*(
                self._beginning(delivery, cases[delivery.told.case_id], channel, surely_failed=True)
                for delivery in deliveries
            ))
        except Conflict:
            return {d.told.number for d in deliveries if self._start(d, channel, surely_failed=True)}
        return {d.told.number for d in deliveries if d.stage is Stage.STARTED}

    def _beginning(self, delivery: Delivery, case: Case, channel: str, *, surely_failed: bool) -> Stages:
        """The start, or the end where its basis ended, under the guards of what tells so: the case at that version, and
        the agency where the basis is an agreement of its own."""
        entry = delivery.told
        engagement = case.engagements.engagements.get(entry.engagement_id)
        guards = [Guard(stream=case_stream(entry.case_id), version=case.version)]
        agreements = NO_AGREEMENTS
        if engagement is not None and engagement.rests_on_agreement:
            agency = self._backbone.agency(delivery.entry.circumstances.agency)
            agreements = agency.agreements
            guards.append(Guard(stream=agency_stream(agency.code), version=agency.version))
        step: Event
        if engagement is not None and engagement.holds_at(self._backbone.clock.now(), agreements):
            step = HandOverStarted(
                office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts + 1,
                channel=channel, engagement_id=entry.engagement_id, case_version=case.version, digest=entry.digest,
            )
        else:
            step = DeliveryStopped(
                office=entry.office, number=entry.number, case_id=entry.case_id,
                engagement_id=entry.engagement_id, case_version=case.version,
            )
        return Stages(delivery, (*self._outcome_of_last(delivery, channel, surely_failed), step), guards=tuple(guards))

    def _outcome_of_last(self, delivery: Delivery, channel: str, surely_failed: bool) -> tuple[Event, ...]:
        """What is to be said of a start without outcome before the next one."""
        entry, now = delivery.told, self._backbone.clock.now()
        if delivery.stage is not Stage.STARTED:
            return ()
        if surely_failed:
            return (HandOverFailed(
                office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts,
                channel=channel, failure=Failure.UNREACHABLE, retry_at=now,
            ),)
        return (HandOverDoubted(
            office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts,
            channel=channel, retry_at=now,
        ),)

    def _handed_over(self, delivery: Delivery, channel: str, receipt: Receipt) -> None:
        for _ in range(STARTS_MAX):
            try:
                self._stages.record(proven(delivery, channel, receipt))
                return
            except Conflict:  # Another courier took over meanwhile; the proof is ours all the same.
                self.outstanding.tail()
                if delivery.stage is Stage.HANDED_OVER:
                    return

    def _all_handed_over(self, deliveries: Sequence[Delivery], channel: str, receipt: Receipt) -> None:
        """In one append; each by itself where another courier took one over."""
        try:
            self._stages.record(*(proven(delivery, channel, receipt) for delivery in deliveries))
        except Conflict:
            for delivery in deliveries:
                self._handed_over(delivery, channel, receipt)

    def _unrenderable(self, delivery: Delivery, channel: str, error: Exception, *, retry: bool) -> None:
        entry = delivery.told
        logger.error("entry %s:%d cannot be rendered: %s", entry.office, entry.number, error)
        self._failed(delivery, channel, Failure.UNRENDERABLE, attempt=delivery.attempts + 1, retry=retry)

    def _failed(self, delivery: Delivery, channel: str, failure: Failure, *, attempt: int, retry: bool) -> None:
        entry, retry_at = delivery.told, self._retry_at(delivery, attempt) if retry else None
        failed = HandOverFailed(
            office=entry.office, number=entry.number, case_id=entry.case_id, attempt=attempt, channel=channel,
            failure=failure, retry_at=retry_at,
        )
        self._no_proof(delivery, failed, *(() if retry_at else (self._held_back(delivery, attempt),)))

    def _doubted(self, delivery: Delivery, channel: str) -> None:
        entry, retry_at = delivery.told, self._retry_at(delivery, delivery.attempts)
        doubted = HandOverDoubted(
            office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts, channel=channel,
            retry_at=retry_at or self._backbone.clock.now(),
        )
        self._no_proof(delivery, doubted, *(() if retry_at else (self._held_back(delivery, delivery.attempts),)))

    def _no_proof(self, delivery: Delivery, *events: Event) -> None:
        """Record an attempt without proof; where another courier took over, it has said what became of ours."""
        try:
            self._stages.record(Stages(delivery, events))
        except Conflict:
            self.outstanding.tail()

    def _held_back(self, delivery: Delivery, attempts: int) -> DeliveryHeldBack:
        entry = delivery.told
        return DeliveryHeldBack(office=entry.office, number=entry.number, case_id=entry.case_id, attempts=attempts)

    def _retry_at(self, delivery: Delivery, attempt: int) -> datetime | None:
        """When to try again; None after TRY_FOR."""
        now = self._backbone.clock.now()
        if delivery.first_at is not None and now - delivery.first_at >= TRY_FOR:
            return None
        return now + timedelta(seconds=retry_seconds(attempt))


def retry_seconds(attempt: int) -> float:
    """From RETRY_SECONDS_MIN after the first attempt, doubled by each, to RETRY_SECONDS_MAX."""
    return min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2.0 ** min(attempt - 1, 30))


def _failure(failed: Failed) -> Failure:
    """Channels that know why give the code as their reason."""
    return Failure(failed.reason) if failed.reason in tuple(Failure) else Failure.ERROR

"""The courier: from the feeds to the offices. Every stage of every hand-over is recorded before and after it."""
from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from adapters.backbone import Backbone
from adapters.disclosure.epochs import FeedPlace
from adapters.disclosure.hand_overs import UNRENDERABLE, HandOvers, failure_of
from adapters.disclosure.outstanding import DONE_WITH, WITHOUT_CONTENT, Delivery, Queue, Stage
from adapters.disclosure.parcel import placeholder_of
from adapters.disclosure.render import DigestMismatch, Rendering
from adapters.telemetry import telemetry
from domain.agency.events import OfficeStage
from domain.agency.state import Office
from domain.ports import Channel, HandOverDoubtful, LogForked, Parcel, Receipt
from domain.ports import HandOverFailed as Failed

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 15.0
HAND_OVERS_MAX = 100
FETCHED_EVERY_SECONDS = 0.5
EARLIEST = datetime.min.replace(tzinfo=UTC)
FAILURES_IN_A_ROW_MAX = 3
TAKEN_OVER_SECONDS = 15.0
"""So long at least, and twice that at most, a courier leaves a topic to whoever took it over: two that took it from each
other by turns would both write little."""
PAUSE_SECONDS = 60.0
"""For so long an office is left alone that failed so often in a row: other offices need not wait for its time-outs."""


class TakenOver(Exception):
    """Another courier writes this topic now. Nothing of what was in flight here is there."""


class FeedTopics(Protocol):
    """Offices' topics: what is published there is handed over once the office has fetched past it. Whatever an epoch
    of the feed took the place of stays there, before it. What a topic has let go by its age, a later fetch proves no more:
    who begins where the topic begins now may never have seen it."""

    name: str

    def publish(self, office: str, parcels: list[Parcel]) -> None: ...

    def published(self, office: str) -> FeedPlace: ...

    def fetched(self, office: str) -> tuple[FeedPlace, Receipt] | None: ...

    def let_go(self, office: str) -> FeedPlace: ...


class Courier:
    """Hands over what the feeds hold, to live offices only, each case's entries in order.

    A hand-over starts by an append that holds only while its engagement is open (I6). One that was started
    and has no outcome, here or in a process that died, may have happened: it is doubted, and made again with
    the same id and bytes. One that stands for DOUBT_AFTER is doubted on every channel: its office may have taken it by
    itself, over HTTP or from its topic, and fallen silent, or be live no more. A failing entry keeps later ones of its
    case waiting, and no other case's.
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
        self._hand_overs = HandOvers(backbone, rendering, entropy)
        self.outstanding = self._hand_overs.outstanding

    def step(self) -> int:
        """Hand over what is due, at most HAND_OVERS_MAX to each office; how many deliveries moved on.

        Raises LogUnavailable and KeysUnavailable: call it again.
        """
        self.outstanding.tail()
        moved = 0
        for name, queue in list(self.outstanding.offices.items()):
            office = self._live(name, queue)
            if office is not None:
                moved += self._to_office(office, queue)
            moved += self._hand_overs.doubt_silent(queue)  # After a topic was asked: it may have told what is in it.
        return moved

    def _to_office(self, office: Office, queue: Queue) -> int:
        moved = self._hand_overs.mend(queue)
        if office.channel in self._channels:
            return moved + self._to_channel(office, queue, self._channels[office.channel])
        if self._topics is not None and office.channel == self._topics.name:
            return moved + self._to_topic(office, queue, self._topics)
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
        for delivery in sorted(queue.deliveries.values(), key=lambda delivery: delivery.place):
            if failures >= FAILURES_IN_A_ROW_MAX:
                self._paused_until[office.office] = self._backbone.clock.now() + timedelta(seconds=PAUSE_SECONDS)
                break
            if moved >= HAND_OVERS_MAX:
                break
            case_id = delivery.told.case_id
            is_word = delivery.holds is not None  # It tells no fact, and waits for nothing before it.
            if delivery.stage in DONE_WITH or (case_id in waiting and not is_word):
                continue
            if delivery.stage not in WITHOUT_CONTENT and self._is_due(delivery):
                if self._live(office.office, queue) is None:
                    break  # It was suspended a moment ago.
                self._hand_over(delivery, channel)
                moved += 1
                failures = 0 if delivery.stage in (Stage.HANDED_OVER, Stage.STOPPED) else failures + 1
            if delivery.stage not in (Stage.HANDED_OVER, *DONE_WITH) and not is_word:
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
            parcel = self._hand_overs.parcel(delivery)
        except UNRENDERABLE as error:
            self._hand_overs.unrenderable(delivery, channel.name, error, retry=not isinstance(error, DigestMismatch))
            return
        if not self._hand_overs.start(delivery, channel.name):
            return
        with telemetry.hand_over(channel.name, delivery.entry.circumstances.traceparent) as span:
            try:
                receipt = channel.hand_over(parcel, timeout_seconds=self._timeout_seconds)
            except Failed as failed:
                span.outcome("failed")
                logger.warning("hand-over %s:%d failed: %s", parcel.office, parcel.number, failed)
                self._hand_overs.failed(delivery, channel.name, failure_of(failed), retry=failed.retry)
            except HandOverDoubtful as doubt:
                span.outcome("doubted")
                logger.warning("hand-over %s:%d is in doubt: %s", parcel.office, parcel.number, doubt)
                self._hand_overs.doubted(delivery, channel.name)
            else:
                span.outcome("handed_over")
                self._hand_overs.handed_over(delivery, channel.name, receipt)

    # -- a topic that the office fetches from

    def _to_topic(self, office: Office, queue: Queue, topics: FeedTopics) -> int:
        moved, fetched, gone, unproven = 0, None, 0, list[Delivery]()
        if self._backbone.clock.now() < self._paused_until.get(office.office, EARLIEST):
            return 0
        try:
            published = self._published(office, queue, topics)
            moved = self._publish(office, queue, topics, published)
            published += moved
            unproven = [
                d for d in queue.deliveries.values() if d.told.number <= published and d.stage not in WITHOUT_CONTENT
            ]
            if unproven and self._may_ask(office.office):
                fetched = topics.fetched(office.office)
                gone = 0 if fetched is None else queue.epochs.shared(topics.let_go(office.office))
        except TakenOver as error:
            logger.warning("the topic of %s is left to another courier for now: %s", office.office, error)
            seconds = random.uniform(1, 2) * TAKEN_OVER_SECONDS
            self._paused_until[office.office] = self._backbone.clock.now() + timedelta(seconds=seconds)
        except self._interruptions as error:
            logger.warning("the topic of %s cannot be reached now: %s", office.office, error)
        if fetched is not None:
            place, receipt = fetched
            reached = queue.epochs.shared(place)
            passed = [delivery for delivery in unproven if gone < delivery.told.number <= reached]
            self._hand_overs.all_handed_over(passed, topics.name, receipt)
            moved += len(passed)
        return moved

    def _published(self, office: Office, queue: Queue, topics: FeedTopics) -> int:
        """The last number of this feed in the topic. Raises LogForked where the topic has more than the log."""
        published = queue.epochs.shared(topics.published(office.office))
        if published > queue.last:
            raise LogForked(f"the topic of {office.office} has number {published}, its feed ends at {queue.last}")
        return published

    def _may_ask(self, office: str) -> bool:
        """What an office has fetched is asked of Kafka: not oftener than FETCHED_EVERY_SECONDS."""
        now = self._monotonic()
        if now - self._asked_at.get(office, -FETCHED_EVERY_SECONDS) < FETCHED_EVERY_SECONDS:
            return False
        self._asked_at[office] = now
        return True

    def _publish(self, office: Office, queue: Queue, topics: FeedTopics, published: int) -> int:
        """Everything after the last number published, in order; a number without content as a placeholder."""
        unpublished = [d for d in queue.deliveries.values() if d.told.number > published][:HAND_OVERS_MAX]
        if not unpublished or self._live(office.office, queue) is None:
            return 0  # It may have been suspended while the topic was asked, which can take long.
        parcels: list[Parcel] = []
        with telemetry.hand_over(topics.name, None) as span:
            contents = self._hand_overs.contents(unpublished, topics.name, surely_failed=True)
            ready = [delivery for delivery in unpublished if delivery.told.number in contents]
            begun = self._hand_overs.start_all(ready, topics.name, surely_failed=True)
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

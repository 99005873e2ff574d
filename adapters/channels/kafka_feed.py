"""The Kafka channel of the courier: an office's feed in a topic of its own, and what the office has fetched of it."""
from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import GroupIdNotFoundError, KafkaError

from adapters.disclosure.courier import TakenOver
from adapters.disclosure.epochs import FeedPlace
from adapters.kafka.publisher import Fenced, Interrupted, Mark, Publisher, RelayStopped
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import Message
from domain.ports import Clock, Parcel, Receipt

logger = logging.getLogger(__name__)
ATTEMPTS_MAX = 3
TRANSACTION_PARCELS_MAX = 500
LOOK_BACK_OFFSETS_MAX = 1 << 20  # Markers and aborted records between a record and a committed offset.
POLL_SECONDS = 0.5
POLLS_MAX = 40
FEED_NUMBER, FEED_EPOCH = "ce_feednumber", "ce_feedepoch"
NOWHERE = FeedPlace("", 0)
PARTITION = 0  # A feed has one partition: its numbers are gapless and in order.

PublisherFor = Callable[[KafkaSettings, str], Publisher]


class FeedGap(Exception):
    """A number is missing between what the topic has and what was handed in. Nothing was written."""


class FeedUnavailable(Exception):
    """Kafka cannot be asked now; try again."""


class Asking:
    """The clients that ask what offices have fetched. They stay open: connecting costs more than an answer."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.admin = KafkaAdminClient(**settings.admin())
        try:
            self.consumer = KafkaConsumer(**settings.consumer())
        except BaseException:
            self.admin.close()
            raise

    def close(self) -> None:
        self.admin.close()
        self.consumer.close(autocommit=False)


class KafkaFeed:
    """Writes each office's feed exactly once, under its feed numbers, into a topic that no other office shares.

    `lineage` is the log's first, which a restore leaves: the topic goes on, and its entries' epochs say what of it
    was lost with a log. It never enters an office's topic, nor does anything else that another
    office's record also carries. One thread at a time.
    """

    name = "kafka"

    def __init__(self, settings: KafkaSettings, publisher_for: PublisherFor, *, lineage: UUID, clock: Clock) -> None:
        self._settings = settings
        self._publisher_for = publisher_for
        self._lineage = lineage
        self._clock = clock
        self._publishers: dict[str, Publisher] = {}
        self._marks: dict[str, Mark] = {}
        self._asking: Asking | None = None
        self._passed: dict[str, tuple[int, FeedPlace]] = {}
        self._gone: dict[str, tuple[int, FeedPlace]] = {}

    def publish(self, office: str, parcels: Sequence[Parcel]) -> None:
        """Write what follows the last entry written; what is there already is passed over. An epoch may begin at a
        number that an earlier one had.

        After an interruption it reads the position back and goes on, ATTEMPTS_MAX times in all. Raises
        FeedGap, ValueError for another office's parcel, Interrupted (call again), TakenOver (another courier
        writes this topic now), RelayStopped (a person has to look).
        """
        if strangers := [parcel.office for parcel in parcels if parcel.office != office]:
            raise ValueError(f"a parcel for {strangers[0]} does not belong in the topic of {office}")
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                self._go_on(office, parcels)
                return
            except Fenced as error:
                raise TakenOver(f"{office}: {error}") from error
            except Interrupted:
                if attempt == ATTEMPTS_MAX:
                    raise

    def published(self, office: str) -> FeedPlace:
        """The last entry in the office's topic; number 0 before the first. Raises Interrupted, RelayStopped."""
        return _place_of_mark(self._standing(office))

    def fetched(self, office: str) -> tuple[FeedPlace, Receipt] | None:
        """The last entry that the office's consumer group has passed; None before the first.

        The group's committed offset is the hand-over. The receipt names topic, partition and offset;
        Kafka does not tell when it was committed, so `at` is now: never too early.
        """
        try:
            self._asking = self._asking or Asking(self._settings)
            committed = self._committed(office, self._asking.admin)
            before, place = self._passed.get(office, (0, NOWHERE))
            if committed != before:
                place = self._place_before(office, committed, self._asking.consumer)
                self._passed[office] = committed, place
        except (KafkaError, OSError) as error:
            self._hang_up()
            raise FeedUnavailable(f"{office}: {type(error).__name__}: {error}") from error
        if place.number == 0:
            return None
        reference = f"{self._settings.feed_topic(office)}/{PARTITION}@{committed}"
        return place, Receipt(reference=reference, at=self._clock.now())

    def let_go(self, office: str) -> FeedPlace:
        """The last entry that the topic has let go by its age; number 0 where it has them all. Raises FeedUnavailable."""
        try:
            self._asking = self._asking or Asking(self._settings)
            consumer, place = self._asking.consumer, self._place(office)
            consumer.assign([place])
            start = consumer.beginning_offsets([place])[place]
            before, gone = self._gone.get(office, (0, NOWHERE))
            if start == before:
                return gone
            left = _places(consumer, place, start, consumer.end_offsets([place])[place], first_only=True)
        except (KafkaError, OSError) as error:
            self._hang_up()
            raise FeedUnavailable(f"{office}: {type(error).__name__}: {error}") from error
        gone = _before(left[0]) if left else self.published(office)
        self._gone[office] = start, gone
        return gone

    def close(self) -> None:
        """End every producer in good order."""
        for publisher in self._publishers.values():
            publisher.close()
        self._publishers.clear()
        self._marks.clear()
        self._hang_up()

    # -------------------------------------------------------------- writing
    def _go_on(self, office: str, parcels: Sequence[Parcel]) -> None:
        mark = self._standing(office)
        for parcel in parcels:
            if _place_of(parcel) == _place_of_mark(mark) and _id(parcel) != mark.id:
                topic = self._publisher(office).target
                raise RelayStopped(f"{topic}: number {mark.position} is {mark.id}, and is now said to be {_id(parcel)}")
        rest = _rest(parcels, _place_of_mark(mark))
        publisher = self._publisher(office)
        for first in range(0, len(rest), TRANSACTION_PARCELS_MAX):
            some = rest[first : first + TRANSACTION_PARCELS_MAX]
            last = Mark(lineage=self._lineage, position=some[-1].number, id=_id(some[-1]))
            del self._marks[office]  # Not known again before the transaction is.
            if not publisher.ready:
                raise Interrupted(f"{office}: the session ended")
            publisher.publish([message_of(parcel) for parcel in some], last)
            self._marks[office] = last

    def _standing(self, office: str) -> Mark:
        publisher = self._publisher(office)
        if office not in self._marks or not publisher.ready:
            self._marks.pop(office, None)
            self._marks[office] = publisher.resume(self._lineage)
        return self._marks[office]

    def _publisher(self, office: str) -> Publisher:
        if office not in self._publishers:
            self._publishers[office] = self._publisher_for(self._settings, self._settings.feed_topic(office))
        return self._publishers[office]

    # -------------------------------------------------------------- reading
    def _hang_up(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.close()

    def _committed(self, office: str, admin: KafkaAdminClient) -> int:
        group, place = self._settings.group(office), self._place(office)
        try:
            found = admin.list_group_offsets({group: [place]})[group].get(place)
            return max(0, int(found.offset)) if found is not None else 0
        except GroupIdNotFoundError:
            return 0

    def _place_before(self, office: str, committed: int, consumer: KafkaConsumer) -> FeedPlace:
        """The last entry before an offset, looking back further and further.

        Where retention has taken that record, the next one tells; where none is left, all was passed,
        and only then is a producer's session needed.
        """
        if committed == 0:
            return NOWHERE
        place = self._place(office)
        consumer.assign([place])
        start, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
        if committed > end:
            logger.warning("%s: an offset past the end of its topic was committed, which proves nothing", office)
            return NOWHERE
        back = 2  # A record, and the marker of its transaction.
        while back <= 2 * LOOK_BACK_OFFSETS_MAX:
            since = max(start, committed - back)
            if places := _places(consumer, place, since, committed):
                return places[-1]
            if since == start:
                break
            back *= 4
        if after := _places(consumer, place, max(start, committed), end, first_only=True):
            return _before(after[0])
        published = self.published(office)
        # Asked for after `published`, so that nothing of what that counts lies behind it.
        end = consumer.end_offsets([place])[place]
        after = _places(consumer, place, max(start, committed), end, first_only=True)
        return _before(after[0]) if after else published

    def _place(self, office: str) -> TopicPartition:
        return TopicPartition(self._settings.feed_topic(office), PARTITION)


def _places(
    consumer: KafkaConsumer, place: TopicPartition, since: int, until: int, *, first_only: bool = False
) -> list[FeedPlace]:
    """Where in the feed the committed records in [since, until) stand. Raises KafkaError where they cannot be read."""
    places: list[FeedPlace] = []
    if since >= until:
        return places
    consumer.seek(place, since)
    for _ in range(POLLS_MAX):
        for record in consumer.poll(timeout_ms=int(1000 * POLL_SECONDS)).get(place, ()):
            if record.offset < until:
                headers = dict(record.headers)
                places.append(FeedPlace(headers.get(FEED_EPOCH, b"").decode(), int(headers[FEED_NUMBER])))
        if consumer.position(place) >= until or (first_only and places):
            return places
    raise KafkaError(f"{place.topic} could not be read from {since} to {until}")


def _before(place: FeedPlace) -> FeedPlace:
    return FeedPlace(place.epoch, place.number - 1)


def _place_of(parcel: Parcel) -> FeedPlace:
    return FeedPlace(dict(parcel.headers).get("feedepoch", ""), parcel.number)


def _place_of_mark(mark: Mark) -> FeedPlace:
    """An entry's id names office, number, and the epoch's sign if it has one."""
    return FeedPlace(mark.id.partition(":")[2].partition(":")[2], mark.position)


def _rest(parcels: Sequence[Parcel], at: FeedPlace) -> Sequence[Parcel]:
    """What of a feed is not in the topic yet, which ends at a place. Raises FeedGap."""
    places = [_place_of(parcel) for parcel in parcels]
    there = [count for count, place in enumerate(places, 1) if place.epoch == at.epoch and place.number <= at.number]
    rest = parcels[max(there, default=0):]
    for parcel in rest:
        if not _follows(parcel, at):
            raise FeedGap(f"{parcel.office}: number {at.number + 1} comes next in the feed, not {parcel.number}")
        at = _place_of(parcel)
    return rest


def _follows(parcel: Parcel, at: FeedPlace) -> bool:
    """An epoch goes on with the next number; another begins with its first, which the one before it may have had too."""
    if _place_of(parcel).epoch == at.epoch:
        return parcel.number == at.number + 1
    return dict(parcel.headers).get("feedfrom") == str(parcel.number) and parcel.number <= at.number + 1


def _id(parcel: Parcel) -> str:
    return dict(parcel.headers).get("id", f"{parcel.office}/{parcel.number}")


def message_of(parcel: Parcel) -> Message:
    """CloudEvents 1.0, binary mode; `datacontenttype` travels as `content-type`."""
    given = {"specversion": "1.0", "id": _id(parcel), "datacontenttype": "application/avro"} | dict(parcel.headers)
    content_type = given.pop("datacontenttype")
    headers = [(f"ce_{name}", value.encode()) for name, value in given.items() if name != "feednumber"]
    headers.append((FEED_NUMBER, str(parcel.number).encode()))
    headers.append(("content-type", content_type.encode()))
    return Message(PARTITION, parcel.reference.encode(), parcel.content, headers)

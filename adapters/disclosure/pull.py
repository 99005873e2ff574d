"""A feed that its office reads when it likes: the same numbers and bytes as on every other channel.

What an office has read and then reads past is handed over; where it falls silent, the courier doubts it. Each reading is
checked against the basis of that moment: the append that records it holds only while every engagement that it rests on is
open.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from adapters.backbone import Backbone
from adapters.disclosure.epochs import FeedPlace
from adapters.disclosure.hand_overs import STARTS_MAX, UNRENDERABLE, HandOvers
from adapters.disclosure.outstanding import WITHOUT_CONTENT, Delivery, Queue, Stage, delivery_of
from adapters.disclosure.parcel import placeholder_of
from adapters.disclosure.render import Rendering
from adapters.disclosure.streams import access_stream, agency_stream, feed_stream, head_of
from domain.agency.events import OfficeStage
from domain.agency.state import Agency
from domain.case.state import Case
from domain.disclosure.events import FeedRead, Withdrawn
from domain.events import Actor, Circumstances, Envelope
from domain.ports import Append, Conflict, Guard, LogUnavailable, Parcel, Receipt

CHANNEL = "pull"
ENTRIES_MAX = 100
READ = frozenset({Stage.STARTED, Stage.DOUBTED})
"""An entry in one of these was read: a later reading past it proves the hand-over."""


class NoSuchNumber(Exception):
    """The feed does not reach so far."""


class FeedRenewed(Exception):
    """After `shared`, the number asked for means other entries than its reader has: a restore lies between."""

    def __init__(self, shared: FeedPlace) -> None:
        super().__init__(
            "the agency's log was brought back from an older copy. What you have after number "
            f"{shared.number} it does not know any more: keep that, tell the agency, and go on after {shared.number}"
        )
        self.shared = shared


class FeedClosed(Exception):
    """The office is not live any more, or its credential was replaced while it waited: it reads nothing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading gave; `place` is where to go on."""

    parcels: tuple[Parcel, ...]
    place: FeedPlace

    @property
    def last(self) -> int:
        return self.place.number


class PullFeed:
    """One reader at a time in each process; several processes agree by the guards of the log."""

    def __init__(self, backbone: Backbone, rendering: Rendering, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._backbone, self._rendering, self._entropy = backbone, rendering, entropy
        self._hand_overs = HandOvers(backbone, rendering, entropy)
        self._lock = Lock()

    def head(self, office: str) -> int:
        """The number of the newest entry; 0 before the first."""
        return head_of(self._backbone.log, feed_stream(office))

    def read(
        self, office: str, agency: str, *, after: int, epoch: str = "", limit: int = ENTRIES_MAX, credential: int
    ) -> Reading:
        """At most `limit` entries after a number, in order, each with its content only while its basis stands.

        `epoch` is the sign under which the reader was given that number, empty for the first epoch. What was read
        before and is not after `after` any more is handed over by this. None is recorded at a position after the office
        was suspended or its credential replaced. Raises FeedClosed, NoSuchNumber, FeedRenewed, LogUnavailable and
        KeysUnavailable.
        """
        with self._lock:
            self._open(office, agency, credential)
            self._hand_overs.outstanding.tail()
            queue = self._hand_overs.outstanding.queue(office)
            shared = queue.epochs.shared(FeedPlace(epoch, after))
            if shared < after:
                raise FeedRenewed(FeedPlace(queue.epochs.of(shared).sign, shared))
            if after > queue.last:
                raise NoSuchNumber(f"the feed of {office} ends at {queue.last}")
            self._passed(office, queue, after)
            deliveries = self._deliveries(office, queue, after, min(limit, ENTRIES_MAX))
            if not deliveries:
                return Reading((), FeedPlace(epoch, after))
            before = [delivery for delivery in deliveries if delivery.stage is Stage.HANDED_OVER]
            on_their_way = [delivery for delivery in deliveries if delivery.stage is not Stage.HANDED_OVER]
            fresh = self._begin(on_their_way)
            for _ in range(STARTS_MAX):
                again, guards = self._again(before)
                reading = _in_order(deliveries, fresh | again, queue, after)
                if not reading.parcels:  # Another reader, or another command, was first with all of it.
                    fresh = self._begin(on_their_way)
                    continue
                try:
                    self._record(office, agency, reading, after, credential, guards)
                    return reading
                except Conflict:
                    continue  # A case that was read again changed, or another reader of this day was first.
        raise LogUnavailable(f"the cases behind the feed of {office} changed {STARTS_MAX} times under one reading")

    def _open(self, office: str, agency: str, credential: int) -> Agency:
        """The agency as it is now, where it lets the office read."""
        standing = self._backbone.agency(agency)
        listed = standing.offices[office]
        if listed.stage is not OfficeStage.LIVE:
            raise FeedClosed(f"this feed is {listed.stage.value}")
        if listed.credential != credential:
            raise FeedClosed("the credential of this feed was replaced")
        return standing

    def _passed(self, office: str, queue: Queue, after: int) -> None:
        passed = [d for d in queue.deliveries.values() if d.told.number <= after and d.stage in READ]
        receipt = Receipt(reference=f"/feeds/{office}@{after}", at=self._backbone.clock.now())
        self._hand_overs.all_handed_over(passed, CHANNEL, receipt)

    def _deliveries(self, office: str, queue: Queue, after: int, limit: int) -> list[Delivery]:
        """The entries after a number: those on their way, and those that were handed over before, to be read again."""
        found: list[Delivery] = []
        for row in self._backbone.log.read_stream(feed_stream(office), after=after, limit=limit):
            if row.version > queue.last:
                break
            entry = self._backbone.codec.decode(row)
            known = queue.deliveries.get(row.version)
            if known is None:
                known = delivery_of(
                    self._backbone.log, self._backbone.codec, entry, queue.sequences[row.version - 1],
                    queue.epochs.of(row.version),
                )
                known.stage = Stage.HANDED_OVER
            found.append(known)
        return found

    def _begin(self, fresh: Sequence[Delivery]) -> dict[int, Parcel]:
        """The parcels of what is on its way, each begun while its engagement is open, or its placeholder."""
        contents = self._hand_overs.contents(fresh, CHANNEL)
        ready = [delivery for delivery in fresh if delivery.told.number in contents]
        begun = self._hand_overs.start_all(ready, CHANNEL, surely_failed=False)
        parcels = {number: parcel for number, parcel in contents.items() if number in begun}
        for delivery in fresh:
            if delivery.stage in WITHOUT_CONTENT:
                parcels[delivery.told.number] = placeholder_of(delivery, self._rendering.placeholder())
        return parcels

    def _again(self, before: Sequence[Delivery]) -> tuple[dict[int, Parcel], tuple[Guard, ...]]:
        """Parcels of what is read again, and the cases as they are seen: content only where its engagement is open."""
        cases: dict[UUID, Case] = {case_id: self._backbone.case(case_id) for case_id in {d.told.case_id for d in before}}
        parcels: dict[int, Parcel] = {}
        guards: dict[Guard, None] = {}
        for delivery in before:
            case = cases[delivery.told.case_id]
            is_open, rests_on = self._hand_overs.basis(delivery, case)
            is_open = is_open and self._hand_overs.on_hold(delivery, case) is None
            is_open = is_open and self._hand_overs.may_be_told(delivery, case)
            is_open = is_open or isinstance(delivery.told, Withdrawn)  # It tells no fact, and stays asked for.
            guards.update(dict.fromkeys(rests_on))
            parcel = None
            if is_open:
                try:
                    parcel = self._hand_overs.parcel(delivery)
                except UNRENDERABLE:
                    parcel = None  # Its key was withheld or destroyed since.
            parcels[delivery.told.number] = parcel or placeholder_of(delivery, self._rendering.placeholder())
        return parcels, tuple(guards)

    def _record(
        self, office: str, agency: str, reading: Reading, after: int, credential: int, guards: tuple[Guard, ...]
    ) -> None:
        backbone, now = self._backbone, self._backbone.clock.now()
        standing = self._open(office, agency, credential)
        stream = access_stream(now.date())
        version, command_id = head_of(backbone.log, stream), UUID(bytes=self._entropy(16), version=4)
        empty = self._rendering.placeholder().type
        told = FeedRead(
            office=office, after=after, last=reading.last, credential=credential,
            without_content=tuple(p.number for p in reading.parcels if dict(p.headers)["type"] == empty),
        )
        circumstances = Circumstances(
            event_id=UUID(bytes=self._entropy(16), version=4), occurred_at=now, learned_at=now,
            actor=Actor(agency=agency, role="partner", user=office), principal=f"feed-credential-{credential}",
            command_id=command_id, correlation_id=command_id, causation_id=None, traceparent=None, agency=agency,
            jurisdiction=standing.jurisdiction, packs=standing.pack_digests,
        )
        event = backbone.encode(Envelope(stream=stream, version=version + 1, event=told, circumstances=circumstances))
        schemas = backbone.schemas_for([event])
        own, lets_it = Guard(stream=stream, version=version), Guard(stream=agency_stream(agency), version=standing.version)
        held = tuple(dict.fromkeys((own, lets_it, *guards)))
        backbone.log.append(Append(guards=held, events=(event,), schemas=schemas))
        backbone.stored(schemas)


def _in_order(deliveries: Sequence[Delivery], parcels: dict[int, Parcel], queue: Queue, after: int) -> Reading:
    """Up to the first number that could not be given now: the numbers that leave are gapless."""
    given: list[Parcel] = []
    for delivery in deliveries:
        parcel = parcels.get(delivery.told.number)
        if parcel is None:
            break
        given.append(parcel)
    last = given[-1].number if given else after
    return Reading(tuple(given), FeedPlace(queue.epochs.of(last).sign, last))

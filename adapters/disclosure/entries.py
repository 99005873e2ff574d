"""The entries that came of an event: found by the ids that the discloser gives them, however long the feed is."""
from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from adapters.backbone import Backbone
from adapters.disclosure.streams import case_stream, delivery_stream, feed_stream
from domain.case.consular import ConsularNotificationCorrected, DisclosureReleased
from domain.case.recalls import DisclosureRecalled
from domain.disclosure.events import DeliveryHeldBack, DeliveryLetGo
from domain.events import Envelope
from domain.ports import READ_LIMIT_MAX, EventLog, Recorded

RECALLS = frozenset({ConsularNotificationCorrected.TOPIC, DisclosureRecalled.TOPIC})
STAGES = {DeliveryHeldBack.TOPIC: "held", DeliveryLetGo.TOPIC: "released"}
SOURCES = {DisclosureReleased.TOPIC: "disclosed", **dict.fromkeys(RECALLS, "withdrawn"), **STAGES}
"""What becomes an entry of a feed, by topic, and as what."""


def entry_id(source: Envelope) -> UUID:
    """Of the entry that an event becomes, if any: always the same. Raises KeyError for what never becomes one."""
    return _entry_id(source.event.TOPIC, source.circumstances.event_id)


def _entry_id(topic: str, event_id: UUID) -> UUID:
    return uuid5(event_id, SOURCES[topic])


def entries_of(backbone: Backbone, case_id: UUID, office: str) -> tuple[list[Envelope], dict[int, list[Envelope]]]:
    """What an office's feed holds of one case, in the order of its numbers, and the stages of each delivery.

    Read from the case and from what became of it, so that the work does not grow with the feed.
    """
    log, feed = backbone.log, feed_stream(office)
    entries, stages = dict[int, Envelope](), dict[int, list[Envelope]]()
    sources = [(row.topic, row.event_id) for row in _rows(log, case_stream(case_id)) if row.topic in SOURCES]
    while sources:
        row = log.event(_entry_id(*sources.pop()))
        if row is None or row.stream != feed:
            continue
        number = row.version
        entries[number], stages[number] = (
            backbone.codec.decode(row), backbone.envelopes(delivery_stream(office, number)),
        )
        sources += [(e.event.TOPIC, e.circumstances.event_id) for e in stages[number] if e.event.TOPIC in STAGES]
    return [entries[number] for number in sorted(entries)], stages


def _rows(log: EventLog, stream: str) -> Iterator[Recorded]:
    after = 0
    while rows := log.read_stream(stream, after=after, limit=READ_LIMIT_MAX):
        yield from rows
        after = rows[-1].version

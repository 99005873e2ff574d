"""The discloser: from the log to the feeds. What was released for an office becomes the next entry of its feed."""
from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from adapters.avro.errors import Unwritable
from adapters.avro.single_object import Format
from adapters.backbone import Backbone
from adapters.disclosure.entries import RECALLS, SOURCES, entry_id
from adapters.disclosure.render import HELD, Rendering, digest_of
from adapters.disclosure.streams import feed_stream, head_of
from adapters.disclosure.tail import Tail
from adapters.telemetry import telemetry
from domain.agency.state import Agency
from domain.case.consular import ConsularNotificationCorrected, DisclosureReleased
from domain.case.engagement import Engagement
from domain.case.given import untrue_since
from domain.case.holding import whom
from domain.case.recalls import DisclosureRecalled
from domain.case.state import Case
from domain.disclosure.contract import Flow
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryLetGo,
    Disclosed,
    FeedEntry,
    HandedOver,
    Held,
    Released,
    Withdrawn,
)
from domain.disclosure.renderers import RENDERERS, laid_out_by
from domain.disclosure.rendering import Unrenderable
from domain.disclosure.telling import sources
from domain.events import Actor, Circumstances, Envelope
from domain.personal import UNKNOWN, Known
from domain.ports import (
    READ_LIMIT_MAX,
    Append,
    Conflict,
    Guard,
    LogUnavailable,
    Position,
    Recorded,
)

logger = logging.getLogger(__name__)
WORKER = "discloser"
ATTEMPTS_MAX = 8
BATCH_MAX = 100
"""Entries of one append."""
SALT_BYTES = 16
CAUSES_MAX = 32
"""Steps back from what was released to what brought it about."""
Recalled = ConsularNotificationCorrected | DisclosureRecalled


class NotDisclosed(StrEnum):
    """Why an event that was released for an office became no entry. It is counted, and shown."""

    ENGAGEMENT_ENDED = "engagement_ended"
    NO_CONTRACT = "no_contract"
    UNKNOWN_OFFICE = "unknown_office"
    TOLD_OUTSIDE = "told_outside"  # what is to be disregarded was not told through this feed
    NOTHING_KNOWN = "nothing_known"
    WITHHELD = "withheld"
    CYCLE = "cycle"  # a receipt from this very office would have brought it about
    NO_PLACE = "no_place"  # the contract lets flow what the published schema has no field for


class _Skip(Exception):
    def __init__(self, reason: NotDisclosed) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Discloser:
    """Tails the log; entries and the worker's position are one append, so a crash loses and doubles none.

    An entry is a function of the log up to its source event, of the clock and of the salt. Of two disclosers
    one is told WorkerDisplaced, and goes on from where the other was.
    """

    def __init__(
        self, backbone: Backbone, rendering: Rendering, *, entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._backbone, self._rendering, self._entropy = backbone, rendering, entropy
        self._tail = Tail(backbone.log, WORKER)
        self._heads: dict[str, int] = {}
        """Where the feeds end, as our own appends left them; what is wrong here, an append's guard finds."""
        self._published: set[bytes] = set()
        self.not_disclosed: Counter[NotDisclosed] = Counter()

    @property
    def at(self) -> Position | None:
        """How far it has read; None before its first step."""
        return self._tail.at

    def step(self, limit: int = 500) -> int:
        """Read at most `limit` more rows of the log, and say how many: 0 is caught up.

        Raises LogUnavailable, KeysUnavailable and WorkerDisplaced: call it again; LineageChanged: stop.
        """
        return self._tail.step(limit, self._disclose_all)

    def _disclose_all(self, rows: Sequence[Recorded]) -> None:
        self._rendering.freshen()
        for batch in _batches(rows):
            sources = [self._backbone.codec.decode(row) for row in batch]
            with telemetry.disclose([source.circumstances.traceparent for source in sources]) as span:
                self._disclose(sources, batch[-1], span.traceparent)

    def _disclose(self, sources: Sequence[Envelope], to: Recorded, traceparent: str | None) -> None:
        """Append the entries of all sources and the move to the last of them, or nothing of it."""
        backbone = self._backbone
        for _ in range(ATTEMPTS_MAX):
            entries, forms, skipped = self._entries(sources, traceparent)
            events = tuple(backbone.encode(entry) for entry in entries)
            own = backbone.schemas_for(events)
            published = tuple(form.writer_schema for form in forms if form.fingerprint not in self._published)
            guards = tuple(Guard(stream=stream, version=version) for stream, version in _starts(entries).items())
            move = self._tail.move_to(to)
            try:
                backbone.log.append(Append(guards=guards, events=events, schemas=(*own, *published), worker=move))
            except Conflict:  # A feed has grown, or an entry is there already: the position was lost, not the entry.
                self._heads.clear()
                sources = [source for source in sources if backbone.log.event(entry_id(source)) is None]
                continue
            backbone.stored(own)
            self._published.update(form.fingerprint for form in forms)
            self._heads |= {entry.stream: entry.version for entry in entries}
            self._tail.moved(to)
            for event_id, reason in skipped.items():
                self.not_disclosed[reason] += 1
                logger.warning("event %s became no entry of a feed: %s", event_id, reason.value)
            return
        raise LogUnavailable(f"the feeds changed {ATTEMPTS_MAX} times under the discloser")

    def _entries(
        self, sources: Sequence[Envelope], traceparent: str | None
    ) -> tuple[list[Envelope], set[Format], dict[UUID, NotDisclosed]]:
        """An entry for each source, numbered on; their published schemas; and why some sources have none."""
        entries, forms, skipped = list[Envelope](), set[Format](), dict[UUID, NotDisclosed]()
        heads: dict[str, int] = {}
        for source in sources:
            try:
                entry, form = self._entry(source, traceparent, heads)
            except _Skip as skip:
                skipped[source.circumstances.event_id] = skip.reason
                continue
            heads[entry.stream] = entry.version
            entries.append(entry)
            if form is not None:
                forms.add(form)
        return entries, forms, skipped

    # -- the entry

    def preview(self, source: Envelope) -> Envelope | NotDisclosed:
        """The entry that this event would become now, or why it would become none. Nothing is recorded, and the
        event need not be: a person sees what they are about to release as it will leave."""
        try:
            return self._entry(source, None, {})[0]
        except _Skip as skip:
            return skip.reason

    def _entry(
        self, source: Envelope, traceparent: str | None, heads: Mapping[str, int]
    ) -> tuple[Envelope, Format | None]:
        """The entry of one source, after `heads` where feeds of the same batch have grown. Raises _Skip."""
        told = source.event
        if isinstance(told, DeliveryHeldBack | DeliveryLetGo):
            return self._held_or_released(source, told, traceparent, heads)
        assert isinstance(told, DisclosureReleased | Recalled)
        case_id = UUID(source.stream.removeprefix("case-"))
        now = self._backbone.case(case_id)
        then = now if now.version == source.version else self._backbone.case(case_id, up_to=source.version)
        engagement = then.engagements.engagements.get(told.engagement_id)
        latest = now.engagements.engagements.get(told.engagement_id)
        if self._leads_back(source, told.office):
            raise _Skip(NotDisclosed.CYCLE)
        agency = self._backbone.agency(source.circumstances.agency)
        moment = self._backbone.clock.now()
        if engagement is None or latest is None or not latest.holds_at(moment, agency.agreements):
            raise _Skip(NotDisclosed.ENGAGEMENT_ENDED)
        flow, contract_digest = _flow(agency, engagement, source.circumstances.occurred_at, moment)
        form = self._rendering.format(flow.publishes)
        if form is None:
            raise _Skip(NotDisclosed.NO_CONTRACT)
        stream, number = self._next(told.office, heads)
        if isinstance(told, DisclosureReleased):
            event: FeedEntry = _disclosed(
                number, case_id, then, now, source, told, engagement, flow, contract_digest, form
            )
        else:
            event = self._withdrawn(number, case_id, then, source, told, engagement, flow, form)
        circumstances = self._circumstances(source)._replace(
            traceparent=traceparent or source.circumstances.traceparent
        )
        entry = Envelope(stream=stream, version=number, event=event, circumstances=circumstances)
        return entry._replace(event=self._proven(entry, event)), form

    def _next(self, office: str, heads: Mapping[str, int]) -> tuple[str, int]:
        """The stream of a feed and the number that comes next in it."""
        stream = feed_stream(office)
        return stream, 1 + (heads.get(stream) or self._heads.get(stream) or head_of(self._backbone.log, stream))

    def _held_or_released(
        self, source: Envelope, told: DeliveryHeldBack | DeliveryLetGo, traceparent: str | None, heads: Mapping[str, int]
    ) -> tuple[Envelope, Format | None]:
        """A number of its own that says of another that it is held back, or that brings its content after all."""
        stream, number = self._next(told.office, heads)
        is_held = isinstance(told, DeliveryHeldBack)
        event: Held | Released = (
            Held(office=told.office, number=number, holds=told.number, case_id=told.case_id) if is_held
            else Released(office=told.office, number=number, releases=told.number, case_id=told.case_id)
        )
        circumstances = self._circumstances(source)._replace(
            traceparent=traceparent or source.circumstances.traceparent
        )
        entry = Envelope(stream=stream, version=number, event=event, circumstances=circumstances)
        return entry, self._rendering.format(HELD) if is_held else None

    def _leads_back(self, source: Envelope, office: str) -> bool:
        """Whether one of the causes of an event is a hand-over to this office: what comes of a receipt is not told back."""
        cause = source.circumstances.causation_id
        for _ in range(CAUSES_MAX):
            row = None if cause is None else self._backbone.log.event(cause)
            if row is None:
                return False
            found = self._backbone.codec.decode(row)
            if isinstance(found.event, HandedOver):
                return found.event.office == office
            cause = found.circumstances.causation_id
        return True  # So long a chain is no person's decision.

    def _proven(self, entry: Envelope, event: FeedEntry) -> FeedEntry:
        """The entry with the digest of what it renders to, under a salt of its own."""
        try:
            rendered = self._rendering.render(entry)
        except Unrenderable:
            raise _Skip(NotDisclosed.WITHHELD) from None
        except Unwritable:
            raise _Skip(NotDisclosed.NO_PLACE) from None
        salt = self._entropy(SALT_BYTES).hex()
        digest = digest_of(salt, rendered.content)
        self._rendering.made_ready(digest, rendered)
        return replace(event, digest=digest, salt=Known(salt))

    def _circumstances(self, source: Envelope) -> Circumstances:
        cause, now = source.circumstances, self._backbone.clock.now()
        return cause._replace(
            event_id=entry_id(source), occurred_at=now, learned_at=now, causation_id=cause.event_id,
            actor=Actor(agency=cause.agency, role="discloser", user="casebridge"), principal="casebridge-discloser",
        )

    def _withdrawn(
        self, number: int, case_id: UUID, case: Case, source: Envelope, told: Recalled,
        engagement: Engagement, flow: Flow, form: Format,
    ) -> Withdrawn:
        disclosure_id, person_ids = _recalled(told)
        return Withdrawn(
            office=told.office, number=number, withdraws=self._number_of(told.office, disclosure_id), case_id=case_id,
            case_reference=engagement.case_reference, engagement_id=engagement.engagement_id, notice_id=disclosure_id,
            text_code=told.text_code.value, schema_fingerprint=form.fingerprint.hex(), renderer=flow.renderer,
            source_event_id=source.circumstances.event_id, person_ids=person_ids, digest="", salt=UNKNOWN,
        )

    def _number_of(self, office: str, disclosure_id: UUID) -> int:
        """The number under which it went out, which is another where it was held back. What was told by telephone has
        none in this feed."""
        stream, after, number = feed_stream(office), 0, 0
        while rows := self._backbone.log.read_stream(stream, after=after, limit=READ_LIMIT_MAX):
            for row in rows:
                entry = self._backbone.codec.decode(row).event
                if (isinstance(entry, Disclosed) and entry.notice_id == disclosure_id) or (
                    isinstance(entry, Released) and entry.releases == number
                ):
                    number = entry.number
            after = rows[-1].version
        if number:
            return number
        raise _Skip(NotDisclosed.TOLD_OUTSIDE)


def _batches(rows: Sequence[Recorded]) -> Iterator[list[Recorded]]:
    """What was released, in turn; a correction begins a batch, so that the notice that it names is in the feed."""
    batch: list[Recorded] = []
    for row in rows:
        if row.topic not in SOURCES:
            continue
        if batch and (len(batch) == BATCH_MAX or row.topic in RECALLS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _recalled(told: Recalled) -> tuple[UUID, tuple[UUID, ...]]:
    """What is recalled, a notice or another disclosure, and whom it was about."""
    if isinstance(told, ConsularNotificationCorrected):
        return told.notice_id, told.child_ids
    return told.disclosure_id, told.person_ids


def _starts(entries: Sequence[Envelope]) -> dict[str, int]:
    """The version at which each feed has to end before these entries."""
    starts: dict[str, int] = {}
    for entry in entries:
        starts.setdefault(entry.stream, entry.version - 1)
    return starts


def _flow(agency: Agency, engagement: Engagement, released_at: datetime, moment: datetime) -> tuple[Flow, str]:
    """What flows for the engagement's purpose by the contract in force now, and no more than by that of its release:
    a text adopted in between, or before a release that is recorded late, takes away and adds nothing. By no text does an
    address bring its landmarks unnamed."""
    office = agency.offices.get(engagement.office)
    if office is None:
        raise _Skip(NotDisclosed.UNKNOWN_OFFICE)
    contract, shown = (agency.contract_at(office.recipient_kind, at) for at in (moment, released_at))
    flow = None if contract is None else contract.flow(engagement.purpose, agency.jurisdiction)
    before = None if shown is None else shown.flow(engagement.purpose, agency.jurisdiction)
    if contract is None or flow is None or before is None or flow.renderer not in RENDERERS:
        raise _Skip(NotDisclosed.NO_CONTRACT)
    fields = tuple(field for field in flow.fields if before.has(field.path))
    return replace(flow, renderer=laid_out_by(flow.renderer), fields=fields), contract.digest


def _disclosed(
    number: int, case_id: UUID, case: Case, now: Case, source: Envelope, told: DisclosureReleased, engagement: Engagement,
    flow: Flow, contract_digest: str, form: Format,
) -> Disclosed:
    """What the case told when it was released, without what proved untrue before it could leave."""
    persons, about = whom(case, told.notice_id)
    untrue = untrue_since(now, source.version)
    fields = tuple(
        field for field in sources(case, flow, engagement, persons, about=about)
        if not any(one.touches(field.event_id, field.field) for one in untrue)
    )
    if not fields:
        raise _Skip(NotDisclosed.NOTHING_KNOWN)
    person_of = {reference: person for person, reference in engagement.references.items()}
    return Disclosed(
        office=told.office, number=number, case_id=case_id, case_reference=engagement.case_reference,
        engagement_id=engagement.engagement_id, notice_id=told.notice_id, purpose=engagement.purpose, basis=flow.basis,
        rule_ids=engagement.rule_ids, contract_digest=contract_digest, schema_fingerprint=form.fingerprint.hex(),
        renderer=flow.renderer, source_event_id=source.circumstances.event_id, source_version=source.version,
        person_ids=tuple(dict.fromkeys(person_of[f.reference] for f in fields if f.reference)) or tuple(persons),
        fields=fields, digest="", salt=UNKNOWN,
    )

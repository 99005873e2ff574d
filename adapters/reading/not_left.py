"""What a person released, and what did not leave all the same: with why, so that nobody waits."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.disclosure.discloser import WORKER, Discloser, NotDisclosed
from adapters.disclosure.entries import entry_id
from adapters.disclosure.streams import delivery_stream
from domain.agency.events import OfficeStage
from domain.case.consular import DisclosureReleased
from domain.case.doubts import shown_by
from domain.case.holding import whom
from domain.case.recalls import is_recalled
from domain.disclosure.events import DeliveryStopped, Disclosed, HandOverDoubted, HandOverStarted
from domain.disclosure.purposes import Purpose
from domain.events import Envelope

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from domain.agency.state import Office
    from domain.ports import Recorded


WHY = {
    NotDisclosed.ENGAGEMENT_ENDED: "its basis has ended",
    NotDisclosed.NO_CONTRACT: "no contract in force lets it flow",
    NotDisclosed.UNKNOWN_OFFICE: "the agency lists no such office",
    NotDisclosed.TOLD_OUTSIDE: "what it names was not told through this feed",
    NotDisclosed.NOTHING_KNOWN: "nothing that its contract names is known",
    NotDisclosed.WITHHELD: "a key that it rests on is not available",
    NotDisclosed.CYCLE: "a receipt from this very office brought it about",
    NotDisclosed.NO_PLACE: "its published schema has no place for what flows",
}
NOT_LIVE = {
    OfficeStage.ENDED: "its office has ended before it could leave: route the case to another of its kind",
    OfficeStage.SUSPENDED: "its office is suspended: it leaves when the office is put live",
    OfficeStage.REHEARSAL: "its office rehearses: it leaves when the office is put live",
    OfficeStage.DRAFT: "its office is not live yet: it leaves when the office is put live",
}
"""Why nothing leaves to an office, by its stage."""
UNREAD_FOR = timedelta(days=7)
"""So long a topic keeps an entry."""
UNREAD = "nothing shows for seven days that its office has read it, and no topic keeps it longer: tell it another way"
STOPPED = "what it tells was taken back, its basis ended, or a narrower contract was adopted: prepare it again"


@dataclass(frozen=True, kw_only=True, slots=True)
class NotLeft:
    case_id: UUID
    id: UUID
    office: str
    released_at: datetime
    because: str


def not_left(casebridge: Casebridge, case_id: UUID) -> list[NotLeft]:
    """Of one case, in the order of release: what the discloser has passed, and nothing later went instead of it, to an
    office of that kind for that purpose, about the same thing."""
    at = casebridge.log.worker(WORKER)
    discloser = Discloser(casebridge.backbone, casebridge.rendering())
    case = casebridge.backbone.case(case_id)
    found: dict[tuple[str, Purpose | None, UUID | None], NotLeft] = {}
    for row in _releases(casebridge, case_id):
        if at is None or row.position > at.position:
            break
        source = casebridge.codec.decode(row)
        assert isinstance(source.event, DisclosureReleased)
        told, office = source.event, _office(casebridge, source)
        engagement = case.engagements.engagements.get(told.engagement_id)
        purpose = None if engagement is None else engagement.purpose
        toward = told.office if office is None else office.recipient_kind, purpose, whom(case, told.notice_id)[1]
        found.pop(toward, None)
        if office is not None and office.stage in NOT_LIVE and shown_by(case, told.notice_id) is None:
            found[toward] = _not_left(case_id, source, NOT_LIVE[office.stage])
        elif casebridge.log.event(entry_id(source)) is None:
            found[toward] = _not_left(case_id, source, _why(discloser, source))
        elif not is_recalled(case, told.notice_id) and (because := _because_of(casebridge, _last_stage(casebridge, source))):
            found[toward] = _not_left(case_id, source, because)
    return list(found.values())


def _releases(casebridge: Casebridge, case_id: UUID) -> Iterator[Recorded]:
    after = 0
    while rows := casebridge.log.read_stream(f"case-{case_id}", after=after):
        yield from (row for row in rows if row.topic == DisclosureReleased.TOPIC)
        after = rows[-1].version


def _office(casebridge: Casebridge, source: Envelope) -> Office | None:
    told = source.event
    assert isinstance(told, DisclosureReleased)
    return casebridge.backbone.agency(source.circumstances.agency).offices.get(told.office)


def _last_stage(casebridge: Casebridge, source: Envelope) -> Envelope | None:
    """How far its entry, which is in the feed, has come."""
    row = casebridge.log.event(entry_id(source))
    assert row is not None, "it was looked for just now"
    entry = casebridge.codec.decode(row).event
    assert isinstance(entry, Disclosed)
    stages = casebridge.log.read_stream(delivery_stream(entry.office, entry.number))
    return casebridge.codec.decode(stages[-1]) if stages else None


def _because_of(casebridge: Casebridge, stage: Envelope | None) -> str:
    """Why it does not leave, or has not been read, by its last stage; empty where it may."""
    match None if stage is None else stage.event:
        case DeliveryStopped():
            return STOPPED
        case HandOverStarted() | HandOverDoubted():
            assert stage is not None
            is_unread = casebridge.clock.now() - stage.circumstances.occurred_at >= UNREAD_FOR
            return UNREAD if is_unread else ""
        case _:
            return ""


def _why(discloser: Discloser, source: Envelope) -> str:
    now = discloser.preview(source)
    return "what was in the way is there no longer: prepare it again" if isinstance(now, Envelope) else WHY[now]


def _not_left(case_id: UUID, source: Envelope, because: str) -> NotLeft:
    told = source.event
    assert isinstance(told, DisclosureReleased)
    return NotLeft(
        case_id=case_id, id=told.notice_id, office=told.office, released_at=source.circumstances.occurred_at, because=because
    )

"""The ledger of disclosures: who was given which field of whom, when, why, on which basis; read from the feeds alone."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.disclosure.streams import feed_stream
from domain.agency.state import Agency
from domain.case.disclosures import persons_of as persons_of_event
from domain.case.doubts import is_doubted
from domain.case.engagement import Engagement
from domain.case.holds import holds_on
from domain.case.state import Case
from domain.case.subjects import ABOUT
from domain.disclosure.events import Disclosed, Released, Withdrawn
from domain.disclosure.telling import sources
from domain.events import Event
from projections.deliveries import Delivery, DeliveryStage, of_case

if TYPE_CHECKING:
    from adapters.composition import Casebridge


TOO_LATE = frozenset({DeliveryStage.STARTED, DeliveryStage.DOUBTED, DeliveryStage.HANDED_OVER})


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLine:
    """One field of one person in one entry. `person_id` is None for what is of the case, not of a person.

    `stage` is how far the entry has come; `may_have_been_given` that a hand-over of it was doubted and none was proven;
    `told_by` the event that the field was taken from.
    """

    office: str
    number: int
    person_id: UUID | None
    path: str
    told_by: UUID
    purpose: str
    basis: str
    engagement_id: UUID
    rule_ids: tuple[str, ...]
    contract_digest: str
    entered_at: datetime
    stage: str
    may_have_been_given: bool
    staged_at: datetime | None
    withdrawn_by: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WouldLine:
    """One field that an office would be given for a purpose, were it released now.

    `about_id` is the request, hearing, visit or other thing that a disclosure would be about, None for a notice.
    """

    purpose: str
    about_id: UUID | None
    person_id: UUID | None
    path: str
    told_by: UUID


def ledger_of(
    casebridge: Casebridge, case_id: UUID, *, office: str | None = None, person_id: UUID | None = None,
    path: str | None = None,
) -> list[LedgerLine]:
    """Every field that was disclosed of a case, by office and number. The view of deliveries must be up to date.

    `path` may be the beginning of one, such as `child.` or `parent.address`. What an entry tells of a thing (a dwelling
    to be studied, a hearing) is of every person whom the event behind it is about.
    """
    deliveries = list(_deliveries(casebridge, case_id))
    withdrawn = _withdrawn(casebridge, deliveries)
    case = casebridge.backbone.case(case_id)
    return [
        line
        for delivery in deliveries if office is None or delivery.office == office
        for line in _lines(casebridge, case, delivery, withdrawn)
        if (path is None or line.path.startswith(path)) and (person_id is None or _is_of(line, person_id, case))
    ]


def covered_by(casebridge: Casebridge, case_id: UUID, hold_id: UUID) -> list[Delivery]:
    """What a hold covers and came too late for: it was handed over, or may have been, or lies where it can be read."""
    case = casebridge.backbone.case(case_id)
    offices = casebridge.backbone.agency(case.intake.agency or "").offices
    found = list[Delivery]()
    for delivery in _deliveries(casebridge, case_id):
        if delivery.stage in TOO_LATE and (told := _told(casebridge, delivery)) is not None:
            engagement = case.engagements.engagements.get(told.engagement_id)
            references = {} if engagement is None else engagement.references
            holds = holds_on(case, offices, told.office, told.fields, references)
            found += [delivery] * any(hold.placed.hold_id == hold_id for hold in holds)
    return found


def began_to_leave(casebridge: Casebridge, case_id: UUID, disclosure_id: UUID) -> Delivery | None:
    """The number under which a notice, or another disclosure, began to be handed over, with no outcome yet. The view of
    deliveries must be up to date."""
    for delivery in _deliveries(casebridge, case_id):
        if delivery.stage is DeliveryStage.STARTED:
            told = _told(casebridge, delivery)
            if told is not None and told.notice_id == disclosure_id:
                return delivery
    return None


def _is_of(line: LedgerLine, person_id: UUID, case: Case) -> bool:
    if line.person_id is not None:
        return line.person_id == person_id
    report = case.mislinks.history.get(line.told_by)
    return report is not None and person_id in persons_of_event(report[2])


def _deliveries(casebridge: Casebridge, case_id: UUID) -> Iterator[Delivery]:
    """All of them, a page at a time: a ledger that left some out would say less than the truth."""
    after = ("", 0)
    while page := of_case(casebridge.views, case_id, after=after):
        yield from page
        after = page[-1].office, page[-1].number


def _withdrawn(casebridge: Casebridge, deliveries: Sequence[Delivery]) -> dict[tuple[str, int], int]:
    """Which number of which office asked to disregard which."""
    return {
        (delivery.office, delivery.refers_to): delivery.number
        for delivery in deliveries if delivery.topic == Withdrawn.TOPIC and delivery.refers_to is not None
    }


def _lines(
    casebridge: Casebridge, case: Case, delivery: Delivery, withdrawn: dict[tuple[str, int], int]
) -> Iterator[LedgerLine]:
    told = _told(casebridge, delivery)
    if told is None:
        return
    persons = persons_of(told)
    is_certain = delivery.stage is DeliveryStage.HANDED_OVER
    may_have_been_given = not is_certain and is_doubted(case, told.notice_id, delivery.number)
    for source in told.fields:
        yield LedgerLine(
            office=delivery.office, number=delivery.number, person_id=persons.get(source.reference), path=source.path,
            told_by=source.event_id, purpose=told.purpose.value, basis=told.basis,
            engagement_id=told.engagement_id, rule_ids=told.rule_ids, contract_digest=told.contract_digest,
            entered_at=delivery.entered_at, stage=delivery.stage.value, staged_at=delivery.staged_at,
            may_have_been_given=may_have_been_given, withdrawn_by=withdrawn.get((delivery.office, delivery.number)),
        )


def _told(casebridge: Casebridge, delivery: Delivery) -> Disclosed | None:
    """What a number tells of anybody; None where it tells nothing."""
    row = casebridge.log.event(delivery.entry_event_id)
    assert row is not None, "a view shows what the log has"
    told = _content(casebridge, casebridge.clear_codec.decode(row).event)
    return told if isinstance(told, Disclosed) else None


def _content(casebridge: Casebridge, told: Event) -> Event:
    """The entry whose content a number brings: another's, where that was held back and let go."""
    while isinstance(told, Released):
        (row,) = casebridge.log.read_stream(feed_stream(told.office), after=told.releases - 1, limit=1)
        told = casebridge.clear_codec.decode(row).event
    return told


def persons_of(entry: Disclosed) -> dict[str, UUID]:
    """Persons by the office's signs: an entry names both in the order in which its fields bring them."""
    references = dict.fromkeys(source.reference for source in entry.fields if source.reference)
    return dict(zip(references, entry.person_ids, strict=False))


def would_be_given(case: Case, agency: Agency, office: str, at: datetime) -> list[WouldLine]:
    """What an office would be given of a case as it stands, for every purpose whose engagement is open, by its contract.

    A purpose that is about something in the case (a hearing, a request) would tell of each such thing that is in it.
    """
    known = agency.offices.get(office)
    contract = None if known is None else agency.contract_for(known.recipient_kind)
    found: list[WouldLine] = []
    for engagement in case.engagements.engagements.values():
        if contract is None or engagement.office != office or not engagement.holds_at(at, agency.agreements):
            continue
        flow = contract.flow(engagement.purpose, agency.jurisdiction)
        if flow is None:
            continue
        person_of = {reference: person for person, reference in engagement.references.items()}
        for about in _things(case, engagement):
            found.extend(
                WouldLine(
                    purpose=engagement.purpose.value, about_id=about, person_id=person_of.get(source.reference),
                    path=source.path, told_by=source.event_id,
                )
                for source in sources(case, flow, engagement, tuple(engagement.references), about=about)
            )
    return found


def _things(case: Case, engagement: Engagement) -> list[UUID | None]:
    """What of the case such a disclosure could be about: all things of its kind that concern its persons alone."""
    kinds = ABOUT.get(engagement.purpose)
    if kinds is None:
        return [None]
    return [
        key for key, event in case.recorded.items()
        if isinstance(key, UUID) and isinstance(event, kinds)
        and set(persons_of_event(event)) <= engagement.references.keys()
    ]

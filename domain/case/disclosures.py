"""What an office is asked or told for one purpose: prepared on an engagement, released, and received."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case import consular
from domain.case.consular import ENTRY, DisclosureReleased, ReleaseDisclosure, Way
from domain.case.engagement import BASIS, OFFICE, Engagement, require_basis, require_office
from domain.case.intake import OUR_ID, personal, require_open, require_person
from domain.case.keys import Keys
from domain.case.referable import require_referable
from domain.case.sealing import require_told_of
from domain.case.subjects import ABOUT
from domain.disclosure.contract import Flow, Release
from domain.disclosure.purposes import BY_RULE, Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

PERSONS = ("child_ids", "child_id", "party_id", "subject_id", "person_id", "person_ids", "carer_id", "adopter_id")


@event("casebridge.disclosure.DisclosurePrepared")
class DisclosurePrepared(Event):
    """What an office is to learn for one purpose is ready to be looked at: of whom, and about what in the case."""

    disclosure_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    engagement_id: UUID = clear(OUR_ID)
    purpose: Purpose = clear("one of the purposes that contracts name")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    about_id: UUID | None = clear("our own id of the request, visit or hearing that it is about")


@event("casebridge.disclosure.DisclosureReceived")
class DisclosureReceived(Event):
    """The hand-over of a disclosure is proven. What it held is the feed's entry of this number, not repeated here."""

    disclosure_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    entry: int | None = clear(ENTRY)
    channel: Way = clear("how it travelled, as a code")
    receipt: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the receipt's own reference")


@dataclass(frozen=True, kw_only=True, slots=True)
class Disclosure:
    prepared: DisclosurePrepared
    prepared_event_id: UUID
    prepared_version: int
    released: DisclosureReleased | None = None
    received: DisclosureReceived | None = None
    received_event_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Disclosures:
    disclosures: Mapping[UUID, Disclosure] = field(default_factory=dict)

    def released_on(self, engagement_id: UUID) -> tuple[UUID, ...]:
        """What was let go on one engagement."""
        return tuple(
            disclosure_id for disclosure_id, disclosure in self.disclosures.items()
            if disclosure.released is not None and disclosure.released.engagement_id == engagement_id
        )


@command
class PrepareDisclosure(Command):
    """Prepare what one office is to learn for one purpose, of persons whom its engagement covers.

    `about` is the id of the request, visit, hearing, concern or placement that it is about.
    """

    disclosure_id: UUID
    office: str
    purpose: Purpose
    person_ids: tuple[UUID, ...]
    about: UUID | None = None


@command
class RecordDisclosureReceived(Command):
    """A receipt that a released disclosure was handed over."""

    disclosure_id: UUID
    channel: Way
    entry: int | None = None
    receipt: str | None = None


def prepare(submission: Submission[PrepareDisclosure], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    if wish.purpose in BY_RULE:
        raise Refused("a notice and its recall have commands of their own", rule="P17", field="purpose")
    known = case.disclosures.disclosures.get(wish.disclosure_id)
    if known is not None:
        return case.once(wish.disclosure_id, replace(
            known.prepared, office=wish.office, purpose=wish.purpose, person_ids=wish.person_ids, about_id=wish.about,
        ))
    if not wish.person_ids:
        raise Refused("say of whom the office is to learn", rule="P17", field="person_ids")
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    require_told_of(case, wish.person_ids, wish.purpose, "person_ids")
    require_referable(case, wish.purpose, wish.person_ids, field="person_ids")
    engagement = _engagement(submission, case)
    flow = _flow(submission)
    _check_about(submission, case, engagement)
    prepared = DisclosurePrepared(
        disclosure_id=wish.disclosure_id, office=wish.office, engagement_id=engagement.engagement_id,
        purpose=wish.purpose, person_ids=wish.person_ids, about_id=wish.about,
    )
    require_referable(case, wish.purpose, concerned(case, prepared), field="about")
    recordings = [Recording(event=prepared)]
    if flow.release is Release.FIRST_BY_PERSON and _went_before(case, wish.office):
        recordings.append(Recording(event=DisclosureReleased(
            notice_id=wish.disclosure_id, office=wish.office, engagement_id=engagement.engagement_id, by_person=False,
        )))
    return recordings


def _engagement(submission: Submission[PrepareDisclosure], case: Case) -> Engagement:
    wish = submission.command
    because = "nothing of this case may go to this office for that: no engagement is open on a basis that stands"
    engagement = require_basis(submission, case.engagements.open_for(wish.office, wish.purpose), because, field="office")
    if not set(wish.person_ids) <= engagement.references.keys():
        raise Refused("the engagement is not about all of these persons", rule=BASIS, field="person_ids")
    return engagement


def _flow(submission: Submission[PrepareDisclosure]) -> Flow:
    wish, standing = submission.command, submission.standing
    contract = standing.contract_for(require_office(submission, wish.office).recipient_kind)
    flow = None if contract is None else contract.flow(wish.purpose, standing.jurisdiction)
    if flow is None:
        raise Refused("no contract lets anything flow to this office for that", rule="DECISION-13", field="purpose")
    return flow


def _check_about(submission: Submission[PrepareDisclosure], case: Case, engagement: Engagement) -> None:
    wish = submission.command
    thing = None if wish.about is None else case.recorded.get(wish.about)
    if not isinstance(thing, ABOUT[wish.purpose]):
        names = ", ".join(sorted(kind.__name__ for kind in ABOUT[wish.purpose]))
        raise Refused(f"name what it is about by its id, one of {names}", rule="P17", field="about")
    if not set(persons_of(thing)) <= engagement.references.keys():
        raise Refused("the engagement is not about everybody whom this concerns", rule=BASIS, field="about")


def persons_of(thing: Event) -> Iterator[UUID]:
    """Whom an event is about, by the names that its fields have."""
    for name in PERSONS:
        about: Any = getattr(thing, name, None)
        if about is not None:
            yield from about if isinstance(about, tuple) else (about,)


def concerned(case: Case, prepared: DisclosurePrepared) -> frozenset[UUID]:
    """Everybody of whom a disclosure tells: whom it names, and whom the thing that it is about concerns."""
    thing = None if prepared.about_id is None else case.recorded.get(prepared.about_id)
    return frozenset((*prepared.person_ids, *(() if thing is None else persons_of(thing))))


def _went_before(case: Case, office: str) -> bool:
    notices = any(n.notified is not None and n.prepared.office == office for n in case.consular.notices.values())
    return notices or any(
        each.received is not None and each.prepared.office == office for each in case.disclosures.disclosures.values()
    )


def release(submission: Submission[ReleaseDisclosure], case: Case) -> Sequence[Recording]:
    disclosure = case.disclosures.disclosures.get(submission.command.notice_id)
    if disclosure is None:
        return consular.release(submission, case)
    if disclosure.released is not None:
        return []
    prepared = disclosure.prepared
    require_office(submission, prepared.office, field="notice_id")
    require_referable(case, prepared.purpose, concerned(case, prepared), field="notice_id")
    engagement = require_basis(
        submission, case.engagements.engagements.get(prepared.engagement_id),
        "the basis of this disclosure has ended: nothing may leave", field="notice_id",
    )
    return [Recording(event=DisclosureReleased(
        notice_id=prepared.disclosure_id, office=prepared.office, engagement_id=engagement.engagement_id, by_person=True,
    ))]


def record_received(submission: Submission[RecordDisclosureReceived], case: Case) -> Sequence[Recording]:
    wish = submission.command
    disclosure = case.disclosures.disclosures.get(wish.disclosure_id)
    if disclosure is None or disclosure.released is None:
        raise Refused("no such disclosure was released in this case", rule="P17", field="disclosure_id")
    prepared = disclosure.prepared
    return case.once((wish.disclosure_id, "received"), DisclosureReceived(
        disclosure_id=wish.disclosure_id, office=prepared.office, person_ids=prepared.person_ids, entry=wish.entry,
        channel=wish.channel, receipt=personal(wish.receipt),
    ))


def _prepared(state: Disclosures, told: DisclosurePrepared, envelope: Envelope) -> Disclosures:
    disclosure = Disclosure(
        prepared=told, prepared_event_id=envelope.circumstances.event_id, prepared_version=envelope.version
    )
    return Disclosures(disclosures={**state.disclosures, told.disclosure_id: disclosure})


def _step(state: Disclosures, disclosure_id: UUID, **changes: Any) -> Disclosures:
    disclosure = state.disclosures.get(disclosure_id)
    if disclosure is None:
        return state  # A notice, or of a history cut short; a fold never raises (I10).
    return Disclosures(disclosures={**state.disclosures, disclosure_id: replace(disclosure, **changes)})


def _released(state: Disclosures, told: DisclosureReleased, _: Envelope) -> Disclosures:
    return _step(state, told.notice_id, released=told)


def _received(state: Disclosures, told: DisclosureReceived, envelope: Envelope) -> Disclosures:
    return _step(state, told.disclosure_id, received=told, received_event_id=envelope.circumstances.event_id)


INITIAL = Disclosures()
DECIDES = {PrepareDisclosure: prepare, ReleaseDisclosure: release, RecordDisclosureReceived: record_received}
EVOLVES = {DisclosurePrepared: _prepared, DisclosureReleased: _released, DisclosureReceived: _received}
KEYS: Keys = {
    DisclosurePrepared: lambda e: e.disclosure_id, DisclosureReceived: lambda e: (e.disclosure_id, "received"),
}

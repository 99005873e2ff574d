"""A partner's feed, entry by entry, and the life of every delivery."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.disclosure.contract import Purpose
from domain.events import Compartment, Event, boxed, clear, event
from domain.personal import Personal

OUR_ID = "our own id"
OFFICE = "an office of the directory"
NUMBER = "number of the entry in the office's feed, gapless from 1"
DIGEST = "digest of a public text or schema"
SIGN = "random sign by which this office alone knows the case"
WHEN = "moments of a delivery"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldSource:
    """Where one field of an entry was taken from. `reference` is the office's sign of the person, or empty for the case."""

    path: str
    reference: str
    event_id: UUID
    field: str


@event("casebridge.feed.Disclosed")
class Disclosed(Event):
    """An office is given facts of a case: which, taken from where, for what, on which basis.

    The bytes are not stored. They are rendered from the source events, this entry and its schema, and the
    salted SHA-256 here proves them.
    """

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    case_reference: str = clear(SIGN)
    engagement_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)
    purpose: Purpose = clear("one of the purposes that contracts name")
    basis: str = clear("basis as the contract cites it")
    rule_ids: tuple[str, ...] = clear("ids of rules")
    contract_digest: str = clear(DIGEST)
    schema_fingerprint: str = clear("fingerprint of the published schema, 16 hexadecimal signs")
    renderer: str = clear("name and version of the renderer")
    source_event_id: UUID = clear(OUR_ID)
    source_version: int = clear("version of the case stream at which the fields were taken")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    fields: tuple[FieldSource, ...] = clear("names of fields and ids of the events that tell them, not their values")
    digest: str = clear("SHA-256 of salt and bytes; without the salt it tells nothing")
    salt: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="128 random bits, hexadecimal")


@event("casebridge.feed.Withdrawn")
class Withdrawn(Event):
    """An office is asked to disregard an earlier entry. It learns no new fact."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    withdraws: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    case_reference: str = clear(SIGN)
    engagement_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)
    text_code: str = clear("which standing text goes out")
    schema_fingerprint: str = clear("fingerprint of the published schema, 16 hexadecimal signs")
    renderer: str = clear("name and version of the renderer")
    source_event_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    digest: str = clear("SHA-256 of salt and bytes; without the salt it tells nothing")
    salt: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="128 random bits, hexadecimal")


@event("casebridge.feed.Held")
class Held(Event):
    """A delivery that cannot succeed is held back: its number stays, its content comes later."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    holds: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)


@event("casebridge.feed.Released")
class Released(Event):
    """A delivery that was held back goes out now, under a number of its own that names the first."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    releases: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)


class Failure(StrEnum):
    """Why a hand-over surely did not happen."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    ERROR = "error"
    FORBIDDEN_ADDRESS = "forbidden_address"
    UNRENDERABLE = "unrenderable"


@event("casebridge.delivery.HandOverStarted")
class HandOverStarted(Event):
    """A hand-over begins, at a moment at which its engagement is open."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    attempt: int = clear("from 1")
    channel: str = clear("how it travels")
    engagement_id: UUID = clear(OUR_ID)
    case_version: int = clear("version of the case stream at which the engagement was seen open")
    digest: str = clear("digest of the entry")


@event("casebridge.delivery.HandedOver")
class HandedOver(Event):
    """The office's side took the entry: a 2xx answer, or its own fetch past it."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    attempt: int = clear("from 1")
    channel: str = clear("how it travelled")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    receipt: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the receipt's own reference")


@event("casebridge.delivery.HandOverFailed")
class HandOverFailed(Event):
    """A hand-over surely did not happen. Without `retry_at` it is not tried again by itself."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    attempt: int = clear("from 1")
    channel: str = clear("how it was to travel")
    failure: Failure = clear("why, as a code")
    retry_at: datetime | None = clear(WHEN)


@event("casebridge.delivery.HandOverDoubted")
class HandOverDoubted(Event):
    """A hand-over may have happened: not done for a duty, possibly disclosed for the ledger."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    attempt: int = clear("from 1")
    channel: str = clear("how it travelled")
    retry_at: datetime = clear(WHEN)


@event("casebridge.delivery.DeliveryHeldBack")
class DeliveryHeldBack(Event):
    """A delivery failed for as long as it may be tried; later ones of its case wait behind it."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    attempts: int = clear("how often it was tried")


@event("casebridge.delivery.DeliveryLetGo")
class DeliveryLetGo(Event):
    """What was held back may go: a person decided so, or its cause was mended. It leaves under a number of its own."""

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    by_person: bool = clear("whether a person decided")


@event("casebridge.delivery.DeliveryStopped")
class DeliveryStopped(Event):
    """The engagement behind an entry ended, or it was recalled, before its hand-over was proven: it does not leave any more.

    Where a hand-over was doubted before, it may have left then.
    """

    office: str = clear(OFFICE)
    number: int = clear(NUMBER)
    case_id: UUID = clear(OUR_ID)
    engagement_id: UUID = clear(OUR_ID)
    case_version: int = clear("version of the case stream at which the engagement was seen ended")


@event("casebridge.access.FeedRead")
class FeedRead(Event):
    """An office read numbers of its feed, each while its basis stood; of `without_content` it got the place alone."""

    office: str = clear(OFFICE)
    after: int = clear(NUMBER)
    last: int = clear(NUMBER)
    without_content: tuple[int, ...] = clear(NUMBER)
    credential: int = clear("which of the office's credentials was shown, from 1; not the credential")


FeedEntry = Disclosed | Withdrawn

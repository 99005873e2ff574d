"""What happens to an agency."""
from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from domain.events import Compartment, Event, boxed, clear, event
from domain.personal import Personal

TEXT = "adopted text: law, calendar or contract, nothing about a person"
DIRECTORY = "directory of offices: public bodies, nothing about a person"
STAFF = "staff are not persons of a case"


class OfficeStage(StrEnum):
    DRAFT = "draft"
    REHEARSAL = "rehearsal"
    LIVE = "live"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Treaty(StrEnum):
    """Three lists of countries that are never read for one another (domain.md T1)."""

    HAGUE_SERVICE = "hague_service"  # serving papers abroad
    HAGUE_ADOPTION = "hague_adoption"  # adoption between countries
    INTER_AMERICAN_SERVICE = "inter_american_service"


@event("casebridge.agency.PackAdopted")
class PackAdopted(Event):
    """The agency adopted a policy pack; it counts from when this occurred, until a later text of the same pack.

    `dry_run_digest` is that of the report on what the text would have changed, where one was made before.
    """

    pack_id: str = clear(TEXT)
    layer: str = clear(TEXT)
    text: str = clear(TEXT)
    digest: str = clear("SHA-256 of the text")
    second_person: str = clear("staff user who confirmed; staff are not persons of a case")
    dry_run_digest: str | None = clear("SHA-256 of a report that counts duties and names nobody", default=None)


@event("casebridge.agency.CalendarAdopted")
class CalendarAdopted(Event):
    """The agency adopted the calendar by which its working days are counted."""

    calendar_id: str = clear(TEXT)
    text: str = clear(TEXT)
    digest: str = clear("SHA-256 of the text")
    second_person: str = clear("staff user who confirmed; staff are not persons of a case")


@event("casebridge.agency.ContractAdopted")
class ContractAdopted(Event):
    """The agency adopted what may flow to a kind of partner, for which purpose and on which basis."""

    recipient_kind: str = clear(TEXT)
    text: str = clear(TEXT)
    digest: str = clear("SHA-256 of the text")
    second_person: str = clear("staff user who confirmed; staff are not persons of a case")


@event("casebridge.agency.OfficeListed")
class OfficeListed(Event):
    """An office of a partner entered the agency's directory, as a draft."""

    office: str = clear(DIRECTORY)
    recipient_kind: str = clear(DIRECTORY)
    name: str = clear(DIRECTORY)
    country: str | None = clear(DIRECTORY)
    zone: str = clear(DIRECTORY)
    serves: tuple[str, ...] = clear(DIRECTORY)
    channel: str = clear(DIRECTORY)
    address: str = clear(DIRECTORY)


@event("casebridge.agency.OfficeRehearsed")
class OfficeRehearsed(Event):
    """An office went into rehearsal: everything is rendered for it, nothing leaves."""

    office: str = clear(DIRECTORY)


@event("casebridge.agency.OfficeWentLive")
class OfficeWentLive(Event):
    """An office went live: what is released for it leaves."""

    office: str = clear(DIRECTORY)
    second_person: str = clear("staff user who confirmed; staff are not persons of a case")


@event("casebridge.agency.OfficeSuspended")
class OfficeSuspended(Event):
    """Everything to an office stopped, until it goes live again."""

    office: str = clear(DIRECTORY)
    reason: str = clear("why an office was stopped; a person of a case is never named in it")


@event("casebridge.agency.OfficeEnded")
class OfficeEnded(Event):
    """An office left the directory for good."""

    office: str = clear(DIRECTORY)


@event("casebridge.agency.OfficeCredentialRotated")
class OfficeCredentialRotated(Event):
    """The credential by which an office reads its feed over HTTP was replaced; the one before opens nothing any more."""

    office: str = clear(DIRECTORY)
    generation: int = clear("which credential it is, from 1; not the credential")


@event("casebridge.agency.StaffLanguageCertified")
class StaffLanguageCertified(Event):
    """A staff member passed the exam in one language, and may use it with families from then on."""

    certificate_id: UUID = clear("our own id")
    staff_id: UUID = clear(STAFF)
    language: str = clear("language of a staff member's certificate, ISO 639")


@event("casebridge.agency.OutsideIdMapped")
class OutsideIdMapped(Event):
    """A number that another system gave was used for the first time outside a case; from then on it means our id."""

    our_id: UUID = clear("our own id")
    case_id: UUID = clear("our own id; there is no case, so the key is kept under the id itself")
    source: Personal[str] = boxed(Compartment.IDENTITY, about="our_id", meaning="which system numbers it so")
    outside_id: Personal[str] = boxed(Compartment.IDENTITY, about="our_id", meaning="the number that the system gave")


@event("casebridge.agency.TreatyPartiesListed")
class TreatyPartiesListed(Event):
    """The agency listed which countries are party to a treaty; the list stands until a later one of the same treaty."""

    treaty: Treaty = clear("public law")
    countries: tuple[str, ...] = clear("public law: states, ISO 3166-1 alpha-2")
    source: str = clear("where the list was published")
    digest: str = clear("SHA-256 of the treaty, its countries and the source")
    second_person: str = clear("staff user who confirmed; staff are not persons of a case")

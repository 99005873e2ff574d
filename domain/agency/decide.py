"""What an agency adopts, and whom it lists."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.agency import agreements, before_a_case, settings, standing, targets
from domain.agency.events import (
    CalendarAdopted,
    ContractAdopted,
    OfficeCredentialRotated,
    OfficeEnded,
    OfficeListed,
    OfficeRehearsed,
    OfficeStage,
    OfficeSuspended,
    OfficeWentLive,
    OutsideIdMapped,
    PackAdopted,
    StaffLanguageCertified,
    Treaty,
    TreatyPartiesListed,
)
from domain.agency.state import Adoption, Agency, Office, last_of
from domain.countries import country
from domain.disclosure.check import require_lawful
from domain.disclosure.contract import parse_contract
from domain.events import fields_of
from domain.languages import language
from domain.personal import Known
from domain.policy.calendar import parse_calendar
from domain.policy.check import Weight, check, taking_over
from domain.policy.pack import Pack, parse_pack
from domain.refusals import Contradiction, Refused
from domain.submission import Command, Recording, Submission, command
from domain.zones import is_zone

CHANNELS = frozenset({"webhook", "kafka", "pull"})
OFFICE, OFFICE_LENGTH_MAX = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*"), 60
KIND = re.compile(r"[A-Z]+(-[A-Z]+)*")  # CONS-xx is a rule's word for every other consulate, no office's own kind
OWN_CONSULATE = re.compile(r"CONS-([A-Z]{2})")
JURISDICTION = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}")
DIGEST = re.compile(r"[0-9a-f]{64}")
URL = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?([/?][!-~]{0,2000})?")
PORT_MAX = 65_535


@command
class AdoptPack(Command):
    """The agency adopts a policy pack: its full text, the second person who confirmed it, and the digest of the dry
    run's report where one was made."""

    text: str
    second_person: str
    dry_run_digest: str | None = None


@command
class AdoptCalendar(Command):
    """The agency adopts the calendar of its working days."""

    text: str
    second_person: str


@command
class AdoptContract(Command):
    """The agency adopts what may flow to a kind of partner."""

    text: str
    second_person: str


@command
class ListOffice(Command):
    """An office of a partner enters the directory, as a draft. `channel` is webhook, kafka or pull;
    `address` its URL or who reads its topic or its feed."""

    office: str
    recipient_kind: str
    name: str
    country: str | None = None
    zone: str
    serves: tuple[str, ...]
    channel: str
    address: str


@command
class RehearseOffice(Command):
    """Render everything for an office, send nothing."""

    office: str


@command
class PutOfficeLive(Command):
    """From now on what is released for this office leaves."""

    office: str
    second_person: str


@command
class SuspendOffice(Command):
    """Stop everything to an office at once."""

    office: str
    reason: str


@command
class RotateOfficeCredential(Command):
    """Replace the credential by which an office reads its feed over HTTP; `generation` is the new one's number."""

    office: str
    generation: int


@command
class EndOffice(Command):
    """The office leaves the directory for good."""

    office: str


@command
class CertifyStaffLanguage(Command):
    """Record that a staff member was certified in one language; a second language takes a second certificate."""

    certificate_id: UUID
    staff_id: UUID
    language: str


@command
class ListTreatyParties(Command):
    """List which countries are party to a treaty, from a source, confirmed by a second person."""

    treaty: Treaty
    countries: tuple[str, ...]
    source: str
    second_person: str


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _second_person(submission: Submission[Any], second_person: str) -> None:
    """Two spellings of one name are one person."""
    if not second_person.strip() or second_person.strip().casefold() == submission.actor.user.strip().casefold():
        raise Refused("it takes a second person to confirm this", rule="DECISION-7", field="second_person")


def _new(adopted: tuple[Adoption, ...], id: str, text_digest: str) -> bool:
    latest = last_of(adoption for adoption in adopted if adoption.id == id)
    return latest is None or latest.digest != text_digest


def adopt_pack(submission: Submission[AdoptPack], agency: Agency) -> Sequence[Recording]:
    text, second_person = submission.command.text, submission.command.second_person
    _second_person(submission, second_person)
    pack = parse_pack(text, digest(text))
    dry_run_digest = submission.command.dry_run_digest
    if dry_run_digest is not None and not DIGEST.fullmatch(dry_run_digest):
        raise Refused("a dry run's digest has 64 signs, 0-9 and a-f", rule="DECISION-7", field="dry_run_digest")
    if not _new(agency.packs, pack.id, pack.digest):
        return []  # Adopting the same text twice is adopting it once.
    _check(pack, agency, submission.occurred_at)
    return [Recording(event=PackAdopted(
        pack_id=pack.id, layer=pack.layer, text=text, digest=pack.digest, second_person=second_person,
        dry_run_digest=dry_run_digest,
    ))]


def _check(pack: Pack, agency: Agency, at: datetime) -> None:
    """A pack whose rules contradict each other, or name what is not there, is adopted by nobody."""
    from domain.catalogue import EVENT_NAMES  # which imports this module in its turn

    before = agency.packs_at(at)
    replaced = next((known for known in before if known.id == pack.id), None)
    found = (
        *check(pack, beside=before, calendar=agency.calendar_at(at), events=EVENT_NAMES),
        *taking_over(pack, replaced, on=at.astimezone(ZoneInfo(pack.zone)).date()),
    )
    for finding in found:
        if finding.weight is Weight.ERROR:
            raise Refused(f"{finding.rule_id or pack.id}: {finding.what}", rule="DECISION-7", field="text")


def adopt_calendar(submission: Submission[AdoptCalendar], agency: Agency) -> Sequence[Recording]:
    text, second_person = submission.command.text, submission.command.second_person
    _second_person(submission, second_person)
    calendar = parse_calendar(text, digest(text))
    if not _new(agency.calendars, calendar.id, calendar.digest):
        return []
    return [Recording(event=CalendarAdopted(
        calendar_id=calendar.id, text=text, digest=calendar.digest, second_person=second_person,
    ))]


def adopt_contract(submission: Submission[AdoptContract], agency: Agency) -> Sequence[Recording]:
    text, second_person = submission.command.text, submission.command.second_person
    _second_person(submission, second_person)
    contract = parse_contract(text, digest(text))
    if not _new(agency.contracts, contract.recipient_kind, contract.digest):
        return []  # Also of a text that was lawful once: what stands is said again.
    require_lawful(contract)
    before = [a for a in agency.contracts if a.id == contract.recipient_kind]
    newest = max((parse_contract(adoption.text, adoption.digest).version for adoption in before), default=0)
    if contract.version <= newest:
        because = f"version {newest} of it was adopted: another text is a later version, whatever it takes back"
        raise Refused(because, rule="DECISION-13", field="text")
    return [Recording(event=ContractAdopted(
        recipient_kind=contract.recipient_kind, text=text, digest=contract.digest, second_person=second_person,
    ))]


def _can_be_reached(wish: ListOffice) -> None:
    """Whether the particulars are such that what is owed can be addressed to this office and leave for it."""
    if wish.country is not None:
        country(wish.country, "country")
        own = _country_of(wish.recipient_kind)
        if own not in (None, wish.country):
            raise Refused(f"a consulate of kind {wish.recipient_kind} is {own}'s", rule="DIRECTORY", field="country")
    if wish.channel not in CHANNELS:
        raise Refused(f"a channel is one of {', '.join(sorted(CHANNELS))}", rule="DIRECTORY", field="channel")
    is_address = _is_url(wish.address) if wish.channel == "webhook" else bool(wish.address.strip())
    for is_right, wanted, field in (
        (len(wish.office) <= OFFICE_LENGTH_MAX and OFFICE.fullmatch(wish.office),
         f"an office's code has small letters, digits, hyphens and full stops, at most {OFFICE_LENGTH_MAX}", "office"),
        (KIND.fullmatch(wish.recipient_kind), "name the office's own kind in capitals, such as CONS-MX", "recipient_kind"),
        (wish.name.strip(), "say what people call the office", "name"),
        (is_zone(wish.zone), "name the office's time zone, such as America/Denver", "zone"),
        (wish.serves and all(JURISDICTION.fullmatch(code) for code in wish.serves),
         "name the jurisdictions that the office serves by their codes, such as NM", "serves"),
        (is_address, "give the webhook's http or https URL, or who reads the topic", "address"),
    ):
        if not is_right:
            raise Refused(wanted, rule="DIRECTORY", field=field)


def _country_of(recipient_kind: str) -> str | None:
    """`MX` of CONS-MX; None where the kind names no country."""
    consulate = OWN_CONSULATE.fullmatch(recipient_kind)
    return None if consulate is None else consulate[1]


def _is_url(address: str) -> bool:
    """An http or https URL with a host and without user or blanks, at which the webhook can knock."""
    url = URL.fullmatch(address)
    return url is not None and int(url["port"] or 1) <= PORT_MAX


def list_office(submission: Submission[ListOffice], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    _can_be_reached(wish)
    listed = OfficeListed(
        office=wish.office, recipient_kind=wish.recipient_kind, name=wish.name,
        country=wish.country or _country_of(wish.recipient_kind), zone=wish.zone, serves=wish.serves, channel=wish.channel,
        address=wish.address,
    )
    known = agency.offices.get(wish.office)
    if known is None:
        return [Recording(event=listed)]
    if any(getattr(known, name) != getattr(listed, name) for name in fields_of(OfficeListed)):
        raise Contradiction("this office is listed with other particulars", field="office")
    return []


def _office(agency: Agency, office: str) -> Office:
    known = agency.offices.get(office)
    if known is None:
        raise Refused("no such office in the directory: list it first", rule="DIRECTORY", field="office")
    if known.stage is OfficeStage.ENDED:
        raise Refused("the office has ended", rule="DIRECTORY", field="office")
    return known


def rehearse_office(submission: Submission[RehearseOffice], agency: Agency) -> Sequence[Recording]:
    office = _office(agency, submission.command.office)
    return [] if office.stage is OfficeStage.REHEARSAL else [Recording(event=OfficeRehearsed(office=office.office))]


def put_office_live(submission: Submission[PutOfficeLive], agency: Agency) -> Sequence[Recording]:
    office = _office(agency, submission.command.office)
    _second_person(submission, submission.command.second_person)
    if agency.contract_for(office.recipient_kind) is None:
        raise Refused("no contract is adopted for this kind of partner", rule="DECISION-13", field="office")
    if office.stage is OfficeStage.LIVE:
        return []
    return [Recording(event=OfficeWentLive(office=office.office, second_person=submission.command.second_person))]


def suspend_office(submission: Submission[SuspendOffice], agency: Agency) -> Sequence[Recording]:
    office = _office(agency, submission.command.office)
    if office.stage is OfficeStage.SUSPENDED:
        return []
    return [Recording(event=OfficeSuspended(office=office.office, reason=submission.command.reason))]


def rotate_credential(submission: Submission[RotateOfficeCredential], agency: Agency) -> Sequence[Recording]:
    wish, office = submission.command, _office(agency, submission.command.office)
    if wish.generation == office.credential:
        return []
    if wish.generation != office.credential + 1:
        raise Refused(f"the next credential of this office is {office.credential + 1}", rule="DIRECTORY", field="generation")
    return [Recording(event=OfficeCredentialRotated(office=office.office, generation=wish.generation))]


def end_office(submission: Submission[EndOffice], agency: Agency) -> Sequence[Recording]:
    known = agency.offices.get(submission.command.office)
    if known is not None and known.stage is OfficeStage.ENDED:
        return []
    return [Recording(event=OfficeEnded(office=_office(agency, submission.command.office).office))]


def certify_staff_language(submission: Submission[CertifyStaffLanguage], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    certified = StaffLanguageCertified(
        certificate_id=wish.certificate_id, staff_id=wish.staff_id, language=language(wish.language, "language"),
    )
    known = agency.certificates.get(wish.certificate_id)
    if known is None:
        return [Recording(event=certified)]
    if (known.staff_id, known.language) != (certified.staff_id, certified.language):
        raise Contradiction("one certificate is for one language of one staff member", field="certificate_id")
    return []


def list_treaty_parties(submission: Submission[ListTreatyParties], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    _second_person(submission, wish.second_person)
    for code in wish.countries:
        country(code, "countries")
    countries = tuple(sorted(set(wish.countries)))
    text_digest = digest(" ".join((wish.treaty, *countries, wish.source)))
    latest = last_of(listed for listed in agency.treaties if listed.treaty is wish.treaty)
    if latest is not None and latest.digest == text_digest:
        return []
    return [Recording(event=TreatyPartiesListed(
        treaty=wish.treaty, countries=countries, source=wish.source, digest=text_digest, second_person=wish.second_person,
    ))]


def mapped(submission: Submission[Any], agency: Agency) -> list[Recording]:
    """The outside ids of an accepted command that the agency has no record of yet."""
    return [
        Recording(event=OutsideIdMapped(
            our_id=outside.our_id, case_id=outside.our_id, source=Known(outside.source), outside_id=Known(outside.id),
        ))
        for outside in submission.outside if outside.our_id not in agency.mapped
    ]


DECIDES: dict[type[Command], Callable[[Submission[Any], Agency], Sequence[Recording]]] = {
    AdoptPack: adopt_pack,
    AdoptCalendar: adopt_calendar,
    AdoptContract: adopt_contract,
    ListOffice: list_office,
    RotateOfficeCredential: rotate_credential,
    RehearseOffice: rehearse_office,
    PutOfficeLive: put_office_live,
    SuspendOffice: suspend_office,
    EndOffice: end_office,
    ListTreatyParties: list_treaty_parties,
    CertifyStaffLanguage: certify_staff_language,
    **agreements.DECIDES,
    **before_a_case.DECIDES,
    **targets.DECIDES,
    **settings.DECIDES,
    **standing.DECIDES,
}

"""The agency as its stream tells it. A decision about a case reads it, and never changes it."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

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
from domain.disclosure.contract import Contract, parse_contract
from domain.events import Envelope, Event
from domain.policy.calendar import Calendar, parse_calendar
from domain.policy.pack import LAYERS, Pack, Rule, parse_pack


class Adoption(NamedTuple):
    """One adopted text. It counts from `effective_at` until the next of the same id.

    A tuple, so that a cache finds what was read from several of them without hashing each in Python.
    """

    id: str
    digest: str
    text: str
    effective_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    office: str
    recipient_kind: str
    name: str
    country: str | None
    zone: str
    serves: tuple[str, ...]
    channel: str
    address: str
    stage: OfficeStage
    credential: int = 1
    suspended_for: str | None = None  # why, while it is


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageCertificate:
    """One language of one staff member. It counts from `certified_at`, however fluent they were before."""

    certificate_id: UUID
    staff_id: UUID
    language: str
    certified_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyList:
    """Which countries are party to a treaty, from `effective_at` until the next list of it."""

    treaty: Treaty
    countries: frozenset[str]
    digest: str
    effective_at: datetime


class Dated(Protocol):
    @property
    def effective_at(self) -> datetime: ...


D = TypeVar("D", bound=Dated)


def last_of(adopted: Iterable[D]) -> D | None:
    """What counts from the latest moment; of several from one moment, what was recorded last."""
    return max(reversed(tuple(adopted)), key=lambda one: one.effective_at, default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agency:
    """Everything adopted and listed so far. `version` is that of the agency's stream."""

    code: str
    version: int = 0
    packs: tuple[Adoption, ...] = ()
    calendars: tuple[Adoption, ...] = ()
    contracts: tuple[Adoption, ...] = ()
    offices: Mapping[str, Office] = field(default_factory=dict)
    agreements: agreements.Agreements = agreements.INITIAL
    before_a_case: before_a_case.BeforeACase = before_a_case.INITIAL
    certificates: Mapping[UUID, LanguageCertificate] = field(default_factory=dict)
    treaties: tuple[PartyList, ...] = ()
    targets: targets.Targets = targets.INITIAL
    mapped: frozenset[UUID] = frozenset()  # our ids for which an outside id is on record
    settings: settings.Settings = settings.INITIAL
    standing_matters: standing.StandingMatters = standing.INITIAL

    @property
    def jurisdiction(self) -> str:
        """That of the innermost pack; `-` before anything is adopted."""
        return self.latest_packs()[-1].jurisdiction if self.packs else "-"

    @property
    def zone(self) -> str:
        return self.latest_packs()[-1].zone if self.packs else "UTC"

    @property
    def pack_digests(self) -> tuple[str, ...]:
        return tuple(pack.digest for pack in self.latest_packs())

    def packs_at(self, moment: datetime) -> tuple[Pack, ...]:
        """The packs in force at `moment`, outermost layer first: of each id the last adopted by then."""
        return _ordered(tuple(adoption for adoption in self.packs if adoption.effective_at <= moment))

    def pack_by_digest(self, digest: str) -> Pack | None:
        """The very text of this digest, where it was adopted here, whatever was adopted since."""
        return next((parse_pack(pack.text, digest) for pack in self.packs if pack.digest == digest), None)

    def rule_by_digest(self, digest: str, rule_id: str) -> Rule | None:
        """A rule as it stands in the text of this digest."""
        pack = self.pack_by_digest(digest)
        return None if pack is None else pack.rule(rule_id)

    def calendar_at(self, moment: datetime) -> Calendar | None:
        latest = last_of(adoption for adoption in self.calendars if adoption.effective_at <= moment)
        return None if latest is None else parse_calendar(latest.text, latest.digest)

    def contract_for(self, recipient_kind: str) -> Contract | None:
        """The last adopted contract of this kind; `CONS-xx` stands for every consulate without one of its own."""
        for kind in (recipient_kind, "CONS-xx" if recipient_kind.startswith("CONS-") else recipient_kind):
            latest = last_of(adoption for adoption in self.contracts if adoption.id == kind)
            if latest is not None:
                return parse_contract(latest.text, latest.digest)
        return None

    def contract_at(self, recipient_kind: str, moment: datetime) -> Contract | None:
        """The contract of this kind that was in force at a moment."""
        adopted = tuple(adoption for adoption in self.contracts if adoption.effective_at <= moment)
        return replace(self, contracts=adopted).contract_for(recipient_kind)

    def contract_by_digest(self, digest: str) -> Contract | None:
        return next((parse_contract(a.text, a.digest) for a in self.contracts if a.digest == digest), None)

    def offices_of(self, recipient_kind: str) -> list[Office]:
        """Offices of one kind that serve this agency's jurisdiction and have not ended."""
        return [
            office for office in self.offices.values()
            if office.recipient_kind == recipient_kind
            and self.jurisdiction in office.serves
            and office.stage is not OfficeStage.ENDED
        ]

    def certificate_of(self, staff_id: UUID, language: str, moment: datetime) -> LanguageCertificate | None:
        """The certificate by which this staff member may use this language at `moment`."""
        return next((
            certificate for certificate in self.certificates.values()
            if certificate.staff_id == staff_id and certificate.language == language and certificate.certified_at <= moment
        ), None)

    def parties_at(self, treaty: Treaty, moment: datetime) -> frozenset[str] | None:
        """The countries party to a treaty, as the agency listed them by `moment`; None where it listed none."""
        latest = last_of(item for item in self.treaties if item.treaty is treaty and item.effective_at <= moment)
        return None if latest is None else latest.countries

    def latest_packs(self) -> tuple[Pack, ...]:
        return _ordered(self.packs)


@lru_cache(maxsize=64)
def _ordered(adoptions: tuple[Adoption, ...]) -> tuple[Pack, ...]:
    latest: dict[str, Adoption] = {}
    for adoption in sorted(adoptions, key=lambda adoption: adoption.effective_at):
        latest[adoption.id] = adoption
    packs = (parse_pack(adoption.text, adoption.digest) for adoption in latest.values())
    return tuple(sorted(packs, key=lambda pack: (LAYERS.index(pack.layer), pack.id)))


def _adoption(envelope: Envelope, id: str, digest: str, text: str) -> Adoption:
    return Adoption(id=id, digest=digest, text=text, effective_at=envelope.circumstances.occurred_at)


def _pack(agency: Agency, event: PackAdopted, envelope: Envelope) -> Agency:
    return replace(agency, packs=(*agency.packs, _adoption(envelope, event.pack_id, event.digest, event.text)))


def _calendar(agency: Agency, event: CalendarAdopted, envelope: Envelope) -> Agency:
    adoption = _adoption(envelope, event.calendar_id, event.digest, event.text)
    return replace(agency, calendars=(*agency.calendars, adoption))


def _contract(agency: Agency, event: ContractAdopted, envelope: Envelope) -> Agency:
    adoption = _adoption(envelope, event.recipient_kind, event.digest, event.text)
    return replace(agency, contracts=(*agency.contracts, adoption))


def _listed(agency: Agency, event: OfficeListed, _: Envelope) -> Agency:
    office = Office(
        office=event.office, recipient_kind=event.recipient_kind, name=event.name, country=event.country,
        zone=event.zone, serves=event.serves, channel=event.channel, address=event.address, stage=OfficeStage.DRAFT,
    )
    return replace(agency, offices={**agency.offices, event.office: office})


def _parties(agency: Agency, event: TreatyPartiesListed, envelope: Envelope) -> Agency:
    parties = PartyList(
        treaty=event.treaty, countries=frozenset(event.countries), digest=event.digest,
        effective_at=envelope.circumstances.occurred_at,
    )
    return replace(agency, treaties=(*agency.treaties, parties))


def _stage(stage: OfficeStage) -> Callable[[Agency, Any, Envelope], Agency]:
    def evolve_stage(agency: Agency, event: Any, _: Envelope) -> Agency:
        known = agency.offices.get(event.office)
        if known is None:
            return agency  # Of a history cut short, which is read too.
        office = replace(known, stage=stage, suspended_for=getattr(event, "reason", None))
        return replace(agency, offices={**agency.offices, event.office: office})

    return evolve_stage


def _rotated(agency: Agency, event: OfficeCredentialRotated, _: Envelope) -> Agency:
    known = agency.offices.get(event.office)
    if known is None:
        return agency  # Of a history cut short, which is read too.
    return replace(agency, offices={**agency.offices, event.office: replace(known, credential=event.generation)})


def _certified(agency: Agency, event: StaffLanguageCertified, envelope: Envelope) -> Agency:
    certificate = LanguageCertificate(
        certificate_id=event.certificate_id, staff_id=event.staff_id, language=event.language,
        certified_at=envelope.circumstances.occurred_at,
    )
    return replace(agency, certificates={**agency.certificates, event.certificate_id: certificate})


def _mapped(agency: Agency, event: OutsideIdMapped, _: Envelope) -> Agency:
    return replace(agency, mapped=agency.mapped | {event.our_id})


def _agreement(agency: Agency, event: Any, envelope: Envelope) -> Agency:
    return replace(agency, agreements=agreements.EVOLVES[type(event)](agency.agreements, event, envelope))


def _setting(agency: Agency, event: Any, envelope: Envelope) -> Agency:
    return replace(agency, settings=settings.EVOLVES[type(event)](agency.settings, event, envelope))


def _matter(agency: Agency, event: Any, envelope: Envelope) -> Agency:
    return replace(agency, before_a_case=before_a_case.EVOLVES[type(event)](agency.before_a_case, event, envelope))


def _target(agency: Agency, event: Any, envelope: Envelope) -> Agency:
    return replace(agency, targets=targets.EVOLVES[type(event)](agency.targets, event, envelope))


def _standing(agency: Agency, event: Any, envelope: Envelope) -> Agency:
    return replace(agency, standing_matters=standing.EVOLVES[type(event)](agency.standing_matters, event, envelope))


EVOLVES: dict[type[Event], Callable[[Agency, Any, Envelope], Agency]] = {
    PackAdopted: _pack,
    CalendarAdopted: _calendar,
    ContractAdopted: _contract,
    OfficeListed: _listed,
    OfficeRehearsed: _stage(OfficeStage.REHEARSAL),
    OfficeWentLive: _stage(OfficeStage.LIVE),
    OfficeSuspended: _stage(OfficeStage.SUSPENDED),
    OfficeEnded: _stage(OfficeStage.ENDED),
    OfficeCredentialRotated: _rotated,
    TreatyPartiesListed: _parties,
    StaffLanguageCertified: _certified,
    OutsideIdMapped: _mapped,
    **dict.fromkeys(agreements.EVOLVES, _agreement),
    **dict.fromkeys(before_a_case.EVOLVES, _matter),
    **dict.fromkeys(targets.EVOLVES, _target),
    **dict.fromkeys(settings.EVOLVES, _setting),
    **dict.fromkeys(standing.EVOLVES, _standing),
}


def evolve(agency: Agency, envelope: Envelope) -> Agency:
    """The agency after one more event. Total: whatever part of the history came before, it never raises (I10)."""
    evolved = EVOLVES[type(envelope.event)](agency, envelope.event, envelope)
    return replace(evolved, version=envelope.version)

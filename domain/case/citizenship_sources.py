"""What shows where a person is from: papers, other sources, and a named person's decision, if only that nobody can tell."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_person
from domain.case.keys import Key, Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class CitizenshipDocument(StrEnum):
    """The ten kinds of paper that may help (domain.md L224-233)."""

    BIRTH_CERTIFICATE = "birth_certificate"
    SOCIAL_SECURITY_CARD = "social_security_card"
    ID = "id"
    PROOF_OF_INSURANCE = "proof_of_insurance"
    MEDICAL_RECORD = "medical_record"
    LICENSE_OR_REGISTRATION = "license_or_registration"
    EMPLOYMENT_RECORD = "employment_record"
    FINANCIAL_RECORD = "financial_record"
    COURT_DOCUMENT = "court_document"
    LEGAL_GUARDIANSHIP_DOCUMENT = "legal_guardianship_document"


class SourceMethod(StrEnum):
    LANGUAGE = "language"
    CONSULATE = "consulate"
    PUBLIC_SITE = "public_site"
    INTERVIEW = "interview"


@event("casebridge.citizenship.CitizenshipDocumentObtained")
class CitizenshipDocumentObtained(Event):
    """The agency obtained a paper that may show where a person is from. It is evidence, not a finding."""

    document_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    doc_type: CitizenshipDocument = clear("one of ten kinds of paper; says nothing of what it shows")
    issuer_country: Personal[str] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="country that issued the paper; not a nationality"
    )
    doc_ref: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="the paper's own reference")


@event("casebridge.citizenship.CitizenshipSourceConsulted")
class CitizenshipSourceConsulted(Event):
    """The agency looked for where a person is from by another way than papers. What it showed is evidence."""

    consultation_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    method: SourceMethod = clear("which of four ways; says nothing of what it showed")
    result: Personal[str] = boxed(Compartment.IMMIGRATION, about="person_id", meaning="what the source showed")


@event("casebridge.citizenship.CitizenshipDetermined")
class CitizenshipDetermined(Event):
    """A named person decided on the evidence where someone is from, that they are stateless, or that nobody can tell."""

    determination_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    decided_by: str = clear("staff user who decided; staff are not persons of a case")
    source_ids: tuple[UUID, ...] = clear(OUR_ID)
    nationalities: Personal[tuple[str, ...]] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="countries of nationality as decided; none for a stateless person"
    )
    birth_country: Personal[str] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="country of birth as decided; not a nationality"
    )
    stateless: Personal[bool] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="whether the person is a national of no country"
    )
    undeterminable: Personal[bool] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="whether it was decided that nobody can tell"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """`method` is None for a paper."""

    person_id: UUID
    method: SourceMethod | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CitizenshipSources:
    """What was obtained and consulted, by its own id."""

    sources: Mapping[UUID, Source] = field(default_factory=dict)


@command
class ObtainCitizenshipDocument(Command):
    """Record a paper that may show where a person is from."""

    document_id: UUID
    person_id: UUID
    doc_type: CitizenshipDocument
    issuer_country: str | None = None
    doc_ref: str | None = None


@command
class ConsultCitizenshipSource(Command):
    """Record what another source showed: the language spoken, a consulate, a public web site, an interview."""

    consultation_id: UUID
    person_id: UUID
    method: SourceMethod
    result: str


@command
class DetermineCitizenship(Command):
    """Record a named person's decision: nationalities or birth country, statelessness, or that nobody can tell.

    `source_ids` name the evidence: papers, consultations, proxy answers, information. Deciding that nobody can
    tell closes the question about this person until someone tells more.
    """

    determination_id: UUID
    person_id: UUID
    decided_by: str
    source_ids: tuple[UUID, ...] = ()
    nationalities: tuple[str, ...] | None = None
    birth_country: str | None = None
    stateless: bool = False
    undeterminable: bool = False


def obtain_document(submission: Submission[ObtainCitizenshipDocument], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    if wish.issuer_country is not None:
        country(wish.issuer_country, "issuer_country")
    return case.once(wish.document_id, CitizenshipDocumentObtained(
        document_id=wish.document_id, person_id=wish.person_id, doc_type=wish.doc_type,
        issuer_country=personal(wish.issuer_country), doc_ref=personal(wish.doc_ref),
    ))


def consult_source(submission: Submission[ConsultCitizenshipSource], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    return case.once(wish.consultation_id, CitizenshipSourceConsulted(
        consultation_id=wish.consultation_id, person_id=wish.person_id, method=wish.method, result=Known(wish.result),
    ))


def determine(submission: Submission[DetermineCitizenship], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    _check_finding(wish)
    determined = CitizenshipDetermined(
        determination_id=wish.determination_id, person_id=wish.person_id, decided_by=wish.decided_by,
        source_ids=wish.source_ids, nationalities=Known(()) if wish.stateless else personal(wish.nationalities),
        birth_country=personal(wish.birth_country), stateless=Known(wish.stateless),
        undeterminable=Known(wish.undeterminable),
    )
    recordings = case.once(wish.determination_id, determined)
    if recordings:
        _check_evidence(wish, case)
    return recordings


def _check_finding(wish: DetermineCitizenship) -> None:
    tells = wish.nationalities is not None or wish.birth_country is not None
    if wish.undeterminable and (tells or wish.stateless):
        raise Refused("nobody can tell, or someone decided: not both", rule="P01", field="undeterminable")
    if wish.stateless and wish.nationalities is not None:
        raise Refused("a stateless person is a national of no country", rule="P01", field="nationalities")
    if not (tells or wish.stateless or wish.undeterminable):
        raise Refused("say what was decided", rule="P01", field="nationalities")
    if wish.nationalities is not None and not wish.nationalities:
        raise Refused("no nationality at all is statelessness: say so", rule="P01", field="nationalities")
    for code in wish.nationalities or ():
        country(code, "nationalities")
    if wish.birth_country is not None:
        country(wish.birth_country, "birth_country")


def _check_evidence(wish: DetermineCitizenship, case: Case) -> None:
    origin = case.citizenship.of(wish.person_id)
    if wish.undeterminable and origin.nationalities.is_known and origin.birth_country.is_known:
        raise Refused("what is recorded tells it: correct that if it was never true", rule="P19", field="undeterminable")
    for source_id in wish.source_ids:
        if not _is_evidence(case, source_id, wish.person_id):
            raise Refused("this is no recorded evidence about this person", rule="P01", field="source_ids")
    if wish.undeterminable:
        return
    if not wish.source_ids:
        raise Refused("name the evidence on which it was decided", rule="P01", field="source_ids")
    sources = case.citizenship_sources.sources
    methods = {sources[s].method for s in wish.source_ids if s in sources}
    if methods == {SourceMethod.LANGUAGE} and all(s in sources for s in wish.source_ids):
        raise Refused("the language spoken alone tells no nationality", rule="P01", field="source_ids")


def _is_evidence(case: Case, source_id: UUID, person_id: UUID) -> bool:
    keys: tuple[Key, ...] = (source_id, (source_id, person_id))
    found: list[Any] = [case.recorded[key] for key in keys if key in case.recorded]
    return any(getattr(told, "person_id", None) == person_id for told in found)


def _document(state: CitizenshipSources, told: CitizenshipDocumentObtained, _: Envelope) -> CitizenshipSources:
    source = Source(person_id=told.person_id, method=None)
    return CitizenshipSources(sources={**state.sources, told.document_id: source})


def _consulted(state: CitizenshipSources, told: CitizenshipSourceConsulted, _: Envelope) -> CitizenshipSources:
    source = Source(person_id=told.person_id, method=told.method)
    return CitizenshipSources(sources={**state.sources, told.consultation_id: source})


INITIAL = CitizenshipSources()
DECIDES = {
    ObtainCitizenshipDocument: obtain_document, ConsultCitizenshipSource: consult_source,
    DetermineCitizenship: determine,
}
EVOLVES = {CitizenshipDocumentObtained: _document, CitizenshipSourceConsulted: _consulted}
KEYS: Keys = {
    CitizenshipDocumentObtained: lambda e: e.document_id, CitizenshipSourceConsulted: lambda e: e.consultation_id,
    CitizenshipDetermined: lambda e: e.determination_id,
}

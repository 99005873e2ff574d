"""Birth certificates, passports and other papers: asked for, received, not to be had; and a child's dual citizenship."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, Person, personal, require_child, require_person
from domain.case.keys import Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.growing import Growing
from domain.people import PersonName
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.spelling import is_broken, plain
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class DocumentKind(StrEnum):
    BIRTH_CERTIFICATE = "birth_certificate"
    PASSPORT = "passport"
    TRAVEL_DOCUMENT = "travel_document"
    IDENTITY_DOCUMENT = "identity_document"
    CIVIL_RECORD = "civil_record"  # marriage, death, recognition of a child
    COURT_DOCUMENT = "court_document"
    GUARDIANSHIP_DOCUMENT = "guardianship_document"
    MEDICAL_RECORD = "medical_record"
    SCHOOL_RECORD = "school_record"
    CASE_FILE = "case_file"
    OTHER = "other"


class DocumentSource(StrEnum):
    """Who is asked for it."""

    FAMILY = "family"
    CONSULATE = "consulate"
    ISS = "iss"
    FOSTER_AGENCY = "foster_agency"
    OTHER = "other"


class DocumentWarning(StrEnum):
    """What does not fit the record. The record stays: a person corrects it, or the document is another's."""

    NAME_DIFFERS = "name_differs"
    ACCENTS_DIFFER = "accents_differ"
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    REGISTERED_ON_THE_DAY_OF_BIRTH = "registered_on_the_day_of_birth"
    ISSUER_IS_NOT_BIRTH_COUNTRY = "issuer_is_not_birth_country"
    EXPIRED = "expired"


WORDS = "which paper, in words, where its kind does not say"


@event("casebridge.documents.DocumentRequested")
class DocumentRequested(Event):
    """Somebody was asked for a paper about a person of the case."""

    request_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    doc_type: DocumentKind = clear("which kind of paper; says nothing of the person")
    source: DocumentSource = clear("which kind of body or person was asked")
    described: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=WORDS)


@event("casebridge.documents.DocumentReceived")
class DocumentReceived(Event):
    """A paper about a person of the case is there. What it says is evidence; it changes no recorded fact by itself."""

    document_id: UUID = clear(OUR_ID)
    request_id: UUID | None = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    doc_type: DocumentKind = clear("which kind of paper; says nothing of the person")
    described: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=WORDS)
    issuer: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="the authority that issued it")
    issuer_country: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="country that issued it")
    name: Personal[PersonName] = boxed(Compartment.IDENTITY, about="person_id", meaning="the name on it")
    birth_date: Personal[date] = boxed(Compartment.IDENTITY, about="person_id", meaning="the birth date on it")
    registered_on: Personal[date] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="day of registration, which is no birth date"
    )
    expires_on: Personal[date] = boxed(Compartment.IDENTITY, about="person_id", meaning="last day on which it is valid")
    warnings: tuple[str, ...] = clear("codes of what does not fit the record; none says what the paper holds")


@event("casebridge.documents.DocumentUnobtainable")
class DocumentUnobtainable(Event):
    """A paper that was asked for cannot be had from whoever was asked."""

    request_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    doc_type: DocumentKind = clear("which kind of paper; says nothing of the person")
    reason: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="why it cannot be had")


@event("casebridge.documents.DualCitizenshipEstablished")
class DualCitizenshipEstablished(Event):
    """A child's citizenship of two or more countries was established, for a move abroad."""

    establishment_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    countries: Personal[tuple[str, ...]] = boxed(
        Compartment.IDENTITY, about="child_id", meaning="countries of citizenship, ISO 3166-1 alpha-2"
    )


class DocumentStage(StrEnum):
    NEEDED = "needed"
    REQUESTED = "requested"
    RECEIVED = "received"
    UNOBTAINABLE = "unobtainable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Documents:
    requests: Growing[UUID, DocumentRequested] = field(default_factory=Growing)
    received: Growing[UUID, DocumentReceived] = field(default_factory=Growing)
    unobtainable: frozenset[UUID] = frozenset()
    dual: frozenset[UUID] = frozenset()

    def stage(self, person_id: UUID, doc_type: DocumentKind) -> DocumentStage:
        """How one kind of paper of one person stands: unobtainable only where nobody who was asked can still answer."""
        if any((d.person_id, d.doc_type) == (person_id, doc_type) for d in self.received.values()):
            return DocumentStage.RECEIVED
        asked = [r for r in self.requests.values() if (r.person_id, r.doc_type) == (person_id, doc_type)]
        if not asked:
            return DocumentStage.NEEDED
        is_gone = all(request.request_id in self.unobtainable for request in asked)
        return DocumentStage.UNOBTAINABLE if is_gone else DocumentStage.REQUESTED


@command
class RequestDocument(Command):
    """Ask somebody for a paper about a person of the case."""

    request_id: UUID
    person_id: UUID
    doc_type: DocumentKind
    source: DocumentSource
    described: str | None = None


@command
class ReceiveDocument(Command):
    """Record a paper that arrived, with what it says as it says it, and the request that it answers."""

    document_id: UUID
    person_id: UUID
    doc_type: DocumentKind
    request_id: UUID | None = None
    described: str | None = None
    issuer: str | None = None
    issuer_country: str | None = None
    name: PersonName | None = None
    birth_date: date | None = None
    registered_on: date | None = None
    expires_on: date | None = None


@command
class RecordDocumentUnobtainable(Command):
    """Record that a paper cannot be had from whoever was asked, and why."""

    request_id: UUID
    reason: str


@command
class EstablishDualCitizenship(Command):
    """Record the countries of which a child is now known to be a citizen: two or more."""

    establishment_id: UUID
    child_id: UUID
    countries: tuple[str, ...]


def request(submission: Submission[RequestDocument], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    if wish.doc_type is DocumentKind.OTHER and wish.described is None:
        raise Refused("say in words which paper is wanted", rule="P11", field="described")
    return case.once(wish.request_id, DocumentRequested(
        request_id=wish.request_id, person_id=wish.person_id, doc_type=wish.doc_type, source=wish.source,
        described=personal(wish.described),
    ))


def receive(submission: Submission[ReceiveDocument], case: Case) -> Sequence[Recording]:
    wish = submission.command
    person = require_person(case, wish.person_id, "person_id")
    if wish.request_id is not None:
        asked = _request(case, wish.request_id)
        if (asked.person_id, asked.doc_type) != (wish.person_id, wish.doc_type):
            raise Refused("another paper, or another person's, was asked for", rule="P11", field="request_id")
    if wish.issuer_country is not None:
        country(wish.issuer_country, "issuer_country")
    if wish.name is not None and (is_broken(wish.name.given_names) or is_broken(wish.name.surnames)):
        raise Refused("the name lost signs on the way: write it as the paper does", rule="P11", field="name")
    if wish.document_id not in case.recorded:
        _check_dates(wish, person, case)
    return case.once(wish.document_id, DocumentReceived(
        document_id=wish.document_id, request_id=wish.request_id, person_id=wish.person_id, doc_type=wish.doc_type,
        described=personal(wish.described), issuer=personal(wish.issuer), issuer_country=personal(wish.issuer_country),
        name=personal(wish.name), birth_date=personal(wish.birth_date), registered_on=personal(wish.registered_on),
        expires_on=personal(wish.expires_on), warnings=_warnings(submission, person, case),
    ))


def _born(person: Person) -> date | None:
    born = person.birth_date.value
    return None if not isinstance(born, Known) or born.value.is_estimate else born.value.day


def _check_dates(wish: ReceiveDocument, person: Person, case: Case) -> None:
    born = _born(person)
    if wish.birth_date is None:
        return
    if wish.registered_on is not None and wish.registered_on < wish.birth_date:
        raise Refused("a birth is not registered before it", rule="P11", field="registered_on")
    if born is None or wish.birth_date == born:
        return
    if wish.birth_date == wish.registered_on:
        raise Refused("that is the day of registration, not of birth", rule="P11", field="birth_date")
    for other in case.intake.people.values():
        if other.person_id != person.person_id and _born(other) == wish.birth_date:
            raise Refused("by its birth date this is the paper of another person of the case", rule="P11", field="person_id")


def _warnings(submission: Submission[ReceiveDocument], person: Person, case: Case) -> tuple[DocumentWarning, ...]:
    wish, found = submission.command, list[DocumentWarning]()
    known = person.name.value
    if wish.name is not None and isinstance(known, Known) and wish.name != known.value:
        pairs = (wish.name.given_names, known.value.given_names), (wish.name.surnames, known.value.surnames)
        is_same = all(plain(here) == plain(there) for here, there in pairs)
        found.append(DocumentWarning.ACCENTS_DIFFER if is_same else DocumentWarning.NAME_DIFFERS)
    born = _born(person)
    if wish.birth_date is not None and born is not None and wish.birth_date != born:
        found.append(DocumentWarning.BIRTH_DATE_DIFFERS)
    if wish.birth_date is not None and born is None and wish.birth_date == wish.registered_on:
        found.append(DocumentWarning.REGISTERED_ON_THE_DAY_OF_BIRTH)
    birth_country = case.citizenship.of(person.person_id).birth_country.value
    certified_by = wish.issuer_country if wish.doc_type is DocumentKind.BIRTH_CERTIFICATE else None
    if certified_by is not None and isinstance(birth_country, Known) and certified_by != birth_country.value:
        found.append(DocumentWarning.ISSUER_IS_NOT_BIRTH_COUNTRY)
    if wish.expires_on is not None and wish.expires_on < submission.learned_at.date():
        found.append(DocumentWarning.EXPIRED)
    return tuple(found)


def _request(case: Case, request_id: UUID) -> DocumentRequested:
    asked = case.documents.requests.get(request_id)
    if asked is None:
        raise Refused("no such request for a document: record it first", rule="P11", field="request_id")
    return asked


def unobtainable(submission: Submission[RecordDocumentUnobtainable], case: Case) -> Sequence[Recording]:
    wish = submission.command
    asked = _request(case, wish.request_id)
    return case.once((wish.request_id, "unobtainable"), DocumentUnobtainable(
        request_id=wish.request_id, person_id=asked.person_id, doc_type=asked.doc_type, reason=Known(wish.reason),
    ))


def establish_dual(submission: Submission[EstablishDualCitizenship], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    for code in wish.countries:
        country(code, "countries")
    if len(set(wish.countries)) < 2:
        raise Refused("dual citizenship is of two countries or more", rule="US-REUNIFY-ABROAD", field="countries")
    return case.once(wish.establishment_id, DualCitizenshipEstablished(
        establishment_id=wish.establishment_id, child_id=wish.child_id, countries=Known(wish.countries),
    ))


def _requested(state: Documents, told: DocumentRequested, _: Envelope) -> Documents:
    return replace(state, requests=state.requests.having(told.request_id, told))


def _received(state: Documents, told: DocumentReceived, _: Envelope) -> Documents:
    return replace(state, received=state.received.having(told.document_id, told))


def _unobtainable(state: Documents, told: DocumentUnobtainable, _: Envelope) -> Documents:
    return replace(state, unobtainable=state.unobtainable | {told.request_id})


def _dual(state: Documents, told: DualCitizenshipEstablished, _: Envelope) -> Documents:
    return replace(state, dual=state.dual | {told.child_id})


INITIAL = Documents()
DECIDES = {
    RequestDocument: request, ReceiveDocument: receive, RecordDocumentUnobtainable: unobtainable,
    EstablishDualCitizenship: establish_dual,
}
EVOLVES = {
    DocumentRequested: _requested, DocumentReceived: _received, DocumentUnobtainable: _unobtainable,
    DualCitizenshipEstablished: _dual,
}
KEYS: Keys = {
    DocumentRequested: lambda e: e.request_id, DocumentReceived: lambda e: e.document_id,
    DocumentUnobtainable: lambda e: (e.request_id, "unobtainable"),
    DualCitizenshipEstablished: lambda e: e.establishment_id,
}

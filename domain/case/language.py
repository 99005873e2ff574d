"""A family is understood in its own language: interpreters for speech, translators for papers, brokers for trust."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.agency.state import LanguageCertificate
from domain.case.intake import OUR_ID, personal, require_open, require_person
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.languages import SPANISH, is_indigenous, language
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

STAFF = "staff and interpreters are not persons of a case"
CERTIFIED_ONLY = "NYC"  # there, staff use a language with families only under a certificate, however fluent they are
CODE = "language, ISO 639; signed ones too"


class LanguageMethod(StrEnum):
    FORM = "form"
    ASKED = "asked"


class InterpreterKind(StrEnum):
    """Who interprets."""

    STAFF = "staff"
    UNIT = "unit"
    CONTRACTOR = "contractor"
    INDIGENOUS_ORGANISATION = "indigenous_organisation"
    CONSULATE = "consulate"


class InterpretingMode(StrEnum):
    IN_PERSON = "in_person"
    PHONE = "phone"
    VIDEO = "video"
    REMOTE = "remote"
    SIGN = "sign"


class RejectionReason(StrEnum):
    UNCERTIFIED = "uncertified"


class LanguageWarning(StrEnum):
    NOT_THE_PREFERRED_LANGUAGE = "not_the_preferred_language"
    UNCERTIFIED = "uncertified"  # staff without a certificate, where none is demanded


@event("casebridge.language.PreferredLanguageDetermined")
class PreferredLanguageDetermined(Event):
    """A person said in which language they want to be spoken to."""

    person_id: UUID = clear(OUR_ID)
    determination_id: UUID = clear(OUR_ID)
    method: LanguageMethod = clear("by a form or by asking, nothing about a person")
    language: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=CODE)
    dialect: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="its variety, as the person calls it")


@event("casebridge.language.InterpreterAssigned")
class InterpreterAssigned(Event):
    """An interpreter was assigned, for speech or signs, to a person of the case."""

    person_id: UUID = clear(OUR_ID)
    assignment_id: UUID = clear(OUR_ID)
    interpreter_kind: InterpreterKind = clear("kind of provider, nothing about a person")
    interpreter_id: UUID | None = clear(STAFF)
    mode: InterpretingMode = clear("in person, by phone, video, remote or by signs")
    certificate_id: UUID | None = clear("our own id of a staff member's certificate")
    warnings: tuple[LanguageWarning, ...] = clear("codes of what looked odd; they name no language")
    language: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=CODE)
    provider: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="who provides it, in words")


@event("casebridge.language.LanguageServiceRejected")
class LanguageServiceRejected(Event):
    """A staff member was not let interpret: there is no certificate in this language, whatever the fluency."""

    person_id: UUID = clear(OUR_ID)
    assignment_id: UUID = clear(OUR_ID)
    staff_id: UUID = clear(STAFF)
    reason: RejectionReason = clear("why, as a code")
    language: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=CODE)


@event("casebridge.language.TranslationRequested")
class TranslationRequested(Event):
    """A paper was given to be translated."""

    request_id: UUID = clear(OUR_ID)
    document_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    from_language: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning=CODE)
    to_language: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning=CODE)
    provider: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="who translates, in words")


@event("casebridge.language.TranslationCompleted")
class TranslationCompleted(Event):
    """The translation of a paper was done; with a template, where one is at hand for its kind."""

    translation_id: UUID = clear(OUR_ID)
    document_id: UUID = clear(OUR_ID)
    request_id: UUID | None = clear(OUR_ID)
    template_used: str | None = clear("which of the agency's own templates, nothing about a person")


@event("casebridge.language.CulturalBrokerAssigned")
class CulturalBrokerAssigned(Event):
    """A cultural broker was assigned to a family."""

    assignment_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    broker_id: UUID = clear("brokers are not persons of a case")


class LanguageStage(StrEnum):
    UNKNOWN = "unknown"
    DETERMINED = "determined"
    SERVED = "served"
    UNMET = "unmet"  # a service was turned down, and none has taken its place


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """What a person speaks, and which services were given or turned down, by language."""

    language: Register[str] = Register()
    served: tuple[Personal[str], ...] = ()
    rejected: tuple[Personal[str], ...] = ()

    @property
    def stage(self) -> LanguageStage:
        """Served counts in the language that is preferred now: a service in another one leaves the need."""
        if self.language.current is None:
            return LanguageStage.UNKNOWN
        if self.language.value in self.served:
            return LanguageStage.SERVED
        return LanguageStage.UNMET if self.language.value in self.rejected else LanguageStage.DETERMINED


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageAccess:
    speakers: Mapping[UUID, Speaker] = field(default_factory=dict)
    requests: Mapping[UUID, TranslationRequested] = field(default_factory=dict)
    translated: frozenset[UUID] = frozenset()  # requests that a translation answered

    def of(self, person_id: UUID) -> Speaker:
        return self.speakers.get(person_id, Speaker())


@command
class DeterminePreferredLanguage(Command):
    """Record the language that a person prefers, by its code, and the variety as the person calls it."""

    determination_id: UUID
    person_id: UUID
    language: str
    dialect: str | None = None
    method: LanguageMethod


@command
class AssignInterpreter(Command):
    """Assign an interpreter for speech or signs. Staff are named, with the certificate where there is one."""

    assignment_id: UUID
    person_id: UUID
    language: str
    interpreter_kind: InterpreterKind
    mode: InterpretingMode
    interpreter_id: UUID | None = None
    certificate_id: UUID | None = None
    provider: str | None = None


@command
class RequestTranslation(Command):
    """Record that a paper was given to be translated. Speech is interpreted: that is another command."""

    request_id: UUID
    document_id: UUID
    person_ids: tuple[UUID, ...]
    from_language: str
    to_language: str
    provider: str | None = None


@command
class CompleteTranslation(Command):
    """Record that a paper was translated; the request may be left out where the paper was translated in house."""

    translation_id: UUID
    document_id: UUID
    request_id: UUID | None = None
    template_used: str | None = None


@command
class AssignCulturalBroker(Command):
    """Record that a cultural broker was assigned to these members of the family."""

    assignment_id: UUID
    person_ids: tuple[UUID, ...]
    broker_id: UUID


def determine_language(submission: Submission[DeterminePreferredLanguage], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    language(wish.language, "language")
    if wish.language == SPANISH and wish.dialect is not None and is_indigenous(wish.dialect):
        raise Refused("this is a language of its own and no dialect of Spanish", rule="P07", field="language")
    return case.once(wish.determination_id, PreferredLanguageDetermined(
        person_id=wish.person_id, determination_id=wish.determination_id, method=wish.method,
        language=Known(wish.language), dialect=personal(wish.dialect),
    ))


def _certificate(submission: Submission[AssignInterpreter]) -> LanguageCertificate | None:
    """The certificate under which this staff member may use this language at the time; the named one, where one is."""
    wish, standing = submission.command, submission.standing
    if wish.interpreter_id is None:
        return None
    if wish.certificate_id is None:
        return standing.certificate_of(wish.interpreter_id, wish.language, submission.occurred_at)
    named = standing.certificates.get(wish.certificate_id)
    is_theirs = named is not None and (named.staff_id, named.language) == (wish.interpreter_id, wish.language)
    return named if named is not None and is_theirs and named.certified_at <= submission.occurred_at else None


def assign_interpreter(submission: Submission[AssignInterpreter], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    language(wish.language, "language")
    interpreter = None if wish.interpreter_id is None else case.intake.people.get(wish.interpreter_id)
    if interpreter is not None:
        whose = "a child" if interpreter.role is None else "a member of the family"
        raise Refused(f"{whose} does not interpret in its own case", rule="P07", field="interpreter_id")
    certificate = None
    if wish.interpreter_kind is InterpreterKind.STAFF:
        if wish.interpreter_id is None:
            raise Refused("say which staff member interprets", rule="P07", field="interpreter_id")
        certificate = _certificate(submission)
        if certificate is None and submission.standing.jurisdiction == CERTIFIED_ONLY:
            return case.once((wish.assignment_id, "rejected"), LanguageServiceRejected(
                person_id=wish.person_id, assignment_id=wish.assignment_id, staff_id=wish.interpreter_id,
                reason=RejectionReason.UNCERTIFIED, language=Known(wish.language),
            ))
    if wish.certificate_id is not None and certificate is None:
        raise Refused(
            "this certificate is not one of this staff member in this language at that time", rule="P07",
            field="certificate_id",
        )
    return case.once(wish.assignment_id, InterpreterAssigned(
        person_id=wish.person_id, assignment_id=wish.assignment_id, interpreter_kind=wish.interpreter_kind,
        interpreter_id=wish.interpreter_id, mode=wish.mode, certificate_id=wish.certificate_id,
        warnings=_odd(wish, case, certificate), language=Known(wish.language), provider=personal(wish.provider),
    ))


def _odd(wish: AssignInterpreter, case: Case, certificate: LanguageCertificate | None) -> tuple[LanguageWarning, ...]:
    preferred = case.language.of(wish.person_id).language.value
    doubts = {
        LanguageWarning.NOT_THE_PREFERRED_LANGUAGE: isinstance(preferred, Known) and preferred.value != wish.language,
        LanguageWarning.UNCERTIFIED: wish.interpreter_kind is InterpreterKind.STAFF and certificate is None,
    }
    return tuple(warning for warning, applies in doubts.items() if applies)


def request_translation(submission: Submission[RequestTranslation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    if not wish.person_ids:
        raise Refused("say whom the paper is about", rule="P07", field="person_ids")
    if language(wish.from_language, "from_language") == language(wish.to_language, "to_language"):
        raise Refused("a translation leads to another language", rule="P07", field="to_language")
    return case.once(wish.request_id, TranslationRequested(
        request_id=wish.request_id, document_id=wish.document_id, person_ids=wish.person_ids,
        from_language=Known(wish.from_language), to_language=Known(wish.to_language), provider=personal(wish.provider),
    ))


def complete_translation(submission: Submission[CompleteTranslation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    if wish.request_id is not None:
        request = case.language.requests.get(wish.request_id)
        if request is None or request.document_id != wish.document_id:
            raise Refused("no request to translate this paper is recorded", rule="P07", field="request_id")
    return case.once(wish.translation_id, TranslationCompleted(
        translation_id=wish.translation_id, document_id=wish.document_id, request_id=wish.request_id,
        template_used=wish.template_used,
    ))


def assign_broker(submission: Submission[AssignCulturalBroker], case: Case) -> Sequence[Recording]:
    wish = submission.command
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    if not wish.person_ids:
        raise Refused("say for whom in the family", rule="P07", field="person_ids")
    if wish.broker_id in case.intake.people:
        raise Refused("a member of the family is not its broker", rule="P07", field="broker_id")
    return case.once(wish.assignment_id, CulturalBrokerAssigned(
        assignment_id=wish.assignment_id, person_ids=wish.person_ids, broker_id=wish.broker_id,
    ))


def _speaker(state: LanguageAccess, person_id: UUID, speaker: Speaker) -> LanguageAccess:
    return replace(state, speakers={**state.speakers, person_id: speaker})


def _determined(state: LanguageAccess, told: PreferredLanguageDetermined, envelope: Envelope) -> LanguageAccess:
    known = state.of(told.person_id)
    spoken = known.language.tell(envelope, "language", told.language)
    return _speaker(state, told.person_id, replace(known, language=spoken))


def _assigned(state: LanguageAccess, told: InterpreterAssigned, _: Envelope) -> LanguageAccess:
    known = state.of(told.person_id)
    return _speaker(state, told.person_id, replace(known, served=(*known.served, told.language)))


def _rejected(state: LanguageAccess, told: LanguageServiceRejected, _: Envelope) -> LanguageAccess:
    known = state.of(told.person_id)
    return _speaker(state, told.person_id, replace(known, rejected=(*known.rejected, told.language)))


def _requested(state: LanguageAccess, told: TranslationRequested, _: Envelope) -> LanguageAccess:
    return replace(state, requests={**state.requests, told.request_id: told})


def _translated(state: LanguageAccess, told: TranslationCompleted, _: Envelope) -> LanguageAccess:
    return state if told.request_id is None else replace(state, translated=state.translated | {told.request_id})


def _kept(state: LanguageAccess, _: CulturalBrokerAssigned, __: Envelope) -> LanguageAccess:
    return state


INITIAL = LanguageAccess()
DECIDES = {
    DeterminePreferredLanguage: determine_language, AssignInterpreter: assign_interpreter,
    RequestTranslation: request_translation, CompleteTranslation: complete_translation,
    AssignCulturalBroker: assign_broker,
}
EVOLVES = {
    PreferredLanguageDetermined: _determined, InterpreterAssigned: _assigned, LanguageServiceRejected: _rejected,
    TranslationRequested: _requested, TranslationCompleted: _translated, CulturalBrokerAssigned: _kept,
}
KEYS: Keys = {
    PreferredLanguageDetermined: lambda e: e.determination_id, InterpreterAssigned: lambda e: e.assignment_id,
    LanguageServiceRejected: lambda e: (e.assignment_id, "rejected"), TranslationRequested: lambda e: e.request_id,
    TranslationCompleted: lambda e: e.translation_id, CulturalBrokerAssigned: lambda e: e.assignment_id,
}

"""Where people are from: asked by proxy, obtained from a source, corrected when it proves wrong. Never status."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.citizenship_sources import CitizenshipDetermined
from domain.case.intake import OUR_ID, personal, require_person
from domain.case.keys import Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.status_words import require_no_status
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

TELLS_NOTHING = frozenset({
    "accent", "language", "language spoken", "name", "names", "surname", "surnames", "appearance",
})  # alone; domain.md 3.1, bad data
NATIONALITIES = "countries of nationality, ISO 3166-1 alpha-2"
BIRTH_COUNTRY = "country of birth, ISO 3166-1 alpha-2; not a nationality"


class ProxyQuestion(StrEnum):
    """The eight questions that ask origin, stay and family, and never status (domain.md 5.4)."""

    WHERE_FROM = "PQ1"
    WHERE_BORN = "PQ2"
    CHILDREN_BORN = "PQ3"
    HOW_LONG_HERE = "PQ4"
    OTHER_PLACES = "PQ5"
    BIRTH_CERTIFICATE = "PQ6"
    HEALTH_INSURANCE = "PQ7"
    FAMILY_HERE = "PQ8"


@event("casebridge.citizenship.ProxyQuestionAnswered")
class ProxyQuestionAnswered(Event):
    """A family member answered a proxy question. The answer is evidence, not a finding."""

    person_id: UUID = clear(OUR_ID)
    answer_id: UUID = clear(OUR_ID)
    code: ProxyQuestion = clear("which of eight questions was asked; says nothing of the answer")
    answer: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="the answer, in the person's words")
    interviewer_title_used: Personal[str] = boxed(
        Compartment.IDENTITY, about="person_id", meaning="the title under which the interviewer spoke"
    )


@event("casebridge.citizenship.CitizenshipInformationObtained")
class CitizenshipInformationObtained(Event):
    """The agency obtained information on where a person is a national and was born."""

    person_id: UUID = clear(OUR_ID)
    information_id: UUID = clear(OUR_ID)
    nationalities: Personal[tuple[str, ...]] = boxed(Compartment.IDENTITY, about="person_id", meaning=NATIONALITIES)
    birth_country: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=BIRTH_COUNTRY)
    birth_region: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="state or department of birth")
    birth_city: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="city or town of birth")
    basis: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="what the information rests on")
    confidence: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="how sure the agency is")


@event("casebridge.citizenship.CitizenshipCorrected")
class CitizenshipCorrected(Event):
    """Earlier information on a person's citizenship was never true; this stands in its place. The past event stays."""

    person_id: UUID = clear(OUR_ID)
    correction_id: UUID = clear(OUR_ID)
    replaces_event_id: UUID = clear(OUR_ID)
    nationalities: Personal[tuple[str, ...]] = boxed(Compartment.IDENTITY, about="person_id", meaning=NATIONALITIES)
    birth_country: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning=BIRTH_COUNTRY)
    birth_region: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="state or department of birth")
    birth_city: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="city or town of birth")
    evidence: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="the evidence that showed it")


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginRegisters:
    nationalities: Register[tuple[str, ...]] = Register()
    birth_country: Register[str] = Register()
    birth_region: Register[str] = Register()
    birth_city: Register[str] = Register()


class CitizenshipStage(StrEnum):
    UNKNOWN = "unknown"
    INFORMATION_OBTAINED = "information_obtained"
    DETERMINED = "determined"
    CORRECTED = "corrected"
    UNDETERMINABLE = "undeterminable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Citizenship:
    """Where people are from. `stages` are registers too: what happened last in the world is where a person stands."""

    origins: Mapping[UUID, OriginRegisters] = field(default_factory=dict)
    stages: Mapping[UUID, Register[CitizenshipStage]] = field(default_factory=dict)

    def of(self, person_id: UUID) -> OriginRegisters:
        return self.origins.get(person_id, NOTHING)

    def stage(self, person_id: UUID) -> CitizenshipStage:
        told = self.stages.get(person_id, NO_STAGE).value
        return told.value if isinstance(told, Known) else CitizenshipStage.UNKNOWN

    def is_undeterminable(self, person_id: UUID) -> bool:
        """Whether a named person decided that nobody can tell, and nobody has told anything since."""
        return self.stage(person_id) is CitizenshipStage.UNDETERMINABLE


NOTHING = OriginRegisters()
NO_STAGE: Register[CitizenshipStage] = Register()


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonOrigin:
    """What one source tells of one person. Nationality and birth country are given apart, or left out."""

    person_id: UUID
    nationalities: tuple[str, ...] | None = None
    birth_country: str | None = None
    birth_region: str | None = None
    birth_city: str | None = None


@command
class RecordProxyAnswer(Command):
    """Record the answer to one of the eight proxy questions."""

    answer_id: UUID
    person_id: UUID
    code: ProxyQuestion
    answer: str
    interviewer_title_used: str


@command
class ObtainCitizenshipInformation(Command):
    """Record what one source told about one or several people at once; their duties are judged together."""

    information_id: UUID
    persons: tuple[PersonOrigin, ...]
    basis: str
    confidence: str | None = None


@command
class CorrectCitizenship(Command):
    """Record that earlier information was never true, and what is true instead."""

    correction_id: UUID
    person_id: UUID
    replaces_event_id: UUID
    nationalities: tuple[str, ...] | None = None
    birth_country: str | None = None
    birth_region: str | None = None
    birth_city: str | None = None
    evidence: str


def record_proxy_answer(submission: Submission[RecordProxyAnswer], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    if "immigra" in wish.interviewer_title_used.casefold():
        raise Refused("use a title that does not name immigration", rule="US-PRIV-TITLE", field="interviewer_title_used")
    require_no_status(wish.answer, "answer")
    return case.once(wish.answer_id, ProxyQuestionAnswered(
        person_id=wish.person_id, answer_id=wish.answer_id, code=wish.code, answer=personal(wish.answer),
        interviewer_title_used=personal(wish.interviewer_title_used),
    ))


def obtain_information(submission: Submission[ObtainCitizenshipInformation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if not wish.persons:
        raise Refused("say whom the information is about", rule="P01", field="persons")
    if wish.basis.strip().casefold() in TELLS_NOTHING:
        raise Refused("a language or a surname alone tells no nationality", rule="P01", field="basis")
    require_no_status(wish.basis, "basis")
    opened_at = case.intake.opened_at
    if opened_at is not None and submission.learned_at < opened_at:
        raise Refused("nobody learned it before the first contact", rule="P01", field="learned_at")
    recordings: list[Recording] = []
    for index, told in enumerate(wish.persons):
        require_person(case, told.person_id, f"persons[{index}].person_id")
        _check_origin(told.nationalities, told.birth_country, f"persons[{index}].")
        recordings += case.once((wish.information_id, told.person_id), CitizenshipInformationObtained(
            person_id=told.person_id, information_id=wish.information_id, nationalities=personal(told.nationalities),
            birth_country=personal(told.birth_country), birth_region=personal(told.birth_region),
            birth_city=personal(told.birth_city), basis=personal(wish.basis), confidence=personal(wish.confidence),
        ))
    return recordings


def correct_citizenship(submission: Submission[CorrectCitizenship], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    _check_origin(wish.nationalities, wish.birth_country, "")
    corrected = CitizenshipCorrected(
        person_id=wish.person_id, correction_id=wish.correction_id, replaces_event_id=wish.replaces_event_id,
        nationalities=personal(wish.nationalities), birth_country=personal(wish.birth_country),
        birth_region=personal(wish.birth_region), birth_city=personal(wish.birth_city), evidence=personal(wish.evidence),
    )
    recordings = case.once(wish.correction_id, corrected)
    origin = case.citizenship.of(wish.person_id)
    registers = (origin.nationalities, origin.birth_country)
    if recordings and not any(register.told_by(wish.replaces_event_id) for register in registers):
        raise Refused(
            "the event that this corrects told nothing that still stands about this person's citizenship",
            rule="P19", field="replaces_event_id",
        )
    return recordings


def _check_origin(nationalities: tuple[str, ...] | None, birth_country: str | None, where: str) -> None:
    if nationalities is None and birth_country is None:
        raise Refused("it tells neither a nationality nor a birth country", rule="P01", field=f"{where}nationalities")
    if nationalities is not None:
        if not nationalities:
            raise Refused("leave nationalities out where they are unknown", rule="P01", field=f"{where}nationalities")
        for code in nationalities:
            country(code, f"{where}nationalities")
    if birth_country is not None:
        country(birth_country, f"{where}birth_country")


def _at(state: Citizenship, person_id: UUID, stage: CitizenshipStage, envelope: Envelope) -> Citizenship:
    stages = state.stages.get(person_id, NO_STAGE).tell(envelope, "stage", Known(stage))
    return replace(state, stages={**state.stages, person_id: stages})


def _from(state: Citizenship, person_id: UUID, origin: OriginRegisters) -> Citizenship:
    return replace(state, origins={**state.origins, person_id: origin})


def _obtained(state: Citizenship, told: CitizenshipInformationObtained, envelope: Envelope) -> Citizenship:
    origin = state.of(told.person_id)
    told_of = _from(state, told.person_id, OriginRegisters(
        nationalities=origin.nationalities.tell(envelope, "nationalities", told.nationalities),
        birth_country=origin.birth_country.tell(envelope, "birth_country", told.birth_country),
        birth_region=origin.birth_region.tell(envelope, "birth_region", told.birth_region),
        birth_city=origin.birth_city.tell(envelope, "birth_city", told.birth_city),
    ))
    return _at(told_of, told.person_id, CitizenshipStage.INFORMATION_OBTAINED, envelope)


def _determined(state: Citizenship, told: CitizenshipDetermined, envelope: Envelope) -> Citizenship:
    origin = state.of(told.person_id)
    nobody_can_tell = told.undeterminable == Known(True)
    decided = _from(state, told.person_id, replace(
        origin,
        nationalities=origin.nationalities.tell(envelope, "nationalities", told.nationalities),
        birth_country=origin.birth_country.tell(envelope, "birth_country", told.birth_country),
    ))
    stage = CitizenshipStage.UNDETERMINABLE if nobody_can_tell else CitizenshipStage.DETERMINED
    return _at(decided, told.person_id, stage, envelope)


def _corrected(state: Citizenship, told: CitizenshipCorrected, envelope: Envelope) -> Citizenship:
    origin, replaces = state.of(told.person_id), told.replaces_event_id
    corrected = _from(state, told.person_id, replace(
        origin,
        nationalities=origin.nationalities.correct(envelope, replaces, "nationalities", told.nationalities),
        birth_country=origin.birth_country.correct(envelope, replaces, "birth_country", told.birth_country),
        birth_region=origin.birth_region.correct(envelope, replaces, "birth_region", told.birth_region),
        birth_city=origin.birth_city.correct(envelope, replaces, "birth_city", told.birth_city),
    ))
    return _at(corrected, told.person_id, CitizenshipStage.CORRECTED, envelope)


def _answered(state: Citizenship, _: ProxyQuestionAnswered, __: Envelope) -> Citizenship:
    return state  # Evidence, not a finding: no duty rests on it.


INITIAL = Citizenship()
DECIDES = {
    RecordProxyAnswer: record_proxy_answer,
    ObtainCitizenshipInformation: obtain_information,
    CorrectCitizenship: correct_citizenship,
}
EVOLVES = {
    ProxyQuestionAnswered: _answered,
    CitizenshipInformationObtained: _obtained,
    CitizenshipDetermined: _determined,
    CitizenshipCorrected: _corrected,
}
KEYS: Keys = {
    ProxyQuestionAnswered: lambda e: e.answer_id,
    CitizenshipInformationObtained: lambda e: (e.information_id, e.person_id),
    CitizenshipCorrected: lambda e: e.correction_id,
}

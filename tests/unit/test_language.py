"""People are understood in their own language; in New York City staff interpret under a certificate or not at all."""
from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from adapters.commands import parse_line
from adapters.reading.timeline import lines
from domain.agency.state import LanguageCertificate
from domain.case.language import (
    AssignCulturalBroker,
    AssignInterpreter,
    CompleteTranslation,
    CulturalBrokerAssigned,
    DeterminePreferredLanguage,
    InterpreterAssigned,
    InterpreterKind,
    InterpretingMode,
    LanguageMethod,
    LanguageServiceRejected,
    LanguageStage,
    LanguageWarning,
    PreferredLanguageDetermined,
    RequestTranslation,
    TranslationCompleted,
    TranslationRequested,
)
from domain.refusals import Refused
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER
from tests.unit.places import case_in
from tests.unit.test_commands import LINE

WORKER, CERTIFICATE = an_id("worker"), an_id("certificate")
french = DeterminePreferredLanguage(
    determination_id=an_id("determination"), person_id=MOTHER, language="fr", method=LanguageMethod.FORM
)
by_staff = AssignInterpreter(
    assignment_id=an_id("interpreter"), person_id=MOTHER, language="fr", interpreter_kind=InterpreterKind.STAFF,
    mode=InterpretingMode.IN_PERSON, interpreter_id=WORKER,
)
by_contract = AssignInterpreter(
    assignment_id=an_id("contractor"), person_id=MOTHER, language="fr", interpreter_kind=InterpreterKind.CONTRACTOR,
    mode=InterpretingMode.VIDEO, provider="a language line",
)
translate = RequestTranslation(
    request_id=an_id("translation request"), document_id=an_id("paper"), person_ids=(MOTHER,), from_language="fr",
    to_language="en",
)
translated = CompleteTranslation(
    translation_id=an_id("translation"), document_id=an_id("paper"), request_id=an_id("translation request"),
    template_used="birth certificate, Honduras",
)
broker = AssignCulturalBroker(
    assignment_id=an_id("broker assignment"), person_ids=(MOTHER, CHILD), broker_id=an_id("broker")
)
family = case_in("NYC").given(*FAMILY)
elsewhere = case_in("NJ").given(*FAMILY)


def with_certificate(scenario: Scenario, language: str = "fr", at: datetime = NOON) -> Scenario:
    certificate = LanguageCertificate(
        certificate_id=CERTIFICATE, staff_id=WORKER, language=language, certified_at=at
    )
    return replace(scenario, standing=replace(scenario.standing, certificates={CERTIFICATE: certificate}))


def stage(scenario: Scenario) -> LanguageStage:
    return scenario.case.language.of(MOTHER).stage


def test_every_command_is_recorded_once() -> None:
    family.when(french).then(PreferredLanguageDetermined)
    with_certificate(family).when(by_staff).then(InterpreterAssigned)
    family.when(by_staff).then(LanguageServiceRejected)
    family.when(by_contract).then(InterpreterAssigned)
    family.when(translate).then(TranslationRequested)
    family.given(translate).when(translated).then(TranslationCompleted)
    family.when(broker).then(CulturalBrokerAssigned)


def test_the_stages_follow_each_other() -> None:
    determined = family.given(french)
    unmet = determined.given(by_staff)
    served = unmet.given(by_contract)
    moved = served.given(replace(french, determination_id=an_id("again"), language="ht"))
    assert [stage(s) for s in (family, determined, unmet, served, moved)] == [
        LanguageStage.UNKNOWN, LanguageStage.DETERMINED, LanguageStage.UNMET, LanguageStage.SERVED,
        LanguageStage.DETERMINED,
    ]


# Certificates.

def test_elsewhere_staff_without_a_certificate_may_interpret_and_that_is_said() -> None:
    [told] = elsewhere.when(by_staff).the(InterpreterAssigned)
    assert told.warnings == (LanguageWarning.UNCERTIFIED,)
    assert with_certificate(elsewhere).when(by_staff).the(InterpreterAssigned)[0].warnings == ()


def test_one_certificate_is_not_used_for_two_languages() -> None:
    named = replace(by_staff, certificate_id=CERTIFICATE)
    with_certificate(family, "es").when(named).then(LanguageServiceRejected)
    with_certificate(elsewhere, "es").when(named).then_refused(rule="P07", field="certificate_id")
    with_certificate(elsewhere).when(named).then(InterpreterAssigned)


def test_a_certificate_after_the_interview_does_not_count_for_it() -> None:
    late = with_certificate(family, at=NOON + timedelta(days=9))
    late.when(by_staff).then(LanguageServiceRejected)
    named = replace(by_staff, certificate_id=CERTIFICATE)
    with_certificate(elsewhere, at=NOON + timedelta(days=9)).when(named).then_refused(rule="P07", field="certificate_id")


def test_after_the_exam_the_same_assignment_is_made() -> None:
    rejected = family.given(by_staff)
    certified = with_certificate(rejected, at=rejected.at)
    certified.when(by_staff).then(InterpreterAssigned)


def test_another_persons_certificate_does_not_count() -> None:
    named = replace(by_staff, interpreter_id=an_id("colleague"), certificate_id=CERTIFICATE)
    with_certificate(family).when(named).then(LanguageServiceRejected)


def test_a_certificate_that_is_named_is_the_one_that_counts() -> None:
    certified = with_certificate(elsewhere)
    renewed = replace(certified.standing.certificates[CERTIFICATE], certificate_id=an_id("renewal"))
    both = replace(certified, standing=replace(
        certified.standing, certificates={**certified.standing.certificates, an_id("renewal"): renewed}
    ))
    both.when(replace(by_staff, certificate_id=an_id("renewal"))).then(InterpreterAssigned)
    both.when(replace(by_staff, certificate_id=an_id("made up"))).then_refused(rule="P07", field="certificate_id")


def test_staff_are_named() -> None:
    family.when(replace(by_staff, interpreter_id=None)).then_refused(rule="P07", field="interpreter_id")


# Bad data.

@pytest.mark.parametrize("person", [CHILD, FATHER])
def test_neither_a_child_nor_another_of_the_family_interprets(person: UUID) -> None:
    for place in (family, elsewhere):
        place.when(replace(by_contract, interpreter_id=person)).then_refused(rule="P07", field="interpreter_id")


@pytest.mark.parametrize("dialect", ["Mam", "k'iche'", "Náhuatl", "kek"])
def test_spanish_is_not_recorded_for_who_speaks_an_indigenous_language(dialect: str) -> None:
    family.when(replace(french, language="es", dialect=dialect)).then_refused(rule="P07", field="language")
    family.when(replace(french, language="es", dialect="Caribbean")).then(PreferredLanguageDetermined)
    family.when(replace(french, language="mam", dialect="of Todos Santos")).then(PreferredLanguageDetermined)


def test_a_language_is_written_as_its_code() -> None:
    family.when(replace(french, language="French")).then_refused(rule="LANGUAGE-CODE", field="language")
    family.when(replace(by_contract, language="French")).then_refused(rule="LANGUAGE-CODE", field="language")
    family.when(replace(translate, to_language="English")).then_refused(rule="LANGUAGE-CODE", field="to_language")


def test_sign_language_is_on_the_list() -> None:
    signed = replace(by_contract, language="ase", mode=InterpretingMode.SIGN)
    family.given(replace(french, language="ase")).when(signed).then(InterpreterAssigned)


@pytest.mark.parametrize(("command", "data", "field"), [
    ("AssignInterpreter", {"document_id": str(an_id("paper"))}, "data.document_id"),
    ("RequestTranslation", {"mode": "phone"}, "data.mode"),
])
def test_papers_are_not_interpreted_and_speech_is_not_translated(command: str, data: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, "command": command, "data": data})
    assert refused.value.field == field


def test_an_interpreter_in_another_language_than_the_preferred_one_is_recorded_with_a_warning() -> None:
    [told] = family.given(french).when(replace(by_contract, language="es")).the(InterpreterAssigned)
    assert told.warnings == (LanguageWarning.NOT_THE_PREFERRED_LANGUAGE,)
    assert stage(family.given(french, replace(by_contract, language="es"))) is LanguageStage.DETERMINED


def test_a_translation_leads_from_one_language_to_another_and_is_about_someone() -> None:
    family.when(replace(translate, to_language="fr")).then_refused(rule="P07", field="to_language")
    family.when(replace(translate, person_ids=())).then_refused(rule="P07", field="person_ids")
    family.when(replace(translate, person_ids=(an_id("nobody"),))).then_refused(rule="P01", field="person_ids")


def test_a_translation_answers_a_request_about_the_same_paper_or_none() -> None:
    family.when(translated).then_refused(rule="P07", field="request_id")
    requested = family.given(translate)
    requested.when(replace(translated, document_id=an_id("another"))).then_refused(rule="P07", field="request_id")
    assert requested.given(translated).case.language.translated == {an_id("translation request")}
    in_house = family.given(replace(translated, request_id=None))
    assert in_house.case.language.translated == frozenset()


def test_a_broker_is_for_someone_and_from_outside_the_family() -> None:
    family.when(replace(broker, person_ids=())).then_refused(rule="P07", field="person_ids")
    family.when(replace(broker, broker_id=FATHER)).then_refused(rule="P07", field="broker_id")


def test_it_reads_as_sentences() -> None:
    all_of_it = family.given(
        replace(french, dialect="of Kinshasa"), by_staff, by_contract, translate, translated,
        replace(broker, person_ids=(MOTHER,)),
    )
    name = "X Zúñiga Ochoa"
    assert [line.text for line in lines(all_of_it.envelopes)][-6:] == [
        f"{name}: fr, of Kinshasa", f"a worker without certificate in fr for {name}", f"fr for {name}, contractor, video",
        f"of a paper about {name}, fr to en", "of a paper, with birth certificate, Honduras", f"to {name}",
    ]

"""Evidence on where a person is from, and the decision of a named person that settles it."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.commands import parse_line
from domain.case.citizenship import (
    CitizenshipStage,
    ObtainCitizenshipInformation,
    PersonOrigin,
    ProxyQuestion,
    RecordProxyAnswer,
)
from domain.case.citizenship_sources import (
    CitizenshipDetermined,
    CitizenshipDocument,
    CitizenshipDocumentObtained,
    CitizenshipSourceConsulted,
    ConsultCitizenshipSource,
    DetermineCitizenship,
    ObtainCitizenshipDocument,
    SourceMethod,
)
from domain.case.engagement import EngagementOpened, OfficeRouted
from domain.case.obligations import DutyRaised, QuestionClosed, QuestionRaised
from domain.personal import Known
from domain.refusals import Refused
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER, from_country, obtain, take_child

in_custody = Scenario().given(*FAMILY, take_child)
paper = ObtainCitizenshipDocument(
    document_id=an_id("paper"), person_id=CHILD, doc_type=CitizenshipDocument.BIRTH_CERTIFICATE, issuer_country="GT",
    doc_ref="folio 7",
)
spoken = ConsultCitizenshipSource(
    consultation_id=an_id("spoken"), person_id=CHILD, method=SourceMethod.LANGUAGE, result="K'iche'"
)
nobody_can_tell = DetermineCitizenship(
    determination_id=an_id("decision"), person_id=CHILD, decided_by="attorney-1", undeterminable=True
)
decided = DetermineCitizenship(
    determination_id=an_id("decided"), person_id=CHILD, decided_by="attorney-1", source_ids=(paper.document_id,),
    nationalities=("GT",), birth_country="GT",
)


def test_a_paper_and_a_source_are_evidence_and_answer_no_question() -> None:
    told = in_custody.when(paper).then(CitizenshipDocumentObtained).scenario()
    told = told.when(spoken).then(CitizenshipSourceConsulted).scenario()
    assert told.case.obligations.questions == in_custody.case.obligations.questions
    assert told.case.citizenship.stage(CHILD) is CitizenshipStage.UNKNOWN


def test_a_decision_on_evidence_closes_the_question_and_raises_what_follows() -> None:
    outcome = in_custody.given(paper).when(decided)
    outcome.then(
        CitizenshipDetermined, DutyRaised, DutyRaised, DutyRaised, QuestionClosed, OfficeRouted, EngagementOpened
    )
    assert outcome.scenario().case.citizenship.stage(CHILD) is CitizenshipStage.DETERMINED


def test_a_named_persons_word_that_nobody_can_tell_closes_the_question_for_that_person_alone() -> None:
    outcome = in_custody.when(nobody_can_tell).then(CitizenshipDetermined, QuestionClosed)
    case = outcome.scenario().case
    assert not case.obligations.asks(CHILD) and case.obligations.asks(MOTHER)
    assert not case.obligations.duties and case.citizenship.stage(CHILD) is CitizenshipStage.UNDETERMINABLE


def test_the_question_stays_closed_when_something_else_happens() -> None:
    later = in_custody.given(nobody_can_tell).when(obtain(from_country(FATHER, "MX"), id="father"))
    assert not [q for q in later.the(QuestionRaised) if q.person_id == CHILD]


def test_half_an_answer_after_it_opens_the_question_again() -> None:
    half = obtain(PersonOrigin(person_id=CHILD, birth_country="GT"), id="half")
    later = in_custody.given(nobody_can_tell).when(half)
    assert [q.person_id for q in later.the(QuestionRaised)] == [CHILD]


def test_a_stateless_person_is_a_national_of_no_country_and_no_consulate_is_owed() -> None:
    stateless = replace(decided, nationalities=None, birth_country="LB", stateless=True)
    case = in_custody.given(paper).when(stateless).scenario().case
    assert case.citizenship.of(CHILD).nationalities.value == Known(()) and not case.obligations.asks(CHILD)
    assert not [d for d in case.obligations.open_duties() if str(d.raised.recipient_kind).startswith("CONS")]


@pytest.mark.parametrize(("changes", "field"), [
    ({"undeterminable": True}, "undeterminable"),
    ({"stateless": True}, "nationalities"),
    ({"nationalities": ()}, "nationalities"),
    ({"nationalities": None, "birth_country": None}, "nationalities"),
    ({"source_ids": ()}, "source_ids"),
    ({"source_ids": (an_id("nothing"),)}, "source_ids"),
    ({"person_id": MOTHER}, "source_ids"),
])
def test_a_decision_says_one_thing_and_rests_on_evidence_about_that_person(changes: dict[str, object], field: str) -> None:
    in_custody.given(paper).when(replace(decided, **changes)).then_refused(  # type: ignore[arg-type]
        rule="P01", field=field
    )


def test_nationality_is_not_inferred_from_the_language_spoken_alone() -> None:
    told = in_custody.given(paper, spoken)
    told.when(replace(decided, source_ids=(spoken.consultation_id,))).then_refused(rule="P01", field="source_ids")
    both = replace(decided, source_ids=(spoken.consultation_id, paper.document_id))
    assert told.when(both).the(CitizenshipDetermined)


def test_information_may_be_the_evidence_of_a_decision() -> None:
    told = in_custody.given(obtain(from_country(CHILD, "GT"), id="told"))
    assert told.when(replace(decided, source_ids=(an_id("told"),))).the(CitizenshipDetermined)


def test_nobody_can_tell_is_refused_where_the_record_tells() -> None:
    told = in_custody.given(obtain(from_country(CHILD, "GT")))
    told.when(nobody_can_tell).then_refused(rule="P19", field="undeterminable")


@pytest.mark.parametrize("basis", ["surname", "Language spoken "])
def test_information_on_a_surname_or_a_language_alone_is_refused(basis: str) -> None:
    wish = ObtainCitizenshipInformation(
        information_id=an_id("i"), persons=(from_country(CHILD, "GT"),), basis=basis
    )
    in_custody.when(wish).then_refused(rule="P01", field="basis")


def test_information_from_before_the_first_contact_is_refused() -> None:
    early = NOON - timedelta(days=1)
    in_custody.when(obtain(from_country(CHILD, "GT")), at=early).then_refused(rule="P01", field="learned_at")


def test_a_birth_country_is_not_copied_into_a_nationality() -> None:
    told = in_custody.given(obtain(PersonOrigin(person_id=CHILD, birth_country="GT")))
    assert not told.case.citizenship.of(CHILD).nationalities.is_known and told.case.obligations.asks(CHILD)


@pytest.mark.parametrize("nationality", ["unknown", "Mexico", "México", "mx"])
def test_unknown_and_other_spellings_are_no_country(nationality: str) -> None:
    wish = obtain(PersonOrigin(person_id=CHILD, nationalities=(nationality,)))
    in_custody.when(wish).then_refused(rule="COUNTRY-CODE", field="persons[0].nationalities")


@pytest.mark.parametrize("words", ["he is undocumented", "llegó sin papeles", "had an order of deportation"])
def test_a_note_that_tells_a_status_is_refused(words: str) -> None:
    answer = RecordProxyAnswer(
        answer_id=an_id("a"), person_id=MOTHER, code=ProxyQuestion.HOW_LONG_HERE, answer=words,
        interviewer_title_used="child welfare specialist",
    )
    in_custody.when(answer).then_refused(rule="B3", field="answer")
    wish = replace(obtain(from_country(CHILD, "GT")), basis=words)
    in_custody.when(wish).then_refused(rule="B3", field="basis")


def test_a_time_without_its_zone_is_refused() -> None:
    raw = {
        "command": "TakeIntoCustody", "command_id": str(an_id("c")), "agency": "NM", "case": str(an_id("case")),
        "actor": {"agency": "NM", "role": "worker", "user": "w"}, "occurred_at": "2026-08-13T16:10:00",
        "data": {"child_id": str(CHILD), "episode_id": str(an_id("e"))},
    }
    with pytest.raises(Refused) as refused:
        parse_line(raw)
    assert refused.value.field == "occurred_at"


def test_two_children_do_not_fit_one_custody_event() -> None:
    raw = {
        "command": "TakeIntoCustody", "command_id": str(an_id("c")), "agency": "NM", "case": str(an_id("case")),
        "actor": {"agency": "NM", "role": "worker", "user": "w"}, "occurred_at": "2026-08-13T16:10:00-06:00",
        "data": {"child_id": [str(CHILD), str(MOTHER)], "episode_id": str(an_id("e"))},
    }
    with pytest.raises(Refused) as refused:
        parse_line(raw)
    assert refused.value.field == "data.child_id"

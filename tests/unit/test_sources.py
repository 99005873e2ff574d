"""What a source last said of a case is remembered as digests; when it falls silent that is a question, and no deletion."""
from __future__ import annotations

from domain.case.custody import TakeIntoCustody
from domain.case.intake import AddChild, OpenCase
from domain.case.obligations import QuestionClosed, QuestionRaised
from domain.case.sources import (
    ExplainSilence,
    ExportRowTaken,
    NoteSourceSilence,
    SilenceExplained,
    SourceFellSilent,
    TakeExportRow,
)
from domain.policy.facts import MissingFact
from tests.specification import Scenario, an_id

CHILD, ROW = an_id("child"), an_id("row")
A_CASE = Scenario().given(OpenCase(child_ids=(CHILD,)), AddChild(child_id=CHILD))


def row(*said: str) -> TakeExportRow:
    return TakeExportRow(source="cms.removals", row_id=ROW, person_ids=(CHILD,), said=said)


def test_a_row_is_taken_once_and_again_when_it_says_something_else() -> None:
    A_CASE.when(row("a 1")).then(ExportRowTaken)
    taken = A_CASE.given(row("a 1"))
    taken.when(row("a 1")).then_nothing()
    taken.when(row("a 2")).then(ExportRowTaken)


def test_a_silent_source_is_a_question_and_leaves_the_case_as_it_is() -> None:
    silent = A_CASE.given(row("a 1")).when(NoteSourceSilence(row_id=ROW)).then(SourceFellSilent, QuestionRaised).scenario()
    assert [known.person_ids for known in silent.case.sources.silences()] == [(CHILD,)]
    assert silent.case.intake.people[CHILD].role is None and silent.case.intake.is_open


def test_a_person_answers_the_question_once() -> None:
    silent = A_CASE.given(row("a 1"), NoteSourceSilence(row_id=ROW))
    (question,) = (known.question for known in silent.case.sources.silences())
    assert question is not None
    answer = ExplainSilence(question_id=question, explanation="merged with another record there")
    answered = silent.when(answer).then(SilenceExplained, QuestionClosed).scenario()
    assert answered.case.sources.silences() == []
    answered.when(NoteSourceSilence(row_id=ROW)).then_nothing()
    answered.when(ExplainSilence(question_id=question, explanation="something else")).then_refused(
        rule="IDEMPOTENCE", field="explanation"
    )


def test_the_question_stands_over_what_rules_ask_and_is_closed_by_none_of_them() -> None:
    silent = A_CASE.given(row("a 1"), NoteSourceSilence(row_id=ROW))
    (question,) = silent.case.obligations.questions.values()
    assert (question.missing, question.person_id, question.child_ids) == (MissingFact.SILENCE, CHILD, (CHILD,))
    taken = silent.given(TakeIntoCustody(child_id=CHILD, episode_id=an_id("episode")))
    assert question in taken.case.obligations.questions.values()


def test_two_rows_that_are_gone_are_one_question_until_both_are_back() -> None:
    second = TakeExportRow(source="cms.removals", row_id=an_id("row 2"), person_ids=(CHILD,), said=("b 1",))
    gone = A_CASE.given(row("a 1"), second, NoteSourceSilence(row_id=ROW))
    both = gone.when(NoteSourceSilence(row_id=second.row_id)).then(SourceFellSilent).scenario()
    half = both.when(row("a 1")).then(ExportRowTaken).scenario()
    half.when(second).then(ExportRowTaken, QuestionClosed)


def test_a_row_that_comes_back_closes_its_question() -> None:
    silent = A_CASE.given(row("a 1"), NoteSourceSilence(row_id=ROW))
    back = silent.when(row("a 1")).then(ExportRowTaken, QuestionClosed).scenario()
    assert back.case.sources.silences() == []
    back.when(NoteSourceSilence(row_id=ROW)).then(SourceFellSilent, QuestionRaised)


def test_what_is_no_row_of_the_case_is_refused() -> None:
    A_CASE.when(NoteSourceSilence(row_id=ROW)).then_refused(rule="IMPORT", field="row_id")
    A_CASE.when(ExplainSilence(question_id=ROW, explanation="gone")).then_refused(rule="IMPORT", field="question_id")
    Scenario().when(row("a 1")).then_refused(rule="P01", field="case")
    other = TakeExportRow(source="cms.removals", row_id=ROW, person_ids=(an_id("nobody"),), said=())
    A_CASE.when(other).then_refused(rule="P01", field="person_ids")
    nameless = TakeExportRow(source="CMS Removals", row_id=ROW, person_ids=(CHILD,), said=())
    A_CASE.when(nameless).then_refused(rule="IMPORT", field="source")
    about_nobody = TakeExportRow(source="cms", row_id=ROW, person_ids=(), said=())
    A_CASE.when(about_nobody).then_refused(rule="IMPORT", field="person_ids")

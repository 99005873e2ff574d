"""What a source last said of a case is remembered as digests; when it falls silent that is a question, and no deletion."""
from __future__ import annotations

from domain.case.intake import AddChild, OpenCase
from domain.case.sources import (
    ExplainSilence,
    ExportRowTaken,
    NoteSourceSilence,
    SilenceExplained,
    SourceFellSilent,
    TakeExportRow,
)
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
    silent = A_CASE.given(row("a 1")).when(NoteSourceSilence(row_id=ROW)).then(SourceFellSilent).scenario()
    assert [known.person_ids for known in silent.case.sources.silences()] == [(CHILD,)]
    assert silent.case.intake.people[CHILD].role is None and silent.case.intake.is_open


def test_a_person_answers_the_question_once() -> None:
    silent = A_CASE.given(row("a 1"), NoteSourceSilence(row_id=ROW))
    (question,) = (known.question for known in silent.case.sources.silences())
    assert question is not None
    answer = ExplainSilence(question_id=question, explanation="merged with another record there")
    answered = silent.when(answer).then(SilenceExplained).scenario()
    assert answered.case.sources.silences() == []
    answered.when(NoteSourceSilence(row_id=ROW)).then_nothing()
    answered.when(ExplainSilence(question_id=question, explanation="something else")).then_refused(
        rule="IDEMPOTENCE", field="explanation"
    )


def test_a_row_that_comes_back_closes_its_question() -> None:
    silent = A_CASE.given(row("a 1"), NoteSourceSilence(row_id=ROW))
    back = silent.when(row("a 1")).then(ExportRowTaken).scenario()
    assert back.case.sources.silences() == []
    back.when(NoteSourceSilence(row_id=ROW)).then(SourceFellSilent)


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

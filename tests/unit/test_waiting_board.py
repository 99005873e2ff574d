"""The waiting board finds every case in which a reply is awaited, and who was given what."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

from domain.case.assignments import OwnerKind, ReassignQuestion
from domain.case.consular_service import RecordAcknowledgement
from domain.case.documents import DocumentKind, DocumentSource, RecordDocumentUnobtainable, RequestDocument
from domain.case.expectations import expectations_of, open_requests
from domain.case.intake import CloseCase, Outcome
from domain.case.state import fold
from domain.case.trafficking import LetterKind, ReceiveOtipLetter, SubmitOtipReferral
from domain.case.trafficking_notices import NotifyTraffickingUnit
from domain.events import Circumstances, Envelope
from domain.ports import Recorded
from projections.projection import case_of
from projections.waiting_board import WaitingBoard, asked_by, given_to, metadata, waiting_cases
from projections.writing import write
from tests.specification import NOON, STREAM, Scenario, an_id
from tests.unit.people import CHILD, FAMILY, from_country, obtain, take_child

CASE = case_of(STREAM)
refer = SubmitOtipReferral(referral_id=an_id("otip"), child_id=CHILD)
letter = ReceiveOtipLetter(
    letter_id=an_id("letter"), child_id=CHILD, letter_kind=LetterKind.DENIAL_OF_ASSISTANCE, issued_on=NOON.date()
)
paper = RequestDocument(
    request_id=an_id("paper"), person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE, source=DocumentSource.CONSULATE
)
gone = RecordDocumentUnobtainable(request_id=paper.request_id, reason="burned")
unit = NotifyTraffickingUnit(notice_id=an_id("unit"), child_id=CHILD, unit="the unit")
noted = RecordAcknowledgement(acknowledgement_id=an_id("noted"), request_id=unit.notice_id, partner="TRF-UNIT")
STORY = Scenario().given(
    *FAMILY, take_child, obtain(from_country(CHILD, "HN")), refer, letter, paper, unit, noted, gone,
    replace(refer, referral_id=an_id("second")), CloseCase(outcome=Outcome.OTHER),
)


class Told:
    """Reads what is in hand."""

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self._by_version = {envelope.version: envelope for envelope in envelopes}

    def decode(self, recorded: Recorded) -> Envelope:
        return self._by_version[recorded.version]

    def circumstances(self, recorded: Recorded) -> Circumstances:
        return self.decode(recorded).circumstances


def board(envelopes: Sequence[Envelope]) -> Engine:
    engine, view, told = create_engine("sqlite://"), WaitingBoard(), Told(envelopes)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for position, envelope in enumerate(envelopes, 1):
            recorded = Recorded(
                position=position, event_id=envelope.circumstances.event_id, stream=STREAM, version=envelope.version,
                topic=envelope.event.TOPIC, state=b"", recorded_at=envelope.circumstances.learned_at,
            )
            if view.concerns(recorded):
                write(connection, view.when(recorded, told), {table.name: table for table in view.tables})
    return engine


def awaits(envelopes: Sequence[Envelope]) -> bool:
    return bool(open_requests(expectations_of(fold(envelopes), STORY.standing, NOON)))


@pytest.mark.parametrize("length", range(len(STORY.envelopes) + 1))
def test_after_each_event_the_case_is_found_exactly_while_something_is_awaited(length: int) -> None:
    told = STORY.envelopes[:length]
    assert (CASE in waiting_cases(board(told))) is awaits(told)


@given(st.sets(st.integers(0, len(STORY.envelopes) - 1)))
def test_whatever_part_of_a_history_is_read_no_case_that_awaits_something_is_lost(kept: set[int]) -> None:
    told = [envelope for number, envelope in enumerate(STORY.envelopes) if number in kept]
    assert CASE in waiting_cases(board(told)) or not awaits(told)


def test_the_story_has_both_kinds_of_moments() -> None:
    found = [awaits(STORY.envelopes[:length]) for length in range(len(STORY.envelopes) + 1)]
    assert True in found and not found[0] and not found[-1]


def test_a_place_and_a_time_narrow_it() -> None:
    engine = board(STORY.envelopes[:-1])
    assert waiting_cases(engine, jurisdiction="NM") == {CASE: "NM-CYFD"} and waiting_cases(engine, jurisdiction="NJ") == {}
    assert asked_by(engine, NOON) == {} and asked_by(engine, NOON + timedelta(days=1)) == {CASE: "NM-CYFD"}


def test_who_was_given_a_question_is_found_however_late_an_earlier_word_comes() -> None:
    asked = Scenario().given(*FAMILY, take_child)
    question = next(iter(asked.case.obligations.questions.values()))
    give = ReassignQuestion(
        reassignment_id=an_id("first"), question_id=question.question_id, owner="desk-1", owner_kind=OwnerKind.PERSON,
        reason="on call",
    )
    given_on = asked.given(replace(give, reassignment_id=an_id("next"), owner="desk-2"))
    late = given_on.when(give, at=given_on.at + timedelta(hours=1), occurred_at=asked.at).scenario()
    assert late.case.assignments.to[question.question_id].owner == "desk-2"
    assert given_to(board(late.envelopes), "desk-2") == {CASE: "NM-CYFD"} and given_to(board(late.envelopes), "desk-3") == {}

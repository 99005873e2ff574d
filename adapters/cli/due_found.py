"""`due`: which cases have something open, and what it is."""
from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.cli.acting import no_case
from adapters.cli.console import LISTED_MAX

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from adapters.reading.acts import Explained
    from adapters.reading.holds import Standing
    from adapters.reading.reviews import OpenReview
    from adapters.reading.taken_back import Owing
    from adapters.reading.waiting import Waiting
    from domain.agency.state import Agency
    from domain.case.obligations import QuestionRaised
    from domain.case.owners import Owner
    from domain.case.state import Case

VIEWS = ("deadline_board", "waiting_board", "timeline")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a person asked to see."""

    jurisdiction: str | None
    owner: str | None
    case_id: UUID | None
    untold_for: timedelta | None
    at: datetime | None

    def is_old_enough(self, since: datetime, now: datetime) -> bool:
        return self.untold_for is None or now - since >= self.untold_for

    def is_whose(self, owners: Sequence[Owner]) -> bool:
        return self.owner is None or any(owner.name == self.owner for owner in owners)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedFact:
    """An open question in words, with who is to find it out. `what` alone is the missing fact: `where Ana is from`."""

    question: QuestionRaised
    what: str
    text: str
    owner: Owner


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseDue:
    """One case with what is open in it, in words, as of `now`. `unasked` counts the questions about persons whose record is
    sealed or expunged: no answer could be recorded."""

    now: datetime
    case_id: UUID
    agency: Agency
    questions: tuple[AskedFact, ...]
    unasked: int
    acts: tuple[Explained, ...]
    waiting: tuple[Waiting, ...]
    owing: tuple[Owing, ...]
    holds: tuple[Standing, ...]
    reviews: tuple[OpenReview, ...]

    @property
    def has_any(self) -> bool:
        return bool(self.questions or self.acts or self.waiting or self.owing or self.holds or self.reviews)


def found(casebridge: Casebridge, wanted: Wanted, now: datetime) -> Iterator[CaseDue]:
    """Every case with something of what is wanted."""
    for case_id, agency_code in _cases(casebridge, wanted).items():
        case = casebridge.backbone.case(case_id) if wanted.at is None else _as_learned_by(casebridge, case_id, wanted.at)
        one = _explained(casebridge, case_id, case, casebridge.backbone.agency(agency_code), wanted, now)
        if one.has_any:
            yield one


def _as_learned_by(casebridge: Casebridge, case_id: UUID, at: datetime) -> Case:
    from domain.case.state import fold

    return fold(e for e in casebridge.backbone.envelopes(f"case-{case_id}") if e.circumstances.learned_at <= at)


# ------------------------------------------------------------------ which cases
def _cases(casebridge: Casebridge, wanted: Wanted) -> Mapping[UUID, str]:
    """Cases with something open, and their agencies; at most LISTED_MAX by each of their questions, duties and requests.

    With a time, cases in which something may have been open then, the latest first.
    """
    from projections import deadline_board as board
    from projections import waiting_board as waiting

    views, jurisdiction, owner = casebridge.views, wanted.jurisdiction, wanted.owner
    if wanted.case_id is not None:
        recorded = casebridge.log.read_stream(f"case-{wanted.case_id}", limit=1)
        if not recorded:
            raise no_case(wanted.case_id)
        return {wanted.case_id: casebridge.clear_codec.decode(recorded[0]).circumstances.agency}
    if wanted.at is not None:
        return _begun(casebridge, wanted, wanted.at)
    questions = board.open_questions(views, jurisdiction=jurisdiction, limit=LISTED_MAX)
    duties = [
        board.open_duties(views, jurisdiction=jurisdiction, owner=one, limit=LISTED_MAX) for one in _owners_stored(owner)
    ]
    awaited = waiting.waiting_cases(views, jurisdiction=jurisdiction, limit=LISTED_MAX)
    given = {} if owner is None else waiting.given_to(views, owner, jurisdiction=jurisdiction, limit=LISTED_MAX)
    if LISTED_MAX in (len(questions), len(awaited), len(given), *map(len, duties)):
        print(f"more than {LISTED_MAX} are open: narrow it with --jurisdiction or --owner", file=sys.stderr)
    owed = {duty.case_id: duty.agency for rows in duties for duty in rows}
    found = {question.case_id: question.agency for question in questions} | owed | dict(given) | dict(awaited)
    return found | _by_timeline(casebridge, jurisdiction, found)


def _by_timeline(casebridge: Casebridge, jurisdiction: str | None, found: Mapping[UUID, str]) -> dict[UUID, str]:
    """Cases beside `found` in which an office may be owed a correction or a recall, or something is on hold or up for
    review."""
    from adapters.cli.holds import cases_on_hold
    from adapters.cli.recalls import cases_with_corrections
    from domain.case.moments import ReviewRaised
    from projections.timeline import cases_with

    reviewed = cases_with(casebridge.views, ReviewRaised.TOPIC)
    more: dict[UUID, str] = {}
    for case_id in (*cases_with_corrections(casebridge), *cases_on_hold(casebridge), *reviewed):
        if case_id not in found:
            code = casebridge.backbone.case(case_id).intake.agency
            if code is not None and jurisdiction in (None, casebridge.backbone.agency(code).jurisdiction):
                more[case_id] = code
    return more


def _owners_stored(owner: str | None) -> list[str | None]:
    """Under which owners the board has what may be this one's: an agency's setting speaks where the pack named nobody."""
    from domain.case.owners import CASEWORKER

    return [None] if owner is None else list(dict.fromkeys((owner, CASEWORKER)))


def _begun(casebridge: Casebridge, wanted: Wanted, at: datetime) -> dict[UUID, str]:
    """Cases with a duty, a question or a request no younger than `at`, whatever became of it: the fold says the rest."""
    from sqlalchemy import func, select

    from projections.deadline_board import duties, questions
    from projections.waiting_board import asked_by

    begun: dict[UUID, str] = {}
    with casebridge.views.connect() as connection:
        for table, began in ((questions, questions.c.since), (duties, duties.c.clock_start)):
            asked = select(table.c.case_id, table.c.agency).where(began <= at)
            if wanted.jurisdiction is not None:
                asked = asked.where(table.c.jurisdiction == wanted.jurisdiction)
            asked = asked.group_by(table.c.case_id, table.c.agency).order_by(func.max(began).desc(), table.c.case_id)
            rows = connection.execute(asked.limit(LISTED_MAX)).all()
            if len(rows) == LISTED_MAX:
                print(f"more than {LISTED_MAX} cases: narrow it with --jurisdiction", file=sys.stderr)
            begun |= {row.case_id: row.agency for row in rows}
    return begun | dict(asked_by(casebridge.views, at, jurisdiction=wanted.jurisdiction, limit=LISTED_MAX))


# ------------------------------------------------------------------ what is open in one
def _explained(
    casebridge: Casebridge, case_id: UUID, case: Case, agency: Agency, wanted: Wanted, now: datetime
) -> CaseDue:
    from adapters.reading.acts import explain_acts, explain_questions
    from adapters.reading.holds import explain_holds
    from adapters.reading.not_left import not_left
    from adapters.reading.reviews import explain_reviews
    from adapters.reading.taken_back import explain_owing
    from adapters.reading.waiting import explain_waiting
    from adapters.reading.words import missing
    from domain.case.owners import owner_of_question
    from domain.case.sealing import unanswerable

    def is_wanted(explained: Explained) -> bool:
        duties = explained.act.duties
        return (
            (wanted.case_id is not None or any(duty.stage == "open" for duty in duties))
            and wanted.is_whose(explained.owners)
            and wanted.is_old_enough(min(duty.raised.clock_start for duty in duties), now)
        )

    def did_not_leave() -> dict[UUID, str]:
        return {one.id: one.because for one in not_left(casebridge, case_id)}

    closed = unanswerable(case)
    asked = (
        AskedFact(
            question=question, what=missing(case, question.person_id, question.missing), text=text,
            owner=owner_of_question(case, agency, question, now),
        )
        for question, text in zip(case.obligations.questions.values(), explain_questions(case, now), strict=True)
        if question.person_id not in closed
    )
    return CaseDue(
        now=now, case_id=case_id, agency=agency,
        questions=tuple(
            one for one in asked if wanted.is_whose((one.owner,)) and wanted.is_old_enough(one.question.since, now)
        ),
        unasked=sum(question.person_id in closed for question in case.obligations.questions.values()),
        acts=tuple(filter(is_wanted, explain_acts(
            case, agency, now, _Facts(casebridge, case, agency), did_not_leave if wanted.at is None else dict,
        ))),
        waiting=tuple(
            one for one in explain_waiting(case, agency, now)
            if wanted.is_whose((one.owner,)) and wanted.is_old_enough(one.request.asked_at, now)
        ),
        holds=tuple(explain_holds(case, agency, now)) if wanted.owner is None and wanted.untold_for is None else (),
        owing=tuple(
            one for one in explain_owing(case, agency, now)
            if wanted.is_whose((one.owner,)) and wanted.is_old_enough(one.owed.clock_start, now)
        ),
        reviews=tuple(
            one for one in explain_reviews(case, agency, now)
            if wanted.is_whose((one.owner,)) and wanted.is_old_enough(one.review.raised_at, now)
        ),
    )


class _Facts:
    """The facts that acts rest on, looked up in the log as they are asked for."""

    def __init__(self, casebridge: Casebridge, case: Case, agency: Agency) -> None:
        self._casebridge, self._case, self._zone = casebridge, case, agency.zone

    def __call__(self, event_id: UUID) -> str | None:
        from adapters.avro.errors import AvroError
        from adapters.reading.facts import fact

        recorded = self._casebridge.log.event(event_id)
        if recorded is None:
            return None
        try:
            return fact(self._case, self._casebridge.codec.decode(recorded), self._zone)
        except AvroError:
            return f"event {str(event_id)[:8]} (damaged: see fsck)"

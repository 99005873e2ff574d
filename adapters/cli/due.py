"""`due`: questions first, then acts owed and missed, each explaining itself."""
from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from adapters.cli.console import (
    LISTED_MAX,
    REFUSED,
    AsJson,
    catch_up,
    duration,
    end,
    heading,
    identifier,
    installation,
    moment,
    say,
    tell_json,
)

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from adapters.reading.acts import Explained
    from domain.agency.state import Agency
    from domain.case.obligations import Duty, QuestionRaised
    from domain.case.state import Case

BOARD = "deadline_board"
PASSED = " (that moment has passed; `casebridge work` records the miss)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a person asked to see."""

    jurisdiction: str | None
    owner: str | None
    case_id: UUID | None
    untold_for: timedelta | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseDue:
    """One case with what is open in it, in words, as of `now`."""

    now: datetime
    case_id: UUID
    case: Case
    agency: Agency
    questions: tuple[tuple[QuestionRaised, str], ...]
    acts: tuple[Explained, ...]


def due(
    ctx: typer.Context,
    jurisdiction: Annotated[str | None, typer.Option(metavar="J", help="Only this jurisdiction, such as NM.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="O", help="Only acts owed by this unit.")] = None,
    at: Annotated[datetime | None, typer.Option(
        "--at", metavar="T", parser=moment, help="The picture of this time: only what the agency had learned by then."
    )] = None,
    untold_for: Annotated[timedelta | None, typer.Option(
        metavar="72h", parser=duration, help="Only what has stood open for at least so long: 90m, 72h, 3d."
    )] = None,
    case: Annotated[UUID | None, typer.Option(
        metavar="CASE", parser=identifier, help="Only this case, with what was done or withdrawn in it too."
    )] = None,
    as_json: AsJson = False,
) -> None:
    """What is owed: open questions first, then acts with their due moments, missed ones marked.

    An act is what one notice to one office can meet. It names its rules, their citation, the fact that started the
    clock, and how the due moment was counted. With --at T, nothing counts that was learned later: a duty that was
    missed or met afterwards stands there as owed.

    Example: casebridge due --jurisdiction NM --untold-for 72h
    Next: answer a question with RecordProxyAnswer or ObtainCitizenshipInformation; prepare a notice with
    PrepareConsularNotification, then let it leave with `casebridge release`.
    """
    wanted = Wanted(jurisdiction=jurisdiction, owner=owner, case_id=case, untold_for=untold_for)
    with installation(ctx) as casebridge:
        catch_up(casebridge, BOARD)
        now = at or casebridge.clock.now()
        found = [one for one in _found(casebridge, wanted, at, now) if one.questions or one.acts]
    if as_json:
        tell_json({"at": now.isoformat(), "cases": [_as_json(one) for one in found]})
    elif not found:
        say("nothing is owed and nothing is asked")
    else:
        _print(found)


def _found(casebridge: Casebridge, wanted: Wanted, at: datetime | None, now: datetime) -> Iterator[CaseDue]:
    for case_id, agency_code in _cases(casebridge, wanted, at).items():
        case = casebridge.backbone.case(case_id) if at is None else _as_learned_by(casebridge, case_id, at)
        yield _explained(case_id, case, casebridge.backbone.agency(agency_code), wanted, now)


def _as_learned_by(casebridge: Casebridge, case_id: UUID, at: datetime) -> Case:
    from domain.case.state import fold

    return fold(e for e in casebridge.backbone.envelopes(f"case-{case_id}") if e.circumstances.learned_at <= at)


def _cases(casebridge: Casebridge, wanted: Wanted, at: datetime | None) -> dict[UUID, str]:
    """Cases with something open, and their agencies: questions first, then by due moment. At most LISTED_MAX of each.

    With `at`, cases in which something may have been open then, the latest first.
    """
    from projections import deadline_board as board

    views = casebridge.views
    questions: Sequence[board.BoardQuestion]
    duties: Sequence[board.BoardDuty]
    if wanted.case_id is not None:
        if not casebridge.log.read_stream(f"case-{wanted.case_id}", limit=1):
            raise end(REFUSED, f"there is no case {wanted.case_id}: see that the id is whole")
        questions = board.questions_of(views, wanted.case_id)
        duties = board.duties_of(views, wanted.case_id)
    elif at is not None:
        return _begun(casebridge, wanted, at)
    else:
        questions = [] if wanted.owner else board.open_questions(views, jurisdiction=wanted.jurisdiction, limit=LISTED_MAX)
        duties = board.open_duties(views, jurisdiction=wanted.jurisdiction, owner=wanted.owner, limit=LISTED_MAX)
        if LISTED_MAX in (len(questions), len(duties)):
            print(f"more than {LISTED_MAX} are open: narrow it with --jurisdiction or --owner", file=sys.stderr)
    return {q.case_id: q.agency for q in questions} | {d.case_id: d.agency for d in duties}


def _begun(casebridge: Casebridge, wanted: Wanted, at: datetime) -> dict[UUID, str]:
    """Cases with a duty or a question that is no younger than `at`, whatever became of it: the fold says what was open."""
    from sqlalchemy import func, select

    from projections.deadline_board import duties, questions

    found: dict[UUID, str] = {}
    with casebridge.views.connect() as connection:
        for table, began in ((questions, questions.c.since), (duties, duties.c.clock_start)):
            if wanted.owner is not None and table is questions:
                continue
            asked = select(table.c.case_id, table.c.agency).where(began <= at)
            if wanted.jurisdiction is not None:
                asked = asked.where(table.c.jurisdiction == wanted.jurisdiction)
            if wanted.owner is not None:
                asked = asked.where(table.c.owner == wanted.owner)
            asked = asked.group_by(table.c.case_id, table.c.agency).order_by(func.max(began).desc(), table.c.case_id)
            rows = connection.execute(asked.limit(LISTED_MAX)).all()
            if len(rows) == LISTED_MAX:
                print(f"more than {LISTED_MAX} cases: narrow it with --jurisdiction or --owner", file=sys.stderr)
            found |= {row.case_id: row.agency for row in rows}
    return found


def _explained(case_id: UUID, case: Case, agency: Agency, wanted: Wanted, now: datetime) -> CaseDue:
    from adapters.reading.acts import explain_acts, explain_questions

    def old_enough(since: datetime) -> bool:
        return wanted.untold_for is None or now - since >= wanted.untold_for

    def is_wanted(explained: Explained) -> bool:
        duties = explained.act.duties
        return (
            (wanted.case_id is not None or any(duty.stage == "open" for duty in duties))
            and (wanted.owner is None or any(duty.raised.owner == wanted.owner for duty in duties))
            and old_enough(min(duty.raised.clock_start for duty in duties))
        )

    asked = zip(case.obligations.questions.values(), explain_questions(case, now), strict=True)
    return CaseDue(
        now=now, case_id=case_id, case=case, agency=agency,
        questions=() if wanted.owner else tuple((q, text) for q, text in asked if old_enough(q.since)),
        acts=tuple(explained for explained in explain_acts(case, agency, now) if is_wanted(explained)),
    )


def _print(found: list[CaseDue]) -> None:
    for title, of in (("Questions", _question_lines), ("Acts", _act_lines)):
        lines = [(one.case_id, list(of(one))) for one in found]
        if any(text for _, text in lines):
            heading(title)
        for case_id, text in lines:
            if text:
                say(f"\ncase {case_id}")
                say("\n".join(text))
    notes = {note for one in found for note in _reported(one.agency)}
    for note in sorted(notes):
        say(f"\n{note}")


def _question_lines(one: CaseDue) -> Iterator[str]:
    for _, text in one.questions:
        yield f"  - {text}"


def _act_lines(one: CaseDue) -> Iterator[str]:
    for explained in one.acts:
        passed = PASSED if any(_is_unrecorded(duty, one.now) for duty in explained.act.duties) else ""
        yield f"  - {explained.title}: {explained.state}{passed}"
        yield from (f"      {reason}" for reason in explained.reasons)


def _has_passed(duty: Duty, now: datetime) -> bool:
    return duty.raised.due_at is not None and duty.raised.due_at < now


def _is_unrecorded(duty: Duty, now: datetime) -> bool:
    """A miss that the clock worker has yet to record."""
    return _has_passed(duty, now) and not duty.was_missed and duty.stage == "open"


def _reported(agency: Agency) -> Iterator[str]:
    from domain.policy.pack import parse_pack

    for adoption in agency.packs:
        pack = parse_pack(adoption.text, adoption.digest)
        if pack.as_reported:
            yield f"Pack {pack.id} is {pack.as_reported} by its source ({pack.source}); counsel has not confirmed it."


# ------------------------------------------------------------------ for programs
def _as_json(one: CaseDue) -> dict[str, Any]:
    now = one.now
    return {
        "case": str(one.case_id), "agency": one.agency.code, "jurisdiction": one.agency.jurisdiction,
        "questions": [
            {"question_id": str(q.question_id), "person_id": str(q.person_id), "missing": q.missing.value,
             "child_ids": [str(child) for child in q.child_ids], "rules": list(q.rule_ids), "since": q.since.isoformat(),
             "age_seconds": int((now - q.since).total_seconds()), "text": text}
            for q, text in one.questions
        ],
        "acts": [
            {"title": e.title, "state": e.state, "stage": e.act.stage.value, "recipient_kind": e.act.recipient_kind,
             "office": e.act.office, "child_ids": [str(child) for child in e.act.child_ids],
             "notice_id": str(e.act.notice.prepared.notice_id) if e.act.notice else None,
             "was_missed": e.act.was_missed, "reasons": list(e.reasons),
             "duties": [_duty(duty, one.agency, now) for duty in e.act.duties]}
            for e in one.acts
        ],
    }


def _duty(duty: Duty, agency: Agency, now: datetime) -> dict[str, Any]:
    from adapters.cli.plain import plain
    from adapters.reading.acts import rule_of

    raised, found = duty.raised, rule_of(agency, duty)
    pack, rule = found if found is not None else (None, None)
    return {
        "duty_id": str(duty.duty_id), "stage": duty.stage.value, "was_missed": duty.was_missed, "rule": raised.rule_id,
        "force": rule.force if rule else None, "words": rule.words if rule else None,
        "citation": rule.citation if rule else None, "as_reported": pack.as_reported if pack else None,
        "pack_digest": raised.pack_digest, "cited_rules": list(raised.cited_rule_ids), "owner": raised.owner,
        "cause_event_id": str(raised.cause_event_id), "clock_start": plain(raised.clock_start),
        "due_at": plain(raised.due_at), "due_zone": raised.due_zone, "calendar_digest": raised.calendar_digest,
        "qualifier": raised.qualifier, "age_seconds": int((now - raised.clock_start).total_seconds()),
        "has_passed": _has_passed(duty, now), "met": plain(duty.met),
    }

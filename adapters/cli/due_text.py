"""`due` for people: questions, acts owed, what is awaited from others; over all cases, the most urgent first."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from adapters.cli import due_brief
from adapters.cli.due_brief import Lines
from adapters.cli.page import Page

if TYPE_CHECKING:
    from adapters.cli.due_found import AskedFact, CaseDue
    from adapters.reading.acts import Explained
    from adapters.reading.reviews import OpenReview
    from adapters.reading.waiting import Waiting
    from domain.agency.state import Agency
    from domain.case.obligations import Duty
    from domain.case.owners import Owner

CASES_EXPLAINED_MAX = 3
"""Of more cases than these a page would be a wall: they are told briefly, and `--case` explains one."""
PASSED = " (that moment has passed; `casebridge work` records the miss)"
LAST = datetime.max.replace(tzinfo=UTC)


def show(found: Sequence[CaseDue]) -> None:
    """Everything, in four sections; a rule's words stand once, where it is first named."""
    page = _DuePage(explains=len(found) <= CASES_EXPLAINED_MAX)
    acts = sorted(((one, act) for one in found for act in one.acts), key=lambda pair: _urgency(*pair))
    still = [(one, act) for one, act in acts if _is_open(act)]
    dated = still if page.explains else [pair for pair in still if _has_moment(pair[1])]
    awaited = sorted(((one, item) for one in found for item in one.waiting), key=lambda pair: pair[1].urgency)
    alone = awaited if page.explains else [pair for pair in awaited if pair[1].is_overdue]
    page.line(_summary(found))
    _section(
        page, "Questions, the longest unanswered first", _questions(found) if page.explains else due_brief.questions(found)
    )
    _section(page, "Acts owed: missed ones, then by due moment, then by age where no number stands", chain(
        _acts(page, dated), due_brief.undated([pair for pair in still if pair not in dated]),
    ))
    _section(page, "No longer owed", _acts(page, [pair for pair in acts if not _is_open(pair[1])]))
    _section(page, "Waiting on others: overdue ones, then who has waited longest", chain(
        _waiting(alone), due_brief.waiting([pair for pair in awaited if pair not in alone]),
    ))
    _section(page, "Owed to offices and others because of what they were given or told: the oldest first", _owing(found))
    _section(page, "On hold: the first to be looked at again", _holds(found))
    _section(page, "Up for review, because somebody comes of age: the oldest first", _reviews(found))
    if not page.explains:
        if any(is_unrecorded(duty, one.now) for one in found for act in one.acts for duty in act.act.duties):
            page.line("\n(passed): nobody has recorded the miss yet; `casebridge work` does.")
        page.line("\n`casebridge due --case CASE` explains one case: rules in words, the facts behind them, each clock.")
    if any(one.waiting for one in found):
        from adapters.reading.waiting import SILENCE

        page.line(f"\n{SILENCE}")
    notes = sorted({note for one in found for note in _reported(one.agency)})
    for number, note in enumerate(notes):
        page.line(note if number else f"\n{note}")


class _DuePage(Page):
    """A page that remembers which rules it has spelled out."""

    def __init__(self, *, explains: bool) -> None:
        super().__init__()
        self.explains = explains
        self.spelled: set[str] = set()


def _section(page: _DuePage, title: str, lines: Iterable[tuple[int, str, str]]) -> None:
    is_first = True
    for indent, text, style in lines:
        if is_first:
            page.line(f"\n{title}", style="bold underline")
            is_first = False
        page.line(text, indent, style)


def _summary(found: Sequence[CaseDue]) -> str:
    from adapters.reading.words import counted, moment

    acts = [act for one in found for act in one.acts if _is_open(act)]
    missed = sum(act.act.was_missed for act in acts)
    waiting = [item for one in found for item in one.waiting]
    overdue = sum(item.is_overdue for item in waiting)
    asked, owing = sum(len(one.questions) for one in found), sum(len(one.owing) for one in found)
    reviews = sum(len(one.reviews) for one in found)
    parts = [
        counted(asked, "question", "questions") if asked else "",
        counted(len(acts), "act owed", "acts owed") + (f" ({missed} missed)" if missed else "") if acts else "",
        f"{len(waiting)} waiting on others" + (f" ({overdue} overdue)" if overdue else "") if waiting else "",
        counted(owing, "correction, update or recall owed", "corrections, updates or recalls owed") if owing else "",
        counted(reviews, "review open", "reviews open") if reviews else "",
    ]
    told = ", ".join(filter(None, parts)) or "nothing is open"
    at = moment(found[0].now, found[0].agency.zone)
    return f"{told}, in {counted(len(found), 'case', 'cases')}, as of {at}"


def _questions(found: Sequence[CaseDue]) -> Lines:
    from adapters.reading.words import counted

    asked = sorted(((one, item) for one in found for item in one.questions), key=lambda pair: pair[1].question.since)
    for one, item in asked:
        yield from _question(one, item)
    for one in found:
        if one.unasked:
            number = counted(one.unasked, "question is", "questions are")
            yield 2, f"- {number} not asked: who it is about is sealed or expunged, so no answer could be recorded", ""
            yield 6, f"case {one.case_id}; `casebridge record show` says by which order", "dim"


def _question(one: CaseDue, item: AskedFact) -> Lines:
    yield 2, f"- {item.text}", ""
    yield 6, f"case {one.case_id}, question {str(item.question.question_id)[:8]}, {_whose((item.owner,))}", "dim"


def _acts(page: _DuePage, acts: Sequence[tuple[CaseDue, Explained]]) -> Lines:
    for one, explained in acts:
        act = explained.act
        passed = PASSED if any(is_unrecorded(duty, one.now) for duty in act.duties) else ""
        is_late = _is_open(explained) and (act.was_missed or bool(passed))
        style, act_id = "bold red" if is_late else "bold", str(act.duties[0].duty_id)[:8]
        if not page.explains:
            yield 2, f"- {_sentence(explained.state)}{' (passed)' if passed else ''}: {explained.title}", style
            rules = ", ".join(why.rule_id for why in explained.why)
            yield 6, f"case {one.case_id}, act {act_id}, {due_brief.names(explained.owners)}: {rules}", "dim"
            continue
        yield 2, f"- {_sentence(explained.state)}{passed}: {explained.title}", style
        yield 6, f"case {one.case_id}, act {act_id}, {_whose(explained.owners)}", "dim"
        for why in explained.why:
            if why.words:
                is_new = why.words not in page.spelled
                page.spelled.add(why.words)
                yield 6, f"{why.head}: {why.words if is_new else 'in the words above'}", ""
            yield from ((8, line, "") for line in why.lines)
        yield from ((6, line, "") for line in explained.after)


def _waiting(items: Sequence[tuple[CaseDue, Waiting]]) -> Lines:
    for one, item in items:
        yield from _awaited(one, item)


def _awaited(one: CaseDue, item: Waiting) -> Lines:
    from adapters.reading.waiting import way

    mark = "OVERDUE " if item.is_overdue else ""
    yield 2, f"- {mark}{item.title}: {item.state}", "bold" if item.is_overdue else ""
    yield 6, f"case {one.case_id}, request {str(item.request.request_id)[:8]}, {_whose((item.owner,))}", "dim"
    if item.is_overdue:
        yield 6, f"next: {'; or '.join(map(way, item.next))}", ""


def _holds(found: Sequence[CaseDue]) -> Lines:
    holds = [(case, hold) for case in found for hold in case.holds]
    for one, hold in sorted(holds, key=lambda pair: pair[1].review_on):
        yield 2, f"- {'REVIEW OVERDUE ' if hold.is_overdue else ''}{_sentence(hold.text)}", "bold" if hold.is_overdue else ""
        yield 6, f"case {one.case_id}, hold {hold.hold_id}", "dim"


def _owing(found: Sequence[CaseDue]) -> Lines:
    owing = [(case, item) for case in found for item in case.owing]
    for one, item in sorted(owing, key=lambda pair: pair[1].owed.clock_start):
        yield 2, f"- {'LATE ' if item.is_late else ''}{item.title}: {item.state}", "bold" if item.is_late else ""
        told = item.owed.owed
        yield 6, f"case {one.case_id}, correction {told.correction_id}, {_whose((item.owner,))}", "dim"
        yield 6, f"next: {item.next}", ""


def _reviews(found: Sequence[CaseDue]) -> Lines:
    waiting = [(case, item) for case in found for item in case.reviews]
    for one, item in sorted(waiting, key=lambda pair: pair[1].review.raised_at):
        yield from review_lines(item, f"case {one.case_id}, ")


def review_lines(item: OpenReview, where: str = "") -> Lines:
    """One review: what waits, whose it is, what is to be looked at, and what a person does."""
    yield 2, f"- {item.title}: {item.state}", ""
    yield 6, f"{where}child {item.child_id}, {_whose((item.owner,))}", "dim"
    yield from ((8, line, "") for line in item.lines)
    yield 6, f"next: {item.next}", ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _whose(owners: Sequence[Owner]) -> str:
    return ", ".join(f"{owner.name} ({owner.because.value})" for owner in owners)


def _is_open(explained: Explained) -> bool:
    return any(duty.stage == "open" for duty in explained.act.duties)


def _has_moment(explained: Explained) -> bool:
    """Whether something of it that is still open has a due moment."""
    return any(duty.stage == "open" and duty.raised.due_at is not None for duty in explained.act.duties)


def _urgency(one: CaseDue, explained: Explained) -> tuple[int, datetime, datetime]:
    """Missed before due before undated; then by due moment, then by age."""
    duties = [duty for duty in explained.act.duties if duty.stage == "open"] or list(explained.act.duties)
    due_at = min((duty.raised.due_at for duty in duties if duty.raised.due_at is not None), default=LAST)
    is_late = any(duty.was_missed or has_passed(duty, one.now) for duty in duties)
    return 0 if is_late else 1, due_at, min(duty.raised.clock_start for duty in duties)


def has_passed(duty: Duty, now: datetime) -> bool:
    return duty.raised.due_at is not None and duty.raised.due_at < now


def is_unrecorded(duty: Duty, now: datetime) -> bool:
    """A miss that the clock worker has yet to record."""
    return has_passed(duty, now) and not duty.was_missed and duty.stage == "open"


def _reported(agency: Agency) -> Iterator[str]:
    from domain.policy.pack import parse_pack

    for adoption in agency.packs:
        pack = parse_pack(adoption.text, adoption.digest)
        if pack.as_reported:
            yield f"Pack {pack.id} is {pack.as_reported} by its source ({pack.source}); counsel has not confirmed it."

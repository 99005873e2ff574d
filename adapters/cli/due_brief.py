"""`due` over many cases: what has a moment stands alone, everything else is told case by case, in a few lines each."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from adapters.cli.due_found import CaseDue
    from adapters.reading.acts import Explained
    from adapters.reading.waiting import Waiting
    from domain.case.owners import Owner

T = TypeVar("T")
Lines = Iterator[tuple[int, str, str]]
"""Indentation, text, style."""


def questions(found: Sequence[CaseDue]) -> Lines:
    """A case's missing facts in one sentence; then, once, the lawful ways to ask."""
    from adapters.reading.words import QUESTIONS

    asked = [(one, one.questions) for one in found if one.questions]
    for one, items in sorted(asked, key=lambda pair: min(item.question.since for item in pair[1])):
        oldest = min(item.question.since for item in items)
        yield 2, f"- {_age(one.now, oldest)}, nobody has recorded {'; '.join(item.what for item in items)}", ""
        yield 6, f"case {one.case_id}, {names(item.owner for item in items)}", "dim"
    for missing in dict.fromkeys(item.question.missing for _, items in asked for item in items):
        what, way = QUESTIONS[missing]
        yield 2, f"To learn {what.format('somebody')}: {way}.", "dim"


def undated(acts: Sequence[tuple[CaseDue, Explained]]) -> Lines:
    """The acts of a case that have no due moment, in one sentence with their ages."""
    for one, items in _by_case(acts, lambda explained: min(d.raised.clock_start for d in explained.act.duties)):
        yield 2, f"- No number stands, {'; '.join(f'{item.title} ({item.state})' for item in items)}", ""
        yield 6, f"case {one.case_id}, {names(owner for item in items for owner in item.owners)}", "dim"


def waiting(items: Sequence[tuple[CaseDue, Waiting]]) -> Lines:
    """What a case awaits and is not overdue, in one sentence with its ages."""
    for one, group in _by_case(items, lambda item: item.request.asked_at):
        told = (f"{item.title} ({_age(one.now, item.request.asked_at)})" for item in group)
        yield 2, f"- No reply yet: {'; '.join(told)}", ""
        yield 6, f"case {one.case_id}, {names(item.owner for item in group)}", "dim"


def _by_case(
    items: Sequence[tuple[CaseDue, T]], since: Callable[[T], datetime]
) -> Iterator[tuple[CaseDue, list[T]]]:
    """The case with the oldest of it first."""
    groups: dict[int, tuple[CaseDue, list[T]]] = {}
    for one, item in items:
        groups.setdefault(id(one), (one, []))[1].append(item)
    yield from sorted(groups.values(), key=lambda pair: min(map(since, pair[1])))


def _age(now: datetime, since: datetime) -> str:
    from adapters.reading.words import span

    return span(max(now - since, timedelta()))


def names(owners: Iterable[Owner]) -> str:
    """Each owner once."""
    return ", ".join(dict.fromkeys(owner.name for owner in owners))

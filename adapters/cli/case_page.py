"""`case show`: the processes of a case, for people and for programs."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adapters.cli.due_text import review_lines
from adapters.cli.page import Page
from adapters.cli.plain import plain

if TYPE_CHECKING:
    from adapters.reading.processes import Shown
    from adapters.reading.reviews import OpenReview
    from domain.agency.state import Agency
    from domain.case.checklist import Item
    from domain.case.processes import Step
    from domain.case.state import Case
    from domain.policy.pack import Rule


def show_processes(case: Case, agency: Agency, processes: Sequence[Shown]) -> None:
    """Each process that has begun or in which something is expected; then how the others begin."""
    from adapters.reading.processes import expected_lines, stand_lines, steps_line

    page, idle = Page(), list[str]()
    for one in processes:
        stands, expected = list(stand_lines(case, one)), list(expected_lines(case, one, agency))
        if not stands and not expected:
            idle.append(f"{one.process.id} {one.process.title}: {steps_line(one.process.begins)}" if one.process.begins
                        else f"{one.process.id} {one.process.title}")
            continue
        page.line(f"\n{one.process.id} {one.process.title}", style="bold")
        for state, steps in stands:
            page.line(f"- {state}", 2)
            if steps:
                page.line(f"may follow: {steps}", 6, "dim")
        for line in expected:
            page.line(line, 4)
    if idle:
        page.line("\nNothing stands in these; each begins by a command:", style="bold")
        for line in idle:
            page.line(f"- {line}", 2, "dim")


def show_reviews(reviews: Sequence[OpenReview]) -> None:
    """What is up for review because a child comes of age; nothing where nothing is."""
    page = Page()
    if reviews:
        page.line("\nUp for review", style="bold")
    for one in reviews:
        for indent, text, style in review_lines(one):
            page.line(text, indent, style)


# ------------------------------------------------------------------ for programs
def process_document(one: Shown) -> dict[str, Any]:
    """One process, with stable keys."""
    return {
        "process": one.process.id, "title": one.process.title, "begins": _steps(one.process.begins),
        "states": [
            {"person_ids": [str(person) for person in stand.person_ids], "what": stand.what, "state": stand.state,
             "id": plain(stand.id), "next": _steps(stand.next)}
            for stand in one.stands
        ],
        "checklist": [_item(item) for item in one.expected.items],
        "forbidden": [_rule(rule) for rule in one.expected.forbidden],
        "silent": [_rule(rule) for rule in one.expected.silent],
    }


def _steps(steps: Sequence[Step]) -> list[dict[str, str]]:
    return [{"command": step.command, "why": step.why} for step in steps]


def _rule(rule: Rule) -> dict[str, Any]:
    return {"rule": rule.id, "force": rule.force, "words": rule.words, "citation": rule.citation}


def _item(item: Item) -> dict[str, Any]:
    return {
        **_rule(item.rule), "as_reported": item.as_reported, "applies": item.applies.value, "done": item.done is not None,
        "done_at": plain(item.done.occurred_at) if item.done else None,
        "done_by_event_id": plain(item.done.event_id) if item.done else None,
    }

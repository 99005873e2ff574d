"""The processes of a case in words: how each stands, what may be recorded next, what the packs still expect."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.reading.words import moment, people
from domain.agency.state import Agency
from domain.case.checklist import Applies, Expected, Item, expected_of
from domain.case.processes import Process, Stand, Step, processes_of
from domain.case.state import Case

NOTHING = Expected()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One process with what stands in it and what the packs expect."""

    process: Process
    stands: tuple[Stand, ...]
    expected: Expected


def shown_processes(case: Case, agency: Agency, now: datetime) -> list[Shown]:
    expected = expected_of(case, agency, now)
    return [
        Shown(process=one.process, stands=one.stands, expected=expected.get(one.process.id, NOTHING))
        for one in processes_of(case, agency, now)
    ]


def stand_lines(case: Case, shown: Shown) -> Iterator[tuple[str, str]]:
    """A line for each state and its next steps; people of whom the same is to be said share one."""
    groups: dict[tuple[str, str, tuple[Step, ...]], list[Stand]] = {}
    for stand in shown.stands:
        groups.setdefault((stand.what, stand.state, stand.next), []).append(stand)
    for (what, state, steps), stands in groups.items():
        about = dict.fromkeys(person for stand in stands for person in stand.person_ids)
        yield f"{what} of {people(case, tuple(about))}: {state.replace('_', ' ')}", steps_line(steps)


def steps_line(steps: tuple[Step, ...]) -> str:
    return "; ".join(f"{step.command} ({step.why})" for step in steps)


def expected_lines(case: Case, shown: Shown, agency: Agency) -> Iterator[str]:
    """The checklist, done ones marked; then what is not done; then where the guide is silent.

    Of a process in which nothing stands, only what surely applies is told.
    """
    for item in shown.expected.items:
        if shown.stands or item.applies is Applies.YES:
            yield _item(item, agency)
    for rule in shown.expected.forbidden if shown.stands else ():
        yield f"not done: {rule.words} ({rule.id})"
    for rule in shown.expected.silent if shown.stands else ():
        yield f"the guide is silent: {rule.words} Use the US rules. ({rule.id})"


def _item(item: Item, agency: Agency) -> str:
    rule = item.rule
    if item.done is not None:
        mark = f"[x] done {moment(item.done.occurred_at, agency.zone)}"
    else:
        mark = "[ ] cannot tell yet whether it applies" if item.applies is Applies.CANNOT_TELL else "[ ]"
    reported = f", {item.as_reported}" if item.as_reported else ""
    return f"{mark}{':' if len(mark) > len('[ ]') else ''} {rule.words} ({rule.id}, {rule.force}{reported})"

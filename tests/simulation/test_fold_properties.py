"""Folding any prefix, at any of the three times, with any keys withheld, never raises (I10); and words are total too."""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.commands import parse_line
from adapters.reading.acts import explain_acts, explain_questions
from adapters.reading.processes import expected_lines, shown_processes, stand_lines
from adapters.reading.timeline import lines
from adapters.reading.waiting import explain_waiting
from domain.case.acts import acts_of
from domain.case.citizenship import CitizenshipInformationObtained
from domain.case.decide import decide
from domain.case.facts import facts_of
from domain.case.moments import moments
from domain.case.state import Case, fold
from domain.events import Boxed, Compartment, Envelope, fields_of
from domain.personal import WITHHELD, Known
from domain.policy.owed import assess
from tests.e2e.embedded import H1, H2, read
from tests.specification import NOON, STREAM, Scenario, all_of_new_mexico, submission
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER, SIBLING, from_country, obtain, take_child, take_sibling


@cache
def history() -> tuple[Envelope, ...]:
    """Every case event of both bundled histories that needs no receipt, without any I/O."""
    found: list[Envelope] = []
    for path in (H1, H2):
        case, number = Case(), 0
        for raw in read(path):
            line = parse_line(raw)
            if line.case_id is None or raw["command"] in {"CorrectConsularNotification", "RecordDisclosureBreach"}:
                continue
            number += 1
            made = submission(
                line.command, at=line.learned_at, standing=all_of_new_mexico(), number=number, command_id=line.command_id,
                occurred_at=line.occurred_at,
            )
            decided = decide(made, case, STREAM)
            case = fold(decided, case)
            found += decided
    return tuple(found)


def withhold(envelope: Envelope, hidden: frozenset[Compartment]) -> Envelope:
    event = envelope.event
    changes: dict[str, Any] = {
        item.name: WITHHELD for item in fields(cast(Any, event))
        if isinstance(declared := fields_of(type(event))[item.name], Boxed) and declared.compartment in hidden
        and isinstance(getattr(event, item.name), Known)
    }
    return envelope._replace(event=replace(cast(Any, event), **changes)) if changes else envelope


def read_all(envelopes: Sequence[Envelope]) -> None:
    """Everything that reads a case, on whatever is left of it: nothing raises, and every event is told."""
    case = fold(envelopes)
    agency, now = all_of_new_mexico(), NOON + timedelta(days=60)
    assert [line.envelope for line in lines(envelopes)] == list(envelopes)
    acts_of(case, agency.packs_at(now))
    explain_acts(case, agency, now)
    explain_questions(case, now)
    explain_waiting(case, agency, now)
    for shown in shown_processes(case, agency, now):
        list(stand_lines(case, shown))
        list(expected_lines(case, shown, agency))
    assess(facts_of(case, agency.zone), agency.packs_at(now), agency.calendar_at(now))
    moments(case, agency.zone)


hidden_sets = st.sets(st.sampled_from(list(Compartment))).map(frozenset)


@settings(max_examples=40, deadline=None)
@given(upto=st.integers(0, 200), hidden=hidden_sets, seed=st.integers(0, 2**32))
def test_any_prefix_with_any_keys_withheld_is_read_without_raising(
    upto: int, hidden: frozenset[Compartment], seed: int
) -> None:
    chosen = random.Random(seed)
    prefix = history()[:upto]
    read_all([withhold(e, hidden) if chosen.random() < 0.8 else e for e in prefix])


@settings(max_examples=40, deadline=None)
@given(days=st.integers(-2, 60), by=st.sampled_from(["occurred_at", "learned_at"]))
def test_any_of_the_asserted_times_may_cut_a_history(days: int, by: str) -> None:
    limit = NOON + timedelta(days=days)
    read_all([e for e in history() if cast(datetime, getattr(e.circumstances, by)) <= limit])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_even_a_history_with_holes_is_read_without_raising(seed: int) -> None:
    chosen = random.Random(seed)
    read_all([e for e in history() if chosen.random() < 0.7])


def test_withheld_facts_withdraw_no_duty() -> None:
    """A reader without keys cannot tell, and what cannot be told moves nothing."""
    scenario = Scenario().given(
        *FAMILY, take_child, take_sibling, obtain(from_country(MOTHER, "GT"), from_country(CHILD, "GT"))
    )
    hidden = frozenset({Compartment.IDENTITY})
    blind = [
        withhold(e, hidden) if isinstance(e.event, CitizenshipInformationObtained) else e for e in scenario.envelopes
    ]
    more = replace(scenario, case=fold(blind)).when(obtain(from_country(FATHER, "MX"), id="more"))
    assert not [e for e in more.events() if type(e).__name__ in {"DutyWithdrawn", "EngagementEnded"}]


TELLINGS = [
    (MOTHER, "GT"), (MOTHER, "HN"), (CHILD, "GT"), (CHILD, "SV"), (SIBLING, "US"), (FATHER, "MX"),
]


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(len(TELLINGS))))
def test_facts_that_occurred_at_different_times_give_the_same_world_in_any_order_of_arrival(order: list[int]) -> None:
    in_custody = Scenario().given(*FAMILY, take_child, take_sibling)
    now = NOON + timedelta(days=30)
    scenario = in_custody
    for index in order:
        person, country = TELLINGS[index]
        occurred = NOON + timedelta(days=1 + index)
        told = obtain(from_country(person, country), id=f"telling {index}")
        scenario = scenario.when(told, at=now, occurred_at=occurred).scenario()
    of = scenario.case.citizenship.of
    origins = {
        person: (of(person).nationalities.value, of(person).birth_country.value)
        for person in (MOTHER, CHILD, SIBLING, FATHER)
    }
    assert origins == {
        MOTHER: (Known(("HN",)), Known("HN")), CHILD: (Known(("SV",)), Known("SV")),
        SIBLING: (Known(("US",)), Known("US")), FATHER: (Known(("MX",)), Known("MX")),
    }

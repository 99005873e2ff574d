"""Detention, trafficking, relief and language: whatever is missing or withheld, their states are read without raising."""
from __future__ import annotations

import random
from datetime import timedelta
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case.moments import RecordMoments
from domain.case.participation import Participation
from domain.case.petitions import relief_stage
from domain.case.screening import trafficking_stage
from domain.case.state import Case, fold
from domain.catalogue import CASE_EVENTS
from domain.events import Compartment, Envelope
from tests.simulation.test_fold_properties import read_all, withhold
from tests.specification import NOON
from tests.unit import test_detention as detention
from tests.unit import test_language as language
from tests.unit import test_participation as participation
from tests.unit import test_relief as relief
from tests.unit import test_trafficking as trafficking
from tests.unit.people import CHILD, FAMILY, MOTHER
from tests.unit.places import case_in


@cache
def history() -> tuple[Envelope, ...]:
    """Every event of these areas, in one case."""
    told = case_in("NJ").given(
        *FAMILY, detention.report, detention.number, detention.search, detention.locate, detention.contact,
        detention.person_there, detention.transfer, participation.ask, participation.answer, participation.transport,
        participation.advocate, participation.refer, participation.counsel, participation.explain, participation.paper,
        participation.plan, detention.ended, trafficking.screen, trafficking.flag, trafficking.refer,
        trafficking.interim, trafficking.benefit, *(command for command, _, _ in trafficking.NOTICES), relief.ask,
        relief.assign, relief.screened, relief.found, relief.sijs, relief.t_visa, relief.decided, relief.resources,
        relief.status,
        language.french, language.by_staff, language.by_contract, language.translate, language.translated, language.broker,
        (trafficking.expire, trafficking.AFTER), trafficking.longer, trafficking.eligible,
    ).envelopes
    rejected = language.family.given(language.by_staff).envelopes[-1:]
    expired = trafficking.assisted.given((RecordMoments(), trafficking.AFTER))
    late = expired.when(trafficking.longer, at=trafficking.AFTER, occurred_at=trafficking.AFTER - timedelta(days=1))
    never_expired = late.scenario().given((RecordMoments(), trafficking.AFTER)).envelopes[-1:]
    return told + rejected + never_expired


def read_states(case: Case) -> None:
    for detainee in case.detention.detainees.values():
        assert detainee.stage and detainee.whereabouts is not None
    assert isinstance(case.participation, Participation) and case.participation.unanswered is not None
    trafficking_stage(case, CHILD)
    case.trafficking.lapsing("America/New_York")
    relief_stage(case, CHILD)
    assert case.petitions.unfiled is not None and case.language.of(MOTHER).stage


@settings(max_examples=40, deadline=None)
@given(hidden=st.sets(st.sampled_from(list(Compartment))).map(frozenset), kept=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_a_history_with_holes_and_withheld_keys_is_read_without_raising(
    hidden: frozenset[Compartment], kept: float, seed: int
) -> None:
    chosen = random.Random(seed)
    left = [withhold(e, hidden) if chosen.random() < 0.8 else e for e in history() if chosen.random() < kept]
    read_all(left)
    read_states(fold(left))


def test_the_history_has_every_event_of_these_areas() -> None:
    areas = ("detention", "trafficking", "relief", "language")
    wanted = {event.__name__ for event in CASE_EVENTS if event.TOPIC.split(".")[1] in areas}
    assert {type(envelope.event).__name__ for envelope in history()} >= wanted
    assert history()[0].circumstances.occurred_at > NOON

"""A dry run is the decider's own work: the text in force changes nothing, whatever happened, and no history stops it."""
from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case.citizenship import CorrectCitizenship
from domain.case.consular import InformImmigrationUnit, NoticeForm, PrepareConsularNotification, RecordConsulateNotified, Way
from domain.case.custody import EndCustody
from domain.events import Compartment, Envelope
from domain.policy.dry_run import Change, Comparison, compare, with_pack
from domain.refusals import Refused
from domain.submission import Command
from tests.simulation.test_fold_properties import hidden_sets, history, withhold
from tests.specification import NOON, Scenario, an_id, new_mexico
from tests.unit.people import (
    CHILD,
    EPISODE,
    FAMILY,
    FATHER,
    MOTHER,
    SIBLING,
    from_country,
    obtain,
    take_child,
    take_sibling,
)
from tests.unit.texts import new_rule, nm

SINCE = datetime(2023, 12, 1, tzinfo=UTC)
NOW = NOON + timedelta(days=30)
PERSONS, COUNTRIES = (CHILD, SIBLING, MOTHER, FATHER), ("MX", "GT", "US", "SV")
OFFICES = (("cons-mx.el-paso", NoticeForm.NM_MEXICO), ("cons-gt.denver", NoticeForm.NM_PLAIN))
STEPS = 14


def compared(envelopes: Sequence[Envelope], text: str) -> Comparison:
    agency = new_mexico()
    numbered = [envelope._replace(position=number) for number, envelope in enumerate(envelopes, 10)]
    other = with_pack(agency, text, hashlib.sha256(text.encode()).hexdigest(), SINCE)
    return compare(numbered, [(1, agency)], [(1, other)], now=NOW)


def commands(chance: random.Random) -> Iterator[Command]:
    """What may happen in a family, in any order; much of it will be refused."""
    for number in range(STEPS):
        person, country = chance.choice(PERSONS), chance.choice(COUNTRIES)
        office, form = chance.choice(OFFICES)
        notice = an_id(f"notice {chance.randrange(3)}")
        yield chance.choice([
            take_child, take_sibling, EndCustody(child_id=CHILD, episode_id=EPISODE),
            obtain(from_country(person, country), id=f"information {number}"),
            obtain(from_country(person, country), id=f"information {number}"),
            InformImmigrationUnit(child_ids=(chance.choice((CHILD, SIBLING)),), unit="desk"),
            PrepareConsularNotification(notice_id=notice, office=office, form=form),
            RecordConsulateNotified(notice_id=notice, channel=Way.PAPER, receipt=chance.choice((None, "R-1"))),
        ])


def lived(seed: int) -> Scenario:
    chance = random.Random(seed)
    scenario = Scenario().given(*FAMILY)
    for command in commands(chance):
        at = scenario.at + timedelta(minutes=chance.choice((5, 90, 3_000)))
        try:
            scenario = scenario.when(command, at=at).scenario()
        except Refused:
            continue
        scenario = corrected(scenario, chance, at + timedelta(minutes=1))
    return scenario


def corrected(scenario: Scenario, chance: random.Random, at: datetime) -> Scenario:
    """Now and then, what was told last of somebody was never true."""
    person = chance.choice(PERSONS)
    told = scenario.case.citizenship.of(person).nationalities.current
    if told is None or chance.random() > 0.3:
        return replace(scenario, at=at)
    country = chance.choice(COUNTRIES)
    command = CorrectCitizenship(
        correction_id=an_id(f"correction {scenario.number}"), person_id=person, replaces_event_id=told.event_id,
        nationalities=(country,), birth_country=country, evidence="a birth certificate",
    )
    try:
        return scenario.when(command, at=at).scenario()
    except Refused:
        return replace(scenario, at=at)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_happened_the_text_in_force_would_change_nothing(seed: int) -> None:
    scenario = lived(seed)
    changes = compared(scenario.envelopes, nm()).changes
    assert {change for _, change in changes} <= {Change.UNCHANGED, Change.CANNOT_TELL}
    raised = {duty.key for duty in scenario.case.obligations.duties.values() if duty.withdrawn is None}
    assert sum(change is Change.UNCHANGED for _, change in changes) == len(raised)


@settings(max_examples=40, deadline=None)
@given(upto=st.integers(0, 200), hidden=hidden_sets, dropped=st.integers(0, 6), more=st.booleans())
def test_any_prefix_with_any_keys_withheld_is_compared_without_raising(
    upto: int, hidden: frozenset[Compartment], dropped: int, more: bool
) -> None:
    head, *rules = nm().split("[[rule]]")
    text = "[[rule]]".join([head, *rules[dropped:]]) + (new_rule() if more or dropped >= len(rules) else "")
    compared([withhold(envelope, hidden) for envelope in history()[:upto]], text)

"""Triggers: named facts about one child in one custody episode, each a small pure function.

A trigger answers for each of its subjects (the child, each parent): yes, with the country concerned and
the fact that made it so; no; or cannot tell, with the person whose origin is missing. *Cannot tell* is
not *no*: it raises a question, and neither raises, moves, meets nor withdraws a duty.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, assert_never
from uuid import UUID

from domain.facts import Fact, Register
from domain.personal import Known, Unknown, Withheld

US = "US"
UNITED_STATES = frozenset({US, "PR", "GU", "VI", "AS", "MP", "UM"})  # its territories have no consulate here
MEXICO = "MX"


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginFacts:
    """What is known of where a person is from: three separate things, of which status is none."""

    person_id: UUID
    nationalities: Register[tuple[str, ...]]
    birth_country: Register[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildFacts:
    """A child in a custody episode, and its recorded parents."""

    child: OriginFacts
    episode_id: UUID
    custody_event_id: UUID
    custody_at: datetime
    parents: tuple[OriginFacts, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Yes:
    """`country` is None where the rule's recipient is no consulate. `event_id` told it of `person_id`, at `learned_at`."""

    person_id: UUID
    country: str | None
    event_id: UUID
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class No: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CannotTell:
    """The origin of this person is missing; `withheld` where it was recorded and its key is not to be had."""

    person_id: UUID
    withheld: bool


Answer = Yes | No | CannotTell
T = TypeVar("T")
Trigger = Callable[[ChildFacts], Iterator[Answer]]
TRIGGERS: dict[str, Trigger] = {}


def trigger(function: Trigger) -> Trigger:
    """Make a function known to packs by its name."""
    TRIGGERS[function.__name__] = function
    return function


def _yes(person: OriginFacts, country: str | None, register: Register[T], says: Callable[[T], bool]) -> Yes:
    """Since when the agency knew: a second source that says the same starts no later clock."""
    alike = [fact for fact in register.told if isinstance(fact.value, Known) and says(fact.value.value)]
    first = min(alike, key=lambda fact: (fact.learned_at, fact.version))
    return Yes(person_id=person.person_id, country=country, event_id=first.event_id, learned_at=first.learned_at)


def _national(person: OriginFacts, country: str) -> Yes:
    return _yes(person, country, person.nationalities, lambda told: country in told and not UNITED_STATES & set(told))


def _foreign(person: OriginFacts) -> Yes:
    return _yes(person, None, person.nationalities, lambda told: not UNITED_STATES & set(told))


def _is_us(fact: Fact[tuple[str, ...]]) -> bool:
    return bool(UNITED_STATES & set(_countries(fact)))


def _nationalities(person: OriginFacts) -> Fact[tuple[str, ...]] | CannotTell:
    fact = person.nationalities.current
    match None if fact is None else fact.value:
        case Known():
            assert fact is not None
            return fact
        case Withheld():
            return CannotTell(person_id=person.person_id, withheld=True)
        case None | Unknown():
            return CannotTell(person_id=person.person_id, withheld=False)
        case other:
            assert_never(other)


def _countries(fact: Fact[tuple[str, ...]]) -> tuple[str, ...]:
    assert isinstance(fact.value, Known)
    return fact.value.value


def _birth_country(person: OriginFacts) -> Fact[str] | CannotTell:
    fact = person.birth_country.current
    if fact is None or isinstance(fact.value, Unknown):
        return CannotTell(person_id=person.person_id, withheld=False)
    return fact if isinstance(fact.value, Known) else CannotTell(person_id=person.person_id, withheld=True)


def _country(fact: Fact[str]) -> str:
    assert isinstance(fact.value, Known)
    return fact.value.value


@trigger
def child_is_no_us_citizen(facts: ChildFacts) -> Iterator[Answer]:
    """The child has a nationality and none of them is of the United States; yes for each country of nationality."""
    fact = _nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    elif _is_us(fact):
        yield No()
    else:
        yield from (_national(facts.child, country) for country in _countries(fact))


@trigger
def child_is_mexican_national(facts: ChildFacts) -> Iterator[Answer]:
    """Mexico is among the child's nationalities, whatever the others."""
    fact = _nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    else:
        is_mexican = MEXICO in _countries(fact)
        yield _yes(facts.child, MEXICO, facts.child.nationalities, lambda told: MEXICO in told) if is_mexican else No()


@trigger
def child_or_parent_is_foreign_national(facts: ChildFacts) -> Iterator[Answer]:
    """The child, or a recorded parent, has a nationality and none of them is of the United States."""
    for person in (facts.child, *facts.parents):
        fact = _nationalities(person)
        if isinstance(fact, CannotTell):
            yield fact
        else:
            yield No() if _is_us(fact) else _foreign(person)


def _born(person: OriginFacts, country: str) -> Yes:
    return _yes(person, country, person.birth_country, lambda told: told == country)


def _always(facts: ChildFacts) -> Yes:
    return Yes(
        person_id=facts.child.person_id, country=None, event_id=facts.custody_event_id, learned_at=facts.custody_at
    )


def _new_mexico_countries(facts: ChildFacts) -> Iterator[Answer]:
    """The nationalities of a child who is no US citizen, and the birth country of each parent born abroad."""
    yield from child_is_no_us_citizen(facts)
    for parent in facts.parents:
        fact = _birth_country(parent)
        if isinstance(fact, CannotTell):
            yield fact
        else:
            yield No() if _country(fact) in UNITED_STATES else _born(parent, _country(fact))


@trigger
def origin_in_mexico(facts: ChildFacts) -> Iterator[Answer]:
    """The child, being no US citizen, is a national of Mexico, or a parent was born there (New Mexico)."""
    for answer in _new_mexico_countries(facts):
        yield No() if isinstance(answer, Yes) and answer.country != MEXICO else answer


@trigger
def origin_in_another_country(facts: ChildFacts) -> Iterator[Answer]:
    """The child, being no US citizen, is a national of a country other than Mexico, or a parent was born in one."""
    for answer in _new_mexico_countries(facts):
        yield No() if isinstance(answer, Yes) and answer.country == MEXICO else answer


def _born_abroad(facts: ChildFacts) -> tuple[int, list[Answer]]:
    """How many recorded parents were born abroad, and who cannot be told; for a child who is a US citizen."""
    open_answers: list[Answer] = []
    child = _nationalities(facts.child)
    if isinstance(child, CannotTell):
        return 0, [child]
    if not _is_us(child):
        return 0, []
    abroad = 0
    for parent in facts.parents:
        fact = _birth_country(parent)
        if isinstance(fact, CannotTell):
            open_answers.append(fact)
        else:
            abroad += _country(fact) not in UNITED_STATES
    return abroad, open_answers


def _parents_born_abroad(facts: ChildFacts, wanted: Callable[[int], bool]) -> Iterator[Answer]:
    abroad, open_answers = _born_abroad(facts)
    if open_answers:
        yield from open_answers
    elif wanted(abroad):
        yield _always(facts)
    else:
        yield No()


@trigger
def citizen_child_with_both_parents_born_abroad(facts: ChildFacts) -> Iterator[Answer]:
    """The child is a US citizen and two recorded parents were born abroad."""
    yield from _parents_born_abroad(facts, lambda abroad: abroad >= 2)


@trigger
def citizen_child_with_one_parent_born_abroad(facts: ChildFacts) -> Iterator[Answer]:
    """The child is a US citizen and exactly one recorded parent was born abroad."""
    yield from _parents_born_abroad(facts, lambda abroad: abroad == 1)


@trigger
def every_notice(facts: ChildFacts) -> Iterator[Answer]:
    """Always: the rule says what any notice carries."""
    yield _always(facts)

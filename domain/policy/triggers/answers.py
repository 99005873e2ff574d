"""The three answers of a trigger, how a trigger gets its name, and how a field that may be unknown is read."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from uuid import UUID

from domain.facts import Fact, Register
from domain.personal import Known, Withheld
from domain.policy.facts import ChildFacts, MissingFact, PersonFacts, Since

US = "US"
UNITED_STATES = frozenset({US, "PR", "GU", "VI", "AS", "MP", "UM"})  # its territories have no consulate here
MEXICO = "MX"
T = TypeVar("T")


class Yes(NamedTuple):
    """`country` is None where the rule's recipient is no consulate. `since` is what made it so, of `person_id`."""

    person_id: UUID
    country: str | None
    since: Since


@dataclass(frozen=True, slots=True)
class No: ...


class CannotTell(NamedTuple):
    """A fact about this person is missing; `withheld` where it was recorded and its key is not to be had."""

    person_id: UUID
    missing: MissingFact
    withheld: bool


Answer = Yes | No | CannotTell
Judge = Callable[[ChildFacts], Iterator[Answer]]
Starts = Callable[[ChildFacts], Since | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """`starts` is what the rule hangs on, such as custody: before it nothing is owed and nothing asked. `reads` are the
    facts that may be missing: each is a question then."""

    name: str
    meaning: str
    starts: Starts
    reads: frozenset[MissingFact]
    judge: Judge

    def __call__(self, facts: ChildFacts) -> Iterator[Answer]:
        if self.starts(facts) is None:
            yield No()
        else:
            yield from self.judge(facts)


TRIGGERS: dict[str, Trigger] = {}


def trigger(starts: Starts, *reads: MissingFact) -> Callable[[Judge], Trigger]:
    """Make a function known to packs by its name. Its docstring is what legal staff read."""

    def declare(judge: Judge) -> Trigger:
        name = judge.__name__
        assert name not in TRIGGERS and judge.__doc__, f"{name}: one trigger, with a sentence that says when it is so"
        meaning = " ".join(judge.__doc__.split())
        TRIGGERS[name] = Trigger(name=name, meaning=meaning, starts=starts, reads=frozenset(reads), judge=judge)
        return TRIGGERS[name]

    return declare


# ------------------------------------------------------------------ what a rule hangs on
def opened(facts: ChildFacts) -> Since | None:
    return facts.opened


def custody(facts: ChildFacts) -> Since | None:
    return facts.custody


def custody_or_its_plan(facts: ChildFacts) -> Since | None:
    return facts.spell


def reception(facts: ChildFacts) -> Since | None:
    return facts.received


def suspicion(facts: ChildFacts) -> Since | None:
    """The first concern or finding; one that is withheld hangs on the case, for it cannot be told."""
    return min(facts.suspected, key=lambda one: one.at, default=facts.opened if facts.is_suspicion_withheld else None)


# ------------------------------------------------------------------ reading a field
def of_child(facts: ChildFacts, since: Since) -> Yes:
    """Yes about the child itself, toward no consulate."""
    return Yes(person_id=facts.child.person_id, country=None, since=since)


def known(person: PersonFacts, register: Register[T], missing: MissingFact) -> Fact[T] | CannotTell:
    """What a field tells now, or that nobody can tell."""
    fact = register.current
    if fact is not None and isinstance(fact.value, Known):
        return fact
    is_withheld = fact is not None and isinstance(fact.value, Withheld)
    return CannotTell(person_id=person.person_id, missing=missing, withheld=is_withheld)


def value(fact: Fact[T]) -> T:
    assert isinstance(fact.value, Known)
    return fact.value.value


def since_told(register: Register[T], says: Callable[[T], bool]) -> Since:
    """Since when the agency knew: a second source that says the same starts no later clock."""
    alike = [fact for fact in register.told if isinstance(fact.value, Known) and says(fact.value.value)]
    first = min(alike, key=lambda fact: (fact.learned_at, fact.version))
    return Since(at=first.learned_at, occurred_at=first.occurred_at, event_id=first.event_id)


def is_us(nationalities: tuple[str, ...]) -> bool:
    return bool(UNITED_STATES & set(nationalities))


def nationalities(person: PersonFacts) -> Fact[tuple[str, ...]] | CannotTell:
    return known(person, person.nationalities, MissingFact.ORIGIN)


def birth_country(person: PersonFacts) -> Fact[str] | CannotTell:
    return known(person, person.birth_country, MissingFact.ORIGIN)


def national(person: PersonFacts, country: str) -> Yes:
    """A national of this country, and of the United States not at all."""
    since = since_told(person.nationalities, lambda told: country in told and not is_us(told))
    return Yes(person_id=person.person_id, country=country, since=since)


def foreign(person: PersonFacts) -> Yes:
    """No national of the United States: of other countries, or of none."""
    since = since_told(person.nationalities, lambda told: not is_us(told))
    return Yes(person_id=person.person_id, country=None, since=since)

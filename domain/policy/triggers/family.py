"""Triggers of what is owed to a family: its language, its part in court, its ties, counsel, and a minor who comes alone."""
from __future__ import annotations

from collections.abc import Iterator

from domain.policy.facts import ChildFacts, MissingFact, PersonFacts, later
from domain.policy.triggers.answers import (
    UNITED_STATES,
    Answer,
    CannotTell,
    No,
    Yes,
    birth_country,
    custody,
    foreign,
    is_us,
    known,
    nationalities,
    of_child,
    reception,
    since_told,
    trigger,
    value,
)

ENGLISH = "en"


@trigger(custody, MissingFact.LANGUAGE)
def family_prefers_another_language(facts: ChildFacts) -> Iterator[Answer]:
    """The child, or a recorded parent, prefers a language other than English. Of a child alone nobody is asked."""
    for person in (facts.child, *facts.parents):
        fact = known(person, person.language, MissingFact.LANGUAGE)
        if isinstance(fact, CannotTell):
            yield No() if person is facts.child and not fact.withheld else fact
        elif value(fact) == ENGLISH:
            yield No()
        else:
            since = since_told(person.language, lambda told: told != ENGLISH)
            yield Yes(person_id=person.person_id, country=None, since=since)


@trigger(custody, MissingFact.RESIDENCE)
def parent_lives_abroad(facts: ChildFacts) -> Iterator[Answer]:
    """A recorded parent of a child in custody lives in another country."""
    for parent in facts.parents:
        fact = known(parent, parent.address, MissingFact.RESIDENCE)
        if isinstance(fact, CannotTell):
            yield fact
        elif value(fact).country in UNITED_STATES:
            yield No()
        else:
            since = since_told(parent.address, lambda told: told.country not in UNITED_STATES)
            yield Yes(person_id=parent.person_id, country=None, since=since)


@trigger(custody, MissingFact.ORIGIN)
def immigrant_family(facts: ChildFacts) -> Iterator[Answer]:
    """The child, or a recorded parent, is no US national or was born abroad; one of them is enough."""
    answers = [_immigrant(person) for person in (facts.child, *facts.parents)]
    found = [answer for answer in answers if isinstance(answer, Yes)]
    yield from found or answers


def _immigrant(person: PersonFacts) -> Answer:
    national, born = nationalities(person), birth_country(person)
    if not isinstance(national, CannotTell) and not is_us(value(national)):
        return foreign(person)
    if not isinstance(born, CannotTell) and value(born) not in UNITED_STATES:
        since = since_told(person.birth_country, lambda told: told not in UNITED_STATES)
        return Yes(person_id=person.person_id, country=None, since=since)
    return next((fact for fact in (national, born) if isinstance(fact, CannotTell)), No())


@trigger(lambda facts: facts.found_eligible)
def found_eligible_as_special_immigrant_juvenile(facts: ChildFacts) -> Iterator[Answer]:
    """Counsel found that a petition as special immigrant juvenile may be filed for the child."""
    assert facts.found_eligible is not None
    yield of_child(facts, facts.found_eligible)


@trigger(reception, MissingFact.ORIGIN)
def noncitizen_minor_received_alone(facts: ChildFacts) -> Iterator[Answer]:
    """A minor who is no US citizen came into care with no parent or guardian who has custody."""
    assert facts.received is not None
    fact = nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    else:
        yield No() if is_us(value(fact)) else of_child(facts, later(facts.received, foreign(facts.child).since))

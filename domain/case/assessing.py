"""What is owed on a case, assessed anew only where something has changed that it rests on."""
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from domain.agency.state import Agency
from domain.case.facts import READ, facts_of, last_day
from domain.policy.calendar import Calendar
from domain.policy.facts import ChildFacts
from domain.policy.owed import Assessment, assess
from domain.policy.pack import Pack

if TYPE_CHECKING:
    from domain.case.state import Case


class InForce(NamedTuple):
    """What the facts of one moment are judged by: the adopted packs and calendar, and the zone of the agency."""

    zone: str
    packs: tuple[Pack, ...]
    calendar: Calendar | None


class Assessed(NamedTuple):
    """What is owed at a version of a case, and all that this rests on: while that is the same, so is what is owed.

    `rests_on` is what of the case the facts are read from, with the rules; `judged` are the facts with the rules.
    """

    version: int
    rests_on: tuple[object, ...]
    judged: tuple[tuple[ChildFacts, ...], InForce]
    assessment: Assessment


def in_force(standing: Agency, moment: datetime) -> InForce:
    return InForce(standing.zone, standing.packs_at(moment), standing.calendar_at(moment))


def assessed_under(rules: InForce, case: Case, known: Assessed | None) -> Assessed:
    """What is owed on a case. `known` is an earlier answer, and is given again while all is the same that it rests on.

    Much that happens to a person, a notice that was received above all, is a fact to no rule, and is not judged again.
    """
    rests_on = (last_day(case, rules.zone), *[getattr(case, name) for name in READ], rules)
    if known is not None and known.rests_on == rests_on:
        return known
    judged = tuple(facts_of(case, rules.zone)), rules
    if known is not None and known.judged == judged:
        return Assessed(case.version, rests_on, judged, known.assessment)
    return Assessed(case.version, rests_on, judged, assess(judged[0], rules.packs, rules.calendar))


def assessed(case: Case, standing: Agency, moment: datetime) -> Assessment:
    """What is owed on a case by the rules in force at a moment."""
    return assessed_under(in_force(standing, moment), case, None).assessment

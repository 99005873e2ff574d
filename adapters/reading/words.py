"""How times, people and fields are written for people."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.case.obligations import WithdrawnBecause
from domain.case.state import Case
from domain.events import Compartment
from domain.personal import Known, Personal, Withheld
from domain.policy.facts import MissingFact

WITHHELD = "(withheld)"
NOT_KNOWN = "(not known)"
NONE_STATED = "none stated"
"""What a pack has for the limit of a rule whose source names none."""
COUNTRY_NAMES = {"MX": "Mexico", "GT": "Guatemala", "HN": "Honduras", "US": "United States", "SV": "El Salvador"}


QUESTIONS = {
    MissingFact.ORIGIN: ("where {} is from", "proxy questions on origin, stay and family (US-CIT-PROXY), never status"),
    MissingFact.BIRTH_DATE: ("when {} was born", "the family, or a paper; an estimate marked as one is an answer"),
    MissingFact.LANGUAGE: ("which language {} prefers", "the person; a language says nothing of where somebody is from"),
    MissingFact.RESIDENCE: ("in which country {} lives", "the family, never status; an address is recorded as it is said"),
    MissingFact.SILENCE: ("why another system tells of {} no longer", "whoever keeps that system; answer by ExplainSilence"),
    MissingFact.COURT: ("whether {}'s case is before the court", "the agency's counsel or the court's list of hearings"),
}
"""What is not known, and a lawful way to ask."""


def missing(case: Case, person_id: UUID, fact: MissingFact) -> str:
    """`where Ana Ochoa is from`."""
    return QUESTIONS[fact][0].format(person(case, person_id))


def personal(value: Personal[Any]) -> str:
    """A personal field as this reader may see it."""
    if isinstance(value, Known):
        known = value.value
        if isinstance(known, tuple):
            return ", ".join(country(str(item)) for item in known)
        return str(known)
    return WITHHELD if isinstance(value, Withheld) else NOT_KNOWN


SAID = {"clear": "no concern at this screening", "clear despite signs": "no concern at this screening in spite of signs"}
"""Codes that would say more than anybody knows."""


def in_words(code: object) -> str:
    """A code as people read it."""
    words = str(code).replace("_", " ")
    return SAID.get(words, words)


def counted(number: int, one: str, many: str) -> str:
    """`1 key`, `5 keys`."""
    return f"{number} {one if number == 1 else many}"


def parts(compartments: tuple[Compartment, ...]) -> str:
    return "everything" if set(compartments) == set(Compartment) else ", ".join(compartments)


def country(code: str) -> str:
    return COUNTRY_NAMES.get(code, code)


def countries(value: Personal[tuple[str, ...]]) -> str:
    return personal(value)


def person(case: Case, person_id: UUID) -> str:
    """A person by name; the first eight signs of their id where the name is not to be had."""
    known = case.intake.people.get(person_id)
    name = None if known is None else known.name.value
    if isinstance(name, Known):
        return f"{name.value.given_names} {name.value.surnames}"
    return f"person {str(person_id)[:8]} {WITHHELD if isinstance(name, Withheld) else NOT_KNOWN}"


def people(case: Case, person_ids: tuple[UUID, ...]) -> str:
    return ", ".join(person(case, person_id) for person_id in person_ids)


def withdrawn(reason: WithdrawnBecause | None) -> str:
    """Why a duty ended unmet."""
    match reason:
        case WithdrawnBecause.NO_RECIPIENT:
            return "the country has no consulate here"
        case WithdrawnBecause.MISLINKED:
            return "the fact that raised it was another person's"
        case WithdrawnBecause.POLICY:
            return "the rules in force since ask for it no more, or with another limit"
        case _:
            return "the fact that raised it was never true"


def moment(at: datetime, zone: str) -> str:
    """`Thu 13 Aug 2026 16:10`, in a zone."""
    return at.astimezone(ZoneInfo(zone)).strftime("%a %d %b %Y %H:%M")


def due(at: datetime, zone: str) -> str:
    """A due moment; the last instant of a day reads as the end of that day."""
    local = at.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute, local.second) == (23, 59, 59):
        return local.strftime("end of %a %d %b %Y")
    return local.strftime("%a %d %b %Y %H:%M")


def limit(qualifier: str | None) -> str:
    """A limit of words, as its rule has it; a rule that names none says so."""
    return "no limit stated" if qualifier in (None, NONE_STATED) else qualifier


def span(length: timedelta) -> str:
    """`47 h 20 min`; days from two on."""
    minutes = int(length.total_seconds()) // 60
    if minutes >= 60 * 24 * 4:
        return f"{minutes // (60 * 24)} days"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"

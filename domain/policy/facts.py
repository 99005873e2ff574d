"""What triggers read: a child, its parents, and what has happened to it, each with the moment from which it counts."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from domain.facts import Register
from domain.people import Address, BirthDate


class MissingFact(StrEnum):
    """What nobody knows, and a rule needs."""

    ORIGIN = "origin"  # nationality and birth country: ask by proxy questions, never status
    BIRTH_DATE = "birth_date"  # an estimate is an answer too
    LANGUAGE = "language"  # the language in which a person wants to be spoken to
    RESIDENCE = "residence"  # in which country a parent lives
    COURT = "court"  # whether the child's case is before the court
    SILENCE = "silence"  # why another system tells of a person no longer; no rule asks, and none closes it


class Since(NamedTuple):
    """One thing that made a rule apply: when it was so in the world, and from when a clock may count it.

    `spell_id` is the custody episode that it began, or the plan of one; absent where it has nothing to do with custody.
    """

    at: datetime
    occurred_at: datetime
    event_id: UUID
    spell_id: UUID | None = None


def later(one: Since, other: Since) -> Since:
    """The later of two facts that a rule needs both: its clock starts there (domain.md N1)."""
    return other if other.at > one.at else one


class PersonFacts(NamedTuple):
    """What is known of a person. Nationality and birth country are two things, and status is none of them."""

    person_id: UUID
    nationalities: Register[tuple[str, ...]] = Register()
    birth_country: Register[str] = Register()
    birth_date: Register[BirthDate] = Register()
    language: Register[str] = Register()
    address: Register[Address] = Register()


class ChildFacts(NamedTuple):
    """A child of the case in one spell of custody, planned or taken; a child without any has one without a spell.

    `as_of` begins the last day in which the case was told anything, in the zone of the agency: what a birthday brings
    is there once it has come. `suspected` are the concerns and findings that the child may have been trafficked;
    `is_suspicion_withheld` where a finding was recorded that this reader may not see.
    """

    child: PersonFacts
    parents: tuple[PersonFacts, ...]
    as_of: datetime
    opened: Since | None = None
    planned: Since | None = None
    custody: Since | None = None
    custody_ended_at: datetime | None = None
    received: Since | None = None
    in_court: Since | None = None
    unit_informed: tuple[Since, ...] = ()
    suspected: tuple[Since, ...] = ()
    is_suspicion_withheld: bool = False
    found_eligible: Since | None = None
    relief_candidate: Since | None = None
    is_relief_withheld: bool = False

    @property
    def spell(self) -> Since | None:
        """From when custody counts where the plan of it counts too."""
        return self.planned or self.custody

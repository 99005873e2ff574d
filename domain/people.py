"""Names, places and addresses as people write them: nothing is folded, split or guessed."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonName:
    """Full surnames stay together, both where there are two, with their accents."""

    given_names: str
    surnames: str


class DatePart(StrEnum):
    """How far a date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True, slots=True)
class BirthDate:
    """Of a month or a year alone `day` is the first day, and the whole is an estimate: the person may be younger."""

    day: date
    is_estimate: bool
    known_to: DatePart = field(default=DatePart.DAY, repr=False)  # what was said of older dates reads as it did


def birth_date(day: date, known_to: DatePart = DatePart.DAY, *, is_estimate: bool = False) -> BirthDate:
    """A birth date as far as it is known."""
    first = {DatePart.DAY: day, DatePart.MONTH: day.replace(day=1), DatePart.YEAR: day.replace(month=1, day=1)}
    return BirthDate(day=first[known_to], is_estimate=is_estimate or known_to is not DatePart.DAY, known_to=known_to)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a person is from: nationality and birth country are two facts (ISO 3166-1 alpha-2), never one.

    Either may be unknown alone. A person's immigration status is a third thing and has no place here.
    """

    nationalities: tuple[str, ...] | None
    birth_country: str | None
    birth_city: str | None
    birth_region: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A dwelling. In Mexico the colonia and landmarks are what a social worker finds it by."""

    country: str
    street: str | None
    number: str | None
    colonia: str | None
    municipality: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    landmarks: str | None


class Role(StrEnum):
    MOTHER = "mother"
    FATHER = "father"
    PARENT = "parent"
    RELATIVE = "relative"
    CARER = "carer"
    SPONSOR = "sponsor"


PARENTS = frozenset({Role.MOTHER, Role.FATHER, Role.PARENT})

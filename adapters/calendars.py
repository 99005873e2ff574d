"""The calendars that are shipped: the civil calendar of the package `holidays`, and what laws and agencies say otherwise."""
from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

OVERRIDES = Path(__file__).with_suffix(".toml")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)
COUNTS = ("first", "second", "third", "fourth")
ON = re.compile(
    rf"(?P<after>day after )?(?P<count>{'|'.join(COUNTS)}|last) "
    rf"(?P<weekday>{'|'.join(DAYS)}) of (?P<month>{'|'.join(MONTHS)})"
)
OBSERVED = " (observed)"
HEAD = """\
# Made by `casebridge policy calendars domain/calendars`; a test fails when it is not current.
# Working days of {place}. Saturdays and Sundays are days off by themselves.
# The seed is the package holidays {seed_version}; a day that says nothing more is the seed's, for the agency to confirm.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A day off that is added, `on` such a day of each year, or one of the seed's that is a working day after all."""

    name: str
    on: str | None
    citation: str
    from_: date
    until: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What a calendar is made from."""

    id: str
    place: str
    seed: str
    citation: str
    overrides: tuple[Override, ...]


@dataclass(frozen=True, slots=True)
class DayOff:
    name: str
    citation: str | None  # None for a day of the seed


Seed = Callable[[str, range], Mapping[date, list[str]]]


def calendars() -> dict[str, str]:
    """Every calendar as TOML, by the name of its file. Raises ValueError for an override that says nothing."""
    span, sources = read(OVERRIDES.read_text(encoding="utf-8"))
    return {f"{source.id}.toml": text(source, *span, seed=civil) for source in sources}


def civil(subdivision: str, years: range) -> Mapping[date, list[str]]:
    """The names of each day off of a state, by the civil calendar of `holidays`."""
    from holidays import country_holidays  # Imported on first use: it is large.

    found = country_holidays("US", subdiv=subdivision, years=years)
    return {day: found.get_list(day) for day in found}


def read(table: str) -> tuple[tuple[date, date], tuple[Source, ...]]:
    """The days that the calendars cover, and what each is made from."""
    document = tomllib.loads(table)
    span = document.pop("span")
    first, last = span["first"], span["last"]
    sources = tuple(
        Source(
            id=id, place=told["place"], seed=told["seed"], citation=told["citation"],
            overrides=tuple(_override(one, first, last) for one in told.get("override", ())),
        )
        for id, told in document.items()
    )
    return (first, last), sources


def text(source: Source, first: date, last: date, *, seed: Seed) -> str:
    """The calendar as TOML, each day off with the citation of the override that added it."""
    found = days_off(source, first, last, seed=seed)
    rows = "".join(f"{_row(day, off)}\n" for day, off in sorted(found.items()))
    head = HEAD.format(place=source.place, seed_version=version("holidays"))
    notes = "".join(f"# Not a day off: {_told(one)}\n" for one in source.overrides if one.on is None)
    return (
        f"{head}{notes}\nday_off = [\n{rows}]\n\n[calendar]\nid = \"{source.id}\"\ncitation = \"{source.citation}\"\n"
        f"first = {first}\nlast = {last}\n"
    )


def days_off(source: Source, first: date, last: date, *, seed: Seed) -> dict[date, DayOff]:
    """The days off from `first` to `last` that are no weekends. An added day counts where the seed has it too."""
    years = range(first.year, last.year + 2)  # What is observed on the last day of a year belongs to the next.
    removed, added = ([one for one in source.overrides if (one.on is None) is gone] for gone in (True, False))
    found: dict[date, DayOff] = {}
    for day, names in seed(source.seed, years).items():
        left = [name for name in names if not any(_names(one, name, day) for one in removed)]
        if left:
            found[day] = DayOff("; ".join(left), None)
    for one in added:
        assert one.on is not None
        for year in years:
            day = day_of(one.on, year)
            if one.from_ <= day <= one.until:
                found[day] = DayOff(one.name, one.citation)
    return {day: off for day, off in found.items() if first <= day <= last and day.weekday() < 5}


def day_of(rule: str, year: int) -> date:
    """The day that a rule such as "third Friday of June" or "day after first Monday of November" names in a year."""
    told = ON.fullmatch(rule)
    if told is None:
        raise ValueError(f"{rule!r} is no day of a year: write it like `third Friday of June`")
    month, weekday = MONTHS.index(told["month"]) + 1, DAYS.index(told["weekday"])
    days = (date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1))
    matching = [day for day in days if day.weekday() == weekday]
    day = matching[-1] if told["count"] == "last" else matching[COUNTS.index(told["count"])]
    return day + timedelta(days=1) if told["after"] else day


def _override(told: Mapping[str, Any], first: date, last: date) -> Override:
    unknown = set(told) - {"add", "remove", "on", "citation", "from", "until"}
    if unknown or ("add" in told) == ("remove" in told) or ("add" in told) != ("on" in told):
        raise ValueError(f"an override adds a day `on` some day of the year, or removes one: {dict(told)}")
    if "on" in told:
        day_of(told["on"], first.year)
    return Override(
        name=told.get("add") or told["remove"], on=told.get("on"), citation=told["citation"],
        from_=told.get("from", first), until=told.get("until", last),
    )


def _names(one: Override, name: str, day: date) -> bool:
    return name.removesuffix(OBSERVED) == one.name and one.from_ <= day <= one.until


def _row(day: date, off: DayOff) -> str:
    return f'  {{ day = {day}, name = "{off.name}" }},' + (f"  # {off.citation}" if off.citation else "")


def _told(one: Override) -> str:
    return f"{one.name}, {one.citation}"

"""Reading an adopted text: TOML in which every value is looked at before anybody relies on it."""
from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Never

from domain.refusals import Refused
from domain.zones import is_zone

TABLES_MAX = 2_000
NAME_LENGTH_MAX = 80
FIRST_YEAR, LAST_YEAR = 1900, 8999  # Every reckoning from such a date stays within what a date can be.


@dataclass(frozen=True, slots=True)
class Table:
    """A table of an adopted text. Whatever is read from it is as it is asked for, or Refused by name and key."""

    rule: str
    name: str
    values: Mapping[str, object]

    def refuse(self, because: str) -> Never:
        raise Refused(f"{self.name}: {because}", rule=self.rule, field="text")

    def only(self, *known: str) -> None:
        """A misspelt key must not pass for one that was left out."""
        for key in self.values:
            if key not in known:
                self.refuse(f"there is no {key!r} here")

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse(f"{key} is a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def code(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            self.refuse(f"{key} has the form {pattern.pattern}")
        return value

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        value = self.text(key)
        if value not in allowed:
            self.refuse(f"{key} is one of {', '.join(sorted(allowed))}")
        return value

    def zone(self, key: str) -> str:
        value = self.text(key)
        if not is_zone(value):
            self.refuse(f"{key} is a time zone such as America/Denver")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where it is left out."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.refuse(f"{key} is a list of texts")
        return tuple(value)

    def truth(self, key: str) -> bool:
        value = self._value(key)
        if not isinstance(value, bool):
            self.refuse(f"{key} is true or false")
        return value

    def whole(self, key: str, *, most: int) -> int:
        """A whole number from 1 to `most`."""
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            self.refuse(f"{key} is a whole number from 1 to {most}")
        return value

    def wholes(self, key: str, *, most: int) -> tuple[int, ...]:
        """A list of whole numbers from 1 to `most`, empty where it is left out."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(type(item) is int and 1 <= item <= most for item in value):
            self.refuse(f"{key} is a list of whole numbers from 1 to {most}")
        return tuple(value)

    def day(self, key: str) -> date:
        value = self._value(key)
        if not isinstance(value, date) or isinstance(value, datetime) or not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.refuse(f"{key} is a date such as 2026-01-01, without quotes")
        return value

    def table(self, key: str) -> Table:
        value = self._value(key)
        if not isinstance(value, dict):
            self.refuse(f"{key} is a table")
        return Table(self.rule, f"{self.name}: {key}", value)

    def tables(self, key: str, *, named_by: str | None = None) -> tuple[Table, ...]:
        """A list of tables, empty where it is left out; each is called what it says of itself under `named_by`.

        No two say the same of themselves there.
        """
        value = self.values.get(key, [])
        if not isinstance(value, list) or len(value) > TABLES_MAX or not all(isinstance(item, dict) for item in value):
            self.refuse(f"{key} is a list of at most {TABLES_MAX} tables")
        found: dict[str, Table] = {}
        for number, item in enumerate(value, 1):
            told = item.get(named_by) if named_by else None
            name = told[:NAME_LENGTH_MAX] if isinstance(told, str) and told.strip() else f"{key} {number}"
            if name in found:
                self.refuse(f"{name} stands there twice")
            found[name] = Table(self.rule, name, item)
        return tuple(found.values())

    def _value(self, key: str) -> object:
        if key not in self.values:
            self.refuse(f"it does not state {key}")
        return self.values[key]


def adopted(text: str, *, rule: str, what: str) -> Table:
    """The whole of a text. Raises Refused where it is no TOML."""
    try:
        return Table(rule, what, tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # A number of thousands of digits is a plain ValueError.
        because = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise Refused(f"this is no {what}: {because}", rule=rule, field="text") from error

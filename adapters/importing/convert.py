"""From the cells of a row to the values of a command: what cannot be read is refused by column and rule, never guessed."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from adapters.importing.mapping import Cell, Condition, ImportMapping, Kind
from domain.countries import CODES
from domain.spelling import plain
from domain.zones import is_zone

Scalar = str | bool | int
TOUCHING = re.compile(r"%[YmdHMS]%[YmdHMS]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong with a row, or odd about it: where and by which rule. It never holds a value."""

    column: str | None
    because: str
    rule: str
    field: str | None = None
    command: str | None = None


class Bad(Exception):
    """A cell cannot be read."""

    def __init__(self, because: str, *, rule: str, column: str) -> None:
        super().__init__(because)
        self.because, self.rule, self.column = because, rule, column


class Cells:
    """One row, read as a mapping says. Odd things that stop nothing are kept in `warnings`."""

    def __init__(self, cells: Mapping[str, str], mapping: ImportMapping) -> None:
        self._cells, self._mapping = cells, mapping
        self.warnings: list[Fault] = []

    def holds(self, condition: Condition) -> bool:
        text = self.text(condition.column, ())
        if condition.wanted == "present":
            return text is not None
        if condition.wanted == "empty":
            return text is None
        return text is not None and plain(text) in {plain(word) for word in condition.wanted}

    def text(self, column: str, empty: tuple[str, ...]) -> str | None:
        """A cell without the blanks around it; None where it says nothing. Raises Bad where its signs are broken."""
        text = self._cells.get(column, "").strip()
        if any("\udc80" <= sign <= "\udcff" for sign in text):
            raise Bad(f"it is not written in {self._mapping.file.encoding}", rule="IMPORT-ENCODING", column=column)
        return None if text in ("", *self._mapping.file.empty, *empty) else text

    def value(self, cell: Cell) -> Scalar | list[Scalar] | dict[str, str] | None:
        """The value of a cell; None where it says nothing. Raises Bad."""
        parts = [text for column in cell.columns if (text := self.text(column, cell.empty)) is not None]
        if not parts:
            return None
        text = " ".join(parts)
        if cell.split is not None:
            return [self._scalar(cell, part.strip()) for part in text.split(cell.split) if part.strip()]
        if cell.source is not None:
            self._matches(cell, text)
            return {"source": cell.source, "id": text}
        return self._scalar(cell, text)

    def _scalar(self, cell: Cell, text: str) -> Scalar:
        column = ", ".join(cell.columns)
        self._matches(cell, text)
        match cell.kind:
            case Kind.DATE:
                return _parsed(text, cell, column).date().isoformat()
            case Kind.TIME:
                return self._time(text, cell, column)
            case Kind.NUMBER:
                if not (text.isascii() and text.isdigit()):
                    raise Bad("a whole number is wanted", rule="IMPORT-VALUE", column=column)
                return int(text)
            case Kind.SURNAMES if len(text.split()) == 1:
                because = "only one surname is given: where the family has two, both belong here"
                self.warnings.append(Fault(column=column, because=because, rule="P01"))
            case _:
                pass
        if cell.values is None:
            if cell.kind is Kind.COUNTRY and text not in CODES:
                raise Bad("no country is known by this word", rule="COUNTRY-CODE", column=column)
            return text
        return self._word(text, cell, column)

    def _word(self, text: str, cell: Cell, column: str) -> Scalar:
        found = self._mapping.values[cell.values or ""].get(plain(text))
        if found is not None:
            return found
        if cell.kind is Kind.COUNTRY:
            if text in CODES:
                return text
            raise Bad("no country is known by this word", rule="COUNTRY-CODE", column=column)
        raise Bad(f"the mapping has no such word under [values.{cell.values}]", rule="IMPORT-VALUE", column=column)

    def _matches(self, cell: Cell, text: str) -> None:
        if cell.pattern is not None and not cell.pattern.fullmatch(text):
            because = "it does not have the form that the mapping gives for it"
            raise Bad(because, rule="IMPORT-PATTERN", column=", ".join(cell.columns))

    def _time(self, text: str, cell: Cell, column: str) -> str:
        moment = _parsed(text, cell, column)
        if moment.tzinfo is not None:
            return moment.isoformat()
        zone = cell.zone or self._zone(cell, column)
        moment = moment.replace(tzinfo=ZoneInfo(zone))
        if moment.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != moment.replace(tzinfo=None):
            raise Bad("the clock jumped over this time that night", rule="IMPORT-ZONE", column=column)
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            raise Bad("the clock showed this time twice that night: write its offset", rule="IMPORT-ZONE", column=column)
        return f"{moment.isoformat()}[{zone}]"

    def _zone(self, cell: Cell, column: str) -> str:
        assert cell.zone_column is not None
        zone = self.text(cell.zone_column, ())
        if zone is None:
            raise Bad("a time needs its zone", rule="IMPORT-ZONE", column=column)
        if not is_zone(zone):
            raise Bad("name a time zone, such as America/Denver", rule="IMPORT-ZONE", column=cell.zone_column)
        return zone


def _parsed(text: str, cell: Cell, column: str) -> datetime:
    form = cell.format or ""
    moment = _read(text, form)
    if moment is None:
        swapped = form.replace("%m", "%\0").replace("%d", "%m").replace("%\0", "%d")
        hint = "" if _read(text, swapped) is None else "; day and month seem to be swapped"
        raise Bad(f"it is not written as {form}{hint}", rule="IMPORT-DATE", column=column)
    return moment


def _read(text: str, form: str) -> datetime | None:
    """The moment that is written so, or None. Where digits touch, each has all of its own: 2017111 is two dates."""
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone that the mapping names
    except ValueError:
        return None
    return None if TOUCHING.search(form) and moment.strftime(form) != text else moment

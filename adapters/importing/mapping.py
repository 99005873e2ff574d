"""A mapping: which columns of another system's export mean which fields of which commands, as TOML that people read."""
from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from domain.catalogue import CASE_COMMANDS
from domain.outside import is_source
from domain.refusals import Refused
from domain.spelling import plain
from domain.submission import COMMANDS
from domain.zones import is_zone

RULE = "IMPORT-MAPPING"
MAPPING_BYTES_MAX = 1024 * 1024
COMMANDS_MAX = 40
ENCODINGS = {"utf-8": "utf-8-sig", "cp1252": "cp1252", "latin-1": "latin-1"}


class Kind(StrEnum):
    """What a cell is read as."""

    TEXT = "text"
    SURNAMES = "surnames"  # as text, and a warning where there is only one
    DATE = "date"
    TIME = "time"
    COUNTRY = "country"
    NUMBER = "number"


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """How the file is written."""

    format: Format | None = None  # None: by the file's suffix
    delimiter: str = ","
    encoding: str = "utf-8"
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A value that is read from one column, or from several joined by a blank. With `source` it is an outside id."""

    columns: tuple[str, ...]
    kind: Kind = Kind.TEXT
    source: str | None = None
    format: str | None = None
    zone: str | None = None
    zone_column: str | None = None
    values: str | None = None
    split: str | None = None
    pattern: re.Pattern[str] | None = None
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | bool | int


Expression = Cell | Constant | tuple["Expression", ...] | Mapping[str, "Expression"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A column holds something, nothing, or one of these words."""

    column: str
    wanted: str | tuple[str, ...]  # "present", "empty", or the words


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One command of each row for which `when` holds and the fields that it `needs` say something."""

    command: str
    when: tuple[Condition, ...]
    needs: tuple[str, ...]
    occurred_at: Cell
    learned_at: Cell | None
    data: Mapping[str, Expression]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportMapping:
    source: str
    agency: str
    role: str
    user: str
    row: tuple[str, ...]
    case: Cell
    file: File
    values: Mapping[str, Mapping[str, str | bool | int]]  # words folded, so that case and accents do not count
    commands: tuple[Template, ...]
    columns: frozenset[str] = field(default=frozenset())


def load_mapping(path: Path) -> ImportMapping:
    """Read a mapping; raises Refused saying which key of it is wrong."""
    raw = path.read_bytes()
    if len(raw) > MAPPING_BYTES_MAX:
        raise Refused(f"a mapping has at most {MAPPING_BYTES_MAX:,} bytes", rule=RULE)
    try:
        return parse_mapping(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refused("a mapping is written in UTF-8", rule=RULE) from error


def parse_mapping(text: str) -> ImportMapping:
    """The mapping that a text describes; raises Refused naming the key that is wrong or unknown."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"the mapping is not TOML: {error}", rule=RULE) from error
    reader = _Reader()
    made = reader.mapping(given)
    for cell in reader.cells:
        if cell.values is not None and cell.values not in made.values:
            raise Refused(f"there is no table [values.{cell.values}]", rule=RULE, field="values")
    columns = {name for cell in reader.cells for name in (*cell.columns, *((cell.zone_column,) if cell.zone_column else ()))}
    columns |= {condition.column for template in made.commands for condition in template.when} | set(made.row)
    return cast(ImportMapping, _with(made, columns=frozenset(columns)))


def _with(mapping: ImportMapping, **changes: Any) -> Any:
    return ImportMapping(**{item.name: getattr(mapping, item.name) for item in fields(mapping)} | changes)


class _Reader:
    """Reads tables of the TOML and keeps every cell that it met."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []

    def mapping(self, given: Mapping[str, Any]) -> ImportMapping:
        _only(given, {"source", "agency", "actor", "row", "case", "time", "learned", "file", "values", "commands"}, "")
        source, actor = _text(given, "source", ""), _table(given, "actor", "")
        if not is_source(source):
            raise Refused("name the source in small letters, digits, full stops and hyphens", rule=RULE, field="source")
        _only(actor, {"role", "user"}, "actor.")
        commands = given.get("commands")
        if not isinstance(commands, list) or not 0 < len(commands) <= COMMANDS_MAX:
            raise Refused(f"a mapping has one to {COMMANDS_MAX} [[commands]]", rule=RULE, field="commands")
        case = self._cell(_table(given, "case", ""), "case")
        if case.source is None:
            raise Refused("say whose number of the case it is: source = ...", rule=RULE, field="case.source")
        time = self._time(given, "time", "", None)
        learned = self._time(given, "learned", "", None)
        return ImportMapping(
            source=source, agency=_text(given, "agency", ""), role=_text(actor, "role", "actor."),
            user=_text(actor, "user", "actor."), row=_texts(given, "row", "", needed=True), case=case,
            file=_file(given.get("file", {})), values=_values(given.get("values", {})),
            commands=tuple(
                self._template(item, f"commands[{index}].", time, learned) for index, item in enumerate(commands)
            ),
        )

    def _template(self, given: Any, where: str, time: Cell | None, learned: Cell | None) -> Template:
        given = _is_table(given, where)
        _only(given, {"command", "when", "needs", "time", "learned", "data"}, where)
        name = _text(given, "command", where)
        declared = COMMANDS.get(name)
        if declared is None or declared not in CASE_COMMANDS:
            raise Refused("no such command about a case: `casebridge commands`", rule=RULE, field=f"{where}command")
        data = _table(given, "data", where)
        _only(data, {item.name for item in fields(cast(Any, declared))}, f"{where}data.")
        occurred_at = self._time(given, "time", where, time)
        if occurred_at is None:
            raise Refused("say when it happened: time = {...}, here or for all commands", rule=RULE, field=f"{where}time")
        conditions = _table(given, "when", where) if "when" in given else {}
        return Template(
            command=name, needs=_texts(given, "needs", where), occurred_at=occurred_at,
            learned_at=self._time(given, "learned", where, learned),
            when=tuple(_condition(column, wanted, f"{where}when.") for column, wanted in conditions.items()),
            data={field: self._expression(value, f"{where}data.{field}") for field, value in data.items()},
        )

    def _time(self, given: Mapping[str, Any], name: str, where: str, otherwise: Cell | None) -> Cell | None:
        if name not in given:
            return otherwise
        cell = self._cell({"as": "time", **_table(given, name, where)}, f"{where}{name}")
        if cell.kind is not Kind.TIME or cell.split is not None:
            raise Refused("a time is read here", rule=RULE, field=f"{where}{name}")
        return cell

    def _expression(self, given: Any, where: str) -> Expression:
        if isinstance(given, list):
            return tuple(self._expression(item, f"{where}[{index}]") for index, item in enumerate(given))
        if isinstance(given, dict):
            if "column" in given or "columns" in given:
                return self._cell(given, where)
            return {name: self._expression(value, f"{where}.{name}") for name, value in given.items()}
        if isinstance(given, bool | int | str):
            return Constant(given)
        raise Refused("a text, a number, true, false, a column, a list or a table is wanted", rule=RULE, field=where)

    def _cell(self, given: Mapping[str, Any], where: str) -> Cell:
        dot = f"{where}."
        known = {"column", "columns", "as", "source", "format", "zone", "zone_column", "values", "split", "pattern", "empty"}
        _only(given, known, dot)
        if ("column" in given) is ("columns" in given):
            raise Refused("name its column, or its columns", rule=RULE, field=f"{dot}column")
        columns = (_text(given, "column", dot),) if "column" in given else _texts(given, "columns", dot, needed=True)
        made = Cell(
            columns=columns, kind=_one_of(Kind, given.get("as", "text"), f"{dot}as"), source=_maybe(given, "source", dot),
            format=_maybe(given, "format", dot), zone=_maybe(given, "zone", dot),
            zone_column=_maybe(given, "zone_column", dot), values=_maybe(given, "values", dot),
            split=_maybe(given, "split", dot), pattern=_pattern(given, dot), empty=_texts(given, "empty", dot),
        )
        _check_cell(made, dot)
        self.cells.append(made)
        return made


def _check_cell(cell: Cell, dot: str) -> None:
    has_format, has_zone = cell.format is not None, bool(cell.zone or cell.zone_column)
    with_offset = has_format and "%z" in (cell.format or "")
    for is_wrong, because, name in (
        (cell.source is not None and not is_source(cell.source), "a source has small letters, digits and stops", "source"),
        (cell.source is not None and cell.kind is not Kind.TEXT, "an id is read as text", "as"),
        (has_format is not (cell.kind in (Kind.DATE, Kind.TIME)), "a date or time, and nothing else, has a format",
         "format"),
        ("%y" in (cell.format or ""), "a year of two digits tells no century: write %Y", "format"),
        (cell.zone is not None and not is_zone(cell.zone), "name a time zone, such as America/Denver", "zone"),
        (cell.kind is not Kind.TIME and has_zone, "only a time has a zone", "zone"),
        (cell.zone is not None and cell.zone_column is not None, "a zone or its column, not both", "zone_column"),
        (cell.kind is Kind.TIME and has_zone is with_offset,
         "say once in which zone the times are written: zone, zone_column, or %z in the format", "zone"),
        (cell.values is not None and cell.kind not in (Kind.TEXT, Kind.COUNTRY), "only words have a table of values",
         "values"),
        (cell.split is not None and cell.source is not None, "one column holds one id", "split"),
    ):
        if is_wrong:
            raise Refused(because, rule=RULE, field=f"{dot}{name}")


def _condition(column: str, wanted: Any, where: str) -> Condition:
    if wanted in ("present", "empty"):
        return Condition(column=column, wanted=str(wanted))
    if not isinstance(wanted, list) or not wanted or not all(isinstance(word, str) for word in wanted):
        raise Refused('"present", "empty" or a list of words is wanted', rule=RULE, field=f"{where}{column}")
    return Condition(column=column, wanted=tuple(wanted))


def _file(given: Any) -> File:
    given = _is_table(given, "file.")
    _only(given, {"format", "delimiter", "encoding", "empty"}, "file.")
    delimiter, encoding = given.get("delimiter", ","), given.get("encoding", "utf-8")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        raise Refused("a delimiter is one sign", rule=RULE, field="file.delimiter")
    if encoding not in ENCODINGS:
        raise Refused(f"an encoding is one of {', '.join(ENCODINGS)}", rule=RULE, field="file.encoding")
    return File(
        format=_one_of(Format, given["format"], "file.format") if "format" in given else None, delimiter=delimiter,
        encoding=encoding, empty=_texts(given, "empty", "file."),
    )


def _values(given: Any) -> dict[str, dict[str, str | bool | int]]:
    tables: dict[str, dict[str, str | bool | int]] = {}
    for name, table in _is_table(given, "values.").items():
        folded: dict[str, str | bool | int] = {}
        for word, value in _is_table(table, f"values.{name}.").items():
            if not isinstance(value, str | bool | int) or folded.setdefault(plain(word), value) != value:
                raise Refused("one word means one text, number, true or false", rule=RULE, field=f"values.{name}.{word}")
        tables[name] = folded
    return tables


def _only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise Refused(f"no such key here: known are {', '.join(sorted(known))}", rule=RULE, field=f"{where}{name}")


def _is_table(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise Refused("a table is wanted", rule=RULE, field=where.rstrip("."))
    return given


def _table(given: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    return _is_table(given.get(name), f"{where}{name}.")


def _maybe(given: Mapping[str, Any], name: str, where: str) -> str | None:
    return _text(given, name, where) if name in given else None


def _text(given: Mapping[str, Any], name: str, where: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("a text is wanted", rule=RULE, field=f"{where}{name}")
    return value


def _texts(given: Mapping[str, Any], name: str, where: str, *, needed: bool = False) -> tuple[str, ...]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value) or (needed and not value):
        raise Refused("a list of texts is wanted", rule=RULE, field=f"{where}{name}")
    return tuple(value)


def _one_of(kind: Any, value: Any, where: str) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise Refused(f"one of {', '.join(kind)} is wanted", rule=RULE, field=where) from error


def _pattern(given: Mapping[str, Any], where: str) -> re.Pattern[str] | None:
    text = _maybe(given, "pattern", where)
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise Refused(f"the pattern is no regular expression: {error.msg}", rule=RULE, field=f"{where}pattern") from error

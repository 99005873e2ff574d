"""A row becomes commands: each checked for form as `submit` checks a line, each with an id that its content gives it."""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from adapters.commands import Line, parse_line
from adapters.importing.convert import Bad, Cells, Fault
from adapters.importing.mapping import Cell, Constant, Expression, ImportMapping, Template
from adapters.importing.reading import Record
from adapters.outside_ids import OutsideIds
from domain.refusals import Refused

RULE = "IMPORT-ROW"
Raw = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One command of a row. `label` tells it from the row's others; `columns` says where each of its fields comes from."""

    label: str
    raw: Raw
    line: Line
    columns: Mapping[str, str]

    def fault(self, because: str, rule: str, field: str | None) -> Fault:
        return _fault(self.columns, type(self.line.command).__name__, because, rule, field)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A row with everything that it asks for, or with everything that is wrong with its form."""

    number: int
    row_id: UUID | None = None
    commands: tuple[Made, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)  # digests, by command and field

    @property
    def case_id(self) -> UUID | None:
        return self.commands[0].line.case_id if self.commands else None

    def person_ids(self, people: Mapping[UUID, object]) -> tuple[UUID, ...]:
        """Those persons of a case whom the row names."""
        named = dict.fromkeys(outside.our_id for made in self.commands for outside in made.line.outside)
        return tuple(our_id for our_id in named if our_id in people)


class Rows:
    """Prepares rows. Our ids and digests come from the key store's key; no value of a row is in any of them."""

    def __init__(self, mapping: ImportMapping, ids: OutsideIds) -> None:
        self._mapping, self._ids = mapping, ids

    def prepared(self, record: Record) -> Prepared:
        """Total: whatever is wrong with the row stands in its faults."""
        if record.cells is None:
            fault = Fault(column=record.column, because=record.because, rule="IMPORT-FILE")
            return Prepared(number=record.number, faults=(fault,))
        cells, faults = Cells(record.cells, self._mapping), list[Fault]()
        row_id = self._row_id(cells, faults)
        made: list[Made] = []
        if row_id is not None:
            counts: dict[str, int] = {}
            for template in self._mapping.commands:
                counts[template.command] = counts.get(template.command, 0) + 1
                label = f"{template.command}#{counts[template.command]}"
                if self._holds(template, cells, faults):
                    made += self._made(template, label, row_id, cells, faults)
        if not made and not faults:
            faults.append(Fault(column=None, because="the row asks for no command", rule=RULE))
        return Prepared(
            number=record.number, row_id=row_id, commands=() if faults else tuple(made), faults=_once(faults),
            warnings=_once(cells.warnings), said={} if faults else dict(self._said(made)),
        )

    def _row_id(self, cells: Cells, faults: list[Fault]) -> UUID | None:
        parts: list[str] = []
        for column in self._mapping.row:
            try:
                text = cells.text(column, ())
            except Bad as bad:
                faults.append(Fault(column=bad.column, because=bad.because, rule=bad.rule))
                return None
            if text is None:
                faults.append(Fault(column=column, because="the row has no number of its own", rule=RULE))
                return None
            parts.append(text)
        return self._ids.made("row", self._mapping.agency, self._mapping.source, *parts)

    def _holds(self, template: Template, cells: Cells, faults: list[Fault]) -> bool:
        try:
            return all(cells.holds(condition) for condition in template.when)
        except Bad as bad:
            faults.append(Fault(column=bad.column, because=bad.because, rule=bad.rule))
            return False

    def _made(
        self, template: Template, label: str, row_id: UUID, cells: Cells, faults: list[Fault]
    ) -> Iterator[Made]:
        mapping, build = self._mapping, _Build(cells, template.command)
        raw: Raw = {
            "command": template.command, "agency": mapping.agency, "case": build.cell(mapping.case, "case"),
            "actor": {"agency": mapping.agency, "role": mapping.role, "user": mapping.user},
            "occurred_at": build.cell(template.occurred_at, "occurred_at"),
            "learned_at": None if template.learned_at is None else build.cell(template.learned_at, "learned_at"),
            "data": build.object(template.data, "data"),
        }
        build.columns.setdefault("learned_at", build.columns["occurred_at"])  # told as learned when it happened
        faults += build.faults
        if build.faults or not set(template.needs) <= set(raw["data"]):
            return
        content = json.dumps(raw, sort_keys=True, ensure_ascii=False)
        raw["command_id"] = str(self._ids.made("command", str(row_id), label, content))
        try:
            line = parse_line(raw, self._ids.ours)
        except Refused as refused:
            faults.append(_fault(build.columns, template.command, refused.because, refused.rule, refused.field))
            return
        yield Made(label=label, raw=raw, line=line, columns=build.columns)

    def _said(self, made: list[Made]) -> Iterator[tuple[str, str]]:
        """What came from a column. A constant is the mapping's word, and may change without the source's saying so."""
        for one in made:
            told = {name: one.raw[name] for name in ("case", "occurred_at", "learned_at")}
            for path, value in (*leaves(told, ""), *leaves(one.raw["data"], "data")):
                if any(name == path or name.startswith(f"{path}[") for name in one.columns):
                    yield f"{one.label} {path}", self.digest(one.label, path, value)

    def digest(self, label: str, path: str, value: Any) -> str:
        """What a field said, so that it can be compared and not read."""
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        return self._ids.digest(self._mapping.agency, self._mapping.source, label, path, text)


class _Build:
    """Builds the JSON of one command, keeps which column each field came from, and what is wrong."""

    def __init__(self, cells: Cells, command: str) -> None:
        self._cells, self._command = cells, command
        self.columns: dict[str, str] = {}
        self.faults: list[Fault] = []

    def cell(self, cell: Cell, path: str) -> Any:
        self.columns[path] = ", ".join(cell.columns)
        try:
            return self._cells.value(cell)
        except Bad as bad:
            self.faults.append(Fault(
                column=bad.column, because=bad.because, rule=bad.rule, field=path, command=self._command,
            ))
            return None

    def object(self, given: Mapping[str, Expression], path: str) -> dict[str, Any]:
        made = {name: self._value(inner, f"{path}.{name}") for name, inner in given.items()}
        return {name: value for name, value in made.items() if value is not None}

    def _value(self, given: Expression, path: str) -> Any:
        if isinstance(given, Constant):
            return given.value
        if isinstance(given, Cell):
            return self.cell(given, path)
        if isinstance(given, tuple):
            items: list[Any] = []
            for item in given:
                value = self._value(item, f"{path}[{len(items)}]")
                if value is not None and not _says_nothing(value):
                    items.append(value)
            return items or None
        return self.object(given, path) or None


def _fault(columns: Mapping[str, str], command: str, because: str, rule: str, field: str | None) -> Fault:
    """A refusal, with the column behind its field, whose name may lack `data.` or reach deeper than we read."""
    column = None
    for path in (field or "", f"data.{field}"):
        while column is None and path not in ("", "data"):
            inner = [columns[name] for name in columns if name == path or name.startswith(f"{path}.")]
            column = ", ".join(dict.fromkeys(inner)) or None
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return Fault(column=column, because=because, rule=rule, field=field, command=command)


def _is_id(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"source", "id"}


def _says_nothing(value: Any) -> bool:
    """An item of a list that names somebody and tells nothing of them."""
    return isinstance(value, dict) and not _is_id(value) and all(_is_id(inner) for inner in value.values())


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each field that holds something: texts, numbers, outside ids, and lists of them whole."""
    if isinstance(value, dict) and not _is_id(value):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and all(isinstance(item, dict) and not _is_id(item) for item in value):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def _once(faults: list[Fault]) -> tuple[Fault, ...]:
    """The same column is at fault once, however many commands read it."""
    return tuple({(fault.column, fault.because, fault.rule): fault for fault in reversed(faults)}.values())[::-1]

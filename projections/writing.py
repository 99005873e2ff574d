"""Writing the changes of a batch in few statements: one per table and set of columns."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import NoneType
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Connection,
    Dialect,
    Executable,
    LargeBinary,
    String,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from projections.projection import Change, Patch, Put, Row, Value

_STATEMENTS_MAX = 1_000
_SENT = "sent_"  # a bound name may not be that of a column which the same UPDATE sets

Key = tuple[str, tuple[Value, ...]]


def write(connection: Connection, changes: Iterable[Change], tables: Mapping[str, Table]) -> None:
    """Make the changes, in order as far as a row can tell. `tables` gives the table that stands for each name."""
    for settled in merged(changes):
        for (kind, name, columns), rows in _groups(settled).items():
            _send(connection, kind, tables[name], columns, rows)


def _send(
    connection: Connection, kind: type[Change], table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    if kind is Patch and len(columns) == len(_keys(table)):
        return
    if connection.dialect.name == "postgresql":
        # One statement for all rows, an array per column: several times as fast as a statement per row.
        statement = _upsert_arrays(table, columns) if kind is Put else _update_arrays(table, columns)
        arrays = {name: _array(table.c[name].type, [row[name] for row in rows], connection.dialect) for name in columns}
        connection.execute(statement, {_SENT + name: array for name, array in arrays.items()})
    else:
        statement = _upsert_row(table, columns) if kind is Put else _update_row(table, columns)
        connection.execute(statement, [{_SENT + name: row[name] for name in columns} for row in rows])


def merged(changes: Iterable[Change]) -> Iterator[Sequence[Change]]:
    """The same changes with one per row, in as many rounds as it takes.

    A later change of a row is laid over the earlier one. Only a Put after a Patch cannot be: whether the
    Patch found a row is for the database to say. It opens the next round.
    """
    rows: dict[Key, Change] = {}
    for change in changes:
        key = _key(change)
        earlier = rows.get(key)
        if earlier is None:
            rows[key] = change
        elif isinstance(earlier, Patch) and isinstance(change, Put):
            yield list(rows.values())
            rows = {key: change}
        else:
            rows[key] = type(earlier)(earlier.table, {**earlier.row, **change.row})
    if rows:
        yield list(rows.values())


def _key(change: Change) -> Key:
    row = change.row
    return change.table.name, tuple([row[name] for name in _keys(change.table)])


def _groups(changes: Iterable[Change]) -> dict[tuple[type[Change], str, tuple[str, ...]], list[Row]]:
    groups: dict[tuple[type[Change], str, tuple[str, ...]], list[Row]] = {}
    for change in changes:
        groups.setdefault((type(change), change.table.name, tuple(change.row)), []).append(change.row)
    return groups


@lru_cache(maxsize=_STATEMENTS_MAX)
def _keys(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


@lru_cache(maxsize=_STATEMENTS_MAX)
def _upsert_row(table: Table, columns: tuple[str, ...]) -> Executable:
    insert = sqlite.insert(table).values({name: bindparam(_SENT + name) for name in columns})
    return _or_set(insert, table, columns)


@lru_cache(maxsize=_STATEMENTS_MAX)
def _upsert_arrays(table: Table, columns: tuple[str, ...]) -> Executable:
    sent = _sent(table, columns)
    return _or_set(postgresql.insert(table).from_select(list(columns), select(*sent.c)), table, columns)


def _or_set(insert: Any, table: Table, columns: tuple[str, ...]) -> Executable:
    keys = _keys(table)
    others = {name: insert.excluded[name] for name in columns if name not in keys}
    if not others:
        return cast(Executable, insert.on_conflict_do_nothing(index_elements=list(keys)))
    return cast(Executable, insert.on_conflict_do_update(index_elements=list(keys), set_=others))


@lru_cache(maxsize=_STATEMENTS_MAX)
def _update_row(table: Table, columns: tuple[str, ...]) -> Executable:
    keys = _keys(table)
    statement = update(table).values({name: bindparam(_SENT + name) for name in columns if name not in keys})
    return statement.where(*(table.c[name] == bindparam(_SENT + name) for name in keys))


@lru_cache(maxsize=_STATEMENTS_MAX)
def _update_arrays(table: Table, columns: tuple[str, ...]) -> Executable:
    keys, sent = _keys(table), _sent(table, columns)
    statement = update(table).values({name: sent.c[name] for name in columns if name not in keys})
    return statement.where(*(table.c[name] == sent.c[name] for name in keys))


def _sent(table: Table, columns: tuple[str, ...]) -> TableValuedAlias:
    kinds = {name: _unbounded(table.c[name].type) for name in columns}
    arrays = [sql_cast(bindparam(_SENT + name, type_=Text()), postgresql.ARRAY(kind)) for name, kind in kinds.items()]
    named = [column(name, kind) for name, kind in kinds.items()]
    return func.unnest(*arrays).table_valued(*named, name="sent").render_derived()


def _unbounded(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """A cast to a bounded text would cut it short in silence; the column itself refuses what is too long."""
    return Text() if isinstance(kind, String) else kind


def _array(kind: TypeEngine[Any], values: Sequence[Value], dialect: Dialect) -> str:
    """Values as PostgreSQL writes an array; the driver, which would do it, takes several times as long."""
    process = None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)
    bound = values if process is None else map(process, values)
    return "{" + ",".join([_LITERALS.get(type(value), _other)(value) for value in bound]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _other(value: object) -> str:
    if isinstance(value, str):  # of a class of its own, as members of a StrEnum are
        return _quoted(str(value))
    raise TypeError(f"{type(value).__name__} is no value of a view")


_LITERALS: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: "NULL",
    bool: str,
    int: str,
    UUID: lambda value: f"{value.int:032x}",
    str: _quoted,
    bytes: lambda value: f'"\\\\x{value.hex()}"',
}

"""Writing the changes of a batch in few statements: one executemany per table and set of columns."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Executable, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from projections.projection import Change, Patch, Put, Row, Value

_STATEMENTS_MAX = 1_000
_KEY = "key_"  # a bound name may not be that of a column which the same UPDATE sets

Key = tuple[str, tuple[Value, ...]]


def write(connection: Connection, changes: Iterable[Change], tables: Mapping[str, Table]) -> None:
    """Make the changes, in order as far as a row can tell. `tables` gives the table that stands for each name."""
    for settled in merged(changes):
        for (kind, name, columns), rows in _groups(settled).items():
            table = tables[name]
            if kind is Put:
                connection.execute(_upsert(table, columns, connection.dialect.name), rows)
            elif len(columns) > len(table.primary_key):
                connection.execute(_update(table, columns), [_with_key(table, row) for row in rows])


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
    return change.table.name, tuple(row[column.name] for column in change.table.primary_key)


def _groups(changes: Iterable[Change]) -> dict[tuple[type[Change], str, tuple[str, ...]], list[Row]]:
    groups: dict[tuple[type[Change], str, tuple[str, ...]], list[Row]] = {}
    for change in changes:
        groups.setdefault((type(change), change.table.name, tuple(change.row)), []).append(change.row)
    return groups


def _with_key(table: Table, row: Row) -> Row:
    return {**row, **{_KEY + column.name: row[column.name] for column in table.primary_key}}


@lru_cache(maxsize=_STATEMENTS_MAX)
def _upsert(table: Table, columns: tuple[str, ...], dialect: str) -> Executable:
    keys = [column.name for column in table.primary_key]
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    values = insert.values({name: bindparam(name) for name in columns})
    others = {name: values.excluded[name] for name in columns if name not in keys}
    if not others:
        return values.on_conflict_do_nothing(index_elements=keys)
    return values.on_conflict_do_update(index_elements=keys, set_=others)


@lru_cache(maxsize=_STATEMENTS_MAX)
def _update(table: Table, columns: tuple[str, ...]) -> Executable:
    keys = [column.name for column in table.primary_key]
    statement = update(table).values({name: bindparam(name) for name in columns if name not in keys})
    return statement.where(*(table.c[name] == bindparam(_KEY + name) for name in keys))

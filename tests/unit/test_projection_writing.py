"""Changes of one row are merged without changing what the rows come to."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.exc import StatementError

from projections.projection import Change, Patch, Put, Value
from projections.writing import merged, write
from tests.views_model import schema, stages, things

Stood = dict[str, dict[str, Value]]

_columns = st.dictionaries(st.sampled_from(["stage", "moved_by"]), st.one_of(st.none(), st.integers(1, 3)), max_size=2)
_changes = st.lists(
    st.builds(
        lambda kind, key, columns: kind(stages, {"thing": key, **columns}),
        st.sampled_from([Put, Patch]), st.sampled_from("ab"), _columns,
    ),
    max_size=12,
)


def one_by_one(changes: Sequence[Change]) -> Stood:
    stood: Stood = {}
    for change in changes:
        key = str(change.row["thing"])
        if isinstance(change, Put) or key in stood:
            stood[key] = {**stood.get(key, {"thing": key}), **change.row}
    return stood


@given(_changes)
def test_merged_changes_come_to_the_same_rows_as_one_after_the_other(changes: list[Change]) -> None:
    assert one_by_one([change for batch in merged(changes) for change in batch]) == one_by_one(changes)


@given(_changes)
def test_a_round_of_merged_changes_names_each_row_once(changes: list[Change]) -> None:
    for batch in merged(changes):
        keys = [change.row["thing"] for change in batch]
        assert len(keys) == len(set(keys))


def test_a_moment_is_stored_to_the_microsecond_and_comes_back_in_utc() -> None:
    engine = create_engine("sqlite://")
    asserted = datetime(2023, 9, 15, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-6)))
    with engine.begin() as connection:
        schema.create_all(connection)
        write(connection, [Put(things, {"thing": "a", "placed_at": asserted})], schema.tables)
        stored = connection.scalar(things.select().with_only_columns(things.c.placed_at))
        assert stored == asserted
        assert stored is not None and stored.tzinfo is UTC
    engine.dispose()


def test_a_moment_without_a_zone_is_refused() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.create_all(connection)
        naive = datetime(2023, 9, 15, 12)  # noqa: DTZ001
        with pytest.raises(StatementError, match="offset-naive"):
            write(connection, [Put(things, {"thing": "a", "placed_at": naive})], schema.tables)
    engine.dispose()

"""Every value of a view comes back from both databases as it was put, however it looks."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Engine, LargeBinary, MetaData, String, Table, Uuid, select

from adapters.views import open_views
from domain.case.obligations import DutyStage
from projections.projection import Moment, Patch, Put, Words
from projections.writing import write

schema = MetaData()
values = Table(
    "test_values", schema,
    Column("id", Uuid, primary_key=True), Column("text", String), Column("number", BigInteger), Column("flag", Boolean),
    Column("moment", Moment), Column("words", Words), Column("bytes", LargeBinary), Column("other_id", Uuid),
)  # fmt: skip

TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.sampled_from(["", "NULL", "null", "{}", ",", '"', "\\", '\\"', "a,b", " ", "{\"x\"}", "'; --", "%s", ":x", "\n"]),
)
ROWS = st.fixed_dictionaries({
    "text": st.none() | TEXTS,
    "number": st.none() | st.integers(-(2**63), 2**63 - 1),
    "flag": st.none() | st.booleans(),
    "moment": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "words": st.none() | st.lists(st.text("abcXYZ-09", min_size=1)).map(tuple),
    "bytes": st.none() | st.binary(),
    "other_id": st.none() | st.uuids(),
})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{Path(tmp_path_factory.mktemp('values')) / 'views.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database()
    engine = open_views(url)
    with engine.begin() as connection:
        schema.create_all(connection)
    yield engine
    engine.dispose()


def stored(engine: Engine) -> dict[UUID, dict[str, Any]]:
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(values)).mappings()]
    return {row.pop("id"): row for row in rows}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(put=st.lists(ROWS, min_size=1, max_size=5), patched=st.lists(ROWS, min_size=5, max_size=5))
def test_every_value_comes_back_as_it_was_put(
    engine: Engine, put: list[dict[str, Any]], patched: list[dict[str, Any]]
) -> None:
    expected = {uuid4(): row for row in put}
    with engine.begin() as connection:
        connection.execute(values.delete())
        write(connection, [Put(values, {"id": key, **row}) for key, row in expected.items()], schema.tables)
    assert stored(engine) == expected
    later = dict(zip(expected, patched, strict=False))
    with engine.begin() as connection:
        write(connection, [Patch(values, {"id": key, **row}) for key, row in later.items()], schema.tables)
    assert stored(engine) == later


def test_a_member_of_an_enumeration_is_stored_by_its_word(engine: Engine) -> None:
    key = uuid4()
    with engine.begin() as connection:
        write(connection, [Put(values, {"id": key, "text": DutyStage.MET})], schema.tables)
    assert stored(engine)[key]["text"] == "met"


def test_a_patch_makes_no_row_and_one_without_values_changes_none(engine: Engine) -> None:
    key = uuid4()
    with engine.begin() as connection:
        write(connection, [Patch(values, {"id": key, "text": "x"}), Patch(values, {"id": uuid4()})], schema.tables)
    assert key not in stored(engine)

"""What earlier versions stored is read today as it was written (I1). A golden set is kept for ever."""
from __future__ import annotations

from pathlib import Path

import pytest

from adapters.avro import EventCodec, SchemaRegistry
from adapters.composition import SCHEMAS
from domain.case.state import fold
from tests.golden.stored import HERE, load, said

SETS = sorted(HERE.glob("log-*.json"))


def test_there_is_a_golden_set() -> None:
    assert SETS


@pytest.mark.parametrize("path", SETS, ids=lambda path: str(path.stem))
def test_every_stored_row_still_says_what_it_said(path: Path) -> None:
    rows, keys = load(path)
    codec = EventCodec(SchemaRegistry.load(SCHEMAS), keys)
    for row, told in rows:
        now = said(codec.decode(row).event)
        assert {name: now.get(name) for name in told} == told, f"{row.stream} version {row.version}"


@pytest.mark.parametrize("path", SETS, ids=lambda path: str(path.stem))
def test_the_cases_of_a_golden_set_still_fold(path: Path) -> None:
    rows, keys = load(path)
    codec = EventCodec(SchemaRegistry.load(SCHEMAS), keys)
    for stream in {row.stream for row, _ in rows if row.stream.startswith("case-")}:
        case = fold(codec.decode(row) for row, _ in rows if row.stream == stream)
        assert case.intake.is_open and case.intake.children

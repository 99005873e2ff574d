"""A file is read a row at a time, as it is written; a row that is none is named by its line and stops no other."""
from __future__ import annotations

from pathlib import Path

import pytest

from adapters.importing import reading
from adapters.importing.mapping import parse_mapping
from adapters.importing.reading import Record, records
from domain.refusals import Refused
from tests.unit.test_import_mapping import CELLS, WHOLE

HEADER = ",".join(CELLS)
ROW = ",".join(f'"{value}"' for value in CELLS.values())


def read(tmp_path: Path, content: bytes, name: str = "export.csv", mapping: str = WHOLE) -> list[Record]:
    path = tmp_path / name
    path.write_bytes(content)
    with path.open("rb") as source:
        return list(records(path, source, parse_mapping(mapping)))


def test_a_byte_order_mark_and_empty_lines_are_no_harm(tmp_path: Path) -> None:
    (row,) = read(tmp_path, f"\ufeff{HEADER}\r\n\r\n{ROW}\r\n".encode())
    assert row.cells == CELLS and row.number == 3


def test_a_file_is_read_in_its_own_encoding_and_with_its_own_delimiter(tmp_path: Path) -> None:
    mapping = WHOLE + '[file]\nencoding = "cp1252"\ndelimiter = ";"\n'
    (row,) = read(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", ";").encode("cp1252"), mapping=mapping)
    assert row.cells is not None and row.cells["SURNAMES"] == "Beltrán Zúñiga"


def test_a_row_with_other_cells_than_columns_stops_no_other(tmp_path: Path) -> None:
    ragged, row = read(tmp_path, f"{HEADER}\n1,2\n{ROW}\n".encode())
    assert ragged.cells is None and ragged.because == "2 cells stand under 9 columns" and ragged.number == 2
    assert row.cells == CELLS


def test_a_cell_may_hold_a_line_break_and_a_comma(tmp_path: Path) -> None:
    broken = ROW.replace("Beltrán", "Beltrán,\n")
    first, second = read(tmp_path, f"{HEADER}\n{broken}\n{ROW}\n".encode())
    assert first.cells is not None and first.cells["SURNAMES"] == "Beltrán,\n Zúñiga"
    assert second.number == 4


def test_a_line_without_end_is_refused_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LINE_CHARS_MAX", 200)
    row, long = read(tmp_path, f"{HEADER}\n{ROW}\n{'x' * 500}\n{ROW}\n".encode())
    assert row.cells == CELLS and long.cells is None and "longer than 200" in long.because


def test_more_rows_than_a_file_may_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_MAX", 2)
    with pytest.raises(Refused) as refused:
        read(tmp_path, f"{HEADER}\n{ROW}\n{ROW}\n{ROW}\n".encode())
    assert refused.value.rule == "IMPORT-FILE"


def test_json_lines_are_rows_of_texts_numbers_and_nothing(tmp_path: Path) -> None:
    lines = b'{"ID": 7, "EST": true, "DOB": null, "CHILD": "501"}\n\n{"ID": {"nested": 1}}\nnot json\n'
    row, nested, broken = read(tmp_path, lines, "forms.jsonl")
    assert row.cells == {"ID": "7", "EST": "true", "DOB": "", "CHILD": "501"}
    assert (nested.cells, nested.column, nested.number) == (None, "ID", 3)
    assert (broken.cells, broken.number) == (None, 4)


def test_a_file_whose_form_nobody_tells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, b"", "export.dat")
    assert "[file]" in refused.value.because

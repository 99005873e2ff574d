"""The sample consumer, entry by entry, without a broker: what it keeps, what it lets go of, and where it stops."""
from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.asyncapi import example
from adapters.asyncapi.document import PUBLISHED
from adapters.avro.published import shipped
from adapters.avro.single_object import Format, format_of
from adapters.channels.kafka_feed import message_of
from domain.disclosure.purposes import Purpose
from domain.ports import Parcel

OFFICE = "cons-mx.example"
CONSUMER = Path(__file__).resolve().parents[2] / "docs" / "samples" / "consumer.py"


def form(name: str) -> Format:
    return format_of(json.loads((PUBLISHED / f"{name}.avsc").read_text(encoding="utf-8")))


def notice() -> Parcel:
    contract = next(contract for contract in shipped() if contract.recipient_kind == "CONS-MX")
    flow = contract.flow(Purpose.CONSULAR_NOTICE)
    assert flow is not None
    return example.of_flow(OFFICE, flow, form("ConsularNotice.v1")).parcel


def withdrawal(text_code: str) -> Parcel:
    return example.of_disregard(OFFICE, form("Disregard.v1"), text_code).parcel


def record(parcel: Parcel, number: int, **more: str) -> Any:
    sent = message_of(parcel)
    headers = {**dict(sent.headers), "ce_feednumber": str(number).encode(), "ce_id": f"{OFFICE}:{number}".encode()}
    headers |= {f"ce_{name}": value.encode() for name, value in more.items()}
    return SimpleNamespace(key=sent.key, value=sent.value, headers=list(headers.items()))


class Consumer:
    """The sample, with what it kept so far."""

    def __init__(self, folder: Path) -> None:
        self.module: dict[str, Any] = {"__name__": "consumer"}
        exec(CONSUMER.read_text(encoding="utf-8"), self.module)
        self.known = self.module["schemas"](PUBLISHED)
        self.path = folder / "kept.db"
        self.kept = self.module["Kept"](self.path)

    def again(self, first: int | None = None) -> None:
        """As after it ended, whatever was not kept gone."""
        self.kept.file.close()
        self.kept = self.module["Kept"](self.path, first)

    def add(self, *records: Any) -> None:
        for one in records:
            self.kept.add(one, self.known)
        self.kept.keep()

    def rows(self) -> list[dict[str, Any]]:
        self.kept.file.row_factory = sqlite3.Row
        return [dict(row) for row in self.kept.file.execute("SELECT * FROM kept ORDER BY number")]


@pytest.fixture
def consumer(tmp_path: Path) -> Any:
    made = Consumer(tmp_path)
    yield made
    made.kept.file.close()


def test_what_was_held_back_is_kept_with_the_number_that_it_had_first(consumer: Consumer) -> None:
    held = example.of_held(OFFICE, form("Held.v1")).parcel
    empty = example.of_placeholder(OFFICE, form("Placeholder.v1")).parcel
    consumer.add(record(empty, 1), record(held, 2), record(notice(), 3, releases="1"))
    assert [row["releases"] for row in consumer.rows()] == [None, None, "1"]
    assert [row["sequence"] for row in consumer.rows()] == ["1".zfill(20)] * 3
    assert json.loads(consumer.rows()[1]["told"])["holds"] == 1
    assert [bool(row["digest"]) for row in consumer.rows()] == [False, False, True]


@pytest.mark.parametrize(("text_code", "asked"), [
    ("disregard", "number 1 is withdrawn: do not rely on it, keep no copy of it, and tell your agency so"),
    ("erase", "a court ordered number 1 erased: erase every copy of it, and confirm to your agency that you did"),
    ("another", "number 1 is withdrawn: ask your agency what to do"),
])
def test_what_is_taken_back_is_gone_from_the_file_and_the_office_is_told_what_is_asked_of_it(
    consumer: Consumer, text_code: str, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    consumer.add(record(notice(), 1))
    assert b"Nayeli" in consumer.path.read_bytes()
    consumer.add(record(withdrawal(text_code), 2))
    assert capsys.readouterr().out == asked + "\n"
    assert b"Nayeli" not in consumer.path.read_bytes()
    first, second = consumer.rows()
    assert (first["value"], first["told"], first["salt"], first["note"]) == (None, None, None, text_code)
    assert first["id"] and json.loads(second["told"])["withdraws"] == 1


def test_it_stops_at_a_gap_and_goes_on_where_the_office_says_with_what_came_before_it(consumer: Consumer) -> None:
    consumer.add(record(notice(), 1))
    consumer.kept.add(record(notice(), 2), consumer.known)
    with pytest.raises(SystemExit, match="numbers 3 to 4 are missing: 5 came"):
        consumer.kept.add(record(notice(), 5), consumer.known)
    consumer.again(first=6)
    with pytest.raises(SystemExit, match="numbers 2 to 4 are missing: 5 came"):
        consumer.kept.add(record(notice(), 5), consumer.known)
    consumer.again(first=5)
    consumer.add(record(notice(), 2), record(notice(), 5), record(notice(), 5), record(notice(), 6))
    assert [(row["number"], row["note"]) for row in consumer.rows()] == [
        (1, None), (2, None), (4, "from 3 to here: missing in the topic"), (5, None), (6, None),
    ]

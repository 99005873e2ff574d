"""A mark in every personal field of a history is found in clear nowhere but where a partner reads it."""
from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, cast

import pytest

from adapters.reading.feeds import entries
from domain.events import Boxed, Event, fields_of
from domain.personal import Known
from domain.ports import Recorded
from tests.e2e.embedded import H1, H2, Embedded, embedded, read

AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def marked(value: Any, path: str, marks: dict[str, str]) -> Any:
    """The same command data with a mark of its own in every text that is no id, code or date."""
    if isinstance(value, dict):
        return {name: marked(item, f"{path}.{name}", marks) for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item, f"{path}[{index}]", marks) for index, item in enumerate(value)]
    name = path.rpartition(".")[2].split("[")[0]
    if isinstance(value, str) and name in MARKED and not AN_ID.fullmatch(value):
        mark = f"canary{len(marks):04d}"
        marks[mark] = path
        return f"{mark} {value}"
    return value


MARKED = {
    "referral_id", "allegation_class", "given_names", "surnames", "relation", "street", "number", "city", "region",
    "postal_code", "phone", "authority", "place", "circumstances", "answer", "interviewer_title_used", "basis",
    "confidence", "birth_region", "birth_city", "evidence", "reason", "how", "containment", "source", "facility",
    "shepherd_ref", "municipality", "landmarks", "reason_for_iss", "unit",
}


@pytest.fixture(scope="module")
def marks() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, marks: dict[str, str]) -> Iterator[tuple[Embedded, str]]:
    handler = _Keeping()
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    with embedded(tmp_path_factory.mktemp("canary")) as made:
        lines = [
            {**line, "data": marked(line["data"], line["command"], marks)} if "case" in line else line
            for path in (H1, H2) for line in read(path)
        ]
        outcomes = made.player.play(lines)
        assert [outcome for outcome in outcomes if outcome.status != "accepted"] == []
        yield made, "\n".join(handler.kept)
    logging.getLogger().removeHandler(handler)


class _Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record.getMessage())


def test_the_marks_went_in_and_can_be_read_with_the_keys(played: tuple[Embedded, str], marks: dict[str, str]) -> None:
    made, _ = played
    rows = made.casebridge.log.read_log(after=0, limit=5_000)
    text = repr([made.casebridge.codec.decode(row).event for row in rows])
    assert len(marks) > 60
    assert [path for mark, path in marks.items() if mark not in text] == []


def test_no_mark_stands_in_clear_in_any_file_of_the_home_folder(
    played: tuple[Embedded, str], marks: dict[str, str]
) -> None:
    made, _ = played
    files = [path for path in made.folder.rglob("*") if path.is_file()]
    assert {"log.sqlite", "views.sqlite", "keys.sqlite"} <= {path.name for path in files}
    for path in files:
        assert _found(path.read_bytes(), marks) == [], path.name


def test_no_name_birth_date_or_country_stands_in_clear_either(played: tuple[Embedded, str]) -> None:
    made, _ = played
    secrets = ["Zúñiga", "Beltrán", "Xiomara", "Tzul", "209555123"]
    log = made.folder / "log.sqlite"
    for path in (log, log.with_name("log.sqlite-wal"), made.folder / "views.sqlite"):
        content = path.read_bytes() if path.exists() else b""
        assert [word for word in secrets if word.encode() in content] == [], path.name


def test_no_mark_is_in_anything_that_was_logged(played: tuple[Embedded, str], marks: dict[str, str]) -> None:
    _, logged = played
    assert _found(logged.encode(), marks) == []


def test_the_offices_were_given_only_what_their_contract_names(played: tuple[Embedded, str], marks: dict[str, str]) -> None:
    """Declared places: the wire and the letters. No allegation, custody circumstance, detention or OTIP mark is there."""
    made, _ = played
    wire = b"".join(message.content for message in made.receiver.received)
    given = {marks[mark].rpartition(".")[2].split("[")[0] for mark in _found(wire, marks)}
    assert given == {
        "given_names", "surnames", "birth_region", "birth_city", "street", "number", "city", "region", "postal_code",
        "phone",
    }
    letters = "".join(entry.letter for office in OFFICES for entry in entries(made.casebridge, office))
    assert "canary" in letters


OFFICES = ("cons-mx.el-paso", "cons-gt.denver", "cons-hn.houston")


def _found(content: bytes, marks: dict[str, str]) -> list[str]:
    return [mark for mark in marks if mark.encode() in content]


def test_every_stored_event_boxes_what_it_declares_boxed(played: tuple[Embedded, str]) -> None:
    """Without keys, every boxed field that holds something is withheld and every clear one is there."""
    made, _ = played
    for row in made.casebridge.log.read_log(after=0, limit=5_000):
        with_keys, without = made.casebridge.codec.decode(row).event, made.casebridge.clear_codec.decode(row).event
        for item in fields(cast(Any, with_keys)):
            if isinstance(fields_of(type(with_keys))[item.name], Boxed):
                assert not isinstance(getattr(without, item.name), Known), _where(row, with_keys, item.name)
            else:
                assert getattr(without, item.name) == getattr(with_keys, item.name)


def _where(row: Recorded, event: Event, name: str) -> str:
    return f"{row.stream} version {row.version}: {event.TOPIC}.{name}"

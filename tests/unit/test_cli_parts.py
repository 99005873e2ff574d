"""The command line's own parts: reading lines, times, ids; plain data; what a terminal would obey."""
from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import typer

from adapters.cli.console import clean, duration, identifier, moment, table
from adapters.cli.failures import explained
from adapters.cli.plain import outline, plain
from adapters.json_lines import LINE_BYTES_MAX, Read, lines
from domain.case.citizenship import CitizenshipStage
from domain.case.screening import ScreeningOutcome
from domain.events import Compartment
from domain.people import PersonName
from domain.personal import UNKNOWN, WITHHELD, Known
from domain.ports import KeyName, KeysUnavailable, LineageChanged, LogUnavailable
from domain.refusals import Refused
from tests.unit.avro_events import circumstances

PERSON = UUID("0c100000-0000-4000-8000-000000000001")


def read(text: bytes) -> list[Read]:
    return list(lines(io.BytesIO(text)))


def test_blank_lines_count_and_say_nothing() -> None:
    assert [(line.number, line.raw) for line in read(b'\n{"a": 1}\n  \n{"b": 2}')] == [(2, {"a": 1}), (4, {"b": 2})]


@pytest.mark.parametrize(("text", "because"), [
    (b"not json", "not JSON"),
    (b'{"a": }', "column 7"),
    (b"[1]", "JSON object"),
    (b'"text"', "JSON object"),
    (b'{"a": NaN}', "not JSON"),
    (b'{"a": "\xff"}', "not UTF-8"),
    (b'{"a": "\\ud800"}', "not UTF-8"),
    (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
    (b'{"a": ' + b"9" * 10_000 + b"}", "not JSON"),
])
def test_a_line_that_is_no_object_is_told_by_its_number_and_stops_nothing(text: bytes, because: str) -> None:
    bad, good = read(text + b'\n{"command": "OpenCase"}\n')
    assert bad.number == 1 and bad.raw is None and because in bad.because
    assert good == Read(2, good.offset, {"command": "OpenCase"})


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_a_line_that_breaks_off_is_told_by_the_column_at_which_it_ends(ending: bytes) -> None:
    assert "at column 10" in read(b'{"a": 1, ' + ending)[0].because


def test_a_field_that_stands_twice_is_named() -> None:
    assert read(b'{"data": {"office": "a", "office": "b"}}')[0].field == "office"


def test_a_line_that_is_too_long_is_passed_over_without_being_held() -> None:
    text = b'{"a": "' + b"x" * (3 * LINE_BYTES_MAX) + b'"}\n{"b": 2}\n'
    long, good = read(text)
    assert long.raw is None and "longer than" in long.because
    assert (good.number, good.raw, good.offset) == (2, {"b": 2}, len(text))


def test_a_line_of_the_greatest_length_is_read() -> None:
    text = b'{"a": "' + b"x" * (LINE_BYTES_MAX - 10) + b'"}\n'
    assert len(text) == LINE_BYTES_MAX
    assert read(text)[0].raw is not None


def test_a_byte_order_mark_is_no_part_of_the_first_command() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}')[0].raw == {"a": 1}


@pytest.mark.parametrize("text", [
    "2026-08-13T16:10:00-06:00", "2026-08-13T22:10:00Z", "2026-08-13T16:10:00-06:00[America/Denver]",
])
def test_a_time_is_read_with_its_offset(text: str) -> None:
    assert moment(text) == datetime(2026, 8, 13, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-08-13", "2026-08-13T16:10:00", "yesterday", ""])
def test_a_time_without_its_zone_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        moment(text)


def test_a_length_of_time_has_its_unit() -> None:
    assert [duration(text) for text in ("90m", "72h", "3d")] == [
        timedelta(minutes=90), timedelta(hours=72), timedelta(days=3)
    ]
    for text in ("72", "h", "-1h", "1w", "99999999999d"):
        with pytest.raises(typer.BadParameter):
            duration(text)


def test_an_id_is_a_whole_one() -> None:
    assert identifier(str(PERSON)) == PERSON
    with pytest.raises(typer.BadParameter):
        identifier("0c100000")


def test_nothing_that_a_terminal_obeys_is_printed() -> None:
    assert clean("Ana\x1b[2J\x07\x9b1m\r\nLuz\tPaz") == "Ana\ufffd[2J\ufffd\ufffd1m\ufffd\nLuz\tPaz"


def test_unknown_is_null_and_withheld_is_said() -> None:
    key = KeyName(case=PERSON, person=PERSON, compartment=Compartment.IDENTITY)
    assert plain({"a": UNKNOWN, "b": WITHHELD, "c": Known(date(2020, 1, 2)), "d": (key,), PERSON: None}) == {
        "a": None, "b": {"withheld": True}, "c": "2020-01-02", str(PERSON): None,
        "d": [{"case": str(PERSON), "person": str(PERSON), "compartment": "identity"}],
    }


def test_who_said_something_and_when_is_written_by_name() -> None:
    told = plain({PERSON: circumstances(moment=datetime(2026, 8, 13, 16, tzinfo=UTC))})[str(PERSON)]
    assert told["occurred_at"] == "2026-08-13T16:00:00+00:00" and told["actor"]["agency"]


def test_an_outline_tells_unknown_from_withheld_and_from_what_does_not_apply() -> None:
    state = {
        "people": {PERSON: {"person_id": PERSON, "name": Known(PersonName(given_names="Ana", surnames="Paz")),
                            "phone": UNKNOWN, "address": WITHHELD, "ended_at": None, "event_id": PERSON}},
        "ids": (PERSON,), "is_open": True,
    }
    assert list(outline(state, {str(PERSON): "Ana Paz"})) == [
        "people:", "  Ana Paz:", "    name: given names Ana, surnames Paz", "    phone: (not known)",
        "    address: (withheld)", "ids: Ana Paz", "is open: yes",
    ]


def test_an_outline_has_times_and_codes_in_words() -> None:
    at = datetime(2026, 8, 13, 16, 10, tzinfo=ZoneInfo("America/Denver"))
    state = {"outcome": Known(ScreeningOutcome.CLEAR), "stage": CitizenshipStage.INFORMATION_OBTAINED, "taken_at": at}
    assert list(outline(state, {})) == [
        "outcome: no concern at this screening", "stage: information obtained", "taken at: Thu 13 Aug 2026 16:10 MDT",
    ]
    assert plain(state)["outcome"] == "clear", "a program reads the code"


@pytest.mark.parametrize(("error", "code"), [
    (Refused("no such office", rule="DIRECTORY"), 1),
    (LogUnavailable("the log cannot be opened"), 3),
    (LineageChanged("another log"), 3),
    (KeysUnavailable("the key store cannot be reached"), 3),
    (OSError(13, "Permission denied", "file"), 3),
])
def test_each_kind_of_failure_has_its_exit_code_and_one_sentence(error: Exception, code: int) -> None:
    found, sentence = explained(error)
    assert found == code and sentence and "\n" not in sentence


def test_an_error_that_nobody_foresaw_is_named_without_its_message() -> None:
    code, sentence = explained(RuntimeError("Nahomy Belén lives at Calle Ficticia"))
    assert code == 3 and "RuntimeError" in sentence and "Nahomy" not in sentence


ROW = (
    "ca5e0001-0000-4000-8000-000000000001", "0007ce01-0000-4000-8000-000000000001", "cons-mx.el-paso",
    "2026-09-01T21:30:00+00:00", "correction",
    "PrepareCorrection of ff7d455a-a6ab-5988-a0f7-6b580ed91793 asks it to disregard that and prepares what is true",
)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140, 160, 200])
def test_no_sign_of_a_table_is_lost_however_narrow_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("adapters.cli.console.PIPE_COLUMNS", width)
    table(("case", "disclosure", "to", "since", "what", "next"), [ROW])
    shown = capsys.readouterr().out
    body = shown.rpartition("\u2500")[2].replace("\n", "")
    assert sorted("".join(ROW).replace(" ", "")) == sorted(body.replace(" ", "")), shown
    assert max(map(len, shown.splitlines())) <= width
    if width >= 140:
        assert ROW[0] in shown and ROW[1] in shown


def test_a_table_without_rows_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    table(("case", "what"), [])
    assert "case" in capsys.readouterr().out

"""A mark in every personal text of every history is found in clear nowhere but where a partner reads it."""
from __future__ import annotations

import csv
import io
import json
import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.avro import Unreadable
from adapters.backbone import Outcome
from adapters.reading.feeds import entries
from adapters.telemetry import telemetry
from adapters.views import LogSource, open_views
from domain.case.approval import CounselApprovalGiven
from domain.case.consent import ConsentNarrowed
from domain.case.corrections import CorrectionOwed
from domain.case.outside_corrections import OutsideCorrectionSettled
from domain.case.recalls import DisclosureRecalled
from domain.case.told import EntryReached, ToldOutside
from domain.catalogue import EVENTS
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryLetGo,
    Disclosed,
    HandedOver,
    HandOverFailed,
    Held,
    Released,
    Withdrawn,
)
from domain.events import Boxed, Event, fields_of
from domain.personal import Known
from domain.ports import Recorded
from projections.runner import Runner
from projections.timeline import Timeline
from tests.e2e.boxed_places import boxed_places, boxed_texts
from tests.e2e.canaries import ROWS_MAX, Canaries, at_full_loudness, every_line, is_code, refusing_once, texts
from tests.e2e.cli_world import H1, Program, commands
from tests.e2e.embedded import H1_CASE, Embedded, embedded

DATA = Path(__file__).parents[1] / "data"
MAPPING = Path(__file__).parents[2] / "adapters/importing/mappings/removal-export.toml"
OFFICES = ("cons-mx.el-paso", "cons-gt.denver", "cons-hn.houston")
NEAR_MISSES = [("CompleteReliefScreening", "NYC-LEGAL-ATTORNEY")]
"""Lines of the histories that are refused, on purpose."""
UNMARKED: Mapping[str, str] = {
    "feed.Disclosed.salt": "made by chance", "feed.Withdrawn.salt": "made by chance",
}
"""Boxed texts that are no code and have no mark, and why."""


@dataclass
class Run:
    made: Embedded
    canaries: Canaries
    outcomes: list[tuple[dict[str, Any], Outcome]]
    logged: str
    exported: str
    echoed: list[bytes]

    @property
    def events(self) -> list[Event]:
        rows = self.made.casebridge.log.read_log(after=0, limit=ROWS_MAX)
        return [self.made.casebridge.codec.decode(row).event for row in rows]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Every history in one home, at full loudness; every office refuses what it gets once, and says it back."""
    canaries, exporter, reader = Canaries(), InMemorySpanExporter(), InMemoryMetricReader()
    with embedded(tmp_path_factory.mktemp("canary")) as made, at_full_loudness() as logged:
        telemetry.configure(exporter, reader)
        echoed = refusing_once(made.receiver, canaries)
        try:
            lines = [canaries.marked(line) for line in every_line()]
            outcomes = made.player.play(lines)
            metrics = reader.get_metrics_data()
            assert metrics is not None
            exported = "".join(span.to_json() for span in exporter.get_finished_spans()) + metrics.to_json()
        finally:
            telemetry.shutdown()
        yield Run(made, canaries, list(zip(lines, outcomes, strict=True)), "\n".join(logged), exported, echoed)


def test_the_marks_went_in_and_can_be_read_with_the_keys(run: Run) -> None:
    refused = [(line["command"], outcome.rule) for line, outcome in run.outcomes if outcome.status == "refused"]
    assert refused == NEAR_MISSES
    assert len(run.canaries.fields) >= 350 and len(set(run.canaries.fields.values())) >= 150
    assert run.canaries.fields.keys() - run.canaries.found(texts(run.made.casebridge)) == set()


def test_every_boxed_text_of_every_event_has_a_mark_or_is_a_code(run: Run) -> None:
    marked = {place for event in run.events for place, text in boxed_texts(event) if run.canaries.found(text)}
    ours = [declared for declared in EVENTS.values() if declared.__module__.startswith("domain.")]  # Tests declare some too.
    wanted = {place for declared in ours for place in boxed_places(declared)}
    assert len(wanted) > 200 and marked <= wanted
    assert {place for place in wanted - marked if not is_code(place)} == UNMARKED.keys()


def test_every_step_of_a_delivery_was_gone_through(run: Run) -> None:
    assert {type(event) for event in run.events} >= {
        Disclosed, Withdrawn, Held, Released, HandOverFailed, DeliveryHeldBack, DeliveryLetGo, HandedOver, EntryReached,
        ToldOutside, OutsideCorrectionSettled, DisclosureRecalled, CorrectionOwed, CounselApprovalGiven, ConsentNarrowed,
    }


def test_no_mark_stands_in_clear_in_any_file_of_the_home_folder(run: Run) -> None:
    names = {path.name for path in run.made.folder.rglob("*")}
    assert {"log.sqlite", "log.sqlite-wal", "views.sqlite", "keys.sqlite"} <= names
    assert run.canaries.found_below(run.made.folder) == {}


def test_no_surname_of_a_history_stands_in_clear_either(run: Run) -> None:
    """As the histories have them, without the mark. A country is two letters and no office's code: its box is looked at."""
    names = {name for line in every_line() for name in _surnames(line["data"])}
    assert len(names) > 15
    for path in run.made.folder.rglob("*.sqlite*"):
        content = path.read_bytes()
        assert [name for name in names if name.encode() in content] == [], path.name


def _surnames(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        yield from (item for name, item in told.items() if name == "surnames")
        yield from (name for item in told.values() for name in _surnames(item))
    elif isinstance(told, list):
        yield from (name for item in told for name in _surnames(item))


def test_no_mark_is_in_anything_that_was_logged_traced_or_measured(run: Run) -> None:
    assert "adapters.disclosure.courier hand-over" in run.logged
    assert run.canaries.found(run.logged) == set()
    assert "submit OpenCase" in run.exported and "casebridge.command.duration" in run.exported
    assert run.canaries.found(run.exported) == set()


def test_what_an_office_says_back_while_it_refuses_is_kept_nowhere(run: Run) -> None:
    """Its answer holds the whole letter: of it only the kind of failure is recorded, and the delivery is made later."""
    assert run.canaries.found(b"".join(run.echoed))
    held = [event for event in run.events if isinstance(event, Held)]
    assert len(run.made.receiver.received) == len(run.echoed) - len(held), "what was held came under another number"
    rows = run.made.casebridge.log.read_log(after=0, limit=ROWS_MAX)
    assert any(row.topic.endswith("HandOverFailed") for row in rows)


def test_the_offices_were_given_only_what_their_contract_names(run: Run) -> None:
    """Declared places: the wire and the letters. No allegation, custody circumstance, detention or OTIP mark is there."""
    wire = b"".join(message.content for message in run.made.receiver.received)
    given = {run.canaries.fields[mark].rpartition(".")[2] for mark in run.canaries.found(wire)}
    assert given == {
        "given_names", "surnames", "birth_region", "birth_city", "street", "number", "city", "region", "postal_code",
        "phone", "landmarks", "municipality", "colonia", "relation",
    }
    letters = "".join(entry.letter for office in OFFICES for entry in entries(run.made.casebridge, office))
    assert run.canaries.found(letters)


def test_every_stored_event_boxes_what_it_declares_boxed(run: Run) -> None:
    """Without keys, every boxed field that holds something is withheld and every clear one is there."""
    casebridge = run.made.casebridge
    for row in casebridge.log.read_log(after=0, limit=ROWS_MAX):
        with_keys, without = casebridge.codec.decode(row).event, casebridge.clear_codec.decode(row).event
        for item in fields(cast(Any, with_keys)):
            if isinstance(fields_of(type(with_keys))[item.name], Boxed):
                assert not isinstance(getattr(without, item.name), Known), _where(row, with_keys, item.name)
            else:
                assert getattr(without, item.name) == getattr(with_keys, item.name)


def _where(row: Recorded, event: Event, name: str) -> str:
    return f"{row.stream} version {row.version}: {event.TOPIC}.{name}"


def test_what_cannot_be_read_is_held_by_reference_and_not_by_its_text(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A reader that fails with the whole event in its message, as a careless one would."""
    casebridge = run.made.casebridge

    class Careless:
        def decode(self, row: Recorded) -> Any:
            raise Unreadable(row.topic, repr(casebridge.codec.decode(row)))

    caplog.set_level(logging.DEBUG)
    views = open_views(f"sqlite:///{tmp_path / 'views.sqlite'}")
    runner = Runner(Timeline(), LogSource(casebridge.log), views, reader=cast(Any, Careless()), clock=casebridge.clock)
    while runner.step():
        pass
    held = runner.unreadable()
    views.dispose()
    assert len(held) > 3
    assert run.canaries.found(repr(held)) == set() == run.canaries.found(caplog.text)
    assert run.canaries.found_below(tmp_path) == {}


# ---------------------------------------------------------------- what the program says of what it refuses

def _wrong(line: dict[str, Any], canaries: Canaries) -> Iterator[dict[str, Any]]:
    """The line once for each of its values, with a mark in the place of that value."""
    for path in _paths({name: value for name, value in line.items() if name != "command"}):
        changed = deepcopy(line)
        at: Any = changed
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = canaries.mark(str(path), "wrong")
        yield changed


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*before, name)
        yield from _paths(item, (*before, name))


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_answer_to_a_refused_line_names_the_field_and_never_its_value(
    tmp_path: Path, form: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    canaries, program = Canaries(), Program(tmp_path / "home")
    caplog.set_level(logging.DEBUG)
    by_command = {line["command"]: line for line in every_line() if "case" in line}
    lines = [wrong for line in by_command.values() for wrong in _wrong(line, canaries)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    text += "".join(f'{{"{canaries.mark("no JSON", "wrong")}": \n' for _ in range(5))
    ran = program("submit", "-", *form, stdin=text)
    assert ran.exit_code == 1 and ran.output.count("refused") >= len(lines) > 500
    assert canaries.found(ran.output) == set() == canaries.found(caplog.text)
    assert canaries.found_below(tmp_path) == {}


@pytest.mark.parametrize("every_cell", [False, True])
def test_the_report_of_an_import_tells_rows_and_columns_and_no_cell(
    tmp_path: Path, every_cell: bool, caplog: pytest.LogCaptureFixture
) -> None:
    canaries, program = Canaries(), Program(tmp_path / "home")
    program.submitted([line for line in commands(H1) if "case" not in line])
    caplog.set_level(logging.DEBUG)
    rows = list(csv.DictReader(io.StringIO((DATA / "removals.csv").read_text(encoding="utf-8"))))
    for row in rows:
        for column, cell in row.items():
            if cell and (every_cell or "NAMES" in column):
                row[column] = f"{canaries.mark(column, 'import')} {cell}"
    export = tmp_path / "export.csv"
    with export.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    told = ""
    for words in (("--dry-run",), (), ("--json",)):
        told += program("import", str(export), "--mapping", str(MAPPING), *words).output
    export.unlink()
    assert len(canaries.fields) > 5 and ("refused" in told)
    assert canaries.found(told) == set() == canaries.found(caplog.text)
    assert canaries.found_below(tmp_path) == {}


def test_the_search_finds_a_mark_however_it_is_written() -> None:
    canaries = Canaries()
    mark = canaries.mark("test", H1_CASE)
    assert canaries.found(mark.upper()) == canaries.found(mark.encode().hex()) == {mark}
    for before in range(3):
        assert canaries.found(b64encode(b"x" * before + mark.encode() + b" and more")) == {mark}
    assert canaries.found("canary") == set()

"""What `schemas/` records: new versions are added, none is edited, and what stored events could not bear is refused."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.avro import SchemaRefused, SchemaRegistry, schemas_of
from adapters.avro.build import SchemasRefused, build, check, diff, domain_classes
from adapters.avro.compatibility import problems, types
from domain import catalogue
from domain.events import REGISTRY, Compartment, Event, boxed, clear, event
from domain.personal import UNKNOWN, Known, Personal
from tests.unit.avro_events import EverythingNoted

TOPIC = "casebridge.test.Told"
PersonalText = Personal[str]
PersonalDate = Personal[date]
PersonalPerhaps = Personal[str | None]
WHY = "a word | of the tests"
SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(autouse=True)
def registry_as_before() -> Iterator[None]:
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def declare(annotations: dict[str, Any], **values: Any) -> type[Event]:
    """An event class as a later commit might declare it, under the same topic."""
    REGISTRY.pop(TOPIC, None)
    body = {"__doc__": "Somebody was told.", "__annotations__": annotations, "__module__": __name__, **values}
    return event(TOPIC)(type("Told", (Event,), body))


def told(**more: tuple[Any, Any]) -> type[Event]:
    """Told(person, what), and one boxed name; `more` adds or replaces name=(type, declaration)."""
    parts = {
        "person": (UUID, clear(WHY)), "what": (str, clear(WHY)),
        "name": (PersonalText, boxed(Compartment.IDENTITY, about="person", meaning="the name")),
    } | more
    kept = {name: part for name, part in parts.items() if part is not GONE}
    return declare({name: hint for name, (hint, _) in kept.items()}, **{name: value for name, (_, value) in kept.items()})


GONE = (None, None)


class Mood(StrEnum):
    CALM = "calm"
    LOUD = "loud"


class MoreMood(StrEnum):
    CALM = "calm"
    LOUD = "loud"
    TENSE = "tense"


class LessMood(StrEnum):
    CALM = "calm"


def test_a_build_writes_a_schema_per_part_and_a_second_build_nothing(tmp_path: Path) -> None:
    changed = build(tmp_path, [told()])
    assert [str(path) for path in changed] == [
        "clear-fields.md", "envelope/Envelope.v1.avsc", "symbols.json", "test/Told.Identity.v1.avsc", "test/Told.v1.avsc",
    ]
    assert build(tmp_path, [told()]) == []
    assert check(tmp_path, [told()]) == []
    assert diff(tmp_path, [told()]) == ""
    part = json.loads((tmp_path / "test/Told.Identity.v1.avsc").read_text())
    assert part["name"] == "Identity" and part["namespace"] == TOPIC
    assert part["fields"] == [{"name": "name", "type": ["null", "string"], "default": None, "doc": "the name"}]
    whole = json.loads((tmp_path / "test/Told.v1.avsc").read_text())
    assert whole["doc"] == "Somebody was told." and [entry["name"] for entry in whole["fields"]] == ["person", "what"]
    assert "| test.Told | what | string | a word \\| of the tests |" in (tmp_path / "clear-fields.md").read_text()
    SchemaRegistry.load(tmp_path)


def test_an_added_optional_field_is_a_new_version_and_the_old_file_stays(tmp_path: Path) -> None:
    build(tmp_path, [told()])
    first = (tmp_path / "test/Told.v1.avsc").read_bytes()
    later = told(where=(str | None, clear(WHY, default=None)), count=(int, clear(WHY, default=2)))
    assert any("Told.v2.avsc" in problem for problem in check(tmp_path, [later]))
    assert "+ where: string or null" in diff(tmp_path, [later])
    assert [path.name for path in build(tmp_path, [later])] == ["clear-fields.md", "Told.v2.avsc"]
    assert (tmp_path / "test/Told.v1.avsc").read_bytes() == first
    assert check(tmp_path, [later]) == []


def test_the_tenth_version_follows_the_ninth(tmp_path: Path) -> None:
    more: dict[str, tuple[Any, Any]] = {}
    for number in range(11):
        more[f"note_{number}"] = str | None, clear(WHY, default=None)
        build(tmp_path, [told(**more)])
    assert (tmp_path / "test/Told.v11.avsc").exists() and check(tmp_path, [told(**more)]) == []


def test_other_words_are_no_new_version(tmp_path: Path) -> None:
    build(tmp_path, [told()])
    assert [path.name for path in build(tmp_path, [told(what=(str, clear("other words")))])] == ["clear-fields.md"]


@pytest.mark.parametrize(("later", "says"), [
    ({"what": (int, clear(WHY))}, "what was string and is long"),
    ({"what": (str | None, clear(WHY))}, "what was string and is string or null"),
    ({"what": GONE}, "could not read what this writes"),
    ({"where": (str, clear(WHY))}, "cannot read what it wrote"),
    ({"at": (int, clear(WHY))}, r"at was long \(timestamp-micros\) and is long"),
    ({"person": (str, clear(WHY)), "name": GONE}, r"person was string \(uuid\) and is string"),
    ({"on": (date | None, clear(WHY)), "mood": (LessMood, clear(WHY))}, "the symbol 'loud' is gone"),
    ({"name": (str, clear(WHY, default=""))}, r"Told\.name: moved from identity to clear"),
    ({"name": (PersonalText, boxed(Compartment.LEGAL, about="person", meaning="x"))}, "moved from identity to legal"),
    ({"on": (PersonalDate, boxed(Compartment.LEGAL, about="person", meaning="x"))}, "on: moved from clear to legal"),
])
def test_what_stored_events_could_not_bear_is_refused_and_nothing_is_written(
    tmp_path: Path, later: dict[str, tuple[Any, Any]], says: str,
) -> None:
    base: dict[str, tuple[Any, Any]] = {
        "mood": (Mood, clear(WHY)), "at": (datetime, clear(WHY)), "on": (date | None, clear(WHY)),
    }
    build(tmp_path, [told(**base)])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    changed = told(**(base | later))
    with pytest.raises(SchemasRefused, match=says):
        build(tmp_path, [changed])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert check(tmp_path, [changed])
    assert "refused: " in diff(tmp_path, [changed])


def test_a_field_cannot_come_back_elsewhere_after_it_was_gone(tmp_path: Path) -> None:
    extra = told(note=(str | None, clear(WHY)))
    build(tmp_path, [extra])
    build(tmp_path, [told()])
    again = told(note=(PersonalText, boxed(Compartment.IDENTITY, about="person", meaning="x")))
    with pytest.raises(SchemasRefused, match="note: moved from clear to identity"):
        build(tmp_path, [again])


def test_a_change_is_compared_with_every_earlier_version_and_not_only_the_last(tmp_path: Path) -> None:
    build(tmp_path, [told(note=(str | None, clear(WHY)))])
    build(tmp_path, [told()])
    with pytest.raises(SchemasRefused, match="against version 1: note was string or null and is long or null"):
        build(tmp_path, [told(note=(int | None, clear(WHY)))])


def test_another_default_alone_is_refused(tmp_path: Path) -> None:
    build(tmp_path, [told(count=(int, clear(WHY, default=1)))])
    with pytest.raises(SchemasRefused, match="only a default"):
        build(tmp_path, [told(count=(int, clear(WHY, default=2)))])


def test_symbols_are_only_ever_added(tmp_path: Path) -> None:
    build(tmp_path, [told(mood=(Mood, clear(WHY)))])
    assert [path.name for path in build(tmp_path, [told(mood=(MoreMood, clear(WHY)))])] == ["symbols.json"]
    assert json.loads((tmp_path / "symbols.json").read_text()) == {f"{TOPIC}.mood": ["calm", "loud", "tense"]}


def test_an_event_type_that_is_gone_is_refused(tmp_path: Path) -> None:
    build(tmp_path, [told()])
    assert any("has a schema and no event class" in problem for problem in check(tmp_path, []))


def test_an_edited_a_misplaced_and_a_missing_file_are_found(tmp_path: Path) -> None:
    build(tmp_path, [told()])
    file = tmp_path / "test/Told.v1.avsc"
    text = file.read_text()
    file.write_text(text.replace('"what"', '"which"'))
    assert check(tmp_path, [told()])
    file.write_text(text)
    file.rename(tmp_path / "test/Told.v2.avsc")
    assert check(tmp_path, [told()]) == ["test/Told.v2.avsc: version 1 is missing"]
    (tmp_path / "test/Told.v2.avsc").rename(tmp_path / "test/Other.v1.avsc")
    assert check(tmp_path, [told()]) == [f"test/Other.v1.avsc: holds {TOPIC}"]


def record(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "R", "namespace": "casebridge.test", "fields": list(entries)}


def test_units_that_apaches_checker_lets_pass_are_refused() -> None:
    def decimal(scale: int) -> dict[str, Any]:
        kind = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": scale}
        return record({"name": "n", "type": ["null", kind], "default": None})

    def moment(unit: str) -> dict[str, Any]:
        inner = record({"name": "at", "type": {"type": "long", "logicalType": unit}}) | {"name": "Inner"}
        return record({"name": "list", "type": {"type": "array", "items": inner}})

    assert list(problems(decimal(2), decimal(2))) == []
    assert list(problems(decimal(2), decimal(4))) == [
        "n was bytes (decimal, 2, 9) or null and is bytes (decimal, 4, 9) or null",
    ]
    assert list(problems(moment("timestamp-millis"), moment("timestamp-micros"))) == [
        "list.at was long (timestamp-millis) and is long (timestamp-micros)",
    ]
    text, raw = record({"name": "n", "type": "string"}), record({"name": "n", "type": "bytes"})
    assert list(problems(text, raw)) == ["n was string and is bytes"]


@dataclass
class Melting:
    name: str


@dataclass(frozen=True)
class Chain:
    next: Chain | None


@pytest.mark.parametrize(("hint", "declaration", "says"), [
    (float, clear(WHY), "no form"), (dict[str, str], clear(WHY), "no form"), (list[str], clear(WHY), "no form"),
    (tuple[str, int], clear(WHY), "no form"), (str | int, clear(WHY), "no form"), (Any, clear(WHY), "no form"),
    (Melting, clear(WHY), "not frozen"), (Chain, clear(WHY), "hold itself"),
    (str | None, clear(WHY, default="x"), "is None"),
    (str, boxed(Compartment.LEGAL, about="person", meaning="x"), "Personal"),
    (PersonalPerhaps, boxed(Compartment.LEGAL, about="person", meaning="x"), "unknown rather than None"),
    (PersonalText, boxed(Compartment.LEGAL, about="person", meaning="x", default=Known("x")), "UNKNOWN"),
    (PersonalText, clear(WHY), "no form"),
])
def test_a_field_without_a_form_is_refused_by_name(hint: Any, declaration: Any, says: str) -> None:
    with pytest.raises(SchemaRefused, match=rf"casebridge\.test\.Told\.odd.*{says}"):
        schemas_of(told(odd=(hint, declaration)))


def test_the_same_nested_record_is_defined_once_in_each_schema() -> None:
    schemas = schemas_of(EverythingNoted)
    assert types(schemas.clear.schema)["office.number"] == "long or null"
    home = schemas.boxes[Compartment.IDENTITY].schema["fields"][1]["type"][1]
    assert (home["namespace"], home["name"]) == ("casebridge.test", "Residence")


def test_only_events_of_the_domain_enter_the_schemas() -> None:
    told(also=(PersonalText, boxed(Compartment.LEGAL, about="person", meaning="x", default=UNKNOWN)))
    classes = domain_classes()
    assert set(catalogue.EVENTS.values()) >= set(classes)
    assert classes and all(cls.__module__.startswith("domain.") for cls in classes)


def test_the_committed_schemas_are_what_the_domain_declares() -> None:
    assert check(SCHEMAS) == []

"""What partners read never changes under them, says what it is in two languages, and holds what contracts let flow."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.avro import build, published
from adapters.avro.published import problems, shipped, texts, unfit, wanted
from adapters.avro.published_records import DOCS, LAYOUTS, OF_THE_FEED
from domain.disclosure.contract import Contract, Flow, FlowField, Purpose
from domain.disclosure.published import PUBLISHED as KNOWN
from domain.disclosure.renderers import PLACES
from domain.disclosure.vocabulary import WORDS
from tests.disclosure_world import PUBLISHED

VISIT = "VisitArrangement.v1"
NAMES = sorted(path.name for path in PUBLISHED.iterdir())


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    shutil.copytree(PUBLISHED, tmp_path / "published")
    return tmp_path / "published"


def mended(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    path = folder / f"{name}.avsc"
    schema = json.loads(path.read_text(encoding="utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def contracts(kind: str, purpose: Purpose, change: Callable[[Flow], Flow]) -> list[Contract]:
    """The contracts that come along, one flow of one kind changed in every version."""
    return [
        replace(contract, flows=tuple(change(flow) if flow.purpose is purpose else flow for flow in contract.flows))
        if contract.recipient_kind == kind else contract
        for contract in shipped()
    ]


def letting(path: str, publishes: str = VISIT) -> list[Contract]:
    """One more field flows with a visit that a carer is told of."""
    return contracts("CARER", Purpose.ARRANGE_VISIT, lambda flow: replace(
        flow, publishes=publishes, fields=(*flow.fields, FlowField(path=path, basis="because"))
    ))


# -- what stands there is what is made

def test_exactly_what_the_contracts_and_the_feed_make_is_committed() -> None:
    made = texts(PUBLISHED, shipped())
    assert {path.name: text for path, text in made.items()} == {
        name: (PUBLISHED / name).read_text(encoding="utf-8") for name in NAMES
    }
    assert published.check(PUBLISHED, shipped()) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_file_is_edited_or_deleted_unnoticed(committed: Path, name: str) -> None:
    path = committed / name
    text = path.read_text(encoding="utf-8")
    stale = f"published/{name}: is not what is made of the contracts: run `casebridge schemas build`"
    path.write_text(text.replace('"doc": "', '"doc": "In short: ', 1), encoding="utf-8")
    assert published.check(committed, shipped()) == [stale]
    path.unlink()
    assert published.check(committed, shipped()) == [stale]
    schema = json.loads(text)
    schema["fields"].append({"name": "more", "type": ["null", "string"], "default": None, "doc": "More.", "doc_es": "Más."})
    path.write_text(json.dumps(schema), encoding="utf-8")
    assert published.check(committed, shipped()) == [
        f"{path.stem}: is published, and differs in more from what the contracts let flow: "
        "a published version is never changed",
    ]


def another_type(schema: Any) -> None:
    schema["fields"][0]["type"] = "bytes"


def another_order(schema: Any) -> None:
    schema["fields"].reverse()


def another_default(schema: Any) -> None:
    schema["fields"][-1]["default"] = None


@pytest.mark.parametrize(("change", "where"), [
    (another_type, "case_reference"), (another_order, "the order"), (another_default, "the order or the defaults"),
])
def test_what_was_published_is_not_changed_and_a_build_does_not_write_over_it(
    committed: Path, change: Callable[[Any], None], where: str
) -> None:
    mended(committed, "Disregard.v1", change)
    before = (committed / "Disregard.v1.avsc").read_bytes()
    told = [problem for problem in published.check(committed, shipped()) if problem.startswith("Disregard.v1: is published")]
    assert len(told) == 1 and f"differs in {where}" in told[0]
    with pytest.raises(build.SchemasRefused, match=where):
        build.build(committed.parent)
    assert (committed / "Disregard.v1.avsc").read_bytes() == before


@pytest.mark.parametrize("name", ["Stray.v1.avsc", "VisitArrangement.v2.avsc", "notes.txt", "older"])
def test_nothing_else_stands_there(committed: Path, name: str) -> None:
    if name == "older":
        (committed / name).mkdir()
    else:
        shutil.copy(committed / f"{VISIT}.avsc", committed / name)
    [problem] = published.check(committed, shipped())
    assert problem.startswith(f"published/{name}: nothing is published by it")


def test_a_build_writes_again_what_is_gone_and_what_has_other_words(tmp_path: Path) -> None:
    shutil.copytree(PUBLISHED.parent, tmp_path / "schemas")
    folder = tmp_path / "schemas" / "published"
    (folder / "Held.v1.avsc").unlink()
    mended(folder, "ConsularNotice.v1", lambda schema: schema.update(doc="A notice."))
    [gone, other] = build.check(tmp_path / "schemas")
    assert "ConsularNotice.v1.avsc" in other and "Held.v1.avsc" in gone
    assert [path.name for path in build.build(tmp_path / "schemas")] == ["ConsularNotice.v1.avsc", "Held.v1.avsc"]
    assert published.check(folder, shipped()) == []


# -- what contracts let flow

def test_a_contract_that_lets_more_flow_names_a_new_version(committed: Path) -> None:
    [problem] = problems(committed, letting("child.birth_date"))
    assert problem == f"{VISIT}: is published and has no children.birth_date, children.birth_date_is_estimate: " \
                      "let the contract name VisitArrangement.v2"
    later = letting("child.birth_date", "VisitArrangement.v2")
    assert list(problems(committed, later)) == []
    [(path, text)] = [(p, t) for p, t in texts(committed, later).items() if "v2" in p.name]
    (committed.parent / path).write_text(text, encoding="utf-8")
    assert published.check(committed, later) == []
    [older, newer] = [json.loads((committed / f"VisitArrangement.v{n}.avsc").read_text(encoding="utf-8")) for n in (1, 2)]
    assert older["name"] == newer["name"]


def test_a_notice_has_only_what_its_renderer_lays_out(committed: Path) -> None:
    more = contracts("CONS-MX", Purpose.CONSULAR_NOTICE, lambda flow: replace(
        flow, fields=(*flow.fields, FlowField(path="child.nationalities", basis="because"))
    ))
    assert published.check(committed, more) == [
        f"ConsularNotice.v1: child.nationalities: notice.v{number} has no place for it: that takes another renderer"
        for number in (1, 2)
    ]


def test_a_new_published_event_says_what_it_is(committed: Path) -> None:
    new = contracts("CARER", Purpose.ARRANGE_VISIT, lambda flow: replace(flow, publishes="Unsaid.v1"))
    assert [problem for problem in problems(committed, new) if problem.startswith("Unsaid")] == [
        "Unsaid.v1: Unsaid has no doc", "Unsaid.v1: Unsaid has no doc_es",
    ]


def test_one_schema_is_laid_out_by_one_renderer(committed: Path) -> None:
    two = contracts("CONS-MX", Purpose.CONSULAR_NOTICE, lambda flow: replace(flow, renderer="facts.v1"))
    assert "ConsularNotice.v1: is laid out by facts.v2 and by notice.v2" in list(problems(committed, two))


def test_a_version_stays_as_published_while_the_contract_that_let_more_flow_is_kept(committed: Path) -> None:
    fewer = [
        replace(contract, version=contract.version + 1, flows=tuple(
            replace(flow, fields=flow.fields[:1]) for flow in contract.flows
        ))
        for contract in shipped()
    ]
    assert published.check(committed, [*shipped(), *fewer]) == []
    assert any("is published, and differs" in problem for problem in problems(committed, fewer))


def test_what_the_check_of_contracts_knows_of_published_events_is_what_is_published() -> None:
    named: dict[str, set[str]] = {}
    for contract in shipped():
        for flow in contract.flows:
            named.setdefault(flow.publishes, set()).update(field.path for field in flow.fields)
            assert KNOWN[flow.publishes].laid_out == flow.renderer.partition(".")[0]
    assert named.keys() == KNOWN.keys()
    for publishes, paths in named.items():
        parts = {path for path, word in WORDS.items() if word.part_of in paths}
        assert paths <= KNOWN[publishes].paths <= paths | parts, publishes


def test_every_renderer_that_a_contract_may_name_has_a_layout() -> None:
    assert LAYOUTS.keys() == PLACES.keys()
    assert {name.partition(".")[0] for name in (path.removesuffix(".avsc") for path in NAMES)} == set(DOCS)
    assert {f"{name}.avsc" for name in OF_THE_FEED} < set(NAMES)


# -- what a partner could misread

def described(node: Any) -> Iterator[dict[str, Any]]:
    """Everything in a schema that has a name."""
    if isinstance(node, dict):
        if "name" in node:
            yield node
        for inner in node.values():
            yield from described(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from described(inner)


@pytest.mark.parametrize("name", NAMES)
def test_every_record_and_field_says_what_it_is_in_english_and_spanish(name: str) -> None:
    found = list(described(json.loads((PUBLISHED / name).read_text(encoding="utf-8"))))
    assert found and all(node["doc"].endswith(".") and node["doc_es"].endswith(".") for node in found)
    assert all(node["doc"] != node["doc_es"] for node in found)


def field(kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": "one", "type": kind, "doc": "One.", "doc_es": "Uno.", **more}


def record(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "record", "name": "Told", "namespace": "casebridge.published", "doc": "Told.", "doc_es": "Dicho.",
        "fields": list(fields), **more,
    }


def mood(**more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "Mood", "doc": "Mood.", "doc_es": "Ánimo.", "symbols": ["CALM", "LOUD"], **more}


def logical(kind: str, unit: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": unit, **more}


INNER = record(field("string"), name="Inner")
CLEAR = record(
    field(logical("bytes", "decimal", precision=9, scale=2)), field(logical("long", "timestamp-micros"), name="two"),
    field(["null", mood(default="CALM")], name="three", default=None),
    field({"type": "array", "items": INNER}, name="four", default=[]),
)


def test_what_every_reader_reads_alike_is_published() -> None:
    assert list(unfit({"Told.v1": CLEAR})) == []


@pytest.mark.parametrize(("schema", "why"), [
    (record(field(mood())), "one: an enum without default"),
    (record(field({"type": "array", "items": mood()})), "one: an enum without default"),
    (record(field(record(field(["null", mood()], default=None), name="Inner"))), "one.one: an enum without default"),
    (record(field(logical("long", "local-timestamp-millis"))), "one: local-timestamp-millis is a unit"),
    (record(field(logical("long", "timestamp-millis"))), "one: timestamp-millis is a unit"),
    (record(field(logical("int", "timestamp-micros"))), "one: timestamp-micros is a unit"),
    (record(field(["null", logical("string", "date")], default=None)), "one: date is a unit"),
    (record(field(logical("bytes", "decimal", scale=2))), "one: a decimal says its precision and its scale"),
    (record(field(logical("bytes", "decimal", precision=9))), "one: a decimal says its precision and its scale"),
    (record(field("string", doc_es="")), "one has no doc_es"),
    (record(field("string", doc="no sentence")), "one has no doc"),
    (record(field("string"), doc=""), "Told has no doc"),
    (record(field({"type": "array", "items": {**INNER, "doc_es": None}})), "one has no doc_es"),
    (record(field(mood(default="CALM", doc=""))), "one has no doc"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_partner_could_misread_is_refused(schema: dict[str, Any], why: str) -> None:
    assert [problem for problem in unfit({"Told.v1": schema}) if problem.startswith(f"Told.v1: {why}")]


@pytest.mark.parametrize(("later", "why"), [
    (record(field("bytes")), "one was string and is bytes"),
    (record(field(["null", "string"], default=None)), "one was string and is string or null"),
    (record(field("string"), field("string", name="two")), "cannot read what it wrote"),
    (record(field("string", name="two", default="")), "could not read what this writes"),
])
def test_a_later_version_is_read_by_the_earlier_and_reads_it(later: dict[str, Any], why: str) -> None:
    [problem] = unfit({"Told.v1": record(field("string")), "Told.v2": later})
    assert problem.startswith("Told.v2: against version 1: ") and why in problem


@pytest.mark.parametrize(("before", "after"), [
    (logical("bytes", "decimal", precision=9, scale=2), logical("bytes", "decimal", precision=9, scale=4)),
    (logical("bytes", "decimal", precision=9, scale=2), logical("bytes", "decimal", precision=12, scale=2)),
    (logical("long", "timestamp-micros"), "long"), (logical("int", "date"), "int"), ("int", "long"),
])
def test_a_later_version_has_the_same_unit_scale_and_precision(before: Any, after: Any) -> None:
    [problem] = unfit({"Told.v1": record(field(before)), "Told.v2": record(field(after))})
    assert problem.startswith("Told.v2: against version 1: one was ")


def test_a_version_is_held_to_every_earlier_one_and_not_only_to_the_last() -> None:
    def told(*kinds: str) -> dict[str, Any]:
        return record(*(field(["null", kind], default=None) for kind in kinds))

    versions = {f"Told.v{number}": told() for number in range(1, 11)} | {"Told.v2": told("string")}
    assert list(unfit(versions)) == []
    [problem] = unfit({**versions, "Told.v10": told("long"), "Other.v1": told("long")})
    assert problem == "Told.v10: against version 2: one was string or null and is long or null"


def test_a_published_schema_that_is_unfit_is_refused_where_it_stands(committed: Path) -> None:
    mended(committed, VISIT, lambda schema: schema["fields"].append(field(mood())))
    assert f"{VISIT}: one: an enum without default cannot grow" in list(problems(committed, shipped()))


def test_no_schema_of_another_purpose_has_a_place_for_what_only_detained_parents_need() -> None:
    for name, schema in wanted(shipped()).items():
        has_number = "a_number" in json.dumps(schema)
        assert has_number is (name.split(".")[0] in {
            "DetainedParent", "DetainedVisit", "DetainedHearing", "ReliefReferral",
        }), name

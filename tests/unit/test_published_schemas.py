"""What partners read never changes under them, says what it is in two languages, and holds what contracts let flow."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.avro import published
from adapters.avro.published import problems, shipped, texts, wanted
from domain.disclosure.contract import Contract, FlowField, Purpose
from tests.disclosure_world import PUBLISHED

VISIT = "VisitArrangement.v1"


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    shutil.copytree(PUBLISHED, tmp_path / "published")
    return tmp_path / "published"


def mended(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    path = folder / f"{name}.avsc"
    schema = json.loads(path.read_text(encoding="utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def letting(path: str, publishes: str | None = None) -> list[Contract]:
    """The contracts, one of which lets one more field flow with a visit."""
    found = []
    for contract in shipped():
        if contract.recipient_kind == "CARER":
            contract = replace(contract, flows=tuple(
                replace(flow, publishes=publishes or flow.publishes, fields=(
                    *flow.fields, FlowField(path=path, basis="because"),
                )) if flow.purpose is Purpose.ARRANGE_VISIT else flow for flow in contract.flows
            ))
        found.append(contract)
    return found


def test_the_committed_schemas_are_what_the_contracts_let_flow(committed: Path) -> None:
    assert published.check(committed, shipped()) == []


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


def test_a_contract_that_names_no_field_any_more_leaves_the_published_version_as_it_is(committed: Path) -> None:
    fewer = [
        replace(contract, flows=tuple(replace(flow, fields=flow.fields[:1]) for flow in contract.flows if flow.fields))
        for contract in shipped() if contract.recipient_kind == "CARER"
    ]
    assert list(problems(committed, fewer)) == [] and not [p for p in texts(committed, fewer) if p.name == f"{VISIT}.avsc"]


def other_type(schema: Any) -> None:
    schema["fields"][0]["type"] = "bytes"


def an_enum(schema: Any) -> None:
    schema["fields"].append({
        "name": "mood", "doc": "Mood.", "doc_es": "Ánimo.",
        "type": {"type": "enum", "name": "Mood", "doc": "Mood.", "doc_es": "Ánimo.", "symbols": ["GOOD"]},
    })


def a_local_time(schema: Any) -> None:
    schema["fields"].append({
        "name": "at", "doc": "When.", "doc_es": "Cuándo.", "type": {"type": "long", "logicalType": "local-timestamp-millis"},
    })


def money(schema: Any) -> None:
    schema["fields"].append({
        "name": "fee", "doc": "Fee.", "doc_es": "Tarifa.", "type": {"type": "bytes", "logicalType": "decimal"},
    })


def no_spanish(schema: Any) -> None:
    del schema["fields"][0]["doc_es"]


@pytest.mark.parametrize(("change", "why"), [
    (an_enum, "an enum without default"), (a_local_time, "a unit"), (money, "precision"), (no_spanish, "has no doc_es"),
])
def test_what_a_foreign_reader_could_misread_is_refused(committed: Path, change: Callable[[Any], None], why: str) -> None:
    mended(committed, VISIT, change)
    assert any(why in problem for problem in problems(committed, shipped())), list(problems(committed, shipped()))


def test_a_later_version_is_read_by_the_earlier_and_reads_it(committed: Path) -> None:
    shutil.copy(committed / f"{VISIT}.avsc", committed / "VisitArrangement.v2.avsc")
    mended(committed, "VisitArrangement.v2", other_type)
    assert any("case_reference was string and is bytes" in problem for problem in problems(committed, shipped()))


def test_no_schema_of_another_purpose_has_a_place_for_what_only_detained_parents_need() -> None:
    for name, schema in wanted(shipped()).items():
        has_number = "a_number" in json.dumps(schema)
        assert has_number is (name.split(".")[0] in {
            "DetainedParent", "DetainedVisit", "DetainedHearing", "ReliefReferral",
        }), name

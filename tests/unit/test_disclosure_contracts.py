"""The contracts that come along: what they let flow, and that everything they name is there."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.disclosure.contract import FIELDS, Contract, Purpose, Release, parse_contract
from domain.disclosure.renderers import RENDERERS
from domain.refusals import Refused
from tests.disclosure_world import PUBLISHED, ROOT

CONTRACTS = sorted((ROOT / "domain" / "contracts").glob("*.toml"))
FORBIDDEN = re.compile(r"status|allegation|placement|traffick|a_number|detention", re.IGNORECASE)


def read(path: Path) -> Contract:
    text = path.read_text(encoding="utf-8")
    return parse_contract(text, hashlib.sha256(text.encode()).hexdigest())


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_a_contract_names_schemas_and_renderers_that_are_there(path: Path) -> None:
    contract = read(path)
    assert {flow.purpose for flow in contract.flows} == set(Purpose)
    for flow in contract.flows:
        assert flow.renderer in RENDERERS and (PUBLISHED / f"{flow.publishes}.avsc").exists()
        assert flow.release is Release.PERSON


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_a_notice_carries_what_the_list_names_and_a_recall_carries_nothing(path: Path) -> None:
    notice, recall = read(path).flow(Purpose.CONSULAR_NOTICE), read(path).flow(Purpose.RECALL)
    assert notice is not None and {path for path, _ in notice.fields} == FIELDS
    assert all(basis for _, basis in notice.fields)
    assert recall is not None and recall.fields == ()


def test_there_is_a_contract_for_mexico_and_one_for_every_other_consulate() -> None:
    assert {read(path).recipient_kind for path in CONTRACTS} == {"CONS-MX", "CONS-xx"}


@pytest.mark.parametrize("field", ["child.immigration_status", "child.placement_address", "case.allegation"])
def test_a_contract_cannot_name_what_is_banned(field: str) -> None:
    text = CONTRACTS[0].read_text(encoding="utf-8").replace("child.custody", field)
    with pytest.raises(Refused, match="cannot let"):
        parse_contract(text, "0" * 64)


def test_no_published_schema_has_a_place_for_what_is_banned() -> None:
    for path in PUBLISHED.glob("*.avsc"):
        assert [name for name in names(json.loads(path.read_text())) if FORBIDDEN.search(name)] == [], path.name


def test_every_field_of_a_published_schema_is_documented() -> None:
    for path in PUBLISHED.glob("*.avsc"):
        for field in fields(json.loads(path.read_text())):
            assert field.get("doc", "").endswith("."), f"{path.name}: {field['name']}"


def test_an_optional_field_is_null_by_default_so_that_later_versions_can_read_it() -> None:
    for path in PUBLISHED.glob("*.avsc"):
        for field in fields(json.loads(path.read_text())):
            if isinstance(field["type"], list):
                assert field["type"][0] == "null" and field["default"] is None


def fields(schema: Any) -> list[dict[str, Any]]:
    match schema:
        case {"type": "record", "fields": own}:
            return [*own, *(inner for field in own for inner in fields(field["type"]))]
        case {"type": "array", "items": items}:
            return fields(items)
        case list():
            return [inner for branch in schema for inner in fields(branch)]
        case _:
            return []


def names(schema: Any) -> list[str]:
    return [field["name"] for field in fields(schema)]


def test_the_lists_above_look_into_every_record() -> None:
    found = names(json.loads((PUBLISHED / "ConsularNotice.v1.avsc").read_text()))
    assert {"children", "colonia", "zone", "phone", "relation"} <= set(found)

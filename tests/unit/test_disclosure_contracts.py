"""The contracts that come along: what they let flow, and that everything they name is there."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.disclosure.check import check, require_lawful
from domain.disclosure.contract import Contract, Purpose, Release, parse_contract
from domain.disclosure.renderers import RENDERERS
from domain.disclosure.vocabulary import FreeText
from domain.refusals import Refused
from tests.disclosure_world import PUBLISHED, ROOT

CONTRACTS = sorted((ROOT / "domain" / "contracts").glob("*.toml"))
CONSULATES = [path for path in CONTRACTS if path.name.startswith("cons-")]
NOTICE = {
    "child.custody", "child.name", "child.birth_date", "child.birth_place", "parent.relation", "parent.name",
    "parent.birth_date", "parent.birth_place", "parent.address", "relative.name", "relative.phone",
}
FORBIDDEN = re.compile(r"status|allegation|placement|traffick|a_number|detention", re.IGNORECASE)


def read(path: Path) -> Contract:
    text = path.read_text(encoding="utf-8")
    return parse_contract(text, hashlib.sha256(text.encode()).hexdigest())


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_a_contract_names_schemas_and_renderers_that_are_there(path: Path) -> None:
    for flow in read(path).flows:
        assert flow.renderer in RENDERERS and (PUBLISHED / f"{flow.publishes}.avsc").exists()


@pytest.mark.parametrize("path", CONSULATES, ids=lambda path: path.name)
def test_a_notice_carries_what_the_list_names_and_a_recall_carries_nothing(path: Path) -> None:
    notice, recall = read(path).flow(Purpose.CONSULAR_NOTICE), read(path).flow(Purpose.RECALL)
    assert notice is not None and {field.path for field in notice.fields} == NOTICE
    assert all(field.basis for field in notice.fields) and notice.release is Release.PERSON
    assert recall is not None and recall.fields == ()


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_a_contract_that_comes_along_reaches_nothing_forbidden(path: Path) -> None:
    """An earlier version may bring an address with its landmarks, unnamed: nobody can adopt it any more."""
    contract = read(path)
    is_last = not path.with_name(f"{path.name.partition('.')[0]}.v{contract.version + 1}.toml").exists()
    assert {finding.ban for finding in check(contract)} <= (set() if is_last else {"FREE-TEXT"})


@pytest.mark.parametrize("field", ["child.in_proceedings", "child.placement_address", "child.allegation"])
def test_a_contract_cannot_name_what_is_banned(field: str) -> None:
    """Nor hide a status in a text that a person wrote: such a field names its class, and no class is of status."""
    text = CONSULATES[-1].read_text(encoding="utf-8").replace('"child.custody"', f'"{field}"')
    text = text.replace('path = "child.allegation"', 'path = "child.allegation"\n  free_text = "allegation"')
    with pytest.raises(Refused, match=r"B4"):
        require_lawful(parse_contract(text, "0" * 64))
    assert not any("status" in kind for kind in FreeText)


def test_no_schema_of_a_notice_has_a_place_for_what_is_banned() -> None:
    for path in (PUBLISHED / "ConsularNotice.v1.avsc", PUBLISHED / "Disregard.v1.avsc"):
        assert [name for name in names(json.loads(path.read_text())) if FORBIDDEN.search(name)] == [], path.name


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

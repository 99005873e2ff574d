"""The shipped packs say what the reference says: force, limit, recipients, citation, source lines."""
from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from domain.policy.pack import Pack, Rule, parse_pack
from domain.policy.triggers import TRIGGERS
from domain.refusals import Refused
from tests.e2e.embedded import H1, read

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "domain/packs").glob("*.toml"))
LIMITS = {"elapsed": "elapsed", "business_days": "business_days", "qualitative": "qualitative", "none": "none"}


def packs() -> list[Pack]:
    return [parse_pack(path.read_text(encoding="utf-8"), path.stem) for path in FILES]


def rules() -> list[Rule]:
    return [rule for pack in packs() for rule in pack.rules]


def reference() -> dict[str, dict[str, str]]:
    with (ROOT / "tests/reference/rules.csv").open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule.id))
def test_a_rule_says_what_its_source_says(rule: Rule) -> None:
    row = reference()[rule.id]
    assert rule.force == row["force"] and rule.process == row["process"]
    assert rule.tracked is (row["tracked"] == "yes") and rule.scope == row["scope"]
    assert ";".join(rule.recipients) == row["recipient_codes"]
    assert (rule.citation or "") == row["citation"] and rule.source_lines == row["seed_lines"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule.id))
def test_a_limit_is_the_sources_own_and_none_is_never_zero(rule: Rule) -> None:
    row = reference()[rule.id]
    assert rule.limit.kind == LIMITS[row["deadline_kind"]]
    assert rule.limit.amount == (int(row["deadline_amount"]) if row["deadline_amount"] else None)
    if row["deadline_kind"] == "qualitative":
        assert rule.limit.words == row["deadline_unit"]


def test_a_notice_gives_the_seven_items_of_its_source_one_of_them_optional() -> None:
    [rule] = [rule for rule in rules() if rule.id == "NM-CONSULATE-DATA"]
    named = [item.split("(")[0] for item in reference()["NM-CONSULATE-DATA"]["data_items"].split(";")]
    assert [item.name for item in rule.requires] == named and len(named) == 7
    assert [item.name for item in rule.requires if item.optional] == ["parent_current_address"]


def test_the_notice_rules_of_both_layers_are_all_there() -> None:
    wanted = {
        name for name, row in reference().items()
        if row["jurisdiction"] in {"US", "NM"} and "-CONSULATE-" in name and row["tracked"] == "yes"
    }
    assert {rule.id for rule in rules()} == wanted


def test_every_trigger_that_a_pack_names_is_known_and_has_a_sentence() -> None:
    named = {rule.trigger for rule in rules() if rule.trigger}
    assert named <= set(TRIGGERS)
    assert all(TRIGGERS[name].__doc__ for name in named)


def test_the_history_adopts_the_shipped_texts_to_the_letter() -> None:
    adopted = {
        hashlib.sha256(line["data"]["text"].encode()).hexdigest()
        for line in read(H1) if line["command"].startswith("Adopt")
    }
    shipped = [*FILES, *(ROOT / "domain/calendars").glob("NM.toml"), *(ROOT / "domain/contracts").glob("*.toml")]
    assert adopted == {hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped}


@pytest.mark.parametrize(("text", "because"), [
    ("not toml [", "this is no policy pack"),
    ("[pack]\nid = 'X'", "does not state"),
    ("[pack]\nid='X'\nlayer='state'\njurisdiction='X'\nzone='UTC'\nsource='s'\neffective_from=2026-01-01\n"
     "[[rule]]\nid='X-1'\nforce='MUST'\nprocess='P01'", "X-1: force is one of"),
])
def test_a_text_that_is_no_pack_is_refused_with_the_place(text: str, because: str) -> None:
    with pytest.raises(Refused, match=because):
        parse_pack(text, text)

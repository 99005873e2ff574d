"""The shipped packs say what the reference says: force, limit, recipients, citation, source lines."""
from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case.happenings import PERSONS
from domain.case.notice_items import _has
from domain.case.state import PARTS, Case
from domain.disclosure.contract import parse_contract
from domain.events.contract import Clear, fields_of
from domain.policy.acts import ACTS
from domain.policy.calendar import parse_calendar
from domain.policy.pack import NOTICE_ITEMS, Pack, Role, Rule, parse_pack
from domain.policy.triggers import TRIGGERS
from domain.refusals import Refused
from tests.e2e.embedded import H1, read

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "domain/packs").glob("*.toml"))


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
    stated = [int(number) for number in re.findall(r"[0-9]+", row["deadline_amount"])]
    assert rule.limit.kind == row["deadline_kind"]
    assert [*([] if rule.limit.amount is None else [rule.limit.amount]), *rule.limit.amounts] == stated
    if row["deadline_kind"] == "qualitative":
        assert rule.limit.words == row["deadline_unit"]


def test_a_notice_gives_the_seven_items_of_its_source_one_of_them_optional() -> None:
    [rule] = [rule for rule in rules() if rule.id == "NM-CONSULATE-DATA"]
    named = [item.split("(")[0] for item in reference()["NM-CONSULATE-DATA"]["data_items"].split(";")]
    assert [item.name for item in rule.requires] == named and len(named) == 7
    assert [item.name for item in rule.requires if item.optional] == ["parent_current_address"]


def test_every_rule_of_the_reference_is_in_the_pack_of_its_jurisdiction_and_in_no_other() -> None:
    assert Counter((rule.id, pack.id) for pack in packs() for rule in pack.rules) == Counter(
        (name, row["jurisdiction"]) for name, row in reference().items()
    )
    assert len(rules()) == 223
    assert {pack.id for pack in packs()} == {"US", "CA", "LAC", "SDC", "SCC", "NJ", "NM", "NYC", "OR"}


def test_the_role_of_a_rule_follows_from_its_force_and_its_tracking() -> None:
    for rule in rules():
        row = reference()[rule.id]
        if row["force"] in ("NOT", "SILENT"):
            assert rule.role is (Role.PROHIBITION if row["force"] == "NOT" else Role.SILENCE), rule.id
        elif row["tracked"] == "yes":
            case = {Role.DUTY, Role.CITED} if row["scope"] == "case" else {Role.STANDING}
            assert rule.role in case, rule.id
        else:
            assert rule.role in {Role.CHECKLIST, Role.CONFIGURATION}, rule.id
    assert sum(rule.role is Role.STANDING for rule in rules()) == 10


def test_what_the_source_is_silent_on_falls_back_to_the_federal_rules_with_a_warning() -> None:
    silent = [rule for rule in rules() if rule.role is Role.SILENCE and rule.id.endswith("SILENT")]
    assert len(silent) == 10
    for rule in silent:
        assert "warn" in rule.words or rule.id == "LAC-EXTEND-SILENT", rule.id


def test_a_checklist_item_that_an_event_can_satisfy_says_which() -> None:
    assert all(rule.met_by for rule in rules() if rule.role is Role.CHECKLIST)


def test_every_trigger_that_a_pack_names_is_known_and_has_a_sentence() -> None:
    named = {rule.trigger for rule in rules() if rule.trigger}
    assert named <= set(TRIGGERS)
    assert all(TRIGGERS[name].meaning.endswith(".") for name in named)


def test_the_events_that_may_meet_a_duty_are_those_about_a_person_of_a_case() -> None:
    about_persons = {
        event.__name__ for _, area in PARTS for event in area.EVOLVES
        if set(PERSONS) & {name for name, declared in fields_of(event).items() if isinstance(declared, Clear)}
    }
    assert about_persons >= ACTS


def test_the_history_adopts_the_shipped_texts_to_the_letter() -> None:
    adopted = {
        hashlib.sha256(line["data"]["text"].encode()).hexdigest()
        for line in read(H1) if line["command"].startswith("Adopt")
    }
    adopted_packs = [path for path in FILES if path.stem in {"US", "NM"}]
    calendars, contracts = ROOT / "domain/calendars", ROOT / "domain/contracts"
    shipped = [*adopted_packs, *calendars.glob("NM.toml"), *contracts.glob("cons-*.v3.toml")]
    assert adopted == {hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped}


def nm() -> str:
    return (ROOT / "domain/packs/NM.toml").read_text(encoding="utf-8")


def calendar() -> str:
    return (ROOT / "domain/calendars/NM.toml").read_text(encoding="utf-8")


def contract() -> str:
    return (ROOT / "domain/contracts/cons-mx.v3.toml").read_text(encoding="utf-8")


def with_change(text: str, old: str, new: str) -> str:
    assert old in text, "the test changes nothing"
    return text.replace(old, new, 1)


def refusal(parse: Callable[[str, str], object], text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        parse(text, text)
    return refused.value


HEAD = "[pack]\nid='X'\nlayer='state'\njurisdiction='X'\nzone='UTC'\nsource='s'\neffective_from=2026-01-01\n"


@pytest.mark.parametrize(("text", "because"), [
    ("not toml [", "this is no policy pack"),
    ("pack = " + "[" * 100_000, "this is no policy pack"),
    ("pack = " + "9" * 10_000, "this is no policy pack"),
    ("pack = 7", "pack is a table"),
    ("[pack]\nid = 'X'", "does not state"),
    (HEAD + "[[rule]]\nid='X-1'\nforce='MUST'\nprocess='P01'", "X-1: force is one of"),
    (HEAD + "[[rule]]\nid='X-1'", "X-1: it does not state force"),
    (HEAD + "[[rule]]\nforce='DUTY'", "rule 1: it does not state id"),
    ("rule = 5\n" + HEAD, "rule is a list"),
    ("rule = [5]\n" + HEAD, "rule is a list"),
])
def test_a_text_that_is_no_pack_is_refused_with_the_place(text: str, because: str) -> None:
    refused = refusal(parse_pack, text)
    assert because in refused.because and (refused.rule, refused.field) == ("PACK", "text")


@pytest.mark.parametrize(("old", "new", "because"), [
    ('id = "NM"', "id = 7", "id is a text"),
    ('id = "NM"', 'id = " "', "id is a text"),
    ('layer = "state"', 'layer = "county"', "layer is one of"),
    ('layer = "state"', "layer = ['state']", "layer is a text"),
    ('jurisdiction = "NM"', "jurisdiction = true", "jurisdiction is a text"),
    ('zone = "America/Denver"', 'zone = "America/Nowhere"', "zone is a time zone"),
    ('zone = "America/Denver"', 'zone = "America"', "zone is a time zone"),
    ('zone = "America/Denver"', 'zone = "localtime"', "zone is a time zone"),
    ("effective_from = 2023-12-01", 'effective_from = "2023-12-01"', "effective_from is a date"),
    ("effective_from = 2023-12-01", "effective_from = 2023-12-01T00:00:00", "effective_from is a date"),
    ("effective_from = 2023-12-01", "effective_from = 0001-01-01", "effective_from is a date"),
    ("effective_from = 2023-12-01", "effective_from = 2023-12-01\nzones = 1", "there is no 'zones'"),
])
def test_the_head_of_a_pack_is_looked_at_key_by_key(old: str, new: str, because: str) -> None:
    assert because in refusal(parse_pack, with_change(nm(), old, new)).because


MX24 = "NM-CONSULATE-MX-24H"


@pytest.mark.parametrize(("old", "new", "because"), [
    ('trigger = "origin_in_mexico"', 'trigger = "origin_in_mexcio"', f"{MX24}: trigger is one of"),
    ('trigger = "origin_in_mexico"\n', "", f"{MX24}: a tracked rule of scope case names its trigger"),
    ("amount = 24", 'amount = "24"', f"{MX24}: limit: amount is a whole number"),
    ("amount = 24", "amount = true", f"{MX24}: limit: amount is a whole number"),
    ("amount = 24", "amount = 24.0", f"{MX24}: limit: amount is a whole number"),
    ("amount = 24", "amount = 0", f"{MX24}: limit: amount is a whole number"),
    ("amount = 24", "amount = -1", f"{MX24}: limit: amount is a whole number"),
    ("amount = 24", "amount = 8785", f"{MX24}: limit: amount is a whole number from 1 to 8784"),
    ("amount = 24, ", "", f"{MX24}: limit: it does not state amount"),
    ("amount = 5", "amount = 367", "NM-CONSULATE-OTHER-5WD: limit: amount is a whole number from 1 to 366"),
    ('kind = "elapsed"', 'kind = "minutes"', f"{MX24}: limit: kind is one of"),
    ('kind = "elapsed"', "kind = 3", f"{MX24}: limit: kind is a text"),
    ('kind = "elapsed"', 'kind = "none"', f"{MX24}: limit: an amount goes with"),
    ("amount = 24", "amount = 24, amounts = [24]", f"{MX24}: limit: amounts go with"),
    ('kind = "elapsed", amount = 24', 'kind = "calendar_months", amount = 18, amounts = [18, 24]', "with no amounts beside"),
    ('kind = "elapsed", amount = 24', 'kind = "calendar_months"', f"{MX24}: limit: it does not state amount"),
    ('kind = "elapsed", amount = 24', 'kind = "range_days", amounts = [90]', f"{MX24}: limit: a range has two amounts"),
    ('kind = "elapsed", amount = 24', 'kind = "range_days", amounts = [120, 90]', "amounts stand in order, each once"),
    ('kind = "elapsed", amount = 24', 'kind = "from_document", amounts = [0, 3]', "amounts is a list of whole numbers"),
    ('kind = "elapsed", amount = 24', 'kind = "from_document", amounts = [true]', "amounts is a list of whole numbers"),
    ('limit = { kind = "elapsed", amount = 24, words = "24 hours elapsed" }', "limit = 24", f"{MX24}: limit is a table"),
    ('words = "24 hours elapsed"', "words = 24", f"{MX24}: limit: words is a text"),
    ('recipients = ["CONS-MX"]', 'recipients = "CONS-MX"', f"{MX24}: recipients is a list of texts"),
    ('recipients = ["CONS-MX"]', "recipients = [1]", f"{MX24}: recipients is a list of texts"),
    ('cited_on = ["NM', 'cited_on = [{}, "NM', "NM-CONSULATE-USC-BOTH: cited_on is a list of texts"),
    ('met_by = "ConsulateNotified"', "met_by = 5", f"{MX24}: met_by is a list of texts"),
    ('met_by = "ConsulateNotified"', "met_with = { channel = 'mail' }", f"{MX24}: met_with goes with met_by only"),
    ('force = "DUTY"', 'force = "DUTY"\nrole = "checklist"', "NM-CONSULATE-INFORM: a rule of this force and tracking is a"),
    ("tracked = true", "tracked = 1", "NM-CONSULATE-INFORM: tracked is true or false"),
    ("tracked = true", "tracked = 'yes'", "NM-CONSULATE-INFORM: tracked is true or false"),
    ('scope = "case"', 'scope = "world"', "NM-UNIT-SCOPE: scope is one of"),
    ('force = "DUTY"', "force = ['DUTY']", "NM-CONSULATE-INFORM: force is a text"),
    ('owner = "investigator"', "owner = 1", "NM-CONSULATE-INFORM: owner is a text"),
    ('source_lines = "374"', "source_lines = 374", "NM-CONSULATE-INFORM: source_lines is a text"),
    ('{ name = "child_dob" }', '{ name = "child_dbo" }', "child_dbo: name is one of"),
    ('{ name = "child_dob" }', '"child_dob"', "NM-CONSULATE-DATA: requires is a list"),
    ("optional = true", "optional = 1", "parent_current_address: optional is true or false"),
    ("optional = true", "optinal = true", "parent_current_address: there is no 'optinal'"),
    ('id = "NM-CONSULATE-OTHER-5WD"', f'id = "{MX24}"', f"{MX24} stands there twice"),
    ('id = "NM-CONSULATE-INFORM"', "id = 5", "rule 2: id is a text"),
])
def test_a_rule_is_looked_at_key_by_key_and_named(old: str, new: str, because: str) -> None:
    refused = refusal(parse_pack, with_change(nm(), old, new))
    assert because in refused.because and (refused.rule, refused.field) == ("PACK", "text")


@pytest.mark.parametrize(("stated", "amount", "amounts"), [
    ('kind = "calendar_months", amount = 6', 6, ()),
    ('kind = "calendar_months", amounts = [18, 24]', None, (18, 24)),
    ('kind = "range_days", amounts = [90, 120]', None, (90, 120)),
    ('kind = "from_document", amounts = [3, 6]', None, (3, 6)),
    ('kind = "from_document"', None, ()),
])
def test_a_limit_may_be_months_a_range_or_what_a_document_says(
    stated: str, amount: int | None, amounts: tuple[int, ...]
) -> None:
    pack = parse_pack(with_change(nm(), 'kind = "elapsed", amount = 24', stated), stated)
    rule = pack.rule(MX24)
    assert rule is not None and (rule.limit.amount, rule.limit.amounts) == (amount, amounts)


def test_every_notice_item_that_a_pack_may_ask_for_is_known_to_the_notice() -> None:
    for item in NOTICE_ITEMS:
        assert _has(Case(), item, [], []) in (True, False)


@pytest.mark.parametrize(("old", "new", "because"), [
    ('id = "NM"', "id = 7", "id is a text"),
    ("citation =", "cite =", "there is no 'cite'"),
    ("first = 2023-01-01", 'first = "2026-01-01"', "first is a date"),
    ("first = 2023-01-01", "first = 2031-01-01", "the first day comes after the last"),
    ("last = 2030-12-31", "last = 9999-12-31", "last is a date"),
    ("day = 2026-01-19", "day = 2026-01-01", "2026-01-01 stands there twice"),
    ("day = 2026-01-19", "day = 2022-12-31", "2022-12-31 is outside"),
    ("day = 2026-01-19", "day = '2026-01-19'", "day_off 35: day is a date"),
    ("day = 2026-01-19", "day = 2026-01-19T00:00:00", "day_off 35: day is a date"),
    ('name = "Juneteenth National Independence Day"', "name = 4", "day_off 4: name is a text"),
    ("[calendar]", "[other]", "there is no 'other'"),
    ("day_off = [", "day_off = 5 # [", "no calendar"),
])
def test_a_calendar_is_looked_at_key_by_key(old: str, new: str, because: str) -> None:
    refused = refusal(parse_calendar, with_change(calendar(), old, new))
    assert because in refused.because and (refused.rule, refused.field) == ("CALENDAR", "text")


def test_a_calendar_without_its_days_off_is_refused() -> None:
    head = calendar()[calendar().index("[calendar]"):]
    assert "does not state day_off" in refusal(parse_calendar, head).because


@pytest.mark.parametrize(("old", "new", "because"), [
    ('recipient_kind = "CONS-MX"', "recipient_kind = 7", "recipient_kind is a text"),
    ('recipient_kind = "CONS-MX"', 'recipient_kind = "cons mx"', "recipient_kind has the form"),
    ("version = 3", 'version = "1"', "version is a whole number"),
    ("version = 3", "version = 0", "version is a whole number"),
    ("version = 3", "version = true", "version is a whole number"),
    ('purpose = "consular_notice"', 'purpose = "gossip"', "gossip: purpose is one of"),
    ('purpose = "recall"', 'purpose = "consular_notice"', "consular_notice stands there twice"),
    ('publishes = "ConsularNotice.v1"', 'publishes = "../ConsularNotice.v1"', "publishes has the form"),
    ('publishes = "ConsularNotice.v1"', "publishes = 1", "publishes is a text"),
    ('renderer = "notice.v2"', 'renderer = "notice"', "renderer has the form"),
    ('release = "person"', 'release = "nobody"', "release is one of"),
    ('release = "person"', "release = ['person']", "release is a text"),
    ('path = "child.name"', "path = 3", "path is a text"),
    ('path = "child.name"', 'path = "child.custody"', "child.custody stands there twice"),
    ('basis = "Correction', 'bases = "Correction', "recall: there is no 'bases'"),
    ('[[flow]]\npurpose = "recall"', '[flows]\npurpose = "recall"', "there is no 'flows'"),
])
def test_a_contract_is_looked_at_key_by_key(old: str, new: str, because: str) -> None:
    refused = refusal(parse_contract, with_change(contract(), old, new))
    assert because in refused.because and (refused.rule, refused.field) == ("CONTRACT", "text")


VALUES = ("1", "true", "[]", "{}", "'x'", "1.5", "nan", "2026-01-01", "[[[1]]]", "[{}]")


@pytest.mark.parametrize(("parse", "shipped"), [(parse_pack, nm), (parse_calendar, calendar), (parse_contract, contract)])
@given(value=st.sampled_from(VALUES), data=st.data())
def test_whatever_stands_where_a_value_was_the_text_is_read_or_refused(
    parse: Callable[[str, str], object], shipped: Callable[[], str], value: str, data: st.DataObject
) -> None:
    text = shipped()
    keyed = [line for line in text.splitlines() if re.match(r"[a-z_]+ = [^{\[]", line)]
    line = data.draw(st.sampled_from(keyed))
    try:
        parse(text.replace(line, f"{line.split(' = ')[0]} = {value}", 1), f"{line}{value}")
    except Refused as refused:
        assert refused.field == "text"

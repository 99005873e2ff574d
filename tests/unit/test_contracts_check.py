"""The check of contracts: every ban is seen to forbid something, and every forbidden field is found in every contract."""
from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import product
from unittest.mock import patch

import pytest

from domain.case.kin import HomeStudyCompleted
from domain.case.relief import ReliefScreeningCompleted
from domain.case.trafficking import OtipLetterReceived
from domain.disclosure import bans, check, kinds
from domain.disclosure.bans import BANS, COLUMNS, MATRIX, NEEDED, Ban, cell
from domain.disclosure.basis import BasisKind
from domain.disclosure.check import Law, require_lawful
from domain.disclosure.contract import Contract, Flow, FlowField, Purpose, Release, parse_contract
from domain.disclosure.items import AskedItem
from domain.disclosure.kinds import COLUMNS as COLUMN_OF
from domain.disclosure.kinds import COUNSEL, HOMELAND, ONWARD, SENT_TO, WITHOUT_COLUMN
from domain.disclosure.published import PUBLISHED, Published
from domain.disclosure.telling import OF_PERSONS, THINGS
from domain.disclosure.vocabulary import WORDS
from domain.events import Event
from domain.refusals import Refused
from tests.specification import ROOT
from tests.unit.partners import latest

REFERENCE = ROOT / "tests" / "reference" / "disclosure-matrix.csv"
GROUNDS = (BasisKind.CONSENT, BasisKind.COURT_ORDER, BasisKind.COUNSEL_APPROVAL)
STATUS = {AskedItem.CHILD_STATUS, AskedItem.PARENT_STATUS, AskedItem.DEPORTATION_ORDER, AskedItem.CARER_STATUS}


@cache
def contract(kind: str) -> Contract:
    text = latest(kind)
    return parse_contract(text, hashlib.sha256(text.encode()).hexdigest())


@pytest.fixture(autouse=True)
def anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A published event that has a place for every field."""
    whatever = Published(laid_out="facts", paths=frozenset(WORDS))
    monkeypatch.setattr(check, "PUBLISHED", {**PUBLISHED, "Anything.v1": whatever})


def of(
    kind: str, purpose: Purpose, *paths: str, places: tuple[str, ...] = (), needs: tuple[BasisKind, ...] = ()
) -> Contract:
    """A contract with one flow, as an agency might write it."""
    publishes, renderer = (
        ("Disregard.v1", "disregard.v1") if purpose is Purpose.RECALL else ("Anything.v1", "facts.v2")
    )
    flow = Flow(
        purpose=purpose, publishes=publishes, renderer=renderer, release=Release.PERSON, basis="of no account",
        places=places, fields=tuple(FlowField(path=path, basis="of no account", needs=needs) for path in paths),
    )
    return Contract(recipient_kind=kind, version=1, digest="", flows=(flow,))


def found(kind: str, purpose: Purpose, *paths: str, law: Law = check.LAW, **more: object) -> list[str]:
    return [finding.ban for finding in check.check(of(kind, purpose, *paths, **more), law)]  # type: ignore[arg-type]


def path_of(item: AskedItem) -> str:
    return next(path for path, word in WORDS.items() if word.item is item)


# -- the data itself

def test_the_matrix_is_the_sources_cell_for_cell() -> None:
    with REFERENCE.open(encoding="utf-8") as file:
        rows = {row.pop("item"): row for row in csv.DictReader(file)}
    assert rows == {item.value: dict(zip(COLUMNS, cells.split(), strict=True)) for item, (cells, _) in MATRIX.items()}


def names(values: Iterable[object]) -> str:
    return ";".join(sorted(str(value) for value in values))


def test_the_bans_are_the_sources_line_for_line() -> None:
    def row(ban: Ban) -> dict[str, str]:
        others = set(Purpose) - ban.purposes
        purposes = f"others than {names(others)}" if len(others) < len(ban.purposes) else names(ban.purposes)
        return {
            "ban": ban.id, "kinds": names(ban.kinds), "purposes": purposes, "places": names(ban.places),
            "beyond": "yes" if ban.beyond else "", "items": names(ban.items),
        }

    with (REFERENCE.parent / "disclosure-bans.csv").open(encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [row(ban) for ban in BANS]


def test_each_kind_stands_in_the_column_and_the_department_that_the_source_says() -> None:
    with (REFERENCE.parent / "disclosure-kinds.csv").open(encoding="utf-8") as file:
        told = {row.pop("kind"): row for row in csv.DictReader(file)}
    assert told == {kind: {
        "column": COLUMN_OF.get(kind, ""), "inside_homeland_security": "yes" if kind in HOMELAND else "",
        "passes_on_to": ";".join(ONWARD.get(kind, ())),
    } for kind in {*COLUMN_OF, *WITHOUT_COLUMN}}


def test_every_kind_to_which_something_is_sent_has_a_contract_and_no_other_kind_has_one() -> None:
    kinds = {path.name.split(".v")[0].upper() for path in (ROOT / "domain" / "contracts").glob("*.toml")}
    assert kinds == {kind.upper() for kind in SENT_TO}


@pytest.mark.parametrize("kind", sorted(SENT_TO))
def test_the_contract_that_comes_along_reaches_nothing_forbidden(kind: str) -> None:
    assert check.check(contract(kind)) == []
    assert (contract(kind).denied is not None) is (kind in WITHOUT_COLUMN)


# -- mutation: a forbidden field in any contract

FORBIDDEN = sorted(
    (kind, flow.purpose, word.path)
    for kind in SENT_TO
    for flow in contract(kind).flows
    for word in WORDS.values()
    if cell(word.item, COLUMN_OF.get(kind)) in ".N"
)


def test_there_are_many_ways_to_go_wrong() -> None:
    assert len(FORBIDDEN) > 1_500


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in FORBIDDEN}))
def test_a_forbidden_field_is_found_in_whatever_flow_of_whatever_contract_it_stands(kind: str) -> None:
    text = contract(kind)
    for _, purpose, path in (case for case in FORBIDDEN if case[0] == kind):
        wrong = replace(text, flows=tuple(
            replace(flow, fields=(FlowField(path=path, basis="because", needs=GROUNDS),))
            for flow in text.flows if flow.purpose is purpose
        ))
        assert any(path in finding.path for finding in check.check(wrong)), f"{kind} may be told {path} for {purpose}"


@pytest.mark.parametrize("kind", sorted(WITHOUT_COLUMN))
def test_a_kind_without_a_column_is_told_nothing_at_all(kind: str) -> None:
    for path, purpose in product(WORDS, set(Purpose) - {Purpose.RECALL}):
        assert "5.2" in found(kind, purpose, path, needs=GROUNDS)


# -- what a partner told the agency is not told back to it

REPLIES: dict[type[Event], frozenset[str]] = {
    HomeStudyCompleted: frozenset({"CONS-MX", "CONS-xx", "DIF", "FCWA", "ISS"}),
    ReliefScreeningCompleted: frozenset(COUNSEL),
    OtipLetterReceived: frozenset({"OTIP", "SHEPHERD"}),
}
"""The answers of partners that a contract can name, and who gives them: the report, the screening, the letter."""


def answered_by(path: str) -> frozenset[str]:
    """Who told the agency a field, by the events that the field is told from."""
    group, _, name = path.partition(".")
    events = [event for event, (_, names) in THINGS.get(group, {}).items() if name in names]
    events += [OF_PERSONS[path][0]] if path in OF_PERSONS else []
    events += [OtipLetterReceived] if name == "otip_letter" else []
    return frozenset().union(*(REPLIES.get(event, frozenset()) for event in events))


def test_every_field_that_comes_from_a_partner_says_from_whom() -> None:
    assert {path: frozenset(word.comes_from) for path, word in WORDS.items()} == {path: answered_by(path) for path in WORDS}
    assert sum(bool(word.comes_from) for word in WORDS.values()) == 4


@pytest.mark.parametrize("path", sorted(path for path, word in WORDS.items() if word.comes_from))
def test_a_receipt_that_would_become_a_disclosure_is_a_cycle(path: str) -> None:
    for kind in WORDS[path].comes_from:
        assert "CYCLE" in found(kind, Purpose.CARE, path)
    with patch.dict(kinds.ONWARD, {"COURT": (min(WORDS[path].comes_from),)}):
        assert "CYCLE" in found("COURT", Purpose.COURT_REPORT, path), "whom they pass it on to counts too"


# -- mutation: a line of the law taken away

CELLS = [(item, column) for item in MATRIX for column in COLUMNS if cell(item, column) in ".Nc"]
KIND_IN = {column: kind for kind, column in sorted(COLUMN_OF.items(), reverse=True)}


@pytest.mark.parametrize("column", COLUMNS)
def test_each_cell_that_forbids_does_so_by_itself(column: str) -> None:
    """Without the line (the cell turned to `i`, no other ban) the field passes; with it, it does not."""
    kind = KIND_IN[column]
    for item in (item for item, of_column in CELLS if of_column == column):
        path = path_of(item)
        if kind in WORDS[path].comes_from:
            continue
        alone = Law(bans=())
        assert "5.2" in found(kind, Purpose.CARE, path, law=alone), (item, column)
        cells = MATRIX[item][0].split()
        cells[COLUMNS.index(column)] = "i"
        with patch.dict(bans.MATRIX, {item: (" ".join(cells), "")}):
            assert "5.2" not in found(kind, Purpose.CARE, path, law=alone), (item, column)


def forbidden_by(ban: Ban) -> tuple[str, Purpose, str, tuple[str, ...]]:
    """Something that this ban forbids."""
    kind = min(ban.kinds, default="LAW-NM")
    purpose = min(ban.purposes, default=Purpose.COURT_REPORT)
    item = next(item for item in MATRIX if ban._names(item))
    return kind, purpose, path_of(item), tuple(ban.places)


@pytest.mark.parametrize("number", range(len(BANS)))
def test_each_ban_is_missed_when_it_is_taken_out(number: int) -> None:
    ban = BANS[number]
    kind, purpose, path, places = forbidden_by(ban)
    assert ban.id in found(kind, purpose, path, places=places, law=Law(bans=(ban,)))
    assert ban.id not in found(kind, purpose, path, places=places, law=Law(bans=()))


def test_no_ban_is_there_twice() -> None:
    assert len(set(BANS)) == len(BANS)
    assert {ban.id for ban in BANS} == {"B1", "B2", "B4", "B5", "B6", "B7"}


# -- what the bans say

@pytest.mark.parametrize("kind", sorted(HOMELAND))
@pytest.mark.parametrize("purpose", sorted(Purpose))
def test_no_status_and_no_order_of_deportation_reaches_homeland_security_for_whatever_purpose(
    kind: str, purpose: Purpose
) -> None:
    for word in (word for word in WORDS.values() if word.item in STATUS):
        assert found(kind, purpose, word.path, needs=GROUNDS), word.path


def test_the_enforcer_is_told_nothing() -> None:
    for path, purpose in product(WORDS, set(Purpose) - {Purpose.RECALL}):
        assert found("DHS-ENF", purpose, path, needs=GROUNDS)


ALLOWED = {
    "ICE-PIC": {
        Purpose.LOCATE_PARENT, Purpose.CONTACT_PARENT, Purpose.ARRANGE_VISIT, Purpose.COURT_ATTENDANCE,
        Purpose.ADVOCATE_RELEASE,
    },
    "CBP": {Purpose.BORDER_VISIT}, "ODLS": {Purpose.LOCATE_PARENT},
}


@pytest.mark.parametrize("kind", sorted(ALLOWED))
def test_offices_inside_homeland_security_are_told_apart_by_purpose(kind: str) -> None:
    """K1: the same field, to the same body, for another purpose, is beyond its purpose."""
    path = "parent.a_number" if kind != "CBP" else "parent.name"
    for purpose in set(Purpose) - {Purpose.RECALL}:
        assert ("B5" in found(kind, purpose, path)) is (purpose not in ALLOWED[kind]), purpose
    assert set(NEEDED[kind]) == ALLOWED[kind]


def test_the_locator_is_told_the_number_and_nothing_else() -> None:
    for path in WORDS:
        assert bool(found("ODLS", Purpose.LOCATE_PARENT, path)) is (path != "parent.a_number")


@pytest.mark.parametrize("path", ["child.in_proceedings", "parent.immigration_status", "child.allegation",
                                  "child.placement_address"])
def test_a_consular_notice_holds_no_status_allegation_or_placement_to_whomever(path: str) -> None:
    for kind in ("CONS-MX", "CONS-xx", "COURT", "LAW-NM"):
        assert "B4" in found(kind, Purpose.CONSULAR_NOTICE, path, needs=GROUNDS)


def test_the_status_of_a_relative_or_carer_leaves_the_agency_for_nobody() -> None:
    for kind, path in product(SENT_TO, ("carer.immigration_status", "relative.immigration_status")):
        assert "B7" in found(kind, Purpose.COURT_REPORT, path, needs=GROUNDS)


def test_to_tell_polaris_is_to_tell_homeland_security() -> None:
    assert ONWARD == {"POLARIS": ("DHS-ENF", "FBI")}
    [name] = check.check(of("POLARIS", Purpose.TRAFFICKING_NOTICE, "child.name", places=("NJ",)))
    assert name.path == ("NJ", "POLARIS", "trafficking_notice", "child.name", "passed on to DHS-ENF")
    assert found("POLARIS", Purpose.TRAFFICKING_NOTICE, "trafficking.indicators", places=("NJ",)) == []
    assert "B1" in found("POLARIS", Purpose.TRAFFICKING_NOTICE, "trafficking.indicators", places=("OR",)), (
        "Oregon reports no client information to immigration officials, by whatever way"
    )


def test_a_status_that_reaches_polaris_is_named_with_the_way_to_whom() -> None:
    findings = check.check(of("POLARIS", Purpose.TRAFFICKING_NOTICE, "child.immigration_status", places=("NJ",)))
    assert {finding.ban for finding in findings} == {"B1", "B6", "5.2"}
    assert any(finding.path[-1] == "passed on to DHS-ENF" for finding in findings)


def test_santa_clara_does_not_cooperate_with_law_enforcement() -> None:
    for kind in ("LE", "TF-SD", "PROS-NJ"):
        assert "B2" in found(kind, Purpose.TRAFFICKING_NOTICE, "trafficking.indicators", places=("SCC",))
        assert found(kind, Purpose.TRAFFICKING_NOTICE, "trafficking.indicators", places=("OR",)) == []
    assert found("OTIP", Purpose.TRAFFICKING_REPORT, "trafficking.indicators", places=("SCC",)) == [], "K6"


def test_what_a_partner_told_us_does_not_become_a_disclosure_to_it() -> None:
    assert "CYCLE" in found("OTIP", Purpose.TRAFFICKING_REPORT, "child.otip_letter")
    assert "CYCLE" in found("ISS", Purpose.HOME_STUDY, "home_study.outcome")
    assert "CYCLE" not in found("COURT", Purpose.COURT_REPORT, "home_study.outcome")


def test_what_flows_on_a_ground_alone_says_so() -> None:
    [finding] = check.check(of("CONS-MX", Purpose.HOME_STUDY, "parent.a_number"))
    assert finding.ban == "5.2" and '`needs = ["consent", "counsel_approval", "court_order"]`' in finding.because
    assert found("CONS-MX", Purpose.HOME_STUDY, "parent.a_number", needs=GROUNDS) == []
    for ground in GROUNDS:
        assert found("CONS-MX", Purpose.HOME_STUDY, "parent.a_number", needs=(ground,)) == []
    assert found("CONS-MX", Purpose.HOME_STUDY, "parent.a_number", needs=(BasisKind.AGENCY_POLICY,)) == ["5.2"]


@pytest.mark.parametrize("kind", sorted(SENT_TO))
def test_what_flows_on_a_ground_takes_each_of_the_sources_three(kind: str) -> None:
    for field in (field for flow in contract(kind).flows for field in flow.fields):
        if cell(WORDS[field.path].item, COLUMN_OF.get(kind)) == "c":
            assert field.needs == GROUNDS, field.path


def test_a_recall_brings_no_fact_and_homeland_security_always_waits_for_a_person() -> None:
    assert found("CONS-MX", Purpose.RECALL, "child.name") == ["P19"]
    hasty = contract("ICE-PIC")
    hasty = replace(hasty, flows=(replace(hasty.flows[0], release=Release.FIRST_BY_PERSON),))
    assert [finding.ban for finding in check.check(hasty)] == ["DECISION-14"]


@pytest.mark.parametrize(("purpose", "paths", "renderer", "because"), [
    (Purpose.IDENTITY_CHECK, ("child.name", "child.nationalities"), "notice.v2", "nationalities: notice.v2 has no place"),
    (Purpose.IDENTITY_CHECK, ("child.name",), "disregard.v1", "child.name: disregard.v1 has no place"),
    (Purpose.IDENTITY_CHECK, ("child.name",), "facts.v3", "identity_check: facts.v3 is no renderer"),
    (Purpose.IDENTITY_CHECK, ("child.name",), "placeholder.v1", "placeholder.v1 is no renderer"),
    (Purpose.RECALL, (), "facts.v2", "recall: facts.v2 cannot say that something is to be disregarded"),
])
def test_nothing_flows_to_a_renderer_that_cannot_lay_it_out(
    purpose: Purpose, paths: tuple[str, ...], renderer: str, because: str
) -> None:
    lawful = of("CONS-MX", purpose, *paths, places=("NM",))
    require_lawful(lawful)
    [flow] = lawful.flows
    finding, *_ = check.check(replace(lawful, flows=(replace(flow, renderer=renderer),)))
    assert finding.ban == "DECISION-15" and because in str(finding)


@pytest.mark.parametrize(("changes", "because"), [
    ({"publishes": "HomeStudyRequest.v1"}, "HomeStudyRequest.v1 is laid out by facts, and not by notice.v2"),
    ({"renderer": "facts.v2"}, "ConsularNotice.v1 is laid out by notice, and not by facts.v2"),
    ({"publishes": "ConsularNotice.v9"}, "ConsularNotice.v9 is no published event"),
    ({"publishes": "VisitArrangement.v1", "renderer": "facts.v2"}, "parent.address: VisitArrangement.v1 has no place"),
])
def test_a_contract_by_which_nothing_could_leave_is_not_adopted(changes: dict[str, str], because: str) -> None:
    whole = contract("CONS-MX")
    notice = next(flow for flow in whole.flows if flow.purpose is Purpose.CONSULAR_NOTICE)
    assert check.check(replace(whole, flows=(notice,))) == []
    with pytest.raises(Refused, match="DECISION-15"):
        require_lawful(replace(whole, flows=(replace(notice, **changes),)))  # type: ignore[arg-type]
    found = check.check(replace(whole, flows=(replace(notice, **changes),)))  # type: ignore[arg-type]
    assert any(because in str(finding) for finding in found), [str(finding) for finding in found]


def test_landmarks_are_text_and_flow_where_they_are_named_beside_their_address_and_nowhere_else() -> None:
    study, both = Purpose.HOME_STUDY, ("home_study.address", "home_study.landmarks")
    require_lawful(of("ISS", study, *both))
    [alone] = check.check(of("ISS", study, "home_study.landmarks"))
    assert alone.ban == "DECISION-15" and "it stands in home_study.address: name that too" in str(alone)
    for renderer in ("facts.v1", "notice.v1"):
        [flow] = of("ISS", study, "home_study.address").flows
        unnamed = replace(of("ISS", study), flows=(replace(flow, renderer=renderer),))
        assert "FREE-TEXT" in {finding.ban for finding in check.check(unnamed)}
    [whole, part] = of("ISS", study, *both).flows[0].fields
    grounds = replace(flow, renderer="facts.v2", fields=(whole, replace(part, needs=(BasisKind.CONSENT,))))
    [finding] = check.check(replace(of("ISS", study), flows=(grounds,)))
    assert "on the same grounds" in str(finding)


@pytest.mark.parametrize("basis", ["x" * 501, "a law\nSubject: other", "a law\u202e", "a law\x00"])
def test_a_basis_is_one_line_that_can_be_seen(basis: str) -> None:
    lawful = of("ISS", Purpose.HOME_STUDY, "child.name")
    [flow] = lawful.flows
    for hidden in (replace(flow, basis=basis), replace(flow, fields=(replace(flow.fields[0], basis=basis),))):
        [finding] = check.check(replace(lawful, flows=(hidden,)))
        assert finding.ban == "TEXT" and basis not in str(finding)


# -- adoption and the text

def test_an_unlawful_contract_is_refused_with_the_shortest_way_to_what_is_forbidden() -> None:
    with pytest.raises(Refused, match=r"everywhere -> CONS-MX -> home_study -> child\.placement_address"):
        require_lawful(of("CONS-MX", Purpose.HOME_STUDY, "child.placement_address"))


@pytest.mark.parametrize(("before", "after"), [
    ('  free_text = "place"\n', ""),
    ('free_text = "place"', 'free_text = "paper"'),
    ('  transform = "reference"\n', ""),
    ('path = "visit.time"', 'path = "visit.weather"'),
    ('places = ["NM"]', 'places = ["TX"]'),
    ('path = "visit.time"', 'path = "visit.time"\n  free_text = "place"'),
    ('path = "visit.time"', 'path = "visit.time"\n  needs = ["goodwill"]'),
])
def test_a_text_that_hides_what_flows_is_no_contract(before: str, after: str) -> None:
    text = latest("CONS-MX")
    assert before in text
    with pytest.raises(Refused):
        parse_contract(text.replace(before, after), "0" * 64)


def test_a_contract_lets_something_flow_or_says_why_nothing_does() -> None:
    empty = '[contract]\nrecipient_kind = "USCIS"\nversion = 1\n'
    with pytest.raises(Refused, match="why nothing flows"):
        parse_contract(empty, "0" * 64)
    assert parse_contract(empty + 'denied = "no column"\n', "0" * 64).flows == ()

"""What a check finds in a pack, what it lets stand, and what is said to be different between two texts."""
from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapters.policy_texts import around, shipped, shipped_calendar
from adapters.reading.packs import differences_in_words, finding_in_words
from domain.catalogue import EVENT_NAMES
from domain.policy.check import Finding, Weight, check, check_text, taking_over, versions
from domain.policy.differences import differences
from domain.policy.pack import Pack, parse_pack

HEAD = """
[pack]
id = "{id}"
layer = "{layer}"
jurisdiction = "XY"
zone = "America/Denver"
source = "a made-up source"
effective_from = {day}
"""
RULE = """
[[rule]]
id = "{id}"
force = "{force}"
process = "P02"
tracked = {tracked}
scope = "{scope}"
{trigger}
words = "Somebody is told."
recipients = {recipients}
limit = {limit}
{more}
source_lines = "1"
"""
DAY = '{ kind = "elapsed", amount = 24, words = "24 hours" }'
TWO_DAYS = '{ kind = "elapsed", amount = 48, words = "48 hours" }'
WORKING_DAYS = '{ kind = "business_days", amount = 5, words = "5 working days" }'


def rule(
    id: str = "XY-ONE", *, force: str = "DUTY", tracked: bool = True, scope: str = "case",
    trigger: str | None = "child_is_no_us_citizen", recipients: tuple[str, ...] = ("CONS-MX",), limit: str = DAY,
    more: str = 'met_by = "ConsulateNotified"',
) -> str:
    return RULE.format(
        id=id, force=force, tracked=str(tracked).lower(), scope=scope, recipients=list(recipients), limit=limit, more=more,
        trigger=f'trigger = "{trigger}"' if trigger else "",
    )


def text(*rules: str, id: str = "XY", layer: str = "state", day: str = "2026-01-01") -> str:
    return HEAD.format(id=id, layer=layer, day=day) + "".join(rules)


def pack(*rules: str, id: str = "XY", layer: str = "state", day: str = "2026-01-01") -> Pack:
    whole = text(*rules, id=id, layer=layer, day=day)
    return parse_pack(whole, whole)


def found(*rules: str, beside: tuple[Pack, ...] = ()) -> list[tuple[str, str | None, Weight]]:
    findings = check(pack(*rules), beside=beside, calendar=None, events=EVENT_NAMES)
    return [(finding.kind, finding.rule_id, finding.weight) for finding in findings]


ERROR, WARNING = Weight.ERROR, Weight.WARNING
BAN = rule("XY-BAN", force="NOT", tracked=False, trigger=None, more='requires = [{ name = "child_dob" }]')


@pytest.mark.parametrize(("rules", "finding"), [
    ((rule(more='met_by = "ConsulateNotifed"'),), ("unknown-event", "XY-ONE", ERROR)),
    ((rule(recipients=("CONS-MX", "CONSULATE")),), ("unknown-recipient", "XY-ONE", ERROR)),
    ((rule(recipients=("CONS-QQ",)),), ("unknown-recipient", "XY-ONE", ERROR)),
    ((rule(more='cited_on = ["XY-NONE"]'),), ("unknown-rule", "XY-ONE", ERROR)),
    ((rule(scope="agency"),), ("scope", "XY-ONE", ERROR)),
    ((rule(limit=WORKING_DAYS),), ("no-calendar", "XY-ONE", WARNING)),
    ((rule(more='met_by = "TranslationCompleted"'),), ("unknown-event", "XY-ONE", ERROR)),
    ((rule(more=""),), ("never-met", "XY-ONE", WARNING)),
    ((rule(force="NOT"),), ("force", "XY-ONE", ERROR)),
    ((rule(), rule("XY-TWO", limit=TWO_DAYS)), ("contradiction", "XY-TWO", ERROR)),
    ((rule(), rule("XY-TWO")), ("overlap", "XY-TWO", WARNING)),
    ((rule(more='met_by = "ConsulateNotified"\nrequires = [{ name = "child_dob" }]'), BAN), ("forbidden", "XY-ONE", ERROR)),
    ((rule(), rule("XY-BAN", force="NOT", tracked=False, trigger=None, more="")), ("forbidden", "XY-ONE", WARNING)),
], ids=lambda item: str(item[0]) if isinstance(item, tuple) and isinstance(item[0], str) and len(item) == 3 else "rules")
def test_a_fault_is_found_with_its_rule(rules: tuple[str, ...], finding: tuple[str, str, Weight]) -> None:
    assert found(*rules) == [finding]


@pytest.mark.parametrize("rules", [
    (rule(),),
    (rule(), rule("XY-TWO", trigger="child_is_mexican_national", limit=TWO_DAYS)),  # for another fact
    (rule(), rule("XY-TWO", recipients=("UNIT-IMM",), limit=TWO_DAYS)),  # toward somebody else
    (rule(), rule("XY-TWO", recipients=("CONS-xx",), limit=TWO_DAYS)),  # CONS-xx is every consulate but Mexico's
    (rule(), rule("XY-TWO", limit=TWO_DAYS, more='met_by = "ConsularServiceRequested"')),  # by another act
    (rule(more='met_by = "ConsulateNotified"\nrequires = [{ name = "parent_dob" }]'), BAN),  # another thing is forbidden
    (rule(), rule("XY-DATA", trigger="every_notice", limit=TWO_DAYS, more='cited_on = ["XY-ONE"]')),
    (rule(), rule("XY-SET", scope="agency", trigger=None, recipients=())),
])
def test_what_only_looks_alike_is_let_stand(rules: tuple[str, ...]) -> None:
    assert found(*rules) == []


def test_a_stack_is_read_together() -> None:
    outer = pack(rule("US-ONE"), rule("XY-TWO", limit=TWO_DAYS, trigger="origin_in_mexico"), id="US", layer="federal")
    assert found(rule(), rule("XY-TWO"), beside=(outer,)) == [
        ("duplicate", "XY-TWO", ERROR), ("overlap", "XY-TWO", WARNING), ("duplicate", "XY-ONE", WARNING),
        ("duplicate", "XY-TWO", WARNING),
    ]
    ban = pack(rule("US-BAN", force="NOT", tracked=False, trigger=None, more='requires = [{ name = "child_dob" }]'), id="US")
    sends = rule(more='met_by = "ConsulateNotified"\nrequires = [{ name = "child_dob" }]')
    assert found(sends, beside=(ban,)) == [("forbidden", "XY-ONE", ERROR)]
    assert found(rule("XY-DATA", trigger="every_notice", more='cited_on = ["US-ONE"]'), beside=(outer,)) == []


def test_a_ban_on_every_consulate_reaches_each_but_mexicos() -> None:
    sends = rule(recipients=("CONS-GT",), more='met_by = "ConsulateNotified"\nrequires = [{ name = "child_dob" }]')
    ban = BAN.replace("CONS-MX", "CONS-xx")
    assert found(sends, ban) == [("forbidden", "XY-ONE", ERROR)]
    assert found(sends.replace("CONS-GT", "CONS-MX"), ban) == []


def test_every_trigger_that_is_not_known_is_named_with_what_was_perhaps_meant() -> None:
    whole = text(rule(trigger="child_is_no_us_citzen"), rule("XY-TWO", trigger="the_moon_is_full"))
    checked = check_text(whole, "digest", name="file.toml", beside=(), calendar=None, events=EVENT_NAMES)
    assert checked.pack is None
    assert [(finding.kind, finding.rule_id) for finding in checked.errors] == [
        ("unknown-fact", "XY-ONE"), ("unknown-fact", "XY-TWO"),
    ]
    assert finding_in_words(checked.errors[0]) == (
        "error: XY-ONE: this version knows no trigger called child_is_no_us_citzen. To mend it: perhaps "
        "child_is_no_us_citizen."
    )


@pytest.mark.parametrize("whole", ["", "[pack]", "= =", "rule = 5", "[[rule]]\ntrigger = 5", "rule = [[]]"])
def test_a_text_that_is_no_pack_is_one_finding_of_form(whole: str) -> None:
    checked = check_text(whole, whole, name="file.toml", beside=(), calendar=None, events=EVENT_NAMES)
    assert [(finding.kind, finding.pack_id) for finding in checked.errors] == [("form", "file.toml")]


def kinds(findings: tuple[Finding, ...]) -> list[tuple[str, Weight]]:
    return [(finding.kind, finding.weight) for finding in findings]


def test_versions_of_one_pack_each_have_a_day_of_their_own() -> None:
    first, second, third = pack(rule()), pack(rule("XY-TWO")), pack(rule("XY-TWO"), day="2026-06-01")
    assert versions([first, third]) == () and versions([first, first]) == ()
    assert kinds(versions([third, first, second])) == [("effective-dates", WARNING)]


def test_a_text_that_counts_only_later_would_leave_a_gap_and_an_older_one_is_asked_about() -> None:
    now, later = pack(rule()), pack(rule(), day="2026-06-01")
    assert kinds(taking_over(later, now, on=date(2026, 5, 31))) == [("effective-dates", ERROR)]
    assert taking_over(later, now, on=date(2026, 6, 1)) == ()
    assert kinds(taking_over(now, later, on=date(2026, 6, 1))) == [("effective-dates", WARNING)]
    assert taking_over(now, None, on=date(2026, 6, 1)) == ()


def test_no_shipped_pack_has_an_error_beside_the_layers_around_it() -> None:
    for one in (text.pack() for text in shipped()):
        findings = check(one, beside=around(one), calendar=shipped_calendar(one.jurisdiction), events=EVENT_NAMES)
        assert [finding_in_words(finding) for finding in findings if finding.weight is ERROR] == []


def test_working_days_that_a_calendar_covers_are_let_stand() -> None:
    calendar = shipped_calendar("NM")
    assert calendar is not None
    checked = pack(rule(limit=WORKING_DAYS))
    assert check(checked, beside=(), calendar=calendar, events=EVENT_NAMES) == ()
    late = pack(rule(limit=WORKING_DAYS), day="2040-01-01")
    assert kinds(check(late, beside=(), calendar=calendar, events=EVENT_NAMES)) == [("no-calendar", WARNING)]


# ------------------------------------------------------------------ differences
def test_differences_name_rules_and_fields_in_words() -> None:
    before = pack(rule(), rule("XY-OLD"))
    new = rule("XY-NEW", force="MAY", tracked=False, more="")
    after = pack(rule(limit=TWO_DAYS, recipients=("CONS-MX", "CONS-xx")), new, day="2026-06-01")
    assert list(differences_in_words(differences(before, after))) == [
        "pack: effective from: 2026-01-01 -> 2026-06-01",
        "added: XY-NEW (MAY): Somebody is told. Limit: 24 hours.",
        "removed: XY-OLD (DUTY): Somebody is told.",
        "changed: XY-ONE: recipients: CONS-MX -> CONS-MX, CONS-xx",
        "changed: XY-ONE: limit: 24 hours (24 hours that run on) -> 48 hours (48 hours that run on)",
    ]


def test_the_order_of_rules_is_no_difference() -> None:
    assert differences(pack(rule(), rule("XY-TWO")), pack(rule("XY-TWO"), rule())).is_empty


def test_what_is_found_by_path_digest_and_id(tmp_path: Path) -> None:
    from adapters.policy_texts import find
    from domain.refusals import Refused
    from tests.specification import all_of_new_mexico

    agency = all_of_new_mexico()
    [us] = [adoption for adoption in agency.packs if adoption.id == "US"]
    file = tmp_path / "us.toml"
    file.write_text(us.text, encoding="utf-8")
    assert {find(name, agency).digest for name in (str(file), us.digest[:8], us.digest, "US")} == {us.digest}
    with pytest.raises(Refused):
        find(us.digest[:8], None)
    with pytest.raises(Refused):
        find("XX", agency)

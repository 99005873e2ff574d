"""What is wrong with a pack, said before anybody adopts it: each finding names the rule, the fault and its mending.

An error would make the rules say two things, or nothing; a warning is for a person to weigh.
"""
from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations, pairwise

from domain.partners import CONSULATE, partner
from domain.policy.acts import ACTS
from domain.policy.calendar import Calendar
from domain.policy.clock import LimitKind
from domain.policy.owed import ANY_CONSULATE
from domain.policy.pack import Pack, Rule, parse_pack
from domain.policy.triggers import TRIGGERS
from domain.refusals import Refused

SENDS = frozenset({"DUTY", "SHOULD", "PRACTICE", "MAY"})
NAMES_MAX = 3  # likely spellings that a finding offers


class Weight(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """`rule_id` is None where the pack as a whole is meant. `kind` stays the same for programs; the rest is for people."""

    weight: Weight
    kind: str
    pack_id: str
    rule_id: str | None
    what: str
    mend: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A pack as far as it could be read, and what was found in it; errors first."""

    pack: Pack | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.weight is Weight.ERROR)


def check_text(
    text: str, digest: str, *, name: str, beside: Sequence[Pack], calendar: Calendar | None, events: Collection[str],
) -> Checked:
    """`check`, from the text on: every trigger that is not known is named, and otherwise the first fault of form.

    `name` stands for a pack that does not come to say its own.
    """
    try:
        pack = parse_pack(text, digest)
    except Refused as refused:
        unknown = tuple(_unknown_triggers(text, name))
        return Checked(pack=None, findings=unknown or (Finding(
            weight=Weight.ERROR, kind="form", pack_id=name, rule_id=None, what=refused.because,
            mend="put the text right there; `casebridge policy show` prints a pack that is well formed",
        ),))
    return Checked(pack=pack, findings=check(pack, beside=beside, calendar=calendar, events=events))


def check(
    pack: Pack, *, beside: Sequence[Pack], calendar: Calendar | None, events: Collection[str]
) -> tuple[Finding, ...]:
    """Everything found in a pack that would stand in force beside others. `events` are the names of all that is stored."""
    others = tuple(other for other in beside if other.id != pack.id)
    found: list[Finding] = []
    for rule in pack.rules:
        found += _about_names(pack, rule, others, events)
        found += _about_time(pack, rule, calendar)
        found += _about_scope(pack, rule)
    found += _told_twice(pack)
    found += _forbidden(pack, others)
    found += _across(pack, others)
    return tuple(sorted(found, key=lambda finding: finding.weight))


def versions(packs: Sequence[Pack]) -> tuple[Finding, ...]:
    """What is wrong between the versions of one pack: each takes the place of the one before from its own day on."""
    found: list[Finding] = []
    for earlier, later in pairwise(sorted(packs, key=lambda pack: pack.effective_from)):
        if earlier.effective_from == later.effective_from and earlier.digest != later.digest:
            found.append(_warning(
                later, None, "effective-dates", f"two versions are effective from {later.effective_from}",
                "give the later one the day from which it counts",
            ))
    return tuple(found)


def taking_over(pack: Pack, before: Pack | None, *, on: date) -> tuple[Finding, ...]:
    """What is wrong with adopting a pack on this day, where `before` is the version in force.

    An adopted text counts from its adoption, so one that says it is effective only later would leave a gap of days
    that neither version claims.
    """
    found: list[Finding] = []
    if pack.effective_from > on:
        until = f"between {on} and {pack.effective_from} no version would claim to be in force"
        found.append(_error(pack, None, "effective-dates", until, f"adopt it on {pack.effective_from} or later"))
    if before is not None and before.digest != pack.digest and pack.effective_from < before.effective_from:
        found.append(_warning(
            pack, None, "effective-dates", f"it is effective from {pack.effective_from}, before the version that it "
            f"replaces ({before.effective_from})", "see that this is no older text",
        ))
    return tuple(found)


# ------------------------------------------------------------------ one rule
def _about_names(pack: Pack, rule: Rule, others: Sequence[Pack], events: Collection[str]) -> Iterator[Finding]:
    for name in rule.met_by:
        if name not in events:
            yield _error(
                pack, rule, "unknown-event", f"it is met by {name}, which no event is called", _instead(name, ACTS),
            )
        elif name not in ACTS:
            yield _error(
                pack, rule, "unknown-event", f"it is met by {name}, which names nobody of a case and so meets no duty",
                _instead(name, ACTS),
            )
    for recipient in rule.recipients:
        if not _is_partner(recipient):
            yield _error(
                pack, rule, "unknown-recipient", f"there is no partner {recipient}",
                "name partners by their code, such as ISS or CONS-MX; CONS-xx is any consulate",
            )
    for cited in rule.cited_on:
        if not any(other.rule(cited) for other in (pack, *others)):
            yield _error(
                pack, rule, "unknown-rule", f"it stands on {cited}, and there is no such rule in this stack",
                "name a rule of this pack, or check it together with the pack that has the rule",
            )


def _about_time(pack: Pack, rule: Rule, calendar: Calendar | None) -> Iterator[Finding]:
    if rule.limit.kind is not LimitKind.BUSINESS_DAYS:
        return
    if calendar is None:
        yield _warning(
            pack, rule, "no-calendar", "its working days are counted by a calendar, and none is adopted: its duties "
            "would stand without a due moment", "adopt a calendar: `casebridge policy adopt FILE`",
        )
    elif calendar.last < pack.effective_from:
        yield _warning(
            pack, rule, "no-calendar", f"calendar {calendar.id} ends on {calendar.last}, before this pack counts",
            "adopt a calendar that covers the days from then on",
        )


def _about_scope(pack: Pack, rule: Rule) -> Iterator[Finding]:
    if rule.scope == "agency" and rule.trigger is not None:
        yield _error(
            pack, rule, "scope", f"it is the agency's own and no case's, yet it waits for {rule.trigger} in a case",
            'leave the trigger out, or give it scope = "case"',
        )
    if rule.raises_duties and not rule.met_by:
        yield _warning(
            pack, rule, "never-met", "it raises duties that no event meets: they stay open until they are withdrawn",
            "say by which event it is met",
        )
    if rule.force in ("NOT", "SILENT") and rule.tracked:
        yield _error(
            pack, rule, "force", f"a rule of force {rule.force} asks for nothing, yet this one is tracked",
            "set tracked = false, or give it the force that it has",
        )


# ------------------------------------------------------------------ rules beside each other
def _told_twice(pack: Pack) -> Iterator[Finding]:
    for one, other in combinations([rule for rule in pack.rules if rule.raises_duties], 2):
        shared = _shared(one, other)
        if one.trigger != other.trigger or _met(one) != _met(other) or not shared:
            continue
        to = ", ".join(shared)
        if one.limit == other.limit:
            yield _warning(
                pack, other, "overlap", f"it asks the same as {one.id}: the same trigger, act and limit, toward {to}",
                "leave one of them out, or let one stand on the other (cited_on)",
            )
        else:
            yield _error(
                pack, other, "contradiction",
                f"{one.id} gives {one.limit.words!r} and this rule {other.limit.words!r} for one act toward {to}",
                "keep the limit that the source states",
            )


def _forbidden(pack: Pack, others: Sequence[Pack]) -> Iterator[Finding]:
    """A prohibition in one rule and a sending in another: of the same data to the same recipient."""
    for where in (pack, *others):
        for ban in (rule for rule in where.rules if rule.force == "NOT"):
            for other in (pack, *others):
                if pack in (where, other):
                    yield from _forbidding(pack, ban, other)


def _forbidding(pack: Pack, ban: Rule, other: Pack) -> Iterator[Finding]:
    banned = _items(ban)
    for rule in (rule for rule in other.rules if rule.force in SENDS):
        shared, data = _shared(ban, rule), sorted(banned & _items(rule))
        if shared and data:
            at_fault = rule if other is pack else ban
            yield _error(
                pack, at_fault, "forbidden", f"{ban.id} forbids {', '.join(data)} to {', '.join(shared)}, "
                f"and {rule.id} sends it there", f"take it out of {rule.id}: a prohibition beats a permission",
            )
        elif shared and not banned and rule.raises_duties:
            at_fault = rule if other is pack else ban
            yield _warning(
                pack, at_fault, "forbidden", f"{ban.id} forbids dealings with {', '.join(shared)} without naming what, "
                f"and {rule.id} asks for an act toward it", "see that both can be kept",
            )


def _across(pack: Pack, others: Sequence[Pack]) -> Iterator[Finding]:
    """The same rule in two packs of the stack: by its id, or by what it asks."""
    for other in others:
        for rule in pack.rules:
            if other.rule(rule.id) is not None:
                yield _error(
                    pack, rule, "duplicate", f"pack {other.id} has a rule of this id too",
                    "give it an id of its own: duties name their rule by it",
                )
        for rule, known in ((a, b) for a in pack.rules for b in other.rules if _same(a, b)):
            yield _warning(
                pack, rule, "duplicate", f"{known.id} of pack {other.id} asks the same already", "leave this one out",
            )


def _same(rule: Rule, known: Rule) -> bool:
    return rule.raises_duties and known.raises_duties and (
        (rule.trigger, _met(rule), rule.limit, rule.recipients)
        == (known.trigger, _met(known), known.limit, known.recipients)
    )


def _met(rule: Rule) -> object:
    return rule.met_by, rule.met_with


def _shared(one: Rule, other: Rule) -> list[str]:
    """Recipients of both; CONS-xx is every consulate but Mexico's."""
    return [kind for kind in one.recipients if any(_covers(kind, known) for known in other.recipients)]


def _covers(kind: str, known: str) -> bool:
    wide = {kind, known}
    narrow = wide - {ANY_CONSULATE}
    return kind == known or (
        ANY_CONSULATE in wide and all(n.startswith(CONSULATE) and n not in ("CONS-MX", "CONS-NONE") for n in narrow)
    )


def _items(rule: Rule) -> set[str]:
    return {item.name for item in rule.requires}


# ------------------------------------------------------------------ words
def _is_partner(code: str) -> bool:
    try:
        return code == ANY_CONSULATE or bool(partner(code, "recipients"))
    except Refused:
        return False


def _unknown_triggers(text: str, name: str) -> Iterator[Finding]:
    try:
        rules = tomllib.loads(text).get("rule", [])
    except (ValueError, RecursionError):
        return
    for rule in rules if isinstance(rules, list) else []:
        told = rule.get("trigger") if isinstance(rule, dict) else None
        if isinstance(told, str) and told not in TRIGGERS:
            yield Finding(
                weight=Weight.ERROR, kind="unknown-fact", pack_id=name, rule_id=str(rule.get("id")),
                what=f"this version knows no trigger called {told}", mend=_instead(told, TRIGGERS),
            )


def _instead(told: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(told, known, n=NAMES_MAX)
    return f"perhaps {' or '.join(near)}" if near else "take a name that is known; `casebridge policy show US` shows some"


def _of(weight: Weight) -> Callable[[Pack, Rule | None, str, str, str], Finding]:
    def finding(pack: Pack, rule: Rule | None, kind: str, what: str, mend: str) -> Finding:
        return Finding(
            weight=weight, kind=kind, pack_id=pack.id, rule_id=None if rule is None else rule.id, what=what, mend=mend
        )

    return finding


_error, _warning = _of(Weight.ERROR), _of(Weight.WARNING)

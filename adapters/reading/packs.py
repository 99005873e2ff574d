"""Packs in words: rules by process and force, what changed between two texts, what a check found."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.policy.check import Finding
from domain.policy.clock import Limit, LimitKind
from domain.policy.differences import Changed, Differences
from domain.policy.pack import DataItem, Pack, Role, Rule
from domain.policy.triggers import TRIGGERS

PROCESSES = {
    "P01": "Custody, and where the people of a case are from",
    "P02": "Telling a consulate",
    "P03": "Relatives and home studies",
    "P04": "A detained parent",
    "P05": "Trafficking",
    "P06": "Relief and petitions",
    "P07": "Language",
    "P08": "Serving papers abroad",
    "P09": "Visits",
    "P10": "Taking part in court",
    "P11": "Documents",
    "P12": "Reunification or placement abroad",
    "P13": "Return to the United States",
    "P14": "Time for reunification",
    "P15": "Unaccompanied minors",
    "P16": "Adoption between countries",
    "P17": "Confidentiality",
    "P18": "Agreements, units and training",
    "P19": "Correction and sealing",
}
FORCES = {
    "DUTY": "must be done", "SHOULD": "should be done", "PRACTICE": "is what the agency does", "MAY": "may be done",
    "NOT": "must not be done", "SILENT": "the source says nothing",
}
UNITS = {LimitKind.ELAPSED: "hours that run on", LimitKind.BUSINESS_DAYS: "working days",
         LimitKind.CALENDAR_MONTHS: "calendar months"}
ROLES = {
    Role.STANDING: "A matter of the agency, settled once in its register; it raises no duty on a case.",
    Role.CHECKLIST: "A checklist item; it raises no duty on a case.",
    Role.PROHIBITION: "A prohibition, or something stated not to be had; it raises no duty on a case.",
    Role.SILENCE: "The source says nothing here, or prints a title only; it raises no duty on a case.",
    Role.CONFIGURATION: "How the agency is set up, whatever the case; it raises no duty on a case.",
}
NOT_CONFIRMED = "counsel has not confirmed it"


def by_process(pack: Pack) -> dict[str, list[Rule]]:
    """The rules of each process, in order of process and of force, strongest first."""
    order = list(FORCES)
    rules = sorted(pack.rules, key=lambda rule: (rule.process, order.index(rule.force), rule.id))
    return {process: [rule for rule in rules if rule.process == process] for process in sorted({r.process for r in rules})}


def process_name(process: str) -> str:
    return f"{process} {PROCESSES[process]}" if process in PROCESSES else process


def standing(pack: Pack) -> str:
    """`counsel confirmed`, or as whose report a pack is read."""
    return pack.as_reported or "confirmed by counsel"


def trigger_in_words(rule: Rule) -> str | None:
    """What the trigger of a rule looks for: its docstring."""
    if rule.trigger is None:
        return None
    known = TRIGGERS.get(rule.trigger)
    told = rule.trigger.replace("_", " ") if known is None else known.meaning
    return " ".join(told.split()).removesuffix(".")


def pack_in_words(pack: Pack) -> Iterator[str]:
    note = f" {pack.as_reported}: {NOT_CONFIRMED}." if pack.as_reported else " Confirmed by counsel."
    yield (
        f"{pack.layer} layer, jurisdiction {pack.jurisdiction}, clocks in {pack.zone}, effective from "
        f"{pack.effective_from}. Source: {pack.source}.{note}"
    )
    for process, rules in by_process(pack).items():
        yield f"\n{process_name(process)}"
        for rule in rules:
            yield from rule_in_words(rule)


def rule_in_words(rule: Rule) -> Iterator[str]:
    to = f" To: {', '.join(rule.recipients)}." if rule.recipients else ""
    yield f"\n  {rule.id} ({rule.force}: {FORCES[rule.force]})"
    yield f"    {rule.words}{to}"
    if rule.force not in ("NOT", "SILENT"):
        yield f"    Limit: {rule.limit.words}." + (f" Met by {met_by_in_words(rule)}." if rule.met_by else "")
    if rule.trigger:
        yield f"    Applies when: {trigger_in_words(rule)} ({rule.trigger})."
    if rule.role in ROLES:
        yield f"    {ROLES[rule.role]}"
    if rule.owner:
        yield f"    Owed by the {rule.owner}."
    if rule.cited_on:
        yield f"    Stands on {', '.join(rule.cited_on)}."
    if rule.requires:
        yield f"    Carries: {', '.join(map(item_in_words, rule.requires))}."
    yield f"    {'Citation: ' + rule.citation + '. ' if rule.citation else ''}Source lines {rule.source_lines}."


def met_by_in_words(rule: Rule) -> str:
    """`TraffickingScreeningCompleted with tool cse_it`."""
    with_ = " and ".join(f"{name.replace('_', ' ')} {' or '.join(values)}" for name, values in rule.met_with)
    return " or ".join(rule.met_by) + (f" with {with_}" if with_ else "")


def item_in_words(item: DataItem) -> str:
    return item.name.replace("_", " ") + (" (only if known)" if item.optional else "")


def limit_in_words(limit: Limit) -> str:
    """The source's words, and the number that is reckoned with."""
    unit = UNITS.get(limit.kind, limit.kind.value.replace("_", " "))
    return limit.words if limit.amount is None else f"{limit.words} ({limit.amount} {unit})"


def finding_in_words(finding: Finding) -> str:
    return f"{finding.weight}: {finding.rule_id or f'pack {finding.pack_id}'}: {finding.what}. To mend it: {finding.mend}."


def differences_in_words(found: Differences) -> Iterator[str]:
    """One line for each change; nothing where there is none."""
    yield from (f"pack: {_changed(change)}" for change in found.head)
    for rule in found.added:
        yield f"added: {rule.id} ({rule.force}): {rule.words} Limit: {rule.limit.words}."
    for rule in found.removed:
        yield f"removed: {rule.id} ({rule.force}): {rule.words}"
    for changed in found.changed:
        yield from (f"changed: {changed.rule.id}: {_changed(change)}" for change in changed.fields)


def _changed(change: Changed) -> str:
    return f"{change.field.replace('_', ' ')}: {value_in_words(change.before)} -> {value_in_words(change.after)}"


def value_in_words(value: Any) -> str:
    match value:
        case None | ():
            return "nothing"
        case True:
            return "yes"
        case False:
            return "no"
        case Limit():
            return limit_in_words(value)
        case DataItem():
            return item_in_words(value)
        case tuple():
            return ", ".join(map(value_in_words, value))
        case _:
            return str(value)

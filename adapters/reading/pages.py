"""A page for each pack: what a jurisdiction asks, when and why, which lines say so, and where its source is silent."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.reading.packs import (
    FORCES,
    NOT_CONFIRMED,
    by_process,
    item_in_words,
    met_by_in_words,
    process_name,
    trigger_in_words,
)
from adapters.reading.words import NONE_STATED
from domain.policy.pack import Pack, Rule

MADE = "<!-- Made by `casebridge policy pages docs/jurisdictions`; a test fails when it is not current. -->"
PLACES = {
    "US": "United States", "CA": "California", "LAC": "Los Angeles County", "SDC": "San Diego County",
    "SCC": "Santa Clara County", "NJ": "New Jersey", "NM": "New Mexico", "NYC": "New York City", "OR": "Oregon",
}
APART = ("NOT", "SILENT")


def pages(packs: Sequence[tuple[Pack, Sequence[Pack]]]) -> dict[str, str]:
    """Each pack with the packs around it, as Markdown by the name of its file; `README.md` lists them all."""
    made = {f"{pack.id}.md": "\n".join(_page(pack, around)) + "\n" for pack, around in packs}
    made["README.md"] = "\n".join(_index([pack for pack, _ in packs])) + "\n"
    return made


def _index(packs: Sequence[Pack]) -> Iterator[str]:
    yield from ("# What each jurisdiction asks", "", MADE, "")
    yield "Each page is made from a policy pack as it is shipped. An agency is bound by what it adopts, and by nothing else."
    yield from ("", "| page | layer | rules | of which raise duties | prohibitions | silences | counsel |")
    yield "|---|---|---|---|---|---|---|"
    for pack in packs:
        duties = sum(rule.raises_duties for rule in pack.rules)
        bans, silences = (sum(rule.force == force for rule in pack.rules) for force in APART)
        yield (
            f"| [{_place(pack)}]({pack.id}.md) | {pack.layer} | {len(pack.rules)} | {duties} | {bans} | {silences} | "
            f"{pack.as_reported or 'confirmed'} |"
        )


def _page(pack: Pack, around: Sequence[Pack]) -> Iterator[str]:
    yield from (f"# {_place(pack)} ({pack.id})", "", MADE, "")
    yield from _head(pack, around)
    yield from _overview(pack)
    yield from ("", "## What is done, when and why")
    for process, rules in by_process(pack).items():
        told = [rule for rule in rules if rule.force not in APART]
        if told:
            yield from ("", f"### {process_name(process)}")
            for rule in told:
                yield from _rule(rule)
    yield from _apart(pack, "NOT", "What must not be done, or is not to be had", "The source names nothing of the kind.")
    yield from _apart(pack, "SILENT", "Where the source is silent", "Nothing is marked as left open.")


def _head(pack: Pack, around: Sequence[Pack]) -> Iterator[str]:
    if pack.as_reported:
        reported = pack.as_reported[0].upper() + pack.as_reported[1:]
        yield f"**{reported}**: {NOT_CONFIRMED}. Ask your counsel before you rely on it."
    else:
        yield "Confirmed by counsel."
    yield ""
    yield f"- Source: {pack.source}; *lines* are lines of it"
    yield f"- Layer: {pack.layer}; effective from {pack.effective_from}"
    yield f"- Clocks and working days are those of {pack.zone}"
    if around:
        yield "- Adopted together with " + " and ".join(f"[{_place(one)}]({one.id}.md)" for one in around)


def _overview(pack: Pack) -> Iterator[str]:
    tracked = [rule for rule in pack.rules if rule.raises_duties]
    yield from ("", "## What raises a duty", "")
    if not tracked:
        yield "No rule of this pack raises a duty on a case by itself; those of the layers around it do."
        return
    yield from ("| rule | when | toward | within |", "|---|---|---|---|")
    for rule in sorted(tracked, key=lambda rule: (rule.process, rule.id)):
        yield f"| [`{rule.id}`](#{rule.id.lower()}) | {_cell(trigger_in_words(rule))} | {_toward(rule)} | {_within(rule)} |"


def _rule(rule: Rule) -> Iterator[str]:
    yield from ("", f"#### {rule.id}", "", f"*{FORCES[rule.force]}* ({rule.force}). {rule.words}", "")
    if rule.trigger:
        yield f"- When: {trigger_in_words(rule)}"
    if rule.recipients:
        yield f"- Toward: {_toward(rule)}"
    if rule.raises_duties or rule.limit.words != NONE_STATED:
        yield f"- Within: {_within(rule)}"
    if rule.act:
        yield f"- To do: {rule.act}"
    if rule.owner:
        yield f"- By: {rule.owner}"
    if rule.met_by:
        yield f"- Done when this is recorded: {met_by_in_words(rule)}"
    if rule.requires:
        yield f"- Carries: {', '.join(map(item_in_words, rule.requires))}"
    if rule.cited_on:
        yield f"- Says more on {', '.join(f'`{name}`' for name in rule.cited_on)}"
    yield _why(rule)


def _apart(pack: Pack, force: str, title: str, otherwise: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    rules = [rule for rules in by_process(pack).values() for rule in rules if rule.force == force]
    if not rules:
        yield otherwise
    for rule in rules:
        toward = f" Toward {_toward(rule)}." if rule.recipients else ""
        carries = f" Of: {', '.join(map(item_in_words, rule.requires))}." if rule.requires else ""
        cited = f" {rule.citation};" if rule.citation else ""
        yield f"- **{rule.id}** ({process_name(rule.process)}): {rule.words}{toward}{carries}{cited} {_lines(rule)}"


def _why(rule: Rule) -> str:
    return f"- Why: {rule.citation + '; ' if rule.citation else ''}{_lines(rule)}"


def _lines(rule: Rule) -> str:
    lines = rule.source_lines.replace(";", ", ")
    return f"{'line' if lines.isdecimal() else 'lines'} {lines}"


def _within(rule: Rule) -> str:
    return "no limit is stated" if rule.limit.words == NONE_STATED else rule.limit.words


def _toward(rule: Rule) -> str:
    return ", ".join(f"`{kind}`" for kind in rule.recipients) or "nobody outside"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "/")


def _place(pack: Pack) -> str:
    return PLACES.get(pack.jurisdiction, pack.jurisdiction)

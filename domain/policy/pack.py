"""A policy pack: the rules of one layer, as legal staff can read them."""
from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from domain.policy.clock import Limit, LimitKind
from domain.refusals import Refused

FORCES = ("DUTY", "SHOULD", "PRACTICE", "MAY", "NOT", "SILENT")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataItem:
    """One thing a notice carries; an optional one never blocks it."""

    name: str
    optional: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of a pack.

    `tracked` rules with scope `case` and a trigger raise duties. `cited_on` names the duties on which a
    rule stands that says only whom or with what. `met_by` is the event that meets the duty.
    """

    id: str
    force: str
    process: str
    tracked: bool
    scope: str
    trigger: str | None
    words: str
    recipients: tuple[str, ...]
    limit: Limit
    met_by: str | None
    cited_on: tuple[str, ...]
    requires: tuple[DataItem, ...]
    owner: str | None
    citation: str | None
    source_lines: str

    @property
    def raises_duties(self) -> bool:
        return self.tracked and self.scope == "case" and self.trigger is not None and not self.cited_on


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    id: str
    layer: str
    jurisdiction: str
    zone: str
    source: str
    as_reported: str | None
    effective_from: date
    digest: str
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == rule_id), None)


@lru_cache(maxsize=64)
def parse_pack(text: str, digest: str) -> Pack:
    """A pack from its TOML; raises Refused naming the rule and what is wrong with it."""
    try:
        table = tomllib.loads(text)
        head = table["pack"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise Refused(f"this is no policy pack: {error}", rule="PACK", field="text") from error
    try:
        return Pack(
            id=head["id"], layer=head["layer"], jurisdiction=head["jurisdiction"], zone=head["zone"],
            source=head["source"], as_reported=head.get("as_reported"), effective_from=head["effective_from"],
            digest=digest, rules=tuple(_rule(item) for item in table.get("rule", [])),
        )
    except KeyError as error:
        raise Refused(f"the pack does not state {error}", rule="PACK", field="text") from error


def _rule(item: dict[str, Any]) -> Rule:
    name = item.get("id", "a rule without id")
    try:
        if item["force"] not in FORCES:
            raise Refused(f"{name}: force is one of {', '.join(FORCES)}", rule="PACK", field="text")
        limit = item.get("limit", {"kind": "none", "words": "none stated"})
        return Rule(
            id=item["id"], force=item["force"], process=item["process"], tracked=item["tracked"], scope=item["scope"],
            trigger=item.get("trigger"), words=item["words"], recipients=tuple(item.get("recipients", ())),
            limit=Limit(kind=LimitKind(limit["kind"]), amount=limit.get("amount"), words=limit["words"]),
            met_by=item.get("met_by"), cited_on=tuple(item.get("cited_on", ())),
            requires=tuple(DataItem(name=d["name"], optional=d.get("optional", False)) for d in item.get("requires", [])),
            owner=item.get("owner"), citation=item.get("citation"), source_lines=item["source_lines"],
        )
    except (KeyError, ValueError) as error:
        raise Refused(f"{name}: {error}", rule="PACK", field="text") from error

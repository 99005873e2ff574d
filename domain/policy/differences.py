"""What changed from one text of a pack to another, rule by rule and field by field."""
from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, cast

from domain.policy.pack import Pack, Rule

APART = ("digest", "rules")  # of the text's bytes, and told by themselves


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """One field that says something else. A value that is absent is None."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedRule:
    rule: Rule
    fields: tuple[Changed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Differences:
    """From one pack to another. The order of rules says nothing, and is not compared."""

    head: tuple[Changed, ...]
    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]
    changed: tuple[ChangedRule, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.head or self.added or self.removed or self.changed)


def differences(before: Pack, after: Pack) -> Differences:
    """Rules are the same by their id."""
    both = [(known, rule) for rule in after.rules if (known := before.rule(rule.id)) is not None]
    return Differences(
        head=tuple(_changes(before, after, *APART)),
        added=tuple(rule for rule in after.rules if before.rule(rule.id) is None),
        removed=tuple(rule for rule in before.rules if after.rule(rule.id) is None),
        changed=tuple(
            ChangedRule(rule=rule, fields=tuple(found)) for known, rule in both
            if (found := _changes(known, rule))
        ),
    )


def _changes(before: Pack | Rule, after: Pack | Rule, *apart: str) -> list[Changed]:
    names = [item.name for item in fields(cast(Any, before)) if item.init and item.name not in apart]
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return [Changed(field=name, before=old, after=new) for name, old, new in pairs if old != new]

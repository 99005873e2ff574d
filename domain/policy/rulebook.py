"""The rules of all packs in force, put together once for as long as these are: what raises duties, by which trigger."""
from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from domain.policy.pack import Pack, Rule
from domain.policy.triggers import TRIGGERS, Trigger
from domain.refusals import Refused

RULEBOOKS_MAX = 64


class Raising(NamedTuple):
    """A rule that raises duties. `citing` are the ids of the rules that say only whom, or with what, and may stand on
    its duties, each with its own trigger."""

    rule: Rule
    pack: Pack
    trigger: Trigger
    citing: tuple[tuple[str, Trigger], ...]


@lru_cache(maxsize=RULEBOOKS_MAX)
def rulebook(packs: tuple[Pack, ...]) -> tuple[Raising, ...]:
    """Every rule that raises duties, in the order of the packs. Raises Refused for a trigger that this version lacks."""
    citing = [rule for pack in packs for rule in pack.citing]
    return tuple(
        Raising(rule, pack, _trigger(rule), tuple((o.id, _trigger(o)) for o in citing if rule.id in o.cited_on))
        for pack in packs for rule in pack.raising
    )


def _trigger(rule: Rule) -> Trigger:
    named = TRIGGERS.get(rule.trigger or "")
    if named is None:
        raise Refused(f"this version does not know the trigger {rule.trigger} of {rule.id}", rule="DECISION-7")
    return named

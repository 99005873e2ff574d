"""A policy pack: the rules of one layer, as legal staff can read them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from functools import lru_cache

from domain.adopted import Table, adopted
from domain.policy.clock import Limit, LimitKind
from domain.policy.triggers import TRIGGERS

FORCES = ("DUTY", "SHOULD", "PRACTICE", "MAY", "NOT", "SILENT")
LAYERS = ("federal", "state", "agency")
SCOPES = ("case", "agency")


class Role(StrEnum):
    """What a rule is to whoever works by it."""

    DUTY = "duty"  # it raises duties, with a clock
    CITED = "cited"  # it says only whom, or with what, and stands on the duties that it names
    STANDING = "standing"  # a matter of the agency, settled once in its register
    CHECKLIST = "checklist"  # what is done in such a case; nothing is owed by it
    PROHIBITION = "prohibition"  # what must not be done, or is stated not to be had
    SILENCE = "silence"  # the source says nothing, or prints a title only
    CONFIGURATION = "configuration"  # how the agency is set up, whatever the case


CHOSEN_ROLES = (Role.CHECKLIST, Role.CONFIGURATION)  # the others follow from force and tracking
NOTICE_ITEMS = frozenset({
    "parent_full_surnames", "parent_birthplace", "child_birthplace", "child_dob", "parent_dob",
    "parent_current_address", "relative_contact",
})  # domain.md L386-394
AMOUNTS_MAX = {LimitKind.ELAPSED: 24 * 366, LimitKind.BUSINESS_DAYS: 366, LimitKind.CALENDAR_MONTHS: 120}
DECIDED_ELSEWHERE = (LimitKind.CALENDAR_MONTHS, LimitKind.RANGE_DAYS, LimitKind.FROM_DOCUMENT)
DECIDED_MAX = 3_660  # days of a range, the largest of what `amounts` may say
NOT_STATED = Limit(kind=LimitKind.NONE, amount=None, words="none stated")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataItem:
    """One thing a notice carries; an optional one never blocks it."""

    name: str
    optional: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of a pack.

    `tracked` rules with scope `case` and a trigger raise duties. `cited_on` names the duties on which a
    rule stands that says only whom or with what. `met_by` are the events that meet the duty, or after which a
    checklist item counts as done; `met_with` are values that such an event must have. `act` is what a person does, in
    the imperative, where it is no notice.
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
    met_by: tuple[str, ...]
    met_with: tuple[tuple[str, tuple[str, ...]], ...]
    act: str | None
    role: Role
    cited_on: tuple[str, ...]
    requires: tuple[DataItem, ...]
    owner: str | None
    citation: str | None
    source_lines: str

    @property
    def raises_duties(self) -> bool:
        return self.role is Role.DUTY


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """`raising` are the rules that raise duties, `citing` those that stand on the duties that they name.
    Both, and the rules by their ids, are found once for a pack."""

    id: str
    layer: str
    jurisdiction: str
    zone: str
    source: str
    as_reported: str | None
    effective_from: date
    digest: str
    rules: tuple[Rule, ...]
    raising: tuple[Rule, ...] = field(init=False, repr=False, compare=False)
    citing: tuple[Rule, ...] = field(init=False, repr=False, compare=False)
    by_id: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "raising", tuple(rule for rule in self.rules if rule.raises_duties))
        object.__setattr__(self, "citing", tuple(rule for rule in self.rules if rule.cited_on))
        object.__setattr__(self, "by_id", {rule.id: rule for rule in self.rules})

    def __hash__(self) -> int:
        return hash(self.digest)  # of the whole text, from which all else follows

    def rule(self, rule_id: str) -> Rule | None:
        return self.by_id.get(rule_id)


@lru_cache(maxsize=64)
def parse_pack(text: str, digest: str) -> Pack:
    """A pack from its TOML; raises Refused naming the rule and what is wrong with it."""
    whole = adopted(text, rule="PACK", what="policy pack")
    whole.only("pack", "rule")
    head = whole.table("pack")
    head.only("id", "layer", "jurisdiction", "zone", "source", "as_reported", "effective_from")
    return Pack(
        id=head.text("id"), layer=head.one_of("layer", LAYERS), jurisdiction=head.text("jurisdiction"),
        zone=head.zone("zone"), source=head.text("source"), as_reported=head.text_or_none("as_reported"),
        effective_from=head.day("effective_from"), digest=digest,
        rules=tuple(_rule(table) for table in whole.tables("rule", named_by="id")),
    )


def _rule(table: Table) -> Rule:
    table.only(*(item.name for item in fields(Rule)))
    rule = Rule(
        id=table.text("id"), force=table.one_of("force", FORCES), process=table.text("process"),
        tracked=table.truth("tracked"), scope=table.one_of("scope", SCOPES),
        trigger=table.one_of("trigger", TRIGGERS) if table.has("trigger") else None,
        words=table.text("words"), recipients=table.texts("recipients"),
        limit=_limit(table.table("limit")) if table.has("limit") else NOT_STATED,
        met_by=_met_by(table), met_with=_met_with(table), act=table.text_or_none("act"), role=_role(table),
        cited_on=table.texts("cited_on"),
        requires=tuple(_item(item) for item in table.tables("requires", named_by="name")),
        owner=table.text_or_none("owner"), citation=table.text_or_none("citation"),
        source_lines=table.text("source_lines"),
    )
    if rule.tracked and rule.scope == "case" and rule.trigger is None:
        table.refuse("a tracked rule of scope case names its trigger")
    if rule.met_with and not rule.met_by:
        table.refuse("met_with goes with met_by only")
    return rule


def _met_by(table: Table) -> tuple[str, ...]:
    """One event or several, by name; one alone may stand without brackets."""
    is_one = isinstance(table.values.get("met_by"), str)
    return (table.text("met_by"),) if is_one else table.texts("met_by")


def _met_with(table: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Of each field of the event, the value or values of which it must have one."""
    if not table.has("met_with"):
        return ()
    values = table.table("met_with")
    return tuple(
        (key, values.texts(key) if isinstance(told, list) else (values.text(key),)) for key, told in values.values.items()
    )


def _role(table: Table) -> Role:
    force, is_tracked = table.text("force"), table.truth("tracked")
    if force in ("NOT", "SILENT"):
        role = Role.PROHIBITION if force == "NOT" else Role.SILENCE
    elif is_tracked and table.text("scope") == "agency":
        role = Role.STANDING
    elif is_tracked:
        role = Role.CITED if table.texts("cited_on") else Role.DUTY
    else:
        return Role(table.one_of("role", CHOSEN_ROLES)) if table.has("role") else Role.CHECKLIST
    if table.has("role") and table.text("role") != role:
        table.refuse(f"a rule of this force and tracking is a {role.value}")
    return role


def _limit(table: Table) -> Limit:
    table.only("kind", "amount", "amounts", "words")
    kind = LimitKind(table.one_of("kind", [kind.value for kind in LimitKind]))
    amounts = table.wholes("amounts", most=DECIDED_MAX)
    if amounts and kind not in DECIDED_ELSEWHERE:
        table.refuse(f"amounts go with {' and '.join(DECIDED_ELSEWHERE)} only")
    if sorted(set(amounts)) != list(amounts):
        table.refuse("amounts stand in order, each once")
    if kind is LimitKind.RANGE_DAYS and len(amounts) != 2:
        table.refuse("a range has two amounts")
    amount_max = AMOUNTS_MAX.get(kind)
    if table.has("amount") and (amount_max is None or amounts):
        table.refuse(f"an amount goes with {' and '.join(AMOUNTS_MAX)} only, and with no amounts beside it")
    amount = None if amount_max is None or amounts else table.whole("amount", most=amount_max)
    return Limit(kind=kind, amount=amount, words=table.text("words"), amounts=amounts)


def _item(table: Table) -> DataItem:
    table.only("name", "optional")
    return DataItem(
        name=table.one_of("name", NOTICE_ITEMS), optional=table.truth("optional") if table.has("optional") else False
    )

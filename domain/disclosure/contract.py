"""A contract says what flows to a kind of partner: per purpose the published event, its fields, its basis."""
from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from domain.adopted import Table, adopted
from domain.refusals import Refused

FIELDS = frozenset({
    "child.custody", "child.name", "child.birth_date", "child.birth_place",
    "parent.relation", "parent.name", "parent.birth_date", "parent.birth_place", "parent.address",
    "relative.name", "relative.phone",
})

KIND = re.compile(r"[A-Z]+(-[A-Z]+)*|CONS-xx")
PUBLISHED = re.compile(r"[A-Z][A-Za-z]*\.v[1-9][0-9]{0,3}")
RENDERER = re.compile(r"[a-z][a-z_]*\.v[1-9][0-9]{0,3}")
VERSION_MAX = 9_999


class Purpose(StrEnum):
    CONSULAR_NOTICE = "consular_notice"
    RECALL = "recall"


class Release(StrEnum):
    """Who lets a disclosure go."""

    PERSON = "person"  # each waits for a person
    FIRST_BY_PERSON = "first_by_person"  # the first of a case to an office waits, later ones go by themselves


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """What flows for one purpose. `fields` maps a field path to its basis."""

    purpose: Purpose
    publishes: str
    renderer: str
    release: Release
    basis: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    recipient_kind: str
    version: int
    digest: str
    flows: tuple[Flow, ...]

    def flow(self, purpose: Purpose) -> Flow | None:
        return next((flow for flow in self.flows if flow.purpose is purpose), None)


@lru_cache(maxsize=64)
def parse_contract(text: str, digest: str) -> Contract:
    """A contract from its TOML; raises Refused naming the field that it may not name, or what else is wrong."""
    whole = adopted(text, rule="CONTRACT", what="contract")
    whole.only("contract", "flow")
    head = whole.table("contract")
    head.only("recipient_kind", "version")
    return Contract(
        recipient_kind=head.code("recipient_kind", KIND), version=head.whole("version", most=VERSION_MAX), digest=digest,
        flows=tuple(_flow(table) for table in whole.tables("flow", named_by="purpose")),
    )


def _flow(table: Table) -> Flow:
    table.only("purpose", "publishes", "renderer", "release", "basis", "field")
    return Flow(
        purpose=Purpose(table.one_of("purpose", [purpose.value for purpose in Purpose])),
        publishes=table.code("publishes", PUBLISHED), renderer=table.code("renderer", RENDERER),
        release=Release(table.one_of("release", [release.value for release in Release])), basis=table.text("basis"),
        fields=tuple(_field(field) for field in table.tables("field", named_by="path")),
    )


def _field(table: Table) -> tuple[str, str]:
    table.only("path", "basis")
    path = table.text("path")
    if path not in FIELDS:
        raise Refused(f"a contract cannot let {path} flow", rule="DECISION-13", field="text")
    return path, table.text("basis")

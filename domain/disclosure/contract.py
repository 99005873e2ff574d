"""A contract says what flows to a kind of partner: per purpose the published event, its fields, its basis."""
from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from domain.refusals import Refused

FIELDS = frozenset({
    "child.custody", "child.name", "child.birth_date", "child.birth_place",
    "parent.relation", "parent.name", "parent.birth_date", "parent.birth_place", "parent.address",
    "relative.name", "relative.phone",
})


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
    """A contract from its TOML; raises Refused naming the field that it may not name."""
    try:
        table = tomllib.loads(text)
        head = table["contract"]
        flows = tuple(
            Flow(
                purpose=Purpose(item["purpose"]), publishes=item["publishes"], renderer=item["renderer"],
                release=Release(item["release"]), basis=item["basis"],
                fields=tuple((field["path"], field["basis"]) for field in item.get("field", [])),
            )
            for item in table["flow"]
        )
        contract = Contract(recipient_kind=head["recipient_kind"], version=head["version"], digest=digest, flows=flows)
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise Refused(f"this is no contract: {error}", rule="CONTRACT", field="text") from error
    for flow in contract.flows:
        for path, _ in flow.fields:
            if path not in FIELDS:
                raise Refused(f"a contract cannot let {path} flow", rule="DECISION-13", field="text")
    return contract

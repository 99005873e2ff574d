"""A contract says what flows to a kind of partner: per purpose the published event, its fields, its basis."""
from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from domain.adopted import Table, adopted
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.disclosure.vocabulary import WORDS, FreeText, Shape
from domain.refusals import Refused

__all__ = ["Contract", "Flow", "FlowField", "Purpose", "Release", "Transform", "parse_contract"]

KIND = re.compile(r"[A-Z]+(-[A-Z]+)*|CONS-xx")
PUBLISHED = re.compile(r"[A-Z][A-Za-z]*\.v[1-9][0-9]{0,3}")
RENDERER = re.compile(r"[a-z][a-z_]*\.v[1-9][0-9]{0,3}")
VERSION_MAX = 9_999
JURISDICTIONS = ("LAC", "SDC", "SCC", "NJ", "NM", "NYC", "OR")


class Release(StrEnum):
    """Who lets a disclosure go."""

    PERSON = "person"  # each waits for a person
    FIRST_BY_PERSON = "first_by_person"  # the first of a case to an office waits, later ones go by themselves


class Transform(StrEnum):
    """How a value leaves. A person is never told by our own id."""

    AS_IS = "as_is"
    REFERENCE = "reference"  # the sign by which this office alone knows the person


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowField:
    """One field of a flow. With `needs` it flows only where the engagement rests on one of these grounds."""

    path: str
    basis: str
    transform: Transform = Transform.AS_IS
    free_text: FreeText | None = None
    needs: tuple[BasisKind, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """What flows for one purpose; in `places` alone, or everywhere where it names none."""

    purpose: Purpose
    publishes: str
    renderer: str
    release: Release
    basis: str
    fields: tuple[FlowField, ...]
    places: tuple[str, ...] = ()

    def holds_in(self, jurisdiction: str) -> bool:
        return not self.places or jurisdiction in self.places

    def has(self, path: str) -> bool:
        return any(field.path == path for field in self.fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """`denied` says why nothing flows to this kind, where nothing does."""

    recipient_kind: str
    version: int
    digest: str
    flows: tuple[Flow, ...]
    denied: str | None = None

    def flow(self, purpose: Purpose, jurisdiction: str | None = None) -> Flow | None:
        """The flow of a purpose; None where there is none, or not in this jurisdiction."""
        found = next((flow for flow in self.flows if flow.purpose is purpose), None)
        return found if found is None or jurisdiction is None or found.holds_in(jurisdiction) else None


@lru_cache(maxsize=256)
def parse_contract(text: str, digest: str) -> Contract:
    """A contract from its TOML; raises Refused naming the field that it may not name, or what else is wrong."""
    whole = adopted(text, rule="CONTRACT", what="contract")
    whole.only("contract", "flow")
    head = whole.table("contract")
    head.only("recipient_kind", "version", "denied")
    contract = Contract(
        recipient_kind=head.code("recipient_kind", KIND), version=head.whole("version", most=VERSION_MAX), digest=digest,
        flows=tuple(_flow(table) for table in whole.tables("flow", named_by="purpose")), denied=head.text_or_none("denied"),
    )
    if bool(contract.flows) is (contract.denied is not None):
        head.refuse("a contract has flows, or says in `denied` why nothing flows")
    return contract


def _flow(table: Table) -> Flow:
    table.only("purpose", "publishes", "renderer", "release", "basis", "places", "field")
    places = table.texts("places")
    if not set(places) <= set(JURISDICTIONS):
        table.refuse(f"places are among {', '.join(JURISDICTIONS)}")
    return Flow(
        purpose=Purpose(table.one_of("purpose", [purpose.value for purpose in Purpose])),
        publishes=table.code("publishes", PUBLISHED), renderer=table.code("renderer", RENDERER),
        release=Release(table.one_of("release", [release.value for release in Release])), basis=table.text("basis"),
        places=places, fields=tuple(_field(field) for field in table.tables("field", named_by="path")),
    )


def _field(table: Table) -> FlowField:
    table.only("path", "basis", "transform", "free_text", "needs")
    word = WORDS.get(table.text("path"))
    if word is None:
        raise Refused(f"a contract cannot let {table.text('path')} flow: nobody knows it", rule="DECISION-13", field="text")
    transform = Transform.AS_IS
    if table.has("transform"):
        transform = Transform(table.one_of("transform", [each.value for each in Transform]))
    if (transform is Transform.REFERENCE) is not (word.shape is Shape.PERSON):
        table.refuse("a person is told by `transform = \"reference\"`, and nothing else is")
    free_text = None
    if word.text is not None:
        if not table.has("free_text"):
            table.refuse(f"this is text written by a person: say so, by `free_text = \"{word.text}\"`")
        free_text = FreeText(table.one_of("free_text", [word.text]))
    elif table.has("free_text"):
        table.refuse("this is no text written by a person")
    needs = table.texts("needs")
    if not set(needs) <= {kind.value for kind in BasisKind}:
        table.refuse(f"needs are among {', '.join(BasisKind)}")
    return FlowField(
        path=word.path, basis=table.text("basis"), transform=transform, free_text=free_text,
        needs=tuple(BasisKind(need) for need in needs),
    )

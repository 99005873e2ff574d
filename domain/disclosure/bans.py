"""What may never reach whom: the matrix of domain.md 5.2 and the bans of 5.3, as data.

A cell is `S` or `i` (may flow), `c` (only on a recorded ground), `.` (denied by default) or `N` (banned). The rows are
in the order of the source; each names the lines of seed 002 on which its `S` and `N` cells rest.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.disclosure.items import AskedItem as Item
from domain.disclosure.kinds import HOMELAND, LAW_ENFORCEMENT
from domain.disclosure.purposes import Purpose

COLUMNS = ("CO", "DI", "IS", "OT", "PI", "CB", "EN", "LW", "CT", "TR", "CA", "SV", "LG")
MATRIX: Mapping[Item, tuple[str, str]] = {
    Item.CUSTODY: ("S i i i i . N i i i i . .", "L363; L144"),
    Item.CHILD_NAME: ("i i i i i i N i i i i i i", "L144"),
    Item.CHILD_BIRTH_DATE: ("S i i i . . N i i c i . .", "L386-394; L144"),
    Item.CHILD_BIRTHPLACE: ("S i i i . . N i i . . . .", "L386-394; L144"),
    Item.CHILD_NATIONALITY: ("i i i S . . N i i c . . .", "L283; L144"),
    Item.CHILD_STATUS: (". . . i . . N i c . . . .", "L144-146"),
    Item.PARENT_SURNAMES: ("S i i . i i N i i . i i i", "L386-394; L144"),
    Item.PARENT_BIRTH_DATE: ("S i i . i . N i i . . i .", "L386-394; L144"),
    Item.PARENT_BIRTHPLACE: ("S i i . i . N i i . . . .", "L386-394; L144"),
    Item.PARENT_ADDRESS: ("S i i . . . N i i . . i .", "L393; L144"),
    Item.PARENT_STATUS: (". . . . . . N i c . . . .", "L144-146"),
    Item.DEPORTATION_ORDER: (". . . . N N N i c . . . .", "L146"),
    Item.A_NUMBER: ("c . . . S . N i c . . . .", "L511; L144"),
    Item.DETENTION_PLACE: ("i . i . S . . i i . i i .", "L511-515"),
    Item.RELATIVE_CONTACT: ("S i i . . . N i i . . . .", "L386-394; L144"),
    Item.CARER_STATUS: (". . . . . . N c c . . . .", "L532; L552"),
    Item.ALLEGATION: (". c c . . . N i i c c . c", "L144"),
    Item.PLACEMENT_ADDRESS: (". . . . . . N c i . i . .", "L144"),
    Item.HEALTH_RECORDS: (". c c c . . N c c c i . .", "L144"),
    Item.TRAFFICKING_INDICATORS: (". . . S . . . i c S . . .", "L283; L347-349"),
    Item.TRAFFICKING_ANSWERS: (". . . c . . N i c c . . c", "L144"),
    Item.OTIP_LETTER: (". . . S . . . i c . . . .", "L323-328"),
    Item.RELIEF_SCREENING: (". . . . . . N i c . . . .", "L144"),
    Item.COUNSEL_COMMUNICATIONS: (". . . . . . N i . . . . .", "L144"),
    Item.HEARING: ("S . . . i . . i i . i . i", "L410-412"),
    Item.VISIT: ("S . . . S S . . i . S . i", "L482-490; L513"),
    Item.HOME_STUDY_REPORT: ("S i S . . . N i i . c . .", "L408; L359"),
    Item.PAPERS_TO_SERVE: ("S S S . i . N i S . . S i", "L422-429"),
    Item.DOCUMENT_WANTED: ("S i S . . . N i i . S . i", "L398; L452"),
    Item.IDENTITY_OF_FAMILY: ("S . . . . . N i i . . . .", "L541"),
}
"""Cells by column, and the lines of their S and N. A row that is not here (the whole file) is allowed to nobody."""


def cell(item: Item, column: str | None) -> str:
    """One cell; `.` where the matrix has no such column or row."""
    row = MATRIX.get(item)
    return "." if column is None or row is None else row[0].split()[COLUMNS.index(column)]


STATUS = frozenset({Item.CHILD_STATUS, Item.PARENT_STATUS, Item.CARER_STATUS, Item.DEPORTATION_ORDER})
NOT_IN_A_NOTICE = frozenset({Item.CHILD_STATUS, Item.PARENT_STATUS, Item.ALLEGATION, Item.PLACEMENT_ADDRESS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ban:
    """A line of domain.md 5.3. An empty set stands for all; `beyond` turns `items` into all others."""

    id: str
    words: str
    lines: str
    items: frozenset[Item] = frozenset()
    kinds: frozenset[str] = frozenset()
    purposes: frozenset[Purpose] = frozenset()
    places: frozenset[str] = frozenset()
    beyond: bool = False

    def forbids(self, jurisdiction: str, kind: str, purpose: Purpose, item: Item) -> bool:
        return (
            (not self.kinds or kind in self.kinds) and (not self.purposes or purpose in self.purposes)
            and (not self.places or jurisdiction in self.places) and self._names(item)
        )

    def _names(self, item: Item) -> bool:
        return (item not in self.items) if self.beyond else (not self.items or item in self.items)


_PARENT = {Item.PARENT_SURNAMES, Item.PARENT_BIRTH_DATE, Item.PARENT_BIRTHPLACE, Item.A_NUMBER}
_DETAINED: Mapping[Purpose, frozenset[Item]] = {
    Purpose.LOCATE_PARENT: frozenset({Item.CUSTODY, *_PARENT}),
    Purpose.CONTACT_PARENT: frozenset({Item.CUSTODY, Item.DETENTION_PLACE, *_PARENT}),
    Purpose.ARRANGE_VISIT: frozenset({Item.CHILD_NAME, Item.DETENTION_PLACE, Item.VISIT, *_PARENT}),
    Purpose.COURT_ATTENDANCE: frozenset({Item.DETENTION_PLACE, Item.HEARING, Item.PAPERS_TO_SERVE, *_PARENT}),
    Purpose.ADVOCATE_RELEASE: frozenset({Item.CUSTODY, Item.CHILD_NAME, Item.DETENTION_PLACE, *_PARENT}),
}
_REPORT: Mapping[Purpose, frozenset[Item]] = {
    Purpose.TRAFFICKING_REPORT: frozenset({
        Item.CUSTODY, Item.CHILD_NAME, Item.CHILD_BIRTH_DATE, Item.CHILD_BIRTHPLACE, Item.CHILD_NATIONALITY,
        Item.CHILD_STATUS, Item.TRAFFICKING_INDICATORS, Item.TRAFFICKING_ANSWERS,
    }),
}
NEEDED: Mapping[str, Mapping[Purpose, frozenset[Item]]] = {
    "ODLS": {Purpose.LOCATE_PARENT: frozenset({Item.A_NUMBER})},
    "ICE-PIC": _DETAINED,
    "ICE-FAC": _DETAINED,
    "CBP": {Purpose.BORDER_VISIT: frozenset({Item.CHILD_NAME, Item.PARENT_SURNAMES, Item.VISIT})},
    "OTIP": _REPORT,
    "SHEPHERD": _REPORT,
}
"""What each purpose of these exchanges needs (K1, B5). A purpose that is not named carries nothing to them."""


def _beyond_purpose() -> tuple[Ban, ...]:
    """B5, line by line: every purpose that is not theirs, and every item that theirs does not need."""
    found = []
    for kind, purposes in NEEDED.items():
        others = frozenset(Purpose) - frozenset(purposes) - {Purpose.RECALL}
        words = "an exchange with this body is used for its own purpose alone"
        found.append(Ban(id="B5", words=words, lines="T4; K1", kinds=frozenset({kind}), purposes=others))
        found += [
            Ban(id="B5", words=words, lines="T4; K1", kinds=frozenset({kind}), purposes=frozenset({purpose}), items=items,
                beyond=True)
            for purpose, items in purposes.items()
        ]
    return tuple(found)


BANS: tuple[Ban, ...] = (
    Ban(id="B1", words="status and deportation orders never reach Homeland Security", lines="L144-146", items=STATUS,
        kinds=HOMELAND),
    Ban(id="B1", words="no client information is reported to immigration officials", lines="L144-147",
        kinds=frozenset({"DHS-ENF"}), places=frozenset({"OR"})),
    Ban(id="B2", words="Santa Clara does not cooperate with law enforcement", lines="L150", kinds=LAW_ENFORCEMENT,
        places=frozenset({"SCC"})),
    Ban(id="B4", words="a consular notice holds no status, allegation or placement address", lines="L386-394",
        items=NOT_IN_A_NOTICE, purposes=frozenset({Purpose.CONSULAR_NOTICE})),
    *_beyond_purpose(),
    Ban(id="B6", words="no status in a notice to a body that passes it on", lines="L349", items=STATUS,
        kinds=frozenset({"POLARIS", "FBI", "DHS-ENF"})),
    Ban(id="B7", words="the status of a relative or carer never leaves the agency", lines="L532; L552",
        items=frozenset({Item.CARER_STATUS})),
)

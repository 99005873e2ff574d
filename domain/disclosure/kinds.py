"""The kinds of partners that something is sent to, and which column of domain.md 5.2 each stands in."""
from __future__ import annotations

from collections.abc import Mapping

COLUMNS: Mapping[str, str] = {
    "CONS-MX": "CO", "CONS-xx": "CO", "DIF": "DI", "FCWA": "DI", "ISS": "IS", "OTIP": "OT", "SHEPHERD": "OT",
    "ODLS": "PI", "ICE-PIC": "PI", "ICE-FAC": "PI", "CBP": "CB", "DHS-ENF": "EN",
    "LAW-RUTGERS": "LW", "LAW-CONTRACT": "LW", "LAW-PROBONO": "LW", "LAW-NM": "LW", "LAW-COMM": "LW", "LAW-PARENT": "LW",
    "COURT": "CT", "AG-NJ": "CT", "TF-SD": "TR", "LE": "TR", "POLARIS": "TR", "HOTLINE-NJ": "TR", "PROS-NJ": "TR",
    "AVANZAR": "TR", "CARER": "CA", "FOSTER-NYC": "CA", "PROCSERVER": "SV", "SVC-HAGUE": "SV", "SVC-IASC": "SV",
    "AG-OR": "SV", "DOJ": "SV", "LANG": "LG",
}
WITHOUT_COLUMN = frozenset({
    "USCIS", "DOS", "BENEFITS", "NJ-HUMSVC", "PARENT", "BROKER", "OUTREACH", "HEALTH-NJ", "CHILD", "FAMILY",
})
"""Nothing flows to these: the matrix has no column of theirs, and what it does not allow is denied."""
SENT_TO = frozenset({*COLUMNS, *WITHOUT_COLUMN} - {"DHS-ENF"})
"""Every kind of domain.md 2 to which something is sent (direction out or both)."""

COUNSEL = frozenset(kind for kind, column in COLUMNS.items() if column == "LW")
HOMELAND = frozenset({"ODLS", "ICE-PIC", "ICE-FAC", "CBP", "DHS-ENF", "USCIS"})
"""Offices inside Homeland Security. They are told apart by purpose, never by the department's name (T4)."""
ONWARD: Mapping[str, tuple[str, ...]] = {"POLARIS": ("DHS-ENF", "FBI")}
"""Who passes on to whom whatever it is told (D13). To tell the one is to tell the others."""
LAW_ENFORCEMENT = frozenset({"LE", "TF-SD", "PROS-NJ", "FBI"})
"""With whom Santa Clara does not cooperate (B2, T13). A search for a detained parent is none of it (K1)."""


def kind_of(recipient_kind: str) -> str:
    """The kind under which contracts and bans know a partner: every consulate but Mexico's is one."""
    return "CONS-xx" if recipient_kind.startswith("CONS-") and recipient_kind not in COLUMNS else recipient_kind


def reached_by(kind: str) -> dict[str, tuple[str, ...]]:
    """Every body that learns what this kind is told, with the shortest way there; the kind itself first."""
    found: dict[str, tuple[str, ...]] = {kind: (kind,)}
    waiting = [kind]
    while waiting:
        here = waiting.pop(0)
        for there in ONWARD.get(here, ()):
            if there not in found:
                found[there] = (*found[here], there)
                waiting.append(there)
    return found


def reaches_homeland(kind: str) -> bool:
    return any(body in HOMELAND for body in reached_by(kind_of(kind)))

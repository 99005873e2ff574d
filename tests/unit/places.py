"""Agencies elsewhere, for rules that differ from place to place."""
from __future__ import annotations

from domain.agency.state import Adoption, Agency
from tests.specification import NOON, Scenario

ADOPTED_AT = NOON.replace(year=2024)


def agency_of(jurisdiction: str, zone: str = "America/New_York") -> Agency:
    """An agency with one pack without rules, so that only what the code itself decides is seen."""
    text = (
        f"[pack]\nid = '{jurisdiction}'\nlayer = 'agency'\njurisdiction = '{jurisdiction}'\nzone = '{zone}'\n"
        "source = 'made up'\neffective_from = 2024-01-01\n"
    )
    pack = Adoption(id=jurisdiction, digest=f"digest of {jurisdiction}", text=text, effective_at=ADOPTED_AT)
    return Agency(code=f"{jurisdiction}-AGENCY", packs=(pack,))


def case_in(jurisdiction: str) -> Scenario:
    return Scenario(standing=agency_of(jurisdiction))

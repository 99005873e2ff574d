"""Relatives abroad, and agencies of every jurisdiction, for tests of what crosses a border."""
from __future__ import annotations

from functools import cache

from domain.agency.events import Treaty
from domain.agency.state import Adoption, Agency, PartyList
from domain.case.intake import AddParty
from domain.people import Address, PersonName, Role
from tests.specification import NOON, Scenario, new_mexico
from tests.unit.people import AUNT, CHILD, FAMILY, SIBLING

add_aunt = AddParty(
    party_id=AUNT, role=Role.RELATIVE, child_ids=(CHILD, SIBLING), name=PersonName(given_names="Ana", surnames="Ochoa Pérez")
)
family = Scenario().given(*FAMILY, add_aunt)


def address(country: str = "MX", **parts: str) -> Address:
    empty: dict[str, str | None] = dict.fromkeys(
        ("street", "number", "colonia", "municipality", "city", "region", "postal_code", "landmarks")
    )
    return Address(country=country, **{**empty, **parts})


@cache
def agency(jurisdiction: str, *, hague: frozenset[str] | None = None) -> Agency:
    """An agency whose packs hold no rule; with `hague`, it listed the parties to the convention on service."""
    if jurisdiction == "NM":
        return new_mexico()
    text = (
        f'[pack]\nid = "{jurisdiction}"\nlayer = "agency"\njurisdiction = "{jurisdiction}"\nzone = "America/New_York"\n'
        'source = "a test"\neffective_from = 2023-12-01\n'
    )
    treaties = () if hague is None else (
        PartyList(treaty=Treaty.HAGUE_SERVICE, countries=hague, digest="0", effective_at=NOON),
    )
    packs = (Adoption(id=jurisdiction, digest=f"digest of {jurisdiction}", text=text, effective_at=NOON),)
    return Agency(code=f"{jurisdiction}-AGENCY", packs=packs, treaties=treaties)


def family_in(jurisdiction: str, *, hague: frozenset[str] | None = None) -> Scenario:
    return Scenario(standing=agency(jurisdiction, hague=hague)).given(*FAMILY, add_aunt)

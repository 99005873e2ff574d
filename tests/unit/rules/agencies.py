"""An agency of each jurisdiction, under the shipped packs that it adopts."""
from __future__ import annotations

from functools import cache

from domain.agency.decide import AdoptPack, adopt_pack
from domain.agency.state import Agency, evolve
from domain.submission import envelopes
from tests.specification import ROOT, submission
from tests.unit.rules.moments import ADOPTED

JURISDICTIONS = ("LAC", "SDC", "SCC", "NJ", "NM", "NYC", "OR")
IN_CALIFORNIA = frozenset({"LAC", "SDC", "SCC"})
UNDER = {"US": "NYC", "CA": "LAC"}  # an agency in which a rule of an outer layer is tried


def stack(jurisdiction: str) -> tuple[str, ...]:
    """The packs that an agency adopts, outermost first."""
    return ("US", "CA", jurisdiction) if jurisdiction in IN_CALIFORNIA else ("US", jurisdiction)


@cache
def agency_of(pack_id: str) -> Agency:
    """An agency in which the rules of this pack hold."""
    jurisdiction = UNDER.get(pack_id, pack_id)
    agency = Agency(code="NM-CYFD")  # the agency for which tests submit
    for number, name in enumerate(stack(jurisdiction)):
        text = (ROOT / f"domain/packs/{name}.toml").read_text(encoding="utf-8")
        command = AdoptPack(text=text, second_person="counsel-1")
        made = submission(command, at=ADOPTED, standing=agency, number=-1 - number, case_id=None)
        for envelope in envelopes(made, adopt_pack(made, agency), stream="agency-NM-CYFD", after=agency.version):
            agency = evolve(agency, envelope)
    assert agency.jurisdiction == jurisdiction
    return agency

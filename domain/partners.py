"""The partners that the agency deals with, by code: names vary and two bodies are called DHS, so none is matched by name."""
from __future__ import annotations

from domain.countries import CODES as COUNTRIES
from domain.refusals import Refused

CODES = frozenset({
    "CONS-NONE", "DIF", "FCWA", "SVC-HAGUE", "SVC-IASC", "ISS", "OTIP", "SHEPHERD", "ODLS", "ICE-PIC", "ICE-FAC",
    "DHS-ENF", "CBP", "ORR", "USCIS", "DOS", "USEMB", "BENEFITS", "LAW-RUTGERS", "LAW-CONTRACT", "LAW-PROBONO",
    "LAW-NM", "LAW-COMM", "LAW-PARENT", "NJ-HUMSVC", "COURT", "AG-NJ", "AG-OR", "DOJ", "LE", "TF-SD", "POLARIS",
    "HOTLINE-NJ", "PROS-NJ", "FBI", "TRF-UNIT", "AVANZAR", "PARENT", "CARER", "FOSTER-NYC", "PROCSERVER", "LANG",
    "BROKER", "OUTREACH", "HEALTH-NJ", "UNIT-IMM", "UNIT-OTHER", "STAFF", "CHILD", "FAMILY",
})  # domain.md section 2
CONSULATE = "CONS-"


def partner(code: str, field: str) -> str:
    """The code of one partner, or Refused: a name, a list of two, an unknown code. Consulates are CONS-<country>."""
    if code in CODES or (code.startswith(CONSULATE) and code.removeprefix(CONSULATE) in COUNTRIES):
        return code
    raise Refused("name one partner by its code, such as ISS or CONS-MX", rule="P17", field=field)

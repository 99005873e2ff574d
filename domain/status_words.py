"""Words that tell a person's immigration status: a note that is not about status is refused with them (domain.md B3)."""
from __future__ import annotations

import re

from domain.refusals import Refused

WORDS = re.compile(
    r"\b(undocumented|unauthori[sz]ed|illegal(ly)?|unlawful(ly)?|out of status|overstay(ed)?|legal status|legally here"
    r"|immigration status|green card|deport(ed|able|ation)?|removal order|indocumentad[oa]s?|sin papeles|ilegal(es)?)\b",
    re.IGNORECASE,
)


def require_no_status(text: str, field: str) -> None:
    """Refuse a note that tells a status; a guard against habit, and no promise that a status is always found."""
    if WORDS.search(text):
        raise Refused("a status has no place in this note: leave it out", rule="B3", field=field)

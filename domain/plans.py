"""Times that lie in the future: an instant, and the zone in which people read it."""
from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.refusals import Refused


def require_zone(moment: datetime, *, rule: str, name: str) -> None:
    if moment.tzinfo is None:
        raise Refused("a time needs its zone: two countries read it", rule=rule, field=name)


def zone_name(moment: datetime, otherwise: str) -> str:
    """The zone that a sender named with a time; `otherwise` where only an offset came."""
    return moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else otherwise

"""Names of the streams of disclosure, and where they end."""
from __future__ import annotations

from datetime import date

from domain.ports import EventLog

FEED = "feed-"
DELIVERY = "delivery-"
ACCESS = "access-"


def feed_stream(office: str) -> str:
    return f"{FEED}{office}"


def delivery_stream(office: str, number: int) -> str:
    return f"{DELIVERY}{office}-{number}"


def access_stream(day: date) -> str:
    """Where the readings of one day stand, by UTC."""
    return f"{ACCESS}{day.isoformat()}"


def place_of(stream: str) -> tuple[str, int]:
    """Office and number of a delivery's stream."""
    office, _, number = stream.removeprefix(DELIVERY).rpartition("-")
    return office, int(number)


def agency_stream(code: str) -> str:
    return f"agency-{code}"


def case_stream(case_id: object) -> str:
    return f"case-{case_id}"


def head_of(log: EventLog, stream: str) -> int:
    """The version at which a stream ends; 0 where it does not exist."""
    found = log.streams(stream, limit=1)
    return found[0][1] if found and found[0][0] == stream else 0

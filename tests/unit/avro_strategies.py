"""Random events with a value of every type that a field may have."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.events import Envelope
from domain.personal import UNKNOWN, Known
from tests.unit.avro_events import Basis, EverythingNoted, Residence, Street, enveloped

ZONES = [UTC, timezone(timedelta(hours=-7)), ZoneInfo("America/Denver"), ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.integers(min_value=-(2**63), max_value=2**63 - 1)
moments = st.datetimes(
    min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
    timezones=st.sampled_from(ZONES), allow_imaginary=False,
)
utc_moments = st.datetimes(timezones=st.just(UTC))
bases = st.sampled_from(Basis)
streets = st.builds(Street, name=texts, number=st.none() | numbers)
residences = st.builds(
    Residence, street=streets, since=st.dates(), shared_with=st.lists(st.uuids(), max_size=3).map(tuple),
)


def personal(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.just(UNKNOWN) | values.map(Known)


facts = st.builds(
    EverythingNoted,
    case_id=st.uuids(), person=st.uuids(), others=st.lists(st.uuids(), min_size=1, max_size=3).map(tuple),
    text=texts, number=numbers, truth=st.booleans(), moment=utc_moments, day=st.dates(), basis=bases, office=streets,
    texts=st.lists(texts, max_size=3).map(tuple), bases=st.lists(bases, max_size=3).map(tuple),
    due_at=st.none() | utc_moments, note=st.none() | texts, count=numbers,
    name=personal(texts), residence=personal(residences), born_on=personal(st.dates()), status=personal(texts),
    seen_at=personal(utc_moments), visits=personal(st.lists(streets, max_size=3).map(tuple)),
    urgent=personal(st.booleans()), reason=personal(bases),
)


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    case = draw(st.uuids())
    stream = draw(st.sampled_from([f"case-{case}", "agency-nm-cyfd"]))
    return enveloped(draw(facts), stream=stream, version=draw(st.integers(min_value=1, max_value=10_000)))

"""What travels with an entry's bytes: CloudEvents attributes, none of which another office's parcel shares.

No trace context goes along: our own trace of the hand-over stays inside.
"""
from __future__ import annotations

from base64 import b64encode
from datetime import UTC

from adapters.disclosure.outstanding import Delivery
from adapters.disclosure.render import Rendered, salt_of
from domain.ports import Parcel

SEQUENCE_DIGITS = 20
CONTENT_TYPE = "application/avro"


def parcel_of(delivery: Delivery, rendered: Rendered) -> Parcel:
    """The same entry gives the same parcel at every attempt. Raises Unrenderable where the salt is withheld."""
    named = () if delivery.releases is None else (("releases", str(delivery.releases)),)
    return _parcel(delivery, rendered, (("salt", salt_of(delivery.told)), *named))


def placeholder_of(delivery: Delivery, rendered: Rendered) -> Parcel:
    """The number and the place, without content."""
    return _parcel(delivery, rendered, ())


def structured(parcel: Parcel) -> dict[str, str]:
    """The parcel as a CloudEvent in structured mode (CloudEvents 1.0, JSON format): its bytes in base64."""
    return {"specversion": "1.0", **dict(parcel.headers), "data_base64": b64encode(parcel.content).decode()}


def _parcel(delivery: Delivery, rendered: Rendered, more: tuple[tuple[str, str], ...]) -> Parcel:
    entry = delivery.told
    # To the hour: the second of one command would join the entries that two offices have of it (decision 0018).
    at = delivery.entry.circumstances.occurred_at.astimezone(UTC)
    epoch = delivery.epoch
    id, since = f"{entry.office}:{entry.number}", tuple[tuple[str, str], ...]()
    if epoch.sign:  # The number may have left before, with what a restore took away.
        id, since = f"{id}:{epoch.sign}", (("feedepoch", epoch.sign), ("feedfrom", str(epoch.first)))
    return Parcel(
        office=entry.office, number=entry.number, reference=entry.case_reference, content=rendered.content,
        headers=(
            ("id", id),
            ("source", f"/feeds/{entry.office}/{entry.case_reference}"),
            ("type", rendered.type),
            ("time", at.strftime("%Y-%m-%dT%H:00:00Z")),
            ("sequence", str(delivery.sequence).zfill(SEQUENCE_DIGITS)),
            ("feednumber", str(entry.number)),
            *since,
            ("datacontenttype", CONTENT_TYPE),
            *more,
        ),
    )

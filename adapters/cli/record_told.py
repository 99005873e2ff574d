"""Seals, litigation holds and orders to expunge as people and programs are told of them."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.cli.plain import plain
from adapters.reading.words import moment, parts, people, personal
from domain.agency.state import Agency
from domain.agency.targets import target_of
from domain.case.erasure import Asked, Expunge, asked
from domain.case.record_scope import Scope
from domain.case.state import Case

Row = tuple[object, ...]


def rows(case: Case, zone: str) -> list[Row]:
    """What, its id, the order's number, how far it is, and about whom and what."""
    return [
        *(("seal", seal_id, order_ref(case, seal_id, "sealed"), "stands", about(case, scope))
          for seal_id, scope in case.sealing.seals.items()),
        *(("hold", hold_id, "", f"review on {hold.review_on}", people(case, hold.person_ids))
          for hold_id, hold in case.erasure.holds.items()),
        *(("expunge", expunge_id, order_ref(case, expunge_id, "ordered"), stage(case, one, zone), about(case, one.scope))
          for expunge_id, one in case.erasure.expunges.items()),
    ]


def lines(case: Case, standing: Agency) -> Iterator[str]:
    """Of each order, how far each office has come that has, or may have, something of it."""
    for expunge_id, one in case.erasure.expunges.items():
        for office, said in asked(case, one).items():
            at = overdue_at(case, one, office, standing)
            late = "" if at is None else f"; overdue after {moment(at, standing.zone)}, by the agency's own target"
            answer = "confirmed that it erased" if office in one.confirmed else f"{SAID[said]}{late}"
            yield f"{str(expunge_id)[:8]}: {office} {answer}"


def overlapping(case: Case, expunge_id: UUID, zone: str) -> dict[UUID, str]:
    """The other orders that stand on a part of what one was on, each in a sentence."""
    pairs = case.erasure.expunges[expunge_id].scope.pairs
    return {
        other_id: f"a part of the same record is {stage(case, one, zone)}, by order {order_ref(case, other_id, 'ordered')}"
        for other_id, one in case.erasure.expunges.items() if not one.is_withdrawn and one.scope.pairs & pairs
    }


def about(case: Case, scope: Scope) -> str:
    """`Ana Ochoa, Luis Ochoa: identity, legal`, as far as this reader may see it."""
    return f"{people(case, scope.person_ids)}: {parts(scope.compartments)}"


def order_ref(case: Case, order_id: UUID, what: str) -> str:
    """The order's number at the court, as far as this reader may see it."""
    return personal(case.recorded[order_id, what].order_ref)  # type: ignore[attr-defined]


def stage(case: Case, one: Expunge, zone: str) -> str:
    if one.expunged is not None:
        return f"expunged on {moment(one.expunged.key_destroyed_at, zone)}"
    if one.is_withdrawn:
        return "taken back"
    if case.erasure.held(one.ordered.person_ids):
        return "kept by a litigation hold"
    return "being destroyed" if one.begun else f"to be destroyed, not before {moment(one.ordered.not_before, zone)}"


SAID = {
    Asked.NOW: "is asked to erase, and has not confirmed",
    Asked.BEFORE: "was asked before the order to disregard it and to keep no copy, and has not confirmed",
    Asked.NOT_YET: "may have been given something: no hand-over is proven, and it is asked nothing before one is",
}


def overdue_at(case: Case, one: Expunge, office: str, standing: Agency) -> datetime | None:
    """From when its answer counts as overdue, by the agency's own target; no law gives a number."""
    owed = [o for o in case.corrections.owed.values() if (o.owed.office, o.owed.cause_event_id) == (office, one.event_id)]
    targets = [target.at for o in owed if (target := target_of(standing, o)) is not None and target.at is not None]
    return max(targets, default=None)


def document(case_id: UUID, case: Case, standing: Agency) -> dict[str, Any]:
    def scope(scope: Scope) -> dict[str, list[str]]:
        return {
            "person_ids": [str(one) for one in scope.person_ids], "compartments": [one.value for one in scope.compartments],
        }

    return {
        "case": str(case_id),
        "seals": [
            {"seal_id": str(seal_id), "order_ref": order_ref(case, seal_id, "sealed"), **scope(sealed)}
            for seal_id, sealed in case.sealing.seals.items()
        ],
        "holds": [
            {"hold_id": str(hold_id), "person_ids": [str(p) for p in hold.person_ids],
             "review_on": hold.review_on.isoformat()}
            for hold_id, hold in case.erasure.holds.items()
        ],
        "expunges": [
            {"expunge_id": str(expunge_id), "order_ref": order_ref(case, expunge_id, "ordered"),
             "stage": stage(case, one, standing.zone), "not_before": one.ordered.not_before.isoformat(), **scope(one.scope),
             "offices": list(asked(case, one)), "confirmed": sorted(one.confirmed), "asked": plain(asked(case, one)),
             "overdue_at": {office: plain(overdue_at(case, one, office, standing)) for office in asked(case, one)}}
            for expunge_id, one in case.erasure.expunges.items()
        ],
    }

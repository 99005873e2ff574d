"""`release`: what did not leave though it was released, and letting go what was held back because it could not succeed."""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import typer

from adapters.cli.console import REFUSED, USAGE, actor, end, heading, installation, say, table, tell_json

if TYPE_CHECKING:
    from adapters.composition import Casebridge


def say_not_left(casebridge: Casebridge, case_ids: Sequence[UUID]) -> None:
    """What was released and became no entry of a feed, with why; nothing where there is none."""
    from adapters.reading.not_left import not_left

    found = [one for case_id in case_ids for one in not_left(casebridge, case_id)]
    if found:
        heading("Released, and not gone: mend the cause; what became no entry of a feed has to be prepared again")
        table(("case", "id", "office", "released", "because"), [
            (one.case_id, one.id, one.office, one.released_at.isoformat(), one.because) for one in found
        ])


def let_go(ctx: typer.Context, delivery: str, user: str | None, as_json: bool) -> None:
    """Let a number go, with whatever is held back of its case for its office: in the case's order."""
    from adapters.disclosure.hand_overs import HandOvers
    from adapters.disclosure.outstanding import Stage
    from domain.events import Actor

    office, _, number = delivery.rpartition(":")
    if not office or not number.isdecimal():
        raise end(USAGE, "name the delivery by office and number, such as cons-mx.el-paso:12")
    with installation(ctx) as casebridge:
        hand_overs = HandOvers(casebridge.backbone, casebridge.rendering(), os.urandom)
        hand_overs.outstanding.tail()
        queue = hand_overs.outstanding.queue(office)
        chosen = queue.deliveries.get(int(number))
        if queue.last == 0:
            raise end(REFUSED, f"nothing was ever meant for an office {office}: `casebridge partner list` lists them")
        if chosen is None or chosen.stage is not Stage.HELD_BACK:
            raise end(REFUSED, f"number {number} of {office} is not held back: `casebridge feed {office}` shows its feed")
        case_id, agency = chosen.told.case_id, chosen.entry.circumstances.agency
        held = sorted(
            (d for d in queue.deliveries.values() if d.stage is Stage.HELD_BACK and d.told.case_id == case_id),
            key=lambda one: one.place,
        )
        hold = hand_overs.on_hold(chosen, casebridge.backbone.case(case_id))
        if hold is not None:
            because = f"it is on hold, to be looked at on {hold.placed.review_on}: `casebridge hold lift` ends that"
            raise end(REFUSED, f"{because} [DECISION-14]")
        if not hand_overs.let_go(held, by=Actor(**actor(agency, "liaison", user))):
            raise end(REFUSED, "another courier was at it: try again")
        numbers = [one.told.number for one in held]
    if as_json:
        tell_json({"office": office, "case": str(case_id), "let_go": numbers})
    else:
        listed = ", ".join(map(str, numbers))
        say(f"let go: {listed}; `casebridge work` hands each over to {office} under a number of its own")

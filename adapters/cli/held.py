"""`release --delivery`: what was held back because it could not succeed leaves after all."""
from __future__ import annotations

import os

import typer

from adapters.cli.console import REFUSED, USAGE, actor, end, installation, say, tell_json


def let_go(ctx: typer.Context, delivery: str, user: str | None, as_json: bool) -> None:
    """Let a number go, with whatever is held back of its case for its office: in the case's order."""
    from adapters.disclosure.hand_overs import HandOvers
    from adapters.disclosure.outstanding import Queue, Stage
    from domain.events import Actor

    office, _, number = delivery.rpartition(":")
    if not office or not number.isdecimal():
        raise end(USAGE, "name the delivery by office and number, such as cons-mx.el-paso:12")
    with installation(ctx) as casebridge:
        hand_overs = HandOvers(casebridge.backbone, casebridge.rendering(), os.urandom)
        hand_overs.outstanding.tail()
        queue = hand_overs.outstanding.offices.get(office, Queue())
        chosen = queue.deliveries.get(int(number))
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

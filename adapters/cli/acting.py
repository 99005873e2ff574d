"""One command of a person at this program, and the case that it is about."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import typer

from adapters.cli.console import REFUSED, actor, end, principal

if TYPE_CHECKING:
    from adapters.backbone import Outcome
    from adapters.composition import Casebridge
    from domain.case.state import Case


def opened_case(casebridge: Casebridge, case_id: UUID) -> tuple[str, Case]:
    """The agency that opened the case, and the case; ends the program where nobody opened it."""
    case = casebridge.backbone.case(case_id)
    if case.intake.agency is None:
        raise no_case(case_id)
    return case.intake.agency, case


def no_case(case_id: UUID) -> typer.Exit:
    return end(REFUSED, f"there is no case {case_id}: see that the id is whole, or open it with OpenCase")


def require_office(casebridge: Casebridge, agency: str, office: str) -> None:
    """Ends the program where the agency lists no such office: silence would read as "was given nothing"."""
    if office not in casebridge.backbone.agency(agency).offices:
        raise end(REFUSED, f"{agency} lists no office {office}: `casebridge partner list` lists them")


def act(
    casebridge: Casebridge, agency: str, command: str, data: dict[str, Any], *, role: str, user: str | None,
    case: UUID | None = None,
) -> Outcome:
    """Submit a command that occurs now, through the one door; ends the program with the reason where it is refused.

    `user` is who decides it, if not whoever runs the program.
    """
    raw = _raw(casebridge, agency, command, data, role, user, case)
    outcome = casebridge.backbone.submit(raw, principal=principal())
    if outcome.status == "refused":
        raise end(REFUSED, f"{outcome.because} (field {outcome.field}) [{outcome.rule}]")
    return outcome


def would(
    casebridge: Casebridge, agency: str, command: str, data: dict[str, Any], *, role: str, user: str | None, case: UUID,
) -> Case:
    """The case as `act` would leave it; nothing is recorded. Ends the program where `act` would."""
    from adapters.commands import parse_line
    from domain.refusals import Refused

    try:
        line = parse_line(_raw(casebridge, agency, command, data, role, user, case), casebridge.backbone.outside_ids.ours)
        return casebridge.backbone.judged(line, casebridge.backbone.case(case), principal=principal())
    except Refused as refused:
        raise end(REFUSED, f"{refused.because} (field {refused.field}) [{refused.rule}]") from None


def _raw(
    casebridge: Casebridge, agency: str, command: str, data: dict[str, Any], role: str, user: str | None, case: UUID | None
) -> dict[str, Any]:
    return {
        "command": command, "command_id": str(uuid4()), "agency": agency, **({"case": str(case)} if case else {}),
        "actor": actor(agency, role, user), "occurred_at": casebridge.clock.now().isoformat(), "data": data,
    }

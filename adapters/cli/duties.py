"""`duties`: who has an act or a question in hand."""
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from adapters.cli.acting import act, opened_case
from adapters.cli.console import REFUSED, USAGE, AsJson, CaseId, end, installation, say, tell_json

if TYPE_CHECKING:
    from uuid import UUID

    from domain.case.state import Case

app = typer.Typer(name="duties", no_args_is_help=True, help="Acts and questions: give them to a person or a unit.")
PREFIX_LENGTH_MIN = 4


@app.command()
def reassign(
    ctx: typer.Context,
    case: CaseId,
    id: Annotated[str, typer.Argument(
        metavar="ID", help="An act (or one of its duties) or a question, as `due` names it; the beginning of its id will do."
    )],
    because: Annotated[str, typer.Option("--because", metavar="REASON", help="Why it is given to another.")],
    user: Annotated[str | None, typer.Option("--user", metavar="USER", help="The staff user who has it now.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="The unit that has it now.")] = None,
    by: Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides it, if not you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give an act owed or an open question to a person or to a unit, and say why. Its clock runs on.

    Example: casebridge duties reassign ca5e0001-0000-4000-8000-000000000001 a2da6fc6 --user liaison-2 --because "on call"
    Next: `casebridge due --owner liaison-2` shows what that person has in hand.
    """
    if (user is None) is (unit is None):
        raise end(USAGE, "say to whom: either --user or --unit")
    with installation(ctx) as casebridge:
        agency, state = opened_case(casebridge, case)
        command, data = _wish(state, id)
        outcome = act(casebridge, agency, command, {
            **data, "reassignment_id": str(uuid4()), "owner": user or unit, "reason": because,
            "owner_kind": "person" if user else "unit",
        }, role="supervisor", user=by, case=case)
    if as_json:
        tell_json({"case": str(case), "command": command, **data, "owner": user or unit, "position": outcome.last})
    else:
        say(f"{user or unit} has it now")


def _wish(case: Case, start: str) -> tuple[str, dict[str, Any]]:
    """The command that reassigns what an id or its beginning names, and what it names."""
    from domain.case.acts import acts_of

    if len(start) < PREFIX_LENGTH_MIN:
        raise end(USAGE, f"give at least the first {PREFIX_LENGTH_MIN} signs of the id")
    questions = [q.question_id for q in case.obligations.questions.values() if _begins(q.question_id, start)]
    acts = [
        duty_ids for act in acts_of(case)
        if (duty_ids := [duty.duty_id for duty in act.duties if duty.stage == "open"])
        and any(_begins(duty_id, start) for duty_id in duty_ids)
    ]
    if len(questions) + len(acts) != 1:
        many = "several acts or questions begin so: give more of the id"
        none = "no act owed and no open question of this case begins so: `casebridge due --case CASE` names them"
        raise end(REFUSED, many if questions or acts else none)
    if questions:
        return "ReassignQuestion", {"question_id": str(questions[0])}
    return "ReassignAct", {"duty_ids": [str(duty_id) for duty_id in acts[0]]}


def _begins(id: UUID, start: str) -> bool:
    return str(id).startswith(start.lower())

"""`due`: questions first, then acts owed and missed, then what is awaited from others, each explaining itself."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from adapters.cli.console import AsJson, catch_up, duration, identifier, installation, moment, say, tell_json
from adapters.cli.due_found import VIEWS, Wanted, found


def due(
    ctx: typer.Context,
    jurisdiction: Annotated[str | None, typer.Option(metavar="J", help="Only this jurisdiction, such as NM.")] = None,
    owner: Annotated[str | None, typer.Option(
        metavar="O", help="Only what this unit or person has in hand: by assignment, pack or the agency's setting."
    )] = None,
    at: Annotated[datetime | None, typer.Option(
        "--at", metavar="T", parser=moment, help="The picture of this time: only what the agency had learned by then."
    )] = None,
    untold_for: Annotated[timedelta | None, typer.Option(
        metavar="72h", parser=duration, help="Only what has stood open for at least so long: 90m, 72h, 3d."
    )] = None,
    case: Annotated[UUID | None, typer.Option(
        metavar="CASE", parser=identifier, help="Only this case, with what was done or withdrawn in it too."
    )] = None,
    as_json: AsJson = False,
) -> None:
    """What is owed: open questions, then acts with their due moments, then what is awaited from others, then what is to
    be put right with offices, and what is up for review because a child comes of age.

    An act is what one notice to one office can meet. It names its rules in words, their citation, the fact that started
    the clock, and how the due moment was counted. What is awaited is overdue by the agency's own interval or by a day
    on which it is needed, never by law; the next way is proposed, and no answer is never an answer. With --at T, nothing
    counts that was learned later: a duty that was missed or met afterwards stands there as owed.

    Example: casebridge due --jurisdiction NM --untold-for 72h
    Next: answer a question with RecordProxyAnswer or ObtainCitizenshipInformation; prepare a notice with
    PrepareConsularNotification, then let it leave with `casebridge release`; give an act or a question to somebody with
    `casebridge duties reassign`.
    """
    wanted = Wanted(jurisdiction=jurisdiction, owner=owner, case_id=case, untold_for=untold_for, at=at)
    with installation(ctx) as casebridge:
        for view in VIEWS:
            catch_up(casebridge, view)
        now = at or casebridge.clock.now()
        cases = list(found(casebridge, wanted, now))
    if as_json:
        from adapters.cli.due_json import document

        tell_json({"at": now.isoformat(), "cases": [document(one) for one in cases]})
    elif not cases:
        say("nothing is owed, nothing is asked, nothing is awaited from others, and nothing is up for review")
    else:
        from adapters.cli.due_text import show

        show(cases)

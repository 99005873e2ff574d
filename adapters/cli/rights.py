"""Rights in Kafka after a change of the directory: made at once, and said plainly where they could not be."""
from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from adapters.cli.console import INFRASTRUCTURE, end

if TYPE_CHECKING:
    from adapters.composition import Casebridge

UNGUARDED = """\
casebridge: this Kafka checks nobody's rights. Nothing more is written for an office that is not live, but whoever reaches
the broker still reads what is in any office's topic already. Close the network to it now; then turn its authorizer on
(`authorizer.class.name`) and run `casebridge topics grant`."""


def follow_rights(casebridge: Casebridge) -> None:
    """Bring the rights of offices in line with the directory. Ends the program with 3 where the broker would not."""
    problem = rights_lag(casebridge)
    if problem is not None:
        raise end(INFRASTRUCTURE, problem)


def rights_lag(casebridge: Casebridge) -> str | None:
    """The same, with what is wrong as a sentence."""
    settings, members = casebridge.kafka(), casebridge.kafka_members()
    if settings is None or not members:
        return None
    from adapters.kafka.access import UNREACHABLE, AccessNotSet, NoAuthorizer, reconcile

    try:
        reconcile(settings, members)
    except NoAuthorizer:
        print(UNGUARDED, file=sys.stderr)
    except (AccessNotSet, *UNREACHABLE) as error:
        return (f"rights in Kafka are as before ({type(error).__name__}): the directory has changed, the broker has not. "
                "The worker `rights` of `casebridge work` goes on trying; `casebridge topics grant` tries now")
    return None

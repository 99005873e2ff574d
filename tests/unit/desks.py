"""An agency that settled who owns what and how long it waits, for tests of acts, questions and requests."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.agency import decide
from domain.agency.state import Agency, evolve
from domain.submission import Command, envelopes
from tests.specification import NOON, Scenario, submission


def settled(agency: Agency, *commands: Command) -> Agency:
    """The agency after these settings, each made an hour before the story begins."""
    for number, command in enumerate(commands, start=700):
        made: Any = submission(command, at=NOON - timedelta(hours=1), standing=agency, number=number, case_id=None)
        for envelope in envelopes(made, decide.DECIDES[type(command)](made, agency), stream="agency", after=agency.version):
            agency = evolve(agency, envelope)
    return agency


def with_settings(scenario: Scenario, *commands: Command) -> Scenario:
    return replace(scenario, standing=settled(scenario.standing, *commands))

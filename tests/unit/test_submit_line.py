"""One line that cannot be judged or recorded is refused, and stops no other; what concerns every line stops."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from zoneinfo import ZoneInfoNotFoundError

import pytest
import typer

from adapters.avro import SchemaUnknown, Unwritable
from adapters.backbone import Backbone
from adapters.cli.submit import judged
from adapters.json_lines import Read
from domain.ports import KeysUnavailable, LogUnavailable

LINE = Read(7, 100, {"command": "OpenCase", "command_id": "0c0de001-0000-4000-8000-000000000001"})


class Failing:
    """Stands where the backbone does, and fails at every line."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def submit(self, raw: Mapping[str, Any], *, principal: str) -> None:
        raise self._error


def failing(error: Exception) -> Backbone:
    return cast(Backbone, Failing(error))


@pytest.mark.parametrize("error", [
    Unwritable("casebridge.case.CaseOpened.number", "an int beyond 64 bits cannot be stored"),
    ValueError("Nahomy"), OverflowError("Nahomy"), ZeroDivisionError("Nahomy"), KeyError("Nahomy"), TypeError("Nahomy"),
    AttributeError("Nahomy"), AssertionError("Nahomy"), RecursionError("Nahomy"), ZoneInfoNotFoundError("Nahomy"),
], ids=lambda error: type(error).__name__)
def test_a_line_on_which_the_program_fails_is_refused_without_its_value(error: Exception) -> None:
    outcome = judged(failing(error), LINE)
    assert outcome.status == "refused" and outcome.because and "Nahomy" not in outcome.because


def test_what_cannot_be_recorded_is_named_by_its_field() -> None:
    outcome = judged(failing(Unwritable("casebridge.case.CaseOpened.number", "an int beyond 64 bits")), LINE)
    assert outcome.because == "it cannot be recorded: an int beyond 64 bits" and outcome.field == "CaseOpened.number"


@pytest.mark.parametrize("error", [LogUnavailable("gone"), KeysUnavailable("gone")])
def test_where_nothing_can_be_recorded_the_program_says_where_to_go_on(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        judged(failing(error), LINE)
    assert ended.value.exit_code == 3 and "line 7" in capsys.readouterr().err


@pytest.mark.parametrize("error", [SchemaUnknown("casebridge.case", "a newer writer"), OSError(28, "no space left")])
def test_what_concerns_every_line_is_no_refusal_of_one(error: Exception) -> None:
    with pytest.raises(type(error)):
        judged(failing(error), LINE)

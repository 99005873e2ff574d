"""The README's own steps, typed as they are printed there."""
from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.e2e.cli_world import H1, HISTORIES, Program, commands

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
UNTIL_STOPPED = "work"


def steps() -> list[list[str]]:
    """The commands of "First steps of your own", each in words."""
    block = README.split("## First steps of your own", 1)[1].split("```", 2)[1]
    return [shlex.split(line, comments=True) for line in block.splitlines() if line.strip()]


def test_the_first_steps_do_what_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HISTORIES.parents[1])
    fresh, ran = Program(tmp_path / "home"), {}
    activate, *rest = steps()
    assert activate == [".", ".venv/bin/activate"], "the program is on nobody's path before this"
    for program, command, *words in rest:
        assert program == "casebridge"
        if command != UNTIL_STOPPED:
            ran[command] = fresh(command, *words)
    assert {command: result.exit_code for command, result in ran.items()} == {
        "commands": 0, "submit": 1, "due": 0, "case": 0, "fsck": 0,
    }
    [(refused, lines)] = re.findall(r"(\w+) of the history's (\d+) lines are refused", README)
    answers = ran["submit"].output.splitlines()
    assert int(lines) == len(commands(H1))
    assert {"Two": 2}[refused] == sum(": refused: " in answer for answer in answers), "README counts them"
    assert any("was not handed over" in answer for answer in answers)

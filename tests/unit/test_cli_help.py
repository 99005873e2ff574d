"""What a newcomer reads first: help that can be acted on, examples that parse, and a reference page that is current."""
from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from adapters.cli.main import app
from adapters.cli.reference import EXAMPLE, leaves, reference

ROOT = Path(__file__).parents[2]
LEAVES = dict(leaves())
PROMISED = """
    "case show" "case timeline"
    commands demo due feed fsck import recall release serve submit work
    "contracts adopt" "contracts asyncapi" "contracts check" "contracts diff" "contracts dry-run" "contracts list"
    "contracts pages" "contracts show"
    "duties reassign"
    "hold lift" "hold list" "hold place"
    "ledger office" "ledger outside" "ledger who" "ledger would"
    "log install" "log restored"
    "partner add" "partner kit" "partner list" "partner live" "partner new-credential" "partner rehearse" "partner show"
    "partner suspend"
    "policy adopt" "policy apply" "policy calendars" "policy check" "policy diff" "policy dry-run" "policy list"
    "policy pages" "policy show"
    "record confirm" "record expunge" "record lift" "record preserve" "record rotate-keys" "record seal" "record show"
    "record unseal" "record withdraw"
    "schemas build" "schemas check" "schemas diff"
    "topics apply" "topics grant"
    "views lag" "views list" "views rebuild"
"""


def test_every_command_that_was_promised_is_there() -> None:
    assert set(LEAVES) == {f"casebridge {name}" for name in shlex.split(PROMISED)}


@pytest.mark.parametrize("name", LEAVES)
def test_the_help_of_a_command_has_an_example_and_says_what_to_do_next(name: str) -> None:
    shown = CliRunner().invoke(app, [*name.split()[1:], "--help"])
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    assert f"Example: {'CASEBRIDGE_KAFKA=127.0.0.1:9092 ' if 'topics' in name else ''}{name}" in text
    assert "Next: " in text


@pytest.mark.parametrize("name", LEAVES)
def test_the_example_of_a_command_is_one_that_its_parser_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = str(LEAVES[name].help)
    example = text[text.index(EXAMPLE) + len(EXAMPLE):].partition("Next:")[0]
    words = [word for word in shlex.split(example) if not word.startswith("CASEBRIDGE_")]
    assert words[:1] == ["casebridge"]
    command: Any = get_command(app)
    context, rest = None, words
    while getattr(command, "commands", None):
        context, rest = command, rest[1:]
        command = context.commands[rest[0]]
    command.make_context(rest[0], rest[1:]).close()


@pytest.mark.parametrize("name", LEAVES)
def test_every_option_and_argument_is_explained(name: str) -> None:
    for param in LEAVES[name].params:
        assert param.help or param.name == "help", f"{name} does not explain {param.name}"


def test_the_reference_page_is_current() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page.rstrip() == reference().rstrip(), "run `python -m adapters.cli.reference > docs/cli.md`"


def test_every_command_and_option_has_its_heading() -> None:
    headings = {line for line in reference().splitlines() if line.startswith("#")}
    assert {f"## {name}" for name in LEAVES} <= headings
    assert "### `--untold-for 72h`" in headings and "### `--recorded-by T|N`" in headings


def test_help_is_shown_without_loading_what_is_heavy() -> None:
    heavy = "{'sqlalchemy', 'kafka', 'fastavro', 'cryptography', 'pydantic', 'psycopg', 'opentelemetry'}"
    program = f"import sys, adapters.cli.main; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_wrong_option_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["due", "--no-such-option"]).exit_code == 2
    assert CliRunner().invoke(app, ["no-such-command"]).exit_code == 2

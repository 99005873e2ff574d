"""The reference page of the command line, made from the commands themselves: `python -m adapters.cli.reference`."""
from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

PROGRAM = "casebridge"
EXAMPLE = "Example: "
SHARED = """\
# The command line

Made from the code by `python -m adapters.cli.reference > docs/cli.md`; a test fails when it is not.

Everything is kept in the folder that `CASEBRIDGE_HOME` names (`.casebridge` in the current folder by default).
`CASEBRIDGE_LOG` and `CASEBRIDGE_VIEWS` name databases elsewhere, `CASEBRIDGE_KEYS` and `CASEBRIDGE_KEK` the keys,
`CASEBRIDGE_KAFKA` the brokers, `CASEBRIDGE_AGENCY` the agency where there are several.

Times are RFC 3339 with their offset, such as `2026-08-13T16:10:00-06:00`. `--json` gives JSON with stable keys, one
document or one a line; progress and errors go to stderr. Whoever runs the program is recorded as the principal.

| exit code | means |
|---|---|
| 0 | done |
| 1 | refused, or problems were found |
| 2 | wrong usage |
| 3 | a database, key store or broker is missing, or could not go on; `CASEBRIDGE_DEBUG=1` shows where |
"""


def reference() -> str:
    """The whole page, in Markdown."""

    return SHARED + "".join(_section(name, command) for name, command in leaves())


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name, in the order of the help."""
    from adapters.cli.main import app

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield name, command
        for child, below in (children or {}).items():
            yield from walk(f"{name} {child}", below)

    yield from walk(PROGRAM, get_command(app))


def _section(name: str, command: Any) -> str:
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    text = "\n\n".join(_paragraph(paragraph) for paragraph in paragraphs)
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    usage = " ".join([name, *(_usage(argument) for argument in arguments), "[OPTIONS]"])
    options = "".join(_parameter(param) for param in command.params)
    return f"\n## {name}\n\n`{usage}`\n\n{text}\n\n{options}"


def _paragraph(text: str) -> str:
    """The example as a line of code, whatever lines it takes, and what to do next below it."""
    if not text.startswith(EXAMPLE):
        return text
    example, _, following = text.removeprefix(EXAMPLE).partition("\nNext: ")
    return f"```\n{' '.join(example.split())}\n```\n\nNext: {following}"


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _parameter(param: Any) -> str:
    if param.param_type_name == "argument":
        name = param.metavar or param.name.upper()
    else:
        flag = "/".join([*param.opts, *param.secondary_opts])
        name = flag if param.is_flag else f"{flag} {param.metavar or param.type.name.upper()}"
    needed = " Required." if param.required else ""
    return f"### `{name}`\n\n{param.help}{needed}\n\n"


if __name__ == "__main__":
    print(reference().rstrip())

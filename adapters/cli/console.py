"""What the commands share: opening the installation, speaking to people and to programs, and how they end."""
from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adapters.composition import Casebridge
    from adapters.settings import Settings
    from domain.agency.state import Agency

REFUSED, USAGE, INFRASTRUCTURE = 1, 2, 3
PIPE_COLUMNS = 160
"""Where the output is no terminal, tables are this wide."""
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ID_COLUMNS, TEXT_COLUMNS = 39, 15
"""What a column of ids takes with its margins, and what a column of words has to be left."""
LISTED_MAX = 1_000

Open = Callable[["Settings"], "Casebridge"]
Tell = Callable[[int], None]
AsJson = Annotated[bool, typer.Option("--json", help="For a program: JSON with stable keys instead of text.")]
AgencyCode = Annotated[
    str | None,
    typer.Option("--agency", envvar="CASEBRIDGE_AGENCY", metavar="CODE", help="Which agency, where there are several."),
]


def end(code: int, because: str | None = None) -> typer.Exit:
    """Say why on stderr and end with this code: `raise end(REFUSED, "...")`."""
    if because is not None:
        print(f"casebridge: {clean(because)}", file=sys.stderr)
    return typer.Exit(code)


# ------------------------------------------------------------------ the installation
@contextmanager
def installation(ctx: typer.Context, *, new: bool = False) -> Iterator[Casebridge]:
    """Everything, opened; closed at the end. Only a command that records something makes a `new` one.

    Raises LogForked where the log is an older copy of itself.
    """
    with opened(ctx, new=new) as casebridge:
        casebridge.require_log()
        yield casebridge


@contextmanager
def opened(ctx: typer.Context, *, new: bool = False) -> Iterator[Casebridge]:
    """`installation`, also where the log is an older copy of itself.

    Whoever invokes the program from Python may give its own way of opening as the context's object.
    """
    from adapters.composition import Casebridge
    from adapters.settings import Settings

    settings = Settings()
    if not new and not has_log():
        raise end(INFRASTRUCTURE, f"there is no log at {settings.log_url.removeprefix('sqlite:///')} yet: `casebridge "
                                  "submit FILE` makes one, and CASEBRIDGE_HOME names the folder where one is")
    opening: Open = ctx.find_root().obj or Casebridge
    try:
        found = opening(settings)
    except ValueError as error:  # Of a url; its message names what is wanted, not what was given.
        raise end(USAGE, str(error)) from None
    with found as casebridge:
        yield casebridge


def has_log() -> bool:
    """Whether there is a log to open: a file on this machine, or one on a server, which is not asked."""
    from adapters.settings import Settings

    url = Settings().log_url
    file = url.removeprefix("sqlite:///")
    return file == url or Path(file).exists()


def principal() -> str:
    """Who runs this, as the operating system says, whatever a command claims."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def agency_of(casebridge: Casebridge, code: str | None) -> Agency:
    """The agency of that code, or the only one there is."""
    if code is None:
        codes = [name.removeprefix("agency-") for name, _ in casebridge.log.streams("agency-", limit=LISTED_MAX)]
        if len(codes) != 1:
            because = f"say which agency: --agency {' | '.join(codes)}" if codes else "no agency has adopted anything yet"
            raise end(USAGE if codes else REFUSED, because)
        code = codes[0]
    return casebridge.backbone.agency(code)


def catch_up(casebridge: Casebridge, view: str) -> None:
    """Bring a view to the head of the log, so that what was just recorded is seen."""
    runner = casebridge.runners()[view]
    left = runner.lag().events
    with progress(f"bringing {view} up to date", left) as tell:
        done = 0
        while count := runner.step():
            done += count
            tell(done)


# ------------------------------------------------------------------ speaking
def console() -> Console:
    """A console on stdout, for people. What is data is never read as markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    return Console(markup=False, highlight=False, emoji=False, width=width)


def say(text: str = "") -> None:
    """A line for people, wrapped by their terminal and by nothing else."""
    print(clean(text))


def tell_json(document: Any) -> None:
    """One JSON document on one line."""
    print(json.dumps(document, ensure_ascii=False, separators=(",", ":")), flush=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Nothing is cut; an id stays on one line where the terminal has room for it."""
    from rich import box
    from rich.table import Column, Table
    from rich.text import Text

    cells, screen = [[clean(str(cell)) for cell in row] for row in rows], console()
    ids = [any(ID.fullmatch(cell) for cell in column) for column in zip(*cells, strict=True)] or [False] * len(columns)
    has_room = sum(ID_COLUMNS if is_id else TEXT_COLUMNS for is_id in ids) <= screen.width
    heads = [
        Column(name, overflow="fold", no_wrap=is_id and has_room) for name, is_id in zip(columns, ids, strict=True)
    ]
    made = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for row in cells:
        made.add_row(*map(Text, row))
    screen.print(made)


def heading(text: str) -> None:
    from rich.text import Text

    console().print(Text(clean(text), style="bold"))


def clean(text: str) -> str:
    """Without what a terminal would obey: people's names are data."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Tell]:
    """Shows on stderr how far the work is, where that is a terminal."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


# ------------------------------------------------------------------ what people type
def moment(text: str) -> datetime:
    """RFC 3339 with its offset; the zone's name may follow in brackets."""
    try:
        read = datetime.fromisoformat(text.partition("[")[0])
    except ValueError:
        raise typer.BadParameter("a time such as 2026-08-13T16:10:00-06:00 is wanted") from None
    if read.tzinfo is None:
        raise typer.BadParameter("a time needs its zone, such as 2026-08-13T16:10:00-06:00")
    return read


def duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if found is None:
        raise typer.BadParameter("a length such as 90m, 72h or 3d is wanted")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter("an id such as ca5e0001-0000-4000-8000-000000000001 is wanted") from None


CaseId = Annotated[UUID, typer.Argument(metavar="CASE", parser=identifier, help="The case's id.")]
AgencyNeeded = Annotated[
    str, typer.Option("--agency", envvar="CASEBRIDGE_AGENCY", metavar="CODE", help="Which agency does this.")
]


def actor(agency: str, role: str, user: str | None) -> Mapping[str, str]:
    """Who is said to act: the person named, or whoever runs the program."""
    return {"agency": agency, "role": role, "user": user or principal()}

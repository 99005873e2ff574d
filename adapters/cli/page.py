"""A page for people: lines wrapped for a terminal, with what follows set in; left whole for a pipe."""
from __future__ import annotations

import sys
import textwrap

from adapters.cli.console import clean, console

COLUMNS_MAX = 120
"""Longer lines are hard to read, however wide the terminal."""


class Page:
    def __init__(self) -> None:
        self._console = console()
        self._columns = min(self._console.width, COLUMNS_MAX) if sys.stdout.isatty() else None

    def line(self, text: str, indent: int = 0, style: str = "") -> None:
        """One line. A line feed at its beginning leaves a blank line before it."""
        from rich.text import Text

        if text.startswith("\n"):
            self._console.print()
        text, blank = clean(text).lstrip("\n"), " " * indent
        if self._columns is not None:
            text = textwrap.fill(
                text, self._columns, initial_indent=blank, subsequent_indent=blank + "  ", break_long_words=False,
                break_on_hyphens=False,
            )
        else:
            text = blank + text
        self._console.print(Text(text, style=style), soft_wrap=True)

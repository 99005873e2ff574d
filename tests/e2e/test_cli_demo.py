"""The demo, as a newcomer sees it: without colour, and where its histories are not."""
from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import typer
from rich.console import Console

from adapters.cli.demo import run


def in_a_row(text: str) -> str:
    """Its words, whatever the width; a calendar's digest is that of the day."""
    return re.sub(r"calendar [0-9a-f]{8}", "calendar", " ".join(text.split()))


def test_the_demo_can_be_read_without_colour() -> None:
    shown = io.StringIO()
    assert run(Console(file=shown, markup=False, highlight=False, emoji=False, width=160, no_color=True)) == 0
    text = shown.getvalue()
    assert "[bold]" not in text and "[/" not in text and "\x1b" not in text
    assert "Reported by people; > brought about by rules and workers. Times are those of America/Denver." in text
    lines = text.splitlines()
    assert any("> DutyRaised" in line for line in lines) and any("> DeadlineMissed" in line for line in lines)
    assert not any("> CustodyTaken" in line for line in lines) and any("CustodyTaken" in line for line in lines)
    assert "none stated" not in text and "no limit stated" in text
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    excerpt = readme.split("From the middle of it:", 1)[1].split("```", 2)[1].split("\n\n")
    for passage in excerpt:
        assert in_a_row(passage) in in_a_row(text), "the README shows what the demo prints"


def test_a_demo_without_its_histories_says_where_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        run(Console(), histories=tmp_path)
    assert ended.value.exit_code == 3
    assert "h1-new-mexico.jsonl" in (said := capsys.readouterr().err) and "tests/histories" in said

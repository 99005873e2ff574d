"""The pages of the jurisdictions are those of the shipped packs, and say what people look for."""
from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from adapters.cli.main import app
from adapters.policy_texts import around, shipped
from adapters.reading.pages import MADE, pages

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "jurisdictions"


def made() -> dict[str, str]:
    packs = [text.pack() for text in shipped()]
    return pages([(pack, around(pack)) for pack in packs])


def test_the_committed_pages_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    assert committed == made(), "run `casebridge policy pages docs/jurisdictions`"


def test_every_rule_stands_once_on_the_page_of_its_pack_with_its_lines() -> None:
    whole = made()
    for text in shipped():
        pack, page = text.pack(), whole[f"{text.pack().id}.md"]
        for rule in pack.rules:
            heading = f"#### {rule.id}\n" if rule.force not in ("NOT", "SILENT") else f"- **{rule.id}** ("
            assert page.count(heading) == 1, rule.id
            assert f" {rule.source_lines.replace(';', ', ')}\n" in page and rule.words in page
        assert f"(#{next(r.id for r in pack.rules if r.raises_duties).lower()})" in page or not any(
            rule.raises_duties for rule in pack.rules
        )


def test_what_counsel_has_not_confirmed_says_so_first() -> None:
    for name, page in made().items():
        if name != "README.md":
            assert "**As reported in December 2023**: counsel has not confirmed it." in page[:400], name


def test_the_program_writes_them_and_takes_away_what_is_no_more(tmp_path: Path) -> None:
    for name, text in (("XX.md", MADE), ("notes.md", "somebody's own")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = CliRunner().invoke(app, ["policy", "pages", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.md")}
    assert written.pop("notes.md") == "somebody's own" and written == made()

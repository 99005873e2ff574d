"""Every history adopts what is shipped; a text that changes is brought in by `python -m tests.adopted_texts`."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopted_texts import HISTORIES, read, up_to_date


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_history_adopts_the_shipped_texts_to_the_letter(path: Path) -> None:
    assert [line for line in read(path) if up_to_date(line) != line] == []


def test_an_older_text_is_found_and_brought_up_to_date() -> None:
    line = next(line for path in HISTORIES for line in read(path) if line["command"] == "AdoptPack")
    older = {**line, "data": {**line["data"], "text": f"# an older word\n{line['data']['text']}"}}
    assert up_to_date(older) == line

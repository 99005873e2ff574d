"""The changelog says each thing once, in whole sentences."""
from __future__ import annotations

import re
from collections import Counter

from tests.specification import ROOT

TEXT = re.sub(r"^#.*$", "", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
ENTRIES = [" ".join(entry.split()) for entry in re.split(r"^- ", TEXT, flags=re.MULTILINE)[1:]]


def test_every_entry_is_whole() -> None:
    assert [entry for entry in ENTRIES if not re.fullmatch(r"[A-Z`].*\.", entry)] == []


def test_nothing_is_said_twice() -> None:
    sentences = Counter(sentence for entry in ENTRIES for sentence in re.split(r"(?<=\.) (?=[A-Z`])", entry))
    assert [sentence for sentence, times in sentences.items() if times > 1] == []

"""The glossary lists every stored event with its compartments, and no other."""
from __future__ import annotations

import re
from pathlib import Path

from adapters.avro.build import domain_classes
from domain.events import Boxed, fields_of

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


def test_every_stored_event_stands_in_the_glossary_with_its_compartments() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(casebridge\.[^`]+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert listed == {
        declared.TOPIC: ", ".join(sorted({
            item.compartment.value for item in fields_of(declared).values() if isinstance(item, Boxed)
        })) or "none"
        for declared in domain_classes()
    }

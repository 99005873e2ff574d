"""The partners' AsyncAPI documents are valid by the reference parser, with its parser of Avro schemas."""
from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deploy.local.asyncapi import PINNED, asyncapi_parser, node
from deploy.local.process import Missing
from tests import servers

DOCS = Path(__file__).resolve().parents[2] / "docs" / "asyncapi"
CHECK_SECONDS_MAX = 240


def checked(files: list[str]) -> dict[str, Any]:
    """By file: the problems, and the names of the messages that were understood."""
    try:
        program, folder = node(), asyncapi_parser()
    except Missing as lacking:
        servers.missing(str(lacking))
    words = [str(program), str(PINNED / "check.mjs"), str(folder)]

    def part(some: list[str]) -> dict[str, Any]:
        ran = subprocess.run([*words, *some], capture_output=True, text=True, timeout=CHECK_SECONDS_MAX, check=True)
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    with ThreadPoolExecutor(2) as pool:  # The parser compiles its own schema anew for each document: two at once.
        return {file: told for some in pool.map(part, (files[0::2], files[1::2])) if some for file, told in some.items()}


@pytest.mark.timeout(2 * CHECK_SECONDS_MAX)
def test_every_document_is_valid_by_the_reference_parser() -> None:
    files = sorted(str(path) for path in DOCS.glob("*.json"))
    found = checked(files)
    assert {file: told["problems"] for file, told in found.items() if told["problems"]} == {}
    assert sorted(found) == files and len(files) > 30
    mexico = found[str(DOCS / "cons-mx.json")]["messages"]
    assert "casebridge.published.ConsularNotice" in mexico, "the parser read the messages, Avro and all"


def test_a_document_that_is_not_valid_is_told_by_what_is_wrong(tmp_path: Path) -> None:
    good = json.loads((DOCS / "avanzar.json").read_text(encoding="utf-8"))
    good["components"]["messages"]["Disregard"]["payload"]["schema"]["fields"][1]["type"] = "longer"
    good["channels"]["feed"]["bindings"]["kafka"]["partitions"] = 0
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(good), encoding="utf-8")
    [told] = checked([str(bad)]).values()
    assert any("partitions" in problem for problem in told["problems"])
    assert any("longer" in problem for problem in told["problems"])

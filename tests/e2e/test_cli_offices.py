"""`partner list` and `partner kit`: where offices stand, and what the engineer of one is given to begin with."""
from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.asyncapi.document import PUBLISHED
from adapters.avro.single_object import format_of
from tests.e2e.cli_world import AFTER_IT_ALL, Program, play

LINK = re.compile(r"\]\(([^)#]+)\)")
BROKERS = {"CASEBRIDGE_KAFKA": "kafka.agency.example:9094", "CASEBRIDGE_KAFKA_PREFIX": "nm"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    home = tmp_path_factory.mktemp("offices") / "home"
    play(home)
    program = Program(home)
    add(program, "cons-mx.denver", "CONS-MX", "kafka", "consulate", "--country", "MX")
    add(program, "iss.baltimore", "ISS", "pull", "iss")
    return program


@pytest.fixture
def copied(played: Program, tmp_path: Path) -> Program:
    return Program(Path(shutil.copytree(played.home, tmp_path / "home")))


def add(program: Program, office: str, kind: str, channel: str, address: str, *more: str) -> None:
    program.ok(
        "partner", "add", office, "--agency", "NM-CYFD", "--kind", kind, "--name", f"Office {office}", "--zone",
        "America/Denver", "--serves", "NM", "--channel", channel, "--address", address, *more,
    )


def listed(program: Program) -> dict[str, dict[str, Any]]:
    return {row["office"]: row for row in program.json("partner", "list")["offices"]}


def written(program: Program, office: str, folder: Path) -> dict[str, str]:
    ran = program("partner", "kit", office, str(folder), "--json", environment=BROKERS)
    assert ran.exit_code == 0, ran.output
    files = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}
    assert sorted(files) == json.loads(ran.stdout)["files"]
    return files


def leads(files: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    for name, text in files.items():
        if name.endswith(".md"):
            yield from ((name, link) for link in LINK.findall(text) if "://" not in link)


# -- list

def test_the_offices_are_listed_with_stage_since_when_and_why_one_is_stopped(copied: Program) -> None:
    before = listed(copied)
    assert before["cons-mx.el-paso"]["stage"] == "live" and before["cons-mx.el-paso"]["since"] < AFTER_IT_ALL.isoformat()
    assert before["cons-mx.denver"] == {
        "office": "cons-mx.denver", "recipient_kind": "CONS-MX", "stage": "draft", "channel": "kafka",
        "since": before["cons-mx.denver"]["since"], "reason": None,
    }
    copied.ok("partner", "suspend", "cons-mx.el-paso", "--reason", "address is being checked")
    after = listed(copied)
    assert after["cons-mx.el-paso"]["reason"] == "address is being checked"
    assert after["cons-mx.el-paso"]["since"] > before["cons-mx.el-paso"]["since"]
    text = copied.ok("partner", "list")
    assert "address is being checked" in text and "suspended" in text and "iss.baltimore" in text
    copied.ok("partner", "live", "cons-mx.el-paso", "--second-person", "counsel-1")
    assert listed(copied)["cons-mx.el-paso"]["reason"] is None


# -- kit

@pytest.mark.parametrize(("office", "said"), [
    ("cons-gt.denver", ["By signed webhook", "docs/samples/receiver.py", "docs/partners/cons-xx.es.md"]),
    ("cons-mx.denver", ["`nm.feed.cons-mx.denver.v1`", "`nm.inbox.cons-mx.denver.v1`", "`nm.cons-mx.denver`",
                        "FEED_BROKERS=kafka.agency.example:9094 FEED_PREFIX=nm FEED_OFFICE=cons-mx.denver"]),
    ("iss.baltimore", ["FEED=https://HOST/feeds/iss.baltimore/events", "docs/asyncapi/iss.json"]),
])
def test_a_kit_has_what_an_engineer_needs_and_every_link_in_it_leads_on(
    played: Program, tmp_path: Path, office: str, said: list[str]
) -> None:
    folder = tmp_path / "kit"
    files = written(played, office, folder)
    for words in said:
        assert words in files["README.md"]
    for name, link in leads(files, folder):
        assert ((folder / name).parent / link).exists(), f"{name}: {link}"
    assert {"docs/samples/consumer.py", "docs/samples/feed.sh"} <= set(files)
    assert {name.split(".")[-2] for name in files if name.startswith("docs/partners/")} == {"en", "es"}


def test_a_kit_decodes_whatever_may_come_and_holds_the_schemas_of_nothing_else(played: Program, tmp_path: Path) -> None:
    files = written(played, "iss.baltimore", tmp_path / "kit")
    names = {Path(name).stem for name in files if name.endswith(".avsc")}
    assert names == {
        "Disregard.v1", "DocumentRequest.v1", "Held.v1", "HomeStudyRequest.v1", "PapersToServe.v1", "Placeholder.v1",
        "ReunificationRequest.v1",
    }
    module: dict[str, Any] = {"__name__": "consumer"}
    exec(files["docs/samples/consumer.py"], module)
    known = module["schemas"](tmp_path / "kit" / "schemas" / "published")
    declared = json.loads((PUBLISHED / "HomeStudyRequest.v1.avsc").read_text(encoding="utf-8"))
    assert format_of(declared).fingerprint in known and len(known) == len(names)


def test_a_kit_has_no_secret(played: Program, tmp_path: Path) -> None:
    with played.casebridge() as casebridge:
        secrets = {office: casebridge.secret_of(office) for office in ("cons-gt.denver", "cons-mx.denver", "iss.baltimore")}
    for office, secret in secrets.items():
        text = "\n".join(written(played, office, tmp_path / office).values())
        assert secret not in text and secret.removeprefix("whsec_") not in text


def test_a_kit_is_of_the_contract_in_force_and_has_the_schemas_of_those_before(copied: Program, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "domain" / "contracts" / "iss.v2.toml"
    text = shipped.read_text(encoding="utf-8")
    narrower = text[: text.index("[[flow]]\npurpose = \"reunification\"")].replace("version = 2", "version = 7")
    file = tmp_path / "narrower.toml"
    file.write_text(narrower, encoding="utf-8")
    for adopted in (shipped, file):
        copied.ok("contracts", "adopt", str(adopted), "--agency", "NM-CYFD", "--second-person", "counsel-1")
    files = written(copied, "iss.baltimore", tmp_path / "kit")
    assert "versión 7" in files["docs/partners/iss.es.md"] and "ReunificationRequest" not in files["docs/partners/iss.es.md"]
    assert "schemas/published/ReunificationRequest.v1.avsc" in files, "an entry may have been written by it"


def test_a_kit_is_refused_where_it_would_mislead(copied: Program, tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    assert copied("partner", "kit", "no-such.office", str(folder)).exit_code == 1
    without = copied("partner", "kit", "cons-mx.denver", str(folder))
    assert without.exit_code == 2 and "CASEBRIDGE_KAFKA" in without.stderr
    add(copied, "benefits.santa-fe", "BENEFITS", "pull", "benefits")
    nothing = copied("partner", "kit", "benefits.santa-fe", str(folder))
    assert nothing.exit_code == 1 and "nothing is given to an office of kind BENEFITS" in nothing.stderr
    assert not folder.exists()
    written(copied, "iss.baltimore", folder)
    again = copied("partner", "kit", "iss.baltimore", str(folder))
    assert again.exit_code == 2 and "is not empty" in again.stderr

"""`python -m tests.bench [NAME ...] [--quick]`: every row of design section 10 that exists, as a table and as JSON.

Ours and its peer take turns in the same run; medians are shown, and every round is in the JSON. Nothing is
asserted on time: a bar that is not met is said so, and the exit code is 0. It is 1 where a row broke.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from deploy.local.jars import kafka_jars
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.process import LocalServer
from tests.bench.machine import machine, versions
from tests.bench.rows import ROWS
from tests.servers import scratch

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results"
ROW_SECONDS_MAX = 3_600
TABLE_WIDTH_MIN = 150


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"rows to run; all without: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it works, not how fast")
    parser.add_argument("--growth-events", type=int, default=1_000_000, metavar="N", help="size of the large log")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the JSON here (else all rows to bench/results/)")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in ROWS]:
        parser.error(f"there is no row {unknown[0]}: {', '.join(ROWS)}")
    names = given.names or list(ROWS)
    needed = {server for name in names for server in ROWS[name].needs}
    told: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "quick": given.quick, "machine": machine(),
        "versions": versions(needed),
    }
    flags = ["--growth-events", str(given.growth_events), *(["--quick"] if given.quick else [])]
    figures, broken = list[dict[str, Any]](), list[str]()
    for name in names:
        found = _run(name, flags)
        figures += found or []
        broken += [name] if found is None else []
    told |= {"figures": figures, "broken": broken}
    show(told)
    if given.out or not given.names:
        print(f"written to {_keep(told, given.out)}")
    return 1 if broken else 0


def _run(name: str, flags: list[str]) -> list[dict[str, Any]] | None:
    """The figures of one row, measured by a process of its own on servers of its own; None where it broke."""
    print(f"{name} ... ", end="", file=sys.stderr, flush=True)
    begun = time.monotonic()
    with scratch() as folder, _servers(folder, ROWS[name].needs) as addresses:
        work, out = folder / "row", folder / "figures.json"
        work.mkdir()
        command = [sys.executable, "-m", "tests.bench.rows", name, "--folder", str(work), "--out", str(out), *addresses]
        code = subprocess.run([*command, *flags], timeout=ROW_SECONDS_MAX, check=False).returncode
        print(f"{time.monotonic() - begun:.0f} s{'' if code == 0 else f', broken (code {code})'}", file=sys.stderr)
        found: list[dict[str, Any]] | None = json.loads(out.read_text(encoding="utf-8")) if code == 0 else None
        return found


@contextmanager
def _servers(folder: Path, needs: tuple[str, ...]) -> Iterator[list[str]]:
    """The servers that a row needs, durable as in production (PostgreSQL flushes), and their addresses as flags."""
    started, flags = list[LocalServer](), list[str]()
    try:
        if "postgres" in needs:
            postgres = PostgresServer(folder / "postgres", settings={})
            started.append(postgres)
            postgres.start()
            flags += ["--postgres", postgres.dsn]
        if "kafka" in needs:
            kafka = KafkaServer(folder / "kafka", jars=kafka_jars())
            started.append(kafka)
            kafka.start()
            flags += ["--kafka", kafka.bootstrap]
        yield flags
    finally:
        for server in started:
            server.kill()


def show(told: dict[str, Any]) -> None:
    """The table, then what it was taken on."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH_MIN)
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("what", overflow="fold")
    for heading in ("ours", "peer", "ratio", "bar", "met"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("peer is", overflow="fold")
    for figure in told["figures"]:
        met = {True: "yes", False: "NO", None: ""}[figure["met"]]
        ours, peer = f"{_number(figure['ours'])} {figure['unit']}", _number(figure["peer"])
        ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
        table.add_row(figure["what"], ours, peer, ratio, figure["bar"] or "", met, figure["peer_is"])
    console.print(table)
    for name in ("machine", "versions"):
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in told[name].items()))
    print(f"date: {told['date']}{', quick sizes: no statement about speed' if told['quick'] else ''}")
    if told["broken"]:
        print(f"broken, see above: {', '.join(told['broken'])}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,g}" if value < 1_000 else f"{value:,.0f}"


def _keep(told: dict[str, Any], path: Path | None) -> Path:
    """Unless told where: one file a day and kind of machine; a later run of the day takes its place."""
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    if path is not None:
        path.write_text(text, encoding="utf-8")
        return path
    on = told["machine"]
    kind = f"{on['architecture']}-{on['cores']}-cores{'-quick' if told['quick'] else ''}"
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{told['date'][:10]}-{kind}.json"
    path.write_text(text, encoding="utf-8")
    return path.relative_to(RESULTS.parents[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a figure was taken on: the machine and the versions, without anything that names the machine."""
from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from deploy.local.jars import KAFKA_VERSION
from deploy.local.kafka import java
from deploy.local.postgres import postgres_program

LIBRARIES = (
    "eventsourcing", "kafka-python", "confluent-kafka", "psycopg", "SQLAlchemy", "fastavro", "cryptography",
)


def machine() -> dict[str, str | int | float]:
    return {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "load_at_start": round(os.getloadavg()[0], 1),
    }


def versions(servers: set[str]) -> dict[str, str]:
    import sqlite3

    found = {"python": f"{platform.python_implementation()} {platform.python_version()}", "sqlite": sqlite3.sqlite_version}
    found |= {library: version(library) for library in LIBRARIES}
    if "postgres" in servers:
        told = subprocess.run(
            [postgres_program("postgres"), "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
        found["postgresql"] = told.split()[2]
    if "kafka" in servers:
        told = subprocess.run([java(), "-version"], capture_output=True, text=True, check=True, timeout=30).stderr
        found |= {"kafka": KAFKA_VERSION, "java": told.split('"')[1]}
    return found


def _first(path: str, name: str) -> str:
    for row in Path(path).read_text(encoding="utf-8").splitlines():
        if row.startswith(name):
            return row.partition(":")[2].strip()
    return "unknown"

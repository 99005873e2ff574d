"""Kafka's jars: pinned, fetched once by Maven into `.local/` of the clone, and checked against known digests."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local.process import Missing, program

KAFKA_VERSION = "4.1.1"
LOCAL = Path(__file__).parents[2] / ".local"
KAFKA_JARS = LOCAL / f"kafka-{KAFKA_VERSION}" / "libs"
DIGESTS = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.sha256")
FETCH_LIMIT_SECONDS = 600.0
PROGRESS_EVERY_FILES = 25
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>casebridge.local</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
"""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def kafka_jars(tell: Callable[[str], None] = say) -> Path:
    """The folder of Kafka's jars, fetched on first use. Raises `Missing` when they cannot be had or differ."""
    folder = KAFKA_JARS.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two runs in one clone fetch once.
        if not KAFKA_JARS.exists():
            arriving = folder / "arriving"
            shutil.rmtree(arriving, ignore_errors=True)
            _fetch(folder, arriving, tell)
            _check(arriving)
            arriving.rename(KAFKA_JARS)
    return KAFKA_JARS


def _fetch(folder: Path, target: Path, tell: Callable[[str], None]) -> None:
    maven = program("mvn", package="maven")
    (folder / "pom.xml").write_text(POM)
    tell(f"Fetching Apache Kafka {KAFKA_VERSION} (46 jars, 43 MB) with Maven, once for this clone ...")
    command = ["timeout", str(FETCH_LIMIT_SECONDS), str(maven), "-B", "--strict-checksums",
               "-f", str(folder / "pom.xml"), f"{PLUGIN}:copy-dependencies", f"-DoutputDirectory={target}"]  # fmt: skip
    lines: list[str] = []
    arrived = 0
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as fetching:
        assert fetching.stdout is not None
        for line in fetching.stdout:
            lines.append(line)
            if "Downloaded from" in line:
                arrived += 1
                if arrived % PROGRESS_EVERY_FILES == 0:
                    tell(f"  {arrived} files (Maven's own among them)")
    if fetching.returncode != 0:
        errors = [line for line in lines if "ERROR" in line] or lines
        raise Missing(f"Maven could not fetch Apache Kafka {KAFKA_VERSION}; is there a network?\n{''.join(errors[:5])}")


def _check(folder: Path) -> None:
    """Every jar is the one that was reviewed, and there is no other."""
    expected = {name: digest for digest, name in (line.split() for line in DIGESTS.read_text().splitlines())}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.iterdir()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise Missing(f"what Maven brought is not what {DIGESTS.name} lists: {', '.join(wrong)}")

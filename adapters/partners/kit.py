"""What an office's engineer needs, as files: laid out as in the documentation, so that every link in them leads on."""
from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from adapters.asyncapi.document import HELD, PLACEHOLDER, document
from adapters.disclosure.pull import CHANNEL as PULL
from adapters.kafka.settings import KafkaSettings
from adapters.reading.manual import pages
from domain.agency.state import Office
from domain.disclosure.contract import Contract

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = Path("schemas", "published")
COPIED = ("docs/partners.md", "docs/samples/consumer.py", "docs/samples/feed.sh")
RECEIVER = Path("adapters", "partners", "receiver.py")


def kit(office: Office, contract: Contract, earlier: Iterable[Contract], kafka: KafkaSettings | None) -> dict[str, str]:
    """Every file by its path: what `contract` gives, with each schema that an `earlier` one gave it by.

    `kafka` names the topics of an office that reads from Kafka. Nothing here is secret. The same office and contracts give
    the same kit.
    """
    kind = contract.recipient_kind.lower()
    publishes = {flow.publishes for known in (contract, *earlier) for flow in known.flows} | {HELD, PLACEHOLDER}
    schemas = sorted(str(PUBLISHED / f"{name}.avsc") for name in publishes)
    files = {path: (ROOT / path).read_text(encoding="utf-8") for path in (*COPIED, *schemas)}
    files["docs/samples/receiver.py"] = (ROOT / RECEIVER).read_text(encoding="utf-8")
    files |= {f"docs/partners/{name}": text for name, text in pages([contract]).items()}
    files[f"docs/asyncapi/{kind}.json"] = json.dumps(document(contract), ensure_ascii=False, indent=1) + "\n"
    return {"README.md": "\n".join([*_head(office), *_channel(office, kafka), *_foot(kind)]) + "\n", **files}


def _head(office: Office) -> list[str]:
    return [
        f"# A feed for {office.name}", "",
        f"The office is `{office.office}`, of kind {office.recipient_kind}. Its feed is its own; nobody shares it.",
        "No secret is in these files: the agency brings it to you in another way.", "",
    ]


def _channel(office: Office, kafka: KafkaSettings | None) -> list[str]:
    code = office.office
    if office.channel == PULL:
        return [
            "## By HTTP, read when you like", "",
            f"Address: `/feeds/{code}/events` at the host that the agency names. Credential: from the agency.", "", "```",
            f"FEED=https://HOST/feeds/{code}/events CREDENTIAL=... sh docs/samples/feed.sh kept", "```", "",
        ]
    if kafka is not None:
        return [
            "## By Kafka", "",
            f"Brokers, as the agency reaches them: `{kafka.bootstrap}`.",
            f"User and consumer group are both `{kafka.group(code)}`, by SCRAM-SHA-512 over TLS. Password: from the agency.",
            f"You read `{kafka.feed_topic(code)}` and may write to `{kafka.inbox_topic(code)}`.", "", "```",
            "pip install kafka-python fastavro",
            f"FEED_BROKERS={kafka.bootstrap} FEED_PREFIX={kafka.prefix} FEED_OFFICE={code} FEED_PASSWORD=... \\",
            "  python docs/samples/consumer.py schemas/published kept.db", "```", "",
        ]
    return [
        "## By signed webhook", "",
        f"The agency posts each entry to `{office.address}`, signed by Standard Webhooks. Signing secret: from the agency.",
        "`docs/samples/receiver.py` is a receiver on one page (`pip install standardwebhooks`).", "",
    ]


def _foot(kind: str) -> list[str]:
    return [
        "## What is here", "",
        "- [How entries arrive, how to check them and how to answer](docs/partners.md)",
        f"- [What you are given, for what and why](docs/partners/{kind}.en.md)",
        f"- [Qué se le comunica, para qué y por qué](docs/partners/{kind}.es.md)",
        f"- [The same for tools: an AsyncAPI 3.0 document](docs/asyncapi/{kind}.json), with examples and their bytes",
        "- [Every schema by which an entry may come](schemas/published)", "",
        "All examples are invented. Where an entry comes by a schema that is not here, ask for a new kit.",
    ]

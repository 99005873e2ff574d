"""A kind's AsyncAPI 3.0 document: its channels, headers, published events with examples, and what holds of all of them."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.asyncapi import example
from adapters.asyncapi.example import Example
from adapters.asyncapi.words import (
    CHECKING,
    DELETION,
    EPOCHS,
    FEED,
    INBOX,
    INTRO,
    MISSING,
    ORDER,
    PULL,
    READING,
    RETENTION,
    WEBHOOK,
)
from adapters.avro.single_object import Format, format_of
from adapters.channels.kafka_feed import message_of
from adapters.channels.webhook import CONTENT_TYPE as STRUCTURED
from adapters.channels.webhook import webhook_id
from adapters.disclosure.parcel import CONTENT_TYPE, SEQUENCE_DIGITS
from adapters.disclosure.pull import ENTRIES_MAX
from adapters.http.app import BATCH, WAIT_SECONDS_MAX
from adapters.http.openapi import EVENT
from adapters.kafka.settings import OFFICE, KafkaSettings
from adapters.kafka.topics import TopicSpec, topic_specs
from domain.disclosure.contract import Contract, Flow

Json = dict[str, Any]
AVRO = "application/vnd.apache.avro;version=1.9.0"
DISREGARD, PLACEHOLDER, HELD = "Disregard.v1", "Placeholder.v1", "Held.v1"
WITHOUT_SALT = frozenset({"Placeholder", "Held"})
PUBLISHED = Path(__file__).resolve().parents[2] / "schemas" / "published"
KAFKA = KafkaSettings(bootstrap="kafka.example:9094")
OFFICE_TEXT = OFFICE.pattern.removesuffix(r"\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A published event as a kind is given it, with a worked example for each purpose that gives it."""

    name: str
    form: Format
    examples: tuple[tuple[str, Example], ...]


def documents(contracts: Iterable[Contract]) -> dict[str, str]:
    """Every document by its file's name, `<kind>.json`; none for a kind to which nothing is given."""
    return {
        f"{contract.recipient_kind.lower()}.json": json.dumps(document(contract), ensure_ascii=False, indent=1) + "\n"
        for contract in contracts if contract.flows
    }


def document(contract: Contract) -> Json:
    """The same contract gives the same document."""
    kind, messages = contract.recipient_kind, tuple(messages_of(contract))
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:casebridge:feed:{kind.lower()}",
        "info": {
            "title": f"Casebridge: what an office of kind {kind} is given", "version": f"{contract.version}.0.0",
            "description": "\n\n".join((
                INTRO.format(kind=kind), READING, ORDER, EPOCHS, RETENTION, MISSING, DELETION, CHECKING,
            )),
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": _servers(),
        "channels": _channels(contract, messages),
        "operations": _operations(messages),
        "components": {
            "messages": {
                **{message.name: _binary(message) for message in messages},
                "CloudEvent": _structured(messages[0].examples[0][1]), "Batch": _batch(messages), "Reading": _reading(),
            },
            "schemas": {"Event": {**EVENT, "description": WEBHOOK}},
            "parameters": {"office": {
                "description": f"Code of your office, which your agency gave it: {OFFICE_TEXT}.",
                "examples": [office_of(contract)],
            }},
            "securitySchemes": _security(),
        },
    }


def messages_of(contract: Contract) -> Iterator[Message]:
    """The events that a contract's flows publish, then the three that may come to anybody."""
    office, flows = office_of(contract), dict[str, list[Flow]]()
    for flow in contract.flows:
        if flow.publishes != DISREGARD:
            flows.setdefault(flow.publishes, []).append(flow)
    for publishes, given in sorted(flows.items()):
        form = _form(publishes)
        yield Message(name=publishes.partition(".")[0], form=form, examples=tuple(
            (f"For {flow.purpose.replace('_', ' ')}", example.of_flow(office, flow, form)) for flow in given
        ))
    disregard, placeholder, held = _form(DISREGARD), _form(PLACEHOLDER), _form(HELD)
    yield Message(name="Disregard", form=disregard, examples=(
        ("Number 1 is not to be relied on", example.of_disregard(office, disregard, "disregard")),
        ("A court ordered number 1 erased", example.of_disregard(office, disregard, "erase")),
    ))
    yield Message(name="Placeholder", form=placeholder, examples=(
        ("The third number carries nothing", example.of_placeholder(office, placeholder)),
    ))
    yield Message(name="Held", form=held, examples=(
        ("The content of number 1 comes later", example.of_held(office, held)),
    ))


def office_of(contract: Contract) -> str:
    """An invented office of the kind."""
    return f"{contract.recipient_kind.lower()}.example"


def _form(publishes: str) -> Format:
    return format_of(json.loads((PUBLISHED / f"{publishes}.avsc").read_text(encoding="utf-8")))


def _english(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _english(value) for name, value in node.items() if name != "doc_es"}
    return [_english(item) for item in node] if isinstance(node, list) else node


def _ref(*path: str) -> Json:
    return {"$ref": "#/" + "/".join(path)}


def _servers() -> Json:
    return {
        "kafka": {
            "host": KAFKA.bootstrap, "protocol": "kafka-secure", "description": "Your agency's brokers.",
            "security": [_ref("components", "securitySchemes", "scram")],
        },
        "pull": {
            "host": "feeds.example", "protocol": "https", "description": "Your agency's feeds over HTTP.",
            "security": [_ref("components", "securitySchemes", "credential")],
        },
        "webhook": {
            "host": "office.example", "protocol": "https", "description": "Your own receiver.",
            "security": [_ref("components", "securitySchemes", "signature")],
        },
    }


def _security() -> Json:
    return {
        "scram": {
            "type": "scramSha512",
            "description": f"Over TLS. User and consumer group are both `{KAFKA.prefix}.<office>`; the password comes from "
                           "your agency. You can read your feed and write to your inbox. Every other topic answers as if "
                           "it were not there.",
        },
        "credential": {
            "type": "http", "scheme": "bearer",
            "description": "The credential of your own feed, from your agency. A foreign feed answers like an unknown one.",
        },
        "signature": {
            "type": "httpApiKey", "name": "webhook-signature", "in": "header",
            "description": "Standard Webhooks: HMAC-SHA256 over id, timestamp and body, with a secret from your agency.",
        },
    }


def _channels(contract: Contract, messages: Iterable[Message]) -> Json:
    feed, inbox = topic_specs(KAFKA, ["office"])[-2:]
    office = {"office": _ref("components", "parameters", "office")}
    return {
        "feed": {
            "address": KAFKA.feed_topic("office").replace("office", "{office}"), "title": "The feed by Kafka",
            "description": FEED, "servers": [_ref("servers", "kafka")], "parameters": office,
            "messages": {message.name: _ref("components", "messages", message.name) for message in messages},
            "bindings": {"kafka": _topic(feed)},
        },
        "inbox": {
            "address": KAFKA.inbox_topic("office").replace("office", "{office}"), "title": "The inbox by Kafka",
            "description": INBOX, "servers": [_ref("servers", "kafka")], "parameters": office, "messages": {},
            "bindings": {"kafka": _topic(inbox)},
        },
        "pull": {
            "address": "/feeds/{office}/events", "title": "The feed by HTTP, read when you like", "description": PULL,
            "servers": [_ref("servers", "pull")], "parameters": office,
            "messages": {name: _ref("components", "messages", name) for name in ("Reading", "Batch")},
        },
        "webhook": {
            "address": "/", "title": "The feed by signed webhook, at the address that your agency lists for you",
            "description": WEBHOOK, "servers": [_ref("servers", "webhook")],
            "messages": {"CloudEvent": _ref("components", "messages", "CloudEvent")},
        },
    }


def _topic(spec: TopicSpec) -> Json:
    return {
        "partitions": spec.partitions, "replicas": spec.replication_factor,
        "topicConfiguration": {
            "cleanup.policy": [spec.config["cleanup.policy"]], "retention.ms": int(spec.config["retention.ms"]),
        },
        "x-segment.ms": int(spec.config["segment.ms"]), "bindingVersion": "0.5.0",
    }


def _operations(messages: Iterable[Message]) -> Json:
    """As the agency does them: what it sends, you receive."""
    return {
        "sendFeed": {
            "action": "send", "channel": _ref("channels", "feed"), "summary": "You read your topic in your own group.",
            "messages": [_ref("channels", "feed", "messages", message.name) for message in messages],
            "bindings": {"kafka": {
                "groupId": {"type": "string", "description": f"{KAFKA.prefix}.<office>"},
                "clientId": {"type": "string"}, "bindingVersion": "0.5.0",
            }},
        },
        "receiveInbox": {
            "action": "receive", "channel": _ref("channels", "inbox"), "summary": "You may write to your inbox.",
        },
        "answerReading": {
            "action": "receive", "channel": _ref("channels", "pull"), "summary": "You ask for the entries after a number.",
            "messages": [_ref("channels", "pull", "messages", "Reading")],
            "bindings": {"http": {
                "method": "GET", "bindingVersion": "0.3.0",
                "query": {"type": "object", "properties": {
                    "after": _number(2**53, 0, "The last number that you have kept; 0 at first."),
                    "epoch": {"type": "string", "default": "", "description": "The epoch of that entry, where it had one."},
                    "limit": _number(ENTRIES_MAX, ENTRIES_MAX, "How many entries at the most.", least=1),
                    "wait": _number(WAIT_SECONDS_MAX, 0, "How many seconds to wait where there is nothing new."),
                }},
            }},
            "reply": {
                "channel": _ref("channels", "pull"), "messages": [_ref("channels", "pull", "messages", "Batch")],
            },
        },
        "sendWebhook": {
            "action": "send", "channel": _ref("channels", "webhook"), "summary": "The agency posts each entry to you.",
            "messages": [_ref("channels", "webhook", "messages", "CloudEvent")],
            "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        },
    }


def _number(most: int, default: int, description: str, *, least: int = 0) -> Json:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description}


def _binary(message: Message) -> Json:
    """As it is in Kafka: CloudEvents in binary mode, the bytes as the record's value."""
    return {
        "name": message.form.name, "title": message.name, "contentType": CONTENT_TYPE,
        "summary": message.form.declared["doc"],
        "headers": headers(message.form.name, has_salt=message.name not in WITHOUT_SALT),
        "payload": {"schemaFormat": AVRO, "schema": _english(message.form.declared)},
        "bindings": {"kafka": {
            "key": {"type": "string", "description": "Your reference of the case."}, "bindingVersion": "0.5.0",
        }},
        "examples": [_example(summary, given) for summary, given in message.examples],
        "x-bytes": [_bytes(given) for _, given in message.examples],
        "x-fingerprint": message.form.fingerprint.hex(),
    }


def _example(summary: str, given: Example) -> Json:
    sent = message_of(given.parcel)
    return {
        "summary": summary, "headers": {name: value.decode() for name, value in sent.headers}, "payload": given.record,
    }


def _bytes(given: Example) -> Json:
    """What an example looks like on the wire, and the digest that proves it; in the order of the examples."""
    return {"key": given.parcel.reference, "value-base64": given.base64, "digest": given.digest}


def headers(event_name: str, *, has_salt: bool) -> Json:
    """The headers of a record, all of them UTF-8 text. What tells of a number alone neither has a salt nor was held back."""
    texts: Json = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"description": EVENT["properties"]["id"]["description"]},
        "ce_source": {"description": "Your feed and your reference of the case."},
        "ce_type": {"const": event_name, "description": "Full name of the published event."},
        "ce_time": {"format": "date-time", "description": "When the entry was made, to the hour."},
        "ce_sequence": {
            "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$", "description": "Place among the entries of its case, from 1.",
        },
        "ce_feednumber": {"pattern": "^[1-9][0-9]*$", "description": "Gapless over your feed, from 1."},
        "content-type": {"const": CONTENT_TYPE},
    }
    salt: Json = {"ce_salt": {
        "pattern": "^[0-9a-f]{32}$",
        "description": "SHA-256 of these 16 bytes and the value is the digest that the agency keeps of the entry.",
    }}
    releases: Json = {"ce_releases": {
        "pattern": "^[1-9][0-9]*$", "description": "Only on what was held back: the number that it had first.",
    }}
    always, ever = (texts | salt, texts | salt | releases) if has_salt else (texts, texts)
    epoch = {f"ce_{name}": {"description": EVENT["properties"][name]["description"]} for name in ("feedepoch", "feedfrom")}
    properties = {name: {"type": "string", **of} for name, of in (ever | epoch).items()}
    return {"type": "object", "required": list(always), "properties": properties}


def _structured(given: Example) -> Json:
    return {
        "name": "CloudEvent", "title": "An entry as a structured CloudEvent", "contentType": STRUCTURED,
        "headers": {"type": "object", "required": ["webhook-id", "webhook-timestamp", "webhook-signature"], "properties": {
            "webhook-id": {"type": "string", "description": "The same at every attempt: keep each id once."},
            "webhook-timestamp": {"type": "string", "description": "Seconds since 1970, of this attempt."},
            "webhook-signature": {"type": "string", "description": "v1, and the signature in base64."},
        }},
        "payload": _ref("components", "schemas", "Event"),
        "examples": [{
            "summary": "An entry",
            "headers": {
                "webhook-id": webhook_id(given.parcel), "webhook-timestamp": "1786637400", "webhook-signature": "v1,...",
            },
            "payload": given.structured,
        }],
    }


def _batch(messages: Iterable[Message]) -> Json:
    return {
        "name": "Batch", "title": "Entries after a number, in order", "contentType": BATCH,
        "headers": {"type": "object", "properties": {
            "etag": {"type": "string", "description": "Send it as If-None-Match: 304 where the answer would be the same."},
            "link": {"type": "string", "description": "Where to go on when you have kept these."},
        }},
        "payload": {"type": "array", "maxItems": ENTRIES_MAX, "items": _ref("components", "schemas", "Event")},
        "examples": [{"summary": "Three numbers", "payload": [
            message.examples[0][1].structured for message in [*messages][:1] + [*messages][-2:]
        ]}],
    }


def _reading() -> Json:
    return {
        "name": "Reading", "title": "A reading after a number", "summary": "The request has no body.",
        "headers": {"type": "object", "required": ["authorization"], "properties": {
            "authorization": {"type": "string", "pattern": "^Bearer .+$"}, "if-none-match": {"type": "string"},
        }},
    }

"""AsyncAPI 3 of what is published: server, channels, keys, headers, payloads, an example of each.

The document stands alone. Payloads are components with titles and no ``$id``: of a URN a generator
makes a class ``UrnColonKabulwireColonSchemaColonIncidentDotV1``, and of five messages named alike
one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from worker.core.contract import message
from worker.core.contract.codebook import Codebook
from worker.core.contract.message import EXTENSIONS, Message
from worker.core.contract.schema import ADAPTERS, components

_COMPONENTS = "#/components/schemas/"
_CHANNELS = {
    message.INCIDENTS: ("IncidentState", "Compacted: the latest snapshot of every incident."),
    message.INCIDENT_LOG: (
        "IncidentRevision",
        "Every revision, in order per key; kept for a year.",
    ),
    message.REPORTS: ("ArticleRead", "Each article version: verdict and all its reports."),
    message.DEAD_LETTERS: ("WorkGivenUp", "What could not be processed, and why."),
    message.DECISIONS: ("PersonDecided", "Compacted: what people decided about articles."),
    message.HEARTBEATS: ("WorkerAlive", "Every minute: that the worker lives, and what it reads."),
}
_KEYS = {
    message.INCIDENTS: "incident_id",
    message.INCIDENT_LOG: "incident_id",
    message.REPORTS: "article_id",
    message.DEAD_LETTERS: "the original id",
    message.DECISIONS: "decision_id",
    message.HEARTBEATS: "instance",
}
_HEADERS = (
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_dataschema",
    "content-type",
)  # fmt: skip


def async_api(codebook: Codebook, examples: Mapping[str, Message]) -> dict[str, Any]:
    """The whole document; ``examples``: one message for each topic."""
    schemas: dict[str, Any] = {}
    for name in ADAPTERS:
        schemas |= components(name, codebook, _COMPONENTS)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kabulwire",
            "version": "1",
            "description": (
                "Incidents merged from the reports of many outlets. Consumers ignore properties "
                "and values that they do not know; a null value erases its key. Topic names carry "
                "the configured prefix. Read committed records."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "localhost:9092",
                "protocol": "kafka",
                "description": "The broker of docker-compose.yml.",
            }
        },
        "channels": {_slug(topic): _channel(topic) for topic in _CHANNELS},
        "operations": {f"send_{_slug(topic)}": _operation(topic) for topic in _CHANNELS},
        "components": {
            "messages": {
                name: _message(topic, codebook, examples[topic])
                for topic, (name, _) in _CHANNELS.items()
            },
            "schemas": schemas,
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    name, about = _CHANNELS[topic]
    return {
        "address": f"kabulwire.{topic}",
        "description": about,
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(topic: str) -> dict[str, Any]:
    channel = f"#/channels/{_slug(topic)}"
    name, _ = _CHANNELS[topic]
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"}],
    }


def _message(topic: str, codebook: Codebook, example: Message) -> dict[str, Any]:
    name, about = _CHANNELS[topic]
    payload = next(iter(components(message.SCHEMAS[topic], codebook, _COMPONENTS)))
    return {
        "name": name,
        "title": name,
        "summary": about,
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {"type": "string", "description": _KEYS[topic]}}},
        "headers": _headers(topic, codebook),
        "payload": {"$ref": _COMPONENTS + payload},
        "examples": [
            {
                "name": f"{name}Example",
                "headers": dict(example.headers),
                "payload": json.loads(example.value),
            }
        ],
    }


def _headers(topic: str, codebook: Codebook) -> dict[str, Any]:
    own = EXTENSIONS.get(topic, ())
    properties: dict[str, Any] = {}
    for name in (*_HEADERS, *own):
        known = codebook.headers[name]
        shown: dict[str, Any] = {"type": "string", "description": known.description}
        if values := codebook.values(known):
            shown["examples"] = list(values)
        properties[name] = shown
        if name in own:
            properties[message.extension(name)] = shown
    return {"type": "object", "properties": properties, "required": list(properties)}


def _slug(topic: str) -> str:
    return topic.replace("-", "_").replace(".", "_")

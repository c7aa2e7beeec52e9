"""JSON Schema 2020-12 and AsyncAPI 3 of everything published, made from the very dataclasses.

There is no second tree of models: what is written here is what ``pydantic`` reads off the values
that ``message`` encodes. ``docs/schema/`` holds the files; a test fails when they drift.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from worker.core.contract import message
from worker.core.contract.records import ARTICLE_RECORD, DEAD_LETTER, DECISION, HEARTBEAT
from worker.core.domain.snapshot import SNAPSHOT

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "incident.v1": SNAPSHOT,
    "report.v1": ARTICLE_RECORD,
    "dead-letter.v1": DEAD_LETTER,
    "decision.v1": DECISION,
    "heartbeat.v1": HEARTBEAT,
}
_TOPICS = {
    message.INCIDENTS: ("incident_id", "Compacted: the latest snapshot of every incident."),
    message.INCIDENT_LOG: ("incident_id", "Every revision, in order per key; kept for a year."),
    message.REPORTS: ("article_id", "Each article version: verdict and all its reports."),
    message.DEAD_LETTERS: ("the original id", "What could not be processed, and why."),
    message.DECISIONS: ("decision_id", "Compacted: what people decided about articles."),
    message.HEARTBEATS: ("instance", "Every minute: that the worker lives, and what it reads."),
}
_HEADERS = ("specversion", "id", "source", "type", "subject", "time", "dataschema")
_OWN_HEADERS = {
    message.INCIDENTS: ("kw_state", "kw_change", "kw_material", "kw_revision"),
    message.INCIDENT_LOG: ("kw_state", "kw_change", "kw_material", "kw_revision"),
    message.REPORTS: ("kw_label", "kw_band", "kw_version"),
}


def documents() -> dict[str, str]:
    """File name → text, for ``docs/schema/``."""
    files = {f"{name}.schema.json": json_schema(name) for name in _ADAPTERS}
    files["asyncapi.json"] = async_api()
    return {
        name: json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        for name, value in files.items()
    }


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of value; unknown fields are allowed, for v1 only grows."""
    schema: dict[str, Any] = _ADAPTERS[name].json_schema(mode="serialization")
    return {"$schema": _DIALECT, "$id": f"urn:kabulwire:schema:{name}", **_open(schema)}


def async_api() -> dict[str, Any]:
    """The AsyncAPI 3 document: channels, keys, headers, payloads."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kabulwire",
            "version": "1",
            "description": (
                "Incidents merged from the reports of many outlets. Consumers ignore unknown "
                "fields and values of enumerations. Topic names carry the configured prefix."
            ),
        },
        "channels": {_slug(topic): _channel(topic) for topic in _TOPICS},
        "operations": {
            f"send_{_slug(topic)}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{_slug(topic)}"},
            }
            for topic in _TOPICS
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    key, about = _TOPICS[topic]
    names = [f"ce_{name}" for name in _HEADERS] + ["content-type"]
    names += _OWN_HEADERS.get(topic, ())
    return {
        "address": f"kabulwire.{topic}",
        "description": about,
        "messages": {
            "record": {
                "contentType": "application/json",
                "bindings": {"kafka": {"key": {"type": "string", "description": key}}},
                "headers": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in names},
                },
                "payload": {
                    "schemaFormat": "application/schema+json;version=draft-2020-12",
                    "schema": {"$ref": f"{message.SCHEMAS[topic]}.schema.json"},
                },
            }
        },
    }


def _slug(topic: str) -> str:
    return topic.replace("-", "_").replace(".", "_")


def _open(value: Any) -> Any:
    """Whatever pydantic says, an unknown field is no error."""
    if isinstance(value, dict):
        return {
            k: _open(v) for k, v in value.items() if k != "additionalProperties" or v is not False
        }
    if isinstance(value, list):
        return [_open(item) for item in value]
    return value

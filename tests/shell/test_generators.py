"""The contract in other people's tools: CloudEvents, models made of the schemas, another validator.

Every record is also read as it may be next year: each value that the schema leaves open is one that
nobody knows, and every object has a property more.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from tests.core.published import Message, one_of_each
from tests.shell.test_examples import loaded
from worker.core.contract.message import EXTENSIONS, INCIDENTS, SCHEMAS

SCHEMA_FILES = Path(__file__).resolve().parents[2] / "docs" / "schema"
TOPICS = tuple(SCHEMAS)
STRANGE = "value_of_next_year"
AJV = ("ajv@8.20.0", "ajv-formats@3.0.1")
VALIDATE = """\
const Ajv = require("ajv/dist/2020");
const ajv = new Ajv({strict: false});
require("ajv-formats")(ajv);
const cases = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const made = new Map();
console.log(JSON.stringify(cases.map(([schema, value]) => {
  if (!made.has(schema.$id)) made.set(schema.$id, ajv.compile(schema));
  const valid = made.get(schema.$id);
  return valid(value) ? null : valid.errors;
})));
"""


def schema_of(topic: str) -> dict[str, Any]:
    """The schema of a topic's values."""
    text = (SCHEMA_FILES / f"{SCHEMAS[topic]}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def of_next_year(value: Any, shape: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """The same value with strangers in every place where the schema has room for one."""
    if "$ref" in shape:
        return of_next_year(value, root["$defs"][shape["$ref"].rpartition("/")[2]], root)
    if "anyOf" in shape and value is not None:
        branch = next(part for part in shape["anyOf"] if part.get("type") != "null")
        known = {"examples": shape["examples"]} if "examples" in shape else {}
        return of_next_year(value, {**branch, **known}, root)
    if isinstance(value, list):
        return [of_next_year(item, shape["items"], root) for item in value]
    if isinstance(value, dict) and "properties" in shape:
        told = {k: of_next_year(v, shape["properties"][k], root) for k, v in value.items()}
        return {**told, "property_of_next_year": {"a": [1]}}
    if isinstance(value, dict):
        return {k: of_next_year(v, shape["additionalProperties"], root) for k, v in value.items()}
    return STRANGE if isinstance(value, str) and "examples" in shape else value


def records() -> Iterator[tuple[str, dict[str, Any]]]:
    """Topic and value, as it is and as it may be next year."""
    for topic, message in one_of_each().items():
        value, schema = json.loads(message.value), schema_of(topic)
        yield topic, value
        yield topic, of_next_year(value, schema, schema)


def test_records_of_next_year_have_strangers_all_over() -> None:
    """What the tests below read is strange enough."""
    strange = {topic: json.dumps(value).count(STRANGE) for topic, value in list(records())[1::2]}
    assert strange[INCIDENTS] > 25
    assert strange["reports.v1"] > 20
    assert strange["dead-letters.v1"] == 1


@pytest.mark.parametrize("message", one_of_each().values(), ids=lambda message: message.topic)
def test_sdk_of_cloudevents_reads_every_record_with_its_extensions(message: Message) -> None:
    """The SDK sees an event with the data, and what can be filtered on as attributes."""
    raw = {name: value.encode() for name, value in message.headers.items()}
    event = from_binary(KafkaMessage(raw, message.key, message.value), JSONFormat())
    assert event.get_id() == message.ce_id
    assert event.get_subject() == message.key
    assert event.get_type() == message.headers["ce_type"]
    assert event.get_dataschema() == message.headers["ce_dataschema"]
    assert event.get_data() == json.loads(message.value)
    for name in EXTENSIONS.get(message.topic, ()):
        assert event.get_extension(name.replace("_", "")) == message.headers[name]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """Topic → a module of models that a generator made of its schema."""
    folder = tmp_path_factory.mktemp("models")
    made: dict[str, ModuleType] = {}
    for name in dict.fromkeys(SCHEMAS.values()):
        path = folder / f"{name.replace('.', '_').replace('-', '_')}.py"
        subprocess.run(
            [sys.executable, "-m", "datamodel_code_generator",
             "--input", SCHEMA_FILES / f"{name}.schema.json", "--input-file-type", "jsonschema",
             "--output-model-type", "pydantic_v2.BaseModel", "--output", path],
            check=True, capture_output=True, timeout=100,
        )  # fmt: skip
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        made |= {topic: module for topic, schema in SCHEMAS.items() if schema == name}
    return made


@pytest.mark.slow
def test_generated_models_read_records_of_this_year_and_next(models: dict[str, ModuleType]) -> None:
    """Classes have the titles of the schemas; a value that nobody knows is read as it is."""
    for topic, value in records():
        kind = getattr(models[topic], schema_of(topic)["title"])
        read = kind.model_validate(value)
        if topic == INCIDENTS:
            assert read.state == value["state"]
            assert read.casualties.killed.best == 6
    assert {"Incident", "Statement", "Change"} <= set(vars(models[INCIDENTS]))


def test_json_schema_accepts_records_of_this_year_and_next() -> None:
    """Formats are checked too."""
    for topic, value in records():
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(schema_of(topic), format_checker=checker).validate(value)


@pytest.fixture(scope="module")
def ajv() -> Path:
    """A folder in which node finds ajv: fetched once, into the cache of the tests."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no node and npm on PATH")
    named = os.environ.get("KABULWIRE_CACHE")
    folder = (Path(named) if named else Path.home() / ".cache" / "kabulwire") / "ajv"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / "ajv-formats").is_dir():
            done = subprocess.run(
                ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", *AJV],
                capture_output=True, text=True, check=False, timeout=100,
            )  # fmt: skip
            if done.returncode:
                pytest.skip(f"ajv cannot be had: {done.stderr[:200]}")
    return folder


@pytest.mark.slow
def test_ajv_accepts_records_of_this_year_and_next_and_refuses_a_wrong_type(ajv: Path) -> None:
    """The validator of JavaScript agrees, formats included, and does refuse something."""
    cases = [[schema_of(topic), value] for topic, value in records()]
    wrong = {**cases[0][1], "revision": "three"}
    done = subprocess.run(
        ["node", "-e", VALIDATE], input=json.dumps([*cases, [cases[0][0], wrong]]), cwd=ajv,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    *accepted, refused = json.loads(done.stdout)
    assert accepted == [None] * len(cases)
    assert refused[0]["instancePath"] == "/revision"


def test_examples_read_records_of_this_year_and_next() -> None:
    """An unknown state is kept as it is, and does not count."""
    state: dict[str, Any] = {}
    example = loaded("incident_table")
    table = sqlite3.connect(":memory:")
    table.executescript(example.TABLES)
    for topic, value in records():
        if topic == INCIDENTS:
            later = {**value, "revision": value["revision"] + (value["state"] == STRANGE)}
            raw = json.dumps(later).encode()
            loaded("newest_state").take(state, value["incident_id"], raw)
            example.take(table, value["incident_id"], raw)
    (held,) = state.values()
    assert held["state"] == STRANGE
    assert table.execute("SELECT state FROM incident").fetchall() == [(STRANGE,)]
    assert table.execute("SELECT * FROM standing").fetchall() == []

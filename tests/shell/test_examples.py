"""The examples of docs/examples, as far as they need no broker; what docs print is one of them."""

from __future__ import annotations

import importlib.util
import json
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from tests.core.published import Message, story
from worker.config.load import load_settings
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, SCHEMAS
from worker.publish.files.sink import FileSink
from worker.store.outbox import OutboxRow

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"


def loaded(name: str) -> ModuleType:
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def log_of(messages: Iterable[Message]) -> list[Message]:
    return [message for message in messages if message.topic == INCIDENT_LOG]


def test_newest_state_keeps_the_newest_and_forgets_what_is_erased() -> None:
    """In any order, repeated or not, the highest revision stands; a null takes it away."""
    take = loaded("newest_state").take
    made = log_of(story("late_merge"))
    state: dict[str, dict[str, int]] = {}
    for message in [*made, *made[:2]]:
        take(state, message.key, message.value)
    newest = {m.key: json.loads(m.value)["revision"] for m in made}
    assert {key: held["revision"] for key, held in state.items()} == newest
    take(state, made[0].key, None)
    take(state, made[0].key, None)
    assert set(state) == set(newest) - {made[0].key}


def test_newest_state_leads_a_superseded_incident_to_the_one_that_stands() -> None:
    """Through chains of any length, and not for ever where one leads in a circle."""
    survivor = loaded("newest_state").survivor
    state = {name: {"superseded_by": to} for name, to in (("a", "b"), ("b", "c"), ("c", None))}
    assert [survivor(state, name) for name in ("a", "b", "c", "new")] == ["c", "c", "c", "new"]
    assert survivor({"a": {"superseded_by": "b"}, "b": {"superseded_by": "a"}}, "a") in "ab"


def test_newest_state_alerts_on_what_is_new_and_recent() -> None:
    """Neither on one more outlet nor on an article that was old when it came."""
    is_news = loaded("newest_state").is_news
    made = [json.loads(m.value) for m in log_of(story("late_merge"))]
    assert is_news(made[0])
    changes = [made[0]["change"] | more for more in ({"material": False}, {"backfill": True})]
    assert [is_news({**made[0], "change": change}) for change in changes] == [False, False]


def test_incident_table_holds_rows_survivors_and_what_counts() -> None:
    """A story with a merge: the superseded incident leads to the survivor and is not counted."""
    example = loaded("incident_table")
    table = sqlite3.connect(":memory:")
    table.executescript(example.TABLES)
    made = log_of(story("late_merge"))
    for message in [*made, *made]:
        example.take(table, message.key, message.value)
    newest = {m.key: json.loads(m.value) for m in made}
    (gone,) = [key for key, value in newest.items() if value["superseded_by"]]
    stands = newest[gone]["superseded_by"]
    rows = dict(table.execute("SELECT incident_id, revision FROM incident"))
    assert rows == {key: value["revision"] for key, value in newest.items()}
    assert dict(table.execute("SELECT incident_id, now FROM survivor")) == {
        gone: stands,
        stands: stands,
    }
    assert table.execute("SELECT incident_id FROM standing").fetchall() == [(stands,)]
    killed = newest[stands]["casualties"]["killed"]["best"]
    assert table.execute("SELECT * FROM monthly").fetchall() == [("2031-10", 1, killed, 0)]
    example.take(table, stands, None)
    assert table.execute("SELECT count(*) FROM standing").fetchone() == (0,)


@pytest.mark.parametrize("rotate_bytes", [1, 10_000_000])
def test_topic_files_query_counts_each_attack_once(tmp_path: Path, rotate_bytes: int) -> None:
    """Over rotated files or one: the newest revision of each incident that counts, by month."""
    sink = FileSink(tmp_path, "kabulwire", rotate_bytes)
    made = log_of(story("late_merge"))
    for seq, m in enumerate(made, 1):
        sink.write([OutboxRow(seq, seq, m.topic, m.key, m.headers, m.value, m.ce_id, "hash")])
    query = (EXAMPLES / "topic_files.sql").read_text("utf-8")
    placed = query.replace("'kabulwire.", f"'{tmp_path}/kabulwire.")
    stands = [json.loads(m.value) for m in {m.key: m for m in made}.values()]
    (one,) = [value for value in stands if value["state"] == "active"]
    killed = one["casualties"]["killed"]["best"]
    assert duckdb.sql(placed).fetchall() == [("2031-10", 1, killed, 0)]


def test_sink_of_kafka_connect_reads_committed_records_and_deletes_what_is_erased() -> None:
    """It names a topic there is, and does with nulls what the contract asks."""
    config = json.loads((EXAMPLES / "opensearch-sink.json").read_text("utf-8"))["config"]
    prefix = load_settings(ROOT / "config", {}).config.topics.prefix
    assert config["topics"] == f"{prefix}.{INCIDENTS}"
    assert config["consumer.override.isolation.level"] == "read_committed"
    assert config["behavior.on.null.values"] == "delete"
    assert config["key.ignore"] == "false"
    rights = (EXAMPLES / "consumer-acls.sh").read_text("utf-8")
    assert '--resource-pattern-type prefixed --group "$prefix-"' in rights
    assert config["consumer.override.group.id"].startswith(f"{prefix}-")


def test_rights_of_a_consumer_name_every_topic_but_the_ledger() -> None:
    """The list in the script is that of the contract."""
    script = (EXAMPLES / "consumer-acls.sh").read_text("utf-8")
    listed = re.search(r"for topic in (.+); do", script)
    assert listed is not None
    assert set(listed[1].split()) == set(SCHEMAS)


def test_code_of_consumers_in_the_documents_is_that_of_an_example() -> None:
    """Each block of Python, SQL, Java or shell that names its file stands in that file."""
    shown = 0
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text("utf-8")
        for name, block in re.findall(
            r"\]\(examples/([\w.-]+)\)[^\n]*\n(?:[^\n`]+\n)*\n```\w*\n(.*?)```", text, re.DOTALL
        ):
            shown += 1
            assert block.strip() in (EXAMPLES / name).read_text("utf-8"), (path.name, name)
    assert shown >= 2


def test_every_example_is_shown_to_the_reader() -> None:
    """The list in docs/contract.md has each file of docs/examples, and no other."""
    contract = (ROOT / "docs" / "contract.md").read_text("utf-8")
    listed = set(re.findall(r"\]\(examples/([\w.-]+)\)", contract))
    assert listed == {path.name for path in EXAMPLES.iterdir() if path.is_file()}

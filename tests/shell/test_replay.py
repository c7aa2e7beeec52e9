"""Replay: the same bytes from the same lines, the same incidents in any order and from an export."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.shell.press import (
    Press,
    assert_no_holes,
    at_work,
    bomb,
    printing,
    shooting,
    topic,
    until,
)
from tests.shell.test_app import CITY, ROOT, environ

TOPICS = ("incidents.v1.jsonl", "incident-log.v1.jsonl")


def line(name: str, hour: int, title: str, text: str, **more: Any) -> dict[str, Any]:
    """An article of one day, in the form that ``replay`` takes."""
    published = {} if "published" in more else {"published": f"2031-05-07T{hour:02}:00:00+01:00"}
    return {"id": name, "outlet": f"The {name}", "title": title, "text": text, **published, **more}


STORY = [
    line(
        "courier", 9, "Bomb explodes outside Customs House in Portsmere",
        "A bomb exploded outside the Customs House on Lantern Quay in Portsmere on Wednesday "
        "morning, the City Guard said, and at least two people were killed.",
    ),
    line(
        "press", 12, "Four dead in Portsmere quayside bombing",
        "Four people were killed and 11 wounded when a bomb went off at the Customs House on "
        "Lantern Quay in Portsmere on Wednesday morning, the City Guard said.",
    ),
    line(
        "farmers", 15, "Gunmen kill three farmers in Eastmoor",
        "Gunmen killed three farmers near Eastmoor on Wednesday, a local official said.",
    ),
    line(
        "evening", 19, "Gunman shoots City Guard officer in Portsmere's Ropewalk",
        "A gunman shot dead a City Guard officer in the Ropewalk area of Portsmere at about 5 pm "
        "on Wednesday, the City Guard said.",
    ),
]  # fmt: skip


def kabulwire(
    *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program; nobody's settings come along."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    return program.run(*arguments, cwd=ROOT, env=env or clean | {"PYTHONPATH": str(ROOT)})


def replayed(
    folder: Path, name: str, lines: Sequence[dict[str, Any] | str], code: int = 0
) -> dict[str, bytes]:
    """Replay lines into a folder of their own; what the topic files hold."""
    source = folder / f"{name}.jsonl"
    texts = [text if isinstance(text, str) else json.dumps(text) for text in lines]
    source.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    out = folder / name
    done = kabulwire("replay", str(source), "--out", str(out), "--profile", str(CITY))
    assert done.returncode == code, done.stderr
    made = {topic_file: (out / topic_file).read_bytes() for topic_file in TOPICS}
    incidents, revisions = (len(records(made, name)) for name in TOPICS)
    assert f" documents, {incidents} incidents, {revisions} revisions in {out}\n" in done.stderr
    return made


def records(made: dict[str, bytes], name: str = TOPICS[0]) -> list[dict[str, Any]]:
    """The lines of a topic file."""
    return [json.loads(text) for text in made[name].splitlines()]


def partition(found: Sequence[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """What does not hang on history: which articles make an incident, and its slots and figures."""
    newest = {record["key"]: record["value"] for record in found}
    live = [v for v in newest.values() if v["state"] not in ("superseded", "retracted")]
    return {
        (
            frozenset(report["article_id"] for report in value["reports"]),
            json.dumps([value[slot] for slot in ("date", "place", "attack_types", "targets")]),
            json.dumps([value["casualties"][m] for m in ("killed", "injured")]),
        )
        for value in live
    }


def test_replay_makes_the_same_bytes_of_the_same_lines(tmp_path: Path) -> None:
    """Twice, and with the lines of the file in another order: their own times decide."""
    made = replayed(tmp_path, "one", STORY)
    assert made == replayed(tmp_path, "two", STORY)
    shuffled = random.Random(7).sample(STORY, len(STORY))
    assert shuffled != STORY
    assert made == replayed(tmp_path, "three", shuffled)
    assert_no_holes(records(made, TOPICS[1]))
    members = {group for group, _, _ in partition(records(made))}
    assert members == {frozenset({"courier", "press"}), frozenset({"evening"})}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_replay_makes_the_same_incidents_in_any_order_of_arrival(seed: int, tmp_path: Path) -> None:
    """First seen in any order, the articles make the same partition, slots and figures."""
    shuffled = random.Random(seed).sample(STORY, len(STORY))
    assert shuffled != STORY
    late = [
        {**article, "first_seen": f"2031-05-08T0{n}:00:00Z"} for n, article in enumerate(shuffled)
    ]
    straight = [
        {**article, "first_seen": f"2031-05-08T0{n}:00:00Z"} for n, article in enumerate(STORY)
    ]
    made = [records(replayed(tmp_path, f"m{n}", lines)) for n, lines in enumerate((straight, late))]
    assert partition(made[0]) == partition(made[1])
    assert len(partition(made[0])) == 2


def test_replay_goes_on_after_a_bad_line(tmp_path: Path) -> None:
    """65 at the end, and the topics of the lines that could be read."""
    made = replayed(tmp_path, "bad", [STORY[0], "{no json", *STORY[1:], "[]"], code=65)
    good = replayed(tmp_path, "good", STORY)
    assert made == good


def test_replay_gives_a_line_without_a_time_that_of_the_line_before(tmp_path: Path) -> None:
    """It is settled there, and no date of publication is invented for it."""
    bare = {key: value for key, value in STORY[1].items() if key != "published"}
    made = replayed(tmp_path, "bare", [STORY[0], bare, *STORY[2:]])
    log = [r for r in records(made, TOPICS[1]) if r["value"]["reports_total"] == 2]
    assert as_of(log[0]) == dt.datetime(2031, 5, 7, 8, tzinfo=dt.UTC)
    (report,) = (r for r in log[0]["value"]["reports"] if r["article_id"] == "press")
    assert report["published"] is None
    alone = records(replayed(tmp_path, "alone", [bare]), TOPICS[1])
    assert [as_of(record) for record in alone] == [dt.datetime(1970, 1, 1, tzinfo=dt.UTC)]


def as_of(record: dict[str, Any]) -> dt.datetime:
    """When a revision was decided."""
    return dt.datetime.fromisoformat(record["value"]["as_of"])


QUAY = "A bomb exploded at the Customs House on Lantern Quay in Portsmere on Wednesday"
EIGHT = f"{QUAY}, killing eight people, the City Guard said."
TOLD = [
    line("courier", 9, "Eight dead in Portsmere bombing", EIGHT),
    line("press", 15, "Portsmere bombing toll at 11", f"{QUAY}. Eleven died, the mayor said."),
]  # fmt: skip


def next_day(title: str, text: str, status: str, **more: Any) -> dict[str, Any]:
    """What the first outlet sends a day later under the same id."""
    late = {"first_seen": "2031-05-08T20:00:00+01:00", "status": status, "version": 2}
    return line("courier", 9, title, text, **late, **more)


SAME = TOLD[0]["title"]


@pytest.mark.parametrize(
    ("later", "best", "revisions"),
    [
        (next_day(SAME, EIGHT, "repeat"), 11, 2),
        (next_day(SAME, f"{EIGHT} Shops stayed shut.", "repeat"), 11, 2),
        (next_day(SAME, EIGHT, "refile"), 11, None),
        (next_day(SAME, f"{EIGHT} Shops stayed shut.", "update"), 11, None),
        (next_day("Shops shut in Portsmere", f"Shops stayed shut. {EIGHT}", "update"), 11, None),
        (next_day(SAME, f"{EIGHT} Shops stayed shut.", "update", updated="2031-05-08T19:00:00Z"),
         11, None),
        (next_day("Nine dead in Portsmere bombing", EIGHT.replace("eight", "nine"), "update"),
         9, None),
        (next_day(SAME, f"{EIGHT} Five were wounded, it said.", "update"), 11, None),
        (next_day(SAME, f"{EIGHT} A nurse said nine had died.", "update"), 8, None),
        (next_day(SAME, EIGHT.replace("the City Guard", "the mayor"), "correction"), 8, None),
    ],
)  # fmt: skip
def test_a_figure_that_is_left_standing_is_no_newer(
    later: dict[str, Any], best: int, revisions: int | None, tmp_path: Path
) -> None:
    """A repeat says nothing again, nor does a version with the figures of the version before; one with another
    figure of the dead is newer in all of them.
    """
    made = replayed(tmp_path, "later", [*TOLD, later])
    (incident,) = records(made)
    assert incident["value"]["casualties"]["killed"]["best"] == best
    assert revisions is None or incident["value"]["revision"] == revisions


def test_what_was_said_before_an_incident_is_erased_stays_in_the_log(tmp_path: Path) -> None:
    """A person's decision finds nothing that is waiting: the log is that of a replay without it."""
    before = replayed(tmp_path, "before", STORY)
    (incident,) = (r["key"] for r in records(before) if len(r["value"]["reports"]) == 1)
    asked = {"kind": "erase", "articles": ["evening"], "incidents": [incident]}
    erasing = {"id": "evening", "published": "2031-05-08T09:00:00+01:00", "correction": asked}
    made = replayed(tmp_path, "after", [*STORY, erasing])
    assert made[TOPICS[1]].startswith(before[TOPICS[1]])
    assert b'"value": null}' in made[TOPICS[1]]


def test_a_repeat_of_what_never_came_is_read(tmp_path: Path) -> None:
    """There is nothing that it repeats."""
    made = replayed(tmp_path, "only", [next_day(SAME, EIGHT, "repeat")])
    assert records(made)[0]["value"]["casualties"]["killed"]["best"] == 8


@pytest.fixture
def press() -> Iterator[Press]:
    """Two outlets on loopback."""
    with printing() as press:
        yield press


@pytest.mark.slow
def test_replay_of_an_export_makes_the_incidents_of_the_run(press: Press, tmp_path: Path) -> None:
    """run → store export → replay: ids, revisions, members and figures are those of the
    live run; store check and store compact agree with the store in between."""
    bomb(press, "ledger", "six")
    shooting(press, "gazette", "the Ropewalk area of Portsmere")
    with at_work(tmp_path, press, "ledger", "gazette") as worker:
        assert until(lambda: len(topic(tmp_path, "incidents.v1")) >= 2, worker)
        bomb(press, "gazette", "eight")
        assert until(lambda: len(topic(tmp_path, "reports.v1")) >= 3, worker)
        bomb(press, "ledger", "nine")
        assert until(lambda: len(topic(tmp_path, "reports.v1")) >= 4, worker)
        assert worker.stop() == 0
    config = ("--config", str(tmp_path / "config"))
    for command in ("check", "compact", "check"):
        done = kabulwire("store", command, *config, env=environ(tmp_path))
        assert done.returncode == 0, done.stderr
    export = kabulwire("store", "export", *config, env=environ(tmp_path))
    assert export.returncode == 0, export.stderr
    lines = export.stdout.splitlines()
    assert len(lines) == 4
    made = replayed(tmp_path, "again", lines)
    live = topic(tmp_path, "incident-log.v1")
    assert partition(records(made)) == partition(topic(tmp_path, "incidents.v1"))
    told = [[(r["key"], r["value"]["revision"]) for r in rs]
            for rs in (live, records(made, TOPICS[1]))]  # fmt: skip
    assert told[0] == told[1]

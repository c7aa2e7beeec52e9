"""A second, invented city: a folder of forty lines, and the same program passes its story.

Its articles and what must be read in them are ``tests/corpus/en/second-city.toml``.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.corpus.load import CORPUS, load_file
from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.replay import replay


def test_replay_ends_the_story_with_two_incidents(tmp_path: Path) -> None:
    """Two outlets' reports are one incident; the shooting in another quarter is a second one."""
    story = [case for case in load_file(CORPUS / "en" / "second-city.toml") if "story" in case.tags]
    assert len(story) == 5
    replay([json.dumps(dict(case.fields)) for case in story], tmp_path, load_knowledge(PORTSMERE))
    values = [
        json.loads(line)["value"]
        for line in (tmp_path / "incidents.v1.jsonl").read_text("utf-8").splitlines()
    ]
    live = [value for value in values if value["state"] not in ("superseded", "retracted")]

    assert sorted(
        sorted(report["article_id"] for report in value["reports"]) for value in live
    ) == [["flash", "toll"], ["second"]]
    assert {value["country"] for value in values} == {"VAL"}

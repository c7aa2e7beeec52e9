"""One real message for each topic, made in the invented city: examples of docs, food for tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from tests.profiles.cities import PORTSMERE
from tests.stories.tell import article_of, play, read_story, report_of
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.contract.message import (
    DEAD_LETTERS,
    DECISIONS,
    HEARTBEATS,
    Message,
    dead_letter_record,
    decision_record,
    heartbeat_record,
    messages,
    report_record,
)
from worker.core.contract.records import DeadLetter, DecisionRecord, Heartbeat
from worker.core.domain.document import Span
from worker.core.domain.report import Analysis, Perpetrator, Reason, Verdict, Weapon

KNOWLEDGE = load_knowledge(PORTSMERE)
STORIES = Path(__file__).parents[1] / "stories"
NOW = dt.datetime(2031, 3, 4, 5, 0, tzinfo=dt.UTC)
STEP = {"at": NOW, "outlet": "gulf", "title": "Six dead in blast at Stone Bridge checkpoint"}
SLOTS = {
    "date": dt.date(2031, 3, 4),
    "place": "ward-4",
    "target": ["police/police_checkpoint: Stone Bridge checkpoint"],
    "time": "09:30",
    "killed": 6,
    "claim": ["Red Front"],
}


def one_of_each() -> dict[str, Message]:
    """Topic → message. The incident was told by two outlets; its statements are of both."""
    world = World(KNOWLEDGE)
    for k, (name, speaker) in enumerate((("gulf", "police"), ("hill", "hospital"))):
        article = article_of(f"{name}-1", {**STEP, "outlet": name}, KNOWLEDGE)
        report = replace(
            report_of(article, 1, {**SLOTS, "speaker": speaker}, KNOWLEDGE),
            suicide="yes",
            weapons=(Weapon("explosives", "vehicle", "car bomb"),),
            perpetrators=(
                Perpetrator("Red Front", "non_state_armed_group", "claimed_or_admitted"),
            ),
        )
        changes = world.arrive(article, (report,), NOW + dt.timedelta(minutes=k))
    verdict = Verdict(
        "attack_report", 0.97, "report", (Reason("head.casualty", 0.4, Span(0, 8, "Six dead")),)
    )
    read = report_record(Analysis(article, verdict, (report,)), changes.links, NOW, KNOWLEDGE)
    assert read is not None
    letter = DeadLetter(
        "guid-1", "entry", "too_deep", "elements nest deeper than 200", 3, NOW,
        url="https://gulf.example/1", feed="gulf", article_id="gulf-2", first_seen=NOW,
    )  # fmt: skip
    beat = Heartbeat(
        "kabulwire-0", KNOWLEDGE.profile.name, NOW, NOW, 3, 1, "0.1.0", "0123456789abcdef"
    )
    decision = DecisionRecord(
        "d-5f0c9a1be2d47a63", "must", ("gulf-1", "hill-1"), ("kw-7mqk3v2xw5tbn4ra",), NOW, None, NOW,
        KNOWLEDGE.profile.name,
    )  # fmt: skip
    made = (
        *messages(world.log[-1], NOW, KNOWLEDGE),
        read,
        dead_letter_record(letter, KNOWLEDGE),
        decision_record(decision, KNOWLEDGE),
        heartbeat_record(beat, KNOWLEDGE),
    )
    assert {DEAD_LETTERS, DECISIONS, HEARTBEATS} <= {m.topic for m in made}
    return {message.topic: message for message in made}


def story(name: str) -> list[Message]:
    """All messages about incidents of a story, in order."""
    world = play(read_story(STORIES / f"{name}.toml"), KNOWLEDGE)
    return [made for change in world.log for made in messages(change, NOW, KNOWLEDGE)]

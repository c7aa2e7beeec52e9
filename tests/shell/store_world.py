"""The stories' world on the real store: every arrival is admitted, taken and settled in SQLite."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from worker.core.domain.document import Article, Document, Entry
from worker.core.domain.incident import Change, Constraint, Incident
from worker.core.domain.report import Analysis, Report, Verdict
from worker.core.domain.vocabulary import Band, Label
from worker.core.knowledge.knowledge import Knowledge
from worker.decisions import correct
from worker.settle import Settled, settle, tick, withdraw
from worker.store import inbox, outbox
from worker.store.connect import Binding, open_writer, transaction
from worker.store.incidents import load_all

BINDING = Binding("files", "test", "portsmere")


class StoreWorld:
    """The same methods as ``tests.stories.world.World``, with a file behind it."""

    def __init__(self, path: Path, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.conn = open_writer(path, replace(BINDING, profile=knowledge.profile.name))

    def arrive(
        self,
        article: Article,
        reports: tuple[Report, ...],
        now: dt.datetime,
        *,
        band: Band = "report",
        label: Label = "attack_report",
    ) -> Settled:
        """A version of an article is settled."""
        work = self.taken(article, now)
        known = replace(article, version=max(article.version, work.version))
        analysis = Analysis(known, Verdict(label, 0.9, band), reports)
        with transaction(self.conn):
            return settle(self.conn, work, analysis, now, self.knowledge)

    def kill(self, article: Article, now: dt.datetime) -> Settled:
        """The agency withdraws an article."""
        work = self.taken(article, now)
        entry = Entry(feed="f", id=article.article_id, format="rss", status="kill")
        with transaction(self.conn):
            return withdraw(self.conn, replace(work, entry=entry), now, self.knowledge)

    def correct(self, constraint: Constraint, now: dt.datetime) -> Settled:
        """A person decides."""
        return self.decide(
            {
                "kind": constraint.kind,
                "articles": list(constraint.articles),
                "incidents": list(constraint.incidents),
            },
            now,
        )

    def decide(self, correction: dict[str, Any], now: dt.datetime) -> Settled:
        """The same, as it is left for a worker."""
        with transaction(self.conn):
            inbox.admit_correction(self.conn, correction["articles"][0], correction, now)
            work = inbox.take(self.conn, now, 1)[0]
        with transaction(self.conn):
            return correct(self.conn, work, now, self.knowledge)

    def tick(self, now: dt.datetime) -> None:
        """Fire what is due, oldest first."""
        with transaction(self.conn):
            while tick(self.conn, now, self.knowledge):
                pass

    @property
    def incidents(self) -> dict[str, Incident]:
        """All stored incidents."""
        return {incident.incident_id: incident for incident in load_all(self.conn)}

    @property
    def log(self) -> list[Any]:
        """Every revision in the outbox, as objects with the note that stories compare."""
        return [_Told(value) for value in messages(self.conn, "incident-log.v1")]

    def live(self) -> list[Incident]:
        """Incidents that a consumer would count, by id."""
        gone = ("superseded", "retracted")
        return [incident for incident in self.incidents.values() if incident.state not in gone]

    def taken(self, article: Article, now: dt.datetime) -> inbox.Work:
        """A version of an article is admitted, and taken to be worked on."""
        with transaction(self.conn):
            document = Document(article.article_id, text=article.text, updated=None)
            inbox.admit_document(self.conn, document, now)
            return inbox.take(self.conn, now, 1)[0]


class _Told:
    """A revision as published: only what stories look at."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.note = type("Note", (), {"kind": value["change"]["kind"]})


def messages(conn: sqlite3.Connection, topic: str) -> list[dict[str, Any]]:
    """Values of a topic in the outbox, in order."""
    rows = outbox.waiting(conn, 1_000_000)
    return [json.loads(row.value) for row in rows if row.topic == topic]


__all__ = ["BINDING", "Change", "StoreWorld", "messages"]

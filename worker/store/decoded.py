"""Rows that merging asks for again and again, decoded: reports and incidents that are live.

Rules
-----
1. The table is the truth, and this connection alone writes it. What was written or deleted is
   forgotten at once. After a rollback everything is forgotten.
2. A report is known by its id and version. An incident is kept as it was saved.
3. So are answers: the reports of an article, the reports of some days (the ``MOST_DAYS`` last asked
   for), the incidents that hold an article, those that it founded. A report that is filed enters the answers it belongs to.
4. So is what the last decisions looked at (``gathered``), with what was filed and saved since, as long as
   that is all that happened: whatever else is written drops it.
5. Room is counted in bytes of JSON (``MOST_BYTES``; the values take about five times as much). When
   it is full, the quarter that was not asked for longest goes, and all answers with it: so that is rare.
   A store without any of it is right, and slower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from worker.core.domain.incident import Component, FiledReport, Incident
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.connected import Connected
from worker.core.merge.evidence.copies import CopyIndex
from worker.store.days import Stretches

MOST_BYTES = 16 * 1024 * 1024
MOST_DAYS = 8
"""Stretches of days of which the reports are remembered."""
MOST_NAMES = 20_000
"""Articles of which reports or incidents are remembered: of about 300 bytes each."""
_V = TypeVar("_V")
Stretch = tuple[str, str]
"""First and last day, as the table has them."""


class _Kept(Generic[_V]):
    """Values by id, each with its version and size; the last asked for are at the end."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, int, _V]] = {}
        self._bytes = 0

    def get(self, name: str, version: int) -> _V | None:
        """The value of this version, if it is kept."""
        row = self._rows.get(name)
        if row is None or row[0] != version:
            return None
        self._rows[name] = self._rows.pop(name)
        return row[2]

    def put(self, name: str, version: int, size: int, value: _V) -> list[_V]:
        """Keep a value; returns those that had to go for it."""
        self.drop(name)
        self._rows[name] = (version, size, value)
        self._bytes += size
        gone: list[_V] = []
        if self._bytes <= MOST_BYTES:
            return gone
        while self._bytes > MOST_BYTES * 3 // 4 and len(self._rows) > 1:
            oldest = next(iter(self._rows))
            gone.append(self._rows[oldest][2])
            self.drop(oldest)
        return gone

    def drop(self, name: str) -> _V | None:
        """Forget a value, and return it."""
        row = self._rows.pop(name, None)
        if row is None:
            return None
        self._bytes -= row[1]
        return row[2]

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._bytes = 0


@dataclass(slots=True)
class Gathered:
    """What a decision looked at, and what was written since."""

    component: Component
    connected: Connected
    days: Stretches
    """On which the attacks may have been that its reports bring news of."""
    knowledge: Knowledge
    filed: list[FiledReport] = field(default_factory=list)
    saved: set[str] = field(default_factory=set)
    """Incidents, by id."""


class Decoded:
    """Decoded rows of one store, and which of the articles behind them repeat each other."""

    def __init__(self) -> None:
        self.copies = CopyIndex()
        self._reports: _Kept[FiledReport] = _Kept()
        self._incidents: _Kept[Incident] = _Kept()
        self.of_articles: dict[str, tuple[FiledReport, ...]] = {}
        """Article → its filed reports."""
        self.of_days: dict[Stretch, dict[str, FiledReport]] = {}
        """First and last day → the reports that meet them, by id."""
        self.holding: dict[str, tuple[str, ...]] = {}
        """Article, or incident → the incidents that hold or held it, or are it."""
        self.founded: dict[str, tuple[int, ...]] = {}
        """Article → the counts of the incidents that it founded."""
        self.gathered: list[Gathered] = []
        """What the last decisions looked at, each of its own component."""

    def answer_days(self, days: Stretch, reports: dict[str, FiledReport]) -> None:
        """Remember the reports of some days."""
        while len(self.of_days) >= MOST_DAYS:
            del self.of_days[next(iter(self.of_days))]
        self.of_days[days] = reports

    def answer_names(
        self, kept: dict[str, tuple[_V, ...]], found: dict[str, tuple[_V, ...]]
    ) -> None:
        """Remember what was found for some names."""
        if len(kept) + len(found) > MOST_NAMES:
            kept.clear()
        kept.update(found)

    def report(self, report_id: str, version: int) -> FiledReport | None:
        """A report, if it is here in this version."""
        return self._reports.get(report_id, version)

    def keep_report(self, filed: FiledReport, size: int) -> None:
        """Keep a report as it was read."""
        gone = self._reports.put(filed.report_id, filed.article.version, size, filed)
        self.copies.add(filed.article)
        for other in gone:
            self.copies.discard(other.article.article_id)
        if gone:
            self.of_articles.clear()
            self.of_days.clear()
            self.gathered.clear()

    def file_report(self, filed: FiledReport, size: int, days: Stretch | None) -> None:
        """A row was written; ``days``: on which the attack may have been."""
        self.keep_report(filed, size)
        for gathered in self.gathered:
            gathered.filed.append(filed)
        self.of_articles.pop(filed.article.article_id, None)
        for (first, last), reports in self.of_days.items():
            if days is not None and days[0] <= last and days[1] >= first:
                reports[filed.report_id] = filed

    def forget_reports(self, article_id: str, report_ids: Iterable[str]) -> None:
        """The rows of an article are gone, or about to be replaced."""
        self.of_articles.pop(article_id, None)
        for report_id in report_ids:
            self.gathered.clear()
            for reports in self.of_days.values():
                reports.pop(report_id, None)
            filed = self._reports.drop(report_id)
            if filed is not None:
                self.copies.discard(filed.article.article_id)

    def incident(self, incident_id: str) -> Incident | None:
        """An incident as it was last saved, if it is here."""
        return self._incidents.get(incident_id, 0)

    def keep_incident(self, incident: Incident, size: int) -> None:
        """Keep an incident as it was read."""
        self._incidents.put(incident.incident_id, 0, size, incident)

    def save_incident(self, incident: Incident, size: int) -> None:
        """Its row was written."""
        self.keep_incident(incident, size)
        self.founded.pop(incident.founding_article, None)
        self.holding.pop(incident.incident_id, None)
        for gathered in self.gathered:
            gathered.saved.add(incident.incident_id)

    def forget_incident(self, incident_id: str) -> None:
        """The row is gone, and those of its members."""
        self._incidents.drop(incident_id)
        self.holding.clear()
        self.gathered.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.copies = CopyIndex()
        self.gathered.clear()
        self.of_articles.clear()
        self.of_days.clear()
        self.holding.clear()
        self.founded.clear()
        self._reports.clear()
        self._incidents.clear()


class DecodingConnection(sqlite3.Connection):
    """The writer's connection, which remembers what it decoded."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.decoded = Decoded()


def decoded_of(conn: sqlite3.Connection) -> Decoded:
    """What a connection remembers; nothing, when it is none of the writer's."""
    return conn.decoded if isinstance(conn, DecodingConnection) else Decoded()

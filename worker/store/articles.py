"""Versions of articles and the reports of those that stand."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from worker.core.domain.document import Article
from worker.core.domain.incident import ArticleRef, FiledReport, from_json, to_json
from worker.core.domain.report import Analysis, Verdict
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.component import window
from worker.store.days import earliest, is_long
from worker.store.decoded import decoded_of
from worker.store.times import instant_or_none, stamp, stamp_or_none

_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)
_VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)


@dataclass(frozen=True, slots=True)
class Standing:
    """The version of an article that stands."""

    article: Article
    told_at: dt.datetime | None
    """The time that the source itself gave this version (update, wire version); None: none."""
    published_record: bool
    """This or an earlier version is in the reports topic."""
    has_reports: bool


def standing(conn: sqlite3.Connection, article_id: str) -> Standing | None:
    """The current version of an article, or None when nothing of it was settled."""
    row = conn.execute(
        "SELECT record, wire_version, published_record, EXISTS "
        "(SELECT 1 FROM report WHERE report.article_id = article.article_id) AS told "
        "FROM article WHERE article_id = ? AND current = 1",
        (article_id,),
    ).fetchone()
    if row is None:
        return None
    return Standing(
        article=_ARTICLE.validate_json(row["record"]),
        told_at=instant_or_none(row["wire_version"]),
        published_record=bool(row["published_record"]),
        has_reports=bool(row["told"]),
    )


def analysis_of(
    conn: sqlite3.Connection, article_id: str
) -> tuple[Analysis, dt.datetime | None] | None:
    """What was made of the version that stands, and the time its source told for it."""
    row = conn.execute(
        "SELECT record, verdict, wire_version FROM article WHERE article_id = ? AND current = 1",
        (article_id,),
    ).fetchone()
    if row is None:
        return None
    filed = reports_of_articles(conn, (article_id,))
    analysis = Analysis(
        _ARTICLE.validate_json(row["record"]),
        _VERDICT.validate_json(row["verdict"]),
        tuple(f.report for f in filed.values()),
    )
    return analysis, instant_or_none(row["wire_version"])


def replace_version(
    conn: sqlite3.Connection,
    analysis: Analysis,
    settle_id: int,
    now: dt.datetime,
    *,
    told_at: dt.datetime | None,
    published_record: bool,
) -> None:
    """Make an analysis the version that stands: its row in, all reports of older versions out."""
    article, verdict = analysis.article, analysis.verdict
    conn.execute("UPDATE article SET current = 0 WHERE article_id = ?", (article.article_id,))
    _delete_reports(conn, article.article_id)
    conn.execute(
        "INSERT INTO article (article_id, version, current, settle_id, settled_at, first_seen, "
        "version_time, wire_version, status, outlet, url, label, band, content_hash, "
        "published_record, record, verdict) VALUES (?,?,1,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            article.article_id,
            article.version,
            settle_id,
            stamp(now),
            stamp_or_none(article.first_seen),
            stamp_or_none(article.version_time),
            stamp_or_none(told_at),
            article.status,
            article.outlet,
            article.url,
            verdict.label,
            verdict.band,
            article.text_sha256,
            published_record,
            _ARTICLE.dump_json(article).decode(),
            _VERDICT.dump_json(verdict).decode(),
        ),
    )


def erase(conn: sqlite3.Connection, article_id: str) -> None:
    """Forget an article that was erased in the topics: every version, text and reports."""
    _delete_reports(conn, article_id)
    conn.execute("DELETE FROM article WHERE article_id = ?", (article_id,))


def _delete_reports(conn: sqlite3.Connection, article_id: str) -> None:
    gone = conn.execute(
        "DELETE FROM report WHERE article_id = ? RETURNING report_id", (article_id,)
    )
    names = [row["report_id"] for row in gone.fetchall()]
    decoded_of(conn).forget_reports(article_id, names)


def file_reports(conn: sqlite3.Connection, analysis: Analysis, knowledge: Knowledge) -> None:
    """File the reports of the version that stands, with the days that merging compares."""
    article = ArticleRef.of(analysis.article)
    verdict = analysis.verdict
    for report in analysis.reports:
        filed = FiledReport(report, article, verdict.band, verdict.label)
        days = window(filed, knowledge)
        record = to_json(filed).decode()
        conn.execute(
            "INSERT INTO report (report_id, article_id, version, role, band, date_lo, date_hi, "
            "is_long, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                report.report_id,
                article.article_id,
                article.version,
                report.role,
                verdict.band,
                days[0].isoformat() if days else None,
                days[1].isoformat() if days else None,
                days is not None and is_long(*days),
                record,
            ),
        )
        decoded_of(conn).file_report(
            from_json(FiledReport, record),
            len(record),
            (days[0].isoformat(), days[1].isoformat()) if days else None,
        )


def reports_of_days(
    conn: sqlite3.Connection, first: dt.date, last: dt.date
) -> dict[str, FiledReport]:
    """Filed reports whose days meet ``first`` … ``last``."""
    decoded, asked = decoded_of(conn), (first.isoformat(), last.isoformat())
    known = decoded.of_days.get(asked)
    if known is None:
        known = _reports_of_days(conn, first, last)
        decoded.answer_days(asked, known)
    return known.copy()


def _reports_of_days(
    conn: sqlite3.Connection, first: dt.date, last: dt.date
) -> dict[str, FiledReport]:
    bounds = (earliest(first), last.isoformat(), first.isoformat())
    short = conn.execute(
        "SELECT report_id, version FROM report WHERE date_lo BETWEEN ? AND ? AND date_hi >= ?",
        bounds,
    )
    long = conn.execute(
        "SELECT report_id, version FROM report WHERE is_long = 1 AND date_hi >= ? AND date_lo <= ?",
        (bounds[2], bounds[1]),
    )
    return _filed(conn, short) | _filed(conn, long)


def reports_of_articles(
    conn: sqlite3.Connection, article_ids: Collection[str]
) -> dict[str, FiledReport]:
    """Filed reports of these articles."""
    decoded = decoded_of(conn)
    found = {name: decoded.of_articles[name] for name in article_ids if name in decoded.of_articles}
    unknown = [name for name in article_ids if name not in found]
    if unknown:
        fresh = _reports_of_articles(conn, unknown)
        decoded.answer_names(decoded.of_articles, fresh)
        found |= fresh
    return {filed.report.report_id: filed for name in article_ids for filed in found[name]}


def _reports_of_articles(
    conn: sqlite3.Connection, article_ids: Sequence[str]
) -> dict[str, tuple[FiledReport, ...]]:
    rows = conn.execute(
        "SELECT report_id, version FROM json_each(?) AS name "
        "CROSS JOIN report ON report.article_id = name.value",
        (json.dumps(article_ids),),
    )
    found: dict[str, list[FiledReport]] = {name: [] for name in article_ids}
    for filed in _filed(conn, rows).values():
        found[filed.article.article_id].append(filed)
    return {name: tuple(reports) for name, reports in found.items()}


def mark_maybe_withdrawn(conn: sqlite3.Connection, article: Article) -> None:
    """Store of the version that stands whether its page was gone, and when that changed."""
    conn.execute(
        "UPDATE article SET record = ? WHERE article_id = ? AND current = 1",
        (_ARTICLE.dump_json(article).decode(), article.article_id),
    )


def newest_version(conn: sqlite3.Connection, article_id: str) -> int:
    """The number of the newest settled version of an article, 0 when there is none."""
    row = conn.execute(
        "SELECT max(version) AS newest FROM article WHERE article_id = ?", (article_id,)
    ).fetchone()
    return int(row["newest"] or 0)


def recorded_since(conn: sqlite3.Connection, since: dt.datetime) -> list[str]:
    """Ids of articles settled after ``since`` whose standing version has a record in the reports
    topic, in the order in which they were settled.
    """
    rows = conn.execute(
        "SELECT article_id FROM article WHERE current = 1 AND published_record = 1 "
        "AND settled_at > ? ORDER BY settle_id",
        (stamp(since),),
    )
    return [row["article_id"] for row in rows]


def _filed(conn: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> dict[str, FiledReport]:
    """The reports of rows that have id and version, each decoded once."""
    decoded = decoded_of(conn)
    reports: dict[str, FiledReport] = {}
    for row in rows:
        name = row["report_id"]
        filed = decoded.report(name, row["version"])
        if filed is None:
            record = conn.execute(
                "SELECT record FROM report WHERE report_id = ?", (name,)
            ).fetchone()["record"]
            filed = from_json(FiledReport, record)
            decoded.keep_report(filed, len(record))
        reports[name] = filed
    return reports

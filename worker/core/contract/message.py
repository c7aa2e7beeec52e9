"""Values → Kafka records: topic, key, CloudEvents headers, bytes.

Rules
-----
1. CloudEvents 1.0, Kafka binding, binary mode: headers ``ce_*`` and ``content-type``; the value is
   plain JSON, readable by any consumer. What can be filtered on without the value stands in headers
   ``kw_*``, and once more as an extension attribute (``ce_kwstate``): an SDK of CloudEvents shows a
   program nothing but ``ce_*``.
2. ``ce_id`` of an incident or a report comes from what is said, never from when: for an incident
   from id, revision and snapshot without ``as_of``. Same id, same event, whoever repeats it. Dead
   letters, decisions and heartbeats have their time in it: said later, it is another event. That of
   a tombstone comes from the decision to erase.
3. Bytes are final here (``canonical``): the outbox, Kafka and files carry them unchanged.
4. A record of an article is written when it has a report, when its band is not ``drop``, when its
   id falls into the sample of one in a hundred, or when an earlier version was written.
5. What was erased is said by a tombstone: a record without a value under the same key.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic import TypeAdapter

from worker.core.contract.records import (
    ARTICLE_RECORD,
    DEAD_LETTER,
    DECISION,
    HEARTBEAT,
    ArticleRecord,
    DeadLetter,
    DecisionRecord,
    Heartbeat,
    PublishedReport,
)
from worker.core.domain import caps
from worker.core.domain.canonical import digest, encode, plain
from worker.core.domain.incident import Change, Link
from worker.core.domain.published import joined, parts_of, write
from worker.core.domain.report import Analysis, Report
from worker.core.knowledge.knowledge import Knowledge

INCIDENTS = "incidents.v1"
INCIDENT_LOG = "incident-log.v1"
REPORTS = "reports.v1"
DEAD_LETTERS = "dead-letters.v1"
DECISIONS = "decisions.v1"
HEARTBEATS = "heartbeat.v1"
SCHEMAS = {
    INCIDENTS: "incident.v1",
    INCIDENT_LOG: "incident.v1",
    REPORTS: "report.v1",
    DEAD_LETTERS: "dead-letter.v1",
    DECISIONS: "decision.v1",
    HEARTBEATS: "heartbeat.v1",
}
_OF_INCIDENTS = ("kw_state", "kw_change", "kw_material", "kw_revision")
EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    INCIDENTS: _OF_INCIDENTS,
    INCIDENT_LOG: _OF_INCIDENTS,
    REPORTS: ("kw_label", "kw_band", "kw_version"),
}
"""Topic → headers of our own, beside those of CloudEvents."""
MAX_ARTICLE_BYTES = 512 * 1024
_MAX_TITLE = 2000
_SAMPLE = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One record. ``topic`` is without prefix; ``headers`` in the order in which they are sent.

    An empty ``value`` is a tombstone: a null value in the topic.
    """

    topic: str
    key: str
    headers: dict[str, str]
    value: bytes
    ce_id: str


def messages(change: Change, as_of: dt.datetime, knowledge: Knowledge) -> tuple[Message, ...]:
    """A revision for both incident topics: the log first, then the latest state."""
    snapshot = replace(change.incident.snapshot, as_of=as_of)
    parts = {**parts_of(change.incident.snapshot), **write(snapshot, ("as_of",))}
    content = {name: part for name, part in parts.items() if name != "as_of"}
    ce_id = hashlib.sha256(joined(content)).hexdigest()[:32]
    note = change.note
    headers = {
        **_envelope(f"incident.{note.kind}", ce_id, snapshot.incident_id, as_of, knowledge),
        "ce_dataschema": schema_urn(INCIDENTS),
        **_extended(
            INCIDENTS,
            snapshot.state,
            note.kind,
            str(note.material).lower(),
            str(snapshot.revision),
        ),
    }
    value = joined(parts)
    return tuple(
        Message(topic, snapshot.incident_id, headers, value, ce_id)
        for topic in (INCIDENT_LOG, INCIDENTS)
    )


def wants_record(analysis: Analysis, *, written_before: bool = False) -> bool:
    """Whether the reports topic wants an article version; ``report_record`` makes it."""
    wanted = bool(analysis.reports) or analysis.verdict.band != "drop"
    return wanted or written_before or is_sampled(analysis.article.article_id)


def report_record(
    analysis: Analysis,
    links: Iterable[Link],
    as_of: dt.datetime,
    knowledge: Knowledge,
    *,
    written_before: bool = False,
    copy_of: str | None = None,
) -> Message | None:
    """The record of an article version, or None when the topic does not want it.

    ``links``: those of the decision; ``written_before``: an earlier version is in the topic;
    ``copy_of``: the article whose text this one repeats.
    """
    if not wants_record(analysis, written_before=written_before):
        return None
    article = analysis.article
    record = _capped(_article_record(analysis, links, as_of, knowledge, copy_of))
    body = plain(record, ARTICLE_RECORD)
    ce_id = digest({name: value for name, value in body.items() if name != "as_of"})[:32]
    headers = {
        **_envelope("report", ce_id, article.article_id, as_of, knowledge),
        "ce_dataschema": schema_urn(REPORTS),
        **_extended(REPORTS, record.verdict.label, record.verdict.band, str(record.version)),
    }
    return Message(REPORTS, article.article_id, headers, encode(body), ce_id)


def dead_letter_record(letter: DeadLetter, knowledge: Knowledge) -> Message:
    """The record of something that could not be processed."""
    return _simple(DEAD_LETTERS, "dead-letter", letter.id, letter, DEAD_LETTER, knowledge)


def decision_record(record: DecisionRecord, knowledge: Knowledge) -> Message:
    """The record of what a person decided; of one that was taken back it takes the place."""
    return _simple(DECISIONS, "decision", record.decision_id, record, DECISION, knowledge)


def tombstones(
    incident_id: str, revision: int, erasure: DecisionRecord, knowledge: Knowledge
) -> tuple[Message, ...]:
    """An incident that was erased, for both incident topics; ``revision`` is the one after its last."""
    headers = _extended(INCIDENTS, "erased", "erased", "true", str(revision))
    return tuple(
        _tombstone(topic, "incident.erased", incident_id, headers, erasure, knowledge)
        for topic in (INCIDENT_LOG, INCIDENTS)
    )


def article_tombstone(article_id: str, erasure: DecisionRecord, knowledge: Knowledge) -> Message:
    """An article that was erased, for the reports topic."""
    return _tombstone(REPORTS, "report.erased", article_id, {}, erasure, knowledge)


def _tombstone(
    topic: str,
    kind: str,
    key: str,
    headers: Mapping[str, str],
    erasure: DecisionRecord,
    knowledge: Knowledge,
) -> Message:
    ce_id = digest([topic, key, "erased", erasure.decision_id])[:32]
    envelope = _envelope(kind, ce_id, key, erasure.made_at, knowledge)
    whole = {**envelope, "ce_dataschema": schema_urn(topic), **headers}
    return Message(topic, key, whole, b"", ce_id)


def heartbeat_record(beat: Heartbeat, knowledge: Knowledge) -> Message:
    """The record that says the worker is alive; its id holds the time, for it says nothing else."""
    return _simple(HEARTBEATS, "heartbeat", beat.instance, beat, HEARTBEAT, knowledge)


def is_sampled(article_id: str) -> bool:
    """Whether an article is one of the hundredth part of drops that are written all the same."""
    first = hashlib.sha256(article_id.encode()).digest()[:4]
    return int.from_bytes(first, "big") % _SAMPLE == 0


def schema_urn(topic: str) -> str:
    """The name of the schema of a topic's values."""
    return f"urn:kabulwire:schema:{SCHEMAS[topic]}"


def extension(header: str) -> str:
    """The name of one of our headers as an extension attribute: letters and digits alone."""
    return f"ce_{header.replace('_', '')}"


def _extended(topic: str, *values: str) -> dict[str, str]:
    own = dict(zip(EXTENSIONS[topic], values, strict=True))
    return own | {extension(name): value for name, value in own.items()}


def _simple(
    topic: str,
    kind: str,
    key: str,
    value: DeadLetter | DecisionRecord | Heartbeat,
    adapter: TypeAdapter[Any],
    knowledge: Knowledge,
) -> Message:
    body = plain(value, adapter)
    ce_id = digest(body)[:32]
    headers = _envelope(kind, ce_id, key, value.as_of, knowledge)
    headers["ce_dataschema"] = schema_urn(topic)
    return Message(topic, key, headers, encode(body), ce_id)


def _envelope(
    kind: str, ce_id: str, subject: str, as_of: dt.datetime, knowledge: Knowledge
) -> dict[str, str]:
    return {
        "ce_specversion": "1.0",
        "ce_id": ce_id,
        "ce_source": f"urn:kabulwire:{knowledge.profile.name}",
        "ce_type": f"kabulwire.{kind}.v1",
        "ce_subject": subject,
        "ce_time": as_of.isoformat().replace("+00:00", "Z"),
        "content-type": "application/json",
    }


def _article_record(
    analysis: Analysis,
    links: Iterable[Link],
    as_of: dt.datetime,
    knowledge: Knowledge,
    copy_of: str | None,
) -> ArticleRecord:
    article = analysis.article
    by_report = {link.report_id: link for link in links}
    return ArticleRecord(
        article_id=article.article_id,
        version=article.version,
        status=article.status,
        outlet=article.outlet,
        url=article.url,
        title=article.title,
        lang=article.lang,
        published=article.published,
        published_basis=article.published_basis,
        first_seen=article.first_seen,
        version_time=article.version_time,
        text_sha256=article.text_sha256,
        copy_signature=article.copy_signature,
        copy_of=copy_of,
        agency=article.agency,
        as_of=as_of,
        profile=knowledge.profile.name,
        verdict=analysis.verdict,
        reports=tuple(_published(report, by_report) for report in analysis.reports),
        maybe_withdrawn=article.maybe_withdrawn,
        page_checked_at=article.page_checked_at,
    )


def _published(report: Report, links: Mapping[str, Link]) -> PublishedReport:
    values = {f.name: getattr(report, f.name) for f in fields(report)}
    values["statements"] = tuple(s.of_report(report.report_id) for s in report.statements)
    link = links.get(report.report_id)
    incident_id = link.incident_id if link is not None else None
    certainty = link.certainty if link is not None and incident_id is not None else None
    return PublishedReport(**values, incident_id=incident_id, link=certainty)


def _capped(record: ArticleRecord) -> ArticleRecord:
    """Within 512 KiB: evidence of other slots goes first, then statements, then reports.

    Both go from the end. A title or an address of a stranger may be of any length: both are cut.
    """
    limit = MAX_ARTICLE_BYTES
    if _size(record) <= limit:
        return record
    bare = tuple(replace(r, evidence={}) for r in record.reports)
    verdict = replace(record.verdict, reasons=record.verdict.reasons[:20])
    record = replace(
        record, title=caps.cut(record.title, _MAX_TITLE), url=caps.cut(record.url, _MAX_TITLE),
        reports=bare, verdict=verdict, truncated=True,
    )  # fmt: skip
    while _size(record) > limit:
        most = max((len(r.statements) for r in record.reports), default=0)
        if most <= 1 and not record.reports:
            break
        if most <= 1:
            record = replace(record, reports=record.reports[: len(record.reports) // 2])
            continue
        keep = most * 3 // 4
        cut = tuple(replace(r, statements=r.statements[:keep]) for r in record.reports)
        record = replace(record, reports=cut)
    return record


def _size(record: ArticleRecord) -> int:
    return len(encode(plain(record, ARTICLE_RECORD)))

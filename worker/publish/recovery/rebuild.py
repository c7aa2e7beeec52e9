"""A store brought to what the topics say, and what it alone knows decided anew on top of that.

Rules
-----
1. The topic wins: every incident that it holds takes the topic's state, members and revision.
   Waiting rows of the incident topics are discarded: they count from a history that is not the
   topic's. Dead letters that wait are kept, with new ``seq`` above the ledger's.
2. Articles that were settled here and are in no topic yet are decided anew, as if they had arrived
   now. So they join the incidents that the topic has, instead of making them a second time; what
   that changes is published as the topic's revision plus one.
3. An incident that nobody has seen, since topics which hold others do not hold it, is dropped with
   its id; rule 2 makes it again where it is needed. Where the topics hold nothing at all, every
   incident is sent again (``resync``).
4. Two versions of one article never share a number: one made here meanwhile follows the topic's.
5. A live member whose report is in no topic any more is kept as part of a frozen node, so that
   later decisions can be made without it.
6. A store that was away (``moved``: it published to another sink meanwhile) has more of its own:
   every article of the last weeks that these topics do not have. Its revisions go on above both.
7. What was erased (a null under its key) is given up here too, with its text; an incident that has a
   member of it keeps the rest. Its id is not used again.
8. What people decided is taken first, so all the rest is decided with it. What the topics do not have
   of it is told; an erasure that this side alone has is carried out on the topics.
9. One transaction; done twice it changes nothing.

Case that taught us: a copy of the store from the day before, started while the broker was away. It
read the feeds, announced under a new id what consumers had known since the night, and the reports
that had come in meanwhile lost the ones it had itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace

from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, REPORTS
from worker.core.contract.records import ArticleRecord, PublishedReport
from worker.core.domain.canonical import digest
from worker.core.domain.document import Article
from worker.core.domain.incident import Changes, Incident, TimerSet, article_of
from worker.core.domain.report import Analysis, Report
from worker.core.domain.snapshot import Member, Snapshot
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.identity.assign_ids import mint
from worker.core.merge.identity.freeze import freeze
from worker.core.merge.state.life import due_since
from worker.core.merge.state.revise import content_of
from worker.decisions import decision_of, erase, tell_all
from worker.publish.batches import set_aside
from worker.publish.recovery.read_topics import Published
from worker.publish.recovery.resync import NOTHING, resync
from worker.settle import Before, conclude, decide_again
from worker.store import articles, erasure, incidents, outbox
from worker.store.connect import Connection
from worker.store.constraints import add_decision, load_constraints, load_decisions

_MOST_FOUNDED = 50
_TOPIC_KEEPS = dt.timedelta(days=85)
"""A little less than the reports topic: what has just left it was published long ago."""


@dataclass(frozen=True, slots=True)
class _Own:
    """A version that was settled here and is in no topic."""

    analysis: Analysis
    told_at: dt.datetime | None


def rebuild(
    conn: Connection,
    published: Published,
    ledger_seq: int,
    now: dt.datetime,
    knowledge: Knowledge,
    *,
    moved: bool = False,
) -> dict[str, int]:
    """Bring the store to what was published. Runs on the writer, in its transaction."""
    for name in published.erased:
        incidents.erase(conn, name)
        articles.erase(conn, name)
    settle_id = outbox.next_settle_id(conn)
    waiting = outbox.unsent_revisions(conn)
    since = outbox.last_published_settle(conn) + 1  # what people decided then is in no topic
    own = _own_articles(conn, published.ce_ids, now - _TOPIC_KEEPS if moved else None)
    if moved:  # what went to the other sink would be taken for said here
        outbox.forget_ended(conn)
    set_aside(conn, (INCIDENT_LOG, INCIDENTS, REPORTS), published.ce_ids, ledger_seq)
    for record in published.decisions.values():
        add_decision(conn, decision_of(record), settle_id)
    tell_all(conn, now, knowledge, published.ce_ids)
    taken = _take_articles(conn, published, settle_id, now, knowledge)
    _take_incidents(conn, published, now, knowledge, above=moved)
    _erase(conn, published, now, knowledge)
    resynced = _resync_unknown(conn, published, waiting, now, knowledge)
    filed = [_file(conn, mine, published, settle_id, now, knowledge) for mine in own]
    anew = [analysis for analysis in filed if analysis is not None]
    for analysis in anew:
        number = outbox.next_settle_id(conn)
        conclude(conn, analysis, number, now, knowledge, Before(told=True, written=True))
    for constraint in load_constraints(conn, since):
        number = outbox.next_settle_id(conn)
        decide_again(conn, constraint.articles, number, now, knowledge)
    return {
        "incidents": len(published.snapshots),
        "articles": taken,
        "resynced": resynced,
        "settled_anew": len(anew),
    }


def _resync_unknown(
    conn: Connection,
    published: Published,
    waiting: Mapping[str, outbox.Unsent],
    now: dt.datetime,
    knowledge: Knowledge,
) -> int:
    """Tell the topics of incidents that they do not know; how many. One that was never told is dropped
    where others were: what its articles say is settled anew.
    """
    resynced = 0
    for local in incidents.load_all(conn):
        if local.incident_id in published.snapshots:
            continue
        unseen = waiting.get(local.incident_id, NOTHING)
        if unseen.first == 1 and published.snapshots:
            incidents.drop(conn, local.incident_id)
        else:
            resync(conn, local, now, knowledge, unseen)
            resynced += 1
    return resynced


def _erase(conn: Connection, published: Published, now: dt.datetime, knowledge: Knowledge) -> None:
    """Carry out what people had erased: here, and in the topics what they do not know of."""
    for decision in load_decisions(conn):
        if decision.constraint.kind != "erase":
            continue
        if decision.decision_id in published.decisions:
            erasure.erase(conn, decision.constraint.articles, decision.constraint.incidents)
        else:
            erase(conn, decision, outbox.next_settle_id(conn), now, knowledge)


def _waiting(conn: Connection, ce_ids: Collection[str]) -> Iterable[str]:
    """Articles whose record waits, in the order in which they were settled."""
    waiting = outbox.waiting_keys(conn, REPORTS)
    return dict.fromkeys(key for ce_id, key in waiting.items() if ce_id not in ce_ids)


def _own_articles(
    conn: Connection, ce_ids: Collection[str], since: dt.datetime | None
) -> list[_Own]:
    """What waits, or, of a store that was away, whatever has a record since then."""
    names = _waiting(conn, ce_ids) if since is None else articles.recorded_since(conn, since)
    found = (articles.analysis_of(conn, name) for name in names)
    return [_Own(analysis, told_at) for analysis, told_at in filter(None, found)]


def _take_articles(
    conn: Connection,
    published: Published,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> int:
    """Versions that the store does not have, or only older ones of."""
    taken = 0
    for record in published.articles.values():
        standing = articles.standing(conn, record.article_id)
        if standing is not None and standing.article.version >= record.version:
            continue
        analysis = Analysis(_article(record), record.verdict, tuple(map(_report, record.reports)))
        articles.replace_version(
            conn, analysis, settle_id, now, told_at=None, published_record=True
        )
        articles.file_reports(conn, analysis, knowledge)
        taken += 1
    return taken


def _file(
    conn: Connection,
    mine: _Own,
    published: Published,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> Analysis | None:
    """Make a version of our own the one that stands; None when the topic has its very content."""
    article = mine.analysis.article
    record = published.articles.get(article.article_id)
    if record is None:
        return mine.analysis
    if (record.text_sha256, record.status) == (article.text_sha256, article.status):
        return None
    if record.version < article.version:
        return mine.analysis
    later = replace(mine.analysis, article=replace(article, version=record.version + 1))
    articles.replace_version(
        conn, later, settle_id, now, told_at=mine.told_at, published_record=True
    )
    articles.file_reports(conn, later, knowledge)
    return later


def _article(record: ArticleRecord) -> Article:
    """The article without its text, which is in no topic."""
    names = (
        "article_id", "version", "title", "text_sha256", "outlet", "url", "lang", "published",
        "published_basis", "first_seen", "version_time", "status", "copy_signature", "maybe_withdrawn",
        "page_checked_at",
    )  # fmt: skip
    return Article(body="", text="", **{name: getattr(record, name) for name in names})


def _report(told: PublishedReport) -> Report:
    """The report alone, without where it belonged."""
    return Report(**{part.name: getattr(told, part.name) for part in fields(Report)})


def _take_incidents(
    conn: Connection,
    published: Published,
    now: dt.datetime,
    knowledge: Knowledge,
    *,
    above: bool,
) -> None:
    """Every incident of the topic, in the order in which consumers first saw them.

    ``above``: its revisions go on above the store's own as well.
    """
    ordinal = _ordinals(conn)
    for name in sorted(published.snapshots, key=lambda n: (published.first_seen[n], n)):
        local = incidents.load(conn, name)
        snapshot = published.snapshots[name]
        if above and local is not None:
            snapshot = replace(snapshot, revision=max(snapshot.revision, local.revision))
        members = () if snapshot.state == "superseded" else snapshot.reports  # the survivor's now
        known = articles.reports_of_articles(conn, sorted({m.article_id for m in members}))
        told = all(member.report_id in known for member in members)
        incident = _incident(published, snapshot, members, ordinal(local), knowledge, whole=told)
        timers = (
            TimerSet(name, "settle", incident.settle_at),
            TimerSet(name, "close", incident.close_at),
        )
        incidents.carry_out(conn, Changes(kept=(incident,), timers=timers), now)


def _incident(
    published: Published,
    snapshot: Snapshot,
    members: tuple[Member, ...],
    ordinal: int,
    knowledge: Knowledge,
    *,
    whole: bool,
) -> Incident:
    """The stored state of a published snapshot. ``whole``: the reports of all members are here."""
    name = snapshot.incident_id
    once = published.once_members[name]
    founder, n = _founder(snapshot, sorted({article_of(report_id) for report_id in once}))
    used = [s for s in snapshot.casualties.statements if s.status == "used"]
    rests = snapshot.state == "closed" or not whole
    rests |= snapshot.state == "retracted" and not members
    due = due_since(snapshot.state, snapshot.as_of, knowledge.merge_weights)
    return Incident(
        snapshot=snapshot,
        content_hash=digest(content_of(snapshot)),
        founding_article=founder,
        founding_n=n,
        ordinal=ordinal,
        members=members,
        former=tuple(sorted(once - {member.report_id for member in members})),
        frozen=freeze(snapshot, members, used) if rests else None,
        settle_at=due.settle_at,
        close_at=due.close_at,
    )


def _founder(snapshot: Snapshot, held: Iterable[str]) -> tuple[str, int]:
    """Which article founded it as its n-th: the id is made of just that."""
    for n in range(_MOST_FOUNDED):
        for article_id in held:
            if mint(snapshot.profile, article_id, n) == snapshot.incident_id:
                return article_id, n
    return snapshot.incident_id, 0  # its founder left before the log begins


def _ordinals(conn: Connection) -> Callable[[Incident | None], int]:
    """Local incidents keep theirs; the others follow in the order in which they were announced."""
    newest = incidents.count_founded(conn)

    def ordinal(local: Incident | None) -> int:
        nonlocal newest
        if local is not None:
            return local.ordinal
        newest += 1
        return newest

    return ordinal

"""Gathers the component that one decision looks at.

Rules
-----
1. All is looked at that could be concerned: widened until nothing new is found (``component``).
2. What the last decisions looked at is kept (``decoded.Gathered``). A new article that joins one of them
   plainly is added to it, and nothing else is looked at again: an article of a day of a thousand reports costs
   what one of a day of ten does. What an article mentions of the past is looked at for its own decision, and
   not kept. It is kept beside the rows it was read from and dropped with them: at a
   rollback, when a report or an incident goes, when a person decides, when something closes.
3. An article that joins several of them plainly makes them one; if its days reach further than theirs, what
   is of these days is looked at besides. (The first report of a day that states no day may be of any
   attack of the week before.)
4. What is kept are components: they have no report of news in common. So what joined one of them is outside
   of all others, but for a mention of an attack that another one tells of.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from worker.core.domain.incident import Component, Constraint, FiledReport, Incident
from worker.core.domain.remembered import Remembered
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.component import (
    as_filed,
    connect,
    frozen_window,
    window,
    windows,
)
from worker.core.merge.cluster.connected import Connected
from worker.core.merge.evidence.copies import Pairs, among
from worker.store.articles import reports_of_articles, reports_of_days
from worker.store.constraints import load_constraints
from worker.store.days import Days, Stretches, earliest, left_out, lies_within, meets, united
from worker.store.decoded import Gathered, decoded_of
from worker.store.incidents import count_founded, load_many


def gather_component(
    conn: sqlite3.Connection,
    names: Collection[str],
    knowledge: Knowledge,
    constraints: tuple[Constraint, ...] | None = None,
) -> Component:
    """The component of these articles (or incidents).

    ``constraints``: what people decided; None: what the store has.
    """
    if constraints is None:
        constraints = load_constraints(conn)
    gathered = decoded_of(conn).gathered
    usable = [
        kept
        for kept in reversed(gathered)
        if kept.knowledge is knowledge and kept.component.constraints == constraints
    ]
    for kept in usable:
        found = _with_more(conn, kept, names)
        if found is not None:
            gathered.remove(kept)
            gathered.append(found)
            return found.component
    joined = _joining(conn, usable, names, knowledge)
    if joined is not None:
        found, lasting = joined, joined
    else:
        found, lasting = _look_around(conn, names, knowledge, constraints)
    news = {f.article.article_id for f in lasting.component.reports if not _is_mention(f)}
    apart = [kept for kept in gathered if kept.connected.articles_with_news.isdisjoint(news)]
    gathered[:] = [*apart[1 - _MOST_GATHERED :], lasting]
    return found.component


_MOST_GATHERED = 32
"""Components that are kept: a busy day has some dozens, of attacks that nobody would take for one."""


def _with_more(conn: sqlite3.Connection, kept: Gathered, names: Collection[str]) -> Gathered | None:
    """What was gathered, with the reports of an article that came since; None: it is none of them."""
    knowledge, component = kept.knowledge, kept.component
    near = [f for f in kept.filed if meets(window(f, knowledge), kept.days)]
    fresh = [f for f in kept.filed if f.article.article_id in names]
    others = [f for f in near if f.article.article_id not in names]
    kept.connected, kept.filed = kept.connected.beside(others, knowledge), fresh
    if {*names} != {f.article.article_id for f in fresh} or len(names) > 1:
        return None
    if not all(lies_within(window(filed, knowledge), kept.days) for filed in fresh):
        return None
    article = fresh[0].article
    copies = decoded_of(conn).copies.copies_of(article, knowledge.merge_weights)
    connected = kept.connected.with_more(fresh, copies, knowledge)
    if connected is None or _holding(conn, names):
        return None
    saved = _holding_some(load_many(conn, kept.saved), connected)
    if any(incident.state == "closed" for incident in saved.values()):
        return None
    announced = load_many(conn, sorted({*connected.concerned, *saved}))
    founded = {(i.founding_article, i.founding_n) for i in saved.values()}
    pairs = frozenset(
        [frozenset((article.article_id, name)) for name in copies & connected.articles]
    )
    more = replace(
        component,
        reports=connected.kept,
        announced=tuple(announced.values()),
        founded=tuple(sorted({*component.founded, *founded, *_founded(conn, fresh, ())})),
        next_ordinal=count_founded(conn) + 1,
        copies=component.copies if component.copies is None else component.copies | pairs,
    )
    return Gathered(more, replace(connected, concerned=tuple(announced)), kept.days, knowledge)


def _joining(
    conn: sqlite3.Connection,
    usable: Iterable[Gathered],
    names: Collection[str],
    knowledge: Knowledge,
) -> Gathered | None:
    """What an article joins, with it: several components, or one of fewer days; None: nothing plainly.

    ``usable``: all that may be gone on with, each with what was filed since (``_with_more``).
    """
    fresh = next((kept.filed for kept in usable if kept.filed), [])
    news = [filed for filed in fresh if not _is_mention(filed)]
    near = [kept for kept in usable if kept.filed and kept.connected.is_near(news, knowledge)]
    if not near:
        return None
    looked_at = united(days for kept in near for days in kept.days)
    lasting = united((*looked_at, *windows(news, knowledge)))
    days = united((*lasting, *windows(fresh, knowledge)))
    joined = near[0].connected
    for kept in near[1:]:
        joined = joined.together_with(kept.connected)
    unseen = _unseen(conn, looked_at, days, knowledge)
    others = [
        filed
        for filed in unseen
        if filed.article.article_id not in names and not joined.keeps(filed.report_id)
    ]
    component = replace(
        near[0].component,
        reports=joined.kept,
        founded=tuple(sorted({row for kept in near for row in kept.component.founded})),
        copies=near[0].component.copies
        if len(near) == 1
        else _copies(conn, joined.kept, knowledge),
    )
    saved = set[str]().union(*(kept.saved for kept in near))
    whole = Gathered(component, joined.beside(others, knowledge), days, knowledge, fresh, saved)
    found = _with_more(conn, whole, names)
    return None if found is None else replace(found, days=lasting)


def _unseen(
    conn: sqlite3.Connection, looked_at: Stretches, days: Stretches, knowledge: Knowledge
) -> list[FiledReport]:
    """The reports and closed incidents that meet some days, and none that were looked at."""
    found: dict[str, FiledReport] = {}
    for first, last in left_out(looked_at, days):
        found |= reports_of_days(conn, first, last)
        closed = _of_days(conn, (first, last)).values()
        filed = [as_filed(incident.frozen) for incident in closed if incident.frozen is not None]
        found |= {one.report_id: one for one in filed}
    return [one for one in found.values() if not meets(window(one, knowledge), looked_at)]


def _look_around(
    conn: sqlite3.Connection,
    names: Collection[str],
    knowledge: Knowledge,
    constraints: tuple[Constraint, ...],
) -> tuple[Gathered, Gathered]:
    """Everything that could be concerned, looked at until nothing new is found; and what of it is kept
    for the next article.
    """
    announced = _holding(conn, names)
    asked, held = _articles(announced, names), set(names)
    reports = reports_of_articles(conn, sorted(asked))
    days = _days_of(reports.values(), announced.values(), names, knowledge)
    looked_at: Stretches = ()
    known = -1
    while True:
        for stretch in days:
            if stretch not in looked_at:
                reports |= reports_of_days(conn, *stretch)
                announced |= _of_days(conn, stretch)
        named = {f.article.article_id for f in reports.values()} - held
        held |= named
        announced |= _holding(conn, named)
        fresh = _articles(announced, names) - asked
        asked |= fresh
        reports |= reports_of_articles(conn, sorted(fresh))
        if known == len(reports) + len(announced):
            break  # what the wider days brought was all there before
        known = len(reports) + len(announced)
        copies = _copies(conn, reports.values(), knowledge)
        around = list(reports.values()), names, knowledge, list(announced.values()), constraints
        connected = connect(*around, copies)
        near = [announced[incident_id] for incident_id in connected.concerned]
        wider = united((*days, *_days_of(connected.kept, near, names, knowledge)))
        if wider == days:
            break
        looked_at, days = days, wider
    found = _gathered(conn, connected, announced, reports, copies, constraints, knowledge)
    own = (filed for filed in connected.kept if filed.article.article_id in names)
    if connected.around is not None or not any(map(_is_mention, own)):
        return found, found
    later = connect(*around, copies, lasting=True)
    return found, _gathered(conn, later, announced, reports, copies, constraints, knowledge)


def _gathered(
    conn: sqlite3.Connection,
    connected: Connected,
    announced: Mapping[str, Incident],
    reports: Mapping[str, FiledReport],
    copies: Pairs,
    constraints: tuple[Constraint, ...],
    knowledge: Knowledge,
) -> Gathered:
    """What hangs together as a component, with the days of its news."""
    kept = connected.kept
    near = [announced[incident_id] for incident_id in connected.concerned]
    component = Component(
        reports=kept,
        announced=tuple(near),
        constraints=constraints,
        founded=_founded(conn, kept, near),
        next_ordinal=count_founded(conn) + 1,
        copies=copies if len(kept) == len(reports) else _among(copies, kept),
    )
    return Gathered(component, connected, _days_of(kept, near, (), knowledge), knowledge)


def _is_mention(filed: FiledReport) -> bool:
    """Whether it is of a past attack, beside its article's news."""
    return filed.report.role == "background"


def _holding_some(incidents: dict[str, Incident], connected: Connected) -> dict[str, Incident]:
    """Those incidents that hold or held a report of a component."""
    return {
        i.incident_id: i
        for i in incidents.values()
        if any(connected.keeps(m.report_id) for m in i.members)
        or any(map(connected.keeps, i.former))
    }


def _among(copies: Pairs, reports: Iterable[FiledReport]) -> Pairs:
    return among(copies, {filed.article.article_id for filed in reports})


def _copies(
    conn: sqlite3.Connection, reports: Iterable[FiledReport], knowledge: Knowledge
) -> Pairs:
    """The pairs of their articles of which one repeats the other's text."""
    articles = {filed.article.article_id: filed.article for filed in reports}
    return decoded_of(conn).copies.pairs(articles.values(), knowledge.merge_weights)


def _holding(conn: sqlite3.Connection, names: Collection[str]) -> dict[str, Incident]:
    """Incidents named, or that hold or held one of these articles."""
    decoded = decoded_of(conn)
    found = {name: decoded.holding[name] for name in names if name in decoded.holding}
    unknown = sorted(set(names) - found.keys())
    if unknown:
        fresh = _holders(conn, unknown)
        decoded.answer_names(decoded.holding, fresh)
        found |= fresh
    return load_many(conn, sorted(set(chain.from_iterable(found.values()))))


def _holders(conn: sqlite3.Connection, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    rows = conn.execute(
        "SELECT DISTINCT name.value AS name, incident_id FROM json_each(?1) AS name "
        "CROSS JOIN member ON member.article_id = name.value "
        "UNION SELECT name.value, incident.incident_id FROM json_each(?1) AS name "
        "CROSS JOIN incident ON incident.incident_id = name.value",
        (json.dumps(names),),
    )
    found: dict[str, list[str]] = {name: [] for name in names}
    for row in rows:
        found[row["name"]].append(row["incident_id"])
    return {name: tuple(holders) for name, holders in found.items()}


def _of_days(conn: sqlite3.Connection, days: Days) -> dict[str, Incident]:
    """Closed incidents whose frozen window meets these days."""
    rows = conn.execute(
        "SELECT incident_id FROM incident WHERE frozen = 1 AND date_lo BETWEEN ?1 AND ?2 "
        "AND date_hi >= ?3 UNION SELECT incident_id FROM incident "
        "WHERE is_long = 1 AND frozen = 1 AND date_hi >= ?3 AND date_lo <= ?2",
        (earliest(days[0]), days[1].isoformat(), days[0].isoformat()),
    )
    return load_many(conn, [row["incident_id"] for row in rows])


def _articles(announced: dict[str, Incident], names: Collection[str]) -> set[str]:
    return set(names).union(*(_ARTICLES.of(incident) for incident in announced.values()))


def _article_ids(incident: Incident) -> frozenset[str]:
    return incident.article_ids


_ARTICLES = Remembered(_article_ids, 2_000)


def _days_of(
    reports: Iterable[FiledReport],
    incidents: Iterable[Incident],
    names: Collection[str],
    knowledge: Knowledge,
) -> Stretches:
    """The days that concern these: of what a report mentions of the past only those of ``names``."""
    telling = [
        filed for filed in reports if filed.article.article_id in names or not _is_mention(filed)
    ]
    closed = [frozen_window(i.frozen, knowledge) for i in incidents if i.frozen is not None]
    return united((*windows(telling, knowledge), *closed))


def _founded(
    conn: sqlite3.Connection, kept: Iterable[FiledReport], near: Iterable[Incident]
) -> tuple[tuple[str, int], ...]:
    articles = {filed.article.article_id for filed in kept}
    articles = articles.union(*(_ARTICLES.of(incident) for incident in near))
    decoded = decoded_of(conn)
    unknown = [name for name in articles if name not in decoded.founded]
    fresh = {name: tuple[int, ...]() for name in unknown}
    if unknown:
        rows = conn.execute(
            "SELECT article_id, n FROM json_each(?) AS name "
            "CROSS JOIN founded ON founded.article_id = name.value",
            (json.dumps(sorted(unknown)),),
        )
        for row in rows:
            fresh[row["article_id"]] += (int(row["n"]),)
    known = {name: decoded.founded[name] for name in articles if name not in fresh} | fresh
    decoded.answer_names(decoded.founded, fresh)
    return tuple(sorted((name, n) for name, numbers in known.items() if numbers for n in numbers))

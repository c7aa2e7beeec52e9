"""The one decision of merging: what a component means for the incidents that consumers know.

Theory of operation
-------------------
prepare → partition → gather → assign_ids → draft → revise. Up to ``gather`` everything is a pure
function of the set of reports; ``assign_ids`` alone looks at history, to keep ids. Every cell is
drafted anew and compared with what was published; only what differs becomes a revision, so it
does not matter why a decision was asked for. (A cell that was drafted before from the very same
things is left out: ``state.resting``.)

Cases that taught us
--------------------
Two attacks on one morning and a flash that fits both (25 July 2019): bridges come last. A funeral
bombed three days after the first attack: days apart are a veto. A toll revised down from 18 to 14
on the next day: figures never decide identity. A round-up of a week: joins at most one incident.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter

from worker.core.domain.errors import StateError
from worker.core.domain.incident import (
    Change,
    Changes,
    Component,
    FiledReport,
    Incident,
    TimerSet,
)
from worker.core.domain.remembered import Names
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.cluster.members import gather
from worker.core.merge.cluster.membership import Derived, Membership
from worker.core.merge.cluster.merge_input import (
    MergeInput,
    parted_by_person,
    prepare,
    touched_by,
)
from worker.core.merge.cluster.partition import partition
from worker.core.merge.identity.assign_ids import IdentifiedCluster, assign_ids
from worker.core.merge.state import life, resting
from worker.core.merge.state.draft import (
    DecisionContext,
    draft_cell,
    draft_emptied,
    draft_superseded,
    is_taken_over,
)
from worker.core.merge.state.groups import find_duplicates, find_groups
from worker.core.merge.state.links import find_links, find_mentioned
from worker.core.merge.state.revise import Cause, Draft, concerning, revise


def decide(
    component: Component,
    incoming: Analysis | None,
    now: dt.datetime,
    knowledge: Knowledge,
    *,
    backfill: bool = False,
    asked: Collection[str] | None = None,
) -> Changes:
    """What the reports of a component mean for its incidents.

    ``incoming``: the article version that caused this (its reports, if any, are already in the
    component); None for a tick or a correction. ``now`` moves timers and stamps revisions, nothing
    else. ``backfill``: it is no news, however young it is. ``asked``: the articles of which the links
    are wanted; None: all that are here. Raises ``StateError`` when reports of a live member are missing from the component.
    """
    _check(component, incoming)
    cause = _cause(component.announced, incoming, now, knowledge, backfill=backfill)
    thawed = touched_by(component, cause.article_id) | parted_by_person(component)
    while True:
        context = _identify_clusters(component, incoming, thawed, knowledge)
        reopened = {
            n.incident_id
            for n in context.announced.named
            if not _stays_closed(n, context.merge_input)
        }
        reopened |= set(context.announced.superseded)
        late = frozenset(_closed(component) & reopened) - thawed
        if not late:
            break
        thawed |= late
    drafts = _drafts(component, context, cause, ticking=incoming is None)
    if asked is None:
        asked = {filed.article.article_id for filed in component.reports}
    return _changes(drafts, context, cause, asked)


def _identify_clusters(
    component: Component,
    incoming: Analysis | None,
    thawed: frozenset[str],
    knowledge: Knowledge,
) -> DecisionContext:
    """Who belongs together and under which ids, with some closed incidents opened."""
    touched = incoming.article.article_id if incoming is not None else None
    merge_input = prepare(component, touched, thawed, knowledge)
    parted = partition(merge_input.evidence)
    clusters = [gather(cell, merge_input) for cell in parted.cells]
    announced = assign_ids(clusters, component, merge_input)
    return DecisionContext(
        merge_input=merge_input,
        announced=announced,
        groups=find_groups(announced.named, parted, merge_input),
        duplicates=find_duplicates(announced.named, parted, merge_input),
        mentioned=find_mentioned(announced.named, parted, merge_input),
        incoming=incoming,
    )


def _closed(component: Component) -> set[str]:
    return {i.incident_id for i in component.announced if i.state == "closed"}


def _check(component: Component, incoming: Analysis | None) -> None:
    """Every live member's report must be here, unless its article is the one being replaced."""
    here = _HERE.of(component.reports)
    touched = incoming.article.article_id if incoming is not None else None
    for incident in component.announced:
        if incident.state in ("closed", "superseded"):
            continue
        known = here
        if incident.frozen is not None:
            known = here | {m.report_id for m in incident.frozen.members}
        if incident.member_ids <= known:
            continue
        missing = [
            m.report_id
            for m in incident.members
            if m.report_id not in known and m.article_id != touched
        ]
        if missing:
            raise StateError(f"{incident.incident_id}: component lacks reports {missing[:3]}")


_HERE: Names[FiledReport] = Names(attrgetter("report_id"))


def _cause(
    announced: Sequence[Incident],
    incoming: Analysis | None,
    now: dt.datetime,
    knowledge: Knowledge,
    *,
    backfill: bool,
) -> Cause:
    """What a decision is called. Of the clock: two incidents due at one instant are two decisions."""
    trigger = "\0".join(("tick", now.isoformat(), *sorted(i.incident_id for i in announced)))
    article_id = None
    if incoming is not None:
        article = incoming.article
        article_id = article.article_id
        trigger = f"{article_id}\0{article.version}\0{article.status}"
        # A first version is as old as its publication, however often its site has touched it since;
        # a later one as old as itself: a toll that rises on the third day, in place, is news.
        moment = article.version_time if article.version > 1 else article.document_time
        hours = dt.timedelta(hours=knowledge.merge_weights["life.backfill_hours"])
        old = moment is not None and now - _aware(moment, now) > hours
        backfill = backfill or old
    change_id = hashlib.sha256(trigger.encode()).hexdigest()[:16]
    return Cause(change_id, article_id, backfill, now)


def _aware(moment: dt.datetime, now: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo or now.tzinfo is None else moment.replace(tzinfo=now.tzinfo)


def _drafts(
    component: Component, context: DecisionContext, cause: Cause, *, ticking: bool
) -> Iterable[tuple[Draft, IdentifiedCluster | None]]:
    """Fresh states, survivors first, then what they supersede, then what lost all its reports.

    With its cluster what may rest from now on, if it has nothing new to say.
    """
    named = context.announced.named
    for entry in sorted(named, key=lambda n: (n.ordinal, n.incident_id)):
        stays = _stays_closed(entry, context.merge_input)
        if not stays and (ticking or not resting.rests(entry, context)):
            yield draft_cell(entry, context, cause, ticking=ticking), None if ticking else entry
    by_id = {incident.incident_id: incident for incident in component.announced}
    for incident_id, survivor in sorted(context.announced.superseded.items()):
        if incident_id in by_id and not is_taken_over(by_id[incident_id], survivor):
            yield draft_superseded(by_id[incident_id], survivor, context, cause), None
    for incident in context.announced.emptied:
        if not context.merge_input.is_closed(incident) and incident.members:
            yield draft_emptied(incident, context, cause), None


def _stays_closed(entry: IdentifiedCluster, merge_input: MergeInput) -> bool:
    """Whether a closed incident stays as it is: no late primary, no retraction, not thawed."""
    if entry.prior is None or not merge_input.is_closed(entry.prior):
        return False
    cluster = entry.cluster
    late = any(m.frozen is None and m.filed.report.role == "primary" for m in cluster.primaries)
    return not late and not cluster.retracted


def _changes(
    drafts: Iterable[tuple[Draft, IdentifiedCluster | None]],
    context: DecisionContext,
    cause: Cause,
    asked: Iterable[str],
) -> Changes:
    changes: list[Change] = []
    kept: list[Incident] = []
    timers: list[TimerSet] = []
    revisions = [(draft, entry, *revise(draft, cause)) for draft, entry in drafts]
    revised = [incident.incident_id for _, _, incident, is_new in revisions if is_new]
    for draft, entry, found, is_new in revisions:
        incident = concerning(found, revised) if is_new else found
        if is_new:
            changes.append(Change(incident))
        elif incident != draft.prior:
            kept.append(incident)
        if entry is not None:
            resting.note(entry, incident if incident != draft.prior else draft.prior, context)
        timers += life.timers(incident, draft.prior)
    return Changes(
        changes=tuple(changes),
        kept=tuple(kept),
        timers=tuple(timers),
        copies=_copies(context.announced.named),
        links=find_links(asked, context.announced.named, context.mentioned, context.merge_input),
    )


def _copies(named: Iterable[IdentifiedCluster]) -> dict[str, str]:
    """Article → the article of its incident whose text it repeats."""
    found = [copy for entry in named for copy in _COPIES.of(entry.cluster).items()]
    return dict(sorted(found))


def _copies_of(members: Iterable[Membership]) -> dict[str, str]:
    return {
        member.filed.article.article_id: member.source.article_id
        for member in members
        if member.source is not None
    }


_COPIES = Derived(lambda c: _copies_of(c.members), lambda known, m: known | _copies_of([m]))

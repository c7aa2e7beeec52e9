"""Where each report belongs: member, follow-up, background mention, or nowhere.

Rules
-----
1. A background mention links to the incident it matches best, if it does so clearly, and never changes it.
2. An incident shows the background of its own articles only. Links found earlier stay when the
   incident they lead to is not part of this decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from worker.core.domain.incident import FiledReport, Link
from worker.core.domain.snapshot import BackgroundLink
from worker.core.merge.cluster.membership import BY_ARTICLE, Derived, Membership
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.cluster.partition import Partition
from worker.core.merge.identity.assign_ids import IdentifiedCluster

_MOST_BACKGROUND = 20
_QUOTE = 300


def find_mentioned(
    named: Sequence[IdentifiedCluster], parted: Partition, merge_input: MergeInput
) -> dict[str, str]:
    """Background report → the incident it mentions: the one that it matches clearly best."""
    weights = merge_input.evidence.weights
    by_cell = {entry.cluster.cell.core[0].key: entry.incident_id for entry in named}
    mentioned = {}
    for node, options in parted.mentions:
        (best, cell), rest = options[0], options[1:]
        clear = not rest or best - rest[0][0] >= weights["merge.margin"]
        if clear and best >= weights["merge.threshold"]:
            mentioned[node.key] = by_cell[cell.core[0].key]
    return mentioned


def find_links(
    articles: Iterable[str],
    named: Sequence[IdentifiedCluster],
    mentioned: Mapping[str, str],
    merge_input: MergeInput,
) -> tuple[Link, ...]:
    """One link for every report of these articles, in order of report id."""
    found: dict[str, Link] = {}
    for article_id in set(articles):
        nodes = merge_input.evidence.of_article(article_id)
        keys = {node.key for node in nodes if node.key not in merge_input.frozen}
        for entry in named:
            if article_id in entry.cluster.cell.articles:
                links = _links(entry)
                found |= {key: links[key] for key in keys & links.keys()}
        for key in keys - found.keys():
            role = merge_input.filed[key].report.role
            found[key] = Link(key, mentioned.get(key), "certain", role)
    return tuple([found[key] for key in sorted(found)])


def _links(entry: IdentifiedCluster) -> Mapping[str, Link]:
    """Those of the members of an incident, and of what follows up on it."""
    known = _LINKS.of(entry.cluster)
    if known.incident_id != entry.incident_id:
        known.name(entry)
    return known.links


class _Links:
    """Those of the members of a cluster, for the incident that it is."""

    def __init__(self) -> None:
        self.incident_id = ""
        self.links: dict[str, Link] = {}

    def name(self, entry: IdentifiedCluster) -> None:
        """Make all of them anew."""
        self.incident_id, self.links = entry.incident_id, {}
        for member in entry.cluster.members:
            self.add(member)
        for member in entry.cluster.follow_ups:
            key = member.filed.report_id
            self.links[key] = Link(key, self.incident_id, "certain", "background")

    def add(self, member: Membership) -> _Links:
        """One more member."""
        key, role = member.filed.report_id, member.filed.report.role
        self.links[key] = Link(key, self.incident_id, member.certainty, role)
        return self


_LINKS = Derived(lambda _: _Links(), _Links.add)


def background_of(
    entry: IdentifiedCluster, mentioned: Mapping[str, str], merge_input: MergeInput
) -> tuple[BackgroundLink, ...]:
    """The past attacks that an incident's own articles mention, the first twenty."""
    told = merge_input.background
    if not told:
        return ()
    articles = BY_ARTICLE.of(entry.cluster)
    earlier = entry.prior.snapshot.background if entry.prior is not None else ()
    known = {link.report_id: link for link in earlier}
    own = (merge_input.filed[node.key] for node in told if node.article_id in articles)
    return tuple([_mention(f, mentioned, known) for f in islice(own, _MOST_BACKGROUND)])


def _mention(
    filed: FiledReport, mentioned: Mapping[str, str], known: Mapping[str, BackgroundLink]
) -> BackgroundLink:
    report = filed.report
    before = known.get(filed.report_id)
    incident_id = mentioned.get(filed.report_id)
    spans = report.evidence.get("attack_types") or report.evidence.get("date") or ()
    return BackgroundLink(
        report_id=filed.report_id,
        date=report.date,
        killed=report.killed,
        perpetrator=report.perpetrators[0].name if report.perpetrators else None,
        quote=spans[0].quote[:_QUOTE] if spans else None,
        incident_id=incident_id
        if incident_id is not None or before is None
        else before.incident_id,
    )

"""Where each report belongs: member, follow-up, background mention, or nowhere.

Rules
-----
1. A background mention links to the incident it matches best, if it does so clearly, and never changes it.
2. An incident shows the background of its own articles only. Links found earlier stay when the
   incident they lead to is not part of this decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from worker.core.domain.incident import FiledReport, Link
from worker.core.domain.snapshot import BackgroundLink
from worker.core.merge.cluster.membership import Derived, Membership
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


def link_all(
    named: Sequence[IdentifiedCluster], mentioned: Mapping[str, str], merge_input: MergeInput
) -> Iterable[Link]:
    """One link for every report of the component, in order of report id."""
    links: dict[str, Link] = {}
    for entry in named:
        known = _LINKS.of(entry.cluster)
        if known.incident_id != entry.incident_id:
            known.name(entry)
        links |= known.links
    for key in merge_input.filed.keys() - links.keys():
        role = merge_input.filed[key].report.role
        links[key] = Link(key, mentioned.get(key), "certain", role)
    for key in merge_input.frozen:
        del links[key]
    return filter(None, map(links.get, merge_input.keys))


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
    """The past attacks that an incident's own articles mention."""
    told = merge_input.background
    if not told:
        return ()
    articles = {m.filed.article.article_id for m in entry.cluster.members}
    earlier = entry.prior.snapshot.background if entry.prior is not None else ()
    known = {link.report_id: link for link in earlier}
    mentions = [merge_input.filed[node.key] for node in told if node.article_id in articles]
    return tuple(_mention(f, mentioned, known) for f in mentions)[:_MOST_BACKGROUND]


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

"""The members of a cluster as the snapshot lists them.

Rules
-----
1. A member is one row; a closed incident is as many as the members it stands for.
2. The earliest published comes first, then by report id.
3. What a member is listed as is the same value in every decision that has the member.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter

from worker.core.domain.remembered import Remembered
from worker.core.domain.snapshot import Member
from worker.core.merge.cluster.membership import Cluster, Derived, Membership, instant
from worker.core.merge.evidence.facts import MOST_REPORTS


def records(cluster: Cluster) -> tuple[Member, ...]:
    """The members as the snapshot lists them, earliest published first."""
    return _RECORDS.of(cluster)


def _records(cluster: Cluster) -> tuple[Member, ...]:
    alive = [member for member in cluster.members if member.frozen is None]
    listed = _LISTED.all(alive)
    if len(alive) < len(cluster.members):
        for member in cluster.members:
            if member.frozen is not None:
                listed += map(_ranked, member.frozen.members)
    return tuple([row[-1] for row in sorted(listed, key=_rank)])


def as_listed(members: Iterable[Member]) -> tuple[Member, ...]:
    """Members as the snapshot lists them, earliest published first."""
    return tuple([row[-1] for row in sorted(map(_ranked, members), key=_rank)])


def _with_one(listed: tuple[Member, ...], member: Membership) -> tuple[Member, ...]:
    row = _LISTED.of(member)
    place = bisect_right(listed, _rank(row), key=lambda other: _rank(_ranked(other)))
    return *listed[:place], row[-1], *listed[place:]


_RECORDS = Derived(_records, _with_one)
_rank = itemgetter(0, 1, 2)


def _ranked(member: Member) -> tuple[bool, float, str, Member]:
    return (*instant(member.published or member.first_seen), member.report_id, member)


def _listed(member: Membership) -> tuple[bool, float, str, Member]:
    return _ranked(_record(member))


_LISTED = Remembered(_listed, MOST_REPORTS)


def _record(member: Membership) -> Member:
    article = member.filed.article
    return Member(
        report_id=member.filed.report_id,
        article_id=article.article_id,
        version=article.version,
        outlet=article.outlet,
        url=article.url,
        title=article.title,
        lang=article.lang,
        role=member.filed.report.role,
        link=member.certainty,
        copy_of=member.source.article_id if member.source is not None else None,
        published=article.published,
        first_seen=article.first_seen,
        text_sha256=article.text_sha256,
        agency=member.agency,
    )

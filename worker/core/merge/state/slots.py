"""What the reports of one attack agree on: the slots of an incident, and who supports them.

Rules
-----
1. One source, one source: copies and further articles of an outlet add nothing to a vote. Of a copy the
   day, clock, place, targets and single values count only where its source leaves them open, or names a
   coarser place: its own headline says nothing new.
2. A single value (day, clock, place, number of blasts) is the one that most sources give; then
   that most trusted sources give; then the latest; then by value. No arrival order anywhere.
3. Of places the most supported counts every source that names it, a part of it, or the district
   around it; among equals the finest. A place of city size never outvotes a fine one. Spellings of
   one place are one; what it is called stays, until more sources call it something else.
4. Of lists a value stays when a quarter of the sources that fill the slot give it; claims and
   denials of responsibility all stay. Of one group the word that was first printed later comes first; is
   it a denial, the claim before it makes the group no perpetrator any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from worker.core.domain.caps import MAX_SUPPORTS
from worker.core.domain.incident import FiledReport
from worker.core.domain.remembered import Continued, Remembered
from worker.core.domain.report import (
    Claim,
    IncidentDate,
    Perpetrator,
    Place,
    Report,
    Target,
    Weapon,
)
from worker.core.domain.snapshot import Support
from worker.core.domain.vocabulary import ANYBODY, ATTRIBUTIONS, PEOPLE, TARGET_ROLES, WIDE_PLACES
from worker.core.lang.names import without_parts, words_of
from worker.core.merge.cluster.membership import Membership, is_trusted, sources_of
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.evidence.facts import MOST_REPORTS, Gazetteer
from worker.core.merge.state.vote import Ballot, Ballots, SlotSource, Vote, some

_BASIS = ("stated", "weekday", "relative", "caption", "published", "first_seen", "none")


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of an incident, with the reports that support each."""

    date: IncidentDate
    time: str | None
    place: Place | None
    attack_types: tuple[str, ...]
    suicide: Literal["yes", "no"] | None
    weapons: tuple[Weapon, ...]
    targets: tuple[Target, ...]
    perpetrators: tuple[Perpetrator, ...]
    claims: tuple[Claim, ...]
    incident_status: Literal["ongoing", "ended", "unknown"]
    n_blasts: int | None
    victims: tuple[str, ...]
    support: dict[str, tuple[Support, ...]]


def slot_sources(members: Iterable[Membership], merge_input: MergeInput) -> list[SlotSource]:
    """What the members say, with the sources behind each."""
    gazetteer = merge_input.gazetteer
    given = tuple(members)
    found = gazetteer.remembered(_slot_source).all(given)
    copied = {m.source.article_id for m in given if m.source is not None}
    if not copied:
        return found
    roots: dict[str, list[SlotSource]] = {}
    for source in found:
        article_id = source.filed.article.article_id
        if article_id in copied:
            roots.setdefault(article_id, []).append(source)
    return [
        source if m.source is None else _beside(source, roots.get(m.source.article_id, []))
        for m, source in zip(given, found, strict=True)
    ]


def _beside(copy: SlotSource, roots: Sequence[SlotSource]) -> SlotSource:
    """What a copy says besides those whose text it repeats."""
    made = _BESIDE.of(copy)
    key = tuple(map(id, roots))
    if key not in made:
        if len(made) >= _MOST_WAYS:
            made.clear()
        report = copy.report
        for root in roots:
            report = _without_repeated(report, root.report)
        filed = replace(copy.filed, report=report)
        made[key] = SlotSource(filed, copy.sources, copy.trusted), tuple(roots)
    return made[key][0]


def _without_repeated(copy: Report, source: Report) -> Report:
    """A copy's report without the slots that its source fills as well."""
    known = source.place, copy.place
    return replace(
        copy,
        date=_NO_DATE if source.date.start is not None else copy.date,
        time=copy.time if source.time is None else None,
        place=copy.place if _is_finer(*known) else None,
        suicide=copy.suicide if source.suicide is None else None,
        targets=() if source.targets else copy.targets,
        incident_status=copy.incident_status if source.incident_status == "unknown" else "unknown",
        n_blasts=copy.n_blasts if source.n_blasts is None else None,
    )


def _is_finer(known: Place | None, place: Place | None) -> bool:
    """Whether a place lies inside the one that is known, or none is."""
    if known is None or place is None:
        return True
    return bool(known.path) and known.path[0] in place.path[1:]


def _no_ways(_: SlotSource) -> dict[tuple[int, ...], tuple[SlotSource, tuple[SlotSource, ...]]]:
    return {}


def _slot_source(member: Membership, gazetteer: Gazetteer) -> SlotSource:
    return SlotSource(
        _LANGUAGES.of(member.filed), sources_of(member), is_trusted(member, gazetteer)
    )


def _with_languages(filed: FiledReport) -> FiledReport:
    """The report with a language for every target: its article's, where it names none itself."""
    lang = filed.article.lang
    if lang == "und" or all(target.lang for target in filed.report.targets):
        return filed
    targets = tuple(replace(t, lang=t.lang or lang) for t in filed.report.targets)
    return replace(filed, report=replace(filed.report, targets=targets))


_NO_DATE = IncidentDate(None, None, "unknown", "none")
_BESIDE = Remembered(_no_ways, MOST_REPORTS)
_MOST_WAYS = 4
"""Of one copy: by those whose text it repeats, which are held so that their places mean nothing else."""
_BALLOTS = Continued(Ballots, 64)
"""Of the incidents last asked for, by their first report."""
_LANGUAGES = Remembered(_with_languages, MOST_REPORTS)


def choose_slots(
    slot_sources: Sequence[SlotSource], share: float, type_order: Sequence[str]
) -> Slots:
    """The slots that these slot_sources give an incident.

    ``share``: of the sources, for a value of a list. ``type_order``: GTD's hierarchy, so that the
    first attack type is GTD's attacktype1.
    """
    first = next(iter(slot_sources), None)
    ballots = _BALLOTS.taken(first)
    vote = Vote(ballots.follow(slot_sources), share)
    _BALLOTS.keep(first, ballots)
    date = _date(vote)
    place = _place(vote)
    claims = _claims(vote)
    return Slots(
        date=date,
        time=vote.single("time", lambda r: r.time),
        place=place,
        attack_types=_types(vote, type_order),
        suicide=vote.single("suicide", lambda r: r.suicide),
        weapons=_weapons(vote),
        targets=_targets(vote),
        perpetrators=_perpetrators(vote, _denying(claims)),
        claims=claims,
        incident_status=_status(vote),
        n_blasts=vote.single("n_blasts", lambda r: r.n_blasts),
        victims=without_parts(sorted(vote.listed("victims", lambda r: r.victims, 0.0))),
        support=vote.support,
    )


def _date(vote: Vote) -> IncidentDate:
    """The day that most sources state; without any, the earliest day that is inferred."""
    stated = vote.by_value(lambda r: some(_days(r.date, stated=True)))
    if stated:
        days = max(stated, key=lambda d: (_precise(d), *vote.rank(stated[d]), _negative(d)))
        ballots = stated[days]
    else:
        inferred = vote.by_value(lambda r: some(_days(r.date, stated=False)))
        if not inferred:
            return _NO_DATE
        days = min(inferred)
        ballots = inferred[days]
    vote.note("date", ballots)
    dates = (ballot.report.date for ballot in ballots)
    return min(dates, key=lambda d: (_BASIS.index(d.basis), d.precision))


def _days(date: IncidentDate, *, stated: bool) -> tuple[dt.date, dt.date] | None:
    if date.start is None or (date.basis in ("published", "first_seen", "none")) == stated:
        return None
    return date.start, date.end or date.start


def _precise(days: tuple[dt.date, dt.date]) -> bool:
    return days[0] == days[1]


def _negative(days: tuple[dt.date, dt.date]) -> int:
    return -days[0].toordinal()


def _place(vote: Vote) -> Place | None:
    """The place that most sources name; of its spellings the one that most print, then the first."""
    given = vote.by_value(lambda r: some(r.place))
    fine = {p: vs for p, vs in given.items() if p.precision not in WIDE_PLACES} or given
    if not fine:
        return None
    around = {
        place: [b for b in vote.ballots if b.report.place in fine and _meets(place, b.report.place)]
        for place in fine
    }
    exact: dict[Hashable, list[Ballot]] = {}
    for place, ballots in fine.items():
        exact.setdefault(_row(place), []).extend(ballots)
    best = max(fine, key=lambda p: _place_rank(vote, p, around[p], exact[_row(p)]))
    vote.note("place", around[best])
    spellings = (place for place in fine if _row(place) == _row(best))
    return max(spellings, key=lambda p: (*_first_rank(vote, fine[p]), p.name))


def _row(place: Place) -> Hashable:
    """What a place is, whatever it is called: its row of the gazetteer, else its name."""
    return place.path or place.name.casefold()


def _first_rank(vote: Vote, ballots: Sequence[Ballot]) -> tuple[int, int, float]:
    """Of wordings of one thing: that of most sources, then the first, so that none replaces another
    only because it came later.
    """
    sources, trusted, _ = vote.rank(ballots)
    return sources, trusted, -min(b.slot_sources[0].order[0] for b in ballots)


def _place_rank(
    vote: Vote, place: Place, around: Sequence[Ballot], exact: Sequence[Ballot]
) -> tuple[Hashable, ...]:
    sources, trusted, _ = vote.rank(around)
    return sources, len(place.path), trusted, *vote.rank(exact), place.name


def _meets(place: Place, other: Place | None) -> bool:
    """Whether another report's place is this one, a part of it, or what it is part of."""
    if other is None:
        return False
    if not place.path or not other.path:
        return place.name.casefold() == other.name.casefold()
    return place.path[0] in other.path or other.path[0] in place.path


def _types(vote: Vote, order: Sequence[str]) -> tuple[str, ...]:
    """In the order of GTD's hierarchy; "unknown" only when there is nothing else."""
    given = set(vote.listed("attack_types", lambda r: r.attack_types))
    known = [name for name in order if name in given and name != "unknown"]
    return (*known, *sorted(given - {*order, "unknown"})) or tuple(given)


def _weapons(vote: Vote) -> tuple[Weapon, ...]:
    given = vote.listed("weapons", lambda r: (replace(w, text=None) for w in r.weapons))
    texts = {(w.type, w.subtype): w.text for b in reversed(vote.ballots) for w in b.report.weapons}
    specific = {w.type for w in given if w.subtype and not w.subtype.startswith("unknown")}
    kept = (
        w
        for w in given
        if (w.subtype and not w.subtype.startswith("unknown")) or w.type not in specific
    )
    return tuple(replace(w, text=texts[w.type, w.subtype]) for w in kept)


def _targets(vote: Vote) -> tuple[Target, ...]:
    """Targets that share an owner or most of their words are one; the best supported name stands,
    among equals the first.

    So are two of one kind that are named in two languages: each language has its own name for it.
    People come after what they stood in: every attack hits people. Those whom a report names for want
    of anything else are none where as many know what was hit.
    """
    given = vote.by_value(lambda r: r.targets)
    vote.note("targets", (b for b in vote.ballots if b.report.targets))
    groups: list[list[Target]] = []
    for target in sorted(given, key=lambda t: (*_descending(_first_rank(vote, given[t])), str(t))):
        group = next((g for g in groups if any(_one(target, t) for t in g)), None)
        if group is None:
            groups.append([target])
        else:
            group.append(target)
    votes = {g[0]: [v for t in g for v in given[t]] for g in groups}
    role = {g[0]: min((t.role for t in g), key=TARGET_ROLES.index) for g in groups}
    common = [t for t in vote.common(votes) if not _is_only_who_was_hit(t, role[t], votes, vote)]
    kept = sorted(
        common,
        key=lambda t: (
            TARGET_ROLES.index(role[t]),
            t.subtype == ANYBODY,
            -vote.rank(votes[t])[0],
            str(t),
        ),
    )
    return tuple(
        replace(t, role=role[t] if k == 0 or role[t] != "primary" else "secondary")
        for k, t in enumerate(kept)
    )


def _is_only_who_was_hit(
    target: Target, role: str, votes: Mapping[Target, Sequence[Ballot]], vote: Vote
) -> bool:
    """Whether somebody of no note stands for the target that as many reports know ("a baker", in a bakery)."""
    if target.subtype != ANYBODY or role != "primary":
        return False
    sources = vote.rank(votes[target])[0]
    return any(t.subtype not in PEOPLE and vote.rank(votes[t])[0] >= sources for t in votes)


def _descending(rank: tuple[int, int, float]) -> tuple[int, int, float]:
    return -rank[0], -rank[1], -rank[2]


def _one(a: Target, b: Target) -> bool:
    if a.parent is not None and a.parent == b.parent:
        return True
    words_a, words_b = (set(words_of(t.id or t.name)) for t in (a, b))
    if words_a <= words_b or words_b <= words_a:
        return True
    return _in_two_languages(a, b) and (a.type, a.subtype) == (b.type, b.subtype)


def _in_two_languages(a: Target, b: Target) -> bool:
    return a.lang is not None and b.lang is not None and a.lang != b.lang


def _perpetrators(vote: Vote, denying: frozenset[str]) -> tuple[Perpetrator, ...]:
    """Each name once, with the surest attribution that a source gives; ``denying``: who last denied it,
    and did it only if somebody else says so.
    """

    def stands(p: Perpetrator) -> bool:
        return p.attribution != "claimed_or_admitted" or p.name not in denying

    given = vote.by_value(lambda r: (p.name for p in r.perpetrators if stands(p)))
    vote.note("perpetrators", (b for b in vote.ballots if b.report.perpetrators))
    kept = sorted(vote.common(given), key=lambda n: (-vote.rank(given[n])[0], n))
    all_of_them = [p for b in vote.ballots for p in b.report.perpetrators if stands(p)]
    return tuple(
        min(
            (p for p in all_of_them if p.name == name),
            key=lambda p: (ATTRIBUTIONS.index(p.attribution), p.actor_class),
        )
        for name in kept
    )


def _claims(vote: Vote) -> tuple[Claim, ...]:
    """One claim and one denial of each group, the later word first, with the first speaker that anybody
    named for it. (What others print again afterwards makes no word a later one.)
    """
    claims = vote.listed("claims", lambda r: map(_bare_claim, r.claims), 0.0)
    kept: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        known = kept.get((claim.group, claim.claimed))
        if known is None or (known.speaker is None and claim.speaker is not None):
            kept[claim.group, claim.claimed] = claim
    told = vote.by_value(_words)
    first = {word: told[word][0].slot_sources[0] for word in kept}
    order = {group: place for place, (group, _) in reversed([*enumerate(kept)])}

    def rank(word: tuple[str, str]) -> tuple[int, float, int]:
        source = first[word]
        return order[word[0]], -source.stated_at.timestamp(), _words(source.report).index(word)

    return tuple(kept[word] for word in sorted(kept, key=rank))


def _words(report: Report) -> list[tuple[str, str]]:
    return [(claim.group, claim.claimed) for claim in report.claims]


def _denying(claims: Iterable[Claim]) -> frozenset[str]:
    """The groups whose last word is a denial."""
    last: dict[str, str] = {}
    for claim in claims:
        last.setdefault(claim.group, claim.claimed)
    return frozenset(group for group, claimed in last.items() if claimed == "denied")


def _bare_claim(claim: Claim) -> Claim:
    return replace(claim, speaker=claim.speaker and " ".join(claim.speaker.split()))


def _status(vote: Vote) -> Literal["ongoing", "ended", "unknown"]:
    """The latest word on whether it goes on."""
    telling = [b for b in vote.ballots if b.report.incident_status != "unknown"]
    if not telling:
        return "unknown"
    latest = max(ballot.latest for ballot in telling)
    last = [s for b in telling for s in b.slot_sources if s.stated_at == latest]
    last.sort(key=lambda source: source.order)
    vote.note_sources("incident_status", last[:MAX_SUPPORTS])
    return last[-1].report.incident_status

"""Evidence between two reports: what agrees, what contradicts, and what says nothing."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.core.merge_strategies import slots
from tests.profiles.cities import PORTSMERE
from tests.stories.tell import article_of, report_of
from worker.config.knowledge import load_knowledge
from worker.core.domain.incident import ArticleRef, FiledReport
from worker.core.domain.report import IncidentDate, Place
from worker.core.merge.evidence.copies import CopyIndex, by_article, find_pairs, sources
from worker.core.merge.evidence.facts import Facts, Gazetteer, facts_of, overlap, window_of
from worker.core.merge.evidence.pairs import Pair, compare
from worker.core.text.signature import copy_signature

KNOWLEDGE = load_knowledge(PORTSMERE)
WEIGHTS = KNOWLEDGE.merge_weights
GAZETTEER = Gazetteer(KNOWLEDGE)
DAY = dt.date(2031, 3, 4)
AT = dt.datetime(2031, 3, 4, 9, 0, tzinfo=dt.UTC)
MERGE = Path(__file__).parents[2] / "worker" / "core" / "merge"


def _facts(at: dt.datetime = AT, **given_slots: object) -> Facts:
    article = article_of("gulf-1", {"at": at}, KNOWLEDGE)
    report = report_of(article, 1, given_slots, KNOWLEDGE)
    return facts_of(FiledReport(report, ArticleRef.of(article), "report"), GAZETTEER)


def _pair(a: dict[str, object], b: dict[str, object]) -> Pair:
    return compare(_facts(**a), _facts(**b), WEIGHTS)


def _codes(pair: Pair, slot: str) -> list[str]:
    return [code for code, _ in pair.terms if code.startswith(slot)]


def test_weights_file_has_every_weight_that_code_reads() -> None:
    """A weight that is missing would only be noticed by the report that needs it."""
    read = set()
    for path in MERGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        read |= set(
            re.findall(
                r'"((?:date|time|place|target|attack|claim|victims|copy|merge|life)\.[a-z_]+)"',
                text,
            )
        )
    assert read - {"claim."} <= set(WEIGHTS) | {"attack.same", "attack.differ"}
    assert {"date.same", "place.differ", "target.differ"} <= read


@settings(max_examples=200, deadline=None)
@given(slots(), slots())
def test_compare_is_the_same_both_ways(a: dict[str, object], b: dict[str, object]) -> None:
    """Comparing is symmetric, weight and veto alike."""
    one, two = _pair(a, b), _pair(b, a)
    assert one.weight == two.weight
    assert one.veto == two.veto


def test_compare_of_a_report_with_itself_agrees() -> None:
    """Same slots, no contradiction, enough to merge."""
    full: dict[str, object] = {
        "date": DAY, "time": "08:10", "place": "ward-4",
        "target": ["police/police_building: Ninth Police Station"],
    }  # fmt: skip
    pair = _pair(full, full)
    assert pair.possible
    assert not pair.contradictions
    assert pair.weight >= WEIGHTS["merge.threshold"]


@pytest.mark.parametrize(
    ("days", "code", "veto"),
    [
        (0, "date.same", None),
        (1, "date.adjacent", None),
        (2, "date.adjacent", "date"),
        (30, None, "date"),
    ],
)
def test_compare_weighs_stated_days(days: int, code: str | None, veto: str | None) -> None:
    """The same day agrees, the next speaks against, anything further is a veto."""
    pair = _pair({"date": DAY}, {"date": DAY + dt.timedelta(days=days)})
    assert pair.veto == veto
    if veto is None:
        assert _codes(pair, "date") == [code]


@pytest.mark.parametrize(
    ("late", "code", "possible"),
    [
        (-2, None, False),
        (-1, "date.inferred_early", True),
        (0, "date.inferred", True),
        (1, "date.inferred_late", True),
        (2, None, True),
        (3, "date.unstated_apart", True),
        (7, "date.unstated_apart", True),
        (9, None, False),
    ],
)
def test_compare_lets_an_undated_report_reach_back_a_week(
    late: int, code: str | None, possible: bool
) -> None:
    """Without a stated day the attack was on the day of publication or in the week before."""
    undated = _facts(at=AT + dt.timedelta(days=late))
    pair = compare(undated, _facts(date=DAY), WEIGHTS)
    assert pair.possible == possible
    if possible:
        assert _codes(pair, "date") == ([code] if code else [])


def test_compare_takes_a_date_of_first_sight_for_no_hard_veto() -> None:
    """A page whose only date is when we saw it may tell of an attack days earlier."""
    article = article_of("gulf-1", {"at": AT}, KNOWLEDGE)
    report = report_of(article, 1, {}, KNOWLEDGE)
    seen = replace(report, date=IncidentDate(DAY, DAY, "unknown", "first_seen"))
    facts = facts_of(FiledReport(seen, ArticleRef.of(article), "report"), GAZETTEER)
    pair = compare(facts, _facts(date=DAY - dt.timedelta(days=4)), WEIGHTS)
    assert pair.possible
    assert not _codes(pair, "date")


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (0, "date.both_inferred"),
        (1, "date.both_inferred_late"),
        (2, None),
        (4, "date.unstated_apart"),
    ],
)
def test_compare_weighs_how_far_apart_two_undated_reports_were_published(
    days: int, code: str | None
) -> None:
    """News is fresh: what is printed days later without a day is news of something else."""
    pair = compare(_facts(), _facts(at=AT + dt.timedelta(days=days)), WEIGHTS)
    assert _codes(pair, "date") == ([code] if code else [])


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ("chandlers-row", "chandlers-row", "place.same"),
        ("ward-4", "ward-4", "place.same_district"),
        ("portsmere-university", "ward-6", "place.contained"),
        ("ward-4", "ward-5", "place.differ"),
        ("portsmere-university", "chandlers-row", "place.differ"),
        ("low-fen", "high-fen", "place.differ"),
        ("low-fen", "ward-4", "place.outside"),
        ("low-fen", "low-fen", "place.same_district"),
        ("portsmere", "ward-4", None),
    ],
)
def test_compare_weighs_places(a: str, b: str, code: str | None) -> None:
    """Same spot, same district, part of it, elsewhere; the city itself says nothing."""
    pair = _pair({"date": DAY, "place": a}, {"date": DAY, "place": b})
    assert _codes(pair, "place") == ([code] if code else [])


def test_compare_takes_towns_without_a_gazetteer_by_name() -> None:
    """In a profile without places two towns are two towns."""
    article = article_of("gulf-1", {"at": AT}, KNOWLEDGE)
    report = report_of(article, 1, {"date": DAY}, KNOWLEDGE)
    facts = [
        facts_of(
            FiledReport(replace(report, place=Place(name)), ArticleRef.of(article), "report"),
            GAZETTEER,
        )
        for name in ("Stormhaven", "stormhaven", "Millbrook")
    ]
    assert "place.same_area" in dict(compare(facts[0], facts[1], WEIGHTS).terms)
    assert "place.differ" in dict(compare(facts[0], facts[2], WEIGHTS).terms)


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ("ngo/x: Harbour Aid", "ngo/x: Harbour Aid", "target.same"),
        ("ngo/x: Harbour Aid", "ngo/x: Harbour Aid Office", "target.close"),
        ("transportation/bus: bus", "transportation/bus: bus", "target.alike"),
        ("ngo/x: Harbour Aid", "police/y: Ninth Station", "target.differ"),
        ("transportation/bus: bus", "police/y: checkpoint", "target.other"),
        ("private_citizens_property/unnamed_civilian: civilians", "police/y: Ninth Station", None),
    ],
)
def test_compare_weighs_targets(a: str, b: str, code: str | None) -> None:
    """IdentifiedCluster things agree or contradict; common nouns hardly count; people at large never do."""
    pair = _pair({"date": DAY, "target": [a]}, {"date": DAY, "target": [b]})
    assert _codes(pair, "target") == ([code] if code else [])


def test_compare_vetoes_on_two_contradictions_and_not_on_one() -> None:
    """A place read wrongly must not split an attack; place and target together do."""
    base: dict[str, object] = {"date": DAY, "place": "ward-4", "target": ["ngo/x: Harbour Aid"]}
    assert _pair(base, {**base, "place": "ward-5"}).possible
    other: dict[str, object] = {**base, "place": "ward-5", "target": ["police/y: Ninth Station"]}
    assert _pair(base, other).veto is not None


def test_compare_takes_no_evidence_from_figures() -> None:
    """Four killed or forty: the evidence is the same."""
    base: dict[str, object] = {"date": DAY, "place": "ward-4"}
    assert _pair({**base, "killed": 4}, {**base, "killed": 40}).terms == _pair(base, base).terms


def test_window_of_a_stated_day_is_three_days() -> None:
    """A stated day reaches one day around it; an unknown window meets everything."""
    assert window_of(_facts(date=DAY), WEIGHTS) == (
        DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1),
    )  # fmt: skip
    assert overlap(None, (DAY, DAY))


def _article(
    name: str, minutes: int, signature: tuple[int, ...] = (), text: str = ""
) -> ArticleRef:
    article = article_of(name, {"at": AT + dt.timedelta(minutes=minutes)}, KNOWLEDGE)
    return replace(ArticleRef.of(article), copy_signature=signature, text_sha256=text or name)


def test_sources_of_near_equal_signatures_is_the_earliest() -> None:
    """Nine tenths of the places equal: one text. Half of them: two."""
    first = tuple(range(1000, 1128))
    near = (*range(1000, 1116), *range(2000, 2012))
    far = (*range(1000, 1064), *range(32), *range(2000, 2032))
    articles = [
        _article("late-1", 30, near), _article("early-1", 0, first), _article("own-1", 10, far),
    ]  # fmt: skip
    found = sources(articles, by_article(find_pairs(articles, WEIGHTS)))
    assert {copy: source.article_id for copy, source in found.items()} == {"late-1": "early-1"}


LONG = """A parcel bomb went off in the ticket hall of the Ferry Wharf in Portsmere on Tuesday, killing
four travellers and wounding 13, harbour police said. The hall was full of people who had waited for the
first boat since dawn, a cashier told the paper. She had gone to fetch change when the glass of her
booth came down around her. Police said the parcel had been left below a bench beside the northern door.
The wharf stays closed until Thursday and boats leave from the old pier. A man of 40 was being questioned.
The company said that two of the dead had worked for it and that it would pay for the burials. It is the
third attack on the wharf in two years; nobody has ever been tried for the other two of them."""
LEAD = " ".join(LONG.split()[:32])
OWN_WORDS = """Four people died when a bomb hidden in a parcel exploded at Portsmere's Ferry Wharf. It had been
left below a bench beside the northern door, the police said. No group said that it was behind the attack, the
deadliest of this year in the harbour."""
ONE_SENTENCE_ALIKE = f"""{" ".join(LONG.split()[:14])} and nine others were in hospital, of whom three had lost
a leg. The mayor, who had come by boat, spoke of a cowardly act and promised lights and guards for all halls of
the port before the winter, when most travellers wait inside."""


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        (LEAD, True),
        (" ".join(LONG.split()[:80]), True),
        (" ".join(LONG.split()[:32] + LONG.split()[-60:]), True),
        (LEAD + " Read more in tomorrow's paper.", False),
        (LONG + " Our reporter saw five ambulances. Ali Brook, a porter, said he heard two blasts.", True),
        (OWN_WORDS, False),
        (ONE_SENTENCE_ALIKE, False),
    ],
)  # fmt: skip
def test_find_pairs_knows_a_text_that_stands_in_another(text: str, *, copied: bool) -> None:
    """Cut to its lead, or whole above the outlet's own words: it tells nothing of its own.

    A cut one with a word of the outlet's own is as near as two texts of one template.
    """
    articles = [
        _article("whole-1", 0, copy_signature(LONG)), _article("other-1", 30, copy_signature(text)),
    ]  # fmt: skip
    assert bool(find_pairs(articles, WEIGHTS)) is copied


def test_find_pairs_keeps_two_agencies_apart_where_one_text_stands_in_the_other() -> None:
    """Both were told the same by one office."""
    articles = [
        replace(_article(f"{name}-1", 0, copy_signature(text)), agency=name)
        for name, text in (("one", LONG), ("two", LEAD))
    ]
    assert not find_pairs(articles, WEIGHTS)


def test_copy_index_forgets_a_discarded_article_that_nobody_asked_about() -> None:
    """The copy of an article was never asked about; with another text it is none any more."""
    index = CopyIndex()
    first, copy = (_article(name, 0, text="one") for name in ("a", "b"))
    index.add(first)
    index.add(copy)
    assert not index.pairs([first], WEIGHTS)
    index.discard("b")
    assert not index.pairs([first, _article("b", 0, text="another")], WEIGHTS)


def test_find_pairs_takes_the_same_text_after_a_week_for_no_copy() -> None:
    """An outlet that reprints an old story is not copying today's wire."""
    articles = [_article("a-1", 0, text="t"), _article("b-1", 60 * 24 * 7, text="t")]
    assert not find_pairs(articles, WEIGHTS)


def test_sources_of_copies_of_copies_is_one() -> None:
    """A chain of copies leads to the earliest member, whoever resembles whom."""
    articles = [_article(f"a-{k}", k, text="t") for k in range(5)]
    found = sources(articles, by_article(find_pairs(articles, WEIGHTS)))
    assert {source.article_id for source in found.values()} == {"a-0"}
    alone = sources(articles[1:], by_article(find_pairs(articles, WEIGHTS)))
    assert {source.article_id for source in alone.values()} == {"a-1"}

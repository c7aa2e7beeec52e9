"""The contract of the slots: spans, paths, keys. Wordings are cases of tests/corpus."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.annotate import annotate
from worker.core.domain.document import Article, Span
from worker.core.extract import status, target, what, when, where, who
from worker.core.extract.claim import find_claims
from worker.core.extract.passage import Passage
from worker.core.segment.segment import find_segments
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge(PORTSMERE)
WEDNESDAY = dt.datetime(2031, 3, 5, 15, 0, tzinfo=dt.UTC)


def passages(body: str, title: str | None = None) -> list[Passage]:
    """One passage per segment, in text order."""
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, "en", WEDNESDAY, "feed", None, None
    )
    annotated = annotate(article, compose(title, text, "en"), KNOWLEDGE)
    assert annotated.lexicon is not None
    segments = find_segments(annotated, KNOWLEDGE)
    return [
        Passage(
            annotated, annotated.lexicon, KNOWLEDGE, s, tuple(o for o in segments if o is not s)
        )
        for s in segments
    ]


def passage(body: str, title: str | None = None) -> Passage:
    """The passage of the main attack."""
    return next(p for p in passages(body, title) if p.segment.kind == "main")


def test_find_time_proves_the_hour_by_its_words() -> None:
    """The hour of the blast comes with the words it was read from."""
    main = passage(
        "16:10 - Police say the bomb in Portsmere exploded at about 8.20 am near a gate. A minister"
        " will speak at 6 pm."
    )
    found, proof = when.find_time(main)

    assert found == "08:20"
    assert [s.quote for s in proof] == ["8.20 am"]


def test_find_place_has_a_path_from_the_finest_to_the_widest() -> None:
    """Merging compares ids: a landmark lies in its quarter, ward, city and county."""
    main = passage("Gunmen stormed the Customs House in Portsmere on Wednesday.")
    things = target.find_things(main)
    found, _ = where.find_place(main, target.find_targets(main, things)[0], things)

    assert found is not None
    assert found.path == (
        "customs-house",
        "lantern-quay",
        "ward-3",
        "portsmere",
        "portsmere-county",
    )


@pytest.mark.parametrize(
    ("quarter", "trust"), [("Chandlers Row", "verified"), ("Pul-e Lamur", "low")]
)
def test_find_place_gives_a_coordinate_with_its_trust(quarter: str, trust: str) -> None:
    """A point is the gazetteer's and says how far to trust it."""
    main = passage(f"A bomb exploded in {quarter} in Portsmere on Wednesday.")
    found, _ = where.find_place(main, (), ())

    assert found is not None
    assert found.lat is not None
    assert found.trust == trust


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Ministry of Defense", "defence ministry building"),
        ("the Harbour Learning Center", "Harbour learning centre compound"),
        ("U.S. Embassy", "US embassy"),
    ],
)
def test_canonical_id_is_one_for_all_outlets(one: str, two: str) -> None:
    """Order, spelling and site words do not tell two names apart."""
    lexicon = KNOWLEDGE.lexicon("en")
    assert lexicon is not None
    assert target.canonical_id(one, lexicon) == target.canonical_id(two, lexicon)


PIECES = st.lists(
    st.sampled_from([
        "A car\u00a0bomb killed five people in Lantern Quay, Portsmere, on Wednesday at 8.20 am.",
        "The Red Tide claimed the attack “at once”, said Jonas Vell.",
        "Gunmen stormed the Ministry of Health’s logistics department.",
        "The blast came a day after gunmen shot a judge near the airport.",
        "Police\u200b said a suicide bomber blew himself up outside a mosque.",
        "Fighting was still going on.",
        "No group claimed responsibility.",
    ]),
    min_size=1,
    max_size=9,
)  # fmt: skip


@given(PIECES, st.sampled_from(["\n\n", " ", "\r\n\r\n"]), st.booleans())
def test_extract_quotes_every_piece_of_evidence_verbatim(
    pieces: list[str], joint: str, titled: bool
) -> None:
    """Whatever the slots found, ``text[start:end] == quote`` for each piece of evidence."""
    for item in passages(joint.join(pieces), "Blast in Portsmere" if titled else None):
        for span in evidence(item):
            assert item.article.text[span.start : span.end] == span.quote
            assert span.quote.strip() == span.quote != ""


def evidence(item: Passage) -> list[Span]:
    claimed, claim_spans = find_claims(item)
    things = target.find_things(item)
    aims, target_spans = target.find_targets(item, things)
    found = (
        when.date_evidence(item),
        when.find_time(item)[1],
        where.find_place(item, aims, things)[1],
        what.find_types(item)[1],
        what.find_suicide(item)[1],
        what.find_weapons(item)[1],
        target_spans,
        claim_spans,
        who.find_perpetrators(item, claimed)[1],
        status.find_status(item)[1],
    )
    return [span for spans in found for span in spans]

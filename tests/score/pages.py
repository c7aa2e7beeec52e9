"""Real news pages: body, lead, title and instant of publication, as ``analyze --read`` gives them.

``body`` is the mean F1 over pages of 4-grams of words, with their counts; a page is ``clean`` when at
most one in five of the 4-grams found is not the article's (teasers, notices, other stories). The
lead is kept when nine in ten of its 4-grams are; a title is right when its letters are; publication is right at the
same minute, or on the same day when the gold knows no more. Pages with a gold of nothing but a body
have no other marks.
"""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.score.data import read_lines
from tests.score.front_door import city, read_page
from tests.score.marks import Item, Mark, check
from tests.score.names import fold

_WORD = re.compile(r"\w+")
_KEPT = 0.9
_MOST_JUNK = 0.2


def load(data: Path) -> list[Item]:
    """The pages; the collection that a page is from stands where others have a language."""
    folder = data / "pages"
    return [
        Item(row["id"], row["id"].partition("-")[0], (row["url"], folder / row["file"]), row)
        for row in read_lines(folder / "manifest.jsonl")
    ]


def examine(item: Item) -> Iterator[Mark]:
    """Body and what is none of it, and lead, title, published where known."""
    url, path = item.given
    found = read_page(item.id, gzip.decompress(path.read_bytes()), url, city())
    article = found.get("article") or {"title": None, "text": "", "published": None}
    wanted, got = grams(item.gold["truth"]), grams(article["text"])
    quality = f1(wanted, got)
    note = (
        found.get("error")
        or f"F1 {quality:.3f}, missing {_gone(wanted, got)}, extra {_gone(got, wanted)}"
    )
    yield Mark("body", quality, 1 - quality, note=note if quality < 0.95 else "")
    junk = (got - wanted).total() / max(1, got.total())
    yield check("clean", junk <= _MOST_JUNK, f"{junk:.0%} of the text is not the article's")
    if item.gold.get("lead"):
        lead = grams(item.gold["lead"])
        kept = (lead & got).total() / lead.total() if lead else 1.0
        yield check("lead", kept >= _KEPT, f"{kept:.2f} kept of: {item.gold['lead'][:100]}")
    if item.gold.get("title"):
        title = article["title"]
        right = fold(title) == fold(item.gold["title"])
        yield check("title", right, f"wanted {item.gold['title']!r}, found {title!r}")
    if item.gold.get("published"):
        when = article["published"]
        yield check("published", same_time(item.gold["published"], when), f"found {when}")


def grams(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four words with their counts; of a shorter text, the whole."""
    words = _WORD.findall(text)
    return Counter(tuple(words[k : k + 4]) for k in range(max(1, len(words) - 3)) if words)


def f1(wanted: Counter[tuple[str, ...]], got: Counter[tuple[str, ...]]) -> float:
    """2 · common / (wanted + got); 1 when both are empty."""
    whole = wanted.total() + got.total()
    return 2 * (wanted & got).total() / whole if whole else 1.0


def same_time(gold: str, found: str | None) -> bool:
    """Same minute; same day when the gold has no clock."""
    if found is None:
        return False
    wanted, got = dt.datetime.fromisoformat(gold), dt.datetime.fromisoformat(found)
    if wanted.tzinfo is None or got.tzinfo is None:
        return wanted.date() == got.date()
    return abs(wanted - got) < dt.timedelta(minutes=1)


def _gone(one: Counter[tuple[str, ...]], two: Counter[tuple[str, ...]]) -> int:
    return (one - two).total()

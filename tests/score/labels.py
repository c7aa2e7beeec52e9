"""``python -m tests.score.labels > labelled.jsonl``: every label there is, as ``kabulwire train`` reads it.

With ``anywhere`` behind it: those for the profile of that name.

Rules
-----
1. A line has the article, its ``label``, and a ``group``: the attack it tells of, else its week, so that
   copies of one story never stand on both sides of a fold. The strangers' items are one group.
2. ``invented``: written to teach or to test. What an outlet printed weighs more.
3. Left out: what the gold calls dependent on policy or disputable, languages that nothing is read in,
   and the strangers' sets that are only scored, which nobody may learn from.
4. For ``anywhere`` an attack in another place is a report as well, and MUC-4 and a part of the shootings
   that is not scored come on top. Left out: what is only known to report no attack *here*. The own
   sets' lines say so of a city, and weigh less (``weight``).
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpus.load import load_cases
from tests.score import articles, muc4, shootings, verdict
from tests.score.data import ROOT, data_folder, nth
from tests.score.front_door import ANYWHERE, city, load_knowledge
from tests.score.marks import Item

STRANGERS = ("set-1", "set-2", "set-3", "set-5")
_LEFT_OUT = "en/voices-"
"""Copies of the first half of ``voices_en``."""
_NOT_HERE = "none"
_MOST = {"weight": 3.0}
_SHOOTINGS, SCORED_SHOOTINGS = 7, 4
"""One in so many shootings is learnt from; one in so many is scored, and those are left out."""
_IN_WORDS = ("voices_en", "voices_xx")
Row = dict[str, Any]


def labelled_lines(data: Path) -> Iterator[Row]:
    """All labelled lines, each article once, in a fixed order; ``set`` says where it comes from."""
    read = {lang for lang, pack in load_knowledge(city()).languages.items() if pack.capabilities}
    seen: set[tuple[str, int]] = set()
    for row in (*_invented(data), *_corpus(), *_printed(data)):
        key = str(row.get("title") or row["text"][:80]), len(row.get("text") or "")
        if row["lang"] in read and key not in seen:
            seen.add(key)
            yield row


def anywhere_lines(data: Path) -> Iterator[Row]:
    """The same for the profile without a place: MUC-4 first."""
    for item in muc4.load(data):
        told = any(map(muc4.is_attack, item.gold))
        yield _row("muc4", item, verdict.ATTACK if told else "other", item.id) | _MOST
    for item in shootings.load(data):
        if nth(item.id, _SHOOTINGS) and not nth(item.id, SCORED_SHOOTINGS):
            yield _row("shootings", item, verdict.ATTACK, item.id) | _MOST
    for row in labelled_lines(data):
        if row["label"] != _NOT_HERE:
            label = verdict.ATTACK if row["label"] == "other_place" else row["label"]
            yield row | {"label": label, "weight": 0.6}


def _invented(data: Path) -> Iterator[Row]:
    folders = [(data, name) for name in _IN_WORDS]
    folders += [(ROOT / "tests" / "score" / "strangers", name) for name in STRANGERS]
    for folder, name in folders:
        for item in articles.load_voices(folder, name):
            if not item.gold["policy_dependent"]:
                event = item.gold.get("event_key") or ("strangers" if name in STRANGERS else None)
                yield _row(name, item, item.gold["label"], event, invented=True)


def _corpus() -> Iterator[Row]:
    for case in load_cases():
        label = case.expect.verdict.get("label")
        if case.profile != city() or case.lang != "en" or case.disputable or label is None:
            continue
        if not case.file.startswith(_LEFT_OUT):
            item = Item(case.id, case.lang, dict(case.fields), label)
            yield _row("corpus", item, str(label), case.event or case.id, invented=True)


def _printed(data: Path) -> Iterator[Row]:
    for item in verdict.load_kabul(data):
        label = verdict.kabul_label(item.gold)
        if label:
            yield _row("kabul_dev", item, label, item.gold.get("event_key"))
    for item in verdict.load_verdict(data):
        yield _row("verdict_dev", item, item.gold, None)
    for item in verdict.load_unlabelled(data):
        yield _row("unlabelled", item, item.gold, None)


def _row(name: str, item: Item, label: str, group: object, *, invented: bool = False) -> Row:
    given = item.given | {"text": item.given.get("text") or ""}
    known = group or _week(given.get("published")) or item.id
    more = {"label": label, "group": str(known), "set": name, "invented": invented}
    row: Row = given | more
    return row


def _week(published: object) -> str | None:
    try:
        year, week, _ = dt.date.fromisoformat(str(published)[:10]).isocalendar()
    except ValueError:
        return None
    return f"{year}-W{week}"


def main() -> None:
    """Write them to the standard output."""
    lines = anywhere_lines if sys.argv[1:] == [ANYWHERE] else labelled_lines
    for row in lines(data_folder()):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

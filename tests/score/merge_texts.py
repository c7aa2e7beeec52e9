"""Which labelled articles become one incident, from their texts: read, merged, held against the gold.

Theory of operation
-------------------
The reports of kabul_dev and slots_dev that name an event arrive in the order of publication, each once,
and are merged as in a worker. One that does not say when it was printed is seen on the evening of its event's
day, as by a worker that polls. What waits for a person only because of its language or of doubt is taken
as confirmed: merging is judged here, and not the verdict. What was read in none, or only as background, is an incident of its own
here. ``precision`` and ``recall`` are B-cubed (Bagga and Baldwin 1998): of each article, the share of its
incident that tells of its event, and the share of its event that is in its incident. ``apart`` says of
each incident that it holds one event.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.score.articles import load_slots
from tests.score.front_door import city, load_knowledge
from tests.score.marks import Item, Mark, check
from tests.score.verdict import ATTACK, load_kabul
from tests.stories.world import World
from worker.core.analyze import analyze
from worker.core.sources.jsonl import document_of

Clusters = Mapping[str, frozenset[str]]
"""The articles of each article's incident."""
_UNSURE = "not certain"
_NO_DAY = dt.date(2000, 1, 1)


def load_texts(data: Path) -> list[Item]:
    """All articles as one item: lines in the order of publication, and the event of each by its id."""
    told = [(item, item.gold["event_key"]) for item in load_kabul(data) if _reports(item.gold)]
    slots = (i for i in load_slots(data) if _UNSURE not in (i.gold["notes"] or ""))
    told += [(item, item.gold["event_key"]) for item in slots]
    texts: dict[str, tuple[Item, str]] = {}
    for item, event in told:
        texts.setdefault(str(item.given["text"]), (item, event))
    ordered = sorted(texts.values(), key=lambda each: (_instant(*each), each[0].id))
    events = {item.id: event for item, event in ordered}
    return [Item("merge_texts", "-", [item.given for item, _ in ordered], events)]


def _reports(gold: Mapping[str, Any]) -> bool:
    return bool(gold["event_key"]) and gold["label"] == ATTACK


def _instant(item: Item, event: str) -> dt.datetime:
    """When an article is taken to have come: the evening of its event's day where it does not say."""
    printed = item.given.get("published")
    if printed:
        found = dt.datetime.fromisoformat(printed)
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return dt.datetime.combine(_day_of(event), dt.time(20), dt.UTC)


def _day_of(event: str) -> dt.date:
    """The day that an event's name begins with."""
    try:
        return dt.date.fromisoformat(event[:10])
    except ValueError:
        return _NO_DAY


def examine_texts(item: Item) -> Iterator[Mark]:
    """B-cubed of every article, and of every incident whether it is of one event."""
    events: Mapping[str, str] = item.gold
    yield from mark_clusters(clusters(item.given, events), events)


def mark_clusters(home: Clusters, events: Mapping[str, str]) -> Iterator[Mark]:
    """The marks of a clustering, held against the event of each article."""
    for name, event in events.items():
        mates, same = home[name], {one for one in events if events[one] == event}
        both = len(mates & same)
        note = f"{name} {event}: {both} of {len(same)} together, in an incident of {len(mates)}"
        yield _share("precision", both, len(mates), note)
        yield _share("recall", both, len(same), note)
    for cell in sorted(set(home.values()), key=sorted):
        told = sorted({events[name] for name in cell})
        yield check("apart", len(told) == 1, f"one incident: {told}: {sorted(cell)}")


def _share(name: str, right: int, whole: int, note: str) -> Mark:
    share = right / whole
    return Mark(name, share, 1 - share, note="" if right == whole else note)


def clusters(lines: Sequence[Mapping[str, Any]], events: Mapping[str, str]) -> Clusters:
    """The articles of each one's incident, after all have been read and have arrived in this order."""
    knowledge = load_knowledge(city())
    world = World(knowledge)
    for line in lines:
        at = _instant(Item(line["id"], "-", line, None), events[line["id"]])
        seen = {**line, "first_seen": at.isoformat()}
        found = analyze(document_of(seen, 1, knowledge.profile.zone), None, knowledge)
        verdict = found.verdict
        world.tick(at)
        band = "report" if verdict.label == ATTACK else verdict.band
        world.arrive(found.article, found.reports, at, band=band, label=verdict.label)
    homes = {line["id"]: _home(world, str(line["id"])) for line in lines}
    return {
        name: frozenset(other for other in homes if homes[other] == home)
        for name, home in homes.items()
    }


def _home(world: World, article_id: str) -> str:
    """The incident of an article's first report that is no background; its own name where there is none."""
    filed = (
        (report_id, told.report)
        for report_id, told in world.reports.items()
        if told.article.article_id == article_id and told.report.role != "background"
    )
    joined = (world.links.get(report_id) for report_id, _ in filed)
    return next((incident for incident in joined if incident is not None), article_id)

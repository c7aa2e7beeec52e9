"""The cheap test before a page is fetched: recall first."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.gate import GateDecision, decide, shut_to_old

GATE = load_knowledge(PORTSMERE).profile.gate
LONG = "The city council met on Tuesday to discuss the new bus lanes and parking fees."


def entry(
    title: str | None = None,
    summary: str | None = None,
    url: str | None = None,
    outlet: str | None = "Evening Star",
    status: EntryStatus = "new",
    body: str | None = None,
    published: dt.datetime | None = None,
    updated: dt.datetime | None = None,
) -> Entry:
    return Entry(
        "f",
        "1",
        "rss",
        title=title,
        summary=summary,
        url=url,
        outlet=outlet,
        status=status,
        body=body,
        published=published,
        updated=updated,
    )


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (entry("Three hurt in Portsmere", LONG), "place"),
        (entry("Minister speaks", LONG, "https://star.example/portsmere-blast-kills-3"), "place"),
        (entry("Gunmen storm guest house", LONG), "attack_word"),
        (entry("انفجار در پورتسمیر", LONG), "place"),
        (entry("What we know", "Read more"), "short"),
        (entry("Rain expected", LONG, outlet="Harbour Courier"), "outlet"),
        (entry("Rain expected", LONG, status="kill"), "status"),
        (entry("Rain expected", LONG, status="correction"), "status"),
        (entry("Wire item", LONG, body="Two died in a bombing."), "attack_word"),
    ],
)
def test_decide_opens_the_gate(item: Entry, reason: str) -> None:
    """A place, an attack word, a local outlet, a withdrawal or too few words open the gate."""
    decision = decide(item, GATE)
    assert (decision.open, decision.reason) == (True, reason)


def test_decide_keeps_the_gate_shut_for_other_news() -> None:
    """News of something else is not fetched."""
    assert decide(entry("Bus lanes approved", LONG), GATE).open is False
    assert decide(entry("Bus lanes approved", LONG), GATE).reason == "no_match"


SINCE = dt.datetime(2031, 3, 5, 12, 0, tzinfo=dt.UTC)
BEFORE, AFTER = SINCE - dt.timedelta(minutes=1), SINCE + dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("item", "read"),
    [
        (entry("Blast", published=BEFORE), False),
        (entry("Blast", updated=BEFORE), False),
        (entry("Blast", published=BEFORE, updated=AFTER), True),
        (entry("Blast", published=AFTER), True),
        (entry("Blast"), True),
        (entry("Blast", status="kill", published=BEFORE), True),
    ],
)
def test_shut_to_old_reads_what_is_young_undated_or_an_order(item: Entry, read: bool) -> None:
    """Of two dates the later counts; a kill is obeyed however old it is."""
    ((same, gate),) = shut_to_old([(item, GateDecision(True, "place"))], SINCE)
    assert (same, gate.open) == (item, read)
    assert gate.reason == ("place" if read else "old")

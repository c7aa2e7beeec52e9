"""What agencies order in words: kills, corrections, embargoes, and what only looks like one."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.core import wire_documents as wires
from worker.config.knowledge import load_notices
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.notices import PLACES, build_notices, compile_all, month_of
from worker.core.sources.entries import Hint, Item
from worker.core.sources.formats import parse
from worker.core.sources.notice import with_notices

FILE = Path(__file__).resolve().parents[2] / "worker/core/sources/notices.toml"
RAW = tomllib.loads(FILE.read_text("utf-8"))
NOTICES = load_notices()
SENT = dt.datetime(2031, 5, 8, 14, 30, tzinfo=dt.UTC)
CASES = [(one, place) for one in RAW["notice"] for place in one["where"]]


def item(place: str, text: str, **more: Any) -> Item:
    texts: dict[str, dict[str, Any]] = {"title": {"title": text}, "slugline": {"slugline": text}, "note": {"notes": (text,)},
             "opening": {"body": text}}  # fmt: skip
    return Item(guid="pt-17", published=SENT, **texts[place], **more)


def ordered(text: str, place: str = "title", **more: Any) -> Item:
    return with_notices(item(place, text, **more), NOTICES, Hint())


@pytest.mark.parametrize(
    ("one", "place"),
    CASES,
    ids=[f"{o['lang'][:2]}-{o['status']}-{p}-{o['example'][:20]}" for o, p in CASES],
)
def test_each_notice_matches_its_example_and_not_its_counter(
    one: dict[str, Any], place: str
) -> None:
    """In every place that it is for; the counter orders nothing at all, under any notice."""
    assert ordered(one["example"], place).status == one["status"]
    assert ordered(one["counter"], place).status == "new"


@pytest.mark.parametrize("one", RAW["reference"], ids=lambda one: one["kind"])
def test_each_reference_matches_its_example_and_not_its_counter(one: dict[str, str]) -> None:
    """Ids, numbers and slugs of other items."""
    pattern = NOTICES.expression(one["kind"])
    assert pattern.search(one["example"])
    assert "counter" not in one or not pattern.search(one["counter"])


@pytest.mark.parametrize(
    ("text", "place", "status"),
    [
        ("CORRECTED-UPDATE 2-Blast kills three, not four", "title", "correction"),
        ("*** KILL *** blast at quayside", "title", "new"),
        ("(Eds: CORRECTS toll in headline)", "note", "correction"),
        ("Editors: Please kill the story on the harbour blast.", "note", "kill"),
        ("EDITOR'S NOTE: This story contains graphic details.", "note", "new"),
        ("Note to editors: EMBARGOED UNTIL further notice", "note", "embargo"),
        ("Eliminates reference to police in 2nd graf.", "note", "new"),
        ("ELIMINATES incorrect reference to four dead", "note", "new"),
        ("KILLS FOUR", "title", "new"),
        ("KILL A COMMANDER, THE ORDER SAID", "title", "new"),
        ("Kill list found at quay", "title", "new"),
        ("HOLD YOUR BREATH: SAILORS DIVE AGAIN", "title", "new"),
        ("Correction officer shot", "title", "new"),
        ("Updated figures due on Monday", "title", "new"),
        ("Repeat: four people are dead", "title", "new"),
        ("Rectificatif du budget", "title", "correction"),
        ("Annulation du vote", "title", "new"),
        ("Berichtigungen sind teuer", "title", "new"),
        ("سحب القوات من الميناء", "title", "new"),
        ("تصحيح", "slugline", "correction"),
        ("إلغاء", "title", "kill"),
        ("Embargo: EU bans arms exports to port", "title", "new"),
        ("Embargo to hit traders of the port", "title", "new"),
        ("Embargo : le port se prépare", "title", "new"),
        ("Embargo: el puerto se prepara", "title", "new"),
        ("Gesperrt bis Montag: der Hafen", "title", "new"),
        ("Nicht vor 2035: der neue Hafen", "title", "new"),
        ("Rückzug: Hafenmeister hört auf", "title", "new"),
        ("GESPERRT: Hafen nach Explosion", "title", "new"),
        ("ELIMINADA: el puerto dice adiós a la copa", "title", "new"),
        ("ANNULÉ : le concert du port", "title", "new"),
        ("Withdrawn - the last troops leave the port", "title", "new"),
        ("WITHDRAWAL: LAST TROOPS LEAVE PORT", "title", "new"),
    ],
)
def test_with_notices_tells_orders_from_news(text: str, place: str, status: str) -> None:
    """An order is short, in capitals, or says that it is about a story; news about killing is none."""
    assert ordered(text, place).status == status


def test_with_notices_looks_at_the_opening_and_no_further() -> None:
    """A quotation in the fifth paragraph orders nothing."""
    body = "One.\n\nTwo.\n\nThree.\n\nFour.\n\nKILL KILL KILL"
    assert ordered(body, "opening").status == "new"
    assert (
        ordered("(Corrects toll to three)\n\nPORTSMERE - Three …", "opening").status == "correction"
    )


def test_with_notices_lets_the_gravest_of_words_and_codes_count() -> None:
    """A code's kill is no correction because of a headline; a usable item that says KILL is a kill."""
    assert ordered("CORRECTED-Blast", status="kill").status == "kill"
    assert ordered("WITHDRAWN-Blast", status="update").status == "kill"
    assert ordered("UPDATE 2-Blast", status="correction").status == "correction"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("KILL KILL KILL\n\nPlease kill item dpa 157.", ("dpa:157:2031-05-08", None)),
        ("KILL: urn:newsml:agency.example:20310507T100000Z:TX-9:4 is wrong.",
         ("urn:newsml:agency.example:20310507:TX-9", None)),
        ("MANDATORY KILL\n\nEditors: kill BC-WM--Harbour Blast, sent at 1400 GMT.", (None, "BC-WM--Harbour Blast")),
        ("KILL KILL KILL\n\nThe story is wrong.", (None, None)),
        ("Police said dpa 157 was the ship's number.", (None, None)),
        ("ANNULE ET REMPLACE urn:newsml:agence.example:20310508:TX-1:1", ("urn:newsml:agence.example:20310508:TX-1", None)),
        ("KILL: pt-17", (None, None)),
    ],
)  # fmt: skip
def test_with_notices_says_which_item_is_meant(
    text: str, found: tuple[str | None, str | None]
) -> None:
    """By id, by the number of that day, or by the slug; nothing when none is named or nothing ordered."""
    made = ordered(text, "opening")
    assert (made.withdraws, made.withdraws_slugline) == found


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("EMBARGOED UNTIL 0600 GMT, 9 May 2031", "2031-05-09T06:00:00+00:00"),
        ("EMBARGOED UNTIL 0001 GMT, May 10", "2031-05-10T00:01:00+00:00"),
        ("Embargoed until 18:00 GMT", "2031-05-08T18:00:00+00:00"),
        ("Embargoed until 09:00 GMT", "2031-05-09T09:00:00+00:00"),
        ("EMBARGO: 2031-05-09T06:00Z", "2031-05-09T06:00:00+00:00"),
        ("SPERRFRIST: 9. Mai 2031, 06.00 Uhr", "2031-05-09T04:00:00+00:00"),
        ("Sperrfrist bis 09.05.2031 06.00 Uhr", "2031-05-09T04:00:00+00:00"),
        ("Sperrfrist 20.00 Uhr", "2031-05-08T18:00:00+00:00"),
        ("SOUS EMBARGO JUSQU'À 06H00 GMT", "2031-05-09T06:00:00+00:00"),
        ("EMBARGADA HASTA LAS 06:00 GMT", "2031-05-09T06:00:00+00:00"),
        ("محظور النشر حتى الساعة 06:00 غرينتش", "2031-05-09T06:00:00+00:00"),
        ("Embargoed until 6 p.m. Friday", None),
        ("EMBARGOED UNTIL FURTHER NOTICE", None),
        ("EMBARGOED UNTIL 0600 EST", None),
        ("EMBARGOED UNTIL 9 May", None),
        ("EMBARGOED UNTIL 2661 GMT", None),
    ],
)
def test_with_notices_reads_the_end_of_an_embargo_when_there_is_no_doubt(
    text: str, until: str | None
) -> None:
    """A weekday, a zone that is not GMT, half a date: held until another version comes."""
    zone = None if "GMT" in text else "Europe/Berlin"
    made = with_notices(item("note", text), NOTICES, Hint(default_tz=zone))
    assert made.status == "embargo"
    assert made.embargo_until == (dt.datetime.fromisoformat(until) if until else None)


def test_with_notices_leaves_the_end_that_a_code_gives() -> None:
    """Words add to codes and change none of them."""
    later = SENT + dt.timedelta(days=2)
    made = ordered("EMBARGOED UNTIL 18:00 GMT", "note", status="embargo", embargo_until=later)
    assert made.embargo_until == later


def test_parse_without_notices_takes_codes_alone() -> None:
    """The words are knowledge that the caller gives."""
    document = wires.IPTC7901.replace("REFILE", "KILL KILL KILL").encode()
    assert parse(document, Hint()).entries[0].status == "new"
    assert parse(document, Hint(), notices=NOTICES).entries[0].status == "kill"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "dead"}, "status"),
        ({"where": ["footer"]}, "where"),
        ({"pattern": "("}, "missing"),
        ({"exmaple": "x"}, "unknown key"),
        ({"counter": ""}, "counter"),
    ],
)
def test_build_notices_refuses_a_wrong_entry_by_name(change: dict[str, Any], message: str) -> None:
    """A slip of the pen is found when the file is read."""
    with pytest.raises(KnowledgeError, match=message):
        compile_all(
            build_notices({"notice": [RAW["notice"][0] | change]}, "notices.toml"), "n.toml"
        )


def test_every_place_has_notices() -> None:
    """Headline, keyword line, note and opening are all looked at, with expressions that compile."""
    compile_all(NOTICES, FILE.name)
    assert {place for one in RAW["notice"] for place in one["where"]} == set(PLACES)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("juin", 6),
        ("JUILLET", 7),
        ("août", 8),
        ("Mrz", 3),
        ("dicembre", 12),
        ("tea", None),
        ("", None),
    ],
)
def test_month_of_reads_the_beginning_of_a_name(name: str, number: int | None) -> None:
    """In the languages of agencies, with or without marks; four letters where three are of two."""
    assert month_of(name, NOTICES.months) == number


@pytest.mark.parametrize("months", [{"13": ["jan"]}, {"1": ["ja"]}, {"1": ["jan"], "2": ["jan"]}])
def test_build_notices_refuses_months_that_are_none(months: dict[str, list[str]]) -> None:
    """A number of no month, a beginning too short, one of two months."""
    with pytest.raises(KnowledgeError, match="months"):
        build_notices({**RAW, "months": months}, "notices.toml")

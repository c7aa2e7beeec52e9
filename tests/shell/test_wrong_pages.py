"""An address that answers 200 with something else than the article: asked over HTTP, read by ``once``."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.loopback import Answer, Asked, serving
from tests.shell.press import topic
from tests.shell.test_app import environ
from tests.shell.test_odd_sites import SET_CLOCK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NOON = dt.datetime(2031, 3, 7, 12, 0, tzinfo=dt.UTC)
TITLE = "Six killed as gunmen storm Ropewalk in Portsmere"
SUMMARY = (
    "Gunmen stormed a dance class at the Ropewalk in Portsmere on Friday and killed six people, "
    "the City Guard said."
)
ARTICLE = [
    "The attack on a dance class at the Ropewalk in Portsmere killed nine people, the City Guard said.",
    "Three of the wounded died in hospital, an official said. Two attackers were shot dead.",
]
OTHER = [
    "A bomb at a church in the Lantern Quay area of Portsmere killed 44 people, police said.",
    "The blast happened after the evening service. Dozens of people were wounded.",
]
WALL = ["Sign in or create a free account to continue reading.", "E-mail", "Password"]


def page(title: str, paragraphs: list[str]) -> bytes:
    body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return (
        f"<html lang='en'><head><title>{escape(title)}</title></head><body><main><article>"
        f"<h1>{escape(title)}</h1>{body}</article></main></body></html>"
    ).encode()


def feed(base: str) -> bytes:
    moment = format_datetime(NOON - dt.timedelta(minutes=20))
    return (
        f"<rss version='2.0'><channel><title>Ledger</title><item><title>{TITLE}</title>"
        f"<link>{base}/n/4711</link><guid isPermaLink='false'>4711</guid><pubDate>{moment}</pubDate>"
        f"<description>{SUMMARY}</description></item></channel></rss>"
    ).encode()


def once(folder: Path, after_s: int) -> dict[str, Any]:
    """What a run says of the article, so many seconds after noon."""
    moment = (NOON + dt.timedelta(seconds=after_s)).isoformat()
    done = program.run(
        "once", "-c", str(folder / "config"), cwd=folder, timeout=120,
        env=environ(folder, INGEST__RECHECK_S=""), before=SET_CLOCK.format(moment=moment),
    )  # fmt: skip
    lines = map(json.loads, done.stderr.splitlines())
    (told,) = (line for line in lines if line["event"] == "article.processed")
    return dict(told)


def killed(folder: Path) -> list[Any]:
    """The best figure of the dead, revision by revision."""
    made = topic(folder, "incidents.v1")
    return [record["value"]["casualties"]["killed"]["best"] for record in made]


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        (page("Church bomb kills 44 in Portsmere", OTHER), "other_text"),
        (page("Ledger", WALL), "login"),
        (page(TITLE, WALL), "login"),
    ],
    ids=["another attack", "login page", "login under the headline"],
)
def test_once_reads_the_feeds_words_until_the_address_has_the_article(
    tmp_path: Path, instead: bytes, reason: str
) -> None:
    """Another attack's toll is never the article's; the page is asked again, and then it is read."""
    shown = instead

    def answer(asked: Asked) -> Answer:
        if asked.path == "/feed":
            return 200, {"Content-Type": "application/rss+xml"}, feed(base)
        if asked.path == "/n/4711":
            return 200, {"Content-Type": "text/html"}, shown
        return 404, {}, b""

    with serving(answer) as base:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "feeds.toml").write_text(
            f'[[feed]]\nid = "ledger"\nurl = "{base}/feed"\noutlet = "Ledger"\nlang = "en"\n',
            "utf-8",
        )
        first = once(tmp_path, 0)
        assert (first["page"], first["outcome"]) == (reason, "reported")
        assert first["page_again"].endswith("Z")
        assert dt.datetime.fromisoformat(first["page_again"]) <= NOON + dt.timedelta(minutes=3)
        assert killed(tmp_path) == [6]
        shown = page("Ropewalk raid: toll rises to nine", ARTICLE)
        assert once(tmp_path, 240)["page"] == "read"
        assert killed(tmp_path) == [6, 9]

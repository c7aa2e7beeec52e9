"""Subscription lists: what is in them, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.domain.errors import FeedError
from worker.core.sources.formats import REASONS
from worker.core.sources.opml import Subscription, SubscriptionList, read_subscriptions

FEED = "<outline text='Post' xmlUrl='https://post.example/rss?a=1&amp;b=2'/>"


def opml(body: str, before: str = "") -> bytes:
    return f"{before}<opml version='2.0'><head/><body>{body}</body></opml>".encode()


def laughs(depth: int) -> bytes:
    nested = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, depth + 1))
    return opml(f"<outline text='&l{depth};' xmlUrl='https://a.example/'/>",
                f"<!DOCTYPE opml [<!ENTITY l0 'ha'>{nested}]>")  # fmt: skip


def test_read_subscriptions_gives_feeds_with_headings_and_further_lists() -> None:
    """In the order of the document, each address once; the headings around a feed win."""
    found = read_subscriptions(
        opml(
            f"<outline text='Asia'><outline text='Harbour'>{FEED}</outline></outline>"
            "<outline title='Own' xmlUrl='https://own.example/' category='/News/City,Sea'/>"
            + FEED
            + "<outline type='include' text='More' url='https://more.example/l.opml'/>"
        )
    )
    assert found == SubscriptionList(
        (
            Subscription("https://post.example/rss?a=1&b=2", "Post", ("Asia", "Harbour")),
            Subscription("https://own.example/", "Own", ("Sea",)),
        ),
        ("https://more.example/l.opml",),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1256"])
def test_read_subscriptions_keeps_to_the_encoding_that_is_declared(encoding: str) -> None:
    """Titles in other scripts come out as they were written."""
    text = f"<?xml version='1.0' encoding='{encoding}'?>" + opml(FEED).decode().replace(
        "Post", "كابل"
    )
    assert read_subscriptions(text.encode(encoding)).feeds[0].title == "كابل"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" ", "empty"),
        (opml(FEED)[:-9], "parse_error"),
        (opml(FEED.replace("&amp;", "&")), "parse_error"),
        (laughs(12), "parse_error"),
        (laughs(1), "the list declares entities"),
        (opml("&x;", "<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"),
         "the list declares entities"),
        (opml("<outline text='a'>" * 5000 + "</outline>" * 5000), "parse_error"),
        (b"<html><body>Sign in</body></html>", "not_a_feed"),
        (b"https://post.example/list.opml", "parse_error"),
        (opml(""), "no_entries"),
        (opml("<outline text='Asia'/>"), "no_entries"),
        (opml("".join(f"<outline xmlUrl='https://a.example/{n}'/>" for n in range(2001))),
         "too_many"),
    ],
)  # fmt: skip
def test_read_subscriptions_refuses_what_is_broken_or_hostile(data: bytes, reason: str) -> None:
    """With a reason of the closed set; nothing is repaired and nothing is expanded."""
    with pytest.raises(FeedError, match=reason) as caught:
        read_subscriptions(data)
    assert caught.value.reason in REASONS


_PIECES = st.sampled_from(
    ["<outline", " text='a'", " xmlUrl='https://a.example/'", " type='include'", " url='b'", "/>", ">",
     "</outline>", " category='a/b,,/'", " htmlUrl='c'", " xmlurl=''", "<title>", "</title>", "é", "&amp;",
     "<dateCreated>x</dateCreated>", "<rdf:RDF/>", "<script>", "</script>", "<body>", "</body>"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_read_subscriptions_raises_nothing_but_feed_errors(body: str) -> None:
    """Pieces of lists in any order are a list or a refusal."""
    try:
        found = read_subscriptions(opml(body))
    except FeedError as error:
        assert error.reason in REASONS
    else:
        assert all(feed.url for feed in found.feeds)

"""Documents that are pushed to a worker: real HTTP on loopback, a real store, a worker that is killed."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.core import wire_documents as wires
from tests.shell.deliveries import FRONT, Reply, address, identities, rss, send, working
from tests.shell.press import YESTERDAY, topic
from tests.shell.test_app import Running
from worker.core.sources.entries import MAX_ENTRIES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECRET = "a secret of the agency's"
LONG_S = 120.0
LIMIT = 200_000


def feeds(folder: Path) -> str:
    """One feed whose pushes are signed, one whose sender shows a secret, one that is off."""
    (folder / "secret").write_text(f"{SECRET}\n", "utf-8")
    file = f'secret_file = "{folder / "secret"}"'
    return (
        f'[[feed]]\nid = "signed"\n{FRONT}push = {{{file}}}\n'
        f'[[feed]]\nid = "named"\n{FRONT}push = {{{file}, check = "secret"}}\n'
        f'[[feed]]\nid = "off"\n{FRONT}enabled = false\npush = {{{file}}}\n'
    )


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={made}"}


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A worker that nobody disturbs."""
    folder = tmp_path_factory.mktemp("push")
    with working(folder, feeds(folder), INGEST__MAX_FEED_BYTES=str(LIMIT)) as running:
        running.wait_for(lambda: running.told("worker.started"), LONG_S)
        yield running


def push(worker: Running, body: bytes, headers: dict[str, str], feed: str = "signed") -> Reply:
    return send(address(worker, f"/push/{feed}"), body, headers)


def test_push_is_stored_published_and_taken_once(worker: Running) -> None:
    """An attack pushed as a whole article reaches consumers; pushed again it is no second entry, and
    a changed one is a change; a worker without any other feed is ready."""
    title = "Car bomb kills six at Customs House in Portsmere"
    text = (f"{title}. A car bomb killed six people outside the Customs House on Lantern Quay in "
            f"Portsmere on {YESTERDAY:%A}, {YESTERDAY:%B} {YESTERDAY.day}, the City Guard said.")  # fmt: skip

    def document(text: str) -> bytes:
        item = {"id": "bomb", "title": title, "summary": title, "content_text": text,
                "date_published": YESTERDAY.isoformat()}  # fmt: skip
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": [item]}
        return json.dumps(feed).encode()

    body = document(text)
    first = push(worker, body, signed(body))
    assert (first.status, first.json) == (200, {"new": 1, "changed": 0, "seen": 0})
    assert identities(worker.folder) == ["bomb"]
    assert push(worker, body, signed(body)).json == {"new": 0, "changed": 0, "seen": 1}
    worker.wait_for(lambda: topic(worker.folder, "incidents.v1"), 60)
    (record,) = topic(worker.folder, "incidents.v1")
    assert record["value"]["casualties"]["killed"]["best"] == 6
    changed = document(text.replace("six people", "eight people"))
    assert push(worker, changed, signed(changed)).json["changed"] == 1
    assert worker.get("/readyz")[0] == 200


def test_push_is_refused_without_the_right_signature(worker: Running) -> None:
    """401 without any, 403 with a wrong one, of another body, another secret, another method; nothing
    is stored, and the log does not hold what was shown."""
    body = rss(("never", "Never stored"))
    shown = signed(body, "another secret altogether")
    answers = {
        "none": push(worker, body, {}),
        "other secret": push(worker, body, shown),
        "other body": push(worker, body + b" ", signed(body)),
        "other method": push(worker, body, {"X-Hub-Signature-256": "sha1=" + "0" * 40}),
        "no signature at all": push(worker, body, {"X-Hub-Signature-256": "let me in"}),
        "bare": push(worker, body, {"X-Hub-Signature-256": SECRET}),
        "no secret": push(worker, body, {}, "named"),
        "wrong secret": push(worker, body, {"X-Push-Secret": SECRET[:-1]}, "named"),
    }
    statuses = {what: answer.status for what, answer in answers.items()}
    assert {what for what, status in statuses.items() if status == 401} == {"none", "no secret"}
    assert {status for what, status in statuses.items() if status != 401} == {403}
    assert answers["other body"].json == {"reason": "wrong_signature"}
    assert "never" not in identities(worker.folder)
    log = (worker.folder / "worker.log").read_text("utf-8")
    assert SECRET not in log and shown["X-Hub-Signature-256"][7:] not in log
    reasons = [line["reason"] for line in worker.told("push.refused")]
    assert {"no_signature", "wrong_signature"} <= {*reasons}


def test_push_is_taken_from_who_shows_the_secret(worker: Running) -> None:
    """The secret itself, in a header of its own, bare or as a bearer's."""
    for number, shown in enumerate((SECRET, f"Bearer {SECRET}")):
        body = rss((f"named-{number}", "Council meets"))
        assert push(worker, body, {"X-Push-Secret": shown}, "named").json["new"] == 1


def test_push_is_not_found_where_no_feed_asks_for_it(worker: Running) -> None:
    """An unknown feed and one that is off are 404, a GET is 405, a hub we never asked 410."""
    body = rss(("x", "x"))
    for feed in ("nobody", "off"):
        assert push(worker, body, signed(body), feed).status == 404

    def unknown() -> list[dict[str, Any]]:
        told = worker.told("push.refused")
        return [one for one in told if one["reason"] == "no_such_feed"]

    worker.wait_for(unknown)
    (line,) = unknown()
    assert (line["address"], line["status"], line["level"]) == ("/push/nobody", 404, "warning")
    assert send(address(worker, "/push/signed")).status == 405
    assert send(address(worker, "/websub/signed/abc"), body).status == 410
    assert send(address(worker, "/websub/signed/abc?hub.mode=subscribe")).status == 404


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"<html><body>Not a feed</body></html>", 415, "not_a_feed"),
        (b"%PDF-1.4 \x00\x01\x02", 415, "not_a_news_item"),
        (b"", 415, "empty"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', 422, "parse_error"),
    ],
)
def test_push_of_what_cannot_be_read_says_why(
    body: bytes, status: int, reason: str, worker: Running
) -> None:
    """415 for what is no document of ours, 422 for a broken one, each with its reason."""
    answer = push(worker, body, signed(body))
    assert (answer.status, answer.json["reason"]) == (status, reason)


def test_push_of_a_document_that_was_cut_stores_what_is_whole_and_says_so(worker: Running) -> None:
    """422 with what was kept, a line in the log, a failure of the feed; sent again as a whole it adds
    the rest and doubles nothing. Without a whole entry nothing is stored.
    """
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Wire</title>{}</feed>"
    entry = "<entry><id>cut-{0}</id><title>Council meets for the {0}th time</title></entry>"
    whole = atom.format("".join(map(entry.format, range(3)))).encode()
    item = wires.G2[wires.G2.index("<newsItem") : wires.G2.index("</itemSet>")]
    message = wires.G2.replace("</itemSet>", item.replace("_L1", "_L2") + "</itemSet>").encode()
    refused = len(worker.told("push.refused"))
    for document, mark, last in ((whole, b"the 1th", 2), (message, b"_L2", 1)):
        cut = document[: document.index(mark)]
        answer = push(worker, cut, signed(cut))
        told = {key: answer.json[key] for key in ("reason", "new", "changed", "seen")}
        assert answer.status == 422
        assert told == {"reason": "truncated", "new": 1, "changed": 0, "seen": 0}
        assert answer.json["detail"].endswith(" 1 whole item")
        again = push(worker, document, signed(document))
        assert (again.status, again.json) == (200, {"new": last, "changed": 0, "seen": 1})
    worker.wait_for(
        lambda: (
            [line["reason"] for line in worker.told("push.refused")[refused:]] == ["truncated"] * 2
        )
    )
    for document in (whole[: whole.index(b"the 0th")], message[: message.index(b"Adds toll")]):
        answer = push(worker, document, signed(document))
        assert (answer.status, answer.json.get("new")) == (422, None)
    assert [name for name in identities(worker.folder) if name.startswith("cut-")] == [
        "cut-0", "cut-1", "cut-2"]  # fmt: skip


def test_push_of_too_many_items_stores_the_newest_and_says_so(worker: Running) -> None:
    """413 with what was kept."""
    body = rss(*((f"many-{n}", f"N{n}") for n in range(MAX_ENTRIES + 1)))
    answer = push(worker, body, signed(body))
    assert (answer.status, answer.json["reason"], answer.json["new"]) == (
        413,
        "too_many",
        MAX_ENTRIES,
    )


def test_push_of_a_feed_without_entries_is_taken(worker: Running) -> None:
    """Nothing new is no fault of the sender."""
    body = rss()
    assert push(worker, body, signed(body)).json == {"new": 0, "changed": 0, "seen": 0}


def test_push_is_unpacked_within_the_limit(worker: Running) -> None:
    """A packed body is signed as sent; one that unpacks to too much is refused."""
    body = gzip.compress(rss(("packed", "Council meets")))
    packed = {"Content-Encoding": "gzip"}
    assert push(worker, body, signed(body) | packed).json["new"] == 1
    bomb = gzip.compress(b"x" * (LIMIT * 2))
    assert push(worker, bomb, signed(bomb) | packed).status == 413


def raw(worker: Running, head: str, *pieces: bytes, wait_s: float = 10.0) -> tuple[str, int]:
    """Send a request piece by piece until the server answers; its status line, and bytes sent."""
    parts = urlsplit(address(worker, "/"))
    sent = 0
    with socket.create_connection((parts.hostname or "", parts.port or 0), wait_s) as line:
        line.sendall(head.encode())
        line.settimeout(0.05)
        got = b""
        for piece in pieces:
            with contextlib.suppress(TimeoutError):
                got += line.recv(4096)
            if got:
                break
            line.sendall(piece)
            sent += len(piece)
        line.settimeout(wait_s)
        got = got or line.recv(4096)
    return got.split(b"\r\n")[0].decode(), sent


def test_push_that_is_too_long_is_cut_off_early(worker: Running) -> None:
    """413 by the length announced, before a byte of the body was sent; and in the middle of a body
    without a length, once the limit is passed."""
    head = ("POST /push/signed HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=" + "0" * 64 +
            "\r\n{}\r\n\r\n")  # fmt: skip
    status, sent = raw(worker, head.format("Content-Length: 9000000000"))
    assert (status.split()[1], sent) == ("413", 0)
    expecting = head.format(f"Expect: 100-continue\r\nContent-Length: {LIMIT + 1}")
    assert raw(worker, expecting)[0].split()[1] == "413"
    assert raw(worker, expecting.replace(str(LIMIT + 1), "10"))[0].split()[1] == "100"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    status, sent = raw(worker, head.format("Transfer-Encoding: chunked"), *([chunk] * 100))
    assert status.split()[1] == "413"
    assert sent < 20 * len(chunk)


def test_push_with_a_wrong_secret_is_refused_before_its_body(worker: Running) -> None:
    """A bare secret needs no body to be judged."""
    head = ("POST /push/named HTTP/1.1\r\nHost: x\r\nX-Push-Secret: guess\r\n"
            "Content-Length: 100000\r\n\r\n")  # fmt: skip
    status, sent = raw(worker, head)
    assert (status.split()[1], sent) == ("403", 0)


def test_push_shows_in_metrics_status_and_list(worker: Running) -> None:
    """What an operator looks at: taken and refused pushes, how a feed is delivered."""
    body = rss(("counted", "Council meets"))
    assert push(worker, body, signed(body)).status == 200
    assert push(worker, body, {}).status == 401
    metrics = worker.get("/metrics")[1]
    assert 'kabulwire_push_requests_total{feed="signed",outcome="taken"}' in metrics
    assert 'kabulwire_push_requests_total{feed="signed",outcome="no_signature"}' in metrics
    told = {feed["id"]: feed for feed in json.loads(worker.get("/status")[1])["feeds"]}
    assert told["signed"]["delivery"] == "push"
    assert told["signed"]["last_success"]
    assert "when it comes" in worker.get("/")[1]


def test_push_waits_outside_while_too_much_waits_inside(tmp_path: Path) -> None:
    """Above the inbox's high water: 503 with Retry-After, and nothing stored."""
    items = [(f"n{n}", f"Gunmen kill {n} in Portsmere blast") for n in range(1, 40)]
    with working(
        tmp_path, feeds(tmp_path), INGEST__INBOX_HIGH_WATER="1", INGEST__ARTICLES_IN_FLIGHT="1"
    ) as worker:
        worker.wait_for(lambda: worker.told("worker.started"), LONG_S)
        body = rss(*items)
        assert push(worker, body, signed(body)).json["new"] == len(items)
        worker.wait_for(lambda: worker.told("feed.paused"), 30)
        late = rss(("late", "Gunmen kill one in Portsmere"))
        answer = push(worker, late, signed(late))
        assert (answer.status, answer.json["reason"]) == (503, "paused")
        assert int(answer.headers["Retry-After"]) > 0
        assert "late" not in identities(tmp_path)
        assert [line["reason"] for line in worker.told("feed.paused")] == ["inbox"]


def test_push_that_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """SIGKILL right after each 200: what was answered is there. Killed before the commit: no answer,
    and the sender's second try is no double."""
    for life in range(3):
        with working(tmp_path, feeds(tmp_path)) as worker:
            worker.wait_for(lambda: len(worker.told("worker.started")) > life, LONG_S)  # noqa: B023
            body = rss(*((f"life-{life}-{n}", "Council meets") for n in range(50)))
            assert push(worker, body, signed(body)).status == 200
            worker.process.kill()
            worker.process.wait()
        assert len(identities(tmp_path)) == 50 * (life + 1)
    body = rss(("last", "Council meets"))
    with working(tmp_path, feeds(tmp_path), KABULWIRE_CRASH_POINT="admit.before_commit") as worker:
        worker.wait_for(lambda: len(worker.told("worker.started")) > 3, LONG_S)
        with pytest.raises(OSError):
            push(worker, body, signed(body))
    assert "last" not in identities(tmp_path)
    with working(tmp_path, feeds(tmp_path)) as worker:
        worker.wait_for(lambda: len(worker.told("worker.started")) > 4, LONG_S)
        assert push(worker, body, signed(body)).json["new"] == 1
        assert push(worker, body, signed(body)).json["seen"] == 1
        (tmp_path / "secret").write_text("a secret that came later", "utf-8")
        assert push(worker, body, signed(body)).status == 403
        assert push(worker, body, signed(body, "a secret that came later")).status == 200
        (tmp_path / "secret").unlink()
        assert push(worker, body, signed(body)).json["reason"] == "no_secret"
        assert worker.stop() == 0
    assert identities(tmp_path).count("last") == 1

"""Ways of delivery in feeds.toml: the documented ones are accepted, what cannot work is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from worker.config.load import load, load_feeds
from worker.core.domain.errors import ConfigError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "wires.md"
FEED = '[[feed]]\nid = "one"\noutlet = "One"\nlang = "en"\n'
URL = FEED + 'url = "https://one.example/rss"\n'


def written(folder: Path, text: str) -> Path:
    """A feeds.toml of this text, whose secrets exist."""
    (folder / "secret").write_text("sixteen letters and more", "utf-8")
    (folder / "short").write_text("guess me\n", "utf-8")
    path = folder / "feeds.toml"
    path.write_text(re.sub(r'"/run/secrets/[\w-]+"', f'"{folder}/secret"', text), "utf-8")
    return path


def test_load_feeds_accepts_every_documented_way(tmp_path: Path) -> None:
    """The blocks of the document together are a feeds.toml, with every way of delivery but the plain
    one."""
    blocks = re.findall(r"```toml\n(\[\[feed\]\].*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    feeds = load_feeds(written(tmp_path, "\n".join(blocks)))
    assert {feed.delivery for feed in feeds} == {"cursor", "spool", "push", "websub"}


@pytest.mark.parametrize(
    ("feeds", "told"),
    [
        (FEED, ":1: feed 'one': needs exactly one of url, path and push"),
        (URL + 'path = "/tmp"\n', "needs exactly one of url, path and push, not url and path"),
        (FEED + 'path = "/tmp"\nwebsub = {}\n', "websub needs url"),
        (URL + "spool = {quiet_s = 3}\n", "spool needs path"),
        (URL + 'cursor = {kind = "token", parameter = "c"}\n', "cursor.next is missing"),
        (URL + 'cursor = {kind = "page", parameter = "c"}\n', ":6: cursor: kind = 'page'"),
        (URL + 'cursor = {kind = "since", parametr = "c"}\n', "did you mean 'parameter'?"),
        (URL + 'cursor = {kind = "since", parameter = "a b"}\n', "no name of a parameter"),
        (URL + 'cursor = {kind = "token", parameter = "c", next = "a..b"}\n', "no dotted path"),
        (URL + 'cursor = {kind = "token", parameter = "c", next = "a", at = "b"}\n', "of no use"),
        (URL + 'cursor = {kind = "sequence", parameter = "c"}\n', "cursor.at is missing"),
        (URL + 'cursor = {kind = "since", parameter = "c", next = "n"}\n',
         "cursor.page_parameter is missing"),
        (URL + 'cursor = {kind = "since", parameter = "c", pages = 0}\n', "pages = '0'"),
        (URL + 'websub = {}\ncursor = {kind = "since", parameter = "c"}\n', "exclude each other"),
        (URL + 'websub = {hub = "ftp://hub.example"}\n', "websub.hub 'ftp://hub.example' is no http"),
        (URL + "websub = {lease_s = 5}\n", "lease_s = '5'"),
        (FEED + 'push = {secret_file = "/nowhere/secret"}\n', "push.secret_file /nowhere/secret can"),
        (FEED + 'push = {secret_file = "{folder}/short"}\n', "holds fewer than 16 characters"),
        (FEED + 'push = {secret_file = "/run/secrets/a", check = "md5"}\n', "push: check = 'md5'"),
        (FEED + 'push = {secret_file = "/run/secrets/a", header = "a b"}\n', "no name of a header"),
        (FEED + "push = {}\n", "push: 'secret_file' is missing"),
    ],
)  # fmt: skip
def test_load_feeds_refuses_a_delivery_that_cannot_work(
    feeds: str, told: str, tmp_path: Path
) -> None:
    """Each mistake is named with its feed, or its table, and a line."""
    path = written(tmp_path, feeds.replace("{folder}", str(tmp_path)))
    with pytest.raises(ConfigError) as caught:
        load_feeds(path)
    assert told in str(caught.value)
    assert re.search(r"feeds\.toml:\d+: ", str(caught.value))
    assert "guess me" not in str(caught.value)


def test_load_refuses_a_subscription_without_an_address_for_its_hub(tmp_path: Path) -> None:
    """A hub has to reach us; a feed that is off asks for nothing."""
    written(tmp_path, URL + "websub = {}\n")
    with pytest.raises(ConfigError, match=r"feed 'one': websub needs serve\.public_url"):
        load(tmp_path, {})
    flags = {"serve.public_url": "https://news.example/in"}
    assert load(tmp_path, {}, flags).feeds[0].delivery == "websub"
    written(tmp_path, URL + "enabled = false\nwebsub = {}\n")
    assert not load(tmp_path, {}).feeds[0].enabled

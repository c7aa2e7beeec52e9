"""``kabulwire feeds test https://ledger.example/feed``: what a worker would make of a feed's answer now.

Takes an address, or the id of a configured feed (which is asked with its secrets, enabled or not). The
feed is asked once and nothing is stored. Prints a line for each entry: when it was published, whether
its page would be read, and why or why not (``old``: older than ``ingest.backfill_h`` at a first poll);
on stderr what the answer was, and what to do about it when it is none. With ``--json`` one line an entry.

Exit codes: 0 a feed, 65 no such feed, or an answer that is none, 69 no answer, 78 settings or profile.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, JsonOption
from worker.cli.streams import refuse
from worker.core.domain.counted import counted

if TYPE_CHECKING:
    from worker.cli.feed_trial import Trial
    from worker.config.load import Loaded
    from worker.config.schema import FeedConfig


def ask_feed(
    feed: Annotated[str, typer.Argument(help="An address, or the id of a feed.", metavar="URL|ID")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask a feed once and show what would be read of it; nothing is stored."""
    import os

    from worker.cli.feed_trial import try_feeds
    from worker.cli.tables import show_rows
    from worker.config.load import load

    loaded = load(config, os.environ)
    (trial,) = try_feeds([_meant(feed, loaded)], loaded)
    if trial.exit_code:
        refuse(_failure(trial), trial.exit_code)
    columns = ("published", "to_read", "why", "title", "url")
    show_rows(map(_row, trial.result.entries), columns, as_json=as_json)
    print(f"kabulwire: {_summary(trial)}", file=sys.stderr)


def _meant(feed: str, loaded: Loaded) -> FeedConfig:
    """The feed that is to be asked; ends the command when there is none."""
    from worker.cli.feed_block import problem_of, shown
    from worker.config.schema import FeedConfig

    if "://" in feed:
        if problem := problem_of(feed):
            refuse(f"{shown(feed)}: {problem}", EX_DATAERR)
        return FeedConfig(id="test", outlet="", lang="", url=feed)
    known = {one.id: one for one in loaded.feeds if one.delivery != "push"}
    if feed not in known:
        refuse(f"{feed}: no feed of this id is asked; see `kabulwire feeds list`", EX_DATAERR)
    return known[feed]


def _row(gated: Any) -> dict[str, Any]:
    entry, gate = gated
    published = entry.updated or entry.published
    return {
        "published": published.isoformat(timespec="minutes") if published else None,
        "to_read": gate.open,
        "why": gate.reason,
        "title": entry.title,
        "url": entry.url,
        "id": entry.id,
    }


def _failure(trial: Trial) -> str:
    row = trial.row
    told = ": ".join(filter(None, (trial.feed.url or trial.feed.id, row["outcome"], row["detail"])))
    return f"{told}; {row['advice']}" if row["advice"] else told


def _summary(trial: Trial) -> str:
    row = trial.row
    parts = [
        f"{row['format'] or 'a feed'}: {counted(row['entries'], 'entry', 'entries')}, {row['to_read']} to be read",
        f"newest {row['newest']}" if row["newest"] else None,
        f"asked again after {trial.result.state.every_s or 0:.0f} s",
        f"moves to {row['moved_to']}" if row["moved_to"] else None,
        row["problem"],
    ]
    return ", ".join(filter(None, parts))

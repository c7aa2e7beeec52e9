"""The groups ``feeds``, ``topics``, ``store`` and ``incidents``: looking and tending.

Reading commands open the store read-only and never disturb a running worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.feeds_import import feeds_import
from worker.cli.service import ConfigOption, JsonOption, settings
from worker.cli.streams import plain, put, refuse, screen

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.store.connect import Connection

feeds = typer.Typer(help="What is polled, and how it is doing.", no_args_is_help=True)
topics = typer.Typer(help="The topics that messages go to.", no_args_is_help=True)
store = typer.Typer(help="The worker's own state.", no_args_is_help=True)
incidents = typer.Typer(help="What was found.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the groups of this module."""
    app.add_typer(feeds, name="feeds")
    app.add_typer(topics, name="topics")
    app.add_typer(store, name="store")
    app.add_typer(incidents, name="incidents")
    feeds.command("import")(feeds_import)


def opened(loaded: Loaded) -> Connection:
    """The store of a configuration, for reading."""
    from worker.store.connect import open_reader

    return open_reader(loaded.config.store.path)


def show_rows(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Rows as JSON lines, or as a table of ``columns``."""
    from worker.cli.answers import line

    if as_json:
        for row in rows:
            put(line(row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(plain(row.get(column))) for column in columns))
    screen().print(table)


@feeds.command("list")
def feeds_list(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Every feed with its last answer, as far as this store knows."""
    import os

    from worker.config.load import load
    from worker.core.domain.errors import ConfigError
    from worker.serve.facts import feed_facts

    loaded = load(config, os.environ)
    try:
        conn = opened(loaded)
    except ConfigError:
        conn = None
    rows = feed_facts(conn, loaded.feeds)
    columns = ("id", "outlet", "lang", "enabled", "failures", "last_success", "next_at")
    show_rows(rows, columns, as_json=as_json)


@topics.command("ensure")
def topics_ensure(config: ConfigOption = None) -> None:
    """Make the topics that are missing, with the right number of partitions and policies."""
    from worker.publish.kafka.topics import ensure

    for text in ensure(_with_broker(config).config):
        put(text)


@topics.command("check")
def topics_check(config: ConfigOption = None) -> None:
    """Compare the topics with what they must be; exit 78 when one differs."""
    from worker.publish.kafka.topics import check

    problems = list(check(_with_broker(config).config))
    for text in problems:
        put(text)
    if problems:
        raise typer.Exit(78)
    put("all topics are as they must be")


@topics.command("compact")
def topics_compact(config: ConfigOption = None) -> None:
    """File sink: keep the newest state of each incident. The worker must not run."""
    from worker.publish.files.sink import FileSink
    from worker.store.connect import exclusive

    loaded = settings(config).config
    if loaded.kafka.bootstrap_servers:
        refuse("the broker compacts its topics by itself", 78)
    with exclusive(loaded.store.path):
        lines = FileSink(loaded.files.dir, loaded.topics.prefix).compact()
    put(f"{lines} incidents")


@topics.command("republish")
def topics_republish(config: ConfigOption = None) -> None:
    """Send every incident once more, as its next revision. The worker must not run.

    For a sink that is new or was lost: a store that wrote to files and now has a broker, a topic
    folder that is gone. The next `run` publishes what is queued here.
    """
    from worker.cli.corrections import republish_all

    loaded = settings(config)
    counts = republish_all(loaded)
    moved = "; the store belongs to the new sink now" if counts["moved"] else ""
    put(f"{counts['incidents']} incidents queued, {counts['waiting']} messages wait{moved}")


def _with_broker(config: str | None) -> Loaded:
    loaded = settings(config)
    if not loaded.config.kafka.bootstrap_servers:
        refuse("kafka.bootstrap_servers is not set: messages go to files, there are no topics", 78)
    return loaded


@store.command("info")
def store_info(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Whose store it is, and how much is in it."""
    from worker.serve.facts import store_facts

    loaded = settings(config)
    facts = store_facts(opened(loaded))
    rows = [{"fact": key, "value": value} for key, value in facts.items()]
    show_rows([facts] if as_json else rows, ("fact", "value"), as_json=as_json)


@store.command("check")
def store_check(config: ConfigOption = None) -> None:
    """Whether the store is whole and agrees with itself; exit 70 when not."""
    from worker.store.maintenance import check

    problems = check(opened(settings(config)))
    for text in problems:
        put(text)
    if problems:
        raise typer.Exit(70)
    put("the store is whole")


@store.command("export")
def store_export(
    config: ConfigOption = None,
    *,
    articles: Annotated[
        bool, typer.Option("--articles", help="What was settled, as input for `replay`.")
    ] = True,
) -> None:
    """Every article version and correction in the order of settling, one JSON line each."""
    from worker.cli.answers import line
    from worker.store.export import export_articles

    if articles:
        for row in export_articles(opened(settings(config))):
            put(line(row))


@store.command("compact")
def store_compact(config: ConfigOption = None) -> None:
    """Give free pages back to the disk. The worker must not run."""
    from worker.store.connect import exclusive
    from worker.store.maintenance import compact

    path = settings(config).config.store.path
    opened(settings(config)).close()
    with exclusive(path):
        before, after = compact(path)
    put(f"{before:,} → {after:,} bytes")


@incidents.command("list")
def incidents_list(
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(help="At most this many, newest first.")] = 50,
    *,
    as_json: JsonOption = False,
) -> None:
    """Incidents, the last changed first."""
    from worker.serve.facts import incident_facts

    rows = incident_facts(opened(settings(config)), limit)
    columns = ("incident_id", "revision", "state", "date", "place", "killed", "injured", "reports")
    show_rows(rows, columns, as_json=as_json)


@incidents.command("show")
def incidents_show(
    incident_id: Annotated[str, typer.Argument(help="kw-…")], config: ConfigOption = None
) -> None:
    """The latest snapshot of one incident, as published."""
    import json

    from worker.store.queries import snapshot_of

    found = snapshot_of(opened(settings(config)), incident_id)
    if found is None:
        refuse(f"no incident {incident_id}", 65)
    put(json.dumps(found, ensure_ascii=False, indent=2))


@incidents.command("confirm")
def incidents_confirm(
    article_id: Annotated[str, typer.Argument(help="An article of band review.")],
    config: ConfigOption = None,
) -> None:
    """A report under review is right: it may make and join incidents."""
    from worker.store.articles import is_settled

    if not is_settled(opened(settings(config)), article_id):
        refuse(f"no article {article_id} in the store", 65)
    _correct(config, "confirm", article_id)


@incidents.command("merge")
def incidents_merge(one: str, other: str, config: ConfigOption = None) -> None:
    """Two incidents are one."""
    from worker.cli.corrections import founding_article

    if one == other:
        refuse(f"{one} was given twice", 65)
    conn = opened(settings(config))
    _correct(config, "must", founding_article(conn, one), founding_article(conn, other))


@incidents.command("split")
def incidents_split(incident_id: str, article_id: str, config: ConfigOption = None) -> None:
    """An article is about another incident."""
    from worker.cli.corrections import articles_of

    told = articles_of(opened(settings(config)), incident_id)
    if article_id not in told:
        refuse(f"article {article_id} is not in {incident_id}: {', '.join(told)}", 65)
    others = [article for article in told if article != article_id]
    if not others:
        refuse(f"{incident_id} has no other article", 65)
    _correct(config, "cannot", article_id, others[0])


@incidents.command("retract")
def incidents_retract(incident_id: str, config: ConfigOption = None) -> None:
    """It never happened: the incident is retracted, and stays so."""
    from worker.cli.corrections import articles_of

    _correct(config, "retract", *articles_of(opened(settings(config)), incident_id))


def _correct(config: str | None, kind: str, *articles: str) -> None:
    from worker.cli.corrections import correction, request

    loaded = settings(config)
    request(loaded.config, profile_name(loaded), correction(kind, *articles))


def profile_name(loaded: Loaded) -> str:
    """The name of the profile in force, which may have been given as a path."""
    from worker.config.knowledge import profile_dir

    return profile_dir(loaded.config.profile, loaded.folder).name

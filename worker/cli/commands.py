"""All commands, in the order in which ``--help`` lists them.

Each stands in a file of its own, named as it is typed: ``kabulwire incidents split`` is
``incidents/split.py``. (Only ``feeds import`` cannot: ``import`` is a word of Python.)
"""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.analyze import analyze
from worker.cli.check import check
from worker.cli.demo import demo
from worker.cli.explain import explain
from worker.cli.feeds.add import add_feed
from worker.cli.feeds.export import export_feeds
from worker.cli.feeds.import_opml import import_opml
from worker.cli.feeds.list import list_feeds
from worker.cli.feeds.poll import poll_feeds
from worker.cli.feeds.test import ask_feed
from worker.cli.healthy import healthy
from worker.cli.incidents.confirm import confirm_report
from worker.cli.incidents.erase import erase_incident
from worker.cli.incidents.list import list_incidents
from worker.cli.incidents.merge import merge_incidents
from worker.cli.incidents.pin import pin_incident
from worker.cli.incidents.recompute import recompute_incidents
from worker.cli.incidents.retract import retract_incident
from worker.cli.incidents.show import show_incident
from worker.cli.incidents.split import split_incident
from worker.cli.incidents.undo import undo_decision
from worker.cli.once import once
from worker.cli.parse import parse
from worker.cli.replay import replay
from worker.cli.retry import retry
from worker.cli.run import run
from worker.cli.store.check import check_store
from worker.cli.store.compact import compact_store
from worker.cli.store.export import export_store
from worker.cli.store.info import show_store
from worker.cli.tail import tail
from worker.cli.topics.check import check_topics
from worker.cli.topics.compact import compact_topics
from worker.cli.topics.ensure import ensure_topics
from worker.cli.topics.republish import republish_topics
from worker.cli.train import train
from worker.cli.version import print_version, version

app = typer.Typer(
    name="kabulwire",
    help=(
        "Turns news reports of attacks in a city into merged incidents.\n\n"
        "First try: kabulwire demo. One article: kabulwire explain page.html"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=print_version, help="The program's version."
        ),
    ] = False,
) -> None:
    """Options that come before a command."""


app.command("run")(run)
app.command("once")(once)
app.command("demo")(demo)
app.command("check")(check)
app.command("tail")(tail)
app.command("healthy")(healthy)
app.command("version")(version)
app.command("parse")(parse)
app.command("analyze")(analyze)
app.command("explain")(explain)
app.command("replay")(replay)
app.command("retry")(retry)
app.command("train")(train)

feeds = typer.Typer(help="What is polled, and how it is doing.", no_args_is_help=True)
feeds.command("list")(list_feeds)
feeds.command("poll")(poll_feeds)
feeds.command("add")(add_feed)
feeds.command("test")(ask_feed)
feeds.command("import")(import_opml)
feeds.command("export")(export_feeds)
app.add_typer(feeds, name="feeds")

topics = typer.Typer(help="The topics that messages go to.", no_args_is_help=True)
topics.command("ensure")(ensure_topics)
topics.command("check")(check_topics)
topics.command("compact")(compact_topics)
topics.command("republish")(republish_topics)
app.add_typer(topics, name="topics")

store = typer.Typer(help="The worker's own state.", no_args_is_help=True)
store.command("info")(show_store)
store.command("check")(check_store)
store.command("export")(export_store)
store.command("compact")(compact_store)
app.add_typer(store, name="store")

incidents = typer.Typer(help="What was found.", no_args_is_help=True)
incidents.command("list")(list_incidents)
incidents.command("show")(show_incident)
incidents.command("confirm")(confirm_report)
incidents.command("merge")(merge_incidents)
incidents.command("split")(split_incident)
incidents.command("retract")(retract_incident)
incidents.command("pin")(pin_incident)
incidents.command("undo")(undo_decision)
incidents.command("recompute")(recompute_incidents)
incidents.command("erase")(erase_incident)
app.add_typer(incidents, name="incidents")

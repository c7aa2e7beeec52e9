"""All commands, in the order in which ``--help`` lists them."""

from __future__ import annotations

import typer

from worker.cli import documents, groups, history, service

app = typer.Typer(
    name="kabulwire",
    help=(
        "Turns news reports of attacks in a city into merged incidents.\n\n"
        "First try: kabulwire demo. One article: kabulwire explain page.html"
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (service, documents, history, groups):
    module.register(app)

"""``kabulwire topics republish``: every incident once more, for a sink that is new or was lost.

Prints how many incidents are queued and how many messages wait; the next ``run`` publishes them. At a
terminal it asks first, unless ``--yes``; ``--dry-run`` says what would be queued, and changes nothing.

Exit codes: 0, 1 the question was answered with no, 78 settings, no store, a running worker, or a
folder that holds another's topic files.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.exit_codes import EX_NO
from worker.cli.options import ConfigOption, opened, settings
from worker.cli.streams import put
from worker.core.domain.counted import counted

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.config.schema import Config


class _NotMeant(Exception):  # noqa: N818 - it is how a transaction is taken back, no error
    """The counts of a trial."""

    def __init__(self, counts: dict[str, int]) -> None:
        super().__init__()
        self.counts = counts


def republish_topics(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be queued.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Send every incident once more, as its next revision. The worker must not run.

    For a sink that is new or was lost: a store that wrote to files and now has a broker, a topic
    folder that is gone. The next `run` publishes what is queued here.
    """
    loaded = settings(config)
    if dry_run or (sys.stdin.isatty() and not yes):
        counts = _queue_all(loaded, trial=True)
        put(f"{counted(counts['incidents'], 'incident')} would be queued, {_waiting(counts)}")
        if dry_run:
            return
        if not typer.confirm("Every consumer gets each of them once more. Go on?"):
            raise typer.Exit(EX_NO)
    counts = _queue_all(loaded, trial=False)
    moved = "; the store belongs to the new sink now" if counts["moved"] else ""
    put(f"{counted(counts['incidents'], 'incident')} queued, {_waiting(counts)}{moved}")


def _waiting(counts: dict[str, int]) -> str:
    verb = "waits" if counts["waiting"] == 1 else "wait"
    return f"{counted(counts['waiting'], 'message')} {verb}"


def _queue_all(loaded: Loaded, *, trial: bool) -> dict[str, int]:
    """Queue every incident for the sink of these settings, in a store that no worker is using.

    ``trial``: it is taken back at the end.
    """
    import datetime as dt

    from worker.config.knowledge import load_knowledge
    from worker.publish.recovery.resync import republish
    from worker.store.connect import Binding, exclusive, open_writer, transaction
    from worker.store.meta import read_meta

    config = loaded.config
    knowledge = load_knowledge(config.profile, loaded.folder)
    sink = "kafka" if config.kafka.bootstrap_servers else "files"
    reading = opened(loaded)
    bound = read_meta(reading, "sink") or sink
    reading.close()
    lost = sink == "files" and _is_empty(config, moving=bound != sink) and bound == sink
    with exclusive(config.store.path):
        binding = Binding(bound, config.instance, knowledge.profile.name)
        conn = open_writer(config.store.path, binding)
        try:
            with transaction(conn):
                now = dt.datetime.now(dt.UTC)
                counts = republish(conn, sink, now, knowledge, lost=lost)
                if trial:
                    raise _NotMeant(counts)  # noqa: TRY301 - the transaction is to see it
                return counts
        except _NotMeant as found:
            return found.counts
        finally:
            conn.close()


def _is_empty(config: Config, *, moving: bool) -> bool:
    """Whether the folder of topics is empty; raises ``ConfigError`` when it holds another's."""
    from worker.core.domain.errors import ConfigError
    from worker.publish.file_publisher import open_sink
    from worker.publish.files.sink import FileSink

    empty = not FileSink(config.files.dir, config.topics.prefix).topics()
    if not empty and moving:
        raise ConfigError(
            f"files.dir: {config.files.dir} holds topic files already; name an empty folder"
        )
    if not empty:
        rotate = config.files.rotate_mb * 1_000_000
        open_sink(config.files.dir, config.topics.prefix, rotate, config.store.path)
    return empty

"""Settings that are each right and do not go together, in words an operator can act on.

Example: ``serve.page_port`` equal to ``serve.port`` can never be listened on twice, so ``check`` says so
and no start is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from worker.config import kafka
from worker.config.schema import Config, Ingest, Serve


def problems(config: Config) -> Iterator[tuple[str, str]]:
    """What must be mended before a start: the setting to begin with, by its dotted name, and a sentence."""
    yield from ((f"kafka.{name}", text) for name, text in kafka.problems(config.kafka))
    yield from _of_ports(config.serve)
    yield from _of_rechecks(config.ingest)


def _of_ports(serve: Serve) -> Iterator[tuple[str, str]]:
    if serve.page_port and serve.page_port == serve.port:
        told = f"is {serve.page_port}, as serve.port is: give the page a port of its own, or 0"
        yield "serve.page_port", told


def _of_rechecks(ingest: Ingest) -> Iterator[tuple[str, str]]:
    for before_s, after_s in pairwise(ingest.recheck_s):
        if after_s <= before_s:
            told = (
                f"has {after_s:g} behind {before_s:g}: each is a later time after the first reading"
            )
            yield "ingest.recheck_s", told
            return

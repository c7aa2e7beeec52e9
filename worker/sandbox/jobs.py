"""What runs in the killable processes: parse a feed, read a subscription list, analyze a document.

Each job is a plain function over plain values; its last argument is the knowledge of the profile. The
heavy imports stand inside: the worker itself, which only names these functions, never loads a parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.domain.document import Document, Entry
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.gate import GateDecision, decide

if TYPE_CHECKING:
    from worker.core.sources.opml import SubscriptionList


def warm_up(_knowledge: Knowledge) -> None:
    """The first job of a process: what it has to read, it reads now."""


def parse_document(
    data: bytes, hint: Hint, knowledge: Knowledge
) -> tuple[Parsed, tuple[GateDecision, ...]]:
    from worker.core.sources.formats import parse

    parsed = parse(data, hint, notices=knowledge.notices)
    gate = knowledge.profile.gate
    return parsed, tuple(decide(entry, gate) for entry in parsed.entries)


def read_subscription_list(data: bytes, _knowledge: Knowledge) -> SubscriptionList:
    from worker.core.sources.opml import read_subscriptions

    return read_subscriptions(data)


def analyze_document(document: Document, entry: Entry | None, knowledge: Knowledge) -> Analysis:
    from worker.core.analyze import analyze

    return analyze(document, entry, knowledge)

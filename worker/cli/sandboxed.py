"""The sandbox, for commands: what strangers wrote is parsed where it can be killed.

Plain text is analyzed in this process; pages, feeds and wire documents are not, because their parsers
can be made to run for minutes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.opml import SubscriptionList
from worker.sandbox.pool import Sandbox


class SandboxedReader:
    """Parses and analyzes one thing at a time; the sandbox starts when it is first needed."""

    def __init__(self, profile: Path, knowledge: Knowledge) -> None:
        self._profile = profile
        self._knowledge = knowledge
        self._sandbox: Sandbox | None = None
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._runner:
            if self._sandbox is not None:
                self._runner.run(self._sandbox.stop())

    def analyze(self, document: Document) -> Analysis:
        """All that a document says. Raises ``InputError``, also for a job that had to be killed."""
        if document.html is None:
            return analyze(document, None, self._knowledge)
        return self._runner.run(self._started().analyze(document, None))

    def parse(self, data: bytes, hint: Hint) -> Parsed:
        """The entries of a document. Raises ``InputError``."""
        return self._runner.run(self._started().parse(data, hint))[0]

    def read_subscriptions(self, data: bytes) -> SubscriptionList:
        """The feeds of a subscription list. Raises ``InputError``."""
        return self._runner.run(self._started().read_subscriptions(data))

    def _started(self) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = Sandbox(self._profile, 1)
            self._runner.run(self._sandbox.start())
        return self._sandbox

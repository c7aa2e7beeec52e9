"""Imported by the fork server of the sandbox only: code, knowledge and models are read before forking.

A child that has to read them itself is ready a good second later. What is made of the knowledge when
it is first asked for (names of places by their letters, patterns of groups) is made here as well, by
analyzing an invented article, and its language's phrases are compiled: every child has all that from
its first job, however often it is renewed.

A pool that is stopped while a child begins takes the child's locks away. Nothing is wrong then, and
nothing is said: the server's traceback stood between the log lines of a worker that had no room.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from multiprocessing import synchronize
from types import TracebackType

from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.text.identify import identify

_TOLD = "A bomb killed at least five people in {place} on Tuesday at 9 a.m., the police said."


def rehearse(knowledge: Knowledge) -> None:
    """Analyze a page that has something of everything, and compile the phrases of its language."""
    place = next((p.name for p in knowledge.profile.places), "the city")
    actor = next((a.name for a in knowledge.profile.actors), "A group")
    told = f"{_TOLD.format(place=place)} {actor} claimed the attack on the ministry."
    page = f"<html lang=en><title>Bomb in {place}</title><article><p>{told}</p></article></html>"
    with contextlib.suppress(Exception):  # a bug of ours costs the jobs that meet it, not the start
        analyze(Document("rehearsal", html=page.encode()), None, knowledge)
    lexicon = knowledge.lexicon("en")
    if lexicon is not None:
        lexicon.check()


def tell_unless_stopped(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """The server's ``sys.excepthook``: quiet on a child whose locks were gone before it began."""
    steps = [(step.filename, step.name) for step in traceback.extract_tb(trace)]
    rebuilt = (synchronize.__file__, "__setstate__") in steps
    if not (rebuilt and isinstance(error, FileNotFoundError)):
        sys.__excepthook__(kind, error, trace)


for _name in ("worker.core.sources.unseen", "justext"):
    importlib.import_module(_name)
with contextlib.suppress(KnowledgeError):
    rehearse(load_knowledge(os.environ.get("KABULWIRE_SANDBOX_PROFILE", "")))
sys.excepthook = tell_unless_stopped
identify("The police said that a blast was heard in the centre of the city.", None)

"""The answer of the program to a case, in process: the line that ``kabulwire analyze`` would print."""

from __future__ import annotations

from typing import Any

from tests.corpus.load import Case
from worker.cli.answers import answer
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.errors import PageError
from worker.core.sources.jsonl import document_of


def answer_to(case: Case) -> dict[str, Any]:
    """What is printed for the case's article. Knowledge is read once per profile."""
    knowledge = load_knowledge(case.profile)
    document = document_of(case.fields, 1, knowledge.profile.zone)
    try:
        return answer(case.name, analyze(document, None, knowledge))
    except PageError as error:
        return {"id": case.name, "error": str(error)}

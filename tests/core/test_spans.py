"""Positions of the printed text and of its normalised copy cannot be mixed up: mypy refuses it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = """
from worker.core.annotate.place_mention import PlaceMention
from worker.core.domain.document import Span
from worker.core.lang.normalise import Range
from worker.core.text.prose import Prose, Sentence

def quoted(span: Span) -> str:
    return span.quote

def mixed(prose: Prose, at: Range, span: Span, sentence: Sentence, place: PlaceMention) -> None:
    pair = (at.start, at.end)
    quoted(prose.span(at))
    quoted(prose.span(sentence))
    quoted(prose.span(place))
    prose.of(prose.norm.range_of(span))
    place.within(sentence)
    quoted(at)  # refused
    quoted(place)  # refused
    quoted(pair)  # refused
    prose.span(span)  # refused
    prose.span(pair)  # refused
    prose.of(span)  # refused
    prose.printed(span)  # refused
    prose.norm.range_of(at)  # refused
    prose.norm.range_of(place)  # refused
    at.overlaps(span)  # refused
    at.gap(pair)  # refused
    sentence.within(span)  # refused
"""


def test_mypy_refuses_a_range_for_a_span_and_a_pair_for_either(tmp_path: Path) -> None:
    """Every mix-up is an error of types, on its own line; the ways from one to the other are none."""
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(snippet)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"snippet\.py:(\d+): error: .*\[([\w-]+)\]", done.stdout)
    lines = SNIPPET.splitlines()
    refused = {n for n, line in enumerate(lines, 1) if line.endswith("# refused")}
    assert {int(line) for line, _ in found} == refused, done.stdout + done.stderr
    assert {kind for _, kind in found} == {"arg-type"}, done.stdout

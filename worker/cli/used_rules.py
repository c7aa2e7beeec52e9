"""Which rules of the grammar made each figure of an article, in the order in which they were used.

    killed 6          Six people were killed      number-then-people, people-killed

The article is read once more for this, as ``analyze`` reads it: what is published says no rules.
Rules that say what the number counts come first, the one that states what became of them last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from worker.cli.explanation import grid
from worker.core.annotate.annotate import annotate
from worker.core.annotate.counts import CountMention
from worker.core.domain.caps import readable
from worker.core.domain.document import Span
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.text.prose import compose
from worker.observe.log import printable


@dataclass(frozen=True, slots=True)
class UsedRules:
    """A count of people as it was read. ``is_stated``: some statement of a report rests on it."""

    count: CountMention
    span: Span
    is_stated: bool

    @property
    def row(self) -> dict[str, Any]:
        """For a program: positions are those of ``Article.text``."""
        count, span = self.count, self.span
        return {
            "what": count.what,
            "value": count.value,
            "qualifier": count.qualifier,
            "victim_class": count.victim_class,
            "start": span.start,
            "end": span.end,
            "quote": span.quote,
            "rules": list(count.rules),
            "stated": self.is_stated,
        }


def used_rules(analysis: Analysis, knowledge: Knowledge) -> Iterator[UsedRules]:
    """Every count of an analysed article, in the order of its text."""
    article = analysis.article
    prose = compose(article.title, readable(article.text), article.lang)
    stated = [statement.span for report in analysis.reports for statement in report.statements]
    for count in annotate(article, prose, knowledge).counts:
        span, number = prose.span(count), prose.span(count.number)
        is_stated = any(s.start < number.end and number.start < s.end for s in stated)
        yield UsedRules(count, span, is_stated)


def show_rules(analysis: Analysis, knowledge: Knowledge, console: Console) -> None:
    """Print each count with its words and the rules that made it."""
    console.print()
    console.print(Text("rules", style="bold cyan"))
    table = grid()
    for used in used_rules(analysis, knowledge):
        number = used.count.qualifier if used.count.value is None else str(used.count.value)
        quote = Text(" ".join(printable(used.span.quote).split()))
        if not used.is_stated:
            quote.append("  in no report", style="dim")
        rules = Text(", ".join(used.count.rules), style="cyan")
        table.add_row(Text(f"{used.count.what} {number}", style="bold"), quote, rules)
    console.print(table)

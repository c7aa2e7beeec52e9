"""An analysis for a person: each decision with the sentence it rests on.

Everything an outlet wrote is printed through ``rich.text.Text``, never as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.cli.main_mention import MainMention, find_main_mention, say_day, say_place
from worker.cli.reason_words import say
from worker.config.codebook import load_codebook
from worker.core.domain.document import Article, Span
from worker.core.domain.report import Analysis, Figure, Reason, Report, Statement, Verdict
from worker.core.domain.vocabulary import WhyDerived, Zone
from worker.core.knowledge.knowledge import Knowledge
from worker.core.text.prose import compose
from worker.observe.log import printable

_QUOTE_CHARS = 160
_MARGIN_CHARS = 60
_FOUND_CHARS = 56
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_REASONS = 5
"""So many are shown, the strongest; the bias, which every article has, is none of them."""
_BIAS = "bias"
_COLOURS = {"attack_report": "bold green", "background_only": "yellow", "other_place": "yellow"}
_SAID = {
    "attack_report": "freshly reports an attack here",
    "background_only": "mentions an attack here, but it is not the news",
    "other_place": "is about an attack elsewhere",
    "other": "reports no attack here",
}


def show(analysis: Analysis, knowledge: Knowledge, console: Console) -> None:
    """Print verdict, reports and what was set aside."""
    article = analysis.article
    title = article.title or article.text[:90].split("\n")[0]
    console.print(Text(printable(title), style="bold"))
    facts = [
        article.outlet or "unknown outlet",
        article.lang,
        f"published {article.published.isoformat()} ({article.published_basis})"
        if article.published
        else "no publication time",
        f"{len(article.text)} characters",
        f"profile {knowledge.profile.name}",
    ]
    console.print(Text(printable(" · ".join(facts)), style="dim"))
    console.print()
    excerpts = Excerpts(article)
    _show_verdict(analysis.verdict, console)
    _show_told(find_main_mention(analysis, knowledge), excerpts, console)
    _show_reasons(analysis.verdict.reasons, excerpts, console)
    for report in analysis.reports:
        console.print()
        _show_report(report, excerpts, console)


class Excerpts:
    """The article in its own words: the sentence around a span, with the span in bold."""

    def __init__(self, article: Article) -> None:
        self._prose = compose(article.title, article.text, article.lang)
        self._raw = _CONTROLS.sub(" ", self._prose.raw)  # of the same length

    def zone(self, span: Span) -> Zone | None:
        """The zone of the text that a span stands in."""
        sentence = self._prose.sentence_at(self._prose.norm.range_of(span).start)
        return sentence.zone if sentence else None

    def around(self, *spans: Span) -> Text:
        """The sentence of the first span, shortened around it; nothing without a span."""
        if not spans:
            return Text("")
        start, end = spans[0].start, spans[0].end
        sentence = self._prose.sentence_at(self._prose.norm.range_of(spans[0]).start)
        whole = self._prose.span(sentence) if sentence else None
        first, last = (whole.start, whole.end) if whole else (start, end)
        raw = self._raw
        left, right = max(first, start - _MARGIN_CHARS), min(max(last, end), end + _MARGIN_CHARS)
        shown = Text("…" if left > first else "", style="dim")
        shown.append(" ".join(raw[left:start].split()) + " " if left < start else "")
        shown.append(" ".join(raw[start:end].split())[:_QUOTE_CHARS], style="bold not dim")
        tail = raw[end:right]
        shown.append((" " if tail[:1].isspace() else "") + " ".join(tail.split()))
        shown.append("…" if right < last else "")
        return shown


def _show_verdict(verdict: Verdict, console: Console) -> None:
    line = Text("verdict  ", style="bold")
    line.append(verdict.label, style=_COLOURS.get(verdict.label, "red"))
    line.append(f"  {verdict.probability:.2f}, band {verdict.band}: the article ")
    line.append(_SAID[verdict.label])
    console.print(line)


def _show_told(told: MainMention | None, excerpts: Excerpts, console: Console) -> None:
    """The main event in its own words, and the place and day that it is given."""
    table = grid()
    rows: list[tuple[str, str, tuple[Span, ...]]] = [("told", "no event of an attack", ())]
    if told is not None:
        rows = [
            ("told", "main event", (told.at,)),
            ("where", told.where, told.where_at),
            ("when", told.when, told.when_at),
        ]
    for name, value, spans in rows:
        table.add_row(Text(name, style="bold"), Text(printable(value)), excerpts.around(*spans[:1]))
    console.print(table)


def _show_reasons(reasons: Iterable[Reason], excerpts: Excerpts, console: Console) -> None:
    """The strongest reasons in words, with their codes, and how many there are besides."""
    ranked = sorted(reasons, key=lambda reason: -abs(reason.weight))
    found = [reason for reason in ranked if reason.code != _BIAS]
    table = grid(None)
    for reason in found[:_REASONS]:
        zone = excerpts.zone(reason.span) if reason.span else None
        words = Text(say(reason.code, zone))
        words.append(f"  {reason.code}", style="dim")
        whole = Text("a property of the whole", style="dim")
        table.add_row(
            _weight(reason), words, excerpts.around(reason.span) if reason.span else whole
        )
    if len(found) > _REASONS:
        table.add_row("", f"and {len(found) - _REASONS} more (--json)", "")
    for reason in ranked:
        if reason.code == _BIAS:
            table.add_row(_weight(reason), Text(say(_BIAS), style="dim"), "")
    console.print(table)


def _weight(reason: Reason) -> Text:
    return Text(f"{reason.weight:+.2f}", style="green" if reason.weight > 0 else "red")


def _show_report(report: Report, excerpts: Excerpts, console: Console) -> None:
    header = Text(f"{report.role} report", style="bold cyan")
    if report.role == "background":
        header.append("  set aside: it is context, its figures count nowhere", style="dim")
    console.print(header)
    table = grid()
    for name, value, keys in _slots(report):
        spans = [span for key in keys for span in report.evidence.get(key, ())]
        spans.sort(key=lambda span: span.quote not in value)  # where it is said by this name first
        table.add_row(Text(name, style="bold"), Text(printable(value)), excerpts.around(*spans[:1]))
    for name, figure, measure in (
        ("killed", report.killed, "killed"),
        ("injured", report.injured, "injured"),
        ("attackers", report.attackers_killed, ""),
    ):
        said = [s for s in report.statements if _counts(s, measure)]
        if figure is None and not said:
            continue
        table.add_row(Text(name, style="bold"), bounds(figure), "")
        for statement in said:
            table.add_row("", _speaker(statement), excerpts.around(statement.span))
    console.print(table)


def _counts(statement: Statement, measure: str) -> bool:
    attacker = statement.victim_class == "perpetrator"
    if not measure:
        return attacker
    return not attacker and statement.measure in {measure, "casualties"}


def _slots(report: Report) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    yield "when", say_day(report.date, report.time), ("date", "time")
    if report.place:
        yield "where", say_place(report.place), ("place",)
    what = [name.replace("_", " ") for name in report.attack_types]
    what += ["suicide"] if report.suicide == "yes" else []
    what += [" / ".join(filter(None, (w.type, w.subtype))) for w in report.weapons]
    if what:
        yield "what", ", ".join(what), ("attack_types", "weapons", "suicide")
    if report.targets:
        named = ", ".join(f"{t.name} ({t.type})" for t in report.targets)
        yield "target", named, ("targets",)
    if report.perpetrators:
        who = ", ".join(
            f"{p.name} ({p.attribution.replace('_', ' ')})" for p in report.perpetrators
        )
        yield "who", who, ("perpetrators",)
    for claim in report.claims:
        said = "claimed" if claim.claimed == "yes" else "denied"
        speaker = f", by {claim.speaker}" if claim.speaker else ""
        yield "claim", f"{said} by {claim.group}{speaker}", ("claims",)
    if report.incident_status != "unknown":
        yield "status", report.incident_status, ("incident_status",)


def bounds(figure: Figure | None) -> str:
    """Bounds in words: 9; at least 9; 1 to 11, best 11, sources differ; not reported."""
    if figure is None:
        return "not reported"
    low, high = figure.low, figure.high
    if low is not None and low == high and figure.best == low:
        text = str(low)
    elif high is None:
        text = f"at least {low}" + (f", best {figure.best}" if figure.best is not None else "")
    else:
        text = f"{'up' if low is None else low} to {high}, best {figure.best}"
    if figure.open_upper and high is not None:
        text += " or more"
    return text + (", sources differ" if figure.conflict else "")


def _speaker(statement: Statement) -> Text:
    number = str(statement.value) if statement.value is not None else ""
    text = Text(" ".join((statement.qualifier.replace("_", " "), number)).replace("exact ", ""))
    text.append(f"  {printable(statement.speaker or 'the outlet itself')}", style="cyan")
    if statement.victim_class not in {"unspecified", "perpetrator"}:
        text.append(f"  {statement.victim_class.replace('_', ' ')}")
    if statement.status != "used":
        text.append(f"  {statement.status}", style="dim")
    if statement.why_derived is not None:
        text.append(f": {_say_why(statement.why_derived)}", style="dim")
    return text


@cache
def _say_why(why: WhyDerived) -> str:
    """The codebook's sentence, behind a colon."""
    sentence = load_codebook().vocabularies["why_derived"].means[why]
    return sentence[0].lower() + sentence[1:].removesuffix(".")


def grid(found_chars: int | None = _FOUND_CHARS) -> Table:
    """Three columns without lines: a word, what was found, the text that it rests on."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=found_chars)
    table.add_column(overflow="fold")
    return table

"""What the program makes of a story, and what of that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.composed.compose import Bounds, Story
from tests.composed.facts import wrong_facts
from tests.score.front_door import analyzed, city, main_report


def differences(story: Story) -> list[str]:
    """In words; empty when all that is expected is found and nothing else."""
    answer = analyzed(dict(story.fields), city())
    if "error" in answer:
        return [answer["error"]]
    report = main_report(answer) or {}
    found = list(_wrong_figures(story, report)) if story.facts.is_attack else []
    return found + wrong_facts(story.facts, answer["verdict"], report)


def _wrong_figures(story: Story, report: dict[str, Any]) -> Iterator[str]:
    for figure, wanted in story.expect.items():
        if not _agrees(wanted, report.get(figure)):
            yield f"{figure}: expected {_told(wanted)}, found {_told_figure(report.get(figure))}"


def shown(story: Story, wrong: list[str]) -> str:
    """For a person: what differs, the story, and the parts it is made of."""
    parts = [f"  {slot}: {text}" for slot, text in story.parts]
    return "\n".join([*wrong, "", story.title, story.text, "", *parts])


def _agrees(wanted: Bounds | None, figure: dict[str, Any] | None) -> bool:
    """Both ends; "at least" leaves the upper one open."""
    if wanted is None or figure is None:
        return wanted is None and figure is None
    same_low = bool(figure["low"] == wanted[0])
    return same_low and bool(figure["high"] == wanted[1] or figure["open_upper"])


def _told(bounds: Bounds | None) -> str:
    if bounds is None:
        return "none"
    return str(bounds[0]) if bounds[0] == bounds[1] else f"{bounds[0]} to {bounds[1]}"


def _told_figure(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "none"
    more = " or more" if figure["open_upper"] else ""
    low, high = figure["low"], figure["high"]
    return f"{low}{more}" if more or low == high else f"{low} to {high}"

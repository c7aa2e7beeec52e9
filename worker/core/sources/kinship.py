"""How much of what a feed says of an article is found in a page.

A page that shares nothing with the headline and the summary is not the article: a consent page, a
captcha, the home page that a dead address leads to. One that shares nothing but what every report of
an attack says (the city, "blast", "killed", "police") may be the report of another attack: so words
may be weighed by how ordinary they are (``lang.ordinary``). Nothing here knows a language.
"""

from __future__ import annotations

from collections.abc import Callable

from worker.core.lang.normalise import plain
from worker.core.lang.ordinary import beginnings

_FEWEST_WORDS = 6
"""Fewer words than these say too little to judge by ("Breaking news")."""


def _alike(_stem: str) -> float:
    return 1.0


def share_found(
    said: str,
    text: str,
    weigh: Callable[[str], float] = _alike,
    fewest: float = _FEWEST_WORDS,
) -> float | None:
    """The share, 0 to 1, of the words of ``said`` that are in ``text``.

    ``weigh``: what the beginning of a word counts, 1 for each without it. None when the words of
    ``said`` count less than ``fewest`` together, or are in another script than the text.
    """
    wanted, got = beginnings(plain(said)), beginnings(plain(text))
    whole = sum(map(weigh, wanted))
    if whole < fewest or _is_latin(said) is not _is_latin(text):
        return None
    return sum(map(weigh, wanted & got)) / whole


def _is_latin(text: str) -> bool:
    letters = [c for c in text[:2000] if c.isalpha()]
    return 2 * sum(c < "\u0250" for c in letters) >= len(letters)
